"""Clips are whole and verified, or not there."""

import errno
import os
import stat
from pathlib import Path

import pytest

from agents.io.clips import ClipDamaged, ClipSettings, ClipStore, DiskFull
from agents.protocol.values import ClipRef
from tests.agents.making import clip_bytes, ref_of

CONTENT = clip_bytes("one", 100_000)
REF = ref_of(CONTENT)
PLENTY = 10**12


async def store_in(directory: Path, free_bytes: int = PLENTY, floor_bytes: int = 0) -> ClipStore:
    store = ClipStore(directory, ClipSettings(floor_bytes), free=lambda _: free_bytes)
    await store.open()
    return store


async def put(store: ClipStore, content: bytes, used_at_s: float | None = None) -> ClipRef:
    ref = ref_of(content)
    partial = await store.begin(ref)
    partial.write(content)
    await store.finish(partial)
    if used_at_s is not None:
        os.utime(store.path(ref.sha256), (used_at_s, used_at_s))
    return ref


def files(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


async def test_a_clip_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    partial = await store.begin(REF)
    partial.write(CONTENT[:60_000])
    assert files(tmp_path) == {REF.sha256 + ".part"}
    assert not store.has(REF)

    partial.write(CONTENT[60_000:])
    await store.finish(partial)

    assert files(tmp_path) == {REF.sha256 + ".opus"}
    assert store.has(REF)
    assert store.names() == {REF.sha256}
    assert (await store.verify(REF)).read_bytes() == CONTENT


async def test_after_a_restart_whole_clips_are_there_and_the_others_go_on_where_they_were(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    other = await put(store, clip_bytes("two"))
    partial = await store.begin(REF)
    partial.write(CONTENT[:60_000])
    await store.suspend(partial)

    store = await store_in(tmp_path)
    assert store.names() == {other.sha256}
    partial = await store.begin(REF)

    assert (partial.offset, partial.resumed) == (60_000, True)
    partial.write(CONTENT[60_000:])
    await store.finish(partial)
    assert store.has(REF)


async def test_other_bytes_than_announced_are_deleted(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    partial = await store.begin(REF)
    partial.write(CONTENT[:-1] + b"?")

    with pytest.raises(ClipDamaged):
        await store.finish(partial)

    assert files(tmp_path) == set()
    assert not store.has(REF)


async def test_more_bytes_than_announced_are_not_taken(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    partial = await store.begin(REF)
    partial.write(CONTENT)

    with pytest.raises(ClipDamaged):
        partial.write(b"!")

    assert partial.offset == 0
    await store.suspend(partial)
    assert not store.has(REF)


async def test_fewer_bytes_than_announced_are_no_clip(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    partial = await store.begin(REF)
    partial.write(CONTENT[:-1])

    with pytest.raises(ClipDamaged):
        await store.finish(partial)


async def test_a_part_longer_than_its_clip_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / (REF.sha256 + ".part")).write_bytes(CONTENT + b"!")
    store = await store_in(tmp_path)

    partial = await store.begin(REF)

    assert partial.offset == 0
    await store.suspend(partial)


async def test_a_clip_that_rotted_is_found_before_it_is_played_and_deleted(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    await put(store, CONTENT)
    path = store.path(REF.sha256)
    rotten = bytearray(CONTENT)
    rotten[50_000] ^= 1
    path.write_bytes(rotten)

    with pytest.raises(ClipDamaged):
        await store.verify(REF)

    assert not store.has(REF)
    assert not path.exists()


async def test_a_clip_that_vanished_is_not_there(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    await put(store, CONTENT)
    store.path(REF.sha256).unlink()

    with pytest.raises(ClipDamaged):
        await store.verify(REF)

    assert store.names() == frozenset()


async def test_a_file_of_another_size_is_not_the_clip(tmp_path: Path) -> None:
    (tmp_path / (REF.sha256 + ".opus")).write_bytes(CONTENT[:10])

    store = await store_in(tmp_path)

    assert not store.has(REF)


async def test_what_was_not_used_for_longest_makes_room_and_what_is_needed_stays(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    needed = await put(store, clip_bytes("needed", 8_192), used_at_s=1)
    old = await put(store, clip_bytes("old", 8_192), used_at_s=2)
    new = await put(store, clip_bytes("new", 8_192), used_at_s=3)

    store = await store_in(tmp_path, free_bytes=100_000, floor_bytes=8_192)
    store.need(frozenset({needed.sha256}))
    await store.suspend(await store.begin(REF))

    assert store.names() == {needed.sha256, new.sha256}
    assert not store.path(old.sha256).exists()


async def test_what_is_replaced_stays_until_its_replacement_was_verified(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    former = await put(store, clip_bytes("former", 8_192), used_at_s=1)
    other = await put(store, clip_bytes("other", 8_192), used_at_s=2)
    store.need(frozenset({former.sha256}))
    content = clip_bytes("latter", 8_192)
    latter = ref_of(content)
    store._free = lambda folder: 8_192 * (2 - len(files(folder)))

    store.need(frozenset({latter.sha256}))
    partial = await store.begin(latter)
    assert store.names() == {former.sha256}, "what nobody needed went first"
    assert not store.has(other)
    partial.write(content)
    await store.finish(partial)
    assert store.names() == {former.sha256, latter.sha256}

    await put(store, clip_bytes("more", 8_192))
    assert not store.has(former), "now it is as any other"


async def test_what_is_replaced_goes_where_there_is_no_other_room(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    former = await put(store, clip_bytes("former", 8_192))
    store.need(frozenset({former.sha256}))
    store._free = lambda folder: 8_192 * (1 - len(files(folder)))
    latter = ref_of(clip_bytes("latter", 8_192))
    store.need(frozenset({latter.sha256}))

    await store.suspend(await store.begin(latter))

    assert not store.has(former)


async def test_the_floor_is_kept_on_a_disk_that_fills_while_clips_come(tmp_path: Path) -> None:
    """Ten clips for a disk that holds four above the floor: at no moment is less free than the floor."""
    block, floor, disk = 8_192, 2 * 8_192, 6 * 8_192
    least_free: list[int] = []

    def free(folder: Path) -> int:
        return disk - sum(path.stat().st_blocks * 512 for path in folder.iterdir())

    store = ClipStore(tmp_path, ClipSettings(floor), free=free)
    await store.open()
    for number in range(10):
        await put(store, clip_bytes(f"clip-{number}", block), used_at_s=number)
        least_free.append(free(tmp_path))

    assert min(least_free) >= floor
    assert store.names() == {ref_of(clip_bytes(f"clip-{number}", block)).sha256 for number in range(6, 10)}


async def test_what_was_played_lately_stays_longer_than_what_came_lately(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    played = await put(store, clip_bytes("played", 8_192), used_at_s=1)
    await put(store, clip_bytes("fetched", 8_192), used_at_s=2)
    await store.verify(played)
    store._free = lambda folder: 8_192 * (2 - len(files(folder)))

    await store.suspend(await store.begin(ref_of(clip_bytes("new", 8_192))))

    assert store.names() == {played.sha256}


async def test_what_had_to_make_room_is_told(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    told: list[str] = []
    store.on_evicted = told.append
    old = await put(store, clip_bytes("old", 100_000), used_at_s=1)
    store._free = lambda _: 0

    await store.suspend(await store.begin(ref_of(clip_bytes("new", 50_000))))

    assert told == [old.sha256]
    assert store.names() == frozenset()


async def test_below_the_floor_nothing_is_begun_and_nothing_sacrificed(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    old = await put(store, clip_bytes("old", 8_192))
    store = await store_in(tmp_path, free_bytes=50_000, floor_bytes=1_000_000)

    with pytest.raises(DiskFull):
        await store.begin(REF)

    assert store.has(old)
    assert REF.sha256 + ".part" not in files(tmp_path)


async def test_what_an_emergency_needs_finds_room_where_the_plan_has_taken_all_of_it(tmp_path: Path) -> None:
    store = await store_in(tmp_path, free_bytes=1_000_000, floor_bytes=1_000_000)
    with pytest.raises(DiskFull):
        await store.begin(REF)

    await store.suspend(await store.begin(REF, urgent=True))


async def test_the_disk_is_short_while_something_needed_was_refused_for_it(tmp_path: Path) -> None:
    store = await store_in(tmp_path, free_bytes=50_000)
    store.need(frozenset({REF.sha256}))
    told = [store.short]
    with pytest.raises(DiskFull):
        await store.begin(REF)
    told.append(store.short)

    store._free = lambda _: PLENTY
    await store.suspend(await store.begin(REF))

    assert [*told, store.short] == [False, True, False]


async def test_what_is_needed_no_more_makes_the_disk_short_no_more(tmp_path: Path) -> None:
    store = await store_in(tmp_path, free_bytes=50_000)
    store.need(frozenset({REF.sha256}))
    with pytest.raises(DiskFull):
        await store.begin(REF)

    store.need(frozenset())

    assert not store.short


async def test_what_is_on_its_way_counts_as_taken(tmp_path: Path) -> None:
    store = await store_in(tmp_path, free_bytes=150_000)
    first = await store.begin(REF)

    with pytest.raises(DiskFull):
        await store.begin(ref_of(clip_bytes("two", 100_000)))

    await store.suspend(first)


async def test_verifying_counts_as_use(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    await put(store, CONTENT, used_at_s=1)

    await store.verify(REF)

    assert store.path(REF.sha256).stat().st_mtime > 1


async def test_on_a_disk_that_can_only_be_read_any_more_clips_are_good_to_play(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await store_in(tmp_path)
    ref = await put(store, b"news")

    def read_only(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", read_only)
    assert await store.verify(ref) == store.path(ref.sha256)
    assert store.has(ref)


async def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "readme.opus").write_bytes(b"hello")
    store = await store_in(tmp_path)
    await put(store, CONTENT)
    assert store.names() == {REF.sha256}

    await store.clear()

    assert files(tmp_path) == {"readme.opus"}
    assert store.names() == frozenset()


async def test_free_disk_is_known(tmp_path: Path) -> None:
    store = ClipStore(tmp_path)
    await store.open()

    total_bytes = store.disk_total_bytes()
    assert total_bytes is not None
    assert 0 < store.disk_free_bytes() < total_bytes
    assert stat.S_ISDIR(tmp_path.stat().st_mode)
