"""The clips on this device: whole and verified, or not there.

Rules of the module: a clip is ``<sha256>.opus`` and gets that name only after its hash was verified and its bytes were
forced to the disk; what is under way is ``<sha256>.part`` and is taken up again after a restart. What the rundown or an
open order needs, or is pinned, is never deleted. A floor of free disk stays; to keep it, what was not used for longest
goes first, and what was needed before goes last, until all that is needed now is here. An emergency may take
most of the floor: it is there for such an hour.
Files of other names are not ours and are left alone. Work on the disk runs in threads, one caller a clip at a time.
"""

import asyncio
import contextlib
import hashlib
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from agents.domain.cache import CachedClip, NoRoom, make_room
from agents.io.files import free_bytes, sync_directory, total_bytes
from agents.protocol.ids import is_sha256
from agents.protocol.values import ClipRef

_WHOLE: Final = ".opus"
_PART: Final = ".part"
_BLOCK_BYTES: Final = 1_048_576


class ClipError(Exception):
    """A clip cannot be stored or used."""


class DiskFull(ClipError):
    """No room for a clip above the floor of free disk, whatever is evicted. Free some disk on the device."""


class ClipDamaged(ClipError):
    """What is on the disk, or what was sent, is not what its name says. Fetch it again."""


@dataclass(frozen=True, slots=True)
class ClipSettings:
    """``floor_bytes`` of free disk are left alone; of what an emergency needs, an eighth of them."""

    floor_bytes: int = 64 * 1_048_576

    def floor_for(self, *, urgent: bool) -> int:
        return self.floor_bytes // 8 if urgent else self.floor_bytes


