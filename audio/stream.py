"""One source of a relay, listened to: what comes from a station or a sound card becomes Opus packets in real time.

Rules of the module: one ffmpeg a source, started through `runner.flowing` and gone with the block that opened it. What
comes in bursts (a playlist gives seconds at once, a server fills the listener's buffer) waits here, and packets leave
every 20 ms; a source that is faster than real time, such as a file, is read no faster. Nothing is made up: where
nothing comes there is no packet. Whatever is wrong is raised as a `SourceFailed` with a sentence, within the time
limits, and names no more of the address than its host.
"""

import asyncio
import os
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from audio import plan, runner
from audio.clip import (
    AudioSettings,
    Card,
    SourceFailed,
    SourceRefused,
    SourceStalled,
    SourceUnreadable,
    Station,
    ToolFailed,
)
from audio.ogg import PacketReader
from audio.way import Reach, Way, open_way

PACKET_S: Final = 0.02
_AHEAD_S: Final = 30.0
_PREBUFFER_S: Final = 0.4
_LONGEST_S: Final = 24 * 3_600.0
_FALLEN_BEHIND_S: Final = 1.0
_LINES: Final = 20
_SILENCE: Final = re.compile(r"silence_(start|end): (-?[0-9.]+)")
_STATUS: Final = re.compile(r"(?:HTTP error|Server returned) ([45][0-9X]{2})")
StreamSource = Station | Card


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """`first_s` is how long a source may take until it is first heard, `stall_s` how long nothing may come afterwards.
    What is quieter than `silence_db` (of full scale) is silence.
    """

    first_s: float = 15.0
    stall_s: float = 15.0
    silence_db: float = -50.0
    reach: Reach = field(default_factory=Reach)
    audio: AudioSettings = field(default_factory=AudioSettings)


