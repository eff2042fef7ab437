"""Ogg Opus is read strictly: whole files give every packet its place, anything else is refused and costs little."""

import contextlib
import io
import random
import struct
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.io import opus
from agents.io.ogg import MAX_PACKET_BYTES, BadOgg, OpusFile, Packet, checksum, frames_in

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


# --- whole files --------------------------------------------------------------------------------------------------


@given(st.binary(max_size=400))
def test_the_checksum_is_that_of_the_rfc(page: bytes) -> None:
    assert checksum(page) == slow_checksum(page)


@given(st.integers(0, 255), st.binary(max_size=3))
def test_a_packet_is_as_long_as_libopus_says(first: int, more: bytes) -> None:
    packet = bytes([first]) + more
    said = opus.library().opus_packet_get_nb_samples(packet, len(packet), 48_000)

    if said > 0:
        assert frames_in(packet) == said
    else:
        with pytest.raises(BadOgg):
            frames_in(packet)


def test_the_packets_are_those_another_reader_finds(encode: Callable[..., Path]) -> None:
    clip = encode("packets.opus", random.Random(5).randbytes(6 * 96_000), "-b:a", "128k", "-page_duration", "300000")

    with av.open(str(clip)) as container:
        expected = [bytes(packet) for packet in container.demux(audio=0) if packet.size]

    assert [packet.data for packet in packets_of(clip.read_bytes())] == expected


def test_frames_are_counted_from_the_first_that_is_heard() -> None:
    packets = packets_of(written(short_clip()))

    assert packets[0].first_frame == -PRE_SKIP
    assert all(one.first_frame + one.frames == next_one.first_frame for one, next_one in pairwise(packets))
    assert [packet.cut_frames for packet in packets] == [0] * 11 + [100]


def test_more_than_a_packet_may_be_cut_off_the_end() -> None:
    pages = short_clip()
    pages[-1] = replace(pages[-1], granule=960 * 9 + 500)

    assert [packet.cut_frames for packet in packets_of(written(pages))][-4:] == [0, 460, 960, 960]


def test_a_clip_may_be_shorter_than_one_packet() -> None:
    content = Writer().begun().page([CELT_20_MS], PRE_SKIP + 1, LAST).written()

    assert packets_of(content) == [Packet(CELT_20_MS, -PRE_SKIP, 960, 960 - PRE_SKIP - 1)]


def test_a_stream_cut_out_of_a_longer_one_begins_at_its_own_beginning() -> None:
    pages = short_clip()
    later = [*pages[:2], *(replace(page, granule=page.granule + 777_777) for page in pages[2:])]

    assert packets_of(written(later)) == packets_of(written(pages))


def test_a_packet_may_go_over_pages_and_comments_too() -> None:
    long = CELT_20_MS + bytes(range(1, 251)) * 4
    writer = Writer().page([head()], 0, FIRST).torn(TAGS + bytes(1_000), 0, 255)
    content = writer.torn(long, 960, 510).page([CELT_20_MS], 1920, LAST).written()

    assert [packet.data for packet in packets_of(content)] == [long, CELT_20_MS]


def test_a_last_page_may_be_empty() -> None:
    content = Writer().begun().page([CELT_20_MS], 960).page([], 960, LAST).written()

    assert len(packets_of(content)) == 1


def test_the_header_tells_channels_pre_skip_and_gain() -> None:
    first = head(channels=2, pre_skip=3840, gain=-384)
    read = OpusFile(io.BytesIO(Writer().begun(first).page([CELT_20_MS * 2], 960, LAST).written())).head

    assert (read.channels, read.pre_skip_frames, read.gain_q8) == (2, 3840, -384)


# --- files that are not whole -------------------------------------------------------------------------------------


