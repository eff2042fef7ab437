"""What the system tests stand on: real processes on the loopback address, a sound room, a station."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from controller.bench.soundroom import SoundRoom, sound_room
from controller.stage import Stage


@pytest.fixture
def room() -> Iterator[SoundRoom]:
    with sound_room() as built:
        yield built


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A controller that is ready, and signed in to; no speaker yet."""
    async with Stage(tmp_path / "station") as built:
        await built.start_controller()
        await built.sign_in()
        yield built
