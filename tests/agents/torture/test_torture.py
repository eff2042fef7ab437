"""Nothing that was acknowledged is lost, whenever the program or the power ends."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def run(program: str, *arguments: str) -> str:
    """Runs one of the programs here, which print the seed that they chose first of all."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.agents.torture.{program}", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_killed_200_times_at_any_moment_it_loses_nothing_and_plays_nothing_twice(tmp_path: Path) -> None:
    """See `kills.py` and `lives.py` for what is done and looked at."""
    assert "survived 200 kills" in run("kills", str(tmp_path), "--count", "200", "--seconds", "150")
