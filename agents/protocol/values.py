"""What documents and messages are made of: keys, clips, airings, journal records."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from agents.protocol.ids import AiringId, KeyId
from agents.protocol.version import (
    FRAMES_PER_SECOND,
    MAX_INTEGER,
    MAX_PARTS_A_SEQUENCE,
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


Part = ClipPart | SilencePart


class PlannedAiring(Struct, frozen=True, kw_only=True):
    """One airing as a speaker must play it: a gapless sequence, or a stretch of one, that starts at an instant.

    ``start_at_us`` is controller time; None means "fetch, arm and wait for the start order". An airing found to be
    late by at most ``lateness_window_us`` joins in step; later than that it is skipped.

    Of the sequence it plays ``play_us`` from ``from_us`` into it (None: to its end), fading out over the last
    ``fade_us`` of that. Everything said of an airing counts from the first frame that it plays.
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

    def clips(self, wanted: RenditionName) -> tuple[ClipRef, ...]:
        """The files needed to play this airing, each once, in order."""
        seen: dict[str, ClipRef] = {}
        for part in self.sequence:
            if isinstance(part, ClipPart):
                ref = part.choose(wanted)
                seen.setdefault(ref.sha256, ref)
        return tuple(seen.values())

    def span(self, wanted: RenditionName) -> range:
        """The frames of the sequence that it plays, at 48 kHz; none where ``from_us`` lies behind its end."""
        whole = sum(p.choose(wanted).frames if isinstance(p, ClipPart) else p.frames for p in self.sequence)
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
    """The last link estimate, carried on by the device's own monotonic clock."""
    NETWORK = "network"
    """The system clock, kept by network time."""


class SkipReason(StrEnum):
    LATE = "late"
    TIME_UNKNOWN = "time_unknown"
    STOPPED = "stopped"
    DISPLACED = "displaced"
    WITHDRAWN = "withdrawn"
    GUARDED = "guarded"
    """Quiet hours, or the slots or minutes of its day are used up: `GuardDetail` says which."""


class FailReason(StrEnum):
    CLIP_MISSING = "clip_missing"
    CLIP_CORRUPT = "clip_corrupt"
    FETCH_FAILED = "fetch_failed"
    DISK_FULL = "disk_full"
    OUTPUT_FAILED = "output_failed"
    DECODE_FAILED = "decode_failed"
    INTERRUPTED = "interrupted"
    """The agent was cut off in the middle and came back too late to join."""


class RefusalReason(StrEnum):
    """Why a signed document was not obeyed."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    KIND_NOT_TRUSTED = "kind_not_trusted"
    NOT_FOR_ME = "not_for_me"
    OUT_OF_SCOPE = "out_of_scope"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    REPLAYED = "replayed"
    TIME_UNKNOWN = "time_unknown"
    UNKNOWN_ACTION = "unknown_action"


class Stored(Struct, frozen=True, kw_only=True, tag_field="type", tag="stored"):
    """Every clip of the airing is on the device and its hash was verified."""

    airing_id: Id
    fetched_bytes: MicrosNatural = 0


class Armed(Struct, frozen=True, kw_only=True, tag_field="type", tag="armed"):
    """Opened and decoded: nothing but the instant is missing."""

    airing_id: Id


class Sounding(Struct, frozen=True, kw_only=True, tag_field="type", tag="sounding"):
    """The first sample left the horn.

    ``start_error_us`` is actual minus due (positive: late), by the device's own measurement; ``joined_at_us`` is how
    far into the airing it began, zero for a start on time; ``again`` is true when the same airing had sounded before
    and was cut off in the middle: the program ended, or the output failed.
    """

    airing_id: Id
    planned_start_us: MicrosNatural
    actual_start_us: MicrosNatural
    start_error_us: Whole
    joined_at_us: MicrosNatural = 0
    again: bool = False


class Gap(Struct, frozen=True, kw_only=True, tag_field="type", tag="gap"):
    """Part of an airing did not sound: ``lost_us`` from ``from_us`` into it.

    ``cause`` is ``late``, ``restart``, ``output``, ``underrun``, or ``guarded`` where quiet hours ended it early.
    """

    airing_id: Id
    from_us: MicrosNatural
    lost_us: MicrosNatural
    cause: ShortText


class Finished(Struct, frozen=True, kw_only=True, tag_field="type", tag="finished"):
    """The last sample left the horn. ``played_us`` is what sounded, ``lost_us`` what did not."""

    airing_id: Id
    ended_at_us: MicrosNatural
    played_us: MicrosNatural
    lost_us: MicrosNatural = 0
    underruns: MicrosNatural = 0


class Skipped(Struct, frozen=True, kw_only=True, tag_field="type", tag="skipped"):
    """It did not sound, by rule."""

    airing_id: Id
    reason: SkipReason
    detail: LongText = ""


class Failed(Struct, frozen=True, kw_only=True, tag_field="type", tag="failed"):
    """It did not sound, or not to its end, by fault."""

    airing_id: Id
    reason: FailReason
    detail: LongText = ""


class Preempted(Struct, frozen=True, kw_only=True, tag_field="type", tag="preempted"):
    """It was cut at ``at_us`` into it by an airing that goes before it."""

    airing_id: Id
    by_airing_id: Id
    at_us: MicrosNatural


class Stopped(Struct, frozen=True, kw_only=True, tag_field="type", tag="stopped"):
    """It was cut at ``at_us`` into it by a stop order."""

    airing_id: Id
    order_id: Id
    at_us: MicrosNatural


class Refused(Struct, frozen=True, kw_only=True, tag_field="type", tag="refused"):
    """A signed document was not obeyed. ``count`` such refusals stand behind this record."""

    document_id: ShortText
    kind: ShortText
    key_id: ShortText
    reason: RefusalReason
    detail: LongText = ""
    count: Positive = 1


class StartedUp(Struct, frozen=True, kw_only=True, tag_field="type", tag="started_up"):
    """The agent's program began. ``clean`` is false when the run before it ended without a shutdown."""

    software: ShortText
    clean: bool


class RecordsLost(Struct, frozen=True, kw_only=True, tag_field="type", tag="records_lost"):
    """Records of this device that will never be seen, and why.

    Where a full journal dropped its oldest records, this one stands in the place of the last of them: ``records``
    records from ``first_seq`` up to and including its own. Where the journal itself was lost, both are zero.
    """

    first_seq: Natural = 0
    records: Natural = 0
    cause: ShortText


JournalEvent = (
    Stored
    | Armed
    | Sounding
    | Gap
    | Finished
    | Skipped
    | Failed
    | Preempted
    | Stopped
    | Refused
    | StartedUp
    | RecordsLost
)


class JournalRecord(Struct, frozen=True, kw_only=True):
    """One line of a device's journal.

    ``seq`` grows by one a record within one journal. ``at_us`` is controller time as the device knew it, None when it
    did not; ``clock_error_us`` bounds the error of that knowledge.
    """

    seq: Positive
    at_us: MicrosNatural | None
    clock_basis: ClockBasis
    clock_error_us: MicrosNatural | None
    event: JournalEvent


def airing_of(event: JournalEvent) -> AiringId | None:
    """The airing a journal event speaks of, if any."""
    match event:
        case Refused() | StartedUp() | RecordsLost():
            return None
        case _:
            return AiringId(event.airing_id)


Counters = Mapping[tuple[KeyId, DocumentKind], int]
