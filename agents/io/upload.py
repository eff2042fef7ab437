"""Takes the journal to the controller over one link.

Rules of the module: a record leaves as soon as it is on the disk, also while the controller is still committing what
was sent before it, up to a few batches ahead. Records go in order and once a link; what the link did not bring home is
sent again over the next one. Only what was sent and is committed is deleted, and only when there is nothing to send.
Where bytes are dear records are gathered for a while first, unless somebody waits for one of them.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from agents.io.database import StateError
from agents.io.journal import JournalStore
from agents.io.timeport import TimePort
from agents.io.waiting import first_of
from agents.io.wire import LinkLost
from agents.protocol.journal import JournalEvent
from agents.protocol.messages import JournalAck, JournalBatch
from agents.protocol.version import LINK_SILENCE_LIMIT_S

BATCHES_AHEAD: Final = 4
"""So many batches may be on their way without an acknowledgement."""
_COMMITTED_WITHIN_US: Final = round(2 * LINK_SILENCE_LIMIT_S * 1e6)


@dataclass(frozen=True, slots=True)
class Gathering:
    """Records wait up to ``gather_us`` for others to go with, unless one of them is ``awaited``."""

    gather_us: int
    awaited: Callable[[JournalEvent], bool]


class Uploader:
    """`run` it once a link; tell it what is acknowledged."""

    def __init__(
        self,
        journal: JournalStore,
        time: TimePort,
        send: Callable[[JournalBatch], Awaitable[None]],
        gathering: Gathering | None = None,
    ) -> None:
        self._journal = journal
        self._time = time
        self._send = send
        self._gathering = gathering
        self._gathered_us: int | None = None
        """Until when what is there waits for more."""
        self._under_way: deque[int] = deque()
        """The last number of every batch that is not acknowledged, the oldest first."""
        self._since_us = 0
        self._sent_seq = 0
        self._committed_seq = 0
        self._deleted_seq = 0
        self._forgotten_seq = 0
        self._leaving = False
        self._news = asyncio.Event()

    def acknowledged(self, ack: JournalAck) -> None:
        """The controller has committed; another journal's number is nobody's here, and what was never sent cannot be
        committed: else one wrong number would let every later record go unread. One above all that was ever written
        says that the disk has forgotten, and begins a new journal.
        """
        if ack.journal_id == self._journal.journal_id:
            if ack.committed_seq > self._journal.last_seq:
                self._forgotten_seq = ack.committed_seq
            else:
                self._committed_seq = max(self._committed_seq, min(ack.committed_seq, self._sent_seq))
            self._news.set()

    def leave(self) -> None:
        """Make `run` return as soon as everything written is committed."""
        self._leaving = True
        self._news.set()

    async def run(self) -> None:
        """Until there is nothing left after `leave`. Raises `LinkLost`."""
        try:
            while True:
                self._news.clear()
                version = self._journal.version
                await self._begin_anew()
                self._count_home()
                if await self._send_next() or await self._delete_committed():
                    continue
                if self._leaving and not self._under_way:
                    return
                await self._until_something(version)
        except StateError as error:
            raise LinkLost(f"the journal cannot be read: {error}") from error

    async def _begin_anew(self) -> None:
        if self._forgotten_seq > self._journal.last_seq:
            await self._journal.acknowledge(self._journal.journal_id, self._forgotten_seq)
            self._under_way.clear()
            self._sent_seq = self._committed_seq = self._deleted_seq = 0
        self._forgotten_seq = 0

    def _count_home(self) -> None:
        while self._under_way and self._under_way[0] <= self._committed_seq:
            self._under_way.popleft()
            self._since_us = self._time.monotonic_us()

    async def _send_next(self) -> bool:
        if len(self._under_way) >= BATCHES_AHEAD:
            return False
        batch = await self._journal.next_batch(self._sent_seq)
        if batch is None or self._gathers(batch):
            return False
        if not self._under_way:
            self._since_us = self._time.monotonic_us()
        self._sent_seq = batch.records[-1].seq
        self._under_way.append(self._sent_seq)
        await self._send(batch)
        return True

    def _gathers(self, batch: JournalBatch) -> bool:
        """Whether this is to wait for more."""
        gathering, now_us = self._gathering, self._time.monotonic_us()
        if gathering is None or self._leaving or any(gathering.awaited(record.event) for record in batch.records):
            self._gathered_us = None
            return False
        if self._gathered_us is None:
            self._gathered_us = now_us + gathering.gather_us
        if now_us < self._gathered_us:
            return True
        self._gathered_us = None
        return False

    async def _delete_committed(self) -> bool:
        home_seq = min(self._committed_seq, self._sent_seq)
        if home_seq <= self._deleted_seq:
            return False
        await self._journal.acknowledge(self._journal.journal_id, home_seq)
        self._deleted_seq = home_seq
        return True

    async def _until_something(self, version: int) -> None:
        """Returns when a record was written or something was told. Raises `LinkLost` where nothing is committed."""
        gathered = [] if self._gathered_us is None else [self._time.sleep_until(self._gathered_us)]
        if not self._under_way:
            await first_of(self._journal.wait_changed(version), self._news.wait(), *gathered)
            return
        late_us = self._since_us + _COMMITTED_WITHIN_US
        if self._time.monotonic_us() >= late_us:
            raise LinkLost("the controller did not acknowledge the journal")
        waiting = [self._news.wait(), self._time.sleep_until(late_us), *gathered]
        if len(self._under_way) < BATCHES_AHEAD:
            waiting.append(self._journal.wait_changed(version))
        await first_of(*waiting)
