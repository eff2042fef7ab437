"""Any frame of a clip is found without reading all of it."""

import io
import random
from pathlib import Path

import pytest

from agents.io.ogg import BadOgg, OpusFile
from tests.agents.io.ogg_pages import (
    CELT_20_MS,
    LAST,
    PRE_SKIP,
    Counting,
    Made,
    Writer,
    end_of,
    everything_from,
    packets_of,
    short_clip,
    watched,
    written,
)


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
