"""Areas and groups of the believable day, for the tests that look at the pages."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from controller.web.areas import AreaRow, NewArea
from controller.web.groups import GroupForm, GroupRow, MemberRow
from controller.web.placeviews import AreaPage, AreaTyped, Choice, HeardLanguages, PastLine, Unplaced, Waiting

NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
CHOICES = [Choice(id="v1", name="Thôn Đông"), Choice(id="v2", name="Thôn Tây"), Choice(id="v3", name="Thôn Đoài")]
HEARD = HeardLanguages(
    chosen=["hmn", "vi", ""],
    choices=[
        Choice(id="vi", name="Tiếng Việt"),
        Choice(id="hmn", name="Tiếng Mông"),
        Choice(id="en", name="Tiếng Anh"),
    ],
)
NOTHING = Waiting(speakers=(), areas=())
WAITING = Waiting(
    speakers=[Unplaced(id="s0", name="Nhà văn hóa thôn Đông", stood_in="Thôn Cả", choices=CHOICES)],
    areas=[Unplaced(id="v9", name="Xóm Chùa", stood_in="Xã Cũ", choices=CHOICES)],
)


def area_row(number: int, depth: int) -> AreaRow:
    return AreaRow(
        id=f"v{number}",
        name=f"Thôn {number}",
        level="Thôn",
        depth=depth,
        speakers=3,
        home=number == 0,
        mine=True,
        own=number > 0,
        ended=number == 2,
        parent_id="v0",
        parents=CHOICES,
    )


def area(**changes: Any) -> AreaPage:
    values: dict[str, Any] = {
        "id": "v1",
        "name": "Xã Hoà Bình",
        "level": "commune",
        "within": "Tỉnh Hưng Yên",
        "parent_id": "v3",
        "official": True,
        "open": True,
        "valid_from": NOON - timedelta(days=244),
        "valid_until": None,
        "ended": False,
        "past": [PastLine(until=NOON - timedelta(days=60), name="Xã Hoà Bình Thượng", within="Tỉnh Thái Bình")],
        "successors": (),
        "siblings": CHOICES,
        "parents": CHOICES,
        "speakers": 12,
        "today": date(2026, 3, 2),
    }
    return AreaPage(**(values | changes))


def members(chosen: int) -> list[MemberRow]:
    names = ("Nhà văn hóa thôn Đông", "Chợ trung tâm", "Trạm y tế xã")
    return [
        MemberRow(id=f"s{n}", name=name, area_name="Thôn Đông", chosen=n < chosen, turn=n + 1)
        for n, name in enumerate(names)
    ]


PLACE_PAGES: Mapping[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "areas": (
        "areas.html",
        {
            "closed": [Choice(id="v0", name="Thôn Cũ, Xã Mới")],
            "rows": [area_row(0, 0), area_row(1, 1), area_row(2, 1)],
            "waiting": WAITING,
            "home": CHOICES[0],
            "may_set_home": True,
            "may_add_widest": True,
            "query": "thôn",
            "found": CHOICES,
            "levels": ["Thôn"],
            "problem": "Sai.",
            "typed": NewArea(parent_id="v1", name="Thôn", level="Thôn", latitude="bắc"),
        },
        {"path": "/areas"},
    ),
    "area": (
        "area.html",
        {
            "area": area(),
            "heard": HEARD,
            "problem": "Sai.",
            "typed": AreaTyped(what="merge", name="Thôn Mới", on="2026-07-01", into="v2", together=["v2"]),
        },
        {"path": "/areas/v1"},
    ),
    "area-ended": (
        "area.html",
        {
            "area": area(valid_until=NOON, ended=True, open=False, successors=CHOICES[:2], past=()),
            "heard": HEARD,
            "problem": "",
            "typed": AreaTyped(),
        },
        {"path": "/areas/v1"},
    ),
    "groups": (
        "groups.html",
        {
            "groups": [
                GroupRow(id="g1", name="Dọc sông", stagger_s=15, latest_s=30, members=["Chợ", "Đình"], mine=True),
                GroupRow(id="g2", name="Trường học", stagger_s=0, latest_s=0, members=["Chợ"], mine=False),
            ],
            "may_add": True,
        },
        {"path": "/groups"},
    ),
    "groups-empty": ("groups.html", {"groups": [], "may_add": False}, {"path": "/groups"}),
    "group": (
        "group.html",
        {"group": GroupForm(id="g1", name="Dọc sông", stagger_s=15, rows=members(2)), "problem": ""},
        {"path": "/groups"},
    ),
    "group-new": (
        "group.html",
        {"group": GroupForm(id="", name="", stagger_s=0, rows=members(0)), "problem": "Sai."},
        {"path": "/groups"},
    ),
}
