"""What lies in the folder of uploads, and how it gets there.

Each upload is two files: ``web-ID.data`` with as many bytes as have arrived, and ``web-ID.json``, its note. Whatever
else begins with ``web-`` is of no use once the program that wrote it has ended.
"""

import contextlib
import errno
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from controller.domain.errors import Invalid, StoreFailed

PREFIX = "web-"
DATA = ".data"
NOTE = ".json"
TEMPORARY = ".part"
TAKEN = ".upload"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Note(msgspec.Struct, kw_only=True):
    """What is remembered of an upload beside its bytes. ``finished``: all of them are safely on the disk."""

    owner: str
    owner_name: str
    name: str
    media_type: str
    length_bytes: int
    created_at_us: int
    touched_at_us: int
    finished: bool = False


def write_note(path: Path, note: Note, *, sync: bool) -> None:
    """Replaces the note whole or not at all. Raises OSError. With ``sync`` it outlives a power cut."""
    temporary = path.with_suffix(NOTE + TEMPORARY)
    try:
        with temporary.open("wb") as out:
            out.write(msgspec.json.encode(note))
            out.flush()
            if sync:
                os.fsync(out.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if sync:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes new and removed names in ``folder`` outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_notes(folder: Path) -> Iterator[tuple[str, Note]]:
    """Every upload that can be gone on with or used, by its id; everything else in ``folder`` is removed."""
    found: dict[str, Note] = {}
    for path in sorted(folder.glob(f"{PREFIX}*{NOTE}")):
        with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            found[path.name.removeprefix(PREFIX).removesuffix(NOTE)] = msgspec.json.decode(path.read_bytes(), type=Note)
    kept = {upload_id: note for upload_id, note in found.items() if _usable(folder, upload_id, note)}
    useful = {f"{PREFIX}{upload_id}{suffix}" for upload_id in kept for suffix in (DATA, NOTE)}
    for path in folder.glob(f"{PREFIX}*"):
        if path.name not in useful:
            path.unlink(missing_ok=True)
    yield from kept.items()


def _usable(folder: Path, upload_id: str, note: Note) -> bool:
    data = folder / f"{PREFIX}{upload_id}{DATA}"
    if not data.is_file():
        return False
    size_bytes = data.stat().st_size
    return size_bytes == note.length_bytes if note.finished else size_bytes <= note.length_bytes


def open_at(path: Path, offset_bytes: int) -> io.FileIO:
    """The file, to be written on from ``offset_bytes``; what lies beyond is cut off. Raises OSError."""
    out = io.FileIO(path, "r+b")
    try:
        out.truncate(offset_bytes)
        out.seek(offset_bytes)
    except BaseException:
        out.close()
        raise
    return out


def write_piece(out: io.FileIO, piece: bytes, spare_bytes: int) -> None:
    """Writes all of ``piece`` where that leaves at least ``spare_bytes`` free for others. Raises OSError."""
    left = memoryview(piece)
    if free_bytes(Path(str(out.name))) < spare_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    while left:
        left = left[out.write(left) or 0 :]


def free_bytes(path: Path) -> int:
    """Room on the disk that holds ``path``. Raises OSError."""
    return shutil.disk_usage(path).free


def sync_and_close(out: io.FileIO) -> None:
    try:
        os.fsync(out.fileno())
    finally:
        out.close()


def safe_name(name: str | None) -> str:
    """What a person's file is called, for showing: no folders, no control characters, at most 200 letters."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:200]


def store_failure(error: OSError) -> Exception:
    """What is told of a failure of the disk, or of a connection that broke."""
    if error.errno in FULL:
        return StoreFailed(str(error), code="out_of_space")
    if isinstance(error, ConnectionError):
        return Invalid(str(error), code="upload_incomplete")
    return StoreFailed(str(error))
