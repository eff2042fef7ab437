"""Between the compose form and a bulletin: what was typed, what it asks for, and whether it is what was heard.

Rules: what cannot be shown again takes its default; what cannot be used is `Invalid`, said when the bulletin is made.
Fields of a further language end in its number. A recording is named by what went up, or by the sound that is there.
"""

import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from agents.protocol.values import AiringClass
from controller.domain.bulletins import MOST_TIMES, MOST_VARIANTS, Bulletin, Frame, TuneId, Variant
from controller.domain.drafts import BulletinDraft, KeptVariant, RecordingVariant, TextVariant, VariantDraft
from controller.domain.errors import Invalid
from controller.domain.pronunciations import Pronunciation
from controller.domain.sounds import Profile, Reading, SoundId, SoundState, Source
from controller.web import views
from controller.web.asking import Ask
from controller.web.forms import Form, owner_of
from controller.web.languages import NAMES
from controller.web.moments import instant_us, maybe_moment, wall_time
from controller.web.subjects import area_of_new

RATES_WPM: Final = range(110, 151)
USUAL_WPM: Final = 125
KEPT: Final = "sd-"
"""How the id of a sound begins, in place of an upload's."""


def draft_of(ask: Ask, form: Form) -> views.Draft:
    """What was typed, ready to be shown again."""
    rate = form.text("rate_wpm")
    source = _source(form.text("source"))
    recording_id = form.text("recording_id")
    language = form.text("recording_language") if source is Source.RECORDING else form.text("language")
    airing_class = form.text("airing_class")
    times = form.text("times")
    return views.Draft(
        title=form.text("title").strip(),
        text=form.text("text"),
        source=source,
        recording_id=recording_id,
        recording_name=_recording_name(ask, form, recording_id),
        language=language if language in NAMES else (form.text("language") or ask.say.language),
        voice=form.text("voice"),
        rate_wpm=int(rate) if rate.isdigit() and len(rate) < 5 and int(rate) in RATES_WPM else USUAL_WPM,
        others=[_other(ask, form, number) for number in _numbers(form)],
        airing_class=AiringClass(airing_class) if airing_class in set(AiringClass) else AiringClass.ORDINARY,
        expires_at=_wall_time(ask, form.text("expires_at")),
        opening=form.text("opening"),
        closing=form.text("closing"),
        times=int(times) if times in {str(n) for n in range(1, MOST_TIMES + 1)} else 1,
        pause_s=_seconds(form.text("pause_s"), 1.0),
        horn=bool(form.text("horn")),
        bulletin_id=form.text("bulletin_id") or form.text("editing"),
        revision=int(form.text("revision")) if form.text("revision").isdigit() else 0,
        editing=form.text("editing") != "",
        when="at" if form.text("when") == "at" else "now",
        at=_wall_time(ask, form.text("at")),
    )


def _numbers(form: Form) -> list[int]:
    """Which further languages the form has, in its order."""
    found = [int(one) for one in form.all("variant") if one.isascii() and one.isdigit() and 0 < int(one) < 1_000]
    return list(dict.fromkeys(found))[: MOST_VARIANTS - 1]


def _other(ask: Ask, form: Form, number: int) -> views.VariantDraft:
    recording_id = form.text(f"recording_id_{number}")
    language = form.text(f"language_{number}")
    return views.VariantDraft(
        number=number,
        language=language if language in NAMES else "en",
        source=_source(form.text(f"source_{number}")),
        text=form.text(f"text_{number}"),
        recording_id=recording_id,
        recording_name=_recording_name(ask, form, recording_id, f"_{number}"),
        voice=form.text(f"voice_{number}"),
    )


def _source(written: str) -> Source:
    return Source.RECORDING if written == Source.RECORDING else Source.TEXT


def _recording_name(ask: Ask, form: Form, recording_id: str, suffix: str = "") -> str:
    if recording_id.startswith(KEPT):
        return form.text(f"recording_name{suffix}")
    return ask.house.uploads.name(recording_id, owner_of(ask))


def _wall_time(ask: Ask, written: str) -> datetime | None:
    try:
        return wall_time(written, ask.say.zone) if written else None
    except Invalid:
        return None


def _seconds(written: str, usual: float) -> float:
    try:
        seconds = float(written.replace(",", "."))
    except ValueError:
        return usual
    return seconds if math.isfinite(seconds) else usual


def with_files(ask: Ask, form: Form, draft: views.Draft) -> views.Draft:
    """Files that came with the form itself, as they do without scripts, become the form's recordings."""
    received = form.take_file("recording")
    if received is not None:
        recording_id = ask.house.uploads.keep(received, owner_of(ask))
        draft = replace(draft, source=Source.RECORDING, recording_id=recording_id, recording_name=received.name)
    others = [_with_file(ask, form, other) for other in draft.others]
    return replace(draft, others=others)


