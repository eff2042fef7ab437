"""One believable day at a station: what every template is given, for the tests that look at the pages."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from jinja2 import Environment

from agents.protocol.journal import (
    ActionEnded,
    ActionName,
    ActionResult,
    Armed,
    Ended,
    Failed,
    FailReason,
    Finished,
    Gap,
    Heard,
    Interrupted,
    JournalEvent,
    JournalRecord,
    Preempted,
    RecordsLost,
    RefusalReason,
    Refused,
    SelfTested,
    SirenSounding,
    Skipped,
    SkipReason,
    Sounding,
    StartedUp,
    Stopped,
    Stored,
)
from agents.protocol.values import ClockBasis
from controller.domain.airings import AiringState, PlayState
from controller.domain.bulletins import BulletinState
from controller.domain.rights import Right
from controller.domain.sounds import Source
from controller.web import views
from controller.web.boxviews import BoxShown
from controller.web.composeviews import Choices, LanguageOption, Option, VoiceOption
from controller.web.emergency.alarmviews import OnAir, StopAll
from controller.web.i18n import Language
from controller.web.listening import Line, Sentences
from controller.web.speaker_pages import SpeakersShown
from controller.web.speakerlist import SORTS, Listed, Mark, Options, Wanted
from controller.web.targetviews import SpeakersBeside, Where
from tests.controller.web import look_alarms, look_boxes, look_content, look_plans, look_targets
from tests.controller.web.look_people import PEOPLE_PAGES
from tests.controller.web.look_places import CHOICES as PLACES
from tests.controller.web.look_places import NOTHING as NOTHING_WAITS
from tests.controller.web.look_places import PLACE_PAGES, WAITING
from tests.controller.web.look_rundowns import RUNDOWN_PAGES

NOW = datetime(2026, 3, 2, 10, 3, 20, tzinfo=UTC)
PEAKS = [abs((i * 37) % 100 - 50) + (i * 13) % 45 for i in range(400)]
WAY = [PlayState.PLANNED, PlayState.PUSHED, PlayState.STORED, PlayState.ARMED, PlayState.SOUNDING, PlayState.FINISHED]


def record(seq: int, event: JournalEvent) -> JournalRecord:
    at_us = int(NOW.timestamp() * 1e6) + seq * 70_000
    return JournalRecord(seq=seq, at_us=at_us, clock_basis=ClockBasis.LINK, clock_error_us=410, event=event)


EVERY_EVENT: tuple[JournalEvent, ...] = (
    StartedUp(software="loa-agent 0.1.0", clean=False),
    Stored(airing_id="a1", fetched_bytes=48_120),
    Armed(airing_id="a1"),
    Sounding(airing_id="a1", planned_start_us=1, actual_start_us=41, start_error_us=40, joined_at_us=2_000_000),
    Gap(airing_id="a1", from_us=4_000_000, lost_us=300_000, cause="underrun"),
    Finished(airing_id="a1", ended_at_us=9, played_us=17_400_000, lost_us=300_000),
    Skipped(airing_id="a1", reason=SkipReason.TIME_UNKNOWN),
    Failed(airing_id="a1", reason=FailReason.DISK_FULL),
    Preempted(airing_id="a1", by_airing_id="a2", at_us=3_000_000),
    Stopped(airing_id="a1", order_id="o1", at_us=3_000_000),
    Ended(airing_id="a1", order_id="o1", at_us=3_000_000),
    Refused(document_id="d", kind="order", key_id="k", reason=RefusalReason.BAD_SIGNATURE, count=3),
    RecordsLost(first_seq=4, records=12, cause="full"),
    SirenSounding(airing_id="a2", began_at_us=1_772_000_000_000_000),
    Interrupted(airing_id="a1", by_airing_id="a2", at_us=3, resumes_at_us=1_772_000_000_000_000, from_us=3),
    ActionEnded(order_id="o1", action=ActionName.TEST_TONE, result=ActionResult.DONE),
    SelfTested(heard=Heard.NOT_HEARD),
)
RECORDS = [record(seq, event) for seq, event in enumerate(EVERY_EVENT, 1)]
NAMES = ("Nhà văn hóa thôn Đông", "Chợ trung tâm", "Trạm y tế xã")


def reached(steps: int) -> dict[PlayState, datetime]:
    return {state: NOW + timedelta(seconds=2 * i, milliseconds=137 * i) for i, state in enumerate(WAY[:steps])}


def progress(index: int, state: PlayState, steps: int, **more: Any) -> views.TargetProgress:
    return views.TargetProgress(
        speaker_id=f"s{index}",
        speaker_name=NAMES[index],
        area_name="Thôn Đông",
        state=state,
        reached=reached(steps),
        **more,
    )


def airing(state: AiringState = AiringState.ON_AIR) -> views.Airing:
    known: dict[str, Any] = {"clock_basis": ClockBasis.LINK, "clock_error_ms": 0.41}
    played = {AiringState.ENDED: (PlayState.FINISHED, 6), AiringState.ON_AIR: (PlayState.SOUNDING, 5)}
    there, steps = played.get(state, (PlayState.ARMED, 4))
    if steps > 4:
        known["start_error_ms"] = 0.06
    return views.Airing(
        id="a1",
        title="Thông báo lịch tiêm phòng cho trẻ em",
        state=state,
        starts_at=NOW - timedelta(seconds=6) if steps > 4 else NOW + timedelta(seconds=8),
        duration_s=17.7,
        sent_at=NOW - timedelta(seconds=10),
        sent_by="Quản trị",
        spread_ms=0.12 if steps > 4 else None,
        text="Kính mời bà con đưa trẻ dưới 5 tuổi đến trạm y tế xã lúc 7 giờ 30.\nTrân trọng thông báo.",
        audio_url="/media/x.ogg",
        peaks=PEAKS,
        targets=[
            progress(0, there, steps, records=RECORDS[:6], **known),
            progress(1, there, steps, records=RECORDS[:4], lost_s=0.3, joined_at_s=2.0, **known),
            progress(2, PlayState.FAILED, 2, reason_sentence="Thẻ nhớ của cụm loa đã đầy.", records=RECORDS[7:8]),
        ],
    )


STATES = [views.SpeakerState.READY, views.SpeakerState.READY, views.SpeakerState.OFFLINE]
SPEAKERS = [
    views.SpeakerRow(
        id=f"s{i}",
        name=name,
        area_name="Thôn Đông" if i < 2 else "Thôn Tây",
        state=STATES[i],
        last_seen=NOW - timedelta(seconds=3 if i < 2 else 780),
        volume_percent=80,
        clock_error_ms=0.4 if i < 2 else None,
        software="loa-agent 0.1.0",
        address="192.168.1.2" + str(i),
        refusals=3 * i,
    )
    for i, name in enumerate(NAMES)
]
FOUND = [
    views.FoundDevice(
        id="d-k3vq2m7xw4tb6yna", name="", model="Loa Pi 4", address="192.168.1.31", software="0.1.0", identify_until=NOW
    ),
    views.FoundDevice(
        id="d-p7c5hd2zr6sfqk3e",
        name="Chợ trung tâm",
        model="Loa Pi 4",
        address="192.168.1.32",
        software="0.1.0",
        problem_sentence="Thiết bị này thuộc về một bộ điều khiển khác.",
    ),
    views.FoundDevice(
        id="d-w2nb6vy4ka7txo5q",
        name="Nhà văn hoá",
        model="Loa Pi 4",
        address="192.168.1.33",
        software="0.1.0",
        warning_sentence="Có thiết bị khác trùng tên.",
    ),
]
HERE = "21.0285, 105.8542"
AREAS = look_targets.areas(SPEAKERS)
BESIDE = SpeakersBeside(rows=SPEAKERS, total=len(SPEAKERS), ready=2)
MARKS = [
    views.SentenceMark(text="Kính mời bà con đến trạm y tế xã.", start_s=0.4, end_s=3.2, language="vi"),
    views.SentenceMark(text="Trân trọng thông báo.", start_s=3.4, end_s=5.0, language="vi"),
]
SEVERAL = views.Track(
    parts=[
        views.SoundPart(label="Nhạc hiệu xã", duration_s=4.0, audio_url="/media/x.ogg"),
        views.SoundPart(label="Khoảng lặng", duration_s=1.0),
        views.SoundPart(label="Tiếng Việt", duration_s=17.7, audio_url="/media/x.ogg"),
        views.SoundPart(label="Khoảng lặng", duration_s=1.0),
        views.SoundPart(label="Tiếng Khmer", duration_s=21.0, audio_url="/media/x.ogg"),
    ],
    peaks=PEAKS[:160],
    marks=MARKS,
)
PREPARED = {
    state: views.Prepared(
        id="b1",
        state=state,
        progress_percent=42,
        sentence="Không đọc được file.",
        track=views.Track(
            parts=[views.SoundPart(label="Tiếng Việt", duration_s=17.7, audio_url="/media/x.ogg")],
            peaks=PEAKS,
            marks=MARKS,
        ),
        loudness_lufs=-18.0,
        size_bytes=48_120,
        finding_sentences=["Bản ghi rất nhỏ."],
    )
    for state in BulletinState
}
SPEAKER_PAGE = views.SpeakerPage(
    row=replace(SPEAKERS[0], note_sentence=""),
    device_id="d-k3vq2m7xw4tb6yna",
    model="Loa Pi 4",
    linked_since=NOW - timedelta(hours=3),
    clock_basis=ClockBasis.LINK,
    disk_free_bytes=12_300_000_000,
    clips=14,
    max_volume_percent=90,
    refusals=[views.RefusalCount(reason=RefusalReason.REPLAYED, count=3, last_at=NOW - timedelta(days=2))],
    rundown=[
        views.RundownItem(airing_id="a1", title="Bản tin sáng", starts_at=NOW, duration_s=610, state=PlayState.ARMED)
    ],
    records=RECORDS,
)
ROWS = [
    views.AiringRow(
        id=f"a{i}", title="Bản tin", state=state, starts_at=NOW if i else None, duration_s=61, finished=i % 3, targets=2
    )
    for i, state in enumerate([*AiringState, AiringState.ENDED, AiringState.ENDED])
]
DRAFT = views.Draft(text="Kính mời bà con đến trạm y tế xã.", at=NOW)


def frame(language: Language, path: str = "/", **more: Any) -> views.Frame:
    values: dict[str, Any] = {"theme": views.Theme.AUTO, "csrf_token": "t0ken", "person_name": "Quản trị"}
    values |= {"rights": frozenset(Right), "may_stop_all": True} | more
    return views.Frame(language=language, path=path, now=NOW, station_name="Đài truyền thanh xã", **values)


CHOICES = Choices(
    languages=[
        LanguageOption(code="vi", name="Tiếng Việt", voiced=True),
        LanguageOption(code="en", name="Tiếng Anh", voiced=True),
        LanguageOption(code="km", name="Tiếng Khmer", voiced=False),
    ],
    main_languages=[
        LanguageOption(code="vi", name="Tiếng Việt", voiced=True),
        LanguageOption(code="en", name="Tiếng Anh", voiced=True),
    ],
    voices=[
        VoiceOption(id="v1", name="Giọng Bắc", language="vi", language_name="Tiếng Việt"),
        VoiceOption(id="v2", name="Giọng Nam", language="vi", language_name="Tiếng Việt"),
    ],
    tunes=[Option(id="tune-chime", name="Loa")],
    classes=[Option(id="ordinary", name="Thường"), Option(id="priority", name="Ưu tiên")],
)
SENTENCES = Sentences(
    number=0,
    language="vi",
    language_name="Tiếng Việt",
    lines=[
        Line(
            written="Mời bà con họp lúc 19h30.",
            spoken="Mời bà con họp lúc mười chín giờ ba mươi.",
            audio_url="/media/x.ogg",
        ),
        Line(written="Trân trọng thông báo.", spoken="", audio_url="/media/x.ogg"),
    ],
    notice="“UBND” từ nay đọc là “Ủy ban nhân dân”.",
)
FULL_DRAFT = replace(
    DRAFT,
    others=[
        views.VariantDraft(number=1, language="km", source=Source.RECORDING, recording_name="khmer.mp3"),
        views.VariantDraft(number=2, language="en", text="Dear residents.", error="Chưa có nội dung."),
    ],
    opening="tune-chime",
    times=2,
    bulletin_id="b1",
    revision=2,
    editing=True,
    errors={"expires_at": "Hạn này đã qua."},
)


def broadcast(prepared: views.Prepared | None = None, latest: views.Airing | None = None) -> dict[str, Any]:
    return {
        "draft": DRAFT,
        "usage": look_content.USAGE,
        "now_waiting": look_content.USAGE,
        "where": Where(areas=AREAS),
        "prepared": prepared,
        "problem": "",
        "speakers": BESIDE,
        "found": FOUND,
        "area_options": [views.AreaOption(id=area.id, name=area.name) for area in AREAS],
        "latest": latest,
        "choices": CHOICES,
        "sentences": None,
        "max_characters": 5_000,
        "max_recording_s": 3_600.0,
    }


def speakers_shown(rows: Sequence[views.SpeakerRow]) -> SpeakersShown:
    """The first of three pages of a list that is narrowed."""
    options = Options(
        states=look_boxes.FILTER.kinds,
        faults=look_boxes.FILTER.kinds,
        areas=PLACES,
        models=["Loa Pi 4"],
        softwares=["loa-agent 0.1.0"],
        sorts=[look_boxes.Choice(id=sort, name=word) for sort, word in SORTS.items()],
    )
    marks = [
        Mark(icon="thermometer", tone="warn", word="Quá nóng"),
        Mark(icon="ear", tone="bad", word="Không nghe thấy"),
    ]
    return SpeakersShown(
        rows=rows,
        marks=[marks[:number] for number, _ in enumerate(rows)],
        want=Wanted(q="thôn", model="Loa Pi 4") if rows else Wanted(),
        list=Listed(overviews=[], found=240 if rows else 0, of=10_000, page=1, pages=3, options=options),
        part="/parts/speaker-rows?q=th%C3%B4n",
        next="/speakers?q=th%C3%B4n&page=2",
    )


BUSY: dict[str, Any] = {
    "open_faults": 128,
    "on_air": OnAir(airing_id="a1", title="Thông báo lịch tiêm phòng cho trẻ em", others=1),
    "stop_all": StopAll(since=NOW - timedelta(minutes=4), by="Quản trị"),
    "flashes": [views.Flash(tone=tone, sentence=f"Câu {tone}.") for tone in views.Tone],
}


def _speaker(box: BoxShown, place: str = "", notice: str = "") -> dict[str, Any]:
    known = {"speaker": SPEAKER_PAGE, "box": box, "places": PLACES}
    located = {"position": place, "position_problem": "", "located": bool(notice)}
    said = "Cụm loa bắt đầu muộn hơn từ 0 đến 10.000 mili giây." if notice else ""
    delayed = {"delay": "0,3 s" if notice else "0", "delay_problem": said}
    return {**known, **located, **delayed, "notice": notice, "problem": ""}


PAGES: Mapping[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "first": ("broadcast.html", broadcast(), {}),
    "first-empty": (
        "broadcast.html",
        {**broadcast(), "where": Where(), "speakers": SpeakersBeside(rows=[], total=0, ready=0), "found": []},
        {},
    ),
    "first-folded": ("broadcast.html", {**broadcast(), "where": look_targets.FOLDED}, {}),
    "first-preparing": ("broadcast.html", broadcast(PREPARED[BulletinState.PREPARING]), {}),
    "first-ready": ("broadcast.html", broadcast(PREPARED[BulletinState.READY], airing()), {"on_air": BUSY["on_air"]}),
    "first-full": (
        "broadcast.html",
        {
            **broadcast(replace(PREPARED[BulletinState.READY], track=SEVERAL, revision=2)),
            "draft": FULL_DRAFT,
            "sentences": SENTENCES,
        },
        {},
    ),
    "first-failed": ("broadcast.html", broadcast(PREPARED[BulletinState.FAILED]), {}),
    "busy": ("broadcast.html", broadcast(None, airing()), BUSY),
    **{
        f"airing-{state}": ("airing.html", {"airing": airing(state), **look_alarms.WENT_OUT}, {"path": "/airings/a1"})
        for state in AiringState
    },
    "airings": ("airings.html", {"airings": ROWS}, {"path": "/airings"}),
    "airings-empty": ("airings.html", {"airings": []}, {"path": "/airings"}),
    "speakers": (
        "speakers.html",
        {"waiting": WAITING, "speakers": speakers_shown(SPEAKERS)}
        | {k: broadcast()[k] for k in ("found", "area_options")},
        {"path": "/speakers", "open_faults": 3},
    ),
    "speakers-none": (
        "speakers.html",
        {"waiting": NOTHING_WAITS, "speakers": speakers_shown([]), "found": [], "area_options": []},
        {"path": "/speakers"},
    ),
    "speaker": ("speaker.html", _speaker(look_boxes.BOX, HERE, "Xong."), {"path": "/speakers/s0", "open_faults": 3}),
    "speaker-new": ("speaker.html", _speaker(look_boxes.NOTHING), {"path": "/speakers/s0"}),
    **look_boxes.BOX_PAGES,
    **look_boxes.box_pages(SPEAKER_PAGE, FOUND[:1] + FOUND[2:], SPEAKERS),
    **PLACE_PAGES,
    **look_content.PAGES,
    **look_plans.PAGES,
    "trust": ("trust.html", look_targets.TRUST, {"path": "/trust"}),
    **PEOPLE_PAGES,
    **RUNDOWN_PAGES,
    **look_alarms.ALARM_PAGES,
    "error": ("error.html", {"status": 404, "heading": "Không có", "sentence": "Không tìm thấy."}, {"path": "/x"}),
}


def render(environments: Mapping[Language, Environment], language: Language, page: str, **frame_values: Any) -> str:
    """The page of this name in ``PAGES``."""
    template, context, more = PAGES[page]
    return (
        environments[language].get_template(template).render(frame=frame(language, **more, **frame_values), **context)
    )
