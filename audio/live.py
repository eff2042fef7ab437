"""Live sound at the desk: packets as a file, how loud they are, and what a browser records as packets.

An Ogg Opus file (RFC 3533, RFC 7845) of packets of 20 ms exactly as they are: nothing is decoded, so that the clip is
what went out. Its pre-skip is 0: what a decoder returns is what horns were given, sample for sample.
"""

import math
import struct
from array import array
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from audio import plan, runner
from audio.clip import ToolFailed
from audio.ogg import PacketReader, Page

if TYPE_CHECKING:
    import av

PACKET_FRAMES: Final = 960
_PACKETS_A_PAGE: Final = 50
_VENDOR: Final = b"Loa"
_FIRST: Final = 0x02
_LAST: Final = 0x04
_HEAD: Final = struct.Struct("<4sBBqIIIB")
_QUIETEST_DB: Final = -96.0
_LONGEST_S: Final = 24 * 3_600.0
_MEMORY_BYTES: Final = 1024 * 1_048_576


def write_packets(path: Path, packets: Iterable[bytes], *, channels: int = 1) -> int:
    """Writes the file; returns its length in frames at 48 kHz. Raises `ToolFailed` where there is no packet."""
    frames = 0
    with path.open("wb") as file:
        file.write(_page(0, _FIRST, 0, (_opus_head(channels),)))
        file.write(_page(1, 0, 0, (_opus_tags(),)))
        number = 2
        for group, last in _groups(packets):
            frames += len(group) * PACKET_FRAMES
            file.write(_page(number, _LAST if last else 0, frames, group))
            number += 1
    if not frames:
        raise ToolFailed("a stream without a packet")
    return frames


def _groups(packets: Iterable[bytes]) -> Iterator[tuple[tuple[bytes, ...], bool]]:
    """Some packets at a time, and whether they are the last."""
    waiting: list[bytes] = []
    lacing = 0
    for packet in packets:
        laces = len(packet) // 255 + 1
        if len(waiting) == _PACKETS_A_PAGE or lacing + laces > 255:
            yield tuple(waiting), False
            waiting, lacing = [], 0
        waiting.append(packet)
        lacing += laces
    if waiting:
        yield tuple(waiting), True


def _page(number: int, flags: int, granule: int, packets: tuple[bytes, ...]) -> bytes:
    # One stream a file, so that its serial number distinguishes nothing.
    return Page(_HEAD.pack(b"OggS", 0, flags, granule, 1, number, 0, 0), packets).written()


def _opus_head(channels: int) -> bytes:
    return struct.pack("<8sBBHIhB", b"OpusHead", 1, channels, 0, 48_000, 0, 0)


def _opus_tags() -> bytes:
    return struct.pack("<8sI", b"OpusTags", len(_VENDOR)) + _VENDOR + struct.pack("<I", 0)


class Recoder:
    """What a browser records, piece by piece, and the packets of 20 ms that become of it."""

    def __init__(self, flow: runner.Flow) -> None:
        self._flow = flow
        self._reader = PacketReader()

    async def feed(self, data: bytes) -> None:
        """The next piece; waits while the one before is not taken."""
        await self._flow.write(data)

    def end(self) -> None:
        """Nothing more comes."""
        self._flow.end()

    async def packets(self) -> list[bytes]:
        """The next ones, as soon as there are some; none where no more come. Raises `ToolFailed`."""
        while data := await self._flow.read():
            if found := self._reader.feed(data):
                return found
        return []


@asynccontextmanager
async def open_recoder(ffmpeg: Path) -> AsyncIterator[Recoder]:
    """Inside the block a process is at work. Raises `ToolMissing`."""
    command = runner.Command(
        (str(ffmpeg), *plan.recoding()),
        _LONGEST_S,
        memory_limit_bytes=_MEMORY_BYTES,
        niceness=0,
        fed=True,
    )
    async with runner.flowing(command, _nobody) as flow:
        yield Recoder(flow)


def _nobody(line: str) -> None:
    """What ffmpeg says while somebody speaks is of no use to anybody: nothing that comes of it is told by that."""


_SILENT_PACKET: Final = b"\xf8\xff\xfe"
"""20 ms of silence (RFC 6716: CELT, full band, nothing coded)."""


class PacketMeter:
    """How loud the packets of one stream are, in dB below full scale (RMS). It hears all of them, in order."""

    def __init__(self) -> None:
        import av

        self._decoder: Any = av.CodecContext.create("libopus", "r")
        self._decoder.sample_rate = 48_000
        self._decoder.layout = "mono"
        self(_SILENT_PACKET)  # what the first packet has loaded is loaded now, where nobody's sound waits

    def __call__(self, packet: bytes) -> float | None:
        import av

        try:
            frames = self._decoder.decode(av.Packet(packet))
        except av.error.FFmpegError:
            return None
        return max((_level_db(frame) for frame in frames), default=None)


def _level_db(frame: "av.AudioFrame") -> float:
    plane = bytes(frame.planes[0])
    whole = frame.format.name.startswith("s16")
    samples: array[int] | array[float] = array("h") if whole else array("f")
    samples.frombytes(plane[: samples.itemsize * frame.samples])
    full = 32_768.0 if whole else 1.0
    mean = sum(sample * sample for sample in samples) / (len(samples) * full * full) if samples else 0.0
    return max(_QUIETEST_DB, 10 * math.log10(mean)) if mean > 0 else _QUIETEST_DB