def _with_file(ask: Ask, form: Form, other: views.VariantDraft) -> views.VariantDraft:
    received = form.take_file(f"recording_{other.number}")
    if received is None:
        return other
    recording_id = ask.house.uploads.keep(received, owner_of(ask))
    return replace(other, source=Source.RECORDING, recording_id=recording_id, recording_name=received.name)


def taken_of(form: Form) -> dict[str, str]:
    """Which sound was already made of which upload."""
    pairs = (pair.partition("=") for pair in form.all("taken"))
    return {upload_id: sound_id for upload_id, _, sound_id in pairs if sound_id.startswith(KEPT)}


def wanted(ask: Ask, form: Form, draft: views.Draft, former: Bulletin | None) -> BulletinDraft:
    """What the form asks for. Files of it belong to whoever makes the bulletin.

    Raises `Invalid`: ``rate_out_of_range``, ``recording_missing``, ``recording_unfinished``, ``text_empty``,
    ``expiry_malformed``, ``pause_out_of_range``; `StoreFailed`.
    """
    rate_wpm = form.number("rate_wpm", "rate_out_of_range") if form.text("rate_wpm") else draft.rate_wpm
    if form.text("expires_at") and draft.expires_at is None:
        raise Invalid(code="expiry_malformed")
    if form.text("pause_s") and not math.isfinite(_seconds(form.text("pause_s"), math.inf)):
        raise Invalid(code="pause_out_of_range")
    for other in draft.others:
        if other.source is Source.TEXT and not other.text.strip():
            raise Invalid(code="text_empty_there")
        if other.source is Source.RECORDING and not other.recording_id:
            raise Invalid(code="recording_missing_there")
    taken = taken_of(form) if former is not None else {}
    recordings: list[RecordingVariant] = []

    def recording(language: str, recording_id: str, name: str) -> VariantDraft:
        kept = recording_id if recording_id.startswith(KEPT) else taken.get(recording_id, "")
        if kept and former is not None:
            return KeptVariant(language=language, sound_id=SoundId(kept))
        path = ask.house.uploads.take(recording_id, owner_of(ask))
        recordings.append(RecordingVariant(language=language, path=path, file_name=name))
        return recordings[-1]

    try:
        variants = tuple(_variants(ask, draft, rate_wpm, recording))
    except BaseException:
        for one in recordings:
            one.path.unlink(missing_ok=True)
        raise
    named = bool(draft.title) or former is None or not isinstance(variants[0], KeptVariant)
    return BulletinDraft(
        title=draft.title if named or former is None else former.title,
        variants=variants,
        airing_class=draft.airing_class,
        area_id=former.area_id if former is not None else area_of_new(ask),
        frame=frame_of(draft),
        expires_at_us=instant_us(draft.expires_at) if draft.expires_at else None,
        profile=_profile(draft),
    )


Recording = Callable[[str, str, str], VariantDraft]


def _variants(ask: Ask, draft: views.Draft, rate_wpm: int, recording: Recording) -> Sequence[VariantDraft]:
    if draft.source is Source.RECORDING:
        variants = [recording(draft.language, draft.recording_id, draft.recording_name)]
    else:
        variants = [_reading(ask, draft.text, draft.language, rate_wpm, draft.voice)]
    for other in draft.others:
        if other.source is Source.RECORDING:
            variants.append(recording(other.language, other.recording_id, other.recording_name))
        else:
            variants.append(_reading(ask, other.text, other.language, rate_wpm, other.voice))
    return variants


def _reading(ask: Ask, text: str, language: str, rate_wpm: int, voice: str) -> TextVariant:
    return TextVariant(reading=reading_of(ask, text, language, rate_wpm, voice))


def reading_of(ask: Ask, text: str, language: str, rate_wpm: int, voice: str) -> Reading:
    """A voice that reads another language than the one that is chosen now gives way to the usual one."""
    reads = any(one.voice_id == voice and language in one.languages for one in ask.parts.voices.voices())
    return Reading(text=text, language=language, words_per_minute=rate_wpm, voice=voice if reads else "")


def frame_of(draft: views.Draft) -> Frame:
    """What lies around it."""
    return Frame(
        opening=TuneId(draft.opening) if draft.opening else None,
        closing=TuneId(draft.closing) if draft.closing else None,
        times=draft.times,
        pause_s=draft.pause_s,
    )


def _profile(draft: views.Draft) -> Profile:
    return Profile.HORN if draft.horn else Profile.PLAIN


