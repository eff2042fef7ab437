"""What is heard of a bulletin or a programme, piece by piece: for the player, which plays exactly what speakers play.

Rules: the pieces come from the same functions that an airing is made with; nothing here puts them in an order of its
own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agents.protocol.ids import BulletinId
from agents.protocol.values import ClipPart, Part, RenditionName
from agents.protocol.version import FRAMES_PER_SECOND
from controller.domain.bulletins import Bulletin, BulletinState, Tune, TuneId, content_parts, framed
from controller.domain.programmes import Programme, RelayItem, Relays, programme_parts, programme_relays
from controller.domain.sounds import PreparedClips, Sound, SoundState
from controller.web.asking import Ask
from controller.web.i18n import Translator
from controller.web.languages import language_name
from controller.web.views import RelayShown, SentenceMark, SoundPart, Track

BARS: Final = 160


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a clip is called, and what is known of its sound."""

    label: str
    clips: PreparedClips
    language: str = ""


def clip_url(clips: PreparedClips) -> str:
    """Where the very clip that speakers fetch is heard."""
    return f"/clips/{clips.renditions[RenditionName.OPUS24].sha256}"


async def all_tunes(ask: Ask) -> dict[TuneId, Tune]:
    """Withdrawn ones too: what uses them keeps them."""
    async with ask.parts.store.reading() as tx:
        return {tune.tune_id: tune for tune in await tx.tunes.all()}


async def bulletin_track(ask: Ask, bulletin: Bulletin) -> Track:
    """Empty while the bulletin is not ready."""
    if bulletin.state is not BulletinState.READY:
        return Track()
    tunes = await all_tunes(ask) if bulletin.frame.opening or bulletin.frame.closing else {}
    sequence = framed(content_parts(bulletin), bulletin.frame, _tune_parts(tunes))
    return track(sequence, {**_of_tunes(tunes), **_of_bulletins([bulletin], ask.say, titled=False)}, ask.say)


async def programme_track(ask: Ask, programme: Programme, bulletins: Iterable[Bulletin]) -> Track:
    """Empty while one of its bulletins is not ready."""
    known = {bulletin.bulletin_id: bulletin for bulletin in bulletins}
    tunes = await all_tunes(ask)
    try:
        sequence = programme_parts(programme, known, _tune_parts(tunes))
        relays = programme_relays(programme, known, _tune_parts(tunes))
    except (ValueError, KeyError):
        return Track()
    named = {**_of_tunes(tunes), **_of_bulletins(known.values(), ask.say, titled=True)}
    shown = [_relay_shown(relay, known) for _, relay in sorted(relays.items())]
    return replace(track(sequence, named, ask.say, relays), relays=shown)


def _relay_shown(relay: RelayItem, known: Mapping[BulletinId, Bulletin]) -> RelayShown:
    spare = None if relay.fallback_bulletin_id is None else known.get(relay.fallback_bulletin_id)
    return RelayShown(
        name=relay.name,
        source_url=relay.source_url,
        duration_s=relay.seconds,
        second_url=relay.second_url,
        spare_id=spare.bulletin_id if spare else "",
        spare=spare.title if spare else "",
    )


def sound_track(sound: Sound, label: str, say: Translator) -> Track:
    """One sound alone; empty while it is not ready."""
    if sound.state is not SoundState.READY or sound.clips is None:
        return Track()
    known = Known(label=label, clips=sound.clips, language=sound.reading.language if sound.reading else "")
    return track((sound.clips.part,), {_sha256(sound.clips): known}, say)


def _tune_parts(tunes: Mapping[TuneId, Tune]) -> dict[TuneId, ClipPart]:
    ready = SoundState.READY
    return {i: t.sound.clips.part for i, t in tunes.items() if t.sound.state is ready and t.sound.clips is not None}


def _of_tunes(tunes: Mapping[TuneId, Tune]) -> dict[str, Known]:
    return {
        _sha256(tune.sound.clips): Known(label=tune.name, clips=tune.sound.clips)
        for tune in tunes.values()
        if tune.sound.clips is not None
    }


def _of_bulletins(bulletins: Iterable[Bulletin], say: Translator, *, titled: bool) -> dict[str, Known]:
    known: dict[str, Known] = {}
    for bulletin in bulletins:
        for variant in bulletin.variants:
            if variant.sound.clips is not None:
                named = language_name(variant.language, say)
                label = f"{bulletin.title} · {named}" if titled and len(bulletin.variants) > 1 else named
                label = bulletin.title if titled and len(bulletin.variants) == 1 else label
                known[_sha256(variant.sound.clips)] = Known(
                    label=label, clips=variant.sound.clips, language=variant.language
                )
    return known


def _sha256(clips: PreparedClips) -> str:
    return clips.renditions[RenditionName.OPUS24].sha256


_NO_RELAYS: Final[Relays] = {}


def track(sequence: Sequence[Part], known: Mapping[str, Known], say: Translator, relays: Relays = _NO_RELAYS) -> Track:
    """The pieces in their order, the picture of all of them, and where each sentence is heard."""
    parts: list[SoundPart] = []
    marks: list[SentenceMark] = []
    stretches: list[tuple[float, Sequence[int]]] = []
    start_s = 0.0
    for number, part in enumerate(sequence):
        if not isinstance(part, ClipPart):
            duration_s = part.frames / FRAMES_PER_SECOND
            relay = relays.get(number)
            label = say.gettext("Relay: %(name)s", name=relay.name) if relay else say.gettext("Silence")
            parts.append(SoundPart(label=label, duration_s=duration_s))
            stretches.append((duration_s, ()))
        else:
            clip = part.renditions[RenditionName.OPUS24]
            one = known[clip.sha256]
            duration_s = clip.frames / FRAMES_PER_SECOND
            parts.append(SoundPart(label=one.label, duration_s=duration_s, audio_url=clip_url(one.clips)))
            stretches.append((duration_s, one.clips.peaks))
            marks += [
                SentenceMark(
                    text=mark.text, start_s=start_s + mark.start_s, end_s=start_s + mark.end_s, language=one.language
                )
                for mark in one.clips.marks
            ]
        start_s += duration_s
    return Track(parts=parts, peaks=_picture(stretches), marks=marks)


def _picture(stretches: Sequence[tuple[float, Sequence[int]]]) -> Sequence[int]:
    """The levels of all stretches, evenly over the whole; of one alone as they are."""
    if len(stretches) == 1:
        return stretches[0][1]
    total_s = sum(duration_s for duration_s, _ in stretches)
    levels: list[int] = []
    at, start_s = 0, 0.0
    for bar in range(BARS):
        middle_s = (bar + 0.5) * total_s / BARS
        while at < len(stretches) - 1 and middle_s >= start_s + stretches[at][0]:
            start_s += stretches[at][0]
            at += 1
        duration_s, peaks = stretches[at]
        place = min(len(peaks) - 1, int((middle_s - start_s) / duration_s * len(peaks))) if duration_s else 0
        levels.append(peaks[place] if peaks else 0)
    return levels
