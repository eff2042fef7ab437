"""The few bytes of an Ogg Opus file that matter here (RFC 3533, RFC 7845). Only for files made here.

The header's output gain turns a finished rendition up or down by steps of 1/256 dB: every decoder applies it, and
nothing has to be encoded again.
"""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from audio.clip import ToolFailed

_HEADER_BYTES = 512
_LARGEST_PAGE_BYTES = 65_307
_GAIN_AT = 16  # from the beginning of "OpusHead"
_CHECKSUM_AT = 22  # from the beginning of a page
_NOTHING = 0xFFFFFFFF
_MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def opus_frames(path: Path) -> int:
    """Frames that a decoder returns for an Ogg Opus file: last granule position less the pre-skip (RFC 7845, 4).

    Raises ToolFailed when the file is not whole Ogg Opus.
    """
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
        at = head.find(b"OpusHead")
        file.seek(max(0, path.stat().st_size - _LARGEST_PAGE_BYTES))
        tail = file.read()
    page = tail.rfind(b"OggS")
    if at < 0 or len(head) < at + 12 or page < 0 or len(tail) < page + 14:
        raise ToolFailed(f"{path.name} is not Ogg Opus")
    last_page = bool(tail[page + 5] & 4)
    (granule,) = struct.unpack_from("<q", tail, page + 6)
    (pre_skip,) = struct.unpack_from("<H", head, at + 10)
    frames = int(granule) - int(pre_skip)
    if not last_page or frames <= 0:
        raise ToolFailed(f"{path.name} is cut off")
    return frames


def set_output_gain(path: Path, gain_db: float) -> None:
    """Write the output gain into the header, in place. Raises ToolFailed when the file is not Ogg Opus."""
    with path.open("r+b") as file:
        head = bytearray(file.read(_HEADER_BYTES))
        at = head.find(b"OpusHead")
        if at < 0 or not head.startswith(b"OggS"):
            raise ToolFailed(f"{path.name} is not Ogg Opus")
        segments = head[26]
        page = head[: 27 + segments + sum(head[27 : 27 + segments])]
        struct.pack_into("<h", page, at + _GAIN_AT, round(gain_db * 256))
        struct.pack_into("<I", page, _CHECKSUM_AT, 0)
        struct.pack_into("<I", page, _CHECKSUM_AT, _checksum(page))
        file.seek(0)
        file.write(page)


@dataclass(frozen=True, slots=True)
class Page:
    """A page (RFC 3533, 6) whose packets all end in it: its first 27 bytes, and the packets."""

    head: bytes
    packets: tuple[bytes, ...]

    def written(self) -> bytes:
        """The page as bytes."""
        table = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in self.packets)
        if len(table) > 255:
            raise ToolFailed("too much for one page")
        page = bytearray(self.head[:26] + bytes([len(table)]) + table + b"".join(self.packets))
        struct.pack_into("<I", page, _CHECKSUM_AT, 0)
        struct.pack_into("<I", page, _CHECKSUM_AT, _checksum(page))
        return bytes(page)


def pages(path: Path) -> list[Page]:
    """All pages of a file. Raises ToolFailed when it is not whole Ogg, or a packet goes on in the next page."""
    data, at = path.read_bytes(), 0
    found = []
    while at < len(data):
        table = data[at + 27 : at + 27 + data[at + 26]] if data[at : at + 4] == b"OggS" and at + 27 < len(data) else b""
        if not table or table[-1] == 255:
            raise ToolFailed(f"{path.name} has a page that cannot be taken apart")
        start = at + 27 + len(table)
        packets, size = [], 0
        for lace in table:
            size += lace
            if lace < 255:
                packets.append(data[start : start + size])
                start, size = start + size, 0
        found.append(Page(data[at : at + 27], tuple(packets)))
        at = start
    return found


class PacketReader:
    """The packets of an Ogg stream as it comes, those of the header left out. A packet may go on over pages."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._part = b""
        self._headers = 2

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that are whole with this. Raises ToolFailed where it is no Ogg."""
        self._data += data
        found: list[bytes] = []
        while (size := self._whole()) is not None:
            page, self._data = bytes(self._data[:size]), self._data[size:]
            at = 27 + page[26]
            for lace in page[27:at]:
                self._part, at = self._part + page[at : at + lace], at + lace
                if lace < 255:
                    found.append(self._part)
                    self._part = b""
        skipped = min(self._headers, len(found))
        self._headers -= skipped
        return found[skipped:]

    def _whole(self) -> int | None:
        """How long the first page is, None where it is not whole yet."""
        head = self._data
        if not head.startswith(b"OggS"[: len(head)]):
            raise ToolFailed("no Ogg page where one must begin")
        if len(head) < 27 or len(head) < 27 + head[26]:
            return None
        size = 27 + head[26] + sum(head[27 : 27 + head[26]])
        return size if len(head) >= size else None


def splice(into: list[Page], patch: list[Page], first: int, end: int, patch_begins: int) -> list[Page]:
    """`into` with its packets of sound from `first` up to `end` taken from `patch`, which begins at `patch_begins`.

    Packets of sound are counted from 0, behind the two of the header.
    """
    new = [packet for page in patch[2:] for packet in page.packets][first - patch_begins : end - patch_begins]
    at, made = 0, list(into[:2])
    for page in into[2:]:
        packets = list(page.packets)
        low, high = max(first, at), min(end, at + len(packets))
        if low < high:
            packets[low - at : high - at] = new[low - first : high - first]
        if len(packets) != len(page.packets):
            raise ToolFailed("the patch is too short")
        at += len(packets)
        made.append(Page(page.head, tuple(packets)) if low < high else page)
    return made


def excerpt(whole: list[Page], first: int, end: int) -> tuple[list[Page], int]:
    """The header and the pages that hold the packets of sound from `first` up to `end`; and where they begin."""
    at, begins, kept = 0, 0, list(whole[:2])
    for page in whole[2:]:
        if at + len(page.packets) > first and at < end:
            begins = at if len(kept) == 2 else begins
            kept.append(page)
        at += len(page.packets)
    return kept, begins


def write(path: Path, made: list[Page]) -> None:
    """Write pages as a file."""
    path.write_bytes(b"".join(page.written() for page in made))


def _checksum(page: bytes | bytearray) -> int:
    # Ogg reckons with the highest bit first, zlib with the lowest, both with the same polynomial.
    mirrored = zlib.crc32(page.translate(_MIRROR), _NOTHING) ^ _NOTHING
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRROR), "big")