# --- a bulletin in the form -------------------------------------------------------------------------------------------


def draft_of_bulletin(bulletin: Bulletin) -> views.Draft:
    """The form as it would have made this bulletin."""
    first, *others = bulletin.variants
    shown = _shown(first, 0)
    reading = first.sound.reading
    return views.Draft(
        title=bulletin.title,
        text=shown.text,
        source=shown.source,
        recording_id=shown.recording_id,
        recording_name=shown.recording_name,
        language=first.language,
        voice=shown.voice,
        rate_wpm=reading.words_per_minute if reading else USUAL_WPM,
        others=[_shown(variant, number) for number, variant in enumerate(others, 1)],
        airing_class=bulletin.airing_class,
        expires_at=maybe_moment(bulletin.expires_at_us),
        opening=bulletin.frame.opening or "",
        closing=bulletin.frame.closing or "",
        times=bulletin.frame.times,
        pause_s=bulletin.frame.pause_s,
        horn=bulletin.main.profile is Profile.HORN,
        bulletin_id=bulletin.bulletin_id,
        revision=bulletin.revision,
        editing=True,
    )


def _shown(variant: Variant, number: int) -> views.VariantDraft:
    sound, reading = variant.sound, variant.sound.reading
    usable = reading is None and sound.state in {SoundState.READY, SoundState.PREPARING}
    return views.VariantDraft(
        number=number,
        language=variant.language,
        source=Source.RECORDING if reading is None else Source.TEXT,
        text=reading.text if reading else "",
        recording_id=sound.sound_id if usable else "",
        recording_name=sound.file_name if usable else "",
        voice=reading.voice if reading else "",
    )


def copied(draft: views.Draft) -> views.Draft:
    """The same for a new bulletin. Recordings cannot be shared, so they are asked for again."""
    others = [replace(one, recording_id="", recording_name="") for one in draft.others]
    return replace(draft, others=others, recording_id="", recording_name="", bulletin_id="", revision=0, editing=False)


def typed_variants(draft: views.Draft) -> list[views.VariantDraft]:
    """Every language of the form, the first one too."""
    first = views.VariantDraft(
        number=0,
        language=draft.language,
        source=draft.source,
        text=draft.text,
        recording_id=draft.recording_id,
        voice=draft.voice,
    )
    return [first, *draft.others]


def is_heard(draft: views.Draft, bulletin: Bulletin, taken: Mapping[str, str]) -> bool:
    """Whether the form still says what the bulletin is: every language, and everything around it."""
    if (frame_of(draft), draft.airing_class) != (bulletin.frame, bulletin.airing_class):
        return False
    typed = typed_variants(draft)
    return len(typed) == len(bulletin.variants) and all(
        _is_said(one, variant, taken) for one, variant in zip(typed, bulletin.variants, strict=True)
    )


def _is_said(typed: views.VariantDraft, variant: Variant, taken: Mapping[str, str]) -> bool:
    reading = variant.sound.reading
    if typed.source is Source.TEXT:
        return reading is not None and words(reading.text) == words(typed.text) and typed.language == variant.language
    same = taken.get(typed.recording_id, typed.recording_id)
    return reading is None and (not same.startswith(KEPT) or same == variant.sound.sound_id)


def is_same(draft: views.Draft, bulletin: Bulletin, taken: Mapping[str, str]) -> bool:
    """Whether making it anew would change nothing at all."""
    reading = bulletin.main.reading
    expires_us = instant_us(draft.expires_at) if draft.expires_at else None
    recorded = [one.recording_id for one in typed_variants(draft) if one.source is Source.RECORDING]
    return (
        is_heard(draft, bulletin, taken)
        and draft.title in {"", bulletin.title}
        and expires_us == bulletin.expires_at_us
        and _profile(draft) is bulletin.main.profile
        and (reading is None or (reading.words_per_minute, reading.voice) == (draft.rate_wpm, draft.voice))
        and all(one in taken or one.startswith(KEPT) for one in recorded)
    )


def is_read_anew(bulletin: Bulletin, said: Iterable[Pronunciation]) -> bool:
    """Whether a pronunciation that changed since would be heard in it."""
    sounds = [variant.sound for variant in bulletin.variants]
    return any(
        sound.reading is not None
        and one.language == sound.reading.language
        and one.changed_at_us > sound.created_at_us
        and one.written.casefold() in sound.reading.text.casefold()
        for one in said
        for sound in sounds
    )


def words(text: str) -> list[str]:
    """What would be read, whatever spaces, line ends and control characters lie between."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(letter if letter.isprintable() else " " for letter in composed).split()
