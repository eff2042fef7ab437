"""What is kept to be heard, as the pages of it are given it, for the tests that look at the pages."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from agents.protocol.values import AiringClass
from controller.domain.bulletins import BulletinState
from controller.domain.sounds import SoundState, Source
from controller.web import views
from controller.web.bulletinviews import BulletinRow, BulletinShown, Change, RevisionShown, TextDiff, VariantShown
from controller.web.composeviews import Option
from controller.web.programmeviews import (
    RELAY,
    ItemShown,
    Offered,
    ProgrammeForm,
    ProgrammeRevision,
    ProgrammeRow,
    RelayTyped,
)
from controller.web.targetviews import Where
from controller.web.tune_pages import PronunciationShown, TuneShown
from controller.web.usage import Usage, Use

NOW = datetime(2026, 3, 2, 10, 3, 20, tzinfo=UTC)
PEAKS = [abs((i * 37) % 100 - 50) + (i * 13) % 45 for i in range(160)]
CLIP = views.Track(
    parts=[views.SoundPart(label="Tiếng Việt", duration_s=17.7, audio_url="/media/x.ogg")],
    peaks=PEAKS,
    marks=[views.SentenceMark(text="Kính thưa bà con.", start_s=0.2, end_s=1.9, language="vi")],
)
SEVERAL = views.Track(
    parts=[
        views.SoundPart(label="Nhạc hiệu", duration_s=4.0, audio_url="/media/x.ogg"),
        views.SoundPart(label="Khoảng lặng", duration_s=1.0),
        views.SoundPart(label="Tiếng Khmer", duration_s=21.0, audio_url="/media/x.ogg"),
    ],
    peaks=PEAKS,
)
TUNES = [Option(id="tune-chime", name="Loa")]
CLASSES = [Option(id="ordinary", name="Thường"), Option(id="priority", name="Ưu tiên")]

USES = [
    Use(
        href=f"/schedules/sc-{number}",
        title="Bản tin chiều",
        when_sentence="Hằng ngày lúc 17:10.",
        where="Xã Tân Lập",
        waits=number == 2,
    )
    for number in (1, 2)
]
USAGE = Usage(
    sentence="Bản tin này nằm trong 3 lịch phát, lần tới lúc 17:10 hôm nay.",
    waiting_sentence="1 lịch phát nay chờ phê duyệt:",
    schedules=3,
    shown=USES,
    waiting=USES[1:],
    more=1,
)


def row(state: BulletinState = BulletinState.READY, **more: Any) -> BulletinRow:
    values: dict[str, Any] = {
        "id": f"b-{state}",
        "title": "Thông báo lịch tiêm phòng cho trẻ em dưới năm tuổi ở các thôn",
        "state": state,
        "airing_class": AiringClass.PRIORITY,
        "class_name": "Ưu tiên",
        "languages": ["Tiếng Việt", "Tiếng Khmer"],
        "sender": "",
        "duration_s": 38.7,
        "revision": 3,
        "changed_at": NOW,
        "changed_by": "Quản trị",
        "expired": state is BulletinState.FAILED,
        "audio_url": "/media/x.ogg",
        "from_above": state is BulletinState.FAILED,
    }
    return BulletinRow(**(values | more))


def variant(failure: str = "") -> VariantShown:
    return VariantShown(
        language="vi",
        language_name="Tiếng Việt",
        source=Source.TEXT,
        state=SoundState.FAILED if failure else SoundState.READY,
        text="Kính thưa bà con.\nMời bà con đến trạm y tế.",
        file_name="",
        track=CLIP,
        failure_sentence=failure,
    )


def bulletin(state: BulletinState, failure: str = "") -> dict[str, Any]:
    shown = BulletinShown(
        row=row(state),
        track=SEVERAL if state is BulletinState.READY else views.Track(),
        variants=[variant(failure), variant()],
        around=[("Nhạc hiệu mở đầu", "Loa")],
        finding_sentences=["Bản ghi rất nhỏ (-47 LUFS): đã tăng 29 dB."],
        failure_sentence=failure,
        expires_at=NOW,
        created_at=NOW,
        created_by="Quản trị",
        withdrawn=False,
        may_retry=True,
    )
    diff = TextDiff(
        language="vi",
        language_name="Tiếng Việt",
        pieces=[("same", "Họp lúc "), ("removed", "7 "), ("inserted", "8 "), ("same", "giờ.")],
    )
    change = Change(what="Tiêu đề", before="Họp", after="Họp dân")
    revisions = [
        RevisionShown(number=2, at=NOW, by="Quản trị", changes=[change], texts=[diff], current=True),
        RevisionShown(number=1, at=NOW, by="Quản trị", changes=[], texts=[], current=False),
    ]
    return {"bulletin": shown, "revisions": revisions, "airings": [], "may_send": state is BulletinState.READY}


def programme(**more: Any) -> dict[str, Any]:
    form = ProgrammeForm(
        id="pr-1",
        title="Thời sự sáng thứ hai",
        revision=2,
        items=[
            ItemShown(value="b-1", title="Lịch tiêm phòng", duration_s=38.7),
            ItemShown(value="3", title="Khoảng lặng", duration_s=3.0, silence=True),
            ItemShown(
                value=RELAY,
                title="Tiếp sóng: VOV1",
                duration_s=1_800.0,
                relay=RelayTyped(name="VOV1", source_url="https://vov.example/" + "truc-tiep/" * 12, minutes="30"),
                problem_sentence="Địa chỉ tiếp sóng không đúng.",
            ),
            ItemShown(value="b-2", title="Tin bão", duration_s=0.0, problem_sentence="Bản tin này đã hết hạn."),
        ],
        track=SEVERAL,
        opening="tune-chime",
        offered=[Offered(id="b-3", title="Họp dân", duration_s=20.0, changed_by="Quản trị")],
        problem="Cần có tiêu đề.",
    )
    values: dict[str, Any] = {
        "programme": form,
        "tunes": TUNES,
        "classes": CLASSES,
        "may_send": True,
        "may_change": True,
        "usage": USAGE,
        "now_waiting": USAGE,
        "sending": views.Draft(errors={"send": "Chọn ít nhất một cụm loa."}),
        "where": Where(),
        "revisions": [ProgrammeRevision(number=2, at=NOW, by="Quản trị", title="Thời sự", items=3)],
    }
    return values | more


def tune(state: SoundState, **more: Any) -> TuneShown:
    values: dict[str, Any] = {
        "id": f"tune-{state}",
        "name": "Nhạc hiệu xã",
        "state": state,
        "track": CLIP if state is SoundState.READY else views.Track(),
        "built_in": False,
        "failure_sentence": "File không có tiếng." if state is SoundState.FAILED else "",
        "may_change": True,
    }
    return TuneShown(**(values | more))


WORD = PronunciationShown(
    language="vi",
    language_name="Tiếng Việt",
    written="UBND",
    spoken="Ủy ban nhân dân",
    changed="Quản trị",
    usual_url="/media/x.ogg",
    audio_url="/media/x.ogg",
)
ALL = {"q": "", "class": "", "state": "", "whose": ""}
PAGES: Mapping[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "bulletins": (
        "bulletins.html",
        {"bulletins": [row(state) for state in BulletinState], "chosen": ALL, "classes": [("ordinary", "Thường")]},
        {"path": "/bulletins"},
    ),
    "bulletins-empty": ("bulletins.html", {"bulletins": [], "chosen": ALL, "classes": []}, {"path": "/bulletins"}),
    "bulletin": ("bulletin.html", bulletin(BulletinState.READY), {"path": "/bulletins/b1"}),
    "bulletin-failed": (
        "bulletin.html",
        bulletin(BulletinState.FAILED, "Không đọc được file."),
        {"path": "/bulletins/b1"},
    ),
    "bulletin-preparing": ("bulletin.html", bulletin(BulletinState.PREPARING), {"path": "/bulletins/b1"}),
    "programmes": (
        "programmes.html",
        {
            "programmes": [
                ProgrammeRow(
                    id="pr-1",
                    title="Thời sự",
                    bulletins=2,
                    relays=1,
                    changed_at=NOW,
                    changed_by="Quản trị",
                    revision=2,
                )
            ]
        },
        {"path": "/programmes"},
    ),
    "programme": ("programme.html", programme(), {"path": "/programmes/pr-1"}),
    "programme-new": (
        "programme.html",
        programme(programme=ProgrammeForm(), may_send=False, revisions=[]),
        {"path": "/programmes/new"},
    ),
    "tunes": (
        "tunes.html",
        {
            "tunes": [tune(state) for state in SoundState],
            "may_add": True,
            "max_recording_s": 3_600.0,
            "problem": "Chọn file.",
            "name": "",
        },
        {"path": "/tunes"},
    ),
    "pronunciations": (
        "pronunciations.html",
        {
            "pronunciations": [WORD],
            "languages": [Option(id="vi", name="Tiếng Việt")],
            "typed": {"language": "vi", "written": "UBND", "spoken": "Ủy ban"},
            "problem": "Sai.",
            "may_change": True,
        },
        {"path": "/pronunciations"},
    ),
}
