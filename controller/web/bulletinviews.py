"""What the pages of bulletins are given; see `controller.web.views` for the rules."""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from agents.protocol.values import AiringClass
from controller.domain.bulletins import Bulletin, BulletinState, Frame, Origin, Tune, TuneId
from controller.domain.revisions import Revision
from controller.domain.sounds import Profile, SoundState, Source
from controller.services.histories import frame_of
from controller.web import present, views
from controller.web.composeviews import CLASS_NAMES
from controller.web.i18n import N_, Translator
from controller.web.languages import language_name
from controller.web.moments import maybe_moment, moment
from controller.web.sentences import sentence
from controller.web.sounding import sound_track

TIMES: Final = (N_("once"), N_("twice"), N_("three times"))


@dataclass(frozen=True, kw_only=True)
class BulletinRow:
    """A bulletin in a list. ``audio_url`` is its first language's clip, empty where it is not ready."""

    id: str
    title: str
    state: BulletinState
    airing_class: AiringClass
    class_name: str
    languages: Sequence[str]
    sender: str
    duration_s: float
    revision: int
    changed_at: datetime
    changed_by: str
    expired: bool
    audio_url: str
    from_above: bool = False
    may_change: bool = True


@dataclass(frozen=True, kw_only=True)
class VariantShown:
    """One language of a bulletin."""

    language: str
    language_name: str
    source: Source
    state: SoundState
    text: str
    file_name: str
    track: views.Track
    failure_sentence: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that a revision changed: from what, to what."""

    what: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class TextDiff:
    """The text of one language with what was taken out and put in: pairs of ``same``, ``removed`` or ``inserted``."""

    language: str
    language_name: str
    pieces: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class RevisionShown:
    """One state of a bulletin, and what is different from the one before."""

    number: int
    at: datetime
    by: str
    changes: Sequence[Change]
    texts: Sequence[TextDiff]
    current: bool


@dataclass(frozen=True, kw_only=True)
class BulletinShown:
    """Everything of one bulletin."""

    row: BulletinRow
    track: views.Track
    variants: Sequence[VariantShown]
    around: Sequence[tuple[str, str]]
    finding_sentences: Sequence[str]
    failure_sentence: str
    expires_at: datetime | None
    created_at: datetime
    created_by: str
    withdrawn: bool
    may_retry: bool


def bulletin_row(bulletin: Bulletin, say: Translator, now_us: int, *, may_change: bool = True) -> BulletinRow:
    """One line of the list."""
    return BulletinRow(
        id=bulletin.bulletin_id,
        title=bulletin.title,
        state=bulletin.state,
        airing_class=bulletin.airing_class,
        class_name=say.gettext(CLASS_NAMES[bulletin.airing_class]),
        languages=[language_name(variant.language, say) for variant in bulletin.variants],
        sender=bulletin.sender,
        duration_s=sum(one.sound.clips.frames / 48_000 for one in bulletin.variants if one.sound.clips),
        revision=bulletin.revision,
        changed_at=moment(bulletin.changed_at_us),
        changed_by=bulletin.changed_by,
        expired=bulletin.expired(now_us),
        audio_url=present.audio_url(bulletin) if bulletin.state is BulletinState.READY else "",
        from_above=bulletin.origin is Origin.ABOVE,
        may_change=may_change,
    )


def bulletin_shown(
    bulletin: Bulletin, row: BulletinRow, track: views.Track, tunes: Mapping[TuneId, Tune], say: Translator
) -> BulletinShown:
    """Everything of it but its history and its airings."""
    wrong = [variant.sound for variant in bulletin.variants if variant.sound.failure]
    return BulletinShown(
        row=row,
        track=track,
        variants=[
            VariantShown(
                language=variant.language,
                language_name=language_name(variant.language, say),
                source=variant.sound.source,
                state=variant.sound.state,
                text=variant.sound.reading.text if variant.sound.reading else "",
                file_name=variant.sound.file_name,
                track=sound_track(variant.sound, language_name(variant.language, say), say),
                failure_sentence=sentence(variant.sound.failure, say) if variant.sound.failure else "",
            )
            for variant in bulletin.variants
        ],
        around=list(_around(bulletin.frame, bulletin.main.profile, tunes, say)),
        finding_sentences=present.found_sentences(bulletin, say),
        failure_sentence=present.failure_sentence(bulletin, say),
        expires_at=maybe_moment(bulletin.expires_at_us),
        created_at=moment(bulletin.created_at_us),
        created_by=bulletin.created_by,
        withdrawn=bulletin.withdrawn,
        may_retry=bool(wrong) and all(sound.failure != "recording_gone" for sound in wrong),
    )


def _around(frame: Frame, profile: Profile, tunes: Mapping[TuneId, Tune], say: Translator) -> Iterator[tuple[str, str]]:
    """What lies around the content, in pairs of a name and a value."""
    if frame.opening:
        yield say.gettext("Signature tune before"), _tune_name(frame.opening, tunes)
    if frame.closing:
        yield say.gettext("Signature tune after"), _tune_name(frame.closing, tunes)
    if frame.times > 1:
        yield say.gettext("Read"), say.gettext(TIMES[frame.times - 1])
    if frame.pause_s != Frame().pause_s:
        yield say.gettext("Pause between"), f"{say.format_number(frame.pause_s, 1)} s"
    if profile is Profile.HORN:
        yield say.gettext("Sound"), say.gettext("shaped for horns")


def _tune_name(tune_id: TuneId, tunes: Mapping[TuneId, Tune]) -> str:
    return tunes[tune_id].name if tune_id in tunes else tune_id


# --- search -----------------------------------------------------------------------------------------------------------


def folded(text: str) -> str:
    """As people search: without case and without accents."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def says(bulletin: Bulletin, wanted: str) -> bool:
    """Whether every word that is looked for stands in the title, in a text or in a file's name."""
    texts = [one.sound.reading.text if one.sound.reading else one.sound.file_name for one in bulletin.variants]
    there = folded(" ".join([bulletin.title, bulletin.sender, *texts]))
    return all(word in there for word in folded(wanted).split())


