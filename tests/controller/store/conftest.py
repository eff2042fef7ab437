from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.store.database import SqlStore
from controller.store.migrate import upgrade_here


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}"


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    await upgrade_here(url)
    made = SqlStore(url)
    yield made
    await made.close()
