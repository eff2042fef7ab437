"""For every test: a new station's database, and for workers that start real stations side by side a network each.

Stations find speakers by multicast on the loopback; two of them on one network would find each other's.
"""

import ctypes
import functools
import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_CLONE_NEWNET = 0x40000000


_LONGEST = (
    "tests/simulation/",
    "tests/agents/torture/",
    "tests/system/test_power_cuts.py",
    "tests/system/test_upload_in_browser.py",
    "tests/system/test_browser_",
    "tests/controller/web/test_look_in_browser.py",
)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are processors: a third of the time tests wait, for a disk, a clock or another process."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only those tests are asked for that start stations, the hundreds of files without one are not imported."""
    if not config.option.markexpr.startswith("system"):
        return None
    files = [collection_path] if collection_path.is_file() else collection_path.rglob("test_*.py")
    return None if any("mark.system" in file.read_text() for file in files) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest begin first, so that no worker is left with one of them when the others have nothing to do."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``--dist loadfile`` only those tests of a file stay together that share a station; others go wherever
    there is time.
    """
    from xdist.scheduler import LoadFileScheduling

    class ByStation(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return file if _shares_a_station(config.rootpath / file) else nodeid

    return ByStation(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_finish() -> None:
    """Thousands of collected tests are not looked at whenever garbage is: that takes a tenth of a run."""
    gc.collect()
    gc.freeze()


@functools.cache
def _shares_a_station(file: Path) -> bool:
    return 'loop_scope="module"' in file.read_text()


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("LOA_TESTS_OWN_NETWORK") and hasattr(config, "workerinput"):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET) != 0:
            raise pytest.UsageError(f"no network of its own: {os.strerror(ctypes.get_errno())}")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a new station, to be copied. Made once: the country's list alone takes longer to write than many a test."""
    made = tmp_path_factory.mktemp("database") / "loa.db"
    url = f"sqlite+aiosqlite:///{made}"
    subprocess.run([sys.executable, "-m", "controller.store.migrate"], input=url.encode(), check=True)
    return made


@pytest.fixture
def unflushed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database of a station inside this test waits for no disk: nothing that is done to it here cuts the power,
    and a slow disk makes a test of a second one of ten. What it is set to otherwise is looked at with the store.
    """
    from controller.store import engine

    as_ever = engine._prepare_sqlite

    def prepare(connection: Any, record: object) -> None:
        as_ever(connection, record)
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.close()

    monkeypatch.setattr(engine, "_prepare_sqlite", prepare)
