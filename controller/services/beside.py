"""What is in force and the database does not have yet, kept beside it.

A stop, an emergency, its end, or that somebody took one back: all hold at once, whatever the database does. Where it
takes longer than a moment, or fails, what is to be stored is written into a small file beside it, and a controller that
is killed then, or ended, writes it into the database before anything else when it starts. `write` is the one way into
the database for both.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Final

import msgspec

from agents.protocol.codec import decode_document
from agents.protocol.documents import SignedDocument
from agents.protocol.ids import AiringId
from controller.domain.airings import Airing, AiringState
from controller.domain.deeds import Deed
from controller.domain.emergencies import Emergency
from controller.domain.errors import NotFound, StoreFailed
from controller.ports import Store, Transaction
from controller.services.crew import Crew

_log = logging.getLogger(__name__)
_AFTER_S: Final = 0.3
_NEARLY_S: Final = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Unwritten:
    """One unit of what is to be stored: orders, emergencies as they are now, those that are ``over``, the airing that
    an emergency is, airings that were ``stopped``, and the deed that it was.
    """

    deed: Deed
    orders: tuple[SignedDocument, ...] = ()
    emergencies: tuple[Emergency, ...] = ()
    over: tuple[Emergency, ...] = ()
    airing: Airing | None = None
    stopped: tuple[AiringId, ...] = ()


async def write(tx: Transaction, what: Unwritten) -> None:
    """Into the database, as far as ``tx`` is committed."""
    for one in what.emergencies:
        await tx.emergencies.put(one)
    if what.airing is not None:
        await tx.airings.add(what.airing)
    for signed in what.orders:
        await tx.documents.put(decode_document(signed.payload), signed)
    for airing_id in what.stopped:
        await tx.airings.set_state(airing_id, AiringState.STOPPED)
    for ended in what.over:
        await _over(tx, ended)
    await tx.deeds.add(what.deed)


async def _over(tx: Transaction, ended: Emergency) -> None:
    await tx.emergencies.put(ended)
    await tx.airings.set_state(ended.airing_id, AiringState.ENDED)
    if ended.ended is not None and ended.starts_at_us is not None:  # it could have been heard for hours
        over_us = min(ended.ended.at_us, ended.until_us or ended.ended.at_us)
        await tx.airings.shorten(ended.airing_id, max(0, over_us - ended.starts_at_us))
    await tx.documents.close_orders([ended.order_id])


class Beside:
    """`take_up` before anything is read from the database."""

    def __init__(self, store: Store, crew: Crew) -> None:
        self._store = store
        self._crew = crew
        self._there: dict[int, Unwritten] = {}
        self._count = 0
        self._writing = asyncio.Lock()

    async def take_up(self) -> None:
        """Stores what the database did not have when the controller ended. Raises `StoreFailed`."""
        there = await self._read()
        for what in there:
            async with self._store.transaction() as tx:
                if not await _stored(tx, what):
                    await write(tx, what)
                    _log.warning("stored what the database had not taken before the restart: %s", what.deed.what)
        if there:
            await self._write()

    def guard(self, stored: "asyncio.Task[None]", tried: asyncio.Event, what: Unwritten) -> asyncio.Event:
        """Sees to it that ``what``, which ``stored`` is storing, outlasts the program. ``tried`` is set once that was
        tried. Returns what is set as soon as it does, or cannot.
        """
        safe = asyncio.Event()
        stored.add_done_callback(lambda _: safe.set())
        self._crew.spawn(self._guarded(stored, tried, what, safe), f"beside {what.deed.subject}")
        return safe

    async def _guarded(
        self, stored: "asyncio.Task[None]", tried: asyncio.Event, what: Unwritten, safe: asyncio.Event
    ) -> None:
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_AFTER_S):
                    await tried.wait()
            await asyncio.wait([stored], timeout=_NEARLY_S)
        except asyncio.CancelledError:  # the program ends
            if not stored.done() or stored.cancelled():
                await self._put(what)
            raise
        if stored.done() and not stored.cancelled():
            return
        number = await self._put(what)
        safe.set()
        await asyncio.wait([stored])
        if not stored.cancelled():
            del self._there[number]
            await self._write()

    async def _put(self, what: Unwritten) -> int:
        self._count += 1
        self._there[self._count] = what
        await self._write()
        return self._count

    async def _write(self) -> None:
        async with self._writing:
            try:
                await self._store.aside.write(msgspec.json.encode(list(self._there.values())))
            except StoreFailed:
                _log.exception("what is not stored could not be written beside the database either")

    async def _read(self) -> tuple[Unwritten, ...]:
        try:
            words = await self._store.aside.read()
            return msgspec.json.decode(words, type=tuple[Unwritten, ...]) if words else ()
        except (StoreFailed, msgspec.DecodeError):
            _log.exception("what stands beside the database could not be read")
            return ()


async def _stored(tx: Transaction, what: Unwritten) -> bool:
    """Whether the database has it: the program may have been killed before it took it from the file."""
    if what.orders:
        names = [decode_document(one.payload).header.document_id for one in what.orders]
        return bool(await tx.documents.there(names))
    for one in what.emergencies:
        with contextlib.suppress(NotFound):
            if (await tx.emergencies.get(one.emergency_id)).state is one.state:
                return True
    return False
