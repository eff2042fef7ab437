"""The form of the consoles: what was typed, what it asks for, and what it will sound like.

Rules: what is typed is never lost; a slot that is still empty shows as its label in brackets, so that the whole text
can be read before it is complete.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from agents.protocol.ids import AreaId
from agents.protocol.values import ClipPart
from controller.domain.emergencies import EmergencyDraft, EmergencyId, Severity
from controller.domain.errors import Invalid
from controller.domain.hazards import LONGEST_VALUE, Hazard, Slot, Template
from controller.domain.sounds import Profile
from controller.web.asking import Ask
from controller.web.emergency.views import Console, How, Said, SlotField, TemplateOption
from controller.web.forms import Form, owner_of
from controller.web.i18n import N_, Translator
from controller.web.languages import language_name
from controller.web.listening import LONGEST_ALONE

SEVERITIES: Final = {
    Severity.EXTREME: N_("Extreme: danger to life, now"),
    Severity.SEVERE: N_("Severe: great danger"),
    Severity.MODERATE: N_("Moderate: possible danger"),
    Severity.MINOR: N_("Minor: little danger"),
    Severity.UNKNOWN: N_("Not known"),
}
HAZARD_ICONS: Final = {
    Hazard.STORM: "wind",
    Hazard.FLOOD: "waves",
    Hazard.FLASH_FLOOD: "mountain",
    Hazard.DAM_RELEASE: "droplets",
    Hazard.FIRE: "flame",
    Hazard.EPIDEMIC: "syringe",
    Hazard.MISSING_PERSON: "user-search",
    Hazard.ALL_CLEAR: "shield-check",
    Hazard.DRILL: "circle-dashed",
    Hazard.OTHER: "triangle-alert",
}
HAZARD_NAMES: Final = {
    Hazard.STORM: N_("Storm"),
    Hazard.FLOOD: N_("Flood"),
    Hazard.FLASH_FLOOD: N_("Flash flood, landslide"),
    Hazard.DAM_RELEASE: N_("Dam release"),
    Hazard.FIRE: N_("Fire"),
    Hazard.EPIDEMIC: N_("Epidemic"),
    Hazard.MISSING_PERSON: N_("Missing person"),
    Hazard.ALL_CLEAR: N_("All clear"),
    Hazard.DRILL: N_("Drill"),
    Hazard.OTHER: N_("Other danger"),
}
VOICE_WPM: Final = 125
_SLOT: Final = re.compile(r"\{(\w+)\}")
_MOST_MINUTES: Final = 7 * 24 * 60


def console_of(form: Form, *, drill: bool) -> Console:
    """What was typed, with what was pressed."""
    template_id = form.text("template") or form.text("kept_template")
    how = How.TEMPLATE.value if form.text("template") else form.text("how") or form.text("kept_how")
    return Console(
        drill=drill,
        how=How(how) if how in set(How) else How.TEMPLATE,
        template_id=template_id,
        title=form.text("title").strip(),
        text=form.text("text"),
        text_en=form.text("text_en"),
        english=bool(form.text("english")),
        values={name[5:]: form.text(name) for name in form.fields if name.startswith("slot_")},
        area_ids=list(dict.fromkeys(form.all("areas"))),
        severity=form.text("severity") or Severity.SEVERE.value,
        siren=bool(form.text("siren")) and not drill,
        lasts_min=form.text("lasts_min"),
        corrects=form.text("corrects"),
        reason=form.text("reason"),
        recording_id=form.text("recording_id"),
    )


def with_files(ask: Ask, form: Form, console: Console) -> Console:
    """A file that came with the form itself, as it does without scripts, becomes the form's recording."""
    received = form.take_file("recording")
    if received is not None:
        kept = ask.house.uploads.keep(received, owner_of(ask))
        return replace(console, how=How.RECORDING, recording_id=kept, recording_name=received.name)
    name = ask.house.uploads.name(console.recording_id, owner_of(ask)) if console.recording_id else ""
    return replace(console, recording_name=name)


# --- templates --------------------------------------------------------------------------------------------------------


def template_of(ask: Ask, console: Console) -> Template | None:
    """The one that is picked."""
    if console.how is not How.TEMPLATE:
        return None
    return next((one for one in ask.parts.emergencies.templates() if one.template_id == console.template_id), None)


def offered(ask: Ask, *, drill: bool) -> list[TemplateOption]:
    """Those that can be picked: what is practised alone is for drills."""
    language = ask.say.language.value
    return [
        TemplateOption(
            id=one.template_id,
            name=(one.wordings.get(language) or one.wordings[one.languages[0]]).name,
            icon=HAZARD_ICONS[one.hazard],
        )
        for one in ask.parts.emergencies.templates()
        if drill or one.hazard is not Hazard.DRILL
    ]


def slot_fields(template: Template, console: Console, say: Translator) -> list[SlotField]:
    """What is to be filled in."""
    return [_field(slot, console, say.language.value) for slot in template.slots]


def _field(slot: Slot, console: Console, language: str) -> SlotField:
    return SlotField(
        name=slot.name,
        kind=slot.kind.value,
        label=slot.labels.get(language) or slot.name,
        value=console.values.get(slot.name, ""),
        example=slot.examples.get(language, ""),
        english=console.values.get(f"{slot.name}:en", ""),
        error=console.errors.get(f"slot_{slot.name}", ""),
    )


def languages_of(template: Template, console: Console) -> tuple[str, ...]:
    """In which languages it is said."""
    wanted = ("vi", "en") if console.english else ("vi",)
    return tuple(one for one in wanted if one in template.languages) or template.languages[:1]


