from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.services.settings import DeskSettings
from controller.store.migrate import upgrade_here
from tests.controller.fakes import FakeClock, KeySigner
from tests.controller.services.station import Station


@pytest.fixture
async def station(tmp_path: Path) -> AsyncIterator[Station]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}"
    await upgrade_here(url)
    clips = tmp_path / "clips"
    clips.mkdir()
    made = Station(url, clips, FakeClock(), KeySigner(), DeskSettings())
    await made.open()
    yield made
    await made.close()
