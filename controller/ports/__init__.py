"""What the services need from outside, as Protocols. Fakes and real parts pass the same suites."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from agents.protocol.channel import LiveAudio
from agents.protocol.documents import Assignment, Document, Order, Rundown, SignedDocument
from agents.protocol.ids import AiringId, DeviceId, SpeakerId
from agents.protocol.journal import JournalRecord
from agents.protocol.live import Bundle
from agents.protocol.messages import DocumentReply
from agents.protocol.values import DocumentKind
from controller.domain.airings import Airing, AiringState, ContentId, Playback
from controller.domain.deliveries import Delivered
from controller.domain.journals import JournalKey, JournalPlace, ReceivedRecords, Refusals
from controller.domain.paging import Place
from controller.domain.speakers import ControllerIdentity, FoundDevice, PairedDevice
from controller.ports.boxes import Boxes, Faults, Hands, SelfTests, Telemetry
from controller.ports.cap import CapAlerts, CapSettings, Fetched, Fetcher, Wanted
from controller.ports.content import (
    Bulletins,
    HandIns,
    Programmes,
    Progress,
    Pronunciations,
    Revisions,
    Sounds,
    Studio,
    Tunes,
)
from controller.ports.emergencies import Emergencies
from controller.ports.groups import Groups
from controller.ports.live import LiveArchives, Meter, Recoder
from controller.ports.people import ApiTokens, Deeds, Persons, Tokens
from controller.ports.planned import PlannedAirings
from controller.ports.planning import Approvals, Choices, GuardRows, Holidays, Schedules
from controller.ports.speakers import Areas, Speakers


class Clock(Protocol):
    """Controller time: steady, in microseconds since the Unix epoch. ``clock_id`` names this run of the time line."""

    @property
    def clock_id(self) -> str: ...
    def now_us(self) -> int: ...
    def synchronised(self) -> bool: ...
    @property
    def step_us(self) -> int:
        """How far somebody set the machine's clock while this ran, where that is more than a second; else 0."""
        ...

    async def sleep_until(self, instant_us: int) -> None: ...


class Signer(Protocol):
    """Holds this controller's Ed25519 key."""

    @property
    def key_id(self) -> str: ...
    @property
    def public_key(self) -> bytes: ...
    def sign(self, document: Document) -> SignedDocument: ...
    def sign_live(self, bundle: Bundle) -> LiveAudio: ...


Heard = Callable[[DeviceId, DocumentReply | None], None]
"""Takes a device's word on a document, or None where it has none to give: it cannot be reached, or does not answer."""


class Links(Protocol):
    """The devices that are connected now."""

    def connected(self) -> frozenset[DeviceId]: ...
    def found(self) -> tuple[FoundDevice, ...]: ...
    async def push(self, device_id: DeviceId, document: SignedDocument) -> DocumentReply:
        """Send a document and wait for the device's word on it. Raises `Unreachable`."""
        ...

    def broadcast(self, device_ids: Iterable[DeviceId], document: SignedDocument, heard: Heard) -> None:
        """Send one document to many, at once. ``heard`` is called once for each device, from the event loop, perhaps
        before this returns; it must not raise.
        """
        ...

    def live(self, device_ids: Iterable[DeviceId], audio: LiveAudio) -> int:
        """Send one bundle of live sound to many, at once; returns how many it is given to. Who does not take what it is
        sent loses it. Never waits.
        """
        ...

    def behind(self) -> frozenset[DeviceId]:
        """Those that get no live sound now, because they do not take what they are sent."""
        ...

    async def identify(self, device_id: DeviceId) -> int:
        """Ask a new device to speak its code; returns how many times are left. Raises `Unreachable` or `Refused`."""
        ...

    async def adopt(
        self, device_id: DeviceId, code: str, assign: Callable[[PairedDevice], Awaitable[SignedDocument]]
    ) -> PairedDevice:
        """Pair by the code a person typed; ``assign`` makes the first assignment once the device has proven itself.

        Raises `Unreachable` or `Refused` (``code_wrong``, ``no_code_open``, ``device_gone``, ``already_adopted``).
        """
        ...

    async def disconnect(self, device_id: DeviceId) -> None: ...


