"""Emergencies, drills, live broadcasts, stops and alerts of a believable station, for tests that look at pages."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.web.emergency.alarmviews import Alarm, AreaStop, Stage
from controller.web.emergency.views import (
    AreaRow,
    AreaTally,
    Board,
    Console,
    ConsoleShown,
    Emergency,
    How,
    Lacking,
    LackingSpeaker,
    Lines,
    May,
    PolicyRow,
    Said,
    Silenced,
    SlotField,
    SpeakerLine,
    Step,
    Tally,
    TemplateOption,
)
from controller.web.live.views import ArchiveShown, RelayShown, SpeakerChoice, StreamShown
from controller.web.views import SoundPart, Track
from tests.controller.web.look_cap import CAP_PAGES

NOW = datetime(2026, 3, 2, 10, 3, 20, tzinfo=UTC)
TEXT = (
    "Khẩn cấp! Khẩn cấp!\nNước sông Hồng đang lên nhanh tại thôn Đông và thôn Hạ, từ 20 giờ tối nay.\n"
    "Bà con hãy đến ngay trường tiểu học xã, mang theo giấy tờ và thuốc men."
)
SAID = [
    Said(language="vi", language_name="Tiếng Việt", text=TEXT, audio_urls=["/media/x.ogg"]),
    Said(language="en", language_name="Tiếng Anh", text="Warning. [Where] is flooding.", missing=True),
]
AREAS = [
    AreaRow(id="x-1", name="Xã Hoà Bình", depth=0, ready=37, speakers=40, checked=True),
    AreaRow(id="v-1", name="Thôn Đông", depth=1, ready=20, speakers=20, path=["x-1"]),
    AreaRow(id="v-2", name="Thôn Hạ", depth=1, ready=17, speakers=20, path=["x-1"], more=4),
    AreaRow(
        id="x-2", name="Xã Tân Lập, nơi có tên rất dài để xem trang có rộng ra không", depth=0, ready=9, speakers=9
    ),
]
TEMPLATES = [
    TemplateOption(id="storm", name="Bão", icon="wind"),
    TemplateOption(id="flood", name="Lũ lụt", icon="waves"),
    TemplateOption(id="flash_flood", name="Lũ quét, sạt lở đất", icon="mountain"),
    TemplateOption(id="dam_release", name="Xả lũ hồ chứa", icon="droplets"),
    TemplateOption(id="fire", name="Cháy", icon="flame"),
    TemplateOption(id="epidemic", name="Dịch bệnh", icon="syringe"),
    TemplateOption(id="missing_person", name="Người mất tích", icon="user-search"),
    TemplateOption(id="all_clear", name="Báo an", icon="shield-check"),
]
SLOTS = [
    SlotField(
        name="river", kind="place", label="Sông", value="sông Hồng", example="sông Hồng", english="the Red River"
    ),
    SlotField(name="place", kind="place", label="Nơi bị ảnh hưởng", value="", error="Còn chỗ trống phải điền."),
    SlotField(name="time", kind="time", label="Từ lúc nào", value="20 giờ tối nay"),
]
LACKING = [
    Lacking(sentence="2 cụm đang bị dừng phát", speakers=[LackingSpeaker(id="s1", name="Đình", area_name="Thôn Hạ")]),
    Lacking(
        sentence="1.204 cụm không kết nối",
        speakers=[
            LackingSpeaker(
                id=f"s{number}",
                name=f"Cụm loa nhà văn hoá thôn số {number}",
                area_name="Xã có tên rất dài để xem trang có rộng ra không",
                since=datetime(2026, 3, 2, 9, number, tzinfo=UTC),
            )
            for number in range(8)
        ],
        more=1_196,
    ),
    Lacking(sentence="3 cụm loa sẵn sàng nhưng chưa tải về gì."),
]
SILENCED = Silenced(
    sentence="Một lệnh dừng đã cắt bản tin này ở 2 cụm loa. Bản tin không tự phát lại, kể cả khi lệnh dừng được gỡ.",
    may_again=True,
)
SEVERITIES = [("Extreme", "Đặc biệt nghiêm trọng"), ("Severe", "Nghiêm trọng"), ("Moderate", "Trung bình")]


def shown(*, drill: bool, **form: Any) -> ConsoleShown:
    return ConsoleShown(
        form=Console(drill=drill, template_id="flood", area_ids=["x-1"], **form),
        templates=TEMPLATES,
        slots=SLOTS,
        said=SAID,
        correction=SAID[:1],
        areas=AREAS,
        ready=37,
        speakers=40,
        lacking=LACKING,
        may_alone=True,
        sound_sentence="Trước và sau bài này đều nói đây là diễn tập." if drill else "",
    )


def alarm(number: int, stage: Stage, *, drill: bool = False, **more: Any) -> Alarm:
    return Alarm(
        id=f"e{number}",
        drill=drill,
        stage=stage,
        title="Lũ lụt: sông Hồng",
        area_names=["Xã Hoà Bình", "Xã Tân Lập"],
        by="Nguyễn Văn Đức",
        since=NOW - timedelta(minutes=number),
        **more,
    )


PAST = [alarm(number, stage) for number, stage in enumerate(Stage)]
TRACK = Track(
    parts=[
        SoundPart(label="Đoạn 1", duration_s=6.0, audio_url="/media/x.ogg"),
        SoundPart(label="Khoảng lặng", duration_s=1.0),
        SoundPart(label="Đoạn 2", duration_s=14.0, audio_url="/media/x.ogg"),
    ]
)


def emergency(stage: Stage, may: May, *, drill: bool = False, **more: Any) -> Emergency:
    values: dict[str, Any] = {
        "id": "e1",
        "drill": drill,
        "stage": stage,
        "title": "Lũ lụt: sông Hồng",
        "hazard_name": "Lũ lụt",
        "severity_name": "Nghiêm trọng",
        "area_names": ["Xã Hoà Bình"],
        "word": "diễn tập" if drill else "Xã Hoà Bình",
        "said": SAID[:1],
        "prepared_by": "Nguyễn Văn Đức",
        "prepared_at": NOW - timedelta(minutes=3),
        "lasts_sentence": "phát lại đến khi có người kết thúc",
        "track": TRACK,
        "ready": 37,
        "speakers": 40,
        "lacking": LACKING,
        "may": may,
    }
    return Emergency(**(values | more))


SENT: dict[str, Any] = {
    "confirmed_by": "Trần Thị Lan",
    "confirmed_at": NOW - timedelta(minutes=2),
    "airing_id": "a1",
    "steps": [
        Step(at=NOW - timedelta(minutes=3), by="Nguyễn Văn Đức", sentence="chuẩn bị"),
        Step(at=NOW - timedelta(minutes=2), by="Trần Thị Lan", sentence="xác nhận và phát"),
    ],
}
TALLY = Tally(total=9_000, received=112, siren=40, sounding=8_600, finished=3, failed=45, stopped=2, not_reached=198)
STATES = ("failed", "not_reached", "stopped", "received", "siren", "sounding", "finished")
BOARD = Board(
    tally=TALLY,
    areas=[AreaTally(id=f"x-{n}", name=f"Xã số {n}", tally=replace(TALLY, total=9_000 // n)) for n in range(1, 5)],
    more_areas=12,
    elsewhere=Tally(total=40, failed=2, not_reached=3),
    lacking=LACKING,
    silenced=SILENCED,
    lines=Lines(
        lines=[
            SpeakerLine(
                id=f"s{number}",
                name=f"Cụm loa {number}",
                area_name="Thôn Đông",
                state=state,
                at=NOW,
                reason_sentence="Thẻ nhớ của cụm loa đã đầy." if state == "failed" else "",
            )
            for number, state in enumerate(STATES)
        ],
        number=180,
        pages=180,
        found=9_000,
        elsewhere=40,
        state="sounding",
    ),
)
STOPS = [
    AreaStop(
        order_id="o1",
        since=NOW,
        until=NOW + timedelta(days=1),
        by="Quản trị",
        area_names=["Thôn Đông"],
        may_release=True,
    ),
    AreaStop(order_id="o2", since=NOW, until=NOW + timedelta(days=1), by="Quản trị", everywhere=True),
]
STREAMS = [
    StreamShown(id="a1", title="Thông báo của Ủy ban", by="Trần Thị Lan", since=NOW, hearing=36, of=40, may_end=True),
    StreamShown(id="a2", title="Chương trình sáng", by="Lịch", since=NOW, hearing=40, of=40, relay=True),
]
WENT_OUT: dict[str, Any] = {
    "archives": [ArchiveShown(audio_url="/media/x.ogg", sha256="5f" * 32, started_at=NOW, duration_s=312.0)],
    "relay": RelayShown(
        name="VOV1",
        tone="warn",
        icon="radio-tower",
        sentence="Đang phát nguồn dự phòng vì nguồn chính hỏng.",
        since=NOW,
        listeners=36,
        of=40,
        problem="Không có gì đến từ nguồn này.",
    ),
}


ALL = May(confirm=True, alone=False, withdraw=True)
MINE = May(alone=True, withdraw=True, confirm_sentence="Bạn đã chuẩn bị, nên một người khác xác nhận.")
ON_AIR = May(correct=True, end=True, all_clear=True, stop=True, speak=True)
BANNERS: dict[str, Any] = {
    "alarms": [
        alarm(1, Stage.WAITING, may_confirm=True),
        alarm(2, Stage.SENT, drill=True),
        alarm(3, Stage.PREPARING),
    ],
    "area_stops": STOPS,
}
_CONSOLE: dict[str, Any] = {"severities": SEVERITIES, "past": PAST, "max_recording_s": 3_600.0}
_ONE: dict[str, Any] = {"board": None, "problem": "", "word_problem": "", "reason": "", "airing_id": "a1"}

ALARM_PAGES: Mapping[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "emergency": ("emergency.html", {"shown": shown(drill=False), **_CONSOLE}, {}),
    "emergency-own": (
        "emergency.html",
        {
            "shown": replace(
                shown(
                    drill=False, how=How.TEXT, text=TEXT, errors={"send": "Chưa gửi được.", "areas": "Chọn địa bàn."}
                ),
                slots=(),
                correction=(),
            ),
            **_CONSOLE,
        },
        {},
    ),
    "emergency-recording": (
        "emergency.html",
        {"shown": replace(shown(drill=False, how=How.RECORDING), said=(), areas=()), **_CONSOLE},
        {},
    ),
    "drill": ("drill.html", {"shown": shown(drill=True, english=True), **_CONSOLE}, {}),
    "emergency-waiting": (
        "emergency_board.html",
        {"one": emergency(Stage.WAITING, ALL, live=True), **_ONE, "word_problem": "Tên chưa đúng."},
        BANNERS,
    ),
    "emergency-mine": ("emergency_board.html", {"one": emergency(Stage.WAITING, MINE), **_ONE}, {}),
    "emergency-failed": (
        "emergency_board.html",
        {
            "one": emergency(Stage.FAILED, May(repair=True, withdraw=True), sentence="Ổ đĩa đã đầy."),
            **_ONE,
            "problem": "Chưa phát được.",
        },
        {},
    ),
    "emergency-sent": (
        "emergency_board.html",
        {"one": emergency(Stage.SENT, ON_AIR, **SENT), **_ONE, "board": BOARD},
        {},
    ),
    "emergency-stopped": (
        "emergency_board.html",
        {
            "one": emergency(
                Stage.ENDED, May(), **SENT, silenced=replace(SILENCED, held=True), again_of_id="e0", ended_by="Đức"
            ),
            **_ONE,
            "board": replace(BOARD, silenced=replace(SILENCED, again_id="e2")),
        },
        {},
    ),
    "drill-waiting": ("emergency_board.html", {"one": emergency(Stage.WAITING, ALL, drill=True), **_ONE}, {}),
    "drill-sent": (
        "emergency_board.html",
        {"one": emergency(Stage.SENT, ON_AIR, drill=True, **SENT), **_ONE, "board": BOARD},
        {},
    ),
    "emergency-correct": (
        "emergency_correct.html",
        {"one": emergency(Stage.SENT, ON_AIR, **SENT), "ready_made": SAID[:1], "problem": "", "reason": ""},
        {},
    ),
    "stops": ("stops.html", {"stops": STOPS, "areas": AREAS, "problem": "Chọn ít nhất một địa bàn."}, {}),
    "live": (
        "live.html",
        {
            "areas": AREAS,
            "speakers": [SpeakerChoice(id="s1", name="Chợ trung tâm", area_name="Thôn Đông", ready=True)],
            "streams": STREAMS,
        },
        {},
    ),
    "emergency-policies": (
        "emergency_policies.html",
        {
            "rows": [PolicyRow(name="Xã Hoà Bình", second_person=True, break_glass=True)],
            "areas": [("x-1", "Xã Hoà Bình")],
            "problem": "",
        },
        {},
    ),
    **CAP_PAGES,
}
