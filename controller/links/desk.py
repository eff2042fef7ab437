"""What links need from the services, and how they are set."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final, Protocol

from agents.protocol.documents import SignedDocument
from agents.protocol.ids import ControllerId, DeviceId
from agents.protocol.messages import DeviceHello, Heartbeat, JournalBatch, LogReport
from agents.protocol.pairing import EnrolmentToken
from agents.protocol.values import Profile
from controller.domain.speakers import PairedDevice, Speaker


class Adoptions(Protocol):
    """`controller.services.adoption.Adoption`, as far as links need it."""

    async def pinned_key(self, device_id: DeviceId) -> bytes | None: ...
    async def dialled_as_new(self, device_id: DeviceId) -> None: ...
    async def enrolment_token(self, token_id: str) -> EnrolmentToken | None: ...
    async def enrol(self, token_id: str, paired: PairedDevice, name: str) -> SignedDocument: ...


class Intake(Protocol):
    """`controller.services.ingest.Ingest`. One journal at a time for one device."""

    async def connected(self, device_id: DeviceId, hello: DeviceHello, address: str) -> Speaker: ...
    def disconnected(self, device_id: DeviceId) -> None: ...
    def journal(self, device_id: DeviceId, batch: JournalBatch) -> Awaitable[int]: ...
    def heartbeat(self, device_id: DeviceId, heartbeat: Heartbeat) -> None: ...


class Carriage(Protocol):
    """`controller.services.delivery.Delivery`."""

    async def deliver(self, device_id: DeviceId) -> None: ...


class Handwork(Protocol):
    """`controller.services.hands.HandDesk`, as far as links need it."""

    async def log_report(self, device_id: DeviceId, report: LogReport) -> None: ...


@dataclass(frozen=True, slots=True)
class DeviceDesk:
    """The services that a link speaks to. A call that raises ends that one link; the device dials again."""

    adoption: Adoptions
    ingest: Intake
    delivery: Carriage
    hands: Handwork | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfilePace:
    """How often devices of one profile say something. Either side closes a link that was silent for the limit.

    ``clock_burst`` is the most exchanges in a row: one is enough to keep the link alive.
    """

    clock_every_s: float
    clock_burst: int
    heartbeat_every_s: float
    silence_limit_s: float


LAN_PACE: Final = ProfilePace(clock_every_s=7.0, clock_burst=16, heartbeat_every_s=15.0, silence_limit_s=15.0)
SIM_PACE: Final = ProfilePace(clock_every_s=120.0, clock_burst=8, heartbeat_every_s=3_600.0, silence_limit_s=150.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkSettings:
    """How links behave. Durations in seconds; see `controller.config` for what each means."""

    controller_id: ControllerId
    controller_name: str
    software: str
    static_private: bytes
    signing_public: bytes
    lan: ProfilePace = LAN_PACE
    sim: ProfilePace = SIM_PACE
    handshake_limit_s: float = 10.0
    push_limit_s: float = 10.0
    pair_limit_s: float = 20.0
    newcomer_silence_limit_s: float = 60.0
    outbox_bytes: int = 4 * 1_048_576
    inbox_messages: int = 32
    max_unproven_links: int = 500
    max_unproven_links_per_address: int = 50
    max_new_devices: int = 500
    line_at_most: int = 20_000
    patience_s: float = 25.0

    def pace(self, profile: Profile) -> ProfilePace:
        """That of the profile."""
        match profile:
            case Profile.LAN:
                return self.lan
            case Profile.SIM:
                return self.sim
