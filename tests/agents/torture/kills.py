"""Kills the program at random moments, again and again, and looks each time whether anything is lost.

    python -m tests.agents.torture.kills DIRECTORY [--count 200] [--seed N] [--seconds 600]

It is a program of its own because it forks, which a test runner full of threads should not: a fork is the cheapest way
to a fresh process. Every life begins by looking at what the ones before left, and may be killed while it does.
"""

import argparse
import asyncio
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from tests.agents.torture.lives import Life
from tests.agents.torture.said import Lost, Said

LIVES_A_BOX: Final = 100
"""After so many kills a new box begins, so that looking does not take longer and longer."""


class Torture:
    """``done`` kills so far; ``in_opening`` of them hit a program that had not come to work."""

    def __init__(self, directory: Path, seed: int) -> None:
        self._directory = directory
        self._chance = random.Random(seed)
        self._box = 0
        self._epoch_us = 0
        self.done = 0
        self.in_opening = 0
        self.facts = 0
        self.said = Said()

    def kill_once(self) -> None:
        """One life and its end. Raises `Lost`."""
        if self.done % LIVES_A_BOX == 0:
            self._new_box()
        lives = self.said.lives
        self._live(lambda life: life.work(None), self._moment())
        self.in_opening += self.said.lives == lives
        self.done += 1
        if self.done % LIVES_A_BOX == 0:
            self.rest()

    def rest(self) -> None:
        """A life that is not killed. After it every airing has ended once. Raises `Lost`."""
        self._live(lambda life: life.rest(), None)

    def _new_box(self) -> None:
        self._box += 1
        self.facts += len(self.said.records) + len(self.said.orders)
        self.said = Said()
        self._epoch_us = time.monotonic_ns() // 1_000
        shutil.rmtree(self._directory / f"box-{self._box - 1}", ignore_errors=True)

    def _moment(self) -> tuple[int, float]:
        """Kill after so many facts, and so many seconds after that: some while the program opens its files."""
        if self._chance.random() < 0.15:
            return 0, self._chance.uniform(0, 0.03)
        return self._chance.randint(1, 60), self._chance.uniform(0, 0.004)

    def _live(self, what: Callable[[Life], Awaitable[None]], moment: tuple[int, float] | None) -> None:
        reading, writing = os.pipe()
        seed = self._chance.random()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            self._child(what, writing, seed)
        os.close(writing)
        with os.fdopen(reading, encoding="ascii") as pipe:
            if moment is not None:
                self._wait_and_kill(pid, pipe.fileno(), moment)
            for line in pipe:
                if line.endswith("\n"):
                    if line.startswith("lost: "):
                        raise Lost(line[6:])
                    self.said.hear(line)
        _, status = os.waitpid(pid, 0)
        if status not in (signal.SIGKILL, 0):
            raise Lost(f"the program ended by itself, with status {status}")

    def _wait_and_kill(self, pid: int, pipe: int, moment: tuple[int, float]) -> None:
        facts, after_s = moment
        chunks = b""
        while chunks.count(b"\n") < facts:
            chunk = os.read(pipe, 256)
            if not chunk:
                break
            chunks += chunk
        signal.sigtimedwait([], after_s)
        os.kill(pid, signal.SIGKILL)
        left = chunks + _drained(pipe)
        for line in left.decode("ascii").splitlines(keepends=True):
            if line.startswith("lost: "):
                raise Lost(line[6:])
            if line.endswith("\n"):
                self.said.hear(line)

    def _child(self, what: Callable[[Life], Awaitable[None]], pipe: int, seed: float) -> None:
        async def live() -> None:
            life = Life(self._directory / f"box-{self._box}", self.said, self._epoch_us, random.Random(seed), pipe)
            await life.open()
            await what(life)

        code = 1
        try:
            asyncio.run(live())
            code = 0
        except BaseException as error:
            sentence = " / ".join(traceback.format_exception(error)).replace("\n", " ")
            os.write(pipe, f"lost: {sentence}\n".encode("ascii", "replace"))
        finally:
            os._exit(code)


def _drained(pipe: int) -> bytes:
    chunks = []
    while chunk := os.read(pipe, 65_536):
        chunks.append(chunk)
    return b"".join(chunks)


def main(arguments: list[str]) -> int:
    """The exit status: 0 where nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--seconds", type=float, default=600.0, help="begin no new life after so long")
    chosen = parser.parse_args(arguments)
    print(f"seed {chosen.seed}", flush=True)
    torture = Torture(chosen.directory, chosen.seed)
    began = time.monotonic()
    try:
        while torture.done < chosen.count and time.monotonic() - began < chosen.seconds:
            torture.kill_once()
            if torture.done % 100 == 0:
                print(f"{torture.done} kills in {time.monotonic() - began:.0f} s", flush=True)
        if torture.done % LIVES_A_BOX:
            torture.rest()
    except Lost as error:
        print(f"after kill {torture.done}: {error}", flush=True)
        return 1
    print(f"survived {torture.done} kills, {torture.in_opening} of them while it opened its files", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
