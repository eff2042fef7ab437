"""A speaker's day and the limits of a place, for the tests that look at the pages."""

from collections.abc import Mapping
from typing import Any

from controller.web import guardforms
from controller.web import rundownpresent as present
from controller.web.guardviews import HolidayRow, HolidaysForm, PlacePage, PlaceRow, SelfApprovalForm
from controller.web.i18n import Language, load_translators
from controller.web.moments import moment
from controller.web.rundownpresent import Found, day_window
from controller.web.rundownviews import GuardRow, RundownPage
from controller.web.rundownwords import guard_sentences
from tests.controller.web.rundown_sample import DAY, LIMITS, compiler

_say = load_translators()[Language.VIETNAMESE]


def found() -> Found:
    made = compiler()
    lines = made.lines("s-0")
    window = day_window(DAY.date(), _say)
    items = {line.item.item_id: line.item for line in lines}
    return Found(world=made.world, lines=lines, items=items, guards=LIMITS, window=window)


def rundown(**more: Any) -> RundownPage:
    day = found()
    items = present.rows(day, _say)
    return RundownPage(
        speaker_id="s0",
        speaker_name="Nhà văn hóa thôn Đông",
        area_name="Xã Hoà Bình",
        from_at=moment(day.window.from_us),
        until_at=moment(day.window.until_us),
        day="2026-03-02",
        previous="2026-03-01",
        next="2026-03-03",
        rows=present.with_quiet(day, items),
        bars=present.bars(day, _say),
        hours=present.hours(day.window, _say),
        guards=[GuardRow(sentence=one, source="Xã Hoà Bình") for one in guard_sentences(LIMITS, _say)],
        odd=[row for row in items if row.odd],
        heard=sum(1 for row in items if row.starts_at),
        absent=sum(1 for row in items if not row.starts_at),
        stagger_s=2.5,
        now_x=1_023.0,
        may_set_guards=True,
        **more,
    )


def place(**more: Any) -> PlacePage:
    return PlacePage(
        href="/guards/areas/x-1",
        name="Xã Hoà Bình",
        where="Tỉnh Hưng Yên",
        area=True,
        form=guardforms.form_of(LIMITS, 3, _say),
        effective=[GuardRow(sentence=one, source="Tỉnh Hưng Yên") for one in guard_sentences(LIMITS, _say)],
        without_effect=["Tối đa 12 buổi mỗi ngày"],
        presets=guardforms.presets(_say),
        may_set=True,
        self_approval=SelfApprovalForm(own="unset", sentence="Chưa đặt ở đây hay ở cấp trên."),
        **more,
    )


ROWS = [
    PlaceRow(href="/guards/areas/*", name="Toàn đài", depth=0, sentences=(), may_set=True),
    PlaceRow(href="", name="Tỉnh Hưng Yên", depth=1, sentences=("Yên lặng từ 22:00 đến 05:00",)),
    PlaceRow(
        href="/guards/areas/x-1",
        name="Xã Hoà Bình",
        depth=2,
        sentences=guard_sentences(LIMITS, _say),
        home=True,
        may_set=True,
    ),
]
SPEAKERS = [
    PlaceRow(href="/guards/speakers/s0", name="Trạm y tế xã", depth=0, sentences=("Âm lượng tối đa 60 phần trăm",))
]
HOLIDAYS = HolidaysForm(
    year=2026,
    rows=[
        HolidayRow(day="2026-02-16", shown="Thứ Hai, 16/02", name="Ngày cuối năm âm lịch (30 Tết)", own=False),
        HolidayRow(day="2026-08-31", shown="Thứ Hai, 31/08", name="Nghỉ bù Quốc khánh", own=True),
    ],
    may_set=True,
)

RUNDOWN_PAGES: Mapping[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "rundown": ("rundown.html", {"rundown": rundown()}, {"path": "/speakers/s0/rundown"}),
    "guards": ("guards.html", {"rows": ROWS, "speakers": SPEAKERS, "holidays": HOLIDAYS}, {"path": "/guards"}),
    "place-guards": ("place_guards.html", {"place": place()}, {"path": "/guards/areas/x-1"}),
    "place-guards-wrong": (
        "place_guards.html",
        {"place": place(problem="Giờ yên lặng gồm hai mốc giờ.", unsaved=False)},
        {"path": "/guards/areas/x-1"},
    ),
}
