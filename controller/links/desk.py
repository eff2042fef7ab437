"""What links need from the services, and how they are set."""

from dataclasses import dataclass
from typing import Protocol

from agents.protocol.documents import SignedDocument
from agents.protocol.ids import ControllerId, DeviceId, SpeakerId
from agents.protocol.messages import DeviceHello, Heartbeat, JournalBatch, NewDevice
from agents.protocol.pairing import EnrolmentToken
from controller.domain.speakers import PairedDevice


@dataclass(frozen=True, slots=True)
class Pinned:
    """An adopted device: the speaker it hangs at, and the key it must prove (X25519, 32 bytes)."""

    speaker_id: SpeakerId
    device_key: bytes


class Desk(Protocol):
    """The services as a link sees them. A call that raises ends that one link; the device dials again."""

    async def pinned(self, device_id: DeviceId) -> Pinned | None:
        """Whether this device is adopted here (or being released), and by which key."""
        ...

    async def connected(self, device_id: DeviceId, hello: DeviceHello, address: str) -> None:
        """It has proven its key. Called before `deliver`, and once for each link."""
        ...

    async def deliver(self, device_id: DeviceId) -> None:
        """Bring it what it lacks: assignment, rundown, open orders, stops. Runs beside the link; pushes through it."""
        ...

    async def disconnected(self, device_id: DeviceId) -> None:
        """Its link has ended; always after `connected`, and before the next `connected`."""
        ...

    async def journal(self, device_id: DeviceId, batch: JournalBatch) -> int:
        """Returns the last sequence number that is committed, this batch included."""
        ...

    async def heartbeat(self, device_id: DeviceId, heartbeat: Heartbeat) -> None: ...

    async def enrolment_token(self, token_id: str) -> EnrolmentToken | None:
        """The token, if it still admits somebody."""
        ...

    async def enrol(self, device: PairedDevice, facts: NewDevice, token: EnrolmentToken) -> SignedDocument:
        """The first assignment of a device that has proven the token, and one use of that token."""
        ...


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