class Airings(Protocol):
    async def get(self, airing_id: AiringId) -> Airing: ...
    async def add(self, airing: Airing) -> None:
        """A new airing, with a planned playback for each of its speakers."""
        ...

    async def add_playbacks(self, playbacks: Sequence[Playback]) -> None:
        """Of an airing that exists; those that exist already are changed."""
        ...

    async def set_state(self, airing_id: AiringId, state: AiringState) -> None: ...
    async def begin(self, airing_id: AiringId, start_at_us: int) -> None:
        """A "now" has its instant: it is planned."""
        ...

    async def shorten(self, airing_id: AiringId, duration_us: int) -> None:
        """It lasted no longer than this: what is live has no length before its end."""
        ...

    async def latest(self, limit: int, before: Place | None = None) -> tuple[Airing, ...]:
        """The last planned first: of all, or of those that come after a place."""
        ...

    async def of_content(self, content_id: ContentId) -> tuple[Airing, ...]:
        """Those of one bulletin or programme, the newest first."""
        ...

    async def clips(self) -> frozenset[str]:
        """SHA-256 of every clip that an airing consists of."""
        ...

    async def open(self) -> tuple[Airing, ...]:
        """Those that are waiting, planned or on the air, the earliest planned first."""
        ...

    async def playbacks(self, airing_id: AiringId) -> tuple[Playback, ...]: ...
    async def finished(self, airing_ids: Sequence[AiringId]) -> dict[AiringId, int]:
        """On how many speakers each was played to its end; those with none may be left out."""
        ...

    async def playbacks_of(self, pairs: Sequence[tuple[AiringId, SpeakerId]]) -> tuple[Playback, ...]:
        """Those of the pairs that exist: a device can report on anything."""
        ...

    async def put_playbacks(self, playbacks: Sequence[Playback]) -> None:
        """Playbacks that exist already, changed."""
        ...

    async def of_speaker(self, speaker_id: SpeakerId, limit: int) -> tuple[tuple[Airing, Playback], ...]:
        """The latest of one speaker, the newest first."""
        ...


class Journals(Protocol):
    """Devices' journals as received, each record once."""

    async def committed(self, device_id: DeviceId, journal_id: str) -> int:
        """The last sequence number that is stored, 0 where there is none."""
        ...

    async def committed_of(self, journals: Sequence[tuple[DeviceId, str]]) -> dict[tuple[DeviceId, str], int]:
        """The same for many; a journal of which nothing is stored is left out."""
        ...

    async def add(self, received: Sequence[ReceivedRecords]) -> None:
        """Records that are not stored yet."""
        ...

    async def latest(
        self, device_id: DeviceId, limit: int, before: JournalPlace | None = None
    ) -> tuple[tuple[JournalPlace, JournalRecord], ...]:
        """The newest first: of all, or of those that came before a place."""
        ...

    async def of_airings(self, pairs: Sequence[tuple[AiringId, DeviceId]]) -> dict[JournalKey, list[JournalRecord]]:
        """What these devices wrote about these airings, in the order they wrote it."""
        ...

    async def refusals(self, device_id: DeviceId) -> tuple[Refusals, ...]: ...


