"""A station with its pages, over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from controller.services import accounts
from tests.controller.web.station import Station, furnish


@pytest.fixture(scope="session")
def cheap_passwords() -> Iterator[None]:
    """Hashing a password is meant to take long; what it takes is looked at with the accounts, not with the pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_MEMORY_KIB", 8)
        patch.setattr(accounts, "_PASSES", 1)
        yield


@pytest.fixture(scope="session")
def furnished(cheap_passwords: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every station begins with."""
    folder = tmp_path_factory.mktemp("furnished")
    asyncio.run(furnish(folder))
    return folder


@pytest.fixture
async def station(request: pytest.FixtureRequest, furnished: Path, tmp_path: Path) -> AsyncIterator[Station]:
    """Parametrised indirectly, it takes changes to its `WebParts`."""
    async with Station.open(furnished, tmp_path, getattr(request, "param", {})) as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(unflushed: None) -> None:
    """In all tests of this room."""
