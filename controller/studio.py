"""The studio of `controller.ports`, made of the room `audio`: texts and recordings in, named clips out.

Rules of the module: how many clips are made at once is for the caller to say; of sentences to be listened to, only so
many are. What the room refuses becomes `StudioFailed` with the room's own code. Its heavy parts are loaded when they
are first used.
"""

import asyncio
import logging
import os
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agents.protocol.ids import is_sha256
from agents.protocol.values import ClipRef, RenditionName
from agents.protocol.version import FRAMES_PER_SECOND
from audio import clip
from audio.clip import AudioError, AudioSettings, ClipFile, MadeClips, Stage
from controller.domain.errors import StudioFailed
from controller.domain.sounds import Finding, Mark, PreparedClips, Profile, Reading, SpokenSentence, VoiceInfo
from controller.ports import Meter, Progress, Recoder

if TYPE_CHECKING:
    from audio.live import Recoder as AudioRecoder
    from audio.voices.book import VoiceBook

_log = logging.getLogger(__name__)
_SAID_AT_ONCE: Final = 2
_SPEAKING_SHARE: Final = 0.3
_SIREN_S: Final = 8.0
"""Two of its turns: at its end it is where it began."""
_REMEMBERED: Final = 64
_REMEMBERED_BYTES: Final = 16 * 1024**2


class VoicesUnusable(Exception):
    """The file of voices cannot be used; the sentence names the line."""


class AudioStudio:
    """Implements `controller.ports.Studio`; its clips are files in one folder, each named by its SHA-256.

    ``voices_file`` None, or one that is not there, leaves the built-in voices.
    """

    def __init__(
        self, folder: Path, *, ffmpeg: Path | None, duration_limit_s: float, voices_file: Path | None = None
    ) -> None:
        self._folder = folder
        self._settings = AudioSettings(ffmpeg=ffmpeg, duration_limit_s=duration_limit_s)
        self._voices_file = voices_file
        self._opened: VoiceBook | None = None
        self._saying = asyncio.Semaphore(_SAID_AT_ONCE)
        self._said = _Said()

    def open(self) -> None:
        """Makes the folder, removes what a killed controller left half-made, and reads the file of voices.

        Raises `OSError`, `VoicesUnusable`.
        """
        from audio.runner import remove_leftovers

        self._folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self._folder)
        try:
            self._book  # noqa: B018 - read once
        except AudioError as error:
            raise VoicesUnusable(error.detail) from error

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
        with _failures():
            return _prepared(await self._make(source, progress, profile, name=file_name))

    async def from_text(
        self, reading: Reading, pronunciations: Mapping[str, str], profile: Profile, progress: Progress
    ) -> PreparedClips:
        """Raises `StudioFailed`."""
        from audio.runner import work_directory

        with _failures(), work_directory(self._folder) as work:
            spoken = await self._spoken(
                reading,
                pronunciations,
                work / "spoken.wav",
                lambda _stage, share: progress(share * _SPEAKING_SHARE),
            )
            made = await self._make(
                spoken.path, lambda share: progress(_SPEAKING_SHARE + share * (1 - _SPEAKING_SHARE)), profile
            )
            prepared = _prepared(made)
            return replace(prepared, marks=_marks(spoken.marks, made, self._settings.preroll_ms / 1000))

    async def _spoken(
        self, reading: Reading, pronunciations: Mapping[str, str], out: Path, tell: clip.Progress
    ) -> clip.Spoken:
        """Where no voice was chosen and the first one fails, its service being out of reach say, the next is asked."""
        from audio.speech import speak

        async def by(voice_id: str) -> clip.Spoken:
            return await speak(
                reading.text,
                reading.language,
                out,
                voice=self._book.voice(voice_id, reading.language),
                words_per_minute=reading.words_per_minute,
                pronunciations=pronunciations,
                progress=tell,
            )

        *others, last = self._book.candidates(reading.voice, reading.language) or ("",)
        for voice_id in others:
            try:
                return await by(voice_id)
            except (clip.VoiceFailed, clip.VoiceMissing) as error:
                _log.warning("A voice failed, the next one is asked: %s", error.detail, extra={"voice_id": voice_id})
        return await by(last)

    async def chime(self) -> PreparedClips:
        """Raises `StudioFailed`."""
        from audio.runner import work_directory
        from audio.tones import write_chime

        with _failures(), work_directory(self._folder) as work:
            tune = work / "chime.wav"
            await asyncio.to_thread(write_chime, tune)
            return _prepared(await self._make(tune, lambda _: None, Profile.PLAIN))

    async def siren(self) -> PreparedClips:
        """Raises `StudioFailed`."""
        from audio.runner import work_directory
        from audio.tones import write_siren

        with _failures(), work_directory(self._folder) as work:
            siren = work / "siren.wav"
            await asyncio.to_thread(write_siren, siren, _SIREN_S)
            # No silence before it: it is heard on arrival, and again and again.
            return _prepared(await self._make(siren, lambda _: None, Profile.PLAIN, preroll_ms=0))

    async def keep_stream(self, packets: Iterable[bytes]) -> ClipRef:
        """Raises `StudioFailed`."""
        from audio.live import write_packets
        from audio.runner import in_thread, settle, sha256_of, work_directory

        with _failures(), work_directory(self._folder) as work:
            file = work / "live.opus"
            frames = await in_thread(lambda: write_packets(file, packets))
            sha256 = await in_thread(lambda: sha256_of(file))
            size_bytes = file.stat().st_size
            await in_thread(lambda: settle(file, self._folder / f"{sha256}.opus"))
            return ClipRef(sha256=sha256, size_bytes=size_bytes, frames=frames)

    @asynccontextmanager
    async def recoder(self) -> AsyncIterator[Recoder]:
        """Raises `StudioFailed`."""
        from audio.live import open_recoder

        with _failures():
            async with open_recoder(await self.ffmpeg()) as opened:
                yield _Recoder(opened)

    async def meter(self) -> Meter:
        """See `controller.ports.Studio`."""

        def make() -> Meter:
            from audio.live import PacketMeter

            return PacketMeter()

        return await asyncio.to_thread(make)

    async def say(self, reading: Reading, pronunciations: Mapping[str, str]) -> bytes:
        """Raises `StudioFailed`."""
        from audio.runner import work_directory
        from audio.speech import speak

        key = (reading, tuple(sorted(pronunciations.items())))
        known = self._said.get(key)
        if known is not None:
            return known
        async with self._saying:
            with _failures(), work_directory(self._folder) as work:
                spoken = await speak(
                    reading.text,
                    reading.language,
                    work / "spoken.wav",
                    voice=self._book.voice(reading.voice, reading.language),
                    words_per_minute=reading.words_per_minute,
                    pronunciations=pronunciations,
                )
                wav = await asyncio.to_thread(spoken.path.read_bytes)
        self._said.put(key, wav)
        return wav

    async def sentences(self, reading: Reading, pronunciations: Mapping[str, str]) -> tuple[SpokenSentence, ...]:
        """Raises `StudioFailed`."""
        from audio.text import sentences

        with _failures():
            found = await asyncio.to_thread(sentences, reading.text, reading.language, pronunciations)
        return tuple(SpokenSentence(written=one.text, spoken=one.spoken) for one in found)

    def voices(self) -> tuple[VoiceInfo, ...]:
        """See `controller.ports.Studio`."""
        return tuple(
            VoiceInfo(voice_id=one.id, name=one.name, languages=tuple(sorted(one.languages)))
            for one in self._book.all()
        )

    @property
    def _book(self) -> "VoiceBook":
        if self._opened is None:
            from audio.voices.book import load_voices

            file = self._voices_file
            self._opened = load_voices(file if file is not None and file.exists() else None)
        return self._opened

    async def ffmpeg(self) -> Path:
        """The one to use: that of the settings, or the one that is found first. Raises `audio.clip.ToolMissing`."""
        if self._settings.ffmpeg is None:
            from audio.tools import find_ffmpeg

            self._settings = replace(self._settings, ffmpeg=await find_ffmpeg())
        assert self._settings.ffmpeg is not None
        return self._settings.ffmpeg

    async def _make(
        self, source: Path, progress: Progress, profile: Profile, *, name: str = "", preroll_ms: int | None = None
    ) -> MadeClips:
        from audio.make import make_clips

        await self.ffmpeg()

        def tell(_stage: Stage, share: float) -> None:
            progress(share)

        settings = self._settings if preroll_ms is None else replace(self._settings, preroll_ms=preroll_ms)
        return await make_clips(
            source,
            self._folder,
            settings=settings,
            progress=tell,
            name=name,
            profile=clip.Profile(profile.value),
        )


