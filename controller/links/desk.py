"""What links need from the services, and how they are set."""

from dataclasses import dataclass
from typing import Protocol

from agents.protocol.documents import SignedDocument
from agents.protocol.ids import ControllerId, DeviceId
from agents.protocol.messages import DeviceHello, Heartbeat, JournalBatch
from agents.protocol.pairing import EnrolmentToken
from controller.domain.speakers import PairedDevice, Speaker


class Adoptions(Protocol):
    """`controller.services.adoption.Adoption`, as far as links need it."""

    async def pinned_key(self, device_id: DeviceId) -> bytes | None: ...
    async def dialled_as_new(self, device_id: DeviceId) -> None: ...
    async def enrolment_token(self, token_id: str) -> EnrolmentToken | None: ...
    async def enrol(self, token_id: str, paired: PairedDevice, name: str) -> SignedDocument: ...


class Intake(Protocol):
    """`controller.services.ingest.Ingest`. One call at a time for one device."""

    async def connected(self, device_id: DeviceId, hello: DeviceHello, address: str) -> Speaker: ...
    async def disconnected(self, device_id: DeviceId) -> None: ...
    async def journal(self, device_id: DeviceId, batch: JournalBatch) -> int: ...
    async def heartbeat(self, device_id: DeviceId, heartbeat: Heartbeat) -> None: ...


class Carriage(Protocol):
    """`controller.services.delivery.Delivery`."""

    async def deliver(self, device_id: DeviceId) -> None: ...


@dataclass(frozen=True, slots=True)
class DeviceDesk:
    """The services that a link speaks to. A call that raises ends that one link; the device dials again."""

    adoption: Adoptions
    ingest: Intake
    delivery: Carriage


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkSettings:
    """How links behave. Durations in seconds; see `controller.config` for what each means."""

    controller_id: ControllerId
    controller_name: str
    software: str
    static_private: bytes
    signing_public: bytes
    silence_limit_s: float = 15.0
    clock_every_s: float = 5.0
    heartbeat_every_s: float = 15.0
    handshake_limit_s: float = 10.0
    push_limit_s: float = 10.0
    pair_limit_s: float = 20.0
    newcomer_silence_limit_s: float = 60.0
    outbox_messages: int = 256
    outbox_bytes: int = 4 * 1_048_576
    inbox_messages: int = 32
    max_unproven_links: int = 500
    max_unproven_links_per_address: int = 50
    max_new_devices: int = 500
