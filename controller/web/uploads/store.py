"""Recordings that are being handed in, and those that wait to be made into a bulletin.

Rules: an upload can be gone on with, and a finished one used, for a day after it was last touched; only one request at
a time writes to it; ids are found in the index alone, so that none leads anywhere else on the disk.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.domain.errors import Invalid, NotFound, Refused, StoreFailed
from controller.web.uploads import files
from controller.web.uploads.files import DATA, NOTE, PREFIX, TAKEN, Note, store_failure
from controller.web.uploads.form import Received

log = logging.getLogger(__name__)

SWEEP_EVERY_S: Final = 600.0
IDLE_US: Final = 3_600_000_000
"""An unfinished upload that nobody went on with for an hour makes room for a new one where there are too many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much is taken, and for how long. ``spare_bytes`` of the disk are left to everything else."""

    length_bytes: int
    spare_bytes: int = 64 * 1024 * 1024
    unfinished_each: int = 20
    finished_each: int = 40
    in_all: int = 400
    kept_us: int = 24 * 3_600_000_000


@dataclass(frozen=True, slots=True)
class Owner:
    """Who hands in: ``key`` tells one from another, ``name`` is for people."""

    key: str
    name: str


@dataclass(kw_only=True, slots=True)
class Upload:
    """One file on its way, or arrived. ``offset_bytes`` of ``note.length_bytes`` are there."""

    upload_id: str
    note: Note
    offset_bytes: int = 0
    writing: bool = False

    @property
    def finished(self) -> bool:
        return self.note.finished


class Uploads:
    """All of them, in one folder. Every method but `open` belongs to the event loop."""

    def __init__(self, folder: Path, limits: Limits, now_us: Callable[[], int]) -> None:
        self.folder = folder
        self.limits = limits
        self._now_us = now_us
        self._there: dict[str, Upload] = {}

    def open(self) -> None:
        """Makes the folder and finds what an earlier run of the server left there. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for upload_id, note in files.read_notes(self.folder):
            upload = Upload(upload_id=upload_id, note=note)
            upload.offset_bytes = self._path(upload, DATA).stat().st_size
            self._there[upload_id] = upload
            note.touched_at_us = min(note.touched_at_us, self._now_us())  # the clock may have been set back
            if not note.finished and upload.offset_bytes == note.length_bytes:
                files.sync_and_close(files.open_at(self._path(upload, DATA), upload.offset_bytes))
                note.finished = True
                files.write_note(self._path(upload, NOTE), note, sync=True)
        self.sweep()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What is there is found, and what is too old is removed while the block runs."""
        await asyncio.to_thread(self.open)
        sweeper = asyncio.create_task(self._sweep_on(), name="old uploads")
        try:
            yield
        finally:
            sweeper.cancel()
            await asyncio.gather(sweeper, return_exceptions=True)

    async def _sweep_on(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                self.sweep()
            except OSError:
                log.exception("old uploads could not be removed from %s", self.folder)

    def sweep(self) -> None:
        """Removes what nobody touched for a day."""
        oldest_us = self._now_us() - self.limits.kept_us
        for upload in [u for u in self._there.values() if u.note.touched_at_us < oldest_us and not u.writing]:
            self._forget(upload)

    # --- one upload ---------------------------------------------------------------------------------------------------

    def get(self, upload_id: str, owner: Owner) -> Upload:
        """Raises `NotFound` (``upload_unknown``), also where it is somebody else's."""
        upload = self._there.get(upload_id)
        if upload is None or upload.note.owner != owner.key:
            raise NotFound(code="upload_unknown")
        return upload

    def of(self, owner: Owner) -> list[Upload]:
        """Everything that ``owner`` has here, the newest first."""
        own = (upload for upload in self._there.values() if upload.note.owner == owner.key)
        return sorted(own, key=lambda upload: -upload.note.created_at_us)

    async def create(self, owner: Owner, name: str, media_type: str, length_bytes: int) -> Upload:
        """Room for a file of ``length_bytes``, still empty.

        Raises `Invalid` (``recording_empty``, ``too_large_recording``), `Refused` (``too_many_uploads``) and
        `StoreFailed` (``out_of_space``).
        """
        if length_bytes == 0:
            raise Invalid(code="recording_empty")
        if length_bytes > self.limits.length_bytes:
            raise Invalid(f"over {self.limits.length_bytes} bytes", code="too_large_recording")
        self.sweep()
        self._make_place(owner)
        upload = self._new(owner, name, media_type, length_bytes)
        self._there[upload.upload_id] = upload
        try:
            await asyncio.to_thread(self._begin, upload, self._promised_bytes(upload))
        except OSError as error:
            self._forget(upload)
            raise store_failure(error) from error
        except BaseException:
            self._forget(upload)
            raise
        return upload

    def _begin(self, upload: Upload, promised_bytes: int) -> None:
        free = files.free_bytes(self.folder) - promised_bytes - self.limits.spare_bytes
        if free < upload.note.length_bytes:
            raise StoreFailed(f"{upload.note.length_bytes} bytes wanted, {max(0, free)} free", code="out_of_space")
        self._path(upload, DATA).touch()
        files.write_note(self._path(upload, NOTE), upload.note, sync=True)

    def _promised_bytes(self, but: Upload) -> int:
        """What uploads that are under way will still need."""
        since_us = self._now_us() - IDLE_US
        active = (u for u in self._there.values() if u is not but and u.note.touched_at_us >= since_us)
        return sum(upload.note.length_bytes - upload.offset_bytes for upload in active)

    def _make_place(self, owner: Owner) -> None:
        unfinished = [upload for upload in self.of(owner) if not upload.finished]
        if len(unfinished) >= self.limits.unfinished_each:
            self._forget_idle(unfinished)
        if len(self._there) >= self.limits.in_all:
            self._forget_idle(list(self._there.values()))

    def _forget_idle(self, among: list[Upload]) -> None:
        """Forgets the one that was longest left alone. Raises `Refused` where each is still in use."""
        since_us = self._now_us() - IDLE_US
        idle = [upload for upload in among if upload.note.touched_at_us < since_us and not upload.writing]
        if not idle:
            raise Refused(f"{len(among)} uploads", code="too_many_uploads")
        self._forget(min(idle, key=lambda upload: upload.note.touched_at_us))

    async def append(self, upload: Upload, offset_bytes: int, pieces: AsyncIterator[bytes]) -> None:
        """Writes ``pieces`` on from ``offset_bytes``; whatever arrived before they break off counts.

        Raises `Refused` (``upload_busy``, ``upload_offset``), `Invalid` (``upload_too_long``, and what ``pieces``
        raises), `NotFound` when it is removed meanwhile, and `StoreFailed`: then the upload is gone.
        """
        if upload.writing:
            raise Refused(code="upload_busy")
        if offset_bytes != upload.offset_bytes:
            raise Refused(f"{upload.offset_bytes} bytes are there", code="upload_offset")
        upload.writing = True
        try:
            await self._append(upload, pieces)
        except OSError as error:
            self._forget(upload)
            raise store_failure(error) from error
        finally:
            try:
                await self._settle(upload)
            finally:
                upload.writing = False
        self._still_there(upload)

    async def _append(self, upload: Upload, pieces: AsyncIterator[bytes]) -> None:
        out = await asyncio.to_thread(files.open_at, self._path(upload, DATA), upload.offset_bytes)
        try:
            async for piece in pieces:
                self._still_there(upload)
                if upload.offset_bytes + len(piece) > upload.note.length_bytes:
                    raise Invalid(f"over {upload.note.length_bytes} bytes", code="upload_too_long")
                await asyncio.to_thread(files.write_piece, out, piece, self.limits.spare_bytes)
                upload.offset_bytes += len(piece)
        finally:
            await asyncio.to_thread(files.sync_and_close, out)

    def _still_there(self, upload: Upload) -> None:
        if self._there.get(upload.upload_id) is not upload:
            raise NotFound(code="upload_unknown")

    async def _settle(self, upload: Upload) -> None:
        """Writes down what there is now, however it came to an end."""
        if self._there.get(upload.upload_id) is not upload:
            return
        note = upload.note
        note.touched_at_us = self._now_us()
        note.finished = upload.offset_bytes == note.length_bytes
        try:
            await asyncio.to_thread(files.write_note, self._path(upload, NOTE), note, sync=note.finished)
        except OSError as error:
            self._forget(upload)
            raise store_failure(error) from error
        finally:
            if self._there.get(upload.upload_id) is not upload:
                self._unlink(upload)
        self._forget_oldest(note.owner)

    def remove(self, upload: Upload) -> None:
        """Whatever is being written to it ends with `NotFound`."""
        self._forget(upload)

    # --- what arrived -------------------------------------------------------------------------------------------------

    def keep(self, received: Received, owner: Owner) -> str:
        """Keeps a file that came within a form. Returns its id. Raises `StoreFailed`."""
        upload = self._new(owner, received.name, received.media_type, received.size_bytes)
        upload.offset_bytes = received.size_bytes
        upload.note.finished = True
        try:
            received.path.rename(self._path(upload, DATA))
            files.write_note(self._path(upload, NOTE), upload.note, sync=False)
        except OSError as error:
            received.path.unlink(missing_ok=True)
            self._unlink(upload)
            raise store_failure(error) from error
        self._there[upload.upload_id] = upload
        self._forget_oldest(owner.key)
        return upload.upload_id

    def name(self, upload_id: str, owner: Owner) -> str:
        """What the person's file was called; empty when it is no longer kept."""
        upload = self._there.get(upload_id)
        return upload.note.name if upload is not None and upload.note.owner == owner.key else ""

    def take(self, upload_id: str, owner: Owner) -> Path:
        """The recording as a file of the caller's own; it can be taken again while it is kept.

        Raises `Invalid` (``recording_missing``, ``recording_unfinished``) and `StoreFailed`.
        """
        upload = self._there.get(upload_id)
        if upload is None or upload.note.owner != owner.key:
            raise Invalid(code="recording_missing")
        if not upload.finished:
            raise Invalid(code="recording_unfinished")
        taken = self.folder / f"{PREFIX}{secrets.token_hex(12)}{TAKEN}"
        upload.note.touched_at_us = self._now_us()
        try:
            taken.hardlink_to(self._path(upload, DATA))
            files.write_note(self._path(upload, NOTE), upload.note, sync=False)
        except OSError as error:
            taken.unlink(missing_ok=True)
            raise store_failure(error) from error
        return taken

    # --- inside -------------------------------------------------------------------------------------------------------

    def _new(self, owner: Owner, name: str, media_type: str, length_bytes: int) -> Upload:
        now_us = self._now_us()
        note = Note(
            owner=owner.key,
            owner_name=owner.name,
            name=files.safe_name(name),
            media_type="".join(letter for letter in media_type if letter.isprintable())[:100],
            length_bytes=length_bytes,
            created_at_us=now_us,
            touched_at_us=now_us,
        )
        return Upload(upload_id=secrets.token_urlsafe(16), note=note)

    def _path(self, upload: Upload, suffix: str) -> Path:
        return self.folder / f"{PREFIX}{upload.upload_id}{suffix}"

    def _forget(self, upload: Upload) -> None:
        self._there.pop(upload.upload_id, None)
        self._unlink(upload)

    def _unlink(self, upload: Upload) -> None:
        for suffix in (NOTE, DATA):
            self._path(upload, suffix).unlink(missing_ok=True)

    def _forget_oldest(self, owner_key: str) -> None:
        """The latest few of a person's finished recordings are kept."""
        own = [u for u in self._there.values() if u.note.owner == owner_key and u.finished]
        own.sort(key=lambda upload: upload.note.touched_at_us)
        for upload in own[: -self.limits.finished_each]:
            self._forget(upload)
