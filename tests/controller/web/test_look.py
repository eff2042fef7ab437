"""The pages hold together: every template renders in both languages, within the strict content policy, and what is
vendored is what the list says."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import Environment

from agents.protocol.values import (
    Armed,
    ClockBasis,
    Failed,
    FailReason,
    Finished,
    Gap,
    JournalEvent,
    JournalRecord,
    Preempted,
    RefusalReason,
    Refused,
    Skipped,
    SkipReason,
    Sounding,
    StartedUp,
    Stopped,
    Stored,
)
from controller.domain.airings import AiringState, PlayState
from controller.domain.bulletins import BulletinState
from controller.web import views
from controller.web.i18n import Language, load_translators
from controller.web.templating import STATIC_FOLDER, TEMPLATES_FOLDER, asset_versions, make_environments
from controller.web.waveform import waveform_path

NOW = datetime(2026, 3, 2, 10, 3, 20, tzinfo=UTC)
PEAKS = [abs((i * 37) % 100 - 50) + (i * 13) % 45 for i in range(400)]
WAY = [PlayState.PLANNED, PlayState.PUSHED, PlayState.STORED, PlayState.ARMED, PlayState.SOUNDING, PlayState.FINISHED]
HOSTILE = "<script>alert('x')</script>\"&"


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
    Refused(document_id="d", kind="order", key_id="k", reason=RefusalReason.BAD_SIGNATURE, count=3),
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
]
AREAS = [
    views.TargetArea(
        id=f"area{n}",
        name=name,
        ready=ready,
        speakers=[views.TargetSpeaker(id=s.id, name=s.name, state=s.state, checked=True) for s in rows],
    )
    for n, (name, ready, rows) in enumerate([("Thôn Đông", 2, SPEAKERS[:2]), ("Thôn Tây", 0, SPEAKERS[2:])])
]
PREPARED = {
    state: views.Prepared(
        id="b1",
        state=state,
        progress_percent=42,
        sentence="Không đọc được file.",
        audio_url="/media/x.ogg",
        duration_s=17.7,
        loudness_lufs=-18.0,
        size_bytes=48_120,
        peaks=PEAKS,
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
    values: dict[str, Any] = {"theme": views.Theme.AUTO, "csrf_token": "t0ken", "person_name": "Quản trị", **more}
    return views.Frame(language=language, path=path, now=NOW, station_name="Đài truyền thanh xã", **values)


def broadcast(prepared: views.Prepared | None = None, latest: views.Airing | None = None) -> dict[str, Any]:
    return {
        "draft": DRAFT,
        "areas": AREAS,
        "prepared": prepared,
        "problem": "",
        "speakers": SPEAKERS,
        "found": FOUND,
        "area_options": [views.AreaOption(id=area.id, name=area.name) for area in AREAS],
        "latest": latest,
        "max_characters": 5_000,
    }


BUSY: dict[str, Any] = {
    "on_air": views.OnAir(airing_id="a1", title="Thông báo lịch tiêm phòng cho trẻ em", others=1),
    "stop_all": views.StopAll(since=NOW - timedelta(minutes=4), by="Quản trị"),
    "flashes": [views.Flash(tone=tone, sentence=f"Câu {tone}.") for tone in views.Tone],
}

PAGES: Mapping[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "first": ("broadcast.html", broadcast(), {}),
    "first-empty": ("broadcast.html", {**broadcast(), "areas": [], "speakers": [], "found": []}, {}),
    "first-preparing": ("broadcast.html", broadcast(PREPARED[BulletinState.PREPARING]), {}),
    "first-ready": ("broadcast.html", broadcast(PREPARED[BulletinState.READY], airing()), {"on_air": BUSY["on_air"]}),
    "first-failed": ("broadcast.html", broadcast(PREPARED[BulletinState.FAILED]), {}),
    "busy": ("broadcast.html", broadcast(None, airing()), BUSY),
    **{f"airing-{state}": ("airing.html", {"airing": airing(state)}, {"path": "/airings/a1"}) for state in AiringState},
    "airings": ("airings.html", {"airings": ROWS}, {"path": "/airings"}),
    "airings-empty": ("airings.html", {"airings": []}, {"path": "/airings"}),
    "speakers": (
        "speakers.html",
        {k: broadcast()[k] for k in ("speakers", "found", "area_options")},
        {"path": "/speakers"},
    ),
    "speaker": ("speaker.html", {"speaker": SPEAKER_PAGE, "notice": "Xong.", "problem": ""}, {"path": "/speakers/s0"}),
    "sign-in": (
        "sign_in.html",
        {"next_path": "/", "name": "", "problem": "Sai."},
        {"person_name": None, "path": "/sign-in"},
    ),
    "password": ("password.html", {"problem": "Sai."}, {"path": "/password"}),
    "error": ("error.html", {"status": 404, "heading": "Không có", "sentence": "Không tìm thấy."}, {"path": "/x"}),
}


@pytest.fixture(scope="module")
def environments() -> Mapping[Language, Environment]:
    return make_environments(load_translators())


def render(environments: Mapping[Language, Environment], language: Language, page: str) -> str:
    template, context, more = PAGES[page]
    return environments[language].get_template(template).render(frame=frame(language, **more), **context)


class Tags(HTMLParser):
    """Every start tag with its attributes, and the text inside each script and style."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(html)
    return parser.found


