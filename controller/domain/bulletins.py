"""Bulletins: one item of content, in one language or several, and what of it is heard in which order."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from agents.protocol.ids import AreaId, BulletinId
from agents.protocol.values import AiringClass, ClipPart, Part, RenditionName, SilencePart
from agents.protocol.version import FRAMES_PER_SECOND
from controller.domain.sounds import PreparedClips, Sound, SoundState, Source

TuneId = NewType("TuneId", str)

MOST_TIMES: Final = 3
LONGEST_PAUSE_S: Final = 30.0
MOST_VARIANTS: Final = 6
CLASSES: Final = (AiringClass.ORDINARY, AiringClass.PRIORITY, AiringClass.EMERGENCY)
"""The classes that a bulletin can have."""


class BulletinState(StrEnum):
    """That of all its variants together: ``ready`` when each is, else the weightiest of what they are."""

    PREPARING = "preparing"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Origin(StrEnum):
    """Who the content is from: this station, or another level's system."""

    STATION = "station"
    ABOVE = "above"


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """The bulletin in one language (two letters or more, BCP 47)."""

    language: str
    sound: Sound


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What is heard around the content: signature tunes before and after, how often it is read, the pause between.

    ``pause_s`` lies between variants and between repeats, from 0 to 30 s.
    """

    opening: TuneId | None = None
    closing: TuneId | None = None
    times: int = 1
    pause_s: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Bulletin:
    """One item of content. ``area_id`` None belongs to the whole station; ``sender`` names who handed it in.

    ``revision`` counts from 1; ``expires_at_us`` is when it must not be sent any more. A ``withdrawn`` one is kept and
    not offered any more.
    """

    bulletin_id: BulletinId
    title: str
    airing_class: AiringClass
    area_id: AreaId | None
    variants: tuple[Variant, ...]
    created_at_us: int
    created_by: str
    changed_at_us: int
    changed_by: str
    origin: Origin = Origin.STATION
    sender: str = ""
    frame: Frame = Frame()
    expires_at_us: int | None = None
    revision: int = 1
    withdrawn: bool = False

    @property
    def state(self) -> BulletinState:
        """Failed where one variant failed, cancelled where one was, preparing while one is, else ready."""
        states = {variant.sound.state for variant in self.variants}
        for state in (SoundState.FAILED, SoundState.CANCELLED, SoundState.PREPARING):
            if state in states:
                return BulletinState(state.value)
        return BulletinState.READY

    @property
    def progress(self) -> float:
        """How much of the making is done, 0.0 to 1.0."""
        return sum(variant.sound.progress for variant in self.variants) / len(self.variants)

    @property
    def failed(self) -> Sound | None:
        """The first sound that failed or was cancelled."""
        wrong = {SoundState.FAILED, SoundState.CANCELLED}
        return next((variant.sound for variant in self.variants if variant.sound.state in wrong), None)

    @property
    def main(self) -> Sound:
        """The sound of the first variant."""
        return self.variants[0].sound

    @property
    def source(self) -> Source:
        """What the first variant was made from."""
        return self.main.source

    @property
    def clips(self) -> PreparedClips | None:
        """What the first variant became."""
        return self.main.clips

    @property
    def urgent(self) -> bool:
        """Whether its sound waits for that of no other: an emergency is heard at once."""
        return self.airing_class is AiringClass.EMERGENCY

    def expired(self, now_us: int) -> bool:
        """True when it must not be sent any more."""
        return self.expires_at_us is not None and now_us >= self.expires_at_us


@dataclass(frozen=True, kw_only=True, slots=True)
class Tune:
    """A signature tune of the station. ``built_in`` ones come with Loa."""

    tune_id: TuneId
    name: str
    sound: Sound
    area_id: AreaId | None = None
    built_in: bool = False
    withdrawn: bool = False


def content_parts(bulletin: Bulletin) -> tuple[Part, ...]:
    """What is heard of a ready bulletin between the tunes. Raises `ValueError` where a variant is not ready."""
    one_reading = joined((_clip(variant.sound) for variant in bulletin.variants), bulletin.frame.pause_s)
    return spaced([one_reading] * bulletin.frame.times, bulletin.frame.pause_s)


def _clip(sound: Sound) -> ClipPart:
    if sound.state is not SoundState.READY or sound.clips is None:
        raise ValueError(f"the sound {sound.sound_id} is {sound.state}")
    return sound.clips.part


def joined(clips: Iterable[ClipPart], pause_s: float) -> tuple[Part, ...]:
    """Clips one after another with ``pause_s`` between."""
    return spaced([(clip,) for clip in clips], pause_s)


def spaced(groups: Sequence[Sequence[Part]], pause_s: float) -> tuple[Part, ...]:
    """Groups of parts one after another with ``pause_s`` between the groups; empty groups count for nothing."""
    parts: list[Part] = []
    for group in groups:
        if parts and group and (pause := silence(pause_s)) is not None:
            parts.append(pause)
        parts.extend(group)
    return tuple(parts)


def silence(seconds: float) -> SilencePart | None:
    """A pause of whole frames; None where it is shorter than one."""
    frames = math.floor(seconds * FRAMES_PER_SECOND)
    return SilencePart(frames=frames) if frames > 0 else None


def framed(content: tuple[Part, ...], frame: Frame, tunes: Mapping[TuneId, ClipPart]) -> tuple[Part, ...]:
    """``content`` with the signature tunes of ``frame`` around it; a tune that is not in ``tunes`` is left out."""
    opening = tunes.get(frame.opening) if frame.opening else None
    closing = tunes.get(frame.closing) if frame.closing else None
    return spaced([(opening,) if opening else (), content, (closing,) if closing else ()], frame.pause_s)


def frames_of(parts: Iterable[Part]) -> int:
    """How long parts sound one after another, in frames at 48 kHz of the best rendition."""
    return sum(
        part.choose(RenditionName.OPUS24).frames if isinstance(part, ClipPart) else part.frames for part in parts
    )
