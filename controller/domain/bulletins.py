"""Bulletins: what is to be heard, and the clips it became."""

from dataclasses import dataclass, field
from enum import StrEnum

from agents.protocol.ids import BulletinId
from agents.protocol.values import AiringClass, ClipRef, RenditionName


class BulletinState(StrEnum):
    """``preparing`` while speech, levelling and transcoding run; only a ``ready`` one can be sent."""

    PREPARING = "preparing"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Source(StrEnum):
    """What a person handed in."""

    TEXT = "text"
    RECORDING = "recording"


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedClips:
    """What will sound: one clip in each rendition, the peaks of its waveform (0..100), and what was found and mended.

    ``findings`` are stable codes such as ``very_quiet``, ``clipped`` or ``mostly_silent``.
    """

    renditions: dict[RenditionName, ClipRef]
    peaks: tuple[int, ...] = ()
    findings: tuple[str, ...] = ()
    integrated_lufs: float | None = None

    @property
    def frames(self) -> int:
        """Length in frames at 48 kHz of the best rendition."""
        return self.renditions[RenditionName.OPUS24].frames


@dataclass(frozen=True, kw_only=True, slots=True)
class Bulletin:
    """One item of content. ``failure`` is an error code when ``state`` is failed."""

    bulletin_id: BulletinId
    title: str
    language: str
    source: Source
    text: str
    words_per_minute: int
    airing_class: AiringClass
    state: BulletinState
    created_at_us: int
    created_by: str
    progress: float = 0.0
    failure: str | None = None
    failure_detail: str = ""
    clips: PreparedClips | None = field(default=None)
