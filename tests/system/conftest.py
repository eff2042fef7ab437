"""What the system tests stand on: real processes on the loopback address, a sound room, a station."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from controller.bench.soundroom import SoundRoom, sound_room
from controller.stage import Stage, station
from tests.system.person import chromium

DESK_SPEAKERS = ("Sân đình", "Trạm y tế")


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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, for all tests of a module; each person in it has a window and cookies of their own."""
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A station with two adopted speakers, for all tests of a module."""
    async with station(tmp_path_factory.mktemp("desk"), DESK_SPEAKERS, "--output", "wav") as running:
        yield running
