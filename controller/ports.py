"""What the services need from outside, as Protocols. Fakes and real parts pass the same suites."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from agents.protocol.documents import Document, SignedDocument
from agents.protocol.ids import AiringId, AreaId, BulletinId, DeviceId, SpeakerId
from agents.protocol.messages import DocumentReply
from agents.protocol.values import DocumentKind, JournalRecord
from controller.domain.airings import Airing, Playback
from controller.domain.bulletins import Bulletin, PreparedClips
from controller.domain.speakers import Area, ControllerIdentity, FoundDevice, PairedDevice, Speaker, SpeakerHealth

Progress = Callable[[float], None]
"""Told how much of a long work is done, 0.0 to 1.0."""


class Clock(Protocol):
    """Controller time: steady, in microseconds since the Unix epoch. ``clock_id`` names this run of the time line."""

    @property
    def clock_id(self) -> str: ...
    def now_us(self) -> int: ...
    def synchronised(self) -> bool: ...
    async def sleep_until(self, instant_us: int) -> None: ...


class Signer(Protocol):
    """Holds this controller's Ed25519 key."""

    @property
    def key_id(self) -> str: ...
    @property
    def public_key(self) -> bytes: ...
    def sign(self, document: Document) -> SignedDocument: ...


class Studio(Protocol):
    """Makes clips. Raises `audio.clip.AudioError`; leaves nothing half-made; cancelling ends the work at once."""

    async def from_text(self, text: str, language: str, words_per_minute: int, progress: Progress) -> PreparedClips: ...
    async def from_recording(self, source: Path, progress: Progress) -> PreparedClips: ...
    def clip_path(self, sha256: str) -> Path | None: ...


class Links(Protocol):
    """The devices that are connected now."""

    def connected(self) -> frozenset[DeviceId]: ...
    def found(self) -> tuple[FoundDevice, ...]: ...
    async def push(self, device_id: DeviceId, document: SignedDocument) -> DocumentReply:
        """Send a document and wait for the device's word on it. Raises `Unreachable`."""
        ...

    async def identify(self, device_id: DeviceId) -> int:
        """Ask a new device to speak its code; returns how many times are left. Raises `Unreachable` or `Refused`."""
        ...

    async def adopt(
        self, device_id: DeviceId, code: str, assign: Callable[[PairedDevice], Awaitable[SignedDocument]]
    ) -> PairedDevice:
        """Pair by the code a person typed; ``assign`` makes the first assignment once the device has proven itself.

        Raises `Unreachable` or `Refused` (``code_wrong``, ``code_used``, ``device_gone``, ``already_adopted``).
        """
        ...

    async def disconnect(self, device_id: DeviceId) -> None: ...


class Areas(Protocol):
    async def all(self) -> tuple[Area, ...]: ...
    async def add(self, area: Area) -> None: ...
    async def path(self, area_id: AreaId) -> tuple[AreaId, ...]:
        """From the widest area down to this one. Raises `NotFound`."""
        ...


class Speakers(Protocol):
    async def all(self) -> tuple[Speaker, ...]:
        """Every speaker that is adopted or being released, by name."""
        ...

    async def get(self, speaker_id: SpeakerId) -> Speaker: ...
    async def by_device(self, device_id: DeviceId) -> Speaker | None: ...
    async def put(self, speaker: Speaker) -> None: ...
    async def health(self) -> dict[SpeakerId, SpeakerHealth]: ...
    async def put_health(self, health: SpeakerHealth) -> None: ...


class Bulletins(Protocol):
    async def get(self, bulletin_id: BulletinId) -> Bulletin: ...
    async def put(self, bulletin: Bulletin) -> None: ...
    async def latest(self, limit: int) -> tuple[Bulletin, ...]: ...
    async def preparing(self) -> tuple[Bulletin, ...]: ...


class Airings(Protocol):
    async def get(self, airing_id: AiringId) -> Airing: ...
    async def put(self, airing: Airing) -> None: ...
    async def latest(self, limit: int) -> tuple[Airing, ...]: ...
    async def open(self) -> tuple[Airing, ...]:
        """Those that are waiting, planned or on the air."""
        ...

    async def playbacks(self, airing_id: AiringId) -> tuple[Playback, ...]: ...
    async def playback(self, airing_id: AiringId, speaker_id: SpeakerId) -> Playback | None: ...
    async def put_playback(self, playback: Playback) -> None: ...
    async def of_speaker(self, speaker_id: SpeakerId, limit: int) -> tuple[tuple[Airing, Playback], ...]: ...


class Journals(Protocol):
    """Devices' journals as received, each record once."""

    async def committed(self, device_id: DeviceId, journal_id: str) -> int: ...
    async def add(self, device_id: DeviceId, journal_id: str, records: tuple[JournalRecord, ...]) -> None: ...
    async def latest(self, device_id: DeviceId, limit: int) -> tuple[JournalRecord, ...]: ...
    async def of_airing(self, airing_id: AiringId) -> tuple[tuple[DeviceId, JournalRecord], ...]: ...


class Documents(Protocol):
    """What was signed: counters that only grow, and the orders that are still open."""

    async def next_counter(self, key_id: str, kind: DocumentKind) -> int: ...
    async def raise_counter(self, key_id: str, kind: DocumentKind, at_least: int) -> None:
        """After a restore a device may know a higher counter than we do; continue above it."""
        ...

    async def put(self, document: Document, signed: SignedDocument) -> None: ...
    async def open_orders(self, now_us: int) -> tuple[tuple[Document, SignedDocument], ...]: ...
    async def close_order(self, document_id: str) -> None: ...


class Transaction(Protocol):
    """One unit of work; what was written is committed when it ends without an error, all or nothing."""

    areas: Areas
    speakers: Speakers
    bulletins: Bulletins
    airings: Airings
    journals: Journals
    documents: Documents


class Store(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[Transaction]: ...
    async def ready(self) -> bool: ...


class Identity(Protocol):
    @property
    def public(self) -> ControllerIdentity: ...


__all__ = [
    "Airings",
    "Areas",
    "Bulletins",
    "Clock",
    "Documents",
    "Identity",
    "Journals",
    "Links",
    "Progress",
    "Signer",
    "Speakers",
    "Store",
    "Studio",
    "Transaction",
]
