"""Nothing that was acknowledged is lost, whenever the program or the power ends."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.agents.torture.torn import quick_folder

ROOT = Path(__file__).parents[3]


def run(program: str, folder: str | None, *arguments: str) -> str:
    """Runs one of the programs here, which print the seed that they chose first of all."""
    with tempfile.TemporaryDirectory(dir=folder) as directory:
        done = subprocess.run(
            [sys.executable, "-m", f"tests.agents.torture.{program}", directory, *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_killed_200_times_at_any_moment_it_loses_nothing_and_plays_nothing_twice() -> None:
    """See `kills.py` and `lives.py` for what is done and looked at. A kill takes nothing from files in memory that it
    leaves on a disk; `make torture` does it there.
    """
    assert "survived 200 kills" in run("kills", quick_folder(), "--count", "200", "--seconds", "150")


def test_a_power_cut_at_any_call_and_in_any_write_loses_nothing_that_was_acknowledged() -> None:
    """See `torn.py` and `disk.py` for what is cut, and what a disk may hold then."""
    assert "survived 200 cuts" in run("torn", quick_folder(), "--cuts", "200", "--steps", "60")
