"""The messages of the link, one class each, ``type`` first on the wire.

Order of a link: the device dials `version.LINK_PATH` and sends `Hello` in the clear; the controller answers
`HelloReply` in the clear; both texts, byte for byte, are the prologue of the Noise handshake that follows. From then
on everything is inside the channel (`channel`).
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from agents.protocol.documents import SignedDocument
from agents.protocol.journal import JournalRecord, RefusalReason
from agents.protocol.telemetry import Telemetry
from agents.protocol.values import (
    ClockBasis,
    DocumentKind,
    Id,
    Key32,
    LongText,
    MicrosNatural,
    Natural,
    Percent,
    Profile,
    RenditionName,
    ShortText,
    Whole,
)
from agents.protocol.version import MAX_JOURNAL_BATCH, MAX_LOG_LETTERS


class DeviceState(StrEnum):
    """Shown in `Hello` and in the device's mDNS announcement."""

    NEW = "new"
    ADOPTED = "adopted"


def _snake(name: str) -> str:
    return "".join(("_" + c.lower()) if c.isupper() and i else c.lower() for i, c in enumerate(name))


class Message(Struct, frozen=True, kw_only=True, tag_field="type", tag=_snake):
    """Base of all messages; the tag is the class's name in snake case."""


# --- in the clear, before the channel -------------------------------------------------------------------------------


class Hello(Message, frozen=True, kw_only=True):
    """Device -> controller. Who dials, and whether both sides have already pinned each other's key.

    ``controller_id`` is the controller an adopted device is looking for.
    """

    protocol: Whole
    oldest_protocol: Whole
    device_id: Id
    state: DeviceState
    controller_id: Id | None = None


class HelloReply(Message, frozen=True, kw_only=True):
    """Controller -> device. The version both will speak, and which handshake follows.

    ``handshake`` is ``XX`` for a device that is new here and ``KK`` for one whose key this controller has pinned.
    """

    protocol: Whole
    controller_id: Id
    handshake: ShortText


class Reject(Message, frozen=True, kw_only=True):
    """Controller -> device, in the clear or in the channel, before it closes. Not before ``retry_after_s`` again."""

    reason: ShortText
    retry_after_s: Annotated[float, Meta(ge=0, le=3_600)] = 0.0


# --- a device that is new -------------------------------------------------------------------------------------------


class NewDevice(Message, frozen=True, kw_only=True):
    """Device -> controller, first in the channel of a new device.

    ``identifies_left`` falls to zero; ``identify_until_s`` is how long identifying is still possible.
    ``enrolment_proof`` is set where an enrolment token is configured; see `pairing.EnrolmentToken`.
    """

    model: ShortText
    software: ShortText
    name: ShortText
    identifies_left: Annotated[int, Meta(ge=0, le=5)]
    identify_until_s: Annotated[float, Meta(ge=0)]
    enrolment_token_id: ShortText | None = None
    enrolment_proof: Key32 | None = None


class Identify(Message, frozen=True, kw_only=True):
    """Controller -> new device: speak your code aloud, at low volume."""


class IdentifyReply(Message, frozen=True, kw_only=True):
    """New device -> controller."""

    accepted: bool
    reason: ShortText = ""
    identifies_left: Annotated[int, Meta(ge=0, le=5)]


class PairStart(Message, frozen=True, kw_only=True):
    """Controller -> new device: the controller's half of the SPAKE2 exchange over the code a person typed."""

    share: Annotated[bytes, Meta(max_length=64)]


class PairReply(Message, frozen=True, kw_only=True):
    """New device -> controller: its half, and proof that it knows the code. Its code is used up by sending this."""

    share: Annotated[bytes, Meta(max_length=64)]
    confirmation: Key32


class PairRefused(Message, frozen=True, kw_only=True):
    """New device -> controller: no code is open, or the code was wrong."""

    reason: ShortText


class Adopt(Message, frozen=True, kw_only=True):
    """Controller -> new device: proof that the controller knows the code or token, and what to be from now on."""

    confirmation: Key32
    controller_name: ShortText
    assignment: SignedDocument
    signing_key: Key32


class Adopted(Message, frozen=True, kw_only=True):
    """New device -> controller: both keys are pinned, the assignment is on disk. Both close; the device dials again."""


