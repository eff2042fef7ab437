"""Ogg Opus is read strictly: whole files give every packet its place."""

import io
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.io import opus
from agents.io.ogg import BadOgg, OpusFile, Packet, checksum, frames_in
from tests.agents.io.ogg_pages import (
    CELT_20_MS,
    FIRST,
    LAST,
    PRE_SKIP,
    TAGS,
    Writer,
    head,
    packets_of,
    short_clip,
    slow_checksum,
    written,
)


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
