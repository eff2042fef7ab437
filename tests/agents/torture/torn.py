"""Cuts the power at random calls, tears what was not on the disk yet, and looks whether anything is lost.

    python -m tests.agents.torture.torn DIRECTORY [--cuts 300] [--steps 150] [--seed N]

Two lives are recorded by strace. A cut may come before or after any of their calls to write, sync, rename and remove;
`disk` says what may be there then. Covered is what the program asks of the file system and in what order. Not covered
are disks that lie about fsync, and damage to what was synced: for that, see `damage`.
"""

import argparse
import asyncio
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.agents.torture.disk import TRACED, Call, Disk, calls
from tests.agents.torture.lives import Life
from tests.agents.torture.said import Lost, Said

REST_EVERY: Final = 10
"""After so many cuts one is followed by a life that goes on to the end of all airings."""


def record(directory: Path, steps: int, seed: int) -> Path:
    """Two lives below ``directory``; returns what strace wrote. Raises `CalledProcessError`."""
    trace, said = directory / "trace", directory / "said"
    said.touch()
    for number in range(2):
        with said.open("ab") as out:
            subprocess.run(
                [
                    *("strace", "-f", "-y", "-xx", "-s", "1000000", "-e", f"trace={TRACED}", "-o", f"{trace}.{number}"),
                    *(sys.executable, "-m", "tests.agents.torture.torn", str(directory), "--live", str(steps)),
                    *("--seed", str(seed + number)),
                ],
                stdout=out,
                check=True,
            )
    with trace.open("wb") as whole:
        for number in range(2):
            whole.write(Path(f"{trace}.{number}").read_bytes())
    return trace


def live(directory: Path, steps: int, seed: int) -> None:
    """A life of so many steps that ends without tidying up; says its facts on standard output."""
    said = Said()
    for line in (directory / "said").read_text("ascii").splitlines():
        said.hear(line)

    async def run() -> None:
        life = Life(directory / "state", said, epoch_us(directory), random.Random(seed), sys.stdout.fileno())
        await life.open()
        await life.work(steps)

    asyncio.run(run())


def quick_folder() -> str | None:
    """Memory, where there is some: what is looked at there has been through its power cut already."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def epoch_us(directory: Path) -> int:
    """When the recorded lives began, by the monotonic clock."""
    file = directory / "epoch"
    if not file.exists():
        file.write_text(str(time.monotonic_ns() // 1_000))
    return int(file.read_text())


class Cuts:
    """Goes through the record once, and cuts at chosen calls. ``done`` is how many cuts were looked at."""

    def __init__(self, directory: Path, box: Path, seed: int) -> None:
        self._directory, self._box = directory, box
        self._chance = random.Random(seed)
        self._facts = str(directory / "said")
        self._epoch_us = epoch_us(directory)
        self.done = 0
        self.disk = Disk(directory / "state")

    def run(self, trace: Path, cuts: int) -> None:
        """Raises `Lost`, with the number of the call."""
        recorded = list(calls(trace))
        mine = [
            number
            for number, call in enumerate(recorded)
            if call.path.startswith(str(self._directory / "state")) and call.name != "openat"
        ]
        chosen = sorted(self._chance.choices(mine, k=cuts))
        said, facts = Said(), b""
        number = 0
        for at in chosen:
            while number < at:
                facts = self._heard(recorded[number], said, facts)
                self.disk.do(recorded[number])
                number += 1
            try:
                asyncio.run(self._look(said))
            except (Lost, OSError, LookupError) as error:
                raise Lost(f"cut before call {at}: {error!r}") from error

    def _heard(self, call: Call, said: Said, facts: bytes) -> bytes:
        if call.name != "write" or call.path != self._facts:
            return facts
        *lines, rest = (facts + call.data).split(b"\n")
        for line in lines:
            said.hear(line.decode("ascii"))
        return rest

    async def _look(self, said: Said) -> None:
        box = self._box
        shutil.rmtree(box, ignore_errors=True)
        (box / "clips").mkdir(parents=True)
        self.disk.after_a_cut(self._chance, box)
        self.done += 1
        with Path(os.devnull).open("wb") as nowhere:
            life = Life(box, _copied(said), self._epoch_us, random.Random(0), nowhere.fileno())
            try:
                await life.open()
                if self.done % REST_EVERY == 0:
                    await life.rest()
            finally:
                await life.close()


def _copied(said: Said) -> Said:
    """What a life goes on to say concerns that life alone."""
    return copy.deepcopy(said)


def main(arguments: list[str]) -> int:
    """The exit status: 0 where nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--cuts", type=int, default=300)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--live", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    directory = chosen.directory.resolve()
    if chosen.live is not None:
        live(directory, chosen.live, chosen.seed)
    print(f"seed {chosen.seed}", flush=True)
    (directory / "state" / "clips").mkdir(parents=True)
    epoch_us(directory)
    trace = record(directory, chosen.steps, chosen.seed)
    with tempfile.TemporaryDirectory(dir=quick_folder()) as folder:
        cuts = Cuts(directory, Path(folder) / "after", chosen.seed)
        try:
            cuts.run(trace, chosen.cuts)
        except Lost as error:
            print(error, flush=True)
            return 1
    print(f"survived {cuts.done} cuts; the program had waited {cuts.disk.syncs} times for the disk", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
