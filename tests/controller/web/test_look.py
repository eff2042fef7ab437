"""The pages hold together: every template renders in both languages, within the strict content policy, and what is
vendored is what the list says."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from typing import get_args

import pytest
from jinja2 import Environment

from agents.protocol.journal import JournalEvent
from controller.web.i18n import Language, load_translators
from controller.web.templating import STATIC_FOLDER, TEMPLATES_FOLDER, asset_versions, make_environments
from controller.web.waveform import waveform_path
from tests.controller.web.look_pages import DRAFT, EVERY_EVENT, PAGES, RECORDS, airing, broadcast, frame, render

HOSTILE = "<script>alert('x')</script>\"&"


@pytest.fixture(scope="module")
def environments() -> Mapping[Language, Environment]:
    return make_environments(load_translators())


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
    assert {type(event) for event in EVERY_EVENT} == set(get_args(JournalEvent))
    said: list[set[str]] = []
    for language in Language:
        describe = environments[language].globals["describe"]
        assert callable(describe)
        said.append({describe(one).word for one in RECORDS})
    assert len(said[0]) == len(said[1]) == len(EVERY_EVENT)
    assert said[0].isdisjoint(said[1])
