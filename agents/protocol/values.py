"""What documents and messages are made of: keys, clips, airings, journal records."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from agents.protocol.ids import KeyId
from agents.protocol.version import (
    FRAMES_PER_SECOND,
    MAX_INTEGER,
    MAX_PARTS_A_SEQUENCE,
    MAX_REFERENCES,
    MAX_TIMES,
)

ShortText = Annotated[str, Meta(max_length=200)]
LongText = Annotated[str, Meta(max_length=2_000)]
Id = Annotated[str, Meta(min_length=1, max_length=80)]
ShaText = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Key32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Whole = Annotated[int, Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
"""No number on the wire is larger: databases hold 64 bits, and other languages count in doubles."""
Natural = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Positive = Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
MicrosNatural = Natural
FramesNatural = Natural


class AiringClass(StrEnum):
    """What an airing is, which decides what gives way to what; see `schedules.precedence`."""

    EMERGENCY = "emergency"
    DRILL = "drill"
    LIVE = "live"
    PRIORITY = "priority"
    ORDINARY = "ordinary"
    TEST = "test"


class RenditionName(StrEnum):
    """The forms in which every clip exists."""

    OPUS24 = "opus24"
    OPUS16 = "opus16"


class DocumentKind(StrEnum):
    """The three kinds of signed documents."""

    ASSIGNMENT = "assignment"
    RUNDOWN = "rundown"
    ORDER = "order"


class Profile(StrEnum):
    """What a device's way to the controller costs: its own network, or a SIM card that is paid by the byte."""

    LAN = "lan"
    SIM = "sim"


class OnInterrupted(StrEnum):
    """What becomes of an airing that another one cut: it goes on where it was cut, begins again, is joined where it
    would be by then, as what is live must be, or ends.
    """

    RESUME = "resume"
    RESTART = "restart"
    REJOIN = "rejoin"
    DROP = "drop"


class ClipRef(Struct, frozen=True, kw_only=True):
    """One file to fetch: its name, its size and how long it sounds, in frames at 48 kHz."""

    sha256: ShaText
    size_bytes: Positive
    frames: Positive


class ClipPart(Struct, frozen=True, kw_only=True, tag_field="type", tag="clip"):
    """A clip in a sequence, in each of its renditions."""

    renditions: Annotated[dict[RenditionName, ClipRef], Meta(min_length=1)]

    def choose(self, wanted: RenditionName) -> ClipRef:
        """The wanted rendition, else any that is there. Raises `ValueError` when there is none."""
        found = self.renditions.get(wanted)
        if found is not None:
            return found
        for name in RenditionName:
            if name in self.renditions:
                return self.renditions[name]
        raise ValueError("a clip without a rendition")


class SilencePart(Struct, frozen=True, kw_only=True, tag_field="type", tag="silence"):
    """A pause in a sequence, in frames at 48 kHz."""

    frames: Positive


class LivePart(Struct, frozen=True, kw_only=True, tag_field="type", tag="live"):
    """What arrives over the link meanwhile, in bundles that name the airing (see `live`), in frames at 48 kHz. Where
    nothing arrives it is silent.
    """

    frames: Positive


Part = ClipPart | SilencePart | LivePart


class PlannedAiring(Struct, frozen=True, kw_only=True):
    """One airing as a speaker must play it: a gapless sequence, or a stretch of one, that starts at an instant.

    ``start_at_us`` is controller time; None means "fetch, arm and wait for the start order". An airing found to be
    late by at most ``lateness_window_us`` joins in step; later than that it is skipped.

    Of the sequence it plays ``play_us`` from ``from_us`` into it (None: to its end), fading out over the last
    ``fade_us`` of that. Everything said of an airing counts from the first frame that it plays.

    ``on_interrupted`` says what becomes of it where another airing cuts it; nothing of it sounds at or after
    ``slot_ends_us`` (None: after the instant at which it would have ended).

    The sequence is heard ``times`` times, with ``pause_us`` of silence between. ``references`` names airings that it
    replaces: between emergencies it goes before them.
    """

    airing_id: Id
    bulletin_id: Id
    title: ShortText
    airing_class: AiringClass
    rank: Whole = 0
    planned_at_us: MicrosNatural
    start_at_us: MicrosNatural | None
    lateness_window_us: MicrosNatural = 60_000_000
    sequence: Annotated[tuple[Part, ...], Meta(min_length=1, max_length=MAX_PARTS_A_SEQUENCE)]
    from_us: MicrosNatural = 0
    play_us: Positive | None = None
    fade_us: MicrosNatural = 0
    on_interrupted: OnInterrupted = OnInterrupted.DROP
    slot_ends_us: MicrosNatural | None = None
    times: Annotated[int, Meta(ge=1, le=MAX_TIMES)] = 1
    pause_us: MicrosNatural = 0
    references: Annotated[tuple[Id, ...], Meta(max_length=MAX_REFERENCES)] = ()

    def clips(self, wanted: RenditionName) -> tuple[ClipRef, ...]:
        """The files needed to play this airing, each once, in order."""
        seen: dict[str, ClipRef] = {}
        for part in self.sequence:
            if isinstance(part, ClipPart):
                ref = part.choose(wanted)
                seen.setdefault(ref.sha256, ref)
        return tuple(seen.values())

    def whole_frames(self, wanted: RenditionName) -> int:
        """How long all of its sequence is, however often that is heard, in frames at 48 kHz."""
        once = sum(p.choose(wanted).frames if isinstance(p, ClipPart) else p.frames for p in self.sequence)
        return self.times * once + (self.times - 1) * _frames_in(self.pause_us)

    def span(self, wanted: RenditionName) -> range:
        """The frames of the sequence that it plays, at 48 kHz; none where ``from_us`` lies behind its end."""
        whole = self.whole_frames(wanted)
        first = min(whole, _frames_in(self.from_us))
        last = whole if self.play_us is None else min(whole, _frames_in(self.from_us + self.play_us))
        return range(first, last)

    def frames(self, wanted: RenditionName) -> int:
        """How long it sounds, in frames at 48 kHz."""
        return len(self.span(wanted))

    def duration_us(self, wanted: RenditionName) -> int:
        """How long it sounds, in microseconds."""
        return self.frames(wanted) * 1_000_000 // FRAMES_PER_SECOND

    @property
    def live(self) -> bool:
        """Whether something of it arrives while it sounds."""
        return any(isinstance(part, LivePart) for part in self.sequence)

    @property
    def pause_frames(self) -> int:
        """The silence between its repetitions, in frames at 48 kHz."""
        return _frames_in(self.pause_us)

    @property
    def fade_frames(self) -> int:
        """Over how many of its last frames it fades out."""
        return _frames_in(self.fade_us)


def _frames_in(micros: int) -> int:
    return micros * FRAMES_PER_SECOND // 1_000_000


class TrustedKey(Struct, frozen=True, kw_only=True):
    """A key whose documents this device obeys, within its scope.

    ``areas`` holds area ids or ``*`` for every area; ``classes`` names what it may put on the air.
    """

    key_id: Id
    public_key: Key32
    kinds: tuple[DocumentKind, ...]
    classes: tuple[AiringClass, ...]
    areas: tuple[Id, ...]


class ClockBasis(StrEnum):
    """Where a device's knowledge of controller time comes from."""

    NONE = "none"
    LINK = "link"
    """Four-timestamp exchanges with the controller."""
    HOLDOVER = "holdover"
    """The last link estimate, carried on by the device's own clock: over a power cut, by the one with a battery."""
    NETWORK = "network"
    """The system clock, kept by network time."""


Counters = Mapping[tuple[KeyId, DocumentKind], int]
