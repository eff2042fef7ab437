"""What is wrong: asked by pages and programs. `fault_watch` watches and stores."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from agents.protocol.ids import SpeakerId
from controller.domain.deeds import Deed, DeedKind
from controller.domain.faults import Fault, FaultKind
from controller.domain.paging import Place
from controller.services.events import FaultsChanged
from controller.services.fault_watch import FaultWatch
from controller.services.office import Office

HISTORY_LENGTH: Final = 100
"""So many at most are worth reading at once."""


class FaultDesk:
    """What is open is known at once, from memory; what was is read from the database."""

    def __init__(self, office: Office, watch: FaultWatch) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._book = watch.book

    def open(self, area_ids: Collection[str] | None = None, kinds: Collection[FaultKind] = ()) -> tuple[Fault, ...]:
        """What is wrong now, the last opened first, an area's fault for all that are part of it; of these areas and
        kinds where they are given.
        """
        told = [
            fault
            for fault in self._book.open()
            if fault.group_id is None
            and (area_ids is None or fault.area_id in area_ids)
            and (not kinds or fault.kind in kinds)
        ]
        return tuple(sorted(told, key=lambda fault: (-fault.opened_at_us, fault.fault_id)))

    def of_speaker_now(self, speaker_id: SpeakerId) -> tuple[Fault, ...]:
        """What is wrong with one speaker now; also what is part of an area's fault."""
        subject = self._book.subject(speaker_id)
        return () if subject is None else tuple(subject.open.values())

    def first_bad(self, speaker_id: SpeakerId, kinds: Iterable[FaultKind]) -> FaultKind | None:
        """The first of these of which the last evidence was bad, whether or not a fault is open yet."""
        subject = self._book.subject(speaker_id)
        return None if subject is None else subject.first_bad(kinds)

    def all_bad(self, kinds: Collection[FaultKind]) -> dict[SpeakerId, FaultKind]:
        """The same of every speaker of which one of these is bad."""
        found = ((one, subject.first_bad(kinds)) for one, subject in self._book.watching(kinds))
        return {speaker_id: kind for speaker_id, kind in found if kind is not None}

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
        area_ids: Collection[str] | None = None,
    ) -> tuple[Fault, ...]:
        """Open and closed, the last opened first, without those that are part of an area's. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            return await tx.faults.history(limit, before, kinds=kinds, area_ids=area_ids)

    async def acknowledge(self, fault_id: str, by: str) -> Fault:
        """Somebody looks after it. Raises `NotFound` (``fault_unknown``), `StoreFailed`."""
        now_us = self._clock.now_us()
        async with self._store.transaction() as tx:
            fault = self._book.seen(fault_id, by, now_us)
            if fault is None:
                fault = replace(await tx.faults.get(fault_id), seen_by=by, seen_at_us=now_us)
            await tx.faults.put([fault])
            await tx.deeds.add(Deed(at_us=now_us, by=by, what=DeedKind.SEE_FAULT, subject=fault_id, detail=fault.kind))
        self._events.publish(FaultsChanged())
        return fault
