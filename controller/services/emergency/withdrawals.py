"""What somebody took back before it was sent, until the database knows.

It is in force at once. Where the database does not take it, it is written beside the database, so that a restart does
not offer it as waiting, and tried again until it is stored.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from controller.domain.deeds import DeedKind
from controller.domain.emergencies import UNSENT_STATES, By, Emergency, EmergencyId, EmergencyState
from controller.domain.errors import StoreFailed
from controller.services.emergency.book import EmergencyBook, deed
from controller.services.office import Office

_log = logging.getLogger(__name__)
_RETRY_US: Final = 1_000_000
_ASIDE_AFTER_S: Final = 0.5
_ANSWERED_WITHIN_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class _Storing:
    """``tried`` once it was stored, or could not be."""

    task: "asyncio.Task[None]"
    tried: asyncio.Event


class Withdrawals:
    """`resume` after the book was loaded."""

    def __init__(self, office: Office, book: EmergencyBook) -> None:
        self._store = office.store
        self._clock = office.clock
        self._crew = office.crew
        self._book = book
        self._unstored: dict[EmergencyId, By] = {}
        self._beside = False
        self._writing = asyncio.Lock()

    async def resume(self) -> None:
        """Takes back what was taken back before a restart."""
        written = await self._written()
        self._beside = bool(written)
        for emergency_id, by in written.items():
            emergency = self._book.known(emergency_id)
            if emergency is not None and emergency.state in UNSENT_STATES:
                self._begin(emergency, by)
        if written and not self._unstored:
            await self._write()

    async def withdraw(self, emergency: Emergency, by: By) -> Emergency:
        """In force when this is called, and where it can be, stored when this returns."""
        withdrawn, storing = self._begin(emergency, by)
        await _within(storing.tried, _ASIDE_AFTER_S)
        if not storing.task.done():
            await self._write()
            await _within(storing.tried, _ANSWERED_WITHIN_S)
        return withdrawn

    def _begin(self, emergency: Emergency, by: By) -> tuple[Emergency, _Storing]:
        withdrawn = replace(emergency, state=EmergencyState.WITHDRAWN, ended=by, changed_at_us=by.at_us)
        self._book.remember([withdrawn])  # before anybody else can confirm it
        self._unstored[emergency.emergency_id] = by
        tried = asyncio.Event()
        return withdrawn, _Storing(self._crew.spawn(self._stored(withdrawn, by, tried), "record what is off"), tried)

    async def _stored(self, withdrawn: Emergency, by: By, tried: asyncio.Event) -> None:
        while not await self._tried(withdrawn, by):
            tried.set()
            await self._clock.sleep_until(self._clock.now_us() + _RETRY_US)
        del self._unstored[withdrawn.emergency_id]
        tried.set()
        if self._beside:
            await self._write()

    async def _tried(self, withdrawn: Emergency, by: By) -> bool:
        try:
            await self._book.store(withdrawn, deed(withdrawn, DeedKind.WITHDRAW_EMERGENCY, by))
        except StoreFailed:
            _log.exception("an emergency is withdrawn, and that is not stored yet")
            return False
        return True

    # --- beside the database ------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        async with self._writing:
            self._beside = bool(self._unstored)
            try:
                await self._store.aside.write(msgspec.json.encode(self._unstored))
            except StoreFailed:
                _log.exception("what was withdrawn could not be written beside the database either")

    async def _written(self) -> Mapping[EmergencyId, By]:
        try:
            words = await self._store.aside.read()
            return msgspec.json.decode(words, type=dict[EmergencyId, By]) if words else {}
        except (StoreFailed, msgspec.DecodeError):
            _log.exception("what stands beside the database could not be read")
            return {}


async def _within(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
