"""The files that recordings are made from, kept until nothing more is made of them.

A file is moved here, under the name of its sound, before the sound is stored: so a restart in the middle finds it.
"""

import asyncio
import shutil
from collections.abc import Iterable
from pathlib import Path

from controller.domain.errors import StoreFailed
from controller.domain.sounds import SoundId


class Recordings:
    """``folder`` None keeps every file where it was handed over, until the program ends."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._elsewhere: dict[SoundId, Path] = {}

    def find(self, sound_id: SoundId) -> Path | None:
        """The file of this sound, where it is still there."""
        path = self._elsewhere.get(sound_id) if self._folder is None else self._folder / sound_id
        return path if path is not None and path.is_file() else None

    async def keep(self, sound_id: SoundId, source: Path) -> None:
        """The file is ours from here on. Raises `StoreFailed` (``out_of_space``)."""
        if self._folder is None:
            self._elsewhere[sound_id] = source
            return
        try:
            await asyncio.to_thread(_move, source, self._folder / sound_id)
        except OSError as error:
            raise StoreFailed(f"{error.strerror}", code="out_of_space") from error

    def drop(self, sound_id: SoundId) -> None:
        """Takes the file away, where there is one."""
        found = self.find(sound_id)
        self._elsewhere.pop(sound_id, None)
        if found is not None:
            found.unlink(missing_ok=True)

    async def keep_only(self, wanted: Iterable[SoundId]) -> None:
        """Takes away the files of all other sounds."""
        if self._folder is not None:
            await asyncio.to_thread(_remove_others, self._folder, frozenset(wanted))


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        source.replace(target)
    except OSError:
        # From another disk: whole under its name, or not there.
        half = target.with_suffix(".half")
        try:
            shutil.copyfile(source, half)
            half.replace(target)
        finally:
            half.unlink(missing_ok=True)
        source.unlink(missing_ok=True)


def _remove_others(folder: Path, wanted: frozenset[SoundId]) -> None:
    if folder.is_dir():
        for path in folder.iterdir():
            if path.name not in wanted:
                path.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Takes a file away that was handed over, where it is still there."""
    path.unlink(missing_ok=True)
