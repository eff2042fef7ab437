"""Sounds in the making: a text or a recording becomes clips, in the background.

A sound is stored before the work begins and again when it ended; how far the work is lives in memory alone. An
uploaded recording is ours once it is handed over, and removed when it was used.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from agents.protocol.ids import BulletinId
from controller.domain import texts
from controller.domain.bulletins import Bulletin
from controller.domain.errors import Invalid, LoaError, StoreFailed
from controller.domain.sounds import PreparedClips, Profile, Reading, Sound, SoundId, SoundState, Source
from controller.ports import Store, Studio
from controller.services.events import BulletinChanged
from controller.services.office import Office
from controller.services.secretary import fresh_id

_log = logging.getLogger(__name__)
SLOWEST_WPM: Final = 110
FASTEST_WPM: Final = 150
_PROGRESS_STEP: Final = 0.01
Changed = Callable[[], None]


@dataclass(slots=True)
class _Work:
    """One sound being prepared; ``changed`` tells whoever shows it."""

    sound: Sound
    recording: Path | None
    changed: Changed
    progress: float = 0.0
    task: asyncio.Task[None] | None = None


class Making:
    """Makes sounds. Whoever wants one stores it first, then lets the work begin."""

    def __init__(self, office: Office, studio: Studio) -> None:
        self._store = office.store
        self._studio = studio
        self._clock = office.clock
        self._events = office.events
        self._crew = office.crew
        self._settings = office.settings
        self._works: dict[SoundId, _Work] = {}

    def checked(self, reading: Reading) -> Reading:
        """The reading with its text as it will be kept.

        Raises `Invalid`: ``text_empty``, ``text_too_long``, ``language_unknown``, ``voice_unknown``,
        ``rate_out_of_range``.
        """
        cleaned = texts.bulletin_text(reading.text, self._settings.text_max_letters)
        voices = self._studio.voices()
        if not any(reading.language in voice.languages for voice in voices):
            raise Invalid(f"no voice for {reading.language[:20]}", code="language_unknown")
        known = {voice.voice_id for voice in voices if reading.language in voice.languages}
        if reading.voice and reading.voice not in known:
            raise Invalid(f"no voice {reading.voice[:20]} for {reading.language[:20]}", code="voice_unknown")
        if not SLOWEST_WPM <= reading.words_per_minute <= FASTEST_WPM:
            raise Invalid(f"{reading.words_per_minute} words a minute", code="rate_out_of_range")
        return replace(reading, text=cleaned)

    def of_text(self, reading: Reading, profile: Profile, by: str) -> Sound:
        """A new sound, to be stored and begun. Raises what `checked` raises."""
        return self._new(Source.TEXT, by, reading=self.checked(reading), profile=profile)

    def of_recording(self, file_name: str, profile: Profile, by: str) -> Sound:
        """A new sound, to be stored and begun with the file."""
        return self._new(Source.RECORDING, by, file_name=file_name[:200], profile=profile)

    def of_tone(self, name: str, by: str) -> Sound:
        """A new sound that the station makes itself."""
        return self._new(Source.TONE, by, file_name=name)

    def _new(
        self,
        source: Source,
        by: str,
        *,
        reading: Reading | None = None,
        file_name: str = "",
        profile: Profile = Profile.PLAIN,
    ) -> Sound:
        return Sound(
            sound_id=SoundId(fresh_id("sd")),
            source=source,
            reading=reading,
            file_name=file_name,
            profile=profile,
            state=SoundState.PREPARING,
            created_at_us=self._clock.now_us(),
            created_by=by,
        )

    def begin(self, sound: Sound, recording: Path | None, changed: Changed) -> None:
        """Starts the work on a stored sound. The file at ``recording`` is ours, and removed when it was used."""
        work = _Work(sound, recording, changed)
        self._works[sound.sound_id] = work
        work.task = self._crew.spawn(self._prepared(work), f"prepare {sound.sound_id}")
        work.task.add_done_callback(lambda _: self._over(work))
        changed()

    def _over(self, work: _Work) -> None:
        """However it ended: a task that is cancelled before it began comes by here too."""
        if work.recording is not None:
            remove(work.recording)
        self._works.pop(work.sound.sound_id, None)
        work.changed()

    async def _prepared(self, work: _Work) -> None:
        try:
            clips = await self._clips(work)
        except LoaError as error:
            ended = _failed(work.sound, error.code, error.detail)
        except Exception:
            _log.exception("preparing failed", extra={"sound_id": work.sound.sound_id})
            ended = _failed(work.sound, "internal", "")
        else:
            ended = replace(work.sound, state=SoundState.READY, progress=1.0, clips=clips)
        await self._ended(ended)

    async def _clips(self, work: _Work) -> PreparedClips:
        sound = work.sound

        def tell(done: float) -> None:
            done = min(1.0, max(0.0, done))
            if done - work.progress >= _PROGRESS_STEP:
                work.progress = done
                work.changed()

        if sound.source is Source.TONE:
            return await self._studio.chime()
        if work.recording is not None:
            return await self._studio.from_recording(work.recording, sound.file_name, sound.profile, tell)
        if sound.reading is None:
            raise LoaError("neither a text nor a file", code="upload_incomplete")
        said = await pronunciations_of(self._store, sound.reading.language)
        return await self._studio.from_text(sound.reading, said, sound.profile, tell)

    async def _ended(self, sound: Sound) -> None:
        try:
            await self._put(sound)
        except StoreFailed as error:
            # As long as it stays "preparing" in the database, the next start prepares it again.
            _log.exception("a sound could not be stored", extra={"sound_id": sound.sound_id})
            if sound.state is SoundState.READY:
                with contextlib.suppress(StoreFailed):
                    await self._put(_failed(replace(sound, clips=None), error.code, error.detail))

    async def _put(self, sound: Sound) -> None:
        async with self._store.transaction() as tx:
            now = await tx.sounds.get(sound.sound_id)
            if now.state is SoundState.PREPARING:
                await tx.sounds.put(sound)

    async def cancel(self, sound_ids: Iterable[SoundId]) -> None:
        """Ends the work on those that are being prepared, at once. Raises `StoreFailed`."""
        stopped: list[asyncio.Task[None]] = []
        for sound_id in sound_ids:
            async with self._store.transaction() as tx:
                sound = await tx.sounds.get(sound_id)
                if sound.state is SoundState.PREPARING:
                    await tx.sounds.put(replace(sound, state=SoundState.CANCELLED, failure="cancelled"))
            work = self._works.get(sound_id)
            if work is not None and work.task is not None:
                work.task.cancel()
                stopped.append(work.task)
        if stopped:
            await asyncio.wait(stopped)

    async def wait(self, sound_ids: Iterable[SoundId]) -> None:
        """Waits until none of these is being prepared here."""
        tasks = [work.task for one in sound_ids if (work := self._works.get(one)) is not None and work.task]
        if tasks:
            await asyncio.wait(tasks)

    def current(self, sound: Sound) -> Sound:
        """With the progress of this moment."""
        work = self._works.get(sound.sound_id)
        return sound if work is None else replace(sound, progress=work.progress)

    def current_bulletin(self, bulletin: Bulletin) -> Bulletin:
        """With the progress of this moment."""
        if not any(variant.sound.sound_id in self._works for variant in bulletin.variants):
            return bulletin
        variants = tuple(replace(variant, sound=self.current(variant.sound)) for variant in bulletin.variants)
        return replace(bulletin, variants=variants)

    def told(self, bulletin_id: BulletinId) -> Changed:
        """Tells the pages that show this bulletin."""
        return lambda: self._events.publish(BulletinChanged(bulletin_id))

    def clip_path(self, sha256: str) -> Path | None:
        """Where the clip of this name is, to be listened to or fetched."""
        return self._studio.clip_path(sha256)

    async def resume(self) -> None:
        """After a restart: texts left in preparing are prepared again; recordings fail with ``upload_incomplete``;
        clips that nothing refers to are removed. Raises `StoreFailed`.
        """
        async with self._store.reading() as tx:
            unfinished = await tx.sounds.preparing()
            owners = {sound.sound_id: await tx.sounds.bulletins_with(sound.sound_id) for sound in unfinished}
            clips = await tx.sounds.clips() | await tx.airings.clips()
        await self._studio.keep_only(clips)
        for sound in unfinished:
            if sound.source is Source.RECORDING:
                await self._put(_failed(sound, "upload_incomplete", "the controller was restarted"))
            else:
                self.begin(sound, None, self._told_all(owners[sound.sound_id]))

    def _told_all(self, bulletin_ids: Iterable[BulletinId]) -> Changed:
        tellers = [self.told(bulletin_id) for bulletin_id in bulletin_ids]

        def tell() -> None:
            for one in tellers:
                one()

        return tell


def _failed(sound: Sound, code: str, detail: str) -> Sound:
    return replace(sound, state=SoundState.FAILED, failure=code[:40], failure_detail=detail[:2_000])


async def pronunciations_of(store: Store, language: str) -> Mapping[str, str]:
    """How the station says words of one language."""
    async with store.reading() as tx:
        return {one.written: one.spoken for one in await tx.pronunciations.all() if one.language == language}


def remove(path: Path) -> None:
    """Takes an uploaded file away, where it is still there."""
    path.unlink(missing_ok=True)
