"""Signed documents: who may make a horn sound.

A document travels as `SignedDocument`: the exact bytes that were signed and the signature beside them, so that it can
be stored, relayed and audited without being written again. Three kinds: the assignment says what a device is, the
rundown what it plays over the next days, an order what happens now.
"""

from typing import Annotated

from msgspec import Meta, Struct

from agents.protocol.guards import WireGuards
from agents.protocol.values import (
    ClipPart,
    ClipRef,
    DocumentKind,
    Id,
    MicrosNatural,
    Percent,
    PlannedAiring,
    Positive,
    Profile,
    RenditionName,
    ShortText,
    TrustedKey,
)
from agents.protocol.version import MAX_AIRINGS_A_RUNDOWN, MAX_DOCUMENT_BYTES, MAX_LOG_LINES, MAX_PINNED, MAX_REFERENCES


class SignedDocument(Struct, frozen=True, kw_only=True):
    """The signed bytes of a document (JSON of one of the kinds below) and an Ed25519 signature over them.

    What is signed is ``b"loa-document-v1\\0" + payload``. ``key_id`` is repeated here so that the key can be looked up
    before anything of the payload is believed.
    """

    key_id: Id
    payload: Annotated[bytes, Meta(max_length=MAX_DOCUMENT_BYTES)]
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class Header(Struct, frozen=True, kw_only=True):
    """What every document carries. Times are controller time; the counter only grows, per key and kind."""

    document_id: Id
    key_id: Id
    issued_at_us: MicrosNatural
    not_after_us: MicrosNatural
    counter: Positive


class Assignment(Struct, frozen=True, kw_only=True, tag_field="kind", tag=DocumentKind.ASSIGNMENT.value):
    """What a device is: its place, its groups, its volume and delay, and whom it obeys.

    ``area_path`` goes from the widest area to the one the speaker stands in. ``delay_us`` is added to every start on
    this speaker but an emergency's. ``volume_percent`` is what it plays at, never above ``max_volume_percent``.
    ``pinned`` are clips that are always kept: sirens, signature tunes, fixed parts. ``profile`` is how sparing it is.
    """

    header: Header
    device_id: Id
    speaker_id: Id
    speaker_name: ShortText
    area_path: tuple[Id, ...]
    groups: tuple[Id, ...] = ()
    delay_us: MicrosNatural = 0
    volume_percent: Percent = 80
    max_volume_percent: Percent = 100
    rendition: RenditionName = RenditionName.OPUS24
    trusted_keys: tuple[TrustedKey, ...]
    controller_urls: tuple[ShortText, ...] = ()
    profile: Profile = Profile.LAN
    pinned: Annotated[tuple[ClipRef, ...], Meta(max_length=MAX_PINNED)] = ()


class Rundown(Struct, frozen=True, kw_only=True, tag_field="kind", tag=DocumentKind.RUNDOWN.value):
    """What one device plays from ``from_us`` until ``until_us``. It replaces the rundown before it, whole.

    An airing that was in the earlier rundown, has not begun, and is not in this one is withdrawn. ``guards`` hold for
    everything that the device plays, from whatever document; None is no guards.
    """

    header: Header
    device_id: Id
    from_us: MicrosNatural
    until_us: MicrosNatural
    airings: Annotated[tuple[PlannedAiring, ...], Meta(max_length=MAX_AIRINGS_A_RUNDOWN)]
    guards: WireGuards | None = None


class Audience(Struct, frozen=True, kw_only=True):
    """Whom an order is for: a device that is named, stands in one of the areas, or is in one of the groups."""

    devices: tuple[Id, ...] = ()
    areas: tuple[Id, ...] = ()
    groups: tuple[Id, ...] = ()


