"""Sounds in the making: a text or a recording becomes clips, in the background.

A sound is stored before the work begins and again when it ended; how far the work is lives in memory alone. What once
is ready never changes. One that failed or was cancelled can be made again, as long as there is something to make it of.

Only so many are made at once, because each takes a processor; the others wait their turn. What is urgent, the sound of
an emergency, waits for none of these.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from agents.protocol.ids import BulletinId
from controller.domain.bulletins import Bulletin
from controller.domain.errors import LoaError, Refused, StoreFailed
from controller.domain.sounds import SIREN, PreparedClips, Sound, SoundId, SoundState, Source
from controller.ports import Store, Studio
from controller.services.events import BulletinChanged, TunesChanged
from controller.services.office import Office
from controller.services.recipes import Recipes
from controller.services.recordings import Recordings

_log = logging.getLogger(__name__)
_PROGRESS_STEP: Final = 0.01
_AT_ONCE: Final = 2
_URGENT_AT_ONCE: Final = 2
_WORTH_ANOTHER_TRY: Final = frozenset(
    {"out_of_space", "tool_missing", "tool_failed", "tool_timed_out", "store_failed", "internal"}
)
"""A recording that failed for one of these is kept until the next start: nothing is wrong with it."""
Changed = Callable[[], None]


@dataclass(slots=True)
class _Work:
    """One sound being prepared; ``changed`` tells whoever shows it."""

    sound: Sound
    changed: Changed
    urgent: bool
    progress: float = 0.0
    task: asyncio.Task[None] | None = None


class Making:
    """Makes sounds. Whoever wants one stores it first, then lets the work begin."""

    def __init__(self, office: Office, studio: Studio) -> None:
        self.recipes: Final = Recipes(office, studio)
        self.recordings: Final = Recordings(office.settings.recordings_folder)
        self._store = office.store
        self._studio = studio
        self._events = office.events
        self._crew = office.crew
        self._works: dict[SoundId, _Work] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._urgent_turns = asyncio.Semaphore(_URGENT_AT_ONCE)

    def begin(self, sound: Sound, changed: Changed, *, urgent: bool = False) -> None:
        """Starts the work on a stored sound; a recording's file is with `recordings`, and removed when it was used."""
        work = _Work(sound, changed, urgent)
        self._works[sound.sound_id] = work
        work.task = self._crew.spawn(self._prepared(work), f"prepare {sound.sound_id}")
        work.task.add_done_callback(lambda _: self._over(work))
        changed()

    def _over(self, work: _Work) -> None:
        """However it ended: a task that is cancelled before it began comes by here too."""
        if self._works.get(work.sound.sound_id) is work:
            del self._works[work.sound.sound_id]
        work.changed()

    async def _prepared(self, work: _Work) -> None:
        try:
            async with self._urgent_turns if work.urgent else self._turns:
                if not await self._still_wanted(work.sound.sound_id):
                    return
                clips = await self._clips(work)
        except LoaError as error:
            ended = _failed(work.sound, error.code, error.detail)
        except Exception:
            _log.exception("preparing failed", extra={"sound_id": work.sound.sound_id})
            ended = _failed(work.sound, "internal", "")
        else:
            ended = replace(work.sound, state=SoundState.READY, progress=1.0, clips=clips)
        await self._ended(ended)

    async def _still_wanted(self, sound_id: SoundId) -> bool:
        """It may have been cancelled between its being stored and the beginning of the work."""
        async with self._store.reading() as tx:
            return (await tx.sounds.get(sound_id)).state is SoundState.PREPARING

    async def _clips(self, work: _Work) -> PreparedClips:
        sound = work.sound

        def tell(done: float) -> None:
            done = min(1.0, max(0.0, done))
            if done - work.progress >= _PROGRESS_STEP:
                work.progress = done
                work.changed()

        match sound.source:
            case Source.TONE:
                return await (self._studio.siren() if sound.sound_id == SIREN else self._studio.chime())
            case Source.RECORDING:
                recording = self.recordings.find(sound.sound_id)
                if recording is None:
                    raise LoaError("the file is not there", code="upload_incomplete")
                return await self._studio.from_recording(recording, sound.file_name, sound.profile, tell)
            case Source.TEXT:
                if sound.reading is None:
                    raise LoaError("there is no text", code="text_empty")
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
            return
        if sound.state is SoundState.READY or sound.failure not in _WORTH_ANOTHER_TRY:
            self.recordings.drop(sound.sound_id)

    async def _put(self, sound: Sound) -> None:
        async with self._store.transaction() as tx:
            now = await tx.sounds.get(sound.sound_id)
            if now.state is SoundState.PREPARING:
                await tx.sounds.put(sound)

    async def cancel(self, sound_ids: Iterable[SoundId], *, unused: bool = False) -> None:
        """Ends the work on those that are being prepared, at once; with ``unused`` only on those that no bulletin
        consists of any more. Raises `StoreFailed`.
        """
        stopped: list[asyncio.Task[None]] = []
        for sound_id in dict.fromkeys(sound_ids):
            async with self._store.transaction() as tx:
                sound = await tx.sounds.get(sound_id)
                if unused and await tx.sounds.bulletins_with(sound_id):
                    continue
                preparing = sound.state is SoundState.PREPARING
                if preparing:
                    await tx.sounds.put(replace(sound, state=SoundState.CANCELLED, failure="cancelled"))
            self.recordings.drop(sound_id)
            work = self._works.get(sound_id)
            if preparing and work is not None and work.task is not None:
                work.task.cancel()
                stopped.append(work.task)
        if stopped:
            await asyncio.wait(stopped)

    async def again(self, sound_id: SoundId, changed: Changed, *, urgent: bool = False) -> bool:
        """Makes a sound again that failed, was cancelled, or whose end could not be stored; False where there is
        nothing to do. Raises `Refused` (``recording_gone``), `StoreFailed`.
        """
        if sound_id in self._works:
            return False
        async with self._store.transaction() as tx:
            sound = await tx.sounds.get(sound_id)
            if sound.state is SoundState.READY:
                return False
            if sound.source is Source.RECORDING and self.recordings.find(sound_id) is None:
                raise Refused("the recording is not kept any more", code="recording_gone")
            sound = replace(sound, state=SoundState.PREPARING, failure=None, failure_detail="", progress=0.0)
            await tx.sounds.put(sound)
        if sound_id in self._works:  # meanwhile
            return False
        self.begin(sound, changed, urgent=urgent)
        return True

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

    async def resume(self) -> None:
        """After a restart: what was left in preparing is prepared again, a recording from the file that was kept;
        clips and files that nothing refers to are removed. Raises `StoreFailed`.
        """
        async with self._store.reading() as tx:
            unfinished = await tx.sounds.preparing()
            owners = {sound.sound_id: await tx.sounds.bulletins_with(sound.sound_id) for sound in unfinished}
            known = await tx.bulletins.several([one for those in owners.values() for one in those])
            clips = await tx.sounds.clips() | await tx.airings.clips() | await tx.live_archives.clips()
            emergencies = await tx.emergencies.open()
        recorded = [one.draft.audio for one in emergencies if one.draft.audio is not None]
        await self._studio.keep_only(clips | {clip.sha256 for one in recorded for clip in one.renditions.values()})
        await self.recordings.keep_only(sound.sound_id for sound in unfinished)
        awaited = {sound_id for one in emergencies for sound_id in one.sound_ids.values()}
        for sound in unfinished:
            urgent = sound.sound_id in awaited or any(known[one].urgent for one in owners[sound.sound_id])
            self.begin(sound, self._told_all(owners[sound.sound_id]), urgent=urgent)

    def _told_all(self, bulletin_ids: Iterable[BulletinId]) -> Changed:
        tellers = [self.told(bulletin_id) for bulletin_id in bulletin_ids]

        def tell() -> None:
            for one in tellers:
                one()
            if not tellers:  # a tune's, or one that a bulletin consisted of before
                self._events.publish(TunesChanged())

        return tell


def _failed(sound: Sound, code: str, detail: str) -> Sound:
    return replace(sound, state=SoundState.FAILED, failure=code[:40], failure_detail=detail[:2_000])


async def pronunciations_of(store: Store, language: str) -> Mapping[str, str]:
    """How the station says words of one language."""
    async with store.reading() as tx:
        return {one.written: one.spoken for one in await tx.pronunciations.all() if one.language == language}