# --- history ----------------------------------------------------------------------------------------------------------


def revisions_shown(found: Sequence[Revision], tunes: Mapping[TuneId, Tune], say: Translator) -> list[RevisionShown]:
    """The newest first, as ``found`` are, each with what is different from the one before it."""
    before = [*found[1:], None]
    return [
        RevisionShown(
            number=one.number,
            at=moment(one.at_us),
            by=one.by,
            changes=[] if former is None else list(_changes(former.content, one.content, tunes, say)),
            texts=[] if former is None else list(_texts(former.content, one.content, say)),
            current=index == 0,
        )
        for index, (one, former) in enumerate(zip(found, before, strict=True))
    ]


def _changes(
    old: Mapping[str, Any], new: Mapping[str, Any], tunes: Mapping[TuneId, Tune], say: Translator
) -> Iterator[Change]:
    if old["title"] != new["title"]:
        yield Change(what=say.gettext("Title"), before=old["title"], after=new["title"])
    if old["airing_class"] != new["airing_class"]:
        before, after = (say.gettext(CLASS_NAMES[AiringClass(one["airing_class"])]) for one in (old, new))
        yield Change(what=say.gettext("Class"), before=before, after=after)
    if old["expires_at_us"] != new["expires_at_us"]:
        ends = [maybe_moment(one["expires_at_us"]) for one in (old, new)]
        before, after = (say.format_datetime(end) if end else "–" for end in ends)
        yield Change(what=say.gettext("Must not be sent after"), before=before, after=after)
    around = [
        ", ".join(
            f"{name}: {value}" for name, value in _around(frame_of(one["frame"]), Profile(one["profile"]), tunes, say)
        )
        for one in (old, new)
    ]
    if around[0] != around[1]:
        yield Change(what=say.gettext("Around it"), before=around[0] or "–", after=around[1] or "–")
    yield from _variant_changes(_by_language(old), _by_language(new), say)


def _by_language(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["language"]: one for one in content["variants"]}


def _variant_changes(
    old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]], say: Translator
) -> Iterator[Change]:
    for language in [one for one in new if one not in old]:
        yield Change(what=say.gettext("Language added"), after=language_name(language, say))
    for language in [one for one in old if one not in new]:
        yield Change(what=say.gettext("Language removed"), before=language_name(language, say))
    for language, one in new.items():
        former = old.get(language)
        if former is None or former["sound_id"] == one["sound_id"]:
            continue
        named = language_name(language, say)
        if one["text"] is None or former["text"] is None:
            before, after = (it["file_name"] or say.gettext("Text") for it in (former, one))
            yield Change(what=f"{say.gettext('Recording')} ({named})", before=before, after=after)
        elif (former["words_per_minute"], former["voice"]) != (one["words_per_minute"], one["voice"]):
            before, after = (f"{it['words_per_minute']} {it['voice'] or ''}".strip() for it in (former, one))
            yield Change(what=f"{say.gettext('Voice and speed')} ({named})", before=before, after=after)


def _texts(old: Mapping[str, Any], new: Mapping[str, Any], say: Translator) -> Iterator[TextDiff]:
    before = _by_language(old)
    for language, one in _by_language(new).items():
        former = before.get(language, {}).get("text")
        if one["text"] and former and one["text"] != former:
            pieces = text_diff(former, one["text"])
            yield TextDiff(language=language, language_name=language_name(language, say), pieces=pieces)


def text_diff(old: str, new: str) -> list[tuple[str, str]]:
    """Word by word: what stayed (``same``), was taken out (``removed``), was put in (``inserted``)."""
    before, after = (re.findall(r"\S+\s*|\s+", text) for text in (old, new))
    pieces: list[tuple[str, str]] = []
    for kind, start, end, new_start, new_end in difflib.SequenceMatcher(
        a=before, b=after, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            pieces.append(("same", "".join(before[start:end])))
            continue
        if end > start:
            pieces.append(("removed", "".join(before[start:end])))
        if new_end > new_start:
            pieces.append(("inserted", "".join(after[new_start:new_end])))
    return pieces
