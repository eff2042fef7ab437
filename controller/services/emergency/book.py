"""Emergencies about which something is still to be done, in memory and in the database.

What is in memory counts: an emergency is in force the moment it was confirmed, whatever the database does. What is not
urgent is written first and remembered afterwards. What is over is remembered for a while too: until the database knows
it as well, it would give out as waiting, or on the air, what somebody has just withdrawn or ended.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

from controller.domain.deeds import Deed, DeedKind
from controller.domain.emergencies import By, Emergency, EmergencyId, EmergencyState
from controller.domain.errors import NotFound
from controller.domain.paging import Place
from controller.domain.rights import Actor
from controller.services.events import EmergencyChanged
from controller.services.office import Office

_ORDER = (EmergencyState.SENT, EmergencyState.PREPARED, EmergencyState.FAILED, EmergencyState.PREPARING)
_MOST_CLOSED: Final = 1_000
"""So many that are over are remembered, the last ones."""


class EmergencyBook:
    """`load` before anything is asked."""

    def __init__(self, office: Office) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._open: dict[EmergencyId, Emergency] = {}
        self._closed: dict[EmergencyId, Emergency] = {}
        self._changed = asyncio.Event()

    async def load(self) -> None:
        """Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            self._open = {one.emergency_id: one for one in await tx.emergencies.open()}

    def open(self) -> tuple[Emergency, ...]:
        """What is on the air first, then what waits, the last changed first; asks nobody."""
        return tuple(sorted(self._open.values(), key=lambda one: (_ORDER.index(one.state), -one.changed_at_us)))

    def known(self, emergency_id: EmergencyId) -> Emergency | None:
        """The emergency, if it is open."""
        return self._open.get(emergency_id)

    def again_of(self, emergency_id: EmergencyId) -> Emergency | None:
        """The one that says this once more after a stop, while it is open."""
        return next((one for one in self.open() if one.again_of == emergency_id), None)

    async def get(self, emergency_id: EmergencyId) -> Emergency:
        """Raises `NotFound` (``emergency_unknown``), `StoreFailed` for one that is not open."""
        if (found := self.remembered(emergency_id)) is not None:
            return found
        async with self._store.reading() as tx:
            stored = await tx.emergencies.get(emergency_id)
        return self.current(stored)

    def current(self, emergency: Emergency) -> Emergency:
        """The emergency as it is now, whatever happened to it since it was asked for."""
        return self.remembered(emergency.emergency_id) or emergency

    def remembered(self, emergency_id: EmergencyId) -> Emergency | None:
        """One that is open, or was over not long ago; asks nobody."""
        return self._open.get(emergency_id) or self._closed.get(emergency_id)

    def require(self, emergency_id: EmergencyId) -> Emergency:
        """Raises `NotFound` (``emergency_unknown``): it is not open."""
        found = self._open.get(emergency_id)
        if found is None:
            raise NotFound(f"no emergency {emergency_id} is open", code="emergency_unknown")
        return found

    async def latest(self, limit: int, before: Place | None = None) -> tuple[Emergency, ...]:
        """All there were, the last changed first. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            found = await tx.emergencies.latest(limit, before)
        return tuple(self.current(one) for one in found)

    async def wait_ready(self, emergency_id: EmergencyId) -> Emergency:
        """Waits while its sounds are made; the one returned may have failed. Raises `NotFound`, `StoreFailed`."""
        while (found := self._open.get(emergency_id)) is not None and found.state is EmergencyState.PREPARING:
            await self._changed.wait()
        return await self.get(emergency_id)

    def remember(self, emergencies: Iterable[Emergency]) -> None:
        """They are so from now on; who stores them is another question."""
        for one in emergencies:
            self._open.pop(one.emergency_id, None)
            self._closed.pop(one.emergency_id, None)
            if one.open:
                self._open[one.emergency_id] = one
            else:
                self._closed[one.emergency_id] = one
                if len(self._closed) > _MOST_CLOSED:
                    del self._closed[next(iter(self._closed))]
            self._events.publish(EmergencyChanged(one.emergency_id))
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def put(self, emergency: Emergency, deed: Deed | None = None) -> None:
        """Stored, then remembered. Raises `StoreFailed`, and then nothing has changed."""
        await self.store(emergency, deed)
        self.remember([emergency])

    async def settle(self, before: Emergency, after: Emergency, deed: Deed | None = None) -> None:
        """Stored, then remembered, unless somebody has decided about it meanwhile: then that counts, in the database
        too. Raises `StoreFailed`, and then nothing has changed.
        """
        if self.current(before) is not before:
            return
        await self.store(after, deed)
        now = self.current(before)
        if now is before:
            self.remember([after])
        else:
            await self.store(now)

    async def store(self, emergency: Emergency, deed: Deed | None = None) -> None:
        """What is remembered already. Raises `StoreFailed`."""
        async with self._store.transaction() as tx:
            await tx.emergencies.put(emergency)
            if deed is not None:
                await tx.deeds.add(deed)

    def by(self, actor: Actor) -> By:
        """Who does something now."""
        return By(name=actor.name, at_us=self._clock.now_us(), person_id=actor.person_id, called=actor.called)


def deed(emergency: Emergency, what: DeedKind, by: By, detail: str = "") -> Deed:
    """That somebody did something to an emergency."""
    nature = "drill" if emergency.drill else "real"
    told = ": ".join(one for one in (nature, emergency.title, detail) if one)
    return Deed(at_us=by.at_us, by=by.name, what=what, subject=emergency.emergency_id, detail=told)
