"""Sounds: what one text or one file became. A sound never changes; what is edited gets a new one."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NewType

from agents.protocol.values import ClipPart, ClipRef, RenditionName

SoundId = NewType("SoundId", str)

SIREN: Final = SoundId("sd-siren")
"""The siren, which every station makes for itself."""


class SoundState(StrEnum):
    """``preparing`` while speech, levelling and transcoding run; only a ``ready`` one can be heard."""

    PREPARING = "preparing"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Source(StrEnum):
    """What a person handed in; a tone is made by the station itself."""

    TEXT = "text"
    RECORDING = "recording"
    TONE = "tone"


class Profile(StrEnum):
    """How the sound is shaped. ``horn`` keeps the band that a horn gives and evens out what is loud and soft."""

    PLAIN = "plain"
    HORN = "horn"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What was noticed about a recording, and what was done about it: stable codes, with figures by name and unit."""

    code: str
    remedy: str = "kept"
    values: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Where a sentence lies in the sound, in seconds from its beginning."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class SpokenSentence:
    """One sentence as it is written, and as the voice is given it."""

    written: str
    spoken: str


@dataclass(frozen=True, kw_only=True, slots=True)
class VoiceInfo:
    """A voice that can be chosen, and the languages it reads."""

    voice_id: str
    name: str
    languages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedClips:
    """What will sound: one clip in each rendition, the waveform to draw (0..100), and what was found and mended."""

    renditions: dict[RenditionName, ClipRef]
    peaks: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()
    integrated_lufs: float | None = None
    marks: tuple[Mark, ...] = ()

    @property
    def frames(self) -> int:
        """Length in frames at 48 kHz of the best rendition."""
        return self.renditions[RenditionName.OPUS24].frames

    @property
    def part(self) -> ClipPart:
        """As a part of what a speaker plays."""
        return ClipPart(renditions=self.renditions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A text and how it is to be read. ``voice`` is the id of a voice, empty for the station's first of the language;
    ``words_per_minute`` is from 110 to 150.
    """

    text: str
    language: str
    words_per_minute: int = 125
    voice: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sound:
    """``reading`` is set for a text, ``file_name`` for a recording. ``failure`` is an error code when it failed."""

    sound_id: SoundId
    source: Source
    reading: Reading | None
    file_name: str
    profile: Profile
    state: SoundState
    created_at_us: int
    created_by: str
    progress: float = 0.0
    failure: str | None = None
    failure_detail: str = ""
    clips: PreparedClips | None = None
