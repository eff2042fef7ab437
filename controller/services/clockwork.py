"""What happens by itself to open airings: "now" begins, airings come on the air, end, or expire.

It looks at an airing when its evidence or a link changed, and at the instants `sending.next_step` names. A database
that fails delays it, and ends nothing.
"""

import heapq
import logging
from dataclasses import replace
from typing import Final

from agents.protocol.documents import Audience, Start
from agents.protocol.ids import AiringId, SpeakerId
from agents.protocol.values import DocumentKind
from controller.domain import evidence, sending
from controller.domain.airings import AiringState, PlayState
from controller.domain.errors import StoreFailed
from controller.domain.orders import airing_of
from controller.services.board import OpenAiring
from controller.services.events import AiringChanged
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.waiting import first_of

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_RETRY_US: Final = _SECOND_US
_IDLE_US: Final = 3_600 * _SECOND_US
_LEFT_OVER: Final = 1_000
"""Instants that were overtaken by others are thrown away when there are so many of them."""


class Clockwork:
    """Moves open airings on. One task; nothing else decides about them."""

    def __init__(self, office: Office, outbox: Outbox) -> None:
        self._store = office.store
        self._outbox = outbox
        self._secretary = office.secretary
        self._clock = office.clock
        self._board = office.board
        self._events = office.events
        self._planning = office.planning
        self._timing = sending.Timing(
            start_lead_us=round(office.settings.start_lead_s * _SECOND_US),
            now_wait_us=round(office.settings.now_wait_s * _SECOND_US),
            end_margin_us=round(office.settings.end_margin_s * _SECOND_US),
            lateness_us=round(office.settings.lateness_window_s * _SECOND_US),
        )

    async def resume(self) -> None:
        """Takes up airings that were open when the controller ended. Raises `StoreFailed`.

        Speakers that already had one are waited for as if they were connected: all of them are about to dial again.
        """
        now_us = self._clock.now_us()
        async with self._store.reading() as tx:
            devices = {speaker.speaker_id: speaker.device_id for speaker in await tx.speakers.all()}
            orders = await tx.documents.open_orders(now_us)
            for airing in await tx.airings.open():
                self._board.put(
                    OpenAiring(
                        airing=airing,
                        playbacks={one.speaker_id: one for one in await tx.airings.playbacks(airing.airing_id)},
                        devices={one: devices[one] for one in airing.speaker_ids if one in devices},
                        orders=[
                            order.header.document_id for order, _ in orders if airing_of(order) == airing.airing_id
                        ],
                        to=next((order.to for order, _ in orders if airing_of(order) == airing.airing_id), None),
                        grace_until_us=now_us + self._timing.now_wait_us,
                    )
                )

    async def run(self) -> None:
        """Until cancelled."""
        due_us: dict[AiringId, int] = {}
        queue: list[tuple[int, AiringId]] = []
        while True:
            now_us = self._clock.now_us()
            wanted = {entry.airing.airing_id: entry for entry in self._board.take_touched()}
            while queue and queue[0][0] <= now_us:
                at_us, airing_id = heapq.heappop(queue)
                entry = self._board.get(airing_id)
                if entry is None:
                    due_us.pop(airing_id, None)
                elif due_us.get(airing_id) == at_us:
                    wanted[airing_id] = entry
            for airing_id, entry in wanted.items():
                due_us[airing_id] = await self._look(entry)
                heapq.heappush(queue, (due_us[airing_id], airing_id))
            if len(queue) > 2 * len(due_us) + _LEFT_OVER:
                due_us = {one: at_us for one, at_us in due_us.items() if self._board.get(one) is not None}
                queue = sorted((at_us, one) for one, at_us in due_us.items())
            until_us = queue[0][0] if queue else now_us + _IDLE_US
            await first_of(self._board.changed(), self._clock.sleep_until(until_us))

    async def _look(self, entry: OpenAiring) -> int:
        """Does what is to be done about one airing; returns when to look again at the latest."""
        try:
            return await self._moved(entry)
        except StoreFailed:
            _log.exception("an airing waits for the database", extra={"airing_id": entry.airing.airing_id})
            return self._clock.now_us() + _RETRY_US

    async def _moved(self, entry: OpenAiring) -> int:
        now_us = self._clock.now_us()
        playbacks = tuple(entry.playbacks.values())
        reported = evidence.reported_state(entry.airing, playbacks)
        if reported is AiringState.ENDED and entry.unstored:
            return now_us + _RETRY_US
        if reported is not entry.airing.state:
            await self._set(entry, reported)
            if reported is AiringState.ENDED:
                return now_us + _IDLE_US
        connected = self._connected(entry)
        awaited = connected | self._soon_again(entry, now_us)
        step = sending.next_step(entry.airing, entry.states, connected, awaited, timing=self._timing, now_us=now_us)
        match step:
            case sending.Begin(start_at_us):
                await self._begin(entry, start_at_us)
                return start_at_us
            case sending.Settle() if entry.unstored:
                return now_us + _RETRY_US
            case sending.Settle():
                await self._set(entry, evidence.settled_state(entry.airing, playbacks))
                return now_us + _IDLE_US
            case sending.Wait(until_us):
                return min(until_us, entry.grace_until_us) if entry.grace_until_us > now_us else until_us

    def _connected(self, entry: OpenAiring) -> frozenset[SpeakerId]:
        connected = self._outbox.connected()
        return frozenset(one for one in entry.playbacks if entry.devices.get(one) in connected)

    def _soon_again(self, entry: OpenAiring, now_us: int) -> frozenset[SpeakerId]:
        """After a restart: speakers that had the airing before it."""
        if now_us >= entry.grace_until_us:
            return frozenset()
        return frozenset(one for one, state in entry.states.items() if state is not PlayState.PLANNED)

    async def _begin(self, entry: OpenAiring, start_at_us: int) -> None:
        """One start order for all. The instant counts from the decision, so that storing it costs no delay."""
        airing = entry.airing
        await self._secretary.stock(DocumentKind.ORDER)
        to = entry.to or Audience(devices=tuple(entry.devices.values()))
        not_after_us = start_at_us + airing.duration_us + airing.lateness_window_us
        start = Start(airing_id=airing.airing_id, start_at_us=start_at_us)
        order, signed = self._secretary.order(to, start, not_after_us)
        async with self._store.transaction() as tx:
            if not self._is_open(entry):
                return
            await tx.airings.begin(airing.airing_id, start_at_us)
            await tx.documents.put(order, signed)
        entry.orders.append(order.header.document_id)
        self._became(entry, AiringState.PLANNED, start_at_us)
        self._planning.wake()  # it takes air and airtime that something else was to have
        self._outbox.push_all_behind(self._outbox.connected() & set(entry.devices.values()), order, signed)

    async def _set(self, entry: OpenAiring, state: AiringState) -> None:
        over = state in {AiringState.ENDED, AiringState.EXPIRED}
        async with self._store.transaction() as tx:
            if not self._is_open(entry):
                return
            await tx.airings.set_state(entry.airing.airing_id, state)
            if over:
                await tx.documents.close_orders(entry.orders)
        if over:
            self._board.remove(entry.airing.airing_id)
        self._became(entry, state, entry.airing.start_at_us)

    def _is_open(self, entry: OpenAiring) -> bool:
        """False when a person stopped it while this waited for its turn to write."""
        return self._board.get(entry.airing.airing_id) is entry

    def _became(self, entry: OpenAiring, state: AiringState, start_at_us: int | None) -> None:
        entry.airing = replace(entry.airing, state=state, start_at_us=start_at_us)
        self._events.publish(AiringChanged(entry.airing.airing_id))