class Documents(Protocol):
    """What was signed: counters that only grow, the latest of each kind, and the orders that are still open."""

    async def reserve_counters(self, key_id: str, kind: DocumentKind, count: int, at_least: int) -> int:
        """Sets aside ``count`` counters above all that were ever reserved and above ``at_least``; returns the first."""
        ...

    async def put(self, document: Document, signed: SignedDocument) -> None:
        """An assignment or rundown replaces the one before it of its device; an order is open until it is closed."""
        ...

    async def latest_assignment(self, device_id: DeviceId) -> tuple[Assignment, SignedDocument] | None: ...
    async def latest_assignments(
        self, device_ids: Sequence[DeviceId]
    ) -> dict[DeviceId, tuple[Assignment, SignedDocument]]:
        """Of those of the devices that were given one."""
        ...

    async def latest_rundown(self, device_id: DeviceId) -> tuple[Rundown, SignedDocument] | None: ...
    async def latest_rundowns(self, device_ids: Sequence[DeviceId]) -> dict[DeviceId, Rundown]:
        """Of those of the devices that were given one."""
        ...

    async def open_orders(self, now_us: int) -> tuple[tuple[Order, SignedDocument], ...]:
        """By counter, the lowest first."""
        ...

    async def there(self, document_ids: Sequence[str]) -> frozenset[str]:
        """Which of these are stored, open or not."""
        ...

    async def close_orders(self, document_ids: Sequence[str]) -> None: ...
    async def put_delivered(self, delivered: Sequence[Delivered]) -> None: ...
    async def delivered(self, document_id: str) -> tuple[Delivered, ...]: ...
    async def delivered_to(self, device_id: DeviceId, document_ids: Sequence[str]) -> tuple[Delivered, ...]: ...
    async def accepted(
        self, device_ids: Sequence[DeviceId], document_ids: Sequence[str]
    ) -> frozenset[tuple[DeviceId, str]]:
        """Which of these devices have accepted which of these documents."""
        ...

    async def forget_device(self, device_id: DeviceId) -> None:
        """Its assignment, its rundown, and what it had: it is new again."""
        ...


class StationSettings(Protocol):
    """What people set for the whole station, by name."""

    async def get(self, key: str) -> str | None: ...
    async def put(self, key: str, value: str | None) -> None:
        """None forgets it."""
        ...


class Transaction(Protocol):
    """One unit of work; what was written is committed when it ends without an error, all or nothing."""

    areas: Areas
    speakers: Speakers
    groups: Groups
    sounds: Sounds
    bulletins: Bulletins
    tunes: Tunes
    programmes: Programmes
    revisions: Revisions
    pronunciations: Pronunciations
    hand_ins: HandIns
    emergencies: Emergencies
    cap_alerts: CapAlerts
    cap_settings: CapSettings
    schedules: Schedules
    approvals: Approvals
    choices: Choices
    guard_rows: GuardRows
    holidays: Holidays
    airings: Airings
    planned_airings: PlannedAirings
    live_archives: LiveArchives
    journals: Journals
    documents: Documents
    telemetry: Telemetry
    faults: Faults
    hands: Hands
    self_tests: SelfTests
    boxes: Boxes
    persons: Persons
    tokens: Tokens
    api_tokens: ApiTokens
    deeds: Deeds
    station_settings: StationSettings


class Aside(Protocol):
    """A few words beside the database, for what must outlast a restart while the database takes nothing."""

    async def read(self) -> bytes:
        """What was written last. Raises `StoreFailed`."""
        ...

    async def write(self, words: bytes) -> None:
        """In place of what was there. Raises `StoreFailed`."""
        ...


class Store(Protocol):
    """Raises `StoreFailed` when the database or the disk fails."""

    @property
    def aside(self) -> Aside: ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """To read and write; one at a time."""
        ...

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """To read one consistent state, beside others; writing in it is a mistake and is not kept."""
        ...

    def view(self) -> AbstractAsyncContextManager[None]:
        """Inside, what this task reads is of one state, and cheaper; after a `transaction` of the same task, of a
        later one. Where many have a view already each reading is by itself, as without. To be short.
        """
        ...

    async def ready(self) -> bool: ...


class Identity(Protocol):
    @property
    def public(self) -> ControllerIdentity: ...


__all__ = [
    "Airings",
    "ApiTokens",
    "Approvals",
    "Areas",
    "Aside",
    "Boxes",
    "Bulletins",
    "CapAlerts",
    "CapSettings",
    "Choices",
    "Clock",
    "Deeds",
    "Documents",
    "Emergencies",
    "Faults",
    "Fetched",
    "Fetcher",
    "Groups",
    "GuardRows",
    "HandIns",
    "Hands",
    "Holidays",
    "Identity",
    "Journals",
    "Links",
    "LiveArchives",
    "Meter",
    "Persons",
    "PlannedAirings",
    "Programmes",
    "Progress",
    "Pronunciations",
    "Recoder",
    "Revisions",
    "Schedules",
    "SelfTests",
    "Signer",
    "Sounds",
    "Speakers",
    "StationSettings",
    "Store",
    "Studio",
    "Telemetry",
    "Tokens",
    "Transaction",
    "Tunes",
    "Wanted",
]