every_page = pytest.mark.parametrize("page", PAGES)
both = pytest.mark.parametrize("language", Language)


@every_page
@both
def test_a_page_renders_in_its_language(
    environments: Mapping[Language, Environment], language: Language, page: str
) -> None:
    html = render(environments, language, page)
    assert f'<html lang="{language}"' in html
    assert ("Bỏ qua, đến nội dung" in html) == (language is Language.VIETNAMESE)


@every_page
def test_a_page_keeps_within_the_content_policy(environments: Mapping[Language, Environment], page: str) -> None:
    for tag, attributes in tags(render(environments, Language.VIETNAMESE, page)):
        assert tag not in {"style", "iframe", "object", "base"}
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith(("on", "hx-on"))]
        if tag == "script":
            assert (attributes["src"] or "").startswith("/static/")
        for name in ("src", "href", "action", "formaction", "hx-get", "hx-post", "sse-connect"):
            assert re.match(r"[/#](?!/)", attributes.get(name) or "/"), attributes


@every_page
def test_ids_are_unique_and_what_points_to_them_is_there(
    environments: Mapping[Language, Environment], page: str
) -> None:
    found = tags(render(environments, Language.ENGLISH, page))
    ids = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in found:
        for name in ("for", "aria-describedby", "aria-labelledby"):
            assert set((attributes.get(name) or "").split()) <= set(ids), attributes
        target = attributes.get("hx-target") or ""
        assert not target.startswith("#") or target[1:] in ids


@every_page
def test_every_form_that_changes_something_carries_the_token(
    environments: Mapping[Language, Environment], page: str
) -> None:
    html = render(environments, Language.ENGLISH, page)
    for form in re.findall(r'<form[^>]*method="post".*?</form>', html, flags=re.DOTALL):
        assert 'name="csrf_token" value="t0ken"' in form


def test_only_icons_that_are_in_the_sprite_are_used(environments: Mapping[Language, Environment]) -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (STATIC_FOLDER / "vendor/icons.svg").read_text("utf-8")))
    used = {
        name
        for page in PAGES
        for name in re.findall(r'icons\.svg\?v=\w+#([^"]+)"', render(environments, Language.ENGLISH, page))
    }
    assert used <= sprite


def test_what_persons_and_devices_typed_is_escaped(environments: Mapping[Language, Environment]) -> None:
    hostile = replace(airing(), title=HOSTILE, text=HOSTILE, sent_by=HOSTILE)
    context = {"draft": replace(DRAFT, title=HOSTILE, text=HOSTILE), "latest": hostile}
    page = environments[Language.VIETNAMESE].get_template("broadcast.html")
    html = page.render(frame=frame(Language.VIETNAMESE), **{**broadcast(), **context})
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert") >= 4


def test_a_missing_value_is_an_error_and_not_a_hole(environments: Mapping[Language, Environment]) -> None:
    with pytest.raises(Exception, match="undefined"):
        environments[Language.ENGLISH].get_template("airings.html").render(frame=frame(Language.ENGLISH))


