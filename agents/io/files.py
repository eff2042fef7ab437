"""Files that are whole or not there, whatever is cut off when."""

import os
from pathlib import Path


def sync_directory(directory: Path) -> None:
    """Make what was renamed or removed in it survive a power cut. Raises `OSError`."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def free_bytes(directory: Path) -> int:
    """Free disk for who is not root. Raises `OSError`."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize


def total_bytes(directory: Path) -> int:
    """How large the file system is that the directory is on. Raises `OSError`."""
    found = os.statvfs(directory)
    return found.f_blocks * found.f_frsize


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace the file: afterwards it holds all of ``content``, or what it held before. Raises `OSError`."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with open(handle, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.replace(path)
    sync_directory(path.parent)