class AdoptRefused(Message, frozen=True, kw_only=True):
    """New device -> controller: nothing was changed."""

    reason: ShortText


# --- an adopted device ----------------------------------------------------------------------------------------------


class CounterMark(Struct, frozen=True, kw_only=True):
    """The highest counter a device has accepted from a key in one kind of document."""

    key_id: Id
    kind: DocumentKind
    counter: Natural


class DeviceHello(Message, frozen=True, kw_only=True):
    """Device -> controller, first in the channel of an adopted device."""

    model: ShortText
    software: ShortText
    name: ShortText
    boot_id: Id
    capabilities: tuple[ShortText, ...]
    rendition: RenditionName
    volume_percent: Percent
    counters: tuple[CounterMark, ...]
    journal_id: Id
    journal_last_seq: Natural


class Welcome(Message, frozen=True, kw_only=True):
    """Controller -> device. ``clip_ticket`` opens the clip path over HTTP while this link lives.

    The device asks for the time at least every ``clock_every_s``, in bursts of at most ``clock_burst`` requests: as
    many as it needs to know the time well, and one to keep the link alive. Every ``heartbeat_every_s`` it tells how it
    is. Either side closes a link on which it heard nothing for ``silence_limit_s``.

    Where ``crowded_s`` is not 0 many dial at this moment: for so long after the welcome the device asks for the time
    once every ``clock_every_s`` and no more often, however poorly it knows it.
    """

    controller_name: ShortText
    software: ShortText
    capabilities: tuple[ShortText, ...]
    clock_id: Id
    clip_ticket: Id
    clock_every_s: Annotated[float, Meta(gt=0, le=600)] = 5.0
    clock_burst: Annotated[int, Meta(ge=1, le=32)] = 8
    crowded_s: Annotated[float, Meta(ge=0, le=600)] = 0.0
    heartbeat_every_s: Annotated[float, Meta(gt=0, le=86_400)] = 15.0
    silence_limit_s: Annotated[float, Meta(gt=0, le=600)] = 15.0
    profile: Profile = Profile.LAN


class DocumentPush(Message, frozen=True, kw_only=True):
    """Controller -> device."""

    document: SignedDocument


class DocumentReply(Message, frozen=True, kw_only=True):
    """Device -> controller: the document is on disk and obeyed, or refused and why.

    An accepted document that arrives again, byte for byte, is accepted again and changes nothing.
    """

    document_id: ShortText
    accepted: bool
    reason: RefusalReason | None = None
    detail: LongText = ""


class JournalBatch(Message, frozen=True, kw_only=True):
    """Device -> controller. Records in order, from the first one not yet acknowledged."""

    journal_id: Id
    records: Annotated[tuple[JournalRecord, ...], Meta(min_length=1, max_length=MAX_JOURNAL_BATCH)]


class JournalAck(Message, frozen=True, kw_only=True):
    """Controller -> device: every record up to here is committed, and may be deleted."""

    journal_id: Id
    committed_seq: Natural


class LogReport(Message, frozen=True, kw_only=True):
    """Device -> controller: what a `FetchLog` order asked for, the newest line last."""

    order_id: Id
    text: Annotated[str, Meta(max_length=MAX_LOG_LETTERS)]


class Heartbeat(Message, frozen=True, kw_only=True):
    """Device -> controller: as often as the welcome says, and at once when what a person would be told has changed."""

    clock_basis: ClockBasis
    clock_error_us: MicrosNatural | None
    clock_offset_us: Whole | None
    volume_percent: Percent
    sounding_airing_id: Id | None
    clips: Natural
    disk_free_bytes: Natural
    refusals: Natural
    unknown_messages: Natural
    telemetry: Telemetry | None = None


ClearMessage = Hello | HelloReply | Reject

FromDevice = (
    NewDevice
    | IdentifyReply
    | PairReply
    | PairRefused
    | Adopted
    | AdoptRefused
    | DeviceHello
    | DocumentReply
    | JournalBatch
    | LogReport
    | Heartbeat
)

FromController = Identify | PairStart | Adopt | Welcome | DocumentPush | JournalAck | Reject
