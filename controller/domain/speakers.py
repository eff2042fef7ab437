"""Speakers and the devices in their boxes. Areas are `schedules.areas`: both sides know them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
from msgspec import structs

from agents.protocol.ids import AreaId, ControllerId, DeviceId, SpeakerId
from agents.protocol.values import ClockBasis, Profile, RenditionName
from schedules.areas import Area

MOST_DELAY_US: Final = 10_000_000
"""Sound goes more than three kilometres in that time: no horn that echoes is farther away."""


class SpeakerState(StrEnum):
    """``adopting`` while its device was told and has not confirmed, so that a lost confirmation strands nobody;
    ``adopted`` until someone releases it; ``releasing`` until its device has confirmed the release.
    """

    ADOPTING = "adopting"
    ADOPTED = "adopted"
    RELEASING = "releasing"
    RELEASED = "released"
    REPLACED = "replaced"
    """A box that another one took the place of: it is released if it ever dials again, and nobody is shown it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Speaker:
    """One pole: its place, and the device that hangs there now (pinned by ``device_key``, X25519, 32 bytes).

    By ``delay_us`` everything but emergencies begins later there, against the echo of a horn near it.

    ``replaces`` is set where this is no pole but a device on its way: one that is being adopted to take the place of
    that speaker's box, and afterwards the box that hung there before, see `SpeakerState.REPLACED`.
    """

    speaker_id: SpeakerId
    name: str
    area_id: AreaId
    device_id: DeviceId
    device_key: bytes
    state: SpeakerState
    adopted_at_us: int
    volume_percent: int = 80
    max_volume_percent: int = 100
    delay_us: int = 0
    rendition: RenditionName = RenditionName.OPUS24
    profile: Profile = Profile.LAN
    replaces: SpeakerId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """That this device hung on a pole, from ``from_us`` on; ``until_us`` None is to this day."""

    speaker_id: SpeakerId
    device_id: DeviceId
    device_key: bytes
    from_us: int
    model: str = ""
    until_us: int | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """Until the day ``until`` a speaker stood in another area than after."""

    until: date
    area_id: AreaId


def stood_in(speaker: Speaker, moves: Sequence[Move], on: date) -> AreaId:
    """The area that a speaker was recorded in on a day; ``moves`` are its own, the earliest first."""
    return next((move.area_id for move in moves if on < move.until), speaker.area_id)


class SpeakerHealth(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The last that a device said of itself. Instants are controller time in microseconds."""

    speaker_id: SpeakerId
    seen_at_us: int
    connected: bool
    model: str = ""
    software: str = ""
    address: str = ""
    clock_basis: ClockBasis = ClockBasis.NONE
    clock_error_us: int | None = None
    volume_percent: int | None = None
    clips: int = 0
    disk_free_bytes: int | None = None
    refusals: int = 0

    def away(self) -> "SpeakerHealth":
        """The same of a speaker that holds no link."""
        return structs.replace(self, connected=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundDevice:
    """A device that nobody has adopted, as the link or mDNS shows it.

    ``linked`` is true when it has dialled this controller, so that it can be identified and adopted.
    ``adopted_elsewhere`` is true when mDNS shows it as adopted and this controller does not know it.
    """

    device_id: DeviceId
    name: str
    model: str
    software: str
    address: str
    linked: bool
    seen_by_mdns: bool
    adopted_elsewhere: bool
    identifies_left: int
    identify_until_us: int | None
    found_at_us: int
    enrolment_token_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PairedDevice:
    """What pairing proved: this device holds the private half of ``device_key``."""

    device_id: DeviceId
    device_key: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class ControllerIdentity:
    """Who this controller is on the wire: X25519 for links, Ed25519 (``signing_key``) for documents. Public halves."""

    controller_id: ControllerId
    name: str
    static_key: bytes
    signing_key: bytes


class NotReady(StrEnum):
    """Why a speaker would not sound if something were sent now, the weightiest first."""

    RELEASING = "releasing"
    STOPPED = "stopped"
    OFFLINE = "offline"
    STOPPED_HERE = "stopped_here"
    """Somebody pressed the stop button of its box, and that holds."""
    TIME_UNKNOWN = "time_unknown"
    NO_OUTPUT = "no_output"
    """Its sound device cannot be opened."""
    NOT_HEARD = "not_heard"
    """The last self-test did not hear its horn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SpeakerOverview:
    """A speaker as the desk sees it now. ``health`` is None until its device has been heard once.

    ``connected_since_us`` is None while it is away; ``sounding_airing_id`` is what its last heartbeat named.
    """

    speaker: Speaker
    area_name: str
    health: SpeakerHealth | None
    not_ready: NotReady | None
    connected_since_us: int | None = None
    sounding_airing_id: str | None = None

    @property
    def ready(self) -> bool:
        """True when something sent now would sound: connected, time known, not stopped."""
        return self.not_ready is None


class Standing(NamedTuple):
    """A speaker, the area that it stands in today, and why it would not sound now: what is asked of all of them."""

    speaker: Speaker
    area: Area
    not_ready: NotReady | None

    @property
    def area_name(self) -> str:
        """As it is called today."""
        return self.area.name
