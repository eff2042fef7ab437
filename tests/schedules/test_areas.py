"""The tree of areas: places in each other, searching, and days."""

import csv
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.areanames import folded
from schedules.areas import Area, AreaTree, BrokenTree, Origin, UnknownArea

LIST = Path(__file__).parents[2] / "controller" / "assets" / "areas" / "vietnam-2025.csv"


def area(area_id: str, parent_id: str | None = None, name: str = "", **more: object) -> Area:
    return Area(area_id=area_id, parent_id=parent_id, level="village", name=name or area_id, **more)  # type: ignore[arg-type]


SMALL = AreaTree([area("b", "a"), area("a"), area("c", "a"), area("d", "b"), area("other")])


def ids(areas: object) -> list[str]:
    return [one.area_id for one in areas]  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def country() -> AreaTree:
    with LIST.open(encoding="utf-8", newline="") as file:
        return AreaTree(
            Area(
                area_id=f"vn-{row['code']}",
                parent_id=f"vn-{row['parent_code']}" if row["parent_code"] else None,
                level=row["level"],
                name=row["name"],
                code=row["code"],
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
                origin=Origin.COUNTRY,
            )
            for row in csv.DictReader(file)
        )


# --- places ---


def test_a_path_goes_from_the_widest_area_down() -> None:
    assert ids(SMALL.path("d")) == ["a", "b", "d"]
    assert ids(SMALL.path("a")) == ["a"]


def test_children_and_roots_keep_the_order_given() -> None:
    assert ids(SMALL.roots()) == ids(SMALL.children(None)) == ["a", "other"]
    assert ids(SMALL.children("a")) == ["b", "c"]
    assert SMALL.children("d") == ()


def test_below_holds_the_area_itself_and_every_depth() -> None:
    assert SMALL.below("a") == {"a", "b", "c", "d"}
    assert SMALL.below("d") == {"d"}


def test_within_counts_the_area_itself() -> None:
    assert SMALL.within("d", of="a")
    assert SMALL.within("d", of="d")
    assert not SMALL.within("a", of="d")
    assert not SMALL.within("d", of="other")


def test_a_walk_meets_parents_before_children() -> None:
    assert ids(SMALL.walk()) == ["a", "b", "d", "c", "other"]
    assert ids(SMALL.walk("b")) == ["b", "d"]


def test_an_area_that_is_not_there_is_named() -> None:
    for ask in (SMALL.get, SMALL.path, SMALL.children, SMALL.below):
        with pytest.raises(UnknownArea, match="nowhere"):
            ask("nowhere")
    with pytest.raises(UnknownArea, match="nowhere"):
        SMALL.within("d", of="nowhere")


@pytest.mark.parametrize(
    ("areas", "said"),
    [
        ([area("a", "gone")], "a lies in gone"),
        ([area("a", "a")], "a lies in itself"),
        ([area("root"), area("a", "b"), area("b", "c"), area("c", "a")], "lies in itself"),
        ([area("a"), area("a")], "twice"),
    ],
)
def test_what_makes_no_tree_is_refused(areas: list[Area], said: str) -> None:
    with pytest.raises(BrokenTree, match=said):
        AreaTree(areas)


@given(st.lists(st.integers(min_value=0, max_value=10_000), max_size=40))
def test_below_and_within_say_the_same(choices: list[int]) -> None:
    areas = [area("0")]
    for number, choice in enumerate(choices, start=1):
        areas.append(area(str(number), str(choice % number)))
    tree = AreaTree(reversed(areas))
    for one in areas:
        assert tree.below(one.area_id) == {other.area_id for other in areas if tree.within(other.area_id, one.area_id)}
        assert all(one.area_id in tree.below(above.area_id) for above in tree.path(one.area_id))


# --- days ---


def test_an_area_is_valid_until_the_day_before_it_ends() -> None:
    one = area("a", valid_from=date(2025, 7, 1), valid_until=date(2026, 1, 1))
    days = [date(2025, 6, 30), date(2025, 7, 1), date(2025, 12, 31), date(2026, 1, 1)]
    assert [one.valid(day) for day in days] == [False, True, True, False]


def test_a_tree_of_a_day_leaves_out_what_was_not_valid_and_all_below_it() -> None:
    day = date(2026, 1, 1)
    tree = AreaTree([area("a"), area("b", "a", valid_until=day), area("c", "b"), area("d", "a", valid_from=day)])
    assert ids(tree.at(date(2025, 12, 31))) == ["a", "b", "c"]
    assert ids(tree.at(day)) == ["a", "d"]


# --- searching ---


