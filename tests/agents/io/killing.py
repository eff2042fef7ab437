"""Kills a writer of journal, documents and clips at random points, thirty times, and looks what is left.

To be run by itself with an empty directory: it forks, which a test runner full of threads should not.
"""

import asyncio
import hashlib
import os
import random
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from agents.domain.now import Now
from agents.io.clips import ClipSettings, ClipStore
from agents.io.journal import Entry
from agents.io.state import StateStore
from agents.protocol.documents import Stop
from agents.protocol.journal import Stored
from agents.protocol.values import ClockBasis
from tests.agents.making import T0_US, Desk, clip_bytes, ref_of

ROUNDS = 30
NOW = Now(1, T0_US, 500, ClockBasis.LINK)
DESK = Desk()


async def work(directory: Path, pipe: int, first: int) -> None:
    """Says each thing on the pipe once it is acknowledged. Runs until it is killed."""
    state, clips = StateStore(directory), ClipStore(directory / "clips", ClipSettings(floor_bytes=0))
    await state.open()
    await clips.open()
    number = first
    while True:
        number += 1
        await state.journal.write([Entry(Stored(airing_id=f"air-{number}"), NOW)], starting=[f"air-{number}"])
        os.write(pipe, f"seq {state.journal.last_seq} air-{number}\n".encode())
        order = DESK.order(Stop(), counter=number)
        await state.accept(DESK.sign(order), order, T0_US)
        os.write(pipe, f"counter {number} -\n".encode())
        content = clip_bytes(f"clip-{number}", 200_000)
        partial = await clips.begin(ref_of(content))
        for begin in range(partial.offset, len(content), 50_000):
            partial.write(content[begin : begin + 50_000])
        await clips.finish(partial)
        os.write(pipe, f"clip {number} -\n".encode())


async def look(directory: Path, said: list[list[str]]) -> None:
    """Everything that was said must be there, and nothing half."""
    state, clips = StateStore(directory), ClipStore(directory / "clips", ClipSettings(floor_bytes=0))
    await state.open()
    await clips.open()
    assert not state.was_damaged
    records = await state._database.run(lambda db: db.execute("SELECT seq FROM journal ORDER BY seq").fetchall())
    seqs = [seq for (seq,) in records]
    assert seqs == list(range(1, len(seqs) + 1)), f"holes in {seqs}"
    assert state.journal.last_seq == len(seqs)
    kept = await state.load()
    for kind, number, airing_id in said:
        if kind == "seq":
            assert int(number) <= len(seqs), "a record is lost"
            assert kept.marks[airing_id].stored
            assert kept.marks[airing_id].starting
        elif kind == "counter":
            assert max(kept.counters.values()) >= int(number), "a counter is lost"
        else:
            await clips.verify(ref_of(clip_bytes(f"clip-{number}", 200_000)))
    for path in (directory / "clips").glob("*.opus"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem, "a clip that is not whole"
    await state.close(clean=False)


def fork(coroutine: Coroutine[object, object, None]) -> int:
    """Runs it in a child; returns its process id."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            asyncio.run(coroutine)
            code = 0
        except BaseException as error:
            print(repr(error), flush=True)
        finally:
            os._exit(code)
    coroutine.close()
    return pid


def main(directory: Path) -> int:
    chance = random.Random(7)
    said: list[list[str]] = []
    for number in range(ROUNDS):
        reading, writing = os.pipe()
        writer = fork(work(directory, writing, number * 1_000))
        os.close(writing)
        lines = 0
        wanted = chance.randint(1, 15)
        with os.fdopen(reading) as pipe:
            for line in pipe:
                said.append(line.split())
                lines += 1
                if lines == wanted:
                    # Anywhere in what follows: within the next few writes.
                    chance_us = chance.randint(0, 3_000)
                    signal.sigtimedwait([], chance_us / 1e6)
                    os.kill(writer, signal.SIGKILL)
                    break
            said += [line.split() for line in pipe if line.endswith("\n")]
        os.waitpid(writer, 0)
        looker = fork(look(directory, said))
        if os.waitpid(looker, 0)[1] != 0:
            return 1
        print("survived", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
