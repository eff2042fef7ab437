"""Words beside the database: what was written last and whole is there, whatever cuts it off, on a full disk too."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controller.domain.errors import StoreFailed
from controller.store.aside import MOST_BYTES, ROOM_BYTES, SLOT_BYTES, FileAside


@contextmanager
def files_end_at(size_bytes: int) -> Iterator[None]:
    """No file of this process grows or is written beyond this: a write that reaches it is taken in part."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_what_was_written_last_is_there_and_takes_no_more_room_than_before(tmp_path: Path) -> None:
    path = tmp_path / "loa.db-aside"
    assert await FileAside(path).read() == b""
    assert path.stat().st_size == ROOM_BYTES, "the room is there before it is needed"
    for words in (b"a long one " * 1_000, b"short", b"", bytes(MOST_BYTES), b"short again"):
        await FileAside(path).write(words)
        assert await FileAside(path).read() == words
    assert path.stat().st_size == ROOM_BYTES
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(StoreFailed):
        await FileAside(path).write(bytes(MOST_BYTES + 1))
    assert await FileAside(path).read() == b"short again"


@pytest.mark.parametrize("earlier", [1, 2, 3])
async def test_a_power_cut_in_the_middle_of_a_write_leaves_what_was_there_before(tmp_path: Path, earlier: int) -> None:
    path = tmp_path / "loa.db-aside"
    await FileAside(path).read()
    for number in range(earlier):
        await FileAside(path).write(b"withdrawn: %d" % number)
    before = path.read_bytes()
    await FileAside(path).write(b"withdrawn: another")
    after = path.read_bytes()
    changed = [at for at in range(ROOM_BYTES) if before[at] != after[at]]
    assert max(changed) - min(changed) < SLOT_BYTES
    for cut in range(changed[0], changed[-1] + 1):
        path.write_bytes(after[:cut] + before[cut:])
        assert await FileAside(path).read() == b"withdrawn: %d" % (earlier - 1)
        path.write_bytes(before[:cut] + after[cut:])
        assert await FileAside(path).read() in {b"withdrawn: %d" % (earlier - 1), b"withdrawn: another"}
    await FileAside(path).write(b"withdrawn: after the cut")
    assert await FileAside(path).read() == b"withdrawn: after the cut"


async def test_a_file_that_was_cut_short_is_not_believed_and_gets_its_room_back(tmp_path: Path) -> None:
    path = tmp_path / "loa.db-aside"
    for size in range(60):
        path.write_bytes(bytes(size))
        assert await FileAside(path).read() == b""
        assert path.stat().st_size == ROOM_BYTES


async def test_words_of_which_the_disk_took_a_part_are_not_said_to_be_written(tmp_path: Path) -> None:
    path = tmp_path / "loa.db-aside"
    await FileAside(path).read()
    await FileAside(path).write(b"in the first slot")
    await FileAside(path).write(b"in the second slot")
    with files_end_at(10_000), pytest.raises(StoreFailed):
        await FileAside(path).write(b"much " * 5_000)
    assert await FileAside(path).read() == b"in the second slot"


async def test_a_disk_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed):
        await FileAside(tmp_path / "gone" / "x").write(b"x")


async def test_a_database_in_memory_keeps_nothing_beside_it() -> None:
    nowhere = FileAside(None)
    await nowhere.write(b"x")
    assert await nowhere.read() == b""
