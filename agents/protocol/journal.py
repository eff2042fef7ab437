"""What a device writes into its journal: one class an event. Nothing but these records advances an airing."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from agents.protocol.ids import AiringId
from agents.protocol.values import (
    ClockBasis,
    Id,
    LongText,
    MicrosNatural,
    Natural,
    Positive,
    ShortText,
    Whole,
)


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


class SirenSounding(Struct, frozen=True, kw_only=True, tag_field="type", tag="siren"):
    """The siren of an emergency airing began to sound: its first sample left the horn at ``began_at_us`` of controller
    time. It is over when the airing is ``sounding``, or has ended.
    """

    airing_id: Id
    began_at_us: MicrosNatural


class Interrupted(Struct, frozen=True, kw_only=True, tag_field="type", tag="interrupted"):
    """It was cut at ``at_us`` into it by an airing that goes before it, and is to go on at ``resumes_at_us`` of
    controller time, ``from_us`` into it (0: it begins again). What becomes of that has a record of its own.
    """

    airing_id: Id
    by_airing_id: Id
    at_us: MicrosNatural
    resumes_at_us: MicrosNatural
    from_us: MicrosNatural


class Gap(Struct, frozen=True, kw_only=True, tag_field="type", tag="gap"):
    """Part of an airing did not sound: ``lost_us`` from ``from_us`` into it.

    ``cause`` is ``late``, ``restart``, ``output``, ``underrun``, ``interrupted`` for what was lost where another airing
    cut it, or ``guarded`` or ``slot`` where quiet hours or its slot ended it early.
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
    """It was cut at ``at_us`` into it by an airing that goes before it, and did not go on."""

    airing_id: Id
    by_airing_id: Id
    at_us: MicrosNatural


class Stopped(Struct, frozen=True, kw_only=True, tag_field="type", tag="stopped"):
    """It was cut at ``at_us`` into it by a stop order."""

    airing_id: Id
    order_id: Id
    at_us: MicrosNatural


class Ended(Struct, frozen=True, kw_only=True, tag_field="type", tag="ended"):
    """It was over at ``at_us`` into it, by the order ``order_id``: an end, or a play that took its place. 0 where
    nothing of it had been heard.
    """

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


class ActionName(StrEnum):
    """The remote actions, as results name them."""

    IDENTIFY = "identify"
    TEST_TONE = "test_tone"
    RESTART = "restart"
    FETCH_LOG = "fetch_log"
    SELF_TEST = "self_test"
    CALIBRATE = "calibrate"


class ActionResult(StrEnum):
    """``refused`` by a rule (night, quiet hours, a stop that holds, something on the air), ``failed`` by a fault."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class ActionEnded(Struct, frozen=True, kw_only=True, tag_field="type", tag="action_ended"):
    """A remote action, asked for by the order ``order_id``, was done, or was not and why (``detail``)."""

    order_id: Id
    action: ActionName
    result: ActionResult
    detail: LongText = ""


class Heard(StrEnum):
    """What a self-test found. ``no_sensor``: neither a microphone nor a current sensor is there."""

    HEARD = "heard"
    NOT_HEARD = "not_heard"
    NO_SENSOR = "no_sensor"


class SelfTested(Struct, frozen=True, kw_only=True, tag_field="type", tag="self_tested"):
    """The horn was listened to. ``order_id`` is None for the test that rides on the signature tune of the day, and
    ``airing_id`` that airing. Levels are in dB relative to full scale of the sensor; ``reference_db`` is what this
    device's sensor gave when it was calibrated, None before that.
    """

    heard: Heard
    order_id: Id | None = None
    airing_id: Id | None = None
    level_db: Annotated[float, Meta(ge=-200, le=200)] | None = None
    reference_db: Annotated[float, Meta(ge=-200, le=200)] | None = None
    detail: LongText = ""


JournalEvent = (
    Stored
    | Armed
    | SirenSounding
    | Sounding
    | Interrupted
    | Gap
    | Finished
    | Skipped
    | Failed
    | Preempted
    | Stopped
    | Ended
    | Refused
    | StartedUp
    | RecordsLost
    | ActionEnded
    | SelfTested
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
        case Refused() | StartedUp() | RecordsLost() | ActionEnded():
            return None
        case SelfTested(airing_id=airing_id):
            return None if airing_id is None else AiringId(airing_id)
        case _:
            return AiringId(event.airing_id)