@given(st.data())
def test_a_single_changed_bit_is_noticed(data: st.DataObject) -> None:
    content = bytearray(written(short_clip()))
    place = data.draw(st.integers(0, len(content) * 8 - 1))
    content[place // 8] ^= 1 << place % 8

    with pytest.raises(BadOgg):
        packets_of(bytes(content))


@given(st.data())
def test_a_file_that_is_cut_off_anywhere_is_noticed(data: st.DataObject) -> None:
    content = written(short_clip())

    with pytest.raises(BadOgg):
        packets_of(content[: data.draw(st.integers(0, len(content) - 1))])


@pytest.mark.parametrize("index", range(6))
def test_a_wrong_checksum_is_noticed(index: int) -> None:
    pages = short_clip()
    pages[index] = replace(pages[index], spoiled=1 << 31)

    with pytest.raises(BadOgg, match="checksum"):
        packets_of(written(pages))


@pytest.mark.parametrize("index", range(1, 6))
def test_a_page_that_is_missing_or_there_twice_is_noticed(index: int) -> None:
    pages = short_clip()

    for wrong in (pages[:index] + pages[index + 1 :], pages[: index + 1] + pages[index:]):
        with pytest.raises(BadOgg):
            packets_of(written(wrong))


def test_chained_streams_are_refused() -> None:
    one = short_clip()
    other = [replace(page, serial=8) for page in one]

    with pytest.raises(BadOgg, match="follows the last page"):
        packets_of(written(one + other))
    endless = [replace(page, flags=page.flags & ~LAST) for page in one]
    with pytest.raises(BadOgg):
        packets_of(written(endless + other))


def test_a_second_stream_between_the_pages_is_refused() -> None:
    pages = short_clip()
    pages[3] = replace(pages[3], serial=8)

    with pytest.raises(BadOgg, match="more than one stream"):
        packets_of(written(pages))


def test_whatever_follows_the_end_is_refused() -> None:
    with pytest.raises(BadOgg, match="follows the last page"):
        packets_of(written(short_clip()) + b"\0")


@pytest.mark.parametrize(("index", "shift"), [(2, -1), (2, -4_000), (3, 1), (3, -1), (5, 101), (5, -3_000)])
def test_a_position_that_does_not_agree_with_the_packets_is_refused(index: int, shift: int) -> None:
    pages = short_clip()
    pages[index] = replace(pages[index], granule=pages[index].granule + shift)

    with pytest.raises(BadOgg):
        packets_of(written(pages))


@pytest.mark.parametrize(
    "first",
    [b"", b"OpusHead", head()[:-1], b"\x01vorbis" + bytes(30), head(version=16), head(channels=0), head(channels=3),
     head(family=1), head(family=255)],
)  # fmt: skip
def test_a_header_of_anything_else_is_refused(first: bytes) -> None:
    with pytest.raises(BadOgg):
        packets_of(Writer().begun(first).page([CELT_20_MS], 960, LAST).written())


@pytest.mark.parametrize(
    "pages",
    [
        short_clip()[:1],
        short_clip()[:2],
        Writer().page([head()], 0, FIRST).page([TAGS], 0, LAST).pages,
        Writer().page([head(), TAGS], 0, FIRST).page([CELT_20_MS], 960, LAST).pages,
        Writer().page([head()], 0, FIRST).page([TAGS, CELT_20_MS], 960, LAST).pages,
        Writer().begun(tags=b"comments").page([CELT_20_MS], 960, LAST).pages,
        Writer().begun().page([b""], 0, LAST).pages,
        Writer().begun().page([b"\x03"], 0, LAST).pages,
        Writer().begun().page([CELT_20_MS], 960, LAST | CONTINUED).pages,
        Writer().begun().torn(CELT_20_MS + bytes(300), 960, 255).pages[:3],
    ],
)
def test_an_order_of_things_that_is_not_opus_is_refused(pages: list[Made]) -> None:
    with pytest.raises(BadOgg):
        packets_of(written(pages))


def endless_packet(first: bytes, megabytes: int) -> Iterator[Made]:
    """A packet that goes on from page to page."""
    size = 255 * 255
    for number in range(megabytes * 1_000_000 // size):
        body = (first if number == 0 else b"").ljust(size, b"\0")
        yield Made(body, [255] * 255, -1, CONTINUED if number else 0)


@pytest.mark.parametrize("what", ["comments", "sound"])
def test_a_packet_without_an_end_costs_no_memory(tmp_path: Path, what: str) -> None:
    before = Writer().page([head()], 0, FIRST).pages if what == "comments" else Writer().begun().pages
    path = tmp_path / "endless.opus"
    start = b"OpusTags" if what == "comments" else CELT_20_MS
    path.write_bytes(written(numbered([*before, *endless_packet(start, 4)])))

    with path.open("rb") as file, watched() as peak_bytes, pytest.raises(BadOgg, match="long"):
        list(iter(OpusFile(file).next_packet, None))
    assert peak_bytes() < 6 * MAX_PACKET_BYTES


def test_claimed_lengths_are_not_believed() -> None:
    start = written(short_clip()[:2])
    claim = Made(b"", [255] * 255, 960, number=2).written()

    with pytest.raises(BadOgg, match="cut off"):
        packets_of(start + claim)


@given(st.binary(max_size=3_000))
def test_random_bytes_are_no_clip(content: bytes) -> None:
    for whole in (content, b"OggS" + content, written(short_clip()[:2]) + content):
        with pytest.raises(BadOgg):
            packets_of(whole)


pages_of_anything = st.builds(
    lambda packets, granule, flags, number: Made(
        b"".join(packets), [length for packet in packets for length in laced(packet)], granule, flags, number=number
    ),
    st.lists(st.binary(max_size=80) | st.just(CELT_20_MS), max_size=4),
    st.integers(-2, 8_000) | st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 7),
    st.integers(1, 5),
)


@given(st.lists(pages_of_anything, max_size=5), st.integers(-(10**6), 10**9))
def test_pages_of_anything_with_right_checksums_end_in_packets_or_a_refusal(pages: list[Made], frame: int) -> None:
    with contextlib.suppress(BadOgg):
        packets = everything_from(frame, written([*short_clip()[:2], *pages]))
        assert all(0 <= packet.cut_frames <= packet.frames for packet in packets)
        assert all(one.first_frame + one.frames == next_one.first_frame for one, next_one in pairwise(packets))


# --- finding a place ----------------------------------------------------------------------------------------------


def long_clip() -> list[Made]:
    """Some 2 MB: single packets, full pages, torn packets, and sound that looks like the beginning of a page."""
    dice = random.Random(11)
    writer, granule = Writer().begun(), 0
    for _ in range(300):
        match dice.randrange(4):
            case 0:
                granule += 960
                writer.page([CELT_20_MS + dice.randbytes(dice.randrange(3))], granule)
            case 1:
                granule += 50 * 960
                writer.page([CELT_20_MS + dice.randbytes(200) for _ in range(50)], granule)
            case 2:
                granule += 960
                writer.torn(CELT_20_MS + dice.randbytes(50_000), granule, 255 * dice.randrange(1, 150))
            case _:
                granule += 3 * 960
                writer.page([CELT_20_MS + b"OggS" + bytes(60), CELT_20_MS + b"OggS" * 300, CELT_20_MS], granule)
    writer.page([CELT_20_MS] * 3, granule + 1_000, LAST)
    return writer.pages


def test_every_place_is_found() -> None:
    content = written(long_clip())
    linear = packets_of(content)
    file = OpusFile(io.BytesIO(content))
    total = end_of(linear)
    dice = random.Random(13)

    places = [-(10**6), -PRE_SKIP, -1, 0, 1, total - 1, *(dice.randrange(total) for _ in range(300))]
    for frame in places:
        file.seek(frame)
        first = file.next_packet()
        assert first is not None
        index = linear.index(first)
        assert first.first_frame <= max(frame, -PRE_SKIP) < first.first_frame + first.frames
        assert [file.next_packet() for _ in range(5)] == [*linear[index + 1 : index + 6], *[None] * 5][:5]


def test_every_packet_of_a_small_file_is_found() -> None:
    content = written(short_clip())
    file = OpusFile(io.BytesIO(content))

    for packet in reversed(packets_of(content)):
        file.seek(packet.first_frame)
        assert file.next_packet() == packet


@pytest.mark.parametrize("frame", [20_000, 10**12])
def test_behind_the_end_there_is_nothing(frame: int) -> None:
    file = OpusFile(io.BytesIO(written(short_clip())))

    file.seek(frame)

    assert file.next_packet() is None


def test_a_place_is_found_without_reading_everything(tmp_path: Path) -> None:
    writer = Writer().begun()
    for page in range(5_000):
        writer.page([CELT_20_MS + bytes(999)] * 2, 1920 * (page + 1), LAST if page == 4_999 else 0)
    path = tmp_path / "long.opus"
    path.write_bytes(writer.written())

    with Counting(path) as raw, io.BufferedReader(raw) as file, watched() as peak_bytes:
        clip = OpusFile(file)
        clip.seek(7_000_000)
        assert clip.next_packet() is not None
    assert raw.read_bytes < 1_500_000 < path.stat().st_size // 5
    assert peak_bytes() < 500_000


def test_damage_after_the_place_that_was_searched_for_is_refused() -> None:
    content = bytearray(written(long_clip()))
    total = end_of(packets_of(bytes(content)))
    dice = random.Random(17)
    for _ in range(40):
        content[dice.randrange(1_000, len(content))] ^= 255

    for frame in range(0, total // 2, 100_000):
        with pytest.raises(BadOgg):
            everything_from(frame, bytes(content))


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