class PartialClip:
    """A clip on its way in; made by `ClipStore.begin`. ``offset`` bytes of it are here.

    Its methods block, and wait for each other: a thread whose caller was cancelled may still be at work.
    """

    def __init__(self, ref: ClipRef, path: Path) -> None:
        self.ref = ref
        self.offset = 0
        self.resumed = False
        self._hash = hashlib.sha256()
        self._busy = threading.Lock()
        self._file = path.open("ab+")

    @classmethod
    def open(cls, ref: ClipRef, path: Path) -> Self:
        """Takes up what is there. Raises `OSError`."""
        clip = cls(ref, path)
        try:
            clip._take_up()
        except BaseException:
            clip.close()
            raise
        return clip

    def write(self, block: bytes) -> None:
        """Raises `OSError`, and `ClipDamaged`, throwing all away, for more bytes than the clip has."""
        with self._busy:
            if self.offset + len(block) > self.ref.size_bytes:
                self._restart()
                raise ClipDamaged(f"more than the {self.ref.size_bytes} bytes that were announced")
            self._file.write(block)
            self._hash.update(block)
            self.offset += len(block)

    def restart(self) -> None:
        """Throw away what is here. Raises `OSError`."""
        with self._busy:
            self._restart()

    def seal(self) -> None:
        """Returns when the bytes are on the disk. Raises `ClipDamaged` where they are not the clip, or `OSError`."""
        with self._busy:
            if self.offset != self.ref.size_bytes:
                raise ClipDamaged(f"{self.offset} bytes instead of the {self.ref.size_bytes} that were announced")
            if self._hash.hexdigest() != self.ref.sha256:
                raise ClipDamaged("the bytes are not those of the clip that was announced")
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Lets go of the file and keeps what is in it. Closing twice does nothing."""
        with self._busy, contextlib.suppress(OSError):
            self._file.close()

    def _take_up(self) -> None:
        self._file.seek(0)
        while block := self._file.read(_BLOCK_BYTES):
            self._hash.update(block)
            self.offset += len(block)
        self.resumed = self.offset > 0
        if self.offset > self.ref.size_bytes:
            self._restart()

    def _restart(self) -> None:
        self._file.seek(0)
        self._file.truncate(0)
        self._hash = hashlib.sha256()
        self.offset = 0
        self.resumed = False


class ClipStore:
    """The clips in one directory. ``free`` says how many bytes of disk are free there."""

    def __init__(
        self,
        directory: Path,
        settings: ClipSettings | None = None,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self.directory = directory
        self._settings = settings or ClipSettings()
        self._free = free
        self._sizes: dict[str, int] = {}
        self._needed: frozenset[str] = frozenset()
        self._reserved: dict[str, PartialClip] = {}
        self._room = asyncio.Lock()
        self._spared: frozenset[str] = frozenset()
        self._refused: set[str] = set()
        self._evicted: deque[str] = deque()
        self.on_evicted: Callable[[str], None] = lambda sha256: None
        """Called on the event loop with the name of every whole clip that had to make room for another."""

    async def open(self) -> None:
        """Looks what is there; it is verified when it is used. Raises `OSError`."""
        self._sizes = await asyncio.to_thread(self._scan)

    def names(self) -> frozenset[str]:
        """The clips that are whole."""
        return frozenset(self._sizes)

    def has(self, ref: ClipRef) -> bool:
        """Whether the clip is whole, by its name and size."""
        return self._sizes.get(ref.sha256) == ref.size_bytes

    def path(self, sha256: str) -> Path:
        """Where the clip is, or would be."""
        return self.directory / (sha256 + _WHOLE)

    def need(self, names: frozenset[str]) -> None:
        """These are not evicted from now on; all others may be."""
        self._spared |= self._needed
        self._needed = names
        self._refused &= names
        self._look_whether_all_is_here()

    @property
    def short(self) -> bool:
        """Whether a clip that is still needed had to be refused for the floor of free disk."""
        return bool(self._refused)

    def disk_total_bytes(self) -> int | None:
        """How large the disk is, None where it cannot be known."""
        try:
            return total_bytes(self.directory)
        except OSError:
            return None

    def disk_free_bytes(self) -> int:
        """Free disk, zero where it cannot be known."""
        try:
            return self._free(self.directory)
        except OSError:
            return 0

    async def begin(self, ref: ClipRef, *, urgent: bool = False) -> PartialClip:
        """Make room for the clip and open what is there of it; an ``urgent`` one may take most of the floor.

        Raises `DiskFull` or `OSError`.
        """
        floor_bytes = self._settings.floor_for(urgent=urgent)
        async with self._room:
            opening = asyncio.ensure_future(asyncio.to_thread(self._begin, ref, floor_bytes))
            opening.add_done_callback(self._tell_evicted)
            try:
                partial = await asyncio.shield(opening)
            except asyncio.CancelledError:
                opening.add_done_callback(_close_unwanted)
                raise
            except DiskFull:
                self._refused.add(ref.sha256)
                raise
            self._refused.discard(ref.sha256)
            self._reserved[ref.sha256] = partial
        return partial

    async def finish(self, partial: PartialClip) -> None:
        """Verify the clip and give it its name. Raises `ClipDamaged`, having deleted it, or `OSError`."""
        sha256 = partial.ref.sha256
        try:
            await asyncio.to_thread(self._finish, partial)
        finally:
            self._reserved.pop(sha256, None)
        self._look_whether_all_is_here()

    async def suspend(self, partial: PartialClip) -> None:
        """Let go of a clip that is not whole, and keep what is there of it for the next time."""
        self._reserved.pop(partial.ref.sha256, None)
        await asyncio.to_thread(partial.close)

    async def verify(self, ref: ClipRef) -> Path:
        """Read the whole clip once more. Raises `ClipDamaged`, having deleted it, where it is not what it should be."""
        try:
            await asyncio.to_thread(self._verify, ref)
        except (ClipDamaged, OSError) as error:
            self._sizes.pop(ref.sha256, None)
            if isinstance(error, ClipDamaged):
                raise
            raise ClipDamaged(f"{ref.sha256}: {error.strerror}") from error
        return self.path(ref.sha256)

    async def clear(self) -> None:
        """Delete every clip, whole or not. Raises `OSError`."""
        self.need(frozenset())
        self._sizes = {}
        await asyncio.to_thread(self._clear)

    def _look_whether_all_is_here(self) -> None:
        if self._needed <= self._sizes.keys():
            self._spared = frozenset()

    # --- in threads -------------------------------------------------------------------------------------------------

    def _scan(self) -> dict[str, int]:
        self.directory.mkdir(parents=True, exist_ok=True)
        return {path.name[: -len(_WHOLE)]: path.stat().st_size for path in self._files(_WHOLE)}

    def _files(self, ending: str) -> list[Path]:
        found = self.directory.glob("*" + ending)
        return [path for path in found if is_sha256(path.name[: -len(ending)]) and path.is_file()]

    def _begin(self, ref: ClipRef, floor_bytes: int) -> PartialClip:
        part = self.directory / (ref.sha256 + _PART)
        here = part.stat().st_size if part.is_file() else 0
        coming = sum(other.ref.size_bytes - other.offset for other in self._reserved.values())
        self._make_room(max(0, ref.size_bytes - here) + coming, floor_bytes, keep=ref.sha256)
        return PartialClip.open(ref, part)

    def _make_room(self, incoming_bytes: int, floor_bytes: int, keep: str) -> None:
        clips = [self._cached(path) for path in (*self._files(_WHOLE), *self._files(_PART))]
        kept = self._needed | {keep} | set(self._reserved)
        needed = frozenset(name + ending for name in kept for ending in (_WHOLE, _PART))
        spared = frozenset(name + _WHOLE for name in self._spared)
        free = self._free(self.directory)
        match make_room(clips, needed, free, floor_bytes, incoming_bytes, spared=spared):
            case NoRoom(missing_bytes=missing_bytes):
                raise DiskFull(f"{missing_bytes} bytes of disk are missing")
            case room:
                for name in room.evict:
                    (self.directory / name).unlink(missing_ok=True)
                    if self._sizes.pop(name.removesuffix(_WHOLE), None) is not None:
                        self._evicted.append(name.removesuffix(_WHOLE))

    def _tell_evicted(self, _: object) -> None:
        while self._evicted:
            self.on_evicted(self._evicted.popleft())

    def _cached(self, path: Path) -> CachedClip:
        found = path.stat()
        return CachedClip(path.name, found.st_blocks * 512, found.st_mtime)

    def _finish(self, partial: PartialClip) -> None:
        part = self.directory / (partial.ref.sha256 + _PART)
        try:
            partial.seal()
        except ClipDamaged:
            partial.close()
            part.unlink(missing_ok=True)
            raise
        finally:
            partial.close()
        part.replace(self.path(partial.ref.sha256))
        sync_directory(self.directory)
        self._sizes[partial.ref.sha256] = partial.ref.size_bytes

    def _verify(self, ref: ClipRef) -> None:
        path = self.path(ref.sha256)
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
        if digest.hexdigest() != ref.sha256:
            path.unlink(missing_ok=True)
            raise ClipDamaged(f"{ref.sha256} was damaged on the disk")
        with contextlib.suppress(OSError):  # a disk that can only be read any more, as worn out cards end, is enough
            os.utime(path)

    def _clear(self) -> None:
        for path in (*self._files(_WHOLE), *self._files(_PART)):
            path.unlink(missing_ok=True)
        sync_directory(self.directory)


def _close_unwanted(opening: "asyncio.Future[PartialClip]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
