"""What is wrong, watched and kept: see `controller.domain.faults` for what opens and closes a fault.

A database that fails delays what is stored, and ends nothing.
"""

from collections.abc import Collection, Sequence

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.journal import JournalRecord
from agents.protocol.messages import Heartbeat
from controller.domain.faults import Fault, FaultKind
from controller.domain.paging import Place
from controller.ports import Transaction
from controller.services.office import Office


class FaultDesk:
    """Watches every speaker and the controller itself. Both a journal and a health observer of `Ingest`."""

    def __init__(self, office: Office) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._open: dict[str, Fault] = {}

    async def run(self) -> None:
        """Until cancelled."""

    def open(self) -> tuple[Fault, ...]:
        """What is wrong now, the last opened first, an area's fault for all that are part of it."""
        return ()

    def of_speaker_now(self, speaker_id: SpeakerId) -> tuple[Fault, ...]:
        """What is wrong with one speaker now; also what is part of an area's fault."""
        return ()

    async def of_speaker(
        self, speaker_id: SpeakerId, limit: int = 50, before: Place | None = None
    ) -> tuple[Fault, ...]:
        """Open and closed, the last opened first. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            return await tx.faults.of_speaker(speaker_id, limit, before)

    async def one(self, fault_id: str) -> tuple[Fault, tuple[Fault, ...]]:
        """A fault, and those that are part of it. Raises `NotFound` (``fault_unknown``), `StoreFailed`."""
        async with self._store.reading() as tx:
            return await tx.faults.get(fault_id), await tx.faults.members(fault_id)

    async def history(
        self,
        limit: int = 50,
        before: Place | None = None,
        *,
        kinds: Collection[FaultKind] = (),
        area_ids: Collection[AreaId] | None = None,
    ) -> tuple[Fault, ...]:
        """Open and closed, the last opened first, without those that are part of an area's. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            return await tx.faults.history(limit, before, kinds=kinds, area_ids=area_ids)

    async def acknowledge(self, fault_id: str, by: str) -> Fault:
        """Somebody looks after it. Raises `NotFound` (``fault_unknown``), `StoreFailed`."""
        raise NotImplementedError

    def beat(self, speaker_id: SpeakerId, device_id: DeviceId, heartbeat: Heartbeat, at_us: int) -> None:
        """See `HealthObserver`."""

    def arrived(self, speaker_id: SpeakerId, at_us: int) -> None:
        """See `HealthObserver`."""

    def left(self, speaker_id: SpeakerId, at_us: int) -> None:
        """See `HealthObserver`."""

    async def within(
        self, tx: Transaction, speaker_id: SpeakerId, device_id: DeviceId, records: Sequence[JournalRecord]
    ) -> None:
        """See `JournalObserver`."""

    def after(self, speaker_id: SpeakerId, device_id: DeviceId, records: Sequence[JournalRecord]) -> None:
        """See `JournalObserver`."""