def test_every_template_tells_what_it_is_given() -> None:
    for template in TEMPLATES_FOLDER.glob("*.html"):
        assert template.read_text("utf-8").startswith("{#"), template.name


def test_both_writings_of_the_dark_tokens_are_the_same() -> None:
    css = (STATIC_FOLDER / "loa.css").read_text("utf-8")
    by_system = re.search(r":root:not\(\[data-theme=light\]\)\{(.*?)\}\}", css, flags=re.DOTALL)
    by_switch = re.search(r":root\[data-theme=dark\]\{(.*?)\}", css, flags=re.DOTALL)
    assert by_system is not None
    assert by_switch is not None
    assert by_system[1].split() == by_switch[1].split()


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    full = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    channels = [int(full[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def tokens(dark: bool) -> dict[str, str]:
    css = (STATIC_FOLDER / "loa.css").read_text("utf-8")
    light = re.search(r"^:root\{(.*?)\n\}", css, flags=re.DOTALL | re.MULTILINE)
    night = re.search(r"^:root\[data-theme=dark\]\{(.*?)\n\}", css, flags=re.DOTALL | re.MULTILINE)
    assert light is not None
    assert night is not None
    text = light[1] + (night[1] if dark else "")
    return dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})\b", text))


@pytest.mark.parametrize("dark", [False, True])
def test_words_stand_out_from_their_ground_as_wcag_aa_asks(dark: bool) -> None:
    colour = tokens(dark)
    pairs = [(ink, ground) for ink in ("ink", "ink-soft", "accent") for ground in ("paper", "card", "sunk")]
    pairs += [(tone, f"{tone}-soft") for tone in ("ok", "info", "warn", "bad")]
    pairs += [
        ("bad", "card"),
        ("warn", "card"),
        ("ok", "card"),
        ("accent-ink", "accent"),
        ("accent-ink", "accent-lift"),
    ]
    pairs += [("bar-ink", "bar"), ("bar-soft", "bar"), ("bar-soft", "bar-lift"), ("stop-ink", "stop")]
    for ink, ground in pairs:
        assert contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)
    for edge, ground in [("line-strong", "card"), ("focus", "card"), ("focus", "paper"), ("signal", "bar")]:
        assert contrast(colour[edge], colour[ground]) >= 3, (edge, ground)


def test_what_is_vendored_is_what_the_list_says() -> None:
    vendor = STATIC_FOLDER / "vendor"
    lines = (vendor / "VENDORED.md").read_text("utf-8").splitlines()
    listed = dict(re.findall(r"^\| (\S+\.\S+) \|.*\| ([0-9a-f]{64}) \|$", "\n".join(lines), flags=re.MULTILINE))
    there = {p.relative_to(vendor).as_posix(): p for p in vendor.rglob("*") if p.is_file() and p.suffix != ".md"}
    assert listed == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()}


def test_an_address_of_a_static_file_changes_with_its_content() -> None:
    versions = asset_versions()
    assert versions["loa.css"] == hashlib.sha256((STATIC_FOLDER / "loa.css").read_bytes()).hexdigest()[:12]


def test_the_style_sheet_asks_for_its_fonts_by_the_same_address_as_the_pages() -> None:
    css = (STATIC_FOLDER / "loa.css").read_text("utf-8")
    asked = dict(re.findall(r"url\(([^)?]+)\?v=(\w+)\)", css))
    assert len(asked) == css.count("url(") == 6
    versions = asset_versions()
    assert asked == {name: versions[name] for name in asked}


def test_the_picture_of_a_sound_has_a_bar_for_every_stretch() -> None:
    assert waveform_path([]) == ""
    assert waveform_path([0, 100]).count("M") == 2
    assert waveform_path(range(100), bars=10).count("M") == 10
    assert waveform_path([0]) == "M1 23h2v2h-2z"
    assert waveform_path([100]) == waveform_path([250]) == "M1 1h2v46h-2z"


def test_every_journal_record_has_words_in_both_languages(environments: Mapping[Language, Environment]) -> None:
    said: list[set[str]] = []
    for language in Language:
        describe = environments[language].globals["describe"]
        assert callable(describe)
        said.append({describe(one).word for one in RECORDS})
    assert len(said[0]) == len(said[1]) == len(EVERY_EVENT)
    assert said[0].isdisjoint(said[1])
