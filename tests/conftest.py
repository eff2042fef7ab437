"""For every test: workers that start real stations side by side each have a network of their own.

Stations find speakers by multicast on the loopback; two of them on one network would find each other's.
"""

import ctypes
import os
import subprocess

import pytest

_CLONE_NEWNET = 0x40000000


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("LOA_TESTS_OWN_NETWORK") and hasattr(config, "workerinput"):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET) != 0:
            raise pytest.UsageError(f"no network of its own: {os.strerror(ctypes.get_errno())}")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
