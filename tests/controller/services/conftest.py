import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.services.settings import DeskSettings
from tests.controller.fakes import FakeClock, KeySigner
from tests.controller.services.station import Station


@pytest.fixture
async def station(new_database: Path, tmp_path: Path) -> AsyncIterator[Station]:
    shutil.copyfile(new_database, tmp_path / "loa.db")
    clips = tmp_path / "clips"
    clips.mkdir()
    url = f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}"
    made = Station(url, clips, FakeClock(), KeySigner(), DeskSettings(recordings_folder=tmp_path / "recordings"))
    await made.open()
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(unflushed: None) -> None:
    """In all tests of this room."""
