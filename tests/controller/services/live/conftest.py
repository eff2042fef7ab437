import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.services.settings import DeskSettings
from tests.controller.fakes import FakeClock, KeySigner
from tests.controller.services.station import Station


@pytest.fixture
async def station(new_database: Path, tmp_path: Path) -> AsyncIterator[Station]:
    """One that keeps what goes out."""
    shutil.copyfile(new_database, tmp_path / "loa.db")
    (tmp_path / "clips").mkdir()
    settings = DeskSettings(recordings_folder=tmp_path / "recordings", live_folder=tmp_path / "live")
    url = f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}"
    made = Station(url, tmp_path / "clips", FakeClock(), KeySigner(), settings)
    await made.open()
    yield made
    await made.close()
