"""What somebody took back before it was sent.

It is in force at once, and stored as soon as the database takes it; `beside` sees to it that a restart does not offer
it as waiting.
"""

import asyncio
import contextlib
import logging
from dataclasses import replace
from typing import Final

from controller.domain.deeds import Deed, DeedKind
from controller.domain.emergencies import By, Emergency, EmergencyState
from controller.domain.errors import StoreFailed
from controller.services.beside import Unwritten
from controller.services.emergency.book import EmergencyBook, deed
from controller.services.office import Office

_log = logging.getLogger(__name__)
_RETRY_US: Final = 1_000_000
_ANSWERED_WITHIN_S: Final = 2.0


class Withdrawals:
    """Of the emergencies of ``book``."""

    def __init__(self, office: Office, book: EmergencyBook) -> None:
        self._clock = office.clock
        self._crew = office.crew
        self._beside = office.beside
        self._book = book

    async def withdraw(self, emergency: Emergency, by: By) -> Emergency:
        """In force when this is called, and where it can be, stored when this returns."""
        withdrawn = replace(emergency, state=EmergencyState.WITHDRAWN, ended=by, changed_at_us=by.at_us)
        self._book.remember([withdrawn])  # before anybody else can confirm it
        what = Unwritten(deed=deed(withdrawn, DeedKind.WITHDRAW_EMERGENCY, by), emergencies=(withdrawn,))
        tried = asyncio.Event()
        task = self._crew.spawn(self._until_stored(withdrawn, what.deed, tried), "record what is off")
        safe = self._beside.guard(task, tried, what)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ANSWERED_WITHIN_S):
                await safe.wait()
        return withdrawn

    async def _until_stored(self, withdrawn: Emergency, done: Deed, tried: asyncio.Event) -> None:
        while True:
            try:
                await self._book.store(withdrawn, done)
                return
            except StoreFailed:
                _log.exception("an emergency is withdrawn, and that is not stored yet")
            finally:
                tried.set()
            await self._clock.sleep_until(self._clock.now_us() + _RETRY_US)
