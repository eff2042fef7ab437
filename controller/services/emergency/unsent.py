"""The sounds of emergencies that were never sent are dropped: nobody will hear them.

Rules: only when the database knows too that it was withdrawn, or that its time was over; a restart must not find it
waiting without its sound. What was missed while the station was off is done when it starts. A recording that somebody
handed in for it stays until then: it may be in a form that is just being filled in. Whatever fails is tried again
later, and ends nothing: the desk goes on, and with it every stop.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

from controller.domain.emergencies import NEVER_SENT, Emergency, EmergencyId
from controller.domain.errors import StoreFailed
from controller.domain.paging import Place
from controller.services.bell import Bell
from controller.services.emergency.book import EmergencyBook
from controller.services.events import EmergencyChanged, Event, Lagged
from controller.services.leftovers import Leftovers
from controller.services.office import Office
from controller.services.waiting import first_of

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_RETRY_US: Final = 5 * _SECOND_US
AGAIN_US: Final = 300 * _SECOND_US
"""What failed, and not because of the database, is tried again then."""
_IDLE_US: Final = 3_600 * _SECOND_US
_PAGE: Final = 200


class UnsentSounds:
    """One task."""

    def __init__(self, office: Office, book: EmergencyBook, leftovers: Leftovers) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._book = book
        self._leftovers = leftovers
        self._bell = Bell()
        self._waiting: dict[EmergencyId, int] = {}  # with when to look
        self._all = True

    async def run(self) -> None:
        """Until cancelled."""
        async with self._events.subscribe() as events, asyncio.TaskGroup() as group:
            group.create_task(self._listen(events))
            while True:
                next_us = await self._looked()
                await first_of(self._bell.wait(), self._clock.sleep_until(next_us))

    async def _listen(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            match event:
                case EmergencyChanged(emergency_id=emergency_id):
                    known = self._book.remembered(emergency_id)
                    if known is not None and _has_sounds(known):
                        self._waiting[emergency_id] = 0
                        self._bell.wake()
                case Lagged():
                    self._all = True
                    self._bell.wake()
                case _:
                    pass

    async def _looked(self) -> int:
        """Does what is to be done; returns when to look again at the latest."""
        now_us = self._clock.now_us()
        try:
            if self._all:
                self._waiting.update(dict.fromkeys(await self._stored(), 0))
                self._all = False
            for emergency_id in sorted(one for one, at_us in self._waiting.items() if at_us <= now_us):
                await self._tried(emergency_id, now_us)
            await self._leftovers.sweep()
        except StoreFailed:
            _log.exception("sounds of emergencies that were never sent wait for the database")
            return now_us + _RETRY_US
        except Exception:
            _log.exception("sounds of emergencies that were never sent could not be dropped")
            return now_us + AGAIN_US
        later = [at_us for at_us in (*self._leftovers.due_us, *self._waiting.values()) if at_us > now_us]
        return min([*later, now_us + _IDLE_US])

    async def _tried(self, emergency_id: EmergencyId, now_us: int) -> None:
        """No other waits for one that fails. Raises `StoreFailed`."""
        self._waiting[emergency_id] = now_us + _RETRY_US  # where the database does not know yet
        try:
            await self._look(emergency_id)
        except StoreFailed:
            self._waiting[emergency_id] = now_us
            raise
        except Exception:
            _log.exception("sounds that nobody will hear stay", extra={"emergency_id": emergency_id})
            self._waiting[emergency_id] = now_us + AGAIN_US

    async def _stored(self) -> set[EmergencyId]:
        """Those of which something is left."""
        found: set[EmergencyId] = set()
        before: Place | None = None
        while True:
            async with self._store.reading() as tx:
                page = await tx.emergencies.never_sent(_PAGE, before)
            found.update(one.emergency_id for one in page if _has_sounds(one))
            if len(page) < _PAGE:
                return found
            before = Place(page[-1].changed_at_us, page[-1].emergency_id)

    async def _look(self, emergency_id: EmergencyId) -> None:
        async with self._store.reading() as tx:
            stored = await tx.emergencies.get(emergency_id)
        if stored.state not in NEVER_SENT:
            return  # the database does not know yet
        if not _has_sounds(self._book.current(stored)):
            self._waiting.pop(emergency_id, None)
            return
        await self._leftovers.drop(stored.sound_ids.values())
        silent = replace(self._book.current(stored), sound_ids={}, sequence=())
        await self._book.store(silent)
        self._waiting.pop(emergency_id, None)
        if self._book.remembered(emergency_id) is not None:
            self._book.remember([silent])


def _has_sounds(emergency: Emergency) -> bool:
    return emergency.state in NEVER_SENT and bool(emergency.sound_ids)
