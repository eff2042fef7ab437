"""The radio of `controller.ports.relays`, made of the room `audio`: sources and recordings as packets.

Rules of the module: what the room refuses becomes `StudioFailed` with the room's own code and sentence. Its heavy parts
are loaded when they are first used.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agents.protocol.live import PACKET_FRAMES
from agents.protocol.values import ClipPart, LivePart, Part, RenditionName, SilencePart
from audio.clip import AudioError
from controller.domain.errors import StudioFailed
from controller.domain.live import SILENT_PACKET
from controller.domain.relays import card_of
from controller.ports.relays import Reception
from controller.studio import AudioStudio

if TYPE_CHECKING:
    from audio.stream import Stream, StreamSettings, StreamSource

_PATIENCE_S: Final = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RadioSettings:
    """``private_network`` and ``this_machine`` say where addresses may lead besides the internet; what is quieter than
    ``silence_db`` is silence; ``cards`` are sound cards by their names in programmes: the system, alsa or pulse, and
    the device there.
    """

    private_network: bool = True
    this_machine: bool = False
    silence_db: float = -50.0
    cards: Mapping[str, tuple[str, str]] = field(default_factory=dict)


class AudioRadio:
    """Implements `controller.ports.relays.Radio`, with the clips and the ffmpeg of a studio."""

    def __init__(self, studio: AudioStudio, settings: RadioSettings) -> None:
        self._studio = studio
        self._settings = settings

    @asynccontextmanager
    async def tune(self, source: str) -> AsyncIterator[Reception]:
        """See `controller.ports.relays.Radio`."""
        from audio.stream import open_stream

        try:
            ffmpeg = await self._studio.ffmpeg()
            async with open_stream(self._source(source), ffmpeg=ffmpeg, settings=self._stream_settings()) as stream:
                yield _Listening(stream)
        except AudioError as error:
            raise StudioFailed(error.detail or str(error), code=error.code) from error

    def _source(self, source: str) -> "StreamSource":
        from audio.clip import Card, Station
        from audio.tools import trusted_certificates

        name = card_of(source)
        if name is None:
            return Station(source, _PATIENCE_S, trusted_certificates())
        if name not in self._settings.cards:
            raise StudioFailed(f"The settings know no sound card {name}.", code="source_unreachable")
        return Card(*self._settings.cards[name])

    def _stream_settings(self) -> "StreamSettings":
        from audio.stream import StreamSettings
        from audio.way import Reach

        reach = Reach(self._settings.private_network, self._settings.this_machine)
        return StreamSettings(silence_db=self._settings.silence_db, reach=reach)

    async def recorded(self, parts: tuple[Part, ...]) -> AsyncIterator[bytes]:
        """See `controller.ports.relays.Radio`. Clips are Opus in packets of 20 ms already: nothing is encoded again."""
        for part in parts:
            match part:
                case ClipPart():
                    for packet in await self._packets(part):
                        yield packet
                case SilencePart(frames=frames) | LivePart(frames=frames):
                    for _ in range(frames // PACKET_FRAMES):
                        yield SILENT_PACKET

    async def _packets(self, part: ClipPart) -> list[bytes]:
        from audio.ogg import pages

        clip = part.choose(RenditionName.OPUS24)
        path: Path | None = self._studio.clip_path(clip.sha256)
        if path is None:
            raise StudioFailed(f"the clip {clip.sha256} is not there", code="recording_gone")
        try:
            whole = await asyncio.to_thread(pages, path)
        except (AudioError, OSError) as error:
            raise StudioFailed(f"the clip {clip.sha256} cannot be read: {error}") from error
        return [packet for page in whole[2:] for packet in page.packets]


class _Listening:
    """A stream, with what it raises as the desk knows it."""

    def __init__(self, stream: "Stream") -> None:
        self._stream = stream

    @property
    def quiet_s(self) -> float:
        return self._stream.quiet_s

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._stream)
        except AudioError as error:
            raise StudioFailed(error.detail or str(error), code=error.code) from error
