import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.services.settings import DeskSettings
from tests.controller.fakes import FakeClock, KeySigner
from tests.controller.services.station import Station


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: the country's list alone takes longer to write than many a test."""
    made = tmp_path_factory.mktemp("database") / "loa.db"
    url = f"sqlite+aiosqlite:///{made}"
    subprocess.run([sys.executable, "-m", "controller.store.migrate"], input=url.encode(), check=True)
    return made


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