def test_texts_are_compared_without_accents_case_and_signs() -> None:
    assert folded("  ĐẶC  khu – Hoàng Sa ") == folded("dac khu hoang sa") == "dac khu hoang sa"
    assert folded(unicodedata.normalize("NFD", "Đồng Tháp")) == folded("Đồng Tháp")


def test_names_are_found_as_people_type_them(country: AreaTree) -> None:
    assert country.find("hoan kiem", 5)[0].name == "Phường Hoàn Kiếm"
    assert country.find("HOÀN KIẾM", 5)[0].name == "Phường Hoàn Kiếm"
    assert country.find("phường hoàn k", 5)[0].name == "Phường Hoàn Kiếm"
    assert country.find("da nang", 1)[0].name == "Thành phố Đà Nẵng"
    assert country.find("đà nẵng", 1)[0].name == "Thành phố Đà Nẵng"


def test_a_word_of_the_text_begins_a_word_of_the_name() -> None:
    tree = AreaTree([area("1", name="Thôn Bắc Sơn"), area("2", name="Thôn Sơn Bắc"), area("3", name="Thôn Bắcsơn")])
    assert ids(tree.find("son", 5)) == ["2", "1"]
    assert ids(tree.find("bac son", 5)) == ["1", "2"]
    assert ids(tree.find("so ba", 5)) == ["1", "2"]
    assert tree.find("on", 5) == ()


def test_whole_names_come_first_and_wide_areas_before_narrow_ones(country: AreaTree) -> None:
    assert country.find("ninh binh", 3)[0].name == "Tỉnh Ninh Bình"
    tree = AreaTree([area("1", name="Xã Hòa Bình Thượng"), area("2", name="Xã Hòa Bình"), area("3", name="Hoà Bình")])
    assert ids(tree.find("hoa binh", 5)) == ["3", "2", "1"]


def test_what_begins_like_the_text_comes_before_what_holds_it_further_on(country: AreaTree) -> None:
    tree = AreaTree([area("1", name="Xã Hạ Long"), area("2", name="Xã Long Hồ"), area("3", name="Tổ dân phố Long")])
    assert ids(tree.find("long", 5)) == ["3", "2", "1"]
    assert all(one.name.split(" ", 1)[1].startswith("Long") for one in country.find("long", 10))


def test_of_two_that_match_alike_the_one_with_the_same_accents_comes_first() -> None:
    tree = AreaTree([area("1", name="Xã Tân"), area("2", name="Xã Tần"), area("3", name="Xã Tấn")])
    assert [tree.find(text, 1)[0].area_id for text in ("tân", "TẦN", unicodedata.normalize("NFD", "tấn"))] == list(
        "123"
    )


def test_a_code_finds_its_area(country: AreaTree) -> None:
    assert country.find("20333", 5)[0].name == "Đặc khu Hoàng Sa"
    assert {one.code[:3] for one in country.find("203", 50)} == {"203"}


def test_a_search_can_be_kept_inside_an_area_and_ends_at_its_limit(country: AreaTree) -> None:
    hanoi = country.find("ha noi", 1)[0]
    inside = country.find("phuong", 10, within=hanoi.area_id)
    assert len(inside) == 10
    assert all(country.within(one.area_id, hanoi.area_id) for one in inside)
    assert country.find("phuong", 0) == country.find("  - ", 5) == country.find("qqq", 5) == ()


# --- the country's list ---


def test_the_list_holds_every_province_and_commune_of_2025(country: AreaTree) -> None:
    levels = [one.level for one in country]
    assert (levels.count("province"), levels.count("commune"), len(country)) == (34, 3_321, 3_355)
    assert all(country.get(one.parent_id or "").level == "province" for one in country if one.level == "commune")


def test_every_name_of_the_list_is_composed_and_tidy(country: AreaTree) -> None:
    for one in country:
        assert one.name == unicodedata.normalize("NFC", " ".join(one.name.split()))
        assert one.name.startswith(("Tỉnh ", "Thành phố ", "Xã ", "Phường ", "Đặc khu "))


def test_every_middle_lies_in_vietnam(country: AreaTree) -> None:
    for one in country:
        assert one.latitude is not None
        assert one.longitude is not None
        assert 6.0 <= one.latitude <= 23.5, one
        assert 102.0 <= one.longitude <= 118.0, one


@pytest.mark.parametrize(("island", "province"), [("Hoàng Sa", "Thành phố Đà Nẵng"), ("Trường Sa", "Tỉnh Khánh Hòa")])
def test_the_islands_are_there(country: AreaTree, island: str, province: str) -> None:
    found = country.find(f"Đặc khu {island}", 1)[0]
    assert [one.name for one in country.path(found.area_id)] == [province, f"Đặc khu {island}"]
    assert (found.longitude or 0) > 111.0
