"""Signed documents: who may make a horn sound.

A document travels as `SignedDocument`: the exact bytes that were signed and the signature beside them, so that it can
be stored, relayed and audited without being written again. Three kinds: the assignment says what a device is, the
rundown what it plays over the next days, an order what happens now.
"""

from typing import Annotated

from msgspec import Meta, Struct

from agents.protocol.guards import WireGuards
from agents.protocol.values import (
    DocumentKind,
    Id,
    MicrosNatural,
    Percent,
    PlannedAiring,
    Positive,
    RenditionName,
    ShortText,
    TrustedKey,
)
from agents.protocol.version import MAX_AIRINGS_A_RUNDOWN, MAX_DOCUMENT_BYTES


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
    """Fetch and arm this airing; play it at its instant, or at that of a later `Start`."""

    airing: PlannedAiring


class Start(Struct, frozen=True, kw_only=True, tag_field="action", tag="start"):
    """The airing of an earlier `Play` starts at this instant of controller time."""

    airing_id: Id
    start_at_us: MicrosNatural


class Stop(Struct, frozen=True, kw_only=True, tag_field="action", tag="stop"):
    """Silence, latching until released or not-after. ``airing_ids`` None means everything, else just these."""

    airing_ids: tuple[Id, ...] | None = None


class ReleaseStop(Struct, frozen=True, kw_only=True, tag_field="action", tag="release_stop"):
    """Ends the latch of the stop order with this id."""

    order_id: Id


class ReleaseDevice(Struct, frozen=True, kw_only=True, tag_field="action", tag="release_device"):
    """The device forgets its controller, its documents and its clips, and is new again."""


Action = Play | Start | Stop | ReleaseStop | ReleaseDevice


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
