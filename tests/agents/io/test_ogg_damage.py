"""What is not a whole clip of one Opus stream is refused, and costs little."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.io.ogg import MAX_PACKET_BYTES, BadOgg, OpusFile
from tests.agents.io.ogg_pages import (
    CELT_20_MS,
    CONTINUED,
    FIRST,
    LAST,
    TAGS,
    Made,
    Writer,
    everything_from,
    head,
    laced,
    numbered,
    packets_of,
    short_clip,
    watched,
    written,
)


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