class _Recoder:
    """`ports.Recoder`."""

    def __init__(self, opened: "AudioRecoder") -> None:
        self._opened = opened

    async def feed(self, data: bytes) -> None:
        await self._opened.feed(data)

    async def packets(self) -> list[bytes]:
        with _failures():
            return await self._opened.packets()


_Key = tuple[Reading, tuple[tuple[str, str], ...]]


class _Said:
    """What was said last, so that listening twice costs nothing; bounded in number and bytes."""

    def __init__(self) -> None:
        self._wavs: OrderedDict[_Key, bytes] = OrderedDict()
        self._bytes = 0

    def get(self, key: _Key) -> bytes | None:
        found = self._wavs.get(key)
        if found is not None:
            self._wavs.move_to_end(key)
        return found

    def put(self, key: _Key, wav: bytes) -> None:
        self._bytes += len(wav) - len(self._wavs.pop(key, b""))
        self._wavs[key] = wav
        while len(self._wavs) > _REMEMBERED or self._bytes > _REMEMBERED_BYTES:
            _, gone = self._wavs.popitem(last=False)
            self._bytes -= len(gone)


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
            Finding(code=one.code.value, remedy=one.remedy.value, values=dict(one.values)) for one in made.findings
        ),
        integrated_lufs=made.renditions[next(iter(made.renditions))].loudness.integrated_lufs,
    )


def _marks(spoken: tuple[clip.Mark, ...], made: MadeClips, preroll_s: float) -> tuple[Mark, ...]:
    """Where the sentences lie in the finished clip: behind its silence at the beginning, before which the voice's own
    was cut off as far as `silence_trimmed` says.
    """
    cut_s = sum(one.values.get("start_s", 0.0) for one in made.findings if one.code is clip.FindingCode.SILENCE_TRIMMED)
    end_s = made.frames / FRAMES_PER_SECOND
    shift_s = preroll_s - cut_s
    return tuple(
        Mark(
            text=one.text,
            start_s=round(min(end_s, max(0.0, one.start_s + shift_s)), 3),
            end_s=round(min(end_s, max(0.0, one.end_s + shift_s)), 3),
        )
        for one in spoken
    )


def _reference(file: ClipFile) -> ClipRef:
    return ClipRef(sha256=file.sha256, size_bytes=file.size_bytes, frames=file.frames)
