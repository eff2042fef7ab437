"""A station with its pages, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.controller.web.station import Station, furnish


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every station begins with."""
    folder = tmp_path_factory.mktemp("furnished")
    asyncio.run(furnish(folder))
    return folder


@pytest.fixture
async def station(request: pytest.FixtureRequest, furnished: Path, tmp_path: Path) -> AsyncIterator[Station]:
    """Parametrised indirectly, it takes changes to its `WebParts`."""
    async with Station.open(furnished, tmp_path, getattr(request, "param", {})) as opened:
        yield opened
