"""The few bytes of an Ogg Opus file that matter here (RFC 3533, RFC 7845). Only for files made here.

The header's output gain turns a finished rendition up or down by steps of 1/256 dB: every decoder applies it, and
nothing has to be encoded again.
"""

import struct
from pathlib import Path

from audio.clip import ToolFailed

_HEADER_BYTES = 512
_LARGEST_PAGE_BYTES = 65_307
_GAIN_AT = 16  # from the beginning of "OpusHead"
_CHECKSUM_AT = 22  # from the beginning of a page
_POLYNOMIAL = 0x04C11DB7


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


def _checksum(page: bytes | bytearray) -> int:
    checksum = 0
    for byte in page:
        checksum ^= byte << 24
        for _ in range(8):
            checksum = (checksum << 1) ^ (_POLYNOMIAL if checksum & 0x80000000 else 0)
        checksum &= 0xFFFFFFFF
    return checksum
