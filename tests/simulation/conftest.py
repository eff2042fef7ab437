import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.simulation.loop import COUNTED, LeapingLoop, counting


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a new station. Made once."""
    made = tmp_path_factory.mktemp("database") / "loa.db"
    url = f"sqlite+aiosqlite:///{made}"
    subprocess.run([sys.executable, "-m", "controller.store.migrate"], input=url.encode(), check=True)
    return made


@pytest.fixture
def in_leaps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Awaitable[None]], None]]:
    """Runs something in made-up time, to its end."""
    kind, names = COUNTED
    for name in names:
        monkeypatch.setattr(kind, name, counting(getattr(kind, name)))

    def run(doing: Awaitable[None]) -> None:
        loop = LeapingLoop()
        try:
            asyncio.set_event_loop(loop)
            loop.run_until_complete(doing)
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    return run
