"""The state that an agent keeps, to be opened again and again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agents.domain.now import Now
from agents.io.journal import Entry, JournalSettings
from agents.io.kept import Pinned
from agents.io.state import StateStore
from agents.protocol.journal import JournalEvent, Sounding, Stored
from agents.protocol.values import ClockBasis
from tests.agents.making import T0_US

NOW = Now(1, T0_US, 500, ClockBasis.LINK)
PINNED = Pinned(controller_id="c-1", static_key=b"s" * 32, signing_key=b"k" * 32, urls=("ws://station/link",))
SOUNDING = Sounding(airing_id="air-1", planned_start_us=T0_US, actual_start_us=T0_US, start_error_us=0)


@asynccontextmanager
async def opened(directory: Path, **journal: int) -> AsyncIterator[StateStore]:
    store = StateStore(directory, JournalSettings(**journal) if journal else None)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def write(store: StateStore, *events: JournalEvent) -> None:
    await store.journal.write([Entry(event, NOW) for event in events])


def stored(number: int) -> Stored:
    return Stored(airing_id=f"air-{number}")


async def seqs(store: StateStore) -> list[int]:
    batch = await store.journal.next_batch()
    return [] if batch is None else [record.seq for record in batch.records]
