"""The data directory: what of it several commands need to know, and that one controller alone runs on it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_LOCK_FILE: Final = "lock"


class CannotStart(Exception):
    """The controller cannot run like this; the sentence says what to change."""


def database_url(folder: Path) -> str:
    """The embedded database of a data directory."""
    return f"sqlite+aiosqlite:///{folder / 'loa.db'}"


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Two controllers on one data directory would give out the same counters twice. Raises `CannotStart`."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotStart(f"The data directory {folder} cannot be written: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotStart(
                f"Another controller is running on {folder}. Stop it, or give this one a --data-dir of its own."
            ) from error
        yield
    finally:
        os.close(lock)
