"""What may become of an area, and what may not."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from schedules.areas import Area, AreaTree, Past
from schedules.succession import ChangeError, closed, merged, moved, opened, renamed, reopened, split, with_changes

DAY = date(2026, 3, 1)
BEFORE, LATER = DAY - timedelta(days=1), DAY + timedelta(days=30)


def area(area_id: str, parent_id: str | None = None, name: str = "", **more: object) -> Area:
    return Area(area_id=area_id, parent_id=parent_id, level="area", name=name or area_id, **more)  # type: ignore[arg-type]


TREE = AreaTree(
    [
        area("p"),
        area("q"),
        area("a", "p"),
        area("b", "p"),
        area("c", "q"),
        area("v", "a"),
        area("gone", "p", valid_until=DAY),
    ]
)


def test_a_new_area_begins_on_its_day() -> None:
    made = opened(TREE, area("new", "p", "Thôn Mới"), DAY)
    assert (made.valid(BEFORE), made.valid(DAY)) == (False, True)


def test_what_is_renamed_had_its_name_until_then() -> None:
    once = renamed(TREE, "a", "Thôn Mới", DAY)
    assert (once.name_on(BEFORE), once.name_on(DAY)) == ("a", "Thôn Mới")
    twice = renamed(with_changes(TREE, [once]), "a", "Thôn Khác", LATER)
    assert [twice.name_on(day) for day in (BEFORE, DAY, LATER)] == ["a", "Thôn Mới", "Thôn Khác"]


def test_of_two_names_from_the_same_day_the_second_is_right() -> None:
    once = with_changes(TREE, [renamed(TREE, "a", "Thôn Mơi", DAY)])
    assert renamed(once, "a", "Thôn Mới", DAY).past == (Past(DAY, "a", "p"),)
    assert renamed(once, "a", "a", DAY) == TREE.get("a")


def test_an_area_that_begins_on_the_day_never_had_another_name() -> None:
    young = with_changes(TREE, [area("new", "p", "Thôn Mơi", valid_from=DAY)])
    assert renamed(young, "new", "Thôn Mới", DAY).past == ()


def test_what_is_moved_takes_along_what_lies_in_it() -> None:
    tree = with_changes(TREE, [moved(TREE, "a", "q", DAY)])
    assert [tree.path_on("v", day) for day in (BEFORE, DAY)] == [("p", "a", "v"), ("q", "a", "v")]


def test_merged_areas_go_into_their_successor_with_all_that_lies_in_them() -> None:
    ends = merged(TREE, ["a", "b"], "c", DAY)
    tree = with_changes(TREE, ends)
    assert {one.area_id for one in ends} == {"a", "b"}
    assert tree.path_on("v", BEFORE) == ("p", "a", "v")
    assert tree.path_on("v", DAY) == ("q", "c", "v")


def test_areas_may_be_merged_into_a_new_one_with_the_name_of_one_of_them() -> None:
    *ends, made = merged(TREE, ["a", "b"], area("new", "p", "a"), DAY)
    assert [one.successors for one in ends] == [("new",), ("new",)]
    assert (made.valid(BEFORE), made.valid(DAY)) == (False, True)


def test_what_lies_in_a_merged_area_can_still_be_renamed() -> None:
    tree = with_changes(TREE, merged(TREE, ["a"], "c", DAY))
    assert renamed(tree, "v", "Thôn Mới", LATER).name == "Thôn Mới"


def test_one_part_of_what_is_split_may_keep_its_name() -> None:
    ending, *parts = split(TREE, "a", [area("a1", "p", "a"), area("a2", "p", "a hai")], DAY)
    assert ending.successors == ("a1", "a2")
    assert [one.valid(day) for day in (BEFORE, DAY) for one in (ending, *parts)] == [
        True,
        False,
        False,
        False,
        True,
        True,
    ]


def test_a_part_of_what_is_split_may_be_there_already() -> None:
    ending, *made = split(TREE, "a", [TREE.get("b"), area("a2", "p")], DAY)
    assert (ending.successors, [one.area_id for one in made]) == (("b", "a2"), ["a2"])


def test_an_end_can_be_taken_back() -> None:
    tree = with_changes(TREE, merged(TREE, ["a", "b"], "c", DAY))
    assert reopened(tree, "a") == TREE.get("a")


Change = Callable[[], object]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda: opened(TREE, area("new", "p", "A"), DAY), "area_name_taken"),
        (lambda: opened(TREE, area("new", "nowhere"), DAY), "area_unknown"),
        (lambda: opened(TREE, area("new", "gone"), DAY), "area_closed"),
        (lambda: renamed(TREE, "nowhere", "x", DAY), "area_unknown"),
        (lambda: renamed(TREE, "gone", "x", DAY), "area_closed"),
        (lambda: renamed(TREE, "a", "B", DAY), "area_name_taken"),
        (lambda: renamed(with_changes(TREE, [renamed(TREE, "a", "x", LATER)]), "a", "y", DAY), "area_changed_later"),
        (lambda: moved(TREE, "a", "v", DAY), "area_in_itself"),
        (lambda: moved(TREE, "a", "gone", DAY), "area_closed"),
        (lambda: closed(TREE, "a", DAY), "area_in_use"),
        (lambda: closed(TREE, "gone", DAY), "area_closed"),
        (lambda: closed(with_changes(TREE, [renamed(TREE, "b", "x", LATER)]), "b", DAY), "area_changed_later"),
        (lambda: merged(TREE, [], "c", DAY), "parts_too_few"),
        (lambda: merged(TREE, ["a"], "a", DAY), "area_in_itself"),
        (lambda: merged(TREE, ["a"], "v", DAY), "area_in_itself"),
        (lambda: merged(TREE, ["a"], area("new", "a"), DAY), "area_in_itself"),
        (lambda: merged(TREE, ["a"], area("new", "p", "b"), DAY), "area_name_taken"),
        (lambda: merged(TREE, ["a"], "gone", DAY), "area_closed"),
        (lambda: merged(TREE, ["gone"], "a", DAY), "area_closed"),
        (lambda: split(TREE, "a", [area("a1", "p")], DAY), "parts_too_few"),
        (lambda: split(TREE, "a", [area("a1", "p", "x"), area("a2", "p", "X")], DAY), "area_name_taken"),
        (lambda: split(TREE, "a", [area("a1", "p"), area("a2", "a")], DAY), "area_in_itself"),
        (lambda: reopened(TREE, "a"), "area_not_closed"),
    ],
)
def test_what_makes_no_sense_is_refused(change: Change, code: str) -> None:
    with pytest.raises(ChangeError) as refused:
        change()
    assert refused.value.code == code


def test_no_two_areas_beside_each_other_have_one_name_on_a_later_day() -> None:
    tree = with_changes(TREE, [moved(TREE, "a", "q", LATER)])
    for change in (lambda: renamed(tree, "c", "A", DAY), lambda: opened(tree, area("new", "q", "a"), DAY)):
        with pytest.raises(ChangeError) as refused:
            change()
        assert refused.value.code == "area_name_taken"
    assert opened(tree, area("new", "q", "b"), DAY).name == "b", "that one stays in the other"
