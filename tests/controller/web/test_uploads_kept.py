"""What the store of uploads promises: whose they are, what a restart keeps, how old and how many they get."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.domain.errors import Invalid, LoaError, NotFound, Refused, StoreFailed
from controller.web.uploads import Limits, Owner, Uploads, files

HOUR_US = 3_600_000_000
LAN, MAI = Owner("p-1", "Lan"), Owner("p-2", "Mai")


class Shelf:
    """A store whose time the test sets."""

    def __init__(self, folder: Path, **limits: int) -> None:
        self.now_us = 1_000 * HOUR_US
        self.folder = folder / "uploads"
        self.limits = Limits(**{"length_bytes": 10_000_000, "spare_bytes": 0, **limits})
        self.uploads = self.restarted()

    def restarted(self) -> Uploads:
        self.uploads = Uploads(self.folder, self.limits, lambda: self.now_us)
        self.uploads.open()
        return self.uploads

    async def begun(self, owner: Owner = LAN) -> str:
        return (await self.uploads.create(owner, "tin.wav", "audio/wav", 10)).upload_id

    async def append(self, upload_id: str, data: bytes, owner: Owner = LAN) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield data

        upload = self.uploads.get(upload_id, owner)
        await self.uploads.append(upload, upload.offset_bytes, pieces())

    async def finished(self, owner: Owner = LAN) -> str:
        upload_id = await self.begun(owner)
        await self.append(upload_id, b"0123456789", owner)
        return upload_id


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


async def test_nobody_else_sees_goes_on_with_or_uses_an_upload(shelf: Shelf) -> None:
    upload_id = await shelf.finished()
    with pytest.raises(NotFound):
        shelf.uploads.get(upload_id, MAI)
    with pytest.raises(Invalid, match="recording_missing"):
        shelf.uploads.take(upload_id, MAI)
    assert shelf.uploads.name(upload_id, MAI) == ""
    assert shelf.uploads.of(MAI) == []
    assert shelf.uploads.name(upload_id, LAN) == "tin.wav"


async def test_a_restart_loses_nothing(shelf: Shelf) -> None:
    half, whole = await shelf.begun(), await shelf.finished()
    await shelf.append(half, b"0123")
    shelf.restarted()
    await shelf.append(half, b"456789")
    for upload_id in (half, whole):
        taken = shelf.uploads.take(upload_id, LAN)
        assert taken.read_bytes() == b"0123456789"


async def test_a_restart_in_the_middle_of_writing_goes_by_what_is_on_the_disk(shelf: Shelf) -> None:
    half, full = await shelf.begun(), await shelf.begun()
    (shelf.folder / f"web-{half}.data").write_bytes(b"012")
    (shelf.folder / f"web-{full}.data").write_bytes(b"0123456789")
    shelf.restarted()
    assert shelf.uploads.get(half, LAN).offset_bytes == 3
    assert shelf.uploads.get(full, LAN).finished


async def test_a_restart_clears_what_is_of_no_use(shelf: Shelf) -> None:
    whole = await shelf.finished()
    shelf.uploads.take(whole, LAN)
    for name, text in (
        ("web-a.part", "x"),
        ("web-b.data", "no note"),
        ("web-c.json", "{broken"),
        ("web-d.json.part", "x"),
    ):
        (shelf.folder / name).write_text(text)
    shelf.restarted()
    assert {path.name for path in shelf.folder.iterdir()} == {f"web-{whole}.data", f"web-{whole}.json"}


async def test_a_clock_that_was_set_back_keeps_nothing_for_ever(shelf: Shelf) -> None:
    await shelf.finished()
    shelf.now_us -= 500 * HOUR_US
    shelf.restarted()
    shelf.now_us += 25 * HOUR_US
    shelf.uploads.sweep()
    assert list(shelf.folder.iterdir()) == []


async def test_what_was_not_touched_for_a_day_is_removed(shelf: Shelf) -> None:
    left, gone_on, used = await shelf.begun(), await shelf.begun(), await shelf.finished()
    shelf.now_us += 20 * HOUR_US
    await shelf.append(gone_on, b"0")
    shelf.uploads.take(used, LAN).unlink()
    shelf.now_us += 5 * HOUR_US
    shelf.restarted()
    assert {upload.upload_id for upload in shelf.uploads.of(LAN)} == {gone_on, used}
    assert not list(shelf.folder.glob(f"web-{left}*"))
    shelf.now_us += 25 * HOUR_US
    shelf.uploads.sweep()
    assert list(shelf.folder.iterdir()) == []


async def test_one_person_has_so_many_unfinished_and_no_more(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, unfinished_each=2)
    first, second = await shelf.begun(), await shelf.begun()
    with pytest.raises(Refused, match="2 uploads"):
        await shelf.begun()
    await shelf.begun(MAI)
    shelf.now_us += 2 * HOUR_US
    await shelf.append(second, b"0")
    third = await shelf.begun()
    there = {upload.upload_id for upload in shelf.uploads.of(LAN)}
    assert there == {second, third}, f"{first} was left alone for longest"


async def test_all_together_have_so_many_and_no_more(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, in_all=3)
    for owner in (LAN, MAI, LAN):
        await shelf.finished(owner)
    with pytest.raises(Refused, match="3 uploads"):
        await shelf.begun()
    shelf.now_us += 2 * HOUR_US
    await shelf.begun()
    assert len(shelf.uploads.of(LAN)) + len(shelf.uploads.of(MAI)) == 3


async def test_the_latest_finished_ones_of_a_person_are_kept(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, finished_each=2)
    ids = []
    for _ in range(3):
        ids.append(await shelf.finished())
        shelf.now_us += 1
    assert {upload.upload_id for upload in shelf.uploads.of(LAN)} == set(ids[1:])


async def test_room_that_others_were_promised_is_not_given_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path)
    monkeypatch.setattr(files, "free_bytes", lambda _path: 25)
    await shelf.begun()
    await shelf.begun(MAI)
    with pytest.raises(StoreFailed) as refused:
        await shelf.begun()
    assert refused.value.code == "out_of_space"
    assert len(shelf.uploads.of(LAN)) == 1


async def test_a_note_that_cannot_be_written_is_said_and_leaves_nothing(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    upload_id = await shelf.begun()
    monkeypatch.setattr(files, "write_note", full)
    with pytest.raises(LoaError) as failed:
        await shelf.append(upload_id, b"0123456789")
    assert failed.value.code == "out_of_space"
    with pytest.raises(LoaError) as failed:
        await shelf.begun()
    assert failed.value.code == "out_of_space"
    assert list(shelf.folder.iterdir()) == []
