"""The studio of `controller.ports`, made of the room `audio`: texts and recordings in, named clips out.

Rules of the module: only so many are made at once, because each takes a processor; the others wait their turn. What
the room refuses becomes `StudioFailed` with the room's own code. Its heavy parts are loaded when they are first used.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from agents.protocol.ids import is_sha256
from agents.protocol.values import ClipRef, RenditionName
from audio.clip import AudioError, AudioSettings, ClipFile, MadeClips, Stage
from controller.domain import sounds
from controller.domain.errors import StudioFailed
from controller.domain.sounds import PreparedClips, Profile, Reading, SpokenSentence, VoiceInfo
from controller.ports import Progress

_AT_ONCE: Final = 2
_SPEAKING_SHARE: Final = 0.3


class AudioStudio:
    """Implements `controller.ports.Studio`; its clips are files in one folder, each named by its SHA-256."""

    def __init__(self, folder: Path, *, ffmpeg: Path | None, duration_limit_s: float) -> None:
        self._folder = folder
        self._settings = AudioSettings(ffmpeg=ffmpeg, duration_limit_s=duration_limit_s)
        self._turn = asyncio.Semaphore(_AT_ONCE)

    def open(self) -> None:
        """Makes the folder, and removes what a killed controller left half-made. Raises `OSError`."""
        from audio.runner import remove_leftovers

        self._folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self._folder)

    async def ready(self) -> bool:
        """Whether clips can be read and written."""
        return os.access(self._folder, os.R_OK | os.W_OK | os.X_OK)

    def clip_path(self, sha256: str) -> Path | None:
        """The file of a clip, None where there is none of this name."""
        path = self._folder / f"{sha256}.opus"
        return path if is_sha256(sha256) and path.is_file() else None

    async def keep_only(self, wanted: AbstractSet[str]) -> None:
        """Removes clips that nobody refers to: those of a bulletin whose end was never stored."""
        await asyncio.to_thread(_remove_others, self._folder, wanted)

    async def from_recording(self, source: Path, file_name: str, profile: Profile, progress: Progress) -> PreparedClips:
        """Raises `StudioFailed`."""
        async with self._turn:
            with _failures():
                return _prepared(await self._make(source, progress))

    async def from_text(
        self, reading: Reading, pronunciations: Mapping[str, str], profile: Profile, progress: Progress
    ) -> PreparedClips:
        """Raises `StudioFailed`."""
        from audio.runner import work_directory
        from audio.speech import speak

        async with self._turn:
            with _failures(), work_directory(self._folder) as work:
                spoken = await speak(
                    reading.text,
                    reading.language,
                    work / "spoken.wav",
                    words_per_minute=reading.words_per_minute,
                    pronunciations=pronunciations,
                    progress=lambda _stage, share: progress(share * _SPEAKING_SHARE),
                )
                return _prepared(
                    await self._make(
                        spoken.path, lambda share: progress(_SPEAKING_SHARE + share * (1 - _SPEAKING_SHARE))
                    )
                )

    async def chime(self) -> PreparedClips:
        """Raises `StudioFailed`."""
        from audio.runner import work_directory
        from audio.tones import write_chime

        async with self._turn:
            with _failures(), work_directory(self._folder) as work:
                tune = work / "chime.wav"
                await asyncio.to_thread(write_chime, tune)
                return _prepared(await self._make(tune, lambda _: None))

    async def say(self, reading: Reading, pronunciations: Mapping[str, str]) -> bytes:
        """Raises `StudioFailed`."""
        from audio.runner import work_directory
        from audio.speech import speak

        with _failures(), work_directory(self._folder) as work:
            spoken = await speak(
                reading.text,
                reading.language,
                work / "spoken.wav",
                words_per_minute=reading.words_per_minute,
                pronunciations=pronunciations,
            )
            return await asyncio.to_thread(spoken.path.read_bytes)

    async def sentences(self, reading: Reading, pronunciations: Mapping[str, str]) -> tuple[SpokenSentence, ...]:
        """Raises `StudioFailed`."""
        from audio.speech import clean, pieces

        with _failures():
            found = await asyncio.to_thread(lambda: pieces(clean(reading.text), reading.language, pronunciations))
        return tuple(SpokenSentence(written=piece.text, spoken=piece.text) for piece in found)

    def voices(self) -> tuple[VoiceInfo, ...]:
        """See `controller.ports.Studio`."""
        return (
            VoiceInfo(voice_id="espeak-vi", name="espeak-ng", languages=("vi",)),
            VoiceInfo(voice_id="espeak-en", name="espeak-ng", languages=("en",)),
        )

    async def _make(self, source: Path, progress: Progress) -> MadeClips:
        from audio.make import make_clips
        from audio.tools import find_ffmpeg

        if self._settings.ffmpeg is None:
            self._settings = replace(self._settings, ffmpeg=await find_ffmpeg())

        def tell(_stage: Stage, share: float) -> None:
            progress(share)

        return await make_clips(source, self._folder, settings=self._settings, progress=tell)


def _remove_others(folder: Path, wanted: AbstractSet[str]) -> None:
    for path in folder.glob("*.opus"):
        if path.stem not in wanted:
            path.unlink(missing_ok=True)


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except AudioError as error:
        raise StudioFailed(error.detail or str(error), code=error.code) from error


def _prepared(made: MadeClips) -> PreparedClips:
    return PreparedClips(
        renditions={RenditionName(rendition.value): _reference(file) for rendition, file in made.renditions.items()},
        peaks=made.waveform,
        findings=tuple(
            sounds.Finding(code=one.code.value, remedy=one.remedy.value, values=dict(one.values))
            for one in made.findings
        ),
        integrated_lufs=made.renditions[next(iter(made.renditions))].loudness.integrated_lufs,
    )


def _reference(file: ClipFile) -> ClipRef:
    return ClipRef(sha256=file.sha256, size_bytes=file.size_bytes, frames=file.frames)
