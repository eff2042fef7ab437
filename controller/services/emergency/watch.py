"""What happens by itself to emergencies: their time is over, a stop ends them, speakers come while they last.

After a restart it goes on from what is stored: what was being prepared is made again, what was on the air is on the
air, and whoever has not had it gets it when it connects. A database that fails delays it, and ends nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

from controller.domain import emergencies as rules
from controller.domain.airings import OPEN_STATES, AiringState
from controller.domain.deeds import Deed, DeedKind
from controller.domain.emergencies import By, Emergency, EmergencyState, EndKind
from controller.domain.errors import LoaError, NotFound
from controller.services.delivery import Delivery
from controller.services.emergency.alarm import Alarm
from controller.services.emergency.desk import EmergencyDesk
from controller.services.events import AiringChanged, EmergencyChanged, Event, Lagged, SpeakersChanged, StopChanged
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.waiting import first_of

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_RETRY_US: Final = _SECOND_US
_PACE_US: Final = _SECOND_US
_IDLE_US: Final = 3_600 * _SECOND_US
_UNCONFIRMED_US: Final = 24 * 3_600 * _SECOND_US
"""What nobody confirmed for so long is not offered any more, where it does not say itself until when it holds."""
_STATION: Final = "Loa"
_LATEST_DEEDS: Final = 200
"""Among so many the stop is looked for that ended an emergency a moment ago."""


class EmergencyWatch:
    """One task. `resume` before devices connect, then `run`."""

    def __init__(self, office: Office, desk: EmergencyDesk, alarm: Alarm, delivery: Delivery, outbox: Outbox) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._board = office.board
        self._crew = office.crew
        self._areas = office.areas
        self._where = office.whereabouts
        self._desk = desk
        self._alarm = alarm
        self._delivery = delivery
        self._outbox = outbox
        self._wake = asyncio.Event()
        self._at_once = True
        self._next_us = self._looked_at_us = 0

    async def resume(self) -> None:
        """Takes up what was open. Raises `StoreFailed`."""
        await self._desk.book.load()
        await self._desk.policies.load()
        async with self._store.reading() as tx:
            self._where.stand(await tx.speakers.all())
        for emergency in self._desk.open():
            if emergency.state is EmergencyState.PREPARING:
                self._desk.make(emergency)

    async def run(self) -> None:
        """Until cancelled."""
        async with self._events.subscribe() as events, asyncio.TaskGroup() as group:
            group.create_task(self._listen(events))
            while True:
                self._wake.clear()
                next_us = await self._looked()
                await first_of(self._wake.wait(), self._clock.sleep_until(next_us))

    async def _listen(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            match event:
                case AiringChanged(airing_id=airing_id):
                    # Its board moves with every answer; what matters here is that it is over.
                    if self._board.get(airing_id) is None:
                        self._look_at_once()
                case StopChanged() | EmergencyChanged() | Lagged():
                    self._look_at_once()
                case SpeakersChanged():
                    self._wake.set()  # of thousands at once: in a moment is soon enough
                case _:
                    pass

    def _look_at_once(self) -> None:
        self._at_once = True
        self._wake.set()

    async def _looked(self) -> int:
        """Does what is to be done; returns when to look again at the latest."""
        soon_us = min(self._looked_at_us + _PACE_US, self._next_us)
        if not self._at_once and self._clock.now_us() < soon_us:
            return soon_us
        self._at_once = False
        self._looked_at_us = self._clock.now_us()
        self._next_us = await self._looked_at_all()
        return self._next_us

    async def _looked_at_all(self) -> int:
        next_us = self._clock.now_us() + _IDLE_US
        try:
            async with self._store.reading() as tx:
                self._where.stand(await tx.speakers.all())
            for emergency in self._desk.open():
                next_us = min(next_us, await self._tried(emergency))
        except LoaError:
            _log.exception("emergencies wait for the database")
            return self._clock.now_us() + _RETRY_US
        return next_us

    async def _tried(self, emergency: Emergency) -> int:
        """One that cannot be looked at must not end the others, nor the desk, and with it every stop."""
        try:
            return await self._look(emergency)
        except LoaError:
            raise
        except Exception:
            _log.exception("an emergency could not be looked at", extra={"emergency_id": emergency.emergency_id})
            return self._clock.now_us() + _RETRY_US

    async def _look(self, emergency: Emergency) -> int:
        now_us = self._clock.now_us()
        if emergency.state is not EmergencyState.SENT:
            until_us = emergency.draft.expires_at_us or emergency.changed_at_us + _UNCONFIRMED_US
            if now_us >= until_us:
                expired = replace(emergency, state=EmergencyState.EXPIRED, changed_at_us=now_us)
                await self._desk.book.settle(emergency, expired)
            return max(until_us, now_us + _RETRY_US)
        if self._board.get(emergency.airing_id) is None and (ended := await self._ended(emergency)) is not None:
            await self._desk.book.settle(emergency, ended)
            return now_us + _IDLE_US
        if now_us >= (emergency.until_us or 0):
            return now_us + _RETRY_US  # the clockwork settles its airing first
        await self._joined(emergency)
        return emergency.until_us or now_us + _IDLE_US

    async def _ended(self, emergency: Emergency) -> Emergency | None:
        """As it has ended; None where its airing is not stored yet."""
        async with self._store.reading() as tx:
            try:
                airing = await tx.airings.get(emergency.airing_id)
            except NotFound:
                return None
            deeds = await tx.deeds.latest(_LATEST_DEEDS) if airing.state is AiringState.STOPPED else ()
        if airing.state in OPEN_STATES:
            return None
        end = EndKind.STOPPED if airing.state is AiringState.STOPPED else EndKind.OVER
        by = By(name=_STATION, at_us=self._clock.now_us())
        stop = next((one for one in deeds if self._stopped(emergency, one)), None)
        return rules.over(emergency, end, by if stop is None else By(name=stop.by, at_us=stop.at_us))

    def _stopped(self, emergency: Emergency, deed: Deed) -> bool:
        match deed.what:
            case DeedKind.STOP:
                return deed.subject == emergency.airing_id
            case DeedKind.STOP_AREAS:
                here, there = emergency.draft.area_ids, deed.detail.split()
                inside = any(not self._areas.around(one).isdisjoint(here) for one in there)
                return inside or any(not self._areas.around(one).isdisjoint(there) for one in here)
            case _:
                return deed.what is DeedKind.STOP_ALL

    async def _joined(self, emergency: Emergency) -> None:
        """Speakers that were adopted or moved there while it lasts."""
        devices = await self._alarm.joined(emergency, self._where.meant(emergency.draft.area_ids, self._areas.around))
        for device_id in self._outbox.connected() & set(devices):
            self._crew.spawn(self._delivery.deliver(device_id), f"deliver {device_id}")
