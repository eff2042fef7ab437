"""Runs the tests with what is given to pytest, and those few that failed once more, with the machine to themselves.

Tests here use real sound servers, browsers and clocks, on machines that may be doing something else. What fails
beside others and passes alone is named, so that it can be looked at, and fails nothing; what fails again fails. More
than a few failures are not tried again: they are no accident.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

_FEW = 3
_CACHE = Path(".pytest_cache/v/cache/lastfailed")


def main(arguments: list[str]) -> int:
    """The exit code of pytest, 0 where all that failed passed alone."""
    _CACHE.unlink(missing_ok=True)
    first = _pytest(arguments)
    failed = sorted(json.loads(_CACHE.read_text())) if first == 1 and _CACHE.exists() else []
    if not 1 <= len(failed) <= _FEW:
        return first
    print("\nOnce more, alone: " + ", ".join(failed), flush=True)
    again = _pytest(failed)
    if again == 0:
        print("\nUNSTEADY: failed beside others and passed alone: " + ", ".join(failed), flush=True)
    return again


def _pytest(arguments: list[str]) -> int:
    # Hundreds of processes are started here: without what was compiled before, each would compile all of it again.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
