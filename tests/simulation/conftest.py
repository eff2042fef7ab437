import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.simulation.loop import COUNTED, LeapingLoop, counting


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


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(unflushed: None) -> None:
    """In all tests of this room."""
