import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.store.database import SqlStore


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}"


@pytest.fixture
async def store(new_database: Path, tmp_path: Path, url: str) -> AsyncIterator[SqlStore]:
    shutil.copyfile(new_database, tmp_path / "loa.db")
    made = SqlStore(url)
    yield made
    await made.close()
