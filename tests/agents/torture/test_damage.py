"""What was on the disk is damaged behind the program's back: by a card that lies about fsync, or that rots.

Nothing can be promised then but this: the program starts, still belongs to its controller, and obeys. Where the state
itself was damaged it says that records were lost. Where the newest part of it was, it goes on from before that: then it
is the controller that notices, by the numbers (see `JournalStore.acknowledge`).
"""

import random
import shutil
from pathlib import Path

import pytest

from agents.protocol.documents import Stop
from agents.protocol.journal import RecordsLost, Stored
from tests.agents.io.core import Agent, Station, adopt, eventually, push, running
from tests.agents.making import HOUR_US, T0_US, airing

SECTOR_BYTES = 512
RECORDS = 300
PAGE_BYTES = 4_096


@pytest.fixture
async def station() -> Station:
    return Station("http://127.0.0.1:9", {})


async def made(directory: Path, station: Station) -> Path:
    """The state of a box that is at work: adopted, with a rundown and a journal that nobody collected."""
    async with running(directory / "work") as agent:
        await adopt(agent, station)
        agent.conductor.fetch_from(None)
        await push(agent, station, station.desk.rundown(airing("far", start_at_us=T0_US + 20 * HOUR_US)))
        agent.conductor._performer.record([Stored(airing_id=f"air-{number}") for number in range(RECORDS)])
        await push(agent, station, station.desk.order(Stop()))
        await eventually(lambda: _all_written(agent))
        return shutil.copytree(directory / "work", directory / "sound")


async def _all_written(agent: Agent) -> bool:
    return await records(agent) > RECORDS


async def records(agent: Agent) -> int:
    """How many records can be handed in, in whole batches; each is read."""
    count, last = 0, 0
    while batch := await agent.conductor.journal.next_batch(last):
        count, last = count + len(batch.records), batch.records[-1].seq
    return count


def damaged(file: Path, chance: random.Random) -> str:
    """Damages it in one of the ways of memory cards; returns which."""
    content = bytearray(file.read_bytes())
    size = len(content)
    begin = chance.randrange(0, max(1, size), SECTOR_BYTES)
    match manner := chance.choice(("cut", "zeros", "noise", "bit", "elsewhere", "empty", "gone")):
        case "cut":
            del content[begin:]
        case "zeros":
            content[begin : begin + PAGE_BYTES] = bytes(min(PAGE_BYTES, size - begin))
        case "noise":
            content[begin : begin + SECTOR_BYTES] = chance.randbytes(min(SECTOR_BYTES, size - begin))
        case "bit":
            for _ in range(8):
                content[chance.randrange(size)] ^= 1 << chance.randrange(8)
        case "elsewhere":
            other = chance.randrange(0, max(1, size), PAGE_BYTES)
            content[begin : begin + PAGE_BYTES] = content[other : other + PAGE_BYTES]
        case "empty":
            content.clear()
        case _:
            file.unlink()
            return manner
    file.write_bytes(content)
    return manner


@pytest.mark.parametrize("name", ["agent.db", "agent.db-wal"])
async def test_however_its_state_is_damaged_a_box_starts_and_tells(tmp_path: Path, station: Station, name: str) -> None:
    sound = await made(tmp_path, station)
    chance = random.Random(name)
    for number in range(40):
        box = tmp_path / f"box-{number}"
        shutil.copytree(sound, box)
        manner = damaged(box / name, chance)
        async with running(box) as agent:
            assert agent.state.pinned() == station.pinned(), manner
            stop = station.desk.order(Stop(), issued_at_us=agent_now(agent))
            await push(agent, station, stop)
            told = await told_of_loss(agent)
            assert told or await records(agent) > RECORDS or name == "agent.db-wal", (
                f"number {number}, {manner}: records are gone and nobody says so"
            )
        shutil.rmtree(box)


async def told_of_loss(agent: Agent) -> bool:
    last = 0
    while batch := await agent.conductor.journal.next_batch(last):
        if any(isinstance(record.event, RecordsLost) for record in batch.records):
            return True
        last = batch.records[-1].seq
    return False


def agent_now(agent: Agent) -> int:
    agent.know_time()
    return agent.clock.to_controller(agent.time.monotonic_us())
