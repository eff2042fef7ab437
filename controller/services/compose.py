"""Bulletins in the making: a text or a recording becomes clips, in the background.

A bulletin is stored before the work begins and again when it ended; how far the work is lives in memory alone. An
uploaded recording is ours once it is handed over, and removed when it was used.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from agents.protocol.ids import BulletinId
from agents.protocol.values import AiringClass
from controller.domain import texts
from controller.domain.bulletins import Bulletin, BulletinState, PreparedClips, Source
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, LoaError, StoreFailed
from controller.ports import Studio
from controller.services.events import BulletinChanged
from controller.services.office import Office
from controller.services.secretary import fresh_id

_log = logging.getLogger(__name__)
LANGUAGES: Final = ("vi", "en")
SLOWEST_WPM: Final = 110
FASTEST_WPM: Final = 150
_PROGRESS_STEP: Final = 0.01


@dataclass(slots=True)
class _Work:
    """One bulletin being prepared."""

    bulletin: Bulletin
    recording: Path | None
    progress: float = 0.0
    task: asyncio.Task[None] | None = None


class Compose:
    """Makes bulletins. A text is checked at once; speaking, levelling and transcoding go on behind."""

    def __init__(self, office: Office, studio: Studio) -> None:
        self._store = office.store
        self._studio = studio
        self._clock = office.clock
        self._events = office.events
        self._crew = office.crew
        self._settings = office.settings
        self._works: dict[BulletinId, _Work] = {}

    async def text_bulletin(self, title: str, text: str, language: str, words_per_minute: int, by: str) -> Bulletin:
        """A bulletin in state preparing. An empty title is taken from the text.

        Raises `Invalid`: ``text_empty``, ``text_too_long``, ``title_too_long``, ``language_unknown``,
        ``rate_out_of_range``; `StoreFailed`.
        """
        cleaned = texts.bulletin_text(text, self._settings.text_max_letters)
        if language not in LANGUAGES:
            raise Invalid(f"no voice for {language[:20]}", code="language_unknown")
        if not SLOWEST_WPM <= words_per_minute <= FASTEST_WPM:
            raise Invalid(f"{words_per_minute} words a minute", code="rate_out_of_range")
        bulletin = self._new(texts.title(title, cleaned), Source.TEXT, by)
        bulletin = replace(bulletin, text=cleaned, language=language, words_per_minute=words_per_minute)
        return await self._begun(bulletin, None)

    async def recording_bulletin(self, title: str, path: Path, by: str) -> Bulletin:
        """A bulletin in state preparing. The file at ``path`` is ours from here on, and removed when it was used.

        Raises `Invalid`: ``title_too_long``, ``recording_missing``; `StoreFailed`.
        """
        try:
            if not await asyncio.to_thread(path.is_file):
                raise Invalid("there is no file", code="recording_missing")
            return await self._begun(self._new(texts.title(title, path.stem), Source.RECORDING, by), path)
        except BaseException:
            await asyncio.to_thread(_remove, path)
            raise

    def _new(self, title: str, source: Source, by: str) -> Bulletin:
        return Bulletin(
            bulletin_id=BulletinId(fresh_id("b")),
            title=title,
            language=LANGUAGES[0],
            source=source,
            text="",
            words_per_minute=0,
            airing_class=AiringClass.ORDINARY,
            state=BulletinState.PREPARING,
            created_at_us=self._clock.now_us(),
            created_by=by,
        )

    async def _begun(self, bulletin: Bulletin, recording: Path | None) -> Bulletin:
        deed = Deed(
            at_us=bulletin.created_at_us, by=bulletin.created_by, what=DeedKind.COMPOSE, subject=bulletin.bulletin_id
        )
        async with self._store.transaction() as tx:
            await tx.bulletins.put(bulletin)
            await tx.deeds.add(deed)
        self._start(bulletin, recording)
        return bulletin

    def _start(self, bulletin: Bulletin, recording: Path | None) -> None:
        work = _Work(bulletin, recording)
        self._works[bulletin.bulletin_id] = work
        work.task = self._crew.spawn(self._prepared(work), f"prepare {bulletin.bulletin_id}")
        work.task.add_done_callback(lambda _: self._over(work))
        self._events.publish(BulletinChanged(bulletin.bulletin_id))

    def _over(self, work: _Work) -> None:
        """However it ended: a task that is cancelled before it began comes by here too."""
        if work.recording is not None:
            _remove(work.recording)
        self._works.pop(work.bulletin.bulletin_id, None)
        self._events.publish(BulletinChanged(work.bulletin.bulletin_id))

    async def _prepared(self, work: _Work) -> None:
        try:
            clips = await self._clips(work)
        except LoaError as error:
            ended = _failed(work.bulletin, error.code, error.detail)
        except Exception:
            _log.exception("preparing failed", extra={"bulletin_id": work.bulletin.bulletin_id})
            ended = _failed(work.bulletin, "internal", "")
        else:
            ended = replace(work.bulletin, state=BulletinState.READY, progress=1.0, clips=clips)
        await self._ended(ended)

    async def _clips(self, work: _Work) -> PreparedClips:
        bulletin = work.bulletin

        def tell(done: float) -> None:
            done = min(1.0, max(0.0, done))
            if done - work.progress >= _PROGRESS_STEP:
                work.progress = done
                self._events.publish(BulletinChanged(bulletin.bulletin_id))

        if work.recording is not None:
            return await self._studio.from_recording(work.recording, tell)
        return await self._studio.from_text(bulletin.text, bulletin.language, bulletin.words_per_minute, tell)

    async def _ended(self, bulletin: Bulletin) -> None:
        try:
            await self._put(bulletin)
        except StoreFailed as error:
            # As long as it stays "preparing" in the database, the next start prepares it again.
            _log.exception("a bulletin could not be stored", extra={"bulletin_id": bulletin.bulletin_id})
            if bulletin.state is BulletinState.READY:
                with contextlib.suppress(StoreFailed):
                    await self._put(_failed(replace(bulletin, clips=None), error.code, error.detail))

    async def _put(self, bulletin: Bulletin) -> None:
        async with self._store.transaction() as tx:
            now = await tx.bulletins.get(bulletin.bulletin_id)
            if now.state is BulletinState.PREPARING:
                await tx.bulletins.put(bulletin)

    async def cancel(self, bulletin_id: BulletinId, by: str) -> Bulletin:
        """Ends the work at once; a bulletin that is ready or failed stays as it is.

        Raises `NotFound`, `StoreFailed`.
        """
        async with self._store.transaction() as tx:
            bulletin = await tx.bulletins.get(bulletin_id)
            if bulletin.state is not BulletinState.PREPARING:
                return bulletin
            bulletin = replace(bulletin, state=BulletinState.CANCELLED, failure="cancelled")
            await tx.bulletins.put(bulletin)
            await tx.deeds.add(
                Deed(at_us=self._clock.now_us(), by=by, what=DeedKind.CANCEL, subject=bulletin_id),
            )
        work = self._works.get(bulletin_id)
        if work is not None and work.task is not None:
            work.task.cancel()
            await asyncio.wait({work.task})
        self._events.publish(BulletinChanged(bulletin_id))
        return bulletin

    async def get(self, bulletin_id: BulletinId) -> Bulletin:
        """With the progress of this moment. Raises `NotFound`, `StoreFailed`."""
        async with self._store.reading() as tx:
            bulletin = await tx.bulletins.get(bulletin_id)
        return self._with_progress(bulletin)

    async def wait_ready(self, bulletin_id: BulletinId) -> Bulletin:
        """Waits while it is preparing; the one returned may have failed or been cancelled. Raises `NotFound`,
        `StoreFailed`.
        """
        work = self._works.get(bulletin_id)
        if work is not None and work.task is not None:
            await asyncio.wait({work.task})
        return await self.get(bulletin_id)

    async def latest(self, limit: int) -> tuple[Bulletin, ...]:
        """The newest first, with the progress of this moment. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            bulletins = await tx.bulletins.latest(limit)
        return tuple(self._with_progress(bulletin) for bulletin in bulletins)

    def clip_path(self, sha256: str) -> Path | None:
        """Where the clip of this name is, to be listened to or fetched."""
        return self._studio.clip_path(sha256)

    def _with_progress(self, bulletin: Bulletin) -> Bulletin:
        work = self._works.get(bulletin.bulletin_id)
        return bulletin if work is None else replace(bulletin, progress=work.progress)

    async def resume(self) -> None:
        """After a restart: texts left in preparing are prepared again; recordings fail with ``upload_incomplete``;
        clips that belong to no bulletin are removed. Raises `StoreFailed`.
        """
        async with self._store.reading() as tx:
            unfinished = await tx.bulletins.preparing()
            clips = await tx.bulletins.clips()
        await self._studio.keep_only(clips)
        for bulletin in unfinished:
            if bulletin.source is Source.TEXT:
                self._start(bulletin, None)
            else:
                await self._put(_failed(bulletin, "upload_incomplete", "the controller was restarted"))


def _failed(bulletin: Bulletin, code: str, detail: str) -> Bulletin:
    return replace(bulletin, state=BulletinState.FAILED, failure=code[:40], failure_detail=detail[:2_000])


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
