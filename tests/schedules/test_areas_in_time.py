"""Areas as they were and will be: names and places of a day, and what merged areas became."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.areas import Area, AreaTree, BrokenTree, Past

JULY = date(2025, 7, 1)
"""The day of the reform of 2025: 63 provinces became 34, districts ended, and communes were merged."""
BEFORE, AFTER = JULY - timedelta(days=1), JULY + timedelta(days=400)


def area(area_id: str, parent_id: str | None = None, name: str = "", **more: object) -> Area:
    return Area(area_id=area_id, parent_id=parent_id, level="area", name=name or area_id, **more)  # type: ignore[arg-type]


def ended(area_id: str, parent_id: str | None, *successors: str, on: date = JULY) -> Area:
    return area(area_id, parent_id, valid_until=on, successors=successors)


def reform() -> AreaTree:
    """Two provinces become one, the district between ends, two communes become a third; villages keep their record."""
    return AreaTree(
        [
            ended("Hà Giang", None, "Tuyên Quang"),
            area("Tuyên Quang"),
            ended("district", "Hà Giang", "Tuyên Quang"),
            ended("first", "district", "third"),
            ended("second", "district", "third"),
            area("third", "Tuyên Quang", valid_from=JULY),
            area("village", "first"),
            area("hamlet", "village"),
        ]
    )


# --- merged ---


def test_the_communes_merged_in_2025() -> None:
    tree = reform()
    assert tree.path_on("hamlet", BEFORE) == ("Hà Giang", "district", "first", "village", "hamlet")
    assert tree.path_on("hamlet", JULY) == ("Tuyên Quang", "third", "village", "hamlet")
    assert tree.former_on("hamlet", JULY) == {"Hà Giang", "district", "first"}
    assert tree.former_on("hamlet", BEFORE) == frozenset()


def test_who_stands_in_a_merged_commune_itself_stands_in_its_successor() -> None:
    tree = reform()
    assert tree.path_on("second", BEFORE) == ("Hà Giang", "district", "second")
    assert tree.path_on("second", JULY) == tree.path_on("third", JULY) == ("Tuyên Quang", "third")
    assert "second" in tree.former_on("second", JULY)
    assert tree.former_on("third", JULY) == frozenset()


def test_a_tree_of_a_day_has_what_was_merged_under_what_it_became() -> None:
    tree = reform()
    assert [one.area_id for one in tree.at(BEFORE).path("hamlet")] == list(tree.path_on("hamlet", BEFORE))
    assert [one.area_id for one in tree.at(JULY).path("hamlet")] == list(tree.path_on("hamlet", JULY))
    assert "first" not in tree.at(JULY)
    assert "first" in tree.as_of(JULY)
    assert "third" not in tree.at(BEFORE)


def test_a_merger_of_what_was_merged_is_followed_to_the_last() -> None:
    later = JULY + timedelta(days=30)
    tree = AreaTree([ended("a", None, "b"), ended("b", None, "c", on=later), area("c"), area("v", "a")])
    assert [tree.path_on("v", day)[0] for day in (BEFORE, JULY, later)] == ["a", "b", "c"]
    assert tree.former_on("v", later) == {"a", "b"}


def test_who_stands_in_an_area_that_was_split_stays_until_it_is_placed() -> None:
    halves = [area("a1", valid_from=JULY), area("a2", valid_from=JULY)]
    tree = AreaTree([ended("a", None, "a1", "a2"), *halves, area("v", "a")])
    assert tree.path_on("v", AFTER) == ("a", "v")
    assert tree.former_on("v", AFTER) == frozenset()
    placed = AreaTree([ended("a", None, "a1", "a2"), *halves, area("v", "a2", past=(Past(JULY, "v", "a"),))])
    assert placed.path_on("v", AFTER) == ("a2", "v")
    assert placed.former_on("v", AFTER) == {"a"}


# --- renamed and moved ---


def test_a_report_on_last_year_reads_with_last_years_names() -> None:
    tree = AreaTree([area("p"), area("q"), area("a", "q", "Xã Mới", past=(Past(JULY, "Xã Cũ", "p"),))])
    assert [tree.as_of(day).get("a").name for day in (BEFORE, JULY)] == ["Xã Cũ", "Xã Mới"]
    assert [tree.path_on("a", day) for day in (BEFORE, JULY)] == [("p", "a"), ("q", "a")]
    assert tree.former_on("a", AFTER) == frozenset()


def test_every_tree_of_a_day_knows_all_other_days() -> None:
    tree = AreaTree([area("p"), area("q"), area("a", "q", "Xã Mới", past=(Past(JULY, "Xã Cũ", "p"),))])
    then = tree.at(JULY)
    assert then.path_on("a", BEFORE) == ("p", "a")
    assert then.as_of(BEFORE).get("a").name == "Xã Cũ"
    assert then.as_of(BEFORE) is tree.as_of(BEFORE - timedelta(days=1000))


def test_a_tree_without_changes_is_the_same_on_every_day() -> None:
    tree = AreaTree([area("a"), area("b", "a")])
    assert tree.as_of(BEFORE) is tree
    assert tree.path_on("b", BEFORE) is tree.path_on("b", AFTER)


# --- what is no history ---


@pytest.mark.parametrize(
    ("areas", "said"),
    [
        ([ended("a", None, "gone")], "a is succeeded by gone"),
        ([area("a", successors=("b",)), area("b")], "no last day"),
        ([ended("a", None, "a")], "succeeded by itself"),
        ([ended("a", None, "b"), ended("b", None, "a")], "succeeded by itself"),
        ([ended("a", None, "b", "c"), area("b", "a"), area("c")], "what lies in it"),
        ([ended("a", None, "u"), ended("b", None, "v"), area("v", "a"), area("u", "b")], "what lies in it"),
        ([area("a", past=(Past(JULY, "a", "gone"),))], "a lay in gone"),
        ([area("a", past=(Past(JULY, "x", None), Past(JULY, "y", None)))], "in no order"),
        ([area("a", past=(Past(JULY, "a", "a"),))], "lay in itself"),
        ([area("a", past=(Past(JULY, "a", "b"),)), area("b", past=(Past(AFTER, "b", "a"),))], "lay in itself"),
        ([area("a"), ended("b", "a", "c"), area("c", past=(Past(AFTER, "c", "b"),))], "lay in itself"),
        (
            [area("b"), area("a", "b", valid_until=JULY, successors=("b",), past=(Past(AFTER, "a", "a"),))],
            "lay in itself",
        ),
    ],
)
def test_what_makes_no_history_is_refused(areas: list[Area], said: str) -> None:
    with pytest.raises(BrokenTree, match=said):
        AreaTree(areas)


_DAYS = [JULY + timedelta(days=number) for number in range(6)]
_PICK = st.integers(min_value=0, max_value=99)


@st.composite
def histories(draw: st.DrawFn) -> list[Area]:
    """Areas with any parents, pasts and successors; often nonsense."""
    ids = [str(number) for number in range(draw(st.integers(min_value=1, max_value=8)))]
    some = st.sampled_from([None, *ids])
    areas = []
    for area_id in ids:
        days = sorted(draw(st.sets(st.sampled_from(_DAYS), max_size=2)))
        until = draw(st.sampled_from([None, *_DAYS]))
        areas.append(
            area(
                area_id,
                draw(some),
                valid_until=until,
                past=tuple(Past(day, area_id, draw(some)) for day in days),
                successors=tuple(draw(st.sets(st.sampled_from(ids), max_size=2))) if until else (),
            )
        )
    return areas


@settings(max_examples=300, deadline=None)
@given(histories())
def test_whatever_is_accepted_has_an_end_on_every_day_and_one_answer(areas: list[Area]) -> None:
    try:
        tree = AreaTree(areas)
    except BrokenTree:
        return
    for day in (BEFORE, *_DAYS):
        then = tree.as_of(day)
        for one in areas:
            path = tree.path_on(one.area_id, day)
            assert len(set(path)) == len(path)
            assert [above.area_id for above in then.path(path[-1])] == list(path)
            assert not tree.former_on(one.area_id, day) & set(path)
            assert all(tree.get(left).closed(day) for left in tree.former_on(one.area_id, day))


def test_a_long_chain_of_mergers_has_an_end() -> None:
    number = 3_000
    chain = [ended(str(one), None, str(one + 1), on=JULY + timedelta(days=one)) for one in range(number)]
    tree = AreaTree([*chain, area(str(number))])
    last = JULY + timedelta(days=number)
    assert tree.path_on("0", last) == (str(number),)
    assert len(tree.former_on("0", last)) == number
