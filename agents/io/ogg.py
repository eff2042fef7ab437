"""Ogg Opus files, packet by packet (RFC 3533, RFC 7845): what a clip is made of, without decoding it.

Rules of the module: strict. A file is one logical stream from its first page to its last, every page follows on the
one before and its checksum is right, and every granule position agrees with the packets; anything else is `BadOgg`.
What a length in the file claims is never believed before the bytes are there: a page and a packet have a highest
length, and no more than one of each is in memory. Frames are counted at 48 kHz from the first one that is heard:
pre-skip lies before 0.
"""

import binascii
import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

MAX_PACKET_BYTES: Final = 61_440  # RFC 7845, 6: larger packets hold nothing but padding
MAX_PACKET_FRAMES: Final = 5_760
MAX_PAGE_BYTES: Final = 27 + 255 + 255 * 255

_CAPTURE: Final = b"OggS"
_HEADER: Final = struct.Struct("<4sBBqIIIB")
_CHECKSUM_AT: Final = 22
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_NO_GRANULE: Final = -1
_HEAD: Final = struct.Struct("<8sBBHIhB")
# Every byte with its bits in opposite order.
_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
# Frames of an Opus frame by the configuration in its first byte (RFC 6716, 3.1): SILK, hybrid, CELT.
_SILK, _HYBRID, _CELT = (480, 960, 1920, 2880), (480, 960), (120, 240, 480, 960)
_FRAMES: Final = _SILK * 3 + _HYBRID * 2 + _CELT * 4


class BadOgg(Exception):
    """The file is not whole Ogg Opus; the words go after "because"."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``lacing`` are the lengths of the pieces in ``body``."""

    offset: int
    flags: int
    granule: int
    serial: int
    number: int
    lacing: bytes
    body: bytes

    @property
    def end(self) -> int:
        """Where the next page begins."""
        return self.offset + _HEADER.size + len(self.lacing) + len(self.body)

    def packets(self) -> Iterator[tuple[bytes, bool]]:
        """The pieces of packets in it, and whether the packet ends with the piece."""
        begin = end = 0
        for length in self.lacing:
            end += length
            if length < 255:
                yield self.body[begin:end], True
                begin = end
        if self.lacing and self.lacing[-1] == 255:
            yield self.body[begin:], False


@dataclass(frozen=True, slots=True)
class Head:
    """What the first packet says: ``gain_q8`` in 1/256 dB is applied to everything decoded."""

    channels: int
    pre_skip_frames: int
    gain_q8: int


@dataclass(frozen=True, slots=True)
class Packet:
    """``frames`` of sound, of which the first is ``first_frame`` of the clip and the last ``cut_frames`` are not."""

    data: bytes
    first_frame: int
    frames: int
    cut_frames: int = 0


def checksum(page: bytes) -> int:
    """The checksum of a page whose own is written as zero (RFC 3533, 6): zlib's CRC-32 with all bit orders turned."""
    mirrored = binascii.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")


def read_page(file: BinaryIO, offset: int) -> Page | None:
    """The page that begins exactly there, None at the end of the file. Raises BadOgg, OSError."""
    file.seek(offset)
    header = file.read(_HEADER.size)
    if not header:
        return None
    if len(header) < _HEADER.size:
        raise BadOgg("a page is cut off")
    capture, version, flags, granule, serial, number, stated, segments = _HEADER.unpack(header)
    if capture != _CAPTURE or version != 0:
        raise BadOgg(f"no Ogg page begins at byte {offset}")
    lacing = file.read(segments)
    length = sum(lacing)
    body = file.read(length)
    if len(lacing) < segments or len(body) < length:
        raise BadOgg("a page is cut off")
    if checksum(header[:_CHECKSUM_AT] + bytes(4) + header[_CHECKSUM_AT + 4 :] + lacing + body) != stated:
        raise BadOgg(f"the checksum of the page at byte {offset} is wrong")
    return Page(offset, flags, granule, serial, number, lacing, body)


