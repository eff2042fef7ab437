"""For every test: a new station's database, and for workers that start real stations side by side a network each.

Stations find speakers by multicast on the loopback; two of them on one network would find each other's.
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

_CLONE_NEWNET = 0x40000000


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
