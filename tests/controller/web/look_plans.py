"""The pages of what is planned with believable values, for the tests that look at the pages."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from controller.domain.schedules import ApprovalState
from controller.web import views
from controller.web.approvalviews import ApprovedRow, RequestShown, TextShown
from controller.web.calendarviews import (
    LOOKS,
    AreaChoice,
    Fate,
    OccurrencePage,
    OccurrenceShown,
    PlanTabs,
    Reason,
    lay_out,
)
from controller.web.composeviews import Option
from controller.web.scheduleviews import (
    AreaBox,
    ClashShown,
    ClosedArea,
    ContentOption,
    Ends,
    NextOccurrence,
    Preview,
    Repeat,
    RevisionShown,
    ScheduleForm,
    ScheduleRow,
    SpeakerOption,
    TetDay,
    WhereChoices,
)

ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")
MONDAY: Final = date(2026, 3, 2)
TABS: Final = PlanTabs(here="calendar", waiting=3)
TITLES: Final = ("Bản tin sáng", "Lịch tiêm chủng mở rộng cho trẻ dưới 5 tuổi", "Cảnh báo rét đậm, rét hại")
WEEKDAYS: Final = ["Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ nhật"]


def occurrence(number: int, fate: Fate, hour: int, minute: int = 0, length_min: int = 15) -> OccurrenceShown:
    original = datetime(2026, 3, 2 + number % 7, hour, minute)  # noqa: DTZ001 - a wall time
    starts_at = original.replace(tzinfo=ZONE)
    return OccurrenceShown(
        schedule_id=f"p{number}",
        original=original,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=length_min),
        title=TITLES[number % 3],
        fate=fate,
        said_sentence="phát trên 37/40 cụm loa" if fate is Fate.PARTLY else LOOKS[fate].word,
        airing_class="priority" if number % 3 == 2 else "ordinary",
        class_name="Ưu tiên",
        from_above=number % 5 == 0,
        where="Xã Hoà Bình",
        speakers=40,
        odd=hour >= 22,
        moved=number == 3,
        repeats=True,
    )


FATES: Final = [occurrence(number, fate, 5 + number, 10 * (number % 3)) for number, fate in enumerate(Fate)]
CROWD: Final = [occurrence(7 * number, Fate.DISPLACED, 17, 5 * number, 30) for number in range(4)]
WEEK: Final = lay_out(
    MONDAY,
    ZONE,
    date(2026, 3, 4),
    [*FATES, *CROWD, occurrence(1, Fate.PLAYS, 6, 5), occurrence(5, Fate.PLAYS, 22, 30)],
    quiet=[
        (datetime(2026, 3, 2 + day, 21, tzinfo=ZONE), datetime(2026, 3, 3 + day, 4, 45, tzinfo=ZONE))
        for day in range(6)
    ],
    holidays={date(2026, 3, 8): "Quốc tế Phụ nữ"},
)
NEXT: Final = [
    NextOccurrence(
        at=datetime(2026, 3, 2, 10, tzinfo=UTC) + timedelta(days=day),
        day_said=f"Thứ Hai, {2 + day:02}/03",
        odd=day == 1,
        note_sentence="đã dời" if day == 2 else "",
        lunar="âm lịch 15/1",
    )
    for day in range(10)
]
CLASH: Final = ClashShown(
    key="i1",
    original="2026-03-02T17:00",
    starts_at=FATES[0].starts_at,
    ends_at=FATES[0].ends_at,
    title=TITLES[0],
    other_id="p2",
    other_href="/schedules/p2",
    other_title=TITLES[1],
    other_starts_at=FATES[0].starts_at,
    other_ends_at=FATES[0].ends_at,
    other_above=True,
    where="Xã Hoà Bình",
    speakers=40,
    loses=True,
    pending=True,
    may_override=True,
    append_at=FATES[0].ends_at,
    append_wall="2026-03-02T17:15",
    more=3,
)
FORM: Final = ScheduleForm(
    id="p1",
    revision=2,
    content="b1",
    areas=["x-1"],
    repeat=Repeat.WEEKLY,
    start="2026-03-02",
    times=["05:00", "17:00"],
    ends=Ends.DAY,
    until="2027-02-05",
    slot_minutes="15",
    errors={"until": "Chọn ngày cuối.", "where": "Chọn nơi phát."},
)
CONTENTS: Final = [
    ContentOption(id="b1", title=TITLES[0], duration_s=610, class_name="", programme=False),
    ContentOption(id="b2", title=TITLES[2], duration_s=61, class_name="Ưu tiên", programme=False),
    ContentOption(id="c1", title="Chương trình tối", duration_s=0, class_name="", programme=True),
]
WHERE: Final = WhereChoices(
    areas=[
        AreaBox(id="x-1", name="Xã Hoà Bình", depth=0, speakers=40, checked=True),
        AreaBox(id="x-2", name="Thôn Đông", depth=1, speakers=12, checked=False, path=["x-1"]),
        AreaBox(id="x-0", name="Xã Cũ", depth=0, speakers=0, checked=True, gone=True),
    ],
    groups=[AreaBox(id="g1", name="Dọc quốc lộ", depth=0, speakers=5, checked=False)],
    speakers=[SpeakerOption(id="s0", name="Nhà văn hoá", area_name="Thôn Đông", checked=True)],
)
PREVIEW: Final = Preview(
    rule_sentence="Thứ Hai đến thứ Sáu hằng tuần, lúc 05:00 và 17:00, đến hết ngày 05/02/2027.",
    occurrences=NEXT,
    odd=True,
    speakers=40,
    duration_s=610,
    refusals=["05:00, Thứ Hai, 02/03: lấn vào giờ yên lặng."],
    clashes=[CLASH],
)
ROW: Final = ScheduleRow(
    id="p1",
    title=TITLES[0],
    where="Xã Hoà Bình",
    rule_sentence=PREVIEW.rule_sentence,
    next_at=NEXT[0].at,
    approval=ApprovalState.SENT_BACK,
    air_class="priority",
    class_name="Ưu tiên",
    above=False,
    planned_by="Biên tập",
    changed_at=NEXT[0].at,
    changes=2,
    sent_back="Giờ này các cháu đang học.",
    sent_back_by="Người duyệt",
    sent_back_of="17:00, Thứ Hai, 02/03",
    sent_back_href="/schedules/p1/at/2026-03-02T17:00",
    undecided=1,
    problem_sentence="Nội dung đã bị thu hồi.",
    closed=[ClosedArea(id="x-0", name="Xã Cũ", successors=[Option(id="x-1", name="Xã Hoà Bình")])],
    may_change=True,
)
TRACK: Final = views.Track(
    parts=[
        views.SoundPart(label="Nhạc hiệu xã", duration_s=4.0, audio_url="/media/x.ogg"),
        views.SoundPart(label="Khoảng lặng", duration_s=1.0),
        views.SoundPart(label="Tiếng Việt", duration_s=17.7, audio_url="/media/x.ogg"),
    ],
    peaks=[number % 50 for number in range(160)],
)
REQUEST: Final = RequestShown(
    schedule_id="p1",
    original="",
    binding="b" * 64,
    title=TITLES[0],
    when_sentence=PREVIEW.rule_sentence,
    where="Xã Hoà Bình",
    speakers=40,
    approval=ApprovalState.WAITING,
    air_class="priority",
    class_name="Ưu tiên",
    authors="Biên tập",
    own=False,
    own_allowed=False,
    may_decide=True,
    next_at=NEXT[0].at,
    odd=True,
    duration_s=22.7,
    track=replace(
        TRACK,
        parts=[*TRACK.parts, views.SoundPart(label="Tiếp sóng: VOV1", duration_s=1_800.0)],
        relays=[
            views.RelayShown(name="VOV1", source_url="https://vov.example/" + "truc-tiep/" * 12, duration_s=1_800.0)
        ],
    ),
    texts=[TextShown(title=TITLES[0], language="vi", language_name="Tiếng Việt", text="Kính mời bà con.")],
    slot_sentences=["Phát 2 lần trong buổi phát 1:00."],
    next=NEXT,
    refusals=PREVIEW.refusals,
    clash_lines=[CLASH],
    clashes=True,
)
DONE: Final = replace(
    REQUEST,
    approval=ApprovalState.APPROVED,
    approved_by="Người duyệt",
    approved_at=NEXT[0].at,
    self_approved=True,
    original="2026-03-02T17:00",
)
OCCURRENCE: Final = OccurrencePage(
    shown=FATES[1],
    fate_word="Phát trên 37/40 cụm loa",
    reasons=[
        Reason(tone="ok", icon="circle-check", word="Phát trọn", sentence="Phát trọn lúc 05:00.", where="37 cụm loa"),
        Reason(
            tone="bad", icon="shield-x", word="Không được phát", sentence="Lấn vào giờ yên lặng.", where="3 cụm loa"
        ),
    ],
    where="Xã Hoà Bình",
    planned_by="Biên tập",
    rule_sentence=PREVIEW.rule_sentence,
    track=TRACK,
    next=NEXT,
    contents=CONTENTS,
    may_change=True,
    approval=ApprovalState.WAITING,
    waits=True,
    back="/calendar",
    clashes=True,
    move_problem="Giờ này đã qua.",
    typed_to="2026-03-02T17:00",
)


def calendar(week: Any) -> dict[str, Any]:
    return {
        "tabs": TABS,
        "week": week,
        "areas": [AreaChoice(id="", name="Mọi địa bàn"), AreaChoice(id="x-1", name="Xã Hoà Bình", depth=1)],
        "area_id": "x-1",
        "here": "/calendar?week=2026-03-02",
        "back": "?back=%2Fcalendar",
        "legend": list(LOOKS.values()),
        "may_plan": True,
    }


def form(typed: ScheduleForm, **more: Any) -> dict[str, Any]:
    return {
        "tabs": replace(TABS, here="schedules"),
        "heading": "Bản tin sáng",
        "form": typed,
        "focus": "",
        "contents": CONTENTS,
        "where": WHERE,
        "weekdays": WEEKDAYS,
        "tet": TetDay(day=date(2027, 2, 5), year=2027),
        "preview": PREVIEW,
        "row": None,
        "withdrawn": False,
        "may_change": True,
        "from_said": "",
        "revisions": [],
        **more,
    }


_DECIDING: Final = {"tabs": replace(TABS, here="approvals"), "note": "", "problem": "", "note_problem": ""}

PAGES: Final[Mapping[str, tuple[str, dict[str, Any], dict[str, Any]]]] = {
    "calendar": ("calendar.html", calendar(WEEK), {"path": "/calendar"}),
    "calendar-empty": (
        "calendar.html",
        calendar(lay_out(MONDAY, ZONE, MONDAY + timedelta(days=30), [])),
        {"path": "/calendar"},
    ),
    "occurrence": (
        "occurrence.html",
        {"tabs": TABS, "occurrence": OCCURRENCE},
        {"path": "/schedules/p1/at/2026-03-02T17:00"},
    ),
    "schedules": (
        "schedules.html",
        {
            "tabs": replace(TABS, here="schedules"),
            "rows": [ROW, replace(ROW, id="p2", closed=[])],
            "more": 2,
            "searched": "",
            "may_plan": True,
        },
        {"path": "/schedules"},
    ),
    "schedule-new": (
        "schedule.html",
        form(ScheduleForm(start="2026-03-02"), preview=Preview()),
        {"path": "/schedules/new"},
    ),
    "schedule": (
        "schedule.html",
        form(FORM, row=ROW, revisions=[RevisionShown(number=1, by="Biên tập", at=NEXT[0].at, sentence="Hằng ngày.")]),
        {"path": "/schedules/p1"},
    ),
    "schedule-split": (
        "schedule.html",
        form(
            replace(FORM, original="2026-03-02T17:00", problem="Sai.", meanwhile="Có người đã sửa."),
            row=ROW,
            from_said="17:00, 02/03",
        ),
        {"path": "/schedules/p1"},
    ),
    "conflicts": (
        "conflicts.html",
        {
            "tabs": TABS,
            "row": ROW,
            "clashes": [
                CLASH,
                replace(CLASH, pending=False, append_at=None, may_override=False),
                replace(CLASH, pending=False, loses=False, chosen=True, unheard=12, partly=2, later=1),
            ],
            "problem": "Sai.",
        },
        {"path": "/schedules/p1/conflicts"},
    ),
    "approvals": (
        "approvals.html",
        {
            "tabs": replace(TABS, here="approvals"),
            "requests": [REQUEST, replace(REQUEST, own=True, schedule_id="p2")],
            "approved": [
                ApprovedRow(
                    href="/approvals/p3",
                    title=TITLES[0],
                    when_sentence=REQUEST.when_sentence,
                    by="Người duyệt",
                    at=NEXT[0].at,
                    self_approved=True,
                )
            ],
        },
        {"path": "/approvals"},
    ),
    "approval": (
        "approval.html",
        {**_DECIDING, "request": REQUEST, "note_problem": "Viết lời nhắn."},
        {"path": "/approvals/p1"},
    ),
    "approval-own": (
        "approval.html",
        {**_DECIDING, "request": replace(REQUEST, own=True, lacking_sentence="Chưa sẵn sàng.")},
        {"path": "/approvals/p1"},
    ),
    "approval-done": ("approval.html", {**_DECIDING, "request": DONE}, {"path": "/approvals/p1"}),
}