class Play(Struct, frozen=True, kw_only=True, tag_field="action", tag="play"):
    """Fetch and arm this airing; play it at its instant, or at that of a later `Start`.

    ``siren`` is for an emergency alone: it sounds on arrival, again and again, until the airing begins (at most until
    the airing could not begin any more). It should be one of the pinned clips; where it is not there, nothing waits.

    ``ends`` names airings that are over in the moment in which this one is first heard, its siren included, and never
    come back: what a correction replaces, what an all clear ends.
    """

    airing: PlannedAiring
    siren: ClipPart | None = None
    ends: Annotated[tuple[Id, ...], Meta(max_length=MAX_REFERENCES)] = ()


class Start(Struct, frozen=True, kw_only=True, tag_field="action", tag="start"):
    """The airing of an earlier `Play` starts at this instant of controller time."""

    airing_id: Id
    start_at_us: MicrosNatural


class End(Struct, frozen=True, kw_only=True, tag_field="action", tag="end"):
    """These airings are over at this instant of controller time, at once where it has passed. What they cut goes on
    from that instant, on every device alike. One that is not known yet does not begin.
    """

    airing_ids: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=MAX_REFERENCES)]
    end_at_us: MicrosNatural


class Stop(Struct, frozen=True, kw_only=True, tag_field="action", tag="stop"):
    """Silence, latching until released or not-after. ``airing_ids`` None means everything, else just these."""

    airing_ids: tuple[Id, ...] | None = None


class ReleaseStop(Struct, frozen=True, kw_only=True, tag_field="action", tag="release_stop"):
    """Ends the latch of the stop order with this id."""

    order_id: Id


class ReleaseDevice(Struct, frozen=True, kw_only=True, tag_field="action", tag="release_device"):
    """The device forgets its controller, its documents and its clips, and is new again."""


class Identify(Struct, frozen=True, kw_only=True, tag_field="action", tag="identify"):
    """An adopted device shows which one it is: it speaks the last digits of its code plate and blinks."""


class TestTone(Struct, frozen=True, kw_only=True, tag_field="action", tag="test_tone"):
    """A tone of 1 kHz, with ramps; refused where guards, a stop or another airing hold the air."""

    seconds: Annotated[int, Meta(ge=1, le=30)] = 2
    gain_db: Annotated[float, Meta(ge=-60, le=0)] = -20.0


class Restart(Struct, frozen=True, kw_only=True, tag_field="action", tag="restart"):
    """The program ends and is started again; what sounds goes on in step afterwards."""


class FetchLog(Struct, frozen=True, kw_only=True, tag_field="action", tag="fetch_log"):
    """Send the last lines of the program's log as a `LogReport`."""

    lines: Annotated[int, Meta(ge=1, le=MAX_LOG_LINES)] = 200


class SelfTest(Struct, frozen=True, kw_only=True, tag_field="action", tag="self_test"):
    """Play the test pattern and listen to it. ``quiet_hours`` true: also where guards forbid it, because a person
    stands beside the horn.
    """

    quiet_hours: bool = False


class Calibrate(Struct, frozen=True, kw_only=True, tag_field="action", tag="calibrate"):
    """Play the test pattern, listen, and keep what was heard as this device's own reference, and its latency."""


Hand = Identify | TestTone | Restart | FetchLog | SelfTest | Calibrate
"""Remote actions: each ends with an `ActionEnded` in the journal."""

Action = Play | Start | End | Stop | ReleaseStop | ReleaseDevice | Hand


class Order(Struct, frozen=True, kw_only=True, tag_field="kind", tag=DocumentKind.ORDER.value):
    """What happens now. It is remembered by its id until not-after, so that it acts once."""

    header: Header
    to: Audience
    action: Action


Document = Assignment | Rundown | Order


def kind_of(document: Document) -> DocumentKind:
    """The kind a document is counted under."""
    match document:
        case Assignment():
            return DocumentKind.ASSIGNMENT
        case Rundown():
            return DocumentKind.RUNDOWN
        case Order():
            return DocumentKind.ORDER