def frames_in(packet: bytes) -> int:
    """Frames that an Opus packet decodes to, by its first bytes (RFC 6716, 3.1). Raises BadOgg."""
    if not packet:
        raise BadOgg("a packet is empty")
    count = (1, 2, 2, 0)[packet[0] & 3]
    if not count:
        count = packet[1] & 63 if len(packet) > 1 else 0
    frames = _FRAMES[packet[0] >> 3] * count
    if not 0 < frames <= MAX_PACKET_FRAMES:
        raise BadOgg("a packet has no length that Opus knows")
    return frames


class OpusFile:
    """One Ogg Opus file, read forward packet by packet and entered anywhere. The file stays the caller's to close.

    Raises BadOgg and OSError from every method.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._serial: int | None = None
        self._number = 0  # of the page read last
        self._offset = 0  # of the page to be read next
        self._ended = False
        self._piece: bytes | None = None  # of a packet that goes on in the next page
        self._ready: deque[Packet] = deque()
        self.head = self._read_head()
        self._skip_tags()
        self._sound_at, self._number_before_sound = self._offset, self._number
        # The granule position of the beginning: a stream may have been cut out of a longer one.
        self._origin: int | None = None
        self._granule = 0
        self._fill()

    def next_packet(self) -> Packet | None:
        """The next one in the file, None after the last."""
        if not self._ready:
            self._fill()
        return self._ready.popleft() if self._ready else None

    def seek(self, frame: int) -> None:
        """Go on with the packet that ``frame`` is in; there may be some before 0, the pre-skip."""
        self._enter(frame)
        while (packet := self.next_packet()) is not None:
            if packet.first_frame + packet.frames > frame:
                self._ready.appendleft(packet)
                return

    def _enter(self, frame: int) -> None:
        """Go on with a packet that begins at ``frame`` or before it, no more than a page away."""
        goal = frame + self._origin_granule() + self.head.pre_skip_frames
        page = self._last_page_ending_by(goal)
        self._ready.clear()
        self._piece = None
        if page is None:
            self._offset, self._number, self._ended = self._sound_at, self._number_before_sound, False
            self._granule = self._origin_granule()
            return
        self._take(page)
        for piece, whole in page.packets():
            self._piece = None if whole else piece
        self._granule = page.granule

    # --- the beginning ----------------------------------------------------------------------------------------------

    def _read_head(self) -> Head:
        page = read_page(self._file, 0)
        if page is None:
            raise BadOgg("it is empty")
        if page.flags != _FIRST:
            raise BadOgg("it does not begin with the first page of a stream")
        self._serial, self._number, self._offset = page.serial, page.number, page.end
        pieces = list(page.packets())
        if len(pieces) != 1 or not pieces[0][1]:
            raise BadOgg("its first page holds something else than an Opus header")
        return _parsed_head(pieces[0][0])

    def _skip_tags(self) -> None:
        tags = b""
        while True:
            page = self._next_page()
            if page is None or self._ended:
                raise BadOgg("it ends before there is any sound")
            pieces = list(page.packets())
            if len(pieces) != 1:
                raise BadOgg("its comments are not on pages of their own")
            tags += pieces[0][0]
            if len(tags) > MAX_PACKET_BYTES:
                raise BadOgg("its comments are too long")
            if pieces[0][1]:
                break
            self._piece = tags
        self._piece = None
        if not tags.startswith(b"OpusTags"):
            raise BadOgg("it has no comments after the header")

    # --- pages ------------------------------------------------------------------------------------------------------

    def _next_page(self) -> Page | None:
        page = read_page(self._file, self._offset)
        if page is None:
            return None
        if page.serial != self._serial or page.flags & _FIRST:
            raise BadOgg("it holds more than one stream")
        if page.number != (self._number + 1) & 0xFFFFFFFF:
            raise BadOgg(f"a page is missing before byte {page.offset}")
        if bool(page.flags & _CONTINUED) != (self._piece is not None):
            raise BadOgg("a packet is torn between two pages")
        self._take(page)
        return page

    def _take(self, page: Page) -> None:
        self._number, self._offset = page.number, page.end
        self._ended = bool(page.flags & _LAST)
        if self._ended and self._file.seek(0, 2) != page.end:
            raise BadOgg("something follows the last page")

    def _fill(self) -> None:
        """Packets of the next page with any."""
        while not self._ready and not self._ended:
            page = self._next_page()
            if page is None:
                raise BadOgg("it is cut off: the last page is missing")
            self._place(self._whole_packets(page), page)
        if self._ended and self._piece is not None:
            raise BadOgg("it is cut off inside a packet")

    def _whole_packets(self, page: Page) -> list[bytes]:
        found = []
        for piece, whole in page.packets():
            packet = piece if self._piece is None else self._piece + piece
            if len(packet) > MAX_PACKET_BYTES:
                raise BadOgg("a packet is longer than any of Opus")
            self._piece = None if whole else packet
            if whole:
                found.append(packet)
        return found

    def _place(self, packets: list[bytes], page: Page) -> None:
        """Gives every packet its place, and the last ones what is cut off them at the end (RFC 7845, 4.4)."""
        if not packets and page.granule == _NO_GRANULE:
            return
        lengths = [frames_in(packet) for packet in packets]
        total = sum(lengths)
        if self._origin is None:
            self._origin = self._granule = 0 if self._ended else page.granule - total
            if self._origin < 0:
                raise BadOgg("its first page ends before it begins")
        surplus = self._granule + total - page.granule
        if surplus < 0 or surplus > total or (surplus and not self._ended):
            raise BadOgg(f"the position of the page at byte {page.offset} is wrong")
        at = self._granule - self._origin - self.head.pre_skip_frames
        end = at + total - surplus
        for packet, frames in zip(packets, lengths, strict=True):
            self._ready.append(Packet(packet, at, frames, min(frames, max(0, at + frames - end))))
            at += frames
        self._granule = page.granule

    # --- finding a place --------------------------------------------------------------------------------------------

    def _origin_granule(self) -> int:
        if self._origin is None:
            raise BadOgg("it holds no sound")
        return self._origin

    def _last_page_ending_by(self, goal: int) -> Page | None:
        """Halves the file until little is left, and looks through that. None where the first page ends later."""
        low, high = self._sound_at, self._file.seek(0, 2)
        while high - low > 2 * MAX_PAGE_BYTES:
            middle = (low + high) // 2
            page = self._page_after(middle)
            if page is None or page.offset >= high or page.granule > goal:
                high = middle
            else:
                low = page.offset
        found = None
        while (page := read_page(self._file, low)) is not None and page.granule <= goal:
            if page.granule != _NO_GRANULE:
                found = page
            low = page.end
        return found

    def _page_after(self, offset: int) -> Page | None:
        """The first page with a position that begins there or after; sound may look like the beginning of a page."""
        self._file.seek(offset)
        window = self._file.read(MAX_PAGE_BYTES)
        at = window.find(_CAPTURE)
        while at >= 0:
            try:
                page = read_page(self._file, offset + at)
                while page is not None and page.granule == _NO_GRANULE:
                    page = read_page(self._file, page.end)
            except BadOgg:
                at = window.find(_CAPTURE, at + 1)
            else:
                return page
        return None


def _parsed_head(packet: bytes) -> Head:
    if len(packet) < _HEAD.size or not packet.startswith(b"OpusHead"):
        raise BadOgg("it is not Opus")
    _, version, channels, pre_skip_frames, _, gain_q8, family = _HEAD.unpack_from(packet)
    if version >> 4:
        raise BadOgg(f"its Opus is of version {version}, which is not known")
    if family != 0 or channels not in (1, 2):
        raise BadOgg("it has more channels than a speaker")
    return Head(channels, pre_skip_frames, gain_q8)
