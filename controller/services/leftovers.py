"""Sounds that nobody will hear any more: their rows go at once, their files when nothing else is made of them.

Rules: a clip's file is named by what is in it, so that two sounds may share one. It goes only where nothing refers to
it a while after its sound went, and only where it was not written again meanwhile: somebody may be making the same
sound, and has not stored it yet. A file that cannot be removed (a disk that is read-only, or broken) stays, and is
tried again later: nobody waits for it. Files that are left when the station ends go when it starts (`Making.resume`).
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Final

from controller.domain.sounds import SoundId, SoundState
from controller.ports import Clock, Store, Studio
from controller.services.making import Making

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
LEAST_AGE_S: Final = 60
"""A file that is younger is left, and one whose sound went more recently."""
AGAIN_S: Final = 600
"""What could not be removed is tried again then."""


class Leftovers:
    """Every method raises `StoreFailed`, and then nothing of it has happened."""

    def __init__(self, store: Store, clock: Clock, studio: Studio, making: Making) -> None:
        self._store = store
        self._clock = clock
        self._studio = studio
        self._making = making
        self._files: dict[str, int] = {}

    @property
    def due_us(self) -> tuple[int, ...]:
        """When `sweep` has something to do."""
        return tuple(self._files.values())

    async def drop(self, sound_ids: Iterable[str]) -> None:
        """The work on these ends, and they are forgotten. Those that are not there are no matter."""
        async with self._store.reading() as tx:
            found = await tx.sounds.several(sound_ids)
        if not found:
            return
        await self._making.cancel(SoundId(one.sound_id) for one in found.values() if one.state is SoundState.PREPARING)
        async with self._store.transaction() as tx:
            found = await tx.sounds.several(found)
            await tx.sounds.remove(found)
        due_us = self._clock.now_us() + LEAST_AGE_S * _SECOND_US
        clips = [clip for one in found.values() if one.clips is not None for clip in one.clips.renditions.values()]
        self._files.update((clip.sha256, due_us) for clip in clips)

    async def sweep(self) -> None:
        """Removes files whose time has come, and to which nothing refers."""
        now_us = self._clock.now_us()
        due = [sha256 for sha256, due_us in self._files.items() if due_us <= now_us]
        if not due:
            return
        async with self._store.reading() as tx:
            used = await tx.sounds.clips_in_use(due)
        later_s = await asyncio.to_thread(_removed, self._studio, [one for one in due if one not in used])
        for sha256 in due:
            del self._files[sha256]
        self._files.update({sha256: now_us + after_s * _SECOND_US for sha256, after_s in later_s.items()})


def _removed(studio: Studio, names: Iterable[str]) -> dict[str, int]:
    """Removes the files; returns those that stay, with the seconds after which to try again."""
    young: list[str] = []
    failed: dict[str, OSError] = {}
    before_s = time.time() - LEAST_AGE_S
    for sha256 in names:
        try:
            path = studio.clip_path(sha256)
            if path is None:
                continue
            if path.stat().st_mtime > before_s:
                young.append(sha256)
            else:
                path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            failed[sha256] = error
    if failed:  # in one line: of such a disk all of them fail
        sha256, why = next(iter(failed.items()))
        _log.warning("%d clips could not be removed: %s", len(failed), why, extra={"clip": sha256})
    return {**dict.fromkeys(young, LEAST_AGE_S), **dict.fromkeys(failed, AGAIN_S)}