@dataclass(slots=True)
class Stream:
    """Packets of 20 ms, Opus, mono, 48 kHz, 24 kbit/s, as they are to be heard: an iterator, for one reader."""

    _source: StreamSource
    _way: Way | None
    _packets: deque[bytes] = field(default_factory=deque)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _taken: int = 0
    _filling: bool = True
    _ended: bool = False
    _failure: SourceFailed | None = None
    _next_s: float = 0.0
    _silences: deque[tuple[float, float | None]] = field(default_factory=deque)
    _said: deque[str] = field(default_factory=lambda: deque(maxlen=_LINES))

    @property
    def quiet_s(self) -> float:
        """How long it has been silent at the packet that was taken last, 0 where it is not."""
        at_s = self._taken * PACKET_S
        while self._silences and self._silences[0][1] is not None and self._silences[0][1] <= at_s:
            self._silences.popleft()
        if not self._silences or self._silences[0][0] >= at_s:
            return 0.0
        return at_s - max(0.0, self._silences[0][0])

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """The next packet, when it is its turn. Raises `SourceFailed`."""
        await self._filled()
        loop = asyncio.get_running_loop()
        wait_s = self._next_s - loop.time()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        elif wait_s < -_FALLEN_BEHIND_S:
            self._next_s = loop.time()
        self._next_s += PACKET_S
        self._taken += 1
        packet = self._packets.popleft()
        if len(self._packets) * PACKET_S < _AHEAD_S:
            self._changed.set()
        return packet

    async def _filled(self) -> None:
        """Returns when there is something to take: after a hole a little more, so that the next one is not near."""
        enough = round(_PREBUFFER_S / PACKET_S)
        if not self._packets and not self._filling:
            self._filling = True
        while self._filling:
            if len(self._packets) >= enough or (self._ended and self._packets):
                self._filling = False
                self._next_s = asyncio.get_running_loop().time()
                return
            if self._ended:
                if self._failure is not None:
                    raise self._failure
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()

    # --- what fills it ------------------------------------------------------------------------------------------------

    def heard(self, line: str) -> None:
        """A line that ffmpeg said."""
        found = _SILENCE.search(line)
        if found is None:
            self._said.append(line)
        elif found[1] == "start":
            self._silences.append((float(found[2]), None))
        elif self._silences:
            self._silences[-1] = (self._silences[-1][0], float(found[2]))

    async def fill(self, flow: runner.Flow, settings: StreamSettings) -> None:
        """Reads until the source ends or fails."""
        try:
            await self._filled_from(flow, settings)
        except SourceFailed as failure:
            self._failure = failure
        finally:
            self._ended = True
            self._changed.set()

    async def _filled_from(self, flow: runner.Flow, settings: StreamSettings) -> None:
        reader, got = PacketReader(), 0
        while True:
            limit_s = settings.stall_s if got else settings.first_s
            try:
                async with asyncio.timeout(limit_s):
                    packets = await self._some(flow, reader)
            except TimeoutError:
                raise SourceStalled(self._why(f"nothing came from {self._host} for {limit_s:g} s")) from None
            except ToolFailed as error:
                raise SourceUnreadable(error.detail) from error
            if not packets:
                if got:
                    return
                raise self._unheard()
            got += len(packets)
            self._packets.extend(packets)
            self._changed.set()
            while len(self._packets) * PACKET_S >= _AHEAD_S:
                self._changed.clear()
                await self._changed.wait()

    async def _some(self, flow: runner.Flow, reader: PacketReader) -> list[bytes]:
        while data := await flow.read():
            if packets := reader.feed(data):
                return packets
        return []

    def _unheard(self) -> SourceFailed:
        """Why ffmpeg ended before anything was heard."""
        way, said = self._way, " ".join(self._said)
        if way is not None and way.problem:
            kind = SourceRefused if way.refused else SourceUnreadable if way.page else SourceFailed
            return kind(way.problem)
        if "certificate" in said:
            return SourceFailed(f"nobody known here vouches for the certificate of {self._host}")
        status = _STATUS.search(said)
        if status is not None:
            return SourceFailed(f"{self._host} answers with the error {status[1]}")
        if isinstance(self._source, Card):
            return SourceFailed(f"the sound card {self._source.device} cannot be opened")
        return SourceUnreadable(f"what {self._host} sends is no sound that is known here")

    def _why(self, otherwise: str) -> str:
        return (self._way.problem if self._way is not None else "") or otherwise

    @property
    def _host(self) -> str:
        match self._source:
            case Station(url=url):
                return url.partition("://")[2].partition("/")[0].rpartition("@")[2]
            case Card(device=device):
                return f"the sound card {device}"


@asynccontextmanager
async def open_stream(
    source: StreamSource, *, ffmpeg: Path, settings: StreamSettings | None = None
) -> AsyncIterator[Stream]:
    """Listens to a source inside the block; what is wrong with it is raised by the iterator.

    Raises ToolMissing: ffmpeg cannot be started.
    """
    settings = settings or StreamSettings()
    async with AsyncExitStack() as stack:
        way = None
        if isinstance(source, Station):
            way = await stack.enter_async_context(open_way(settings.reach, min(source.patience_s, settings.first_s)))
        stream = Stream(source, way)
        command = runner.Command(
            (str(ffmpeg), *plan.receiving(source, settings.audio, settings.silence_db)),
            time_limit_s=_LONGEST_S,
            memory_limit_bytes=settings.audio.memory_limit_bytes,
            environment=_environment(way, source.certificates if isinstance(source, Station) else None),
            niceness=0,
        )
        flow = await stack.enter_async_context(runner.flowing(command, stream.heard))
        filling = asyncio.create_task(stream.fill(flow, settings))
        try:
            yield stream
        finally:
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)


def _environment(way: Way | None, certificates: Path | None) -> dict[str, str]:
    """That of this program, with no way out but ours."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    if certificates is not None:
        kept["SSL_CERT_FILE"] = str(certificates)  # for the pieces of a playlist, which take no options
    return kept if way is None else kept | {"http_proxy": way.url}
