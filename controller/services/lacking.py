"""What devices lack when they connect, looked up for all that connect at the same moment.

Most lack nothing. Whoever needs more than a look (something must be signed, the device is being released, a stop must
be widened to it) is left to `Delivery`, which looks at that one device alone.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agents.protocol.documents import Assignment, Document, Order, Rundown, SignedDocument
from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.values import DocumentKind
from controller.domain.groups import NO_GROUPS, Grouping
from controller.domain.speakers import Speaker, SpeakerState
from controller.domain.stops import stops_everything
from controller.ports import Transaction
from controller.services.assignments import Assignments
from controller.services.office import Office
from controller.services.planning.rundowns import Rundowns
from controller.services.together import Together

_IN_ONE_GO: Final = 50
Lack = tuple[tuple[Document, SignedDocument], ...]
Orders = Sequence[tuple[Order, SignedDocument]]


@dataclass(frozen=True, slots=True)
class _Papers:
    """What is stored of some devices."""

    groupings: Mapping[SpeakerId, Grouping]
    assignments: Mapping[DeviceId, tuple[Assignment, SignedDocument]]
    orders: Orders
    had: frozenset[tuple[DeviceId, str]]


class Lacking:
    """Only reads."""

    def __init__(self, office: Office, assignments: Assignments, rundowns: Rundowns) -> None:
        self._store = office.store
        self._clock = office.clock
        self._roster = office.roster
        self._areas = office.areas
        self._secretary = office.secretary
        self._assignments = assignments
        self._rundowns = rundowns
        self._together: Together[DeviceId, Lack] = Together(office.crew, "what devices lack", self._read)

    async def of(self, device_id: DeviceId) -> Lack | None:
        """In the order in which it is to be sent; None where the device must be looked at alone. Raises
        `StoreFailed`.
        """
        return await self._together.get(device_id)

    async def _read(self, device_ids: Sequence[DeviceId]) -> dict[DeviceId, Lack]:
        found: dict[DeviceId, Lack] = {}
        async with self._store.reading() as tx:
            speakers = await tx.speakers.by_devices(device_ids)
            orders = await tx.documents.open_orders(self._clock.now_us())
            papers = _Papers(
                groupings=await tx.groups.of([speaker.speaker_id for speaker in speakers.values()]),
                assignments=await tx.documents.latest_assignments(device_ids),
                orders=orders,
                had=await tx.documents.accepted(device_ids, [order.header.document_id for order, _ in orders]),
            )
            rundowns = await self._rundowns.last_signed(tx, list(speakers.values()))
            for number, (device_id, speaker) in enumerate(speakers.items()):
                if number % _IN_ONE_GO == 0:
                    await asyncio.sleep(0)  # links and pages go on in between
                known = self._marks(device_id)
                lack = () if known is None else await self._lack(tx, speaker, papers, known, rundowns.get(device_id))
                if lack is not None:
                    found[device_id] = lack
        return found

    def _marks(self, device_id: DeviceId) -> dict[DocumentKind, int] | None:
        """None where it has gone meanwhile: it asks again when it is back."""
        present = self._roster.get(device_id)
        if present is None:
            return None
        return {kind: present.marks.get((self._secretary.key_id, kind), 0) for kind in DocumentKind}

    async def _lack(
        self,
        tx: Transaction,
        speaker: Speaker,
        papers: _Papers,
        known: Mapping[DocumentKind, int],
        rundown: Rundown | None,
    ) -> Lack | None:
        if speaker.state is not SpeakerState.ADOPTED:
            return None
        if not self._rundowns.has_it(speaker, rundown, known[DocumentKind.RUNDOWN]):
            return None
        path = await self._areas.path(tx, speaker.area_id)
        grouping = papers.groupings.get(speaker.speaker_id, NO_GROUPS)
        stored, above = papers.assignments.get(speaker.device_id), known[DocumentKind.ASSIGNMENT]
        if stored is None or not self._assignments.still_says(stored[0], speaker, path, grouping, above):
            return None
        orders = _orders(speaker.device_id, path, papers, known[DocumentKind.ORDER])
        if orders is None:
            return None
        return (stored, *orders) if stored[0].header.counter > above else orders


def _orders(device_id: DeviceId, path: tuple[AreaId, ...], papers: _Papers, mark: int) -> Lack | None:
    """Open orders for this device that it is not known to have; None where one must be signed for it."""
    lacking: list[tuple[Document, SignedDocument]] = []
    for order, signed in papers.orders:
        if order.header.counter <= mark and (device_id, order.header.document_id) in papers.had:
            continue
        if addressed(order, device_id, path):
            lacking.append((order, signed))
        elif stops_everything(order):
            return None
    return tuple(lacking)


def addressed(order: Order, device_id: DeviceId, path: tuple[AreaId, ...]) -> bool:
    """True when the order names this device or an area that it stands in."""
    return device_id in order.to.devices or not set(path).isdisjoint(order.to.areas)
