"""Words beside the database: what was written last is there, whatever cuts it off, on a full disk too."""

import os
from pathlib import Path

import pytest

from controller.domain.errors import StoreFailed
from controller.store.aside import MOST_BYTES, ROOM_BYTES, FileAside


async def test_what_was_written_last_is_there_and_takes_no_more_room_than_before(tmp_path: Path) -> None:
    path = tmp_path / "loa.db-aside"
    assert await FileAside(path).read() == b""
    assert path.stat().st_size == ROOM_BYTES, "the room is there before it is needed"
    for words in (b"a long one " * 1_000, b"short", b""):
        await FileAside(path).write(words)
        assert await FileAside(path).read() == words
    assert path.stat().st_size == ROOM_BYTES
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(StoreFailed):
        await FileAside(path).write(bytes(MOST_BYTES + 1))


async def test_what_was_cut_off_in_the_middle_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "loa.db-aside"
    await FileAside(path).write(b"what was withdrawn")
    with path.open("r+b") as file:
        file.seek(40)
        file.write(b"??")
    assert await FileAside(path).read() == b""
    for size in range(40):
        os.truncate(path, 0)
        path.write_bytes(bytes(size))
        assert await FileAside(path).read() == b""


async def test_a_disk_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed):
        await FileAside(tmp_path / "gone" / "x").write(b"x")


async def test_a_database_in_memory_keeps_nothing_beside_it() -> None:
    nowhere = FileAside(None)
    await nowhere.write(b"x")
    assert await nowhere.read() == b""
