"""Ogg pages in the making, right and wrong, for those who test the reader."""

import contextlib
import io
import random
import struct
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from agents.io.ogg import OpusFile, Packet, checksum

CONTINUED, FIRST, LAST = 1, 2, 4
CELT_20_MS = bytes([31 << 3])
PRE_SKIP = 312


def slow_checksum(page: bytes) -> int:
    """As RFC 3533 words it, bit by bit."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x104C11DB7 if value & 0x80000000 else 0)) & 0x1FFFFFFFF
    return value


@dataclass(frozen=True)
class Made:
    """A page in the making; its checksum is made right when it is written, if nothing else is asked for."""

    body: bytes = b""
    lacing: Sequence[int] = ()
    granule: int = 0
    flags: int = 0
    serial: int = 7
    number: int = 0
    spoiled: int = 0

    def written(self) -> bytes:
        def page(crc: int) -> bytes:
            fields = (b"OggS", 0, self.flags, self.granule, self.serial, self.number, crc, len(self.lacing))
            return struct.pack("<4sBBqIIIB", *fields) + bytes(self.lacing) + self.body

        return page(checksum(page(0)) ^ self.spoiled)


def laced(packet: bytes) -> list[int]:
    return [255] * (len(packet) // 255) + [len(packet) % 255]


def head(channels: int = 1, family: int = 0, version: int = 1, pre_skip: int = PRE_SKIP, gain: int = 0) -> bytes:
    return b"OpusHead" + struct.pack("<BBHIhB", version, channels, pre_skip, 48_000, gain, family)


TAGS = b"OpusTags" + bytes(8)


@dataclass
class Writer:
    """Lays packets on pages as a muxer does."""

    pages: list[Made] = field(default_factory=list)

    def page(self, packets: Sequence[bytes], granule: int, flags: int = 0) -> "Writer":
        lacing = [length for packet in packets for length in laced(packet)]
        assert len(lacing) <= 255
        self.pages.append(Made(b"".join(packets), lacing, granule, flags, number=len(self.pages)))
        return self

    def torn(self, packet: bytes, granule: int, at: int, flags: int = 0) -> "Writer":
        """A packet over two pages, broken at a multiple of 255."""
        assert at % 255 == 0
        self.pages.append(Made(packet[:at], [255] * (at // 255), -1, 0, number=len(self.pages)))
        self.pages.append(Made(packet[at:], laced(packet[at:]), granule, CONTINUED | flags, number=len(self.pages)))
        return self

    def begun(self, first: bytes | None = None, tags: bytes = TAGS) -> "Writer":
        return self.page([head() if first is None else first], 0, FIRST).page([tags], 0)

    def written(self) -> bytes:
        return written(self.pages)


def written(pages: Sequence[Made]) -> bytes:
    return b"".join(page.written() for page in pages)


def numbered(pages: Sequence[Made]) -> list[Made]:
    return [replace(page, number=number) for number, page in enumerate(pages)]


def short_clip(pages: int = 4, packets_each: int = 3) -> list[Made]:
    dice = random.Random(3)
    writer = Writer().begun()
    for page in range(pages):
        packets = [CELT_20_MS + dice.randbytes(dice.randrange(20, 300)) for _ in range(packets_each)]
        last = page == pages - 1
        writer.page(packets, 960 * packets_each * (page + 1) - (100 if last else 0), LAST if last else 0)
    return writer.pages


def end_of(packets: Sequence[Packet]) -> int:
    return sum(packet.frames - packet.cut_frames for packet in packets) - PRE_SKIP


def packets_of(content: bytes) -> list[Packet]:
    file = OpusFile(io.BytesIO(content))
    return list(iter(file.next_packet, None))


def everything_from(frame: int, content: bytes) -> list[Packet]:
    file = OpusFile(io.BytesIO(content))
    file.seek(frame)
    return list(iter(file.next_packet, None))


class Counting(io.FileIO):
    """Counts what is read."""

    read_bytes = 0

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        got = super().readinto(buffer) or 0
        self.read_bytes += got
        return got


@contextlib.contextmanager
def watched() -> Iterator[Callable[[], int]]:
    """The highest memory meanwhile, to be asked for afterwards."""
    highest = [0]
    tracemalloc.start()
    try:
        yield lambda: highest[0]
    finally:
        highest[0] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