def said(console: Console, template: Template | None, say: Translator) -> list[Said]:
    """The whole text, as far as it is there."""
    if template is not None:
        return [_said_of(template, one, console, say) for one in languages_of(template, console)]
    if console.how is not How.TEXT:
        return []
    return [said_as(one, text, say) for one, text in _texts(console).items()]


def correction(console: Console, template: Template | None, say: Translator) -> list[Said]:
    """What stands ready to put it right."""
    if template is None:
        return []
    found = ((one, template.wordings[one].correction) for one in languages_of(template, console))
    return [said_as(one, text, say) for one, text in found if text]


def _texts(console: Console) -> dict[str, str]:
    typed = {"vi": console.text.strip(), "en": console.text_en.strip()}
    return {language: text for language, text in typed.items() if text}


def _said_of(template: Template, language: str, console: Console, say: Translator) -> Said:
    wording = template.wordings[language]
    labels = {slot.name: slot.labels.get(language, slot.name) for slot in template.slots}
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        name = found.group(1)
        own = console.values.get(f"{name}:{language}", "").strip() if language != "vi" else ""
        given = own or console.values.get(name, "").strip()
        missing = missing or not given
        return given[:LONGEST_VALUE] or f"[{labels.get(name, name)}]"

    middle = _SLOT.sub(value, wording.middle)
    text = "\n".join(part for part in (wording.opening, middle, wording.instructions) if part)
    return replace(said_as(language, text, say), missing=missing)


def said_as(language: str, text: str, say: Translator) -> Said:
    """A text with where it is heard, in as few pieces as an address carries."""
    urls = [
        "/sentences/audio?" + urlencode({"language": language, "rate_wpm": VOICE_WPM, "voice": "", "text": piece})
        for piece in _pieces(text)
    ]
    return Said(language=language, language_name=language_name(language, say), text=text, audio_urls=urls)


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for sentence in re.split(r"(?<=[.!?…])\s+|\n+", text):
        short = sentence.strip()[:LONGEST_ALONE]
        if pieces and len(pieces[-1]) + len(short) < LONGEST_ALONE:
            pieces[-1] += f" {short}"
        elif short:
            pieces.append(short)
    return pieces


# --- what it asks for -------------------------------------------------------------------------------------------------


async def draft_of(ask: Ask, console: Console) -> EmergencyDraft:
    """Raises `Invalid` (``template_missing``, ``title_empty``, ``areas_missing``, ``lasts_out_of_range``, and what
    recordings raise), `StudioFailed`.
    """
    template = template_of(ask, console)
    if console.how is How.TEMPLATE and template is None:
        raise Invalid(code="template_missing")
    if console.how in {How.RECORDING, How.LIVE} and not console.title:
        raise Invalid(code="title_empty")
    if not console.area_ids:
        raise Invalid(code="areas_missing")
    draft = EmergencyDraft(
        drill=console.drill,
        hazard=template.hazard if template else (Hazard.DRILL if console.drill else Hazard.OTHER),
        area_ids=tuple(AreaId(one) for one in console.area_ids),
        severity=Severity(console.severity) if console.severity in set(Severity) else Severity.SEVERE,
        title=console.title if template is None else "",
        lasts_s=_lasts_s(console.lasts_min),
        siren=console.siren,
        live=console.how is How.LIVE,
        references=(EmergencyId(console.corrects),) if console.corrects else (),
    )
    return await _with_words(ask, console, template, draft)


async def _with_words(ask: Ask, console: Console, template: Template | None, draft: EmergencyDraft) -> EmergencyDraft:
    if template is not None:
        return replace(
            draft,
            template_id=template.template_id,
            values=_values(template, console),
            languages=languages_of(template, console),
        )
    if console.how is How.TEXT:
        texts = _texts(console)
        if not texts:
            raise Invalid(code="text_empty")
        return replace(draft, texts=texts, languages=tuple(texts))
    if console.how is not How.RECORDING:
        return draft
    return replace(draft, audio=await recording(ask, console.recording_id, console.recording_name))


def _values(template: Template, console: Console) -> Mapping[str, str]:
    """Of this template alone: what was typed for another one stays in its fields."""
    known = {slot.name for slot in template.slots}
    wanted = {"", "en"} if console.english else {""}
    pairs = ((name, name.partition(":"), value.strip()) for name, value in console.values.items())
    return {name: value for name, (slot, _, of), value in pairs if value and slot in known and of in wanted}


def _lasts_s(written: str) -> int | None:
    if not written:
        return None
    if not (written.isascii() and written.isdigit() and 0 < int(written[:6]) <= _MOST_MINUTES):
        raise Invalid(written[:20], code="lasts_out_of_range")
    return int(written) * 60


async def recording(ask: Ask, upload_id: str, name: str) -> ClipPart:
    """What was uploaded before, by whoever asks, at its level. Raises `Invalid` (``recording_missing``,
    ``recording_unfinished``), `StoreFailed`, `StudioFailed`.
    """
    path = ask.house.uploads.take(upload_id, owner_of(ask))
    try:
        clips = await ask.parts.studio.from_recording(path, name, Profile.HORN, lambda _: None)
    finally:
        _let_go(path)
    return clips.part


def _let_go(path: Path) -> None:
    path.unlink(missing_ok=True)


def severities(say: Translator) -> Sequence[tuple[str, str]]:
    """To choose from."""
    return [(one.value, say.gettext(name)) for one, name in SEVERITIES.items()]
