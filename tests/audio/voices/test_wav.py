"""Whatever WAV a voice writes becomes mono, 16 bits."""

import itertools
import math
import struct
from array import array

import pytest

from audio.clip import VoiceFailed
from audio.voices.wav import Samples, read_wav, resampled

RATE_HZ = 8000
WAVE = [0.5 * math.sin(math.tau * 440 * at / RATE_HZ) for at in range(800)]


def riff(
    *, tag: int, bits: int, data: bytes, channels: int = 1, extensible: bool = False, size: int | None = None
) -> bytes:
    kind = 0xFFFE if extensible else tag
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, RATE_HZ, RATE_HZ * block, block, bits)
    if extensible:
        form += struct.pack("<HHIH", 22, bits, 0, tag) + bytes(14)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"LIST" + struct.pack("<I", 3) + b"abc\0"
    body += b"data" + struct.pack("<I", len(data) if size is None else size) + data
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def whole(bits: int, values: list[float]) -> bytes:
    top = 2 ** (bits - 1) - 1
    if bits == 8:
        return bytes(round(value * top) + 128 for value in values)
    return b"".join(round(value * top).to_bytes(bits // 8, "little", signed=True) for value in values)


def heard(content: bytes) -> list[float]:
    return [value / 32767 for value in array("h", read_wav(content).data)]


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
@pytest.mark.parametrize("extensible", [False, True])
def test_whole_numbers_of_any_width(bits: int, extensible: bool) -> None:
    found = heard(riff(tag=1, bits=bits, data=whole(bits, WAVE), extensible=extensible))
    assert found == pytest.approx(WAVE, abs=0.01)


@pytest.mark.parametrize(("bits", "letter"), [(32, "f"), (64, "d")])
def test_fractions(bits: int, letter: str) -> None:
    data = struct.pack(f"<{len(WAVE)}{letter}", *WAVE)
    assert heard(riff(tag=3, bits=bits, data=data)) == pytest.approx(WAVE, abs=0.001)


def test_fractions_that_are_too_big_or_no_number() -> None:
    data = struct.pack("<4f", 2.0, -2.0, math.nan, math.inf)
    assert heard(riff(tag=3, bits=32, data=data)) == pytest.approx([1, -1, 0, 1], abs=0.001)


def test_two_channels_become_one() -> None:
    both = [value for each in WAVE for value in (each, 0.0)]
    found = heard(riff(tag=1, bits=16, data=whole(16, both), channels=2))
    assert found == pytest.approx([value / 2 for value in WAVE], abs=0.001)


def test_of_six_channels_the_front_left_one_is_taken() -> None:
    six = [value for each in WAVE for value in (each, 0, 0, 0, 0, 0)]
    assert heard(riff(tag=1, bits=16, data=whole(16, six), channels=6)) == pytest.approx(WAVE, abs=0.001)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wav_from_a_pipe_does_not_know_its_length(size: int) -> None:
    assert heard(riff(tag=1, bits=16, data=whole(16, WAVE), size=size)) == pytest.approx(WAVE, abs=0.001)


@pytest.mark.parametrize("tag", [6, 7])
def test_the_codes_of_telephones(tag: int) -> None:
    assert len(heard(riff(tag=tag, bits=8, data=bytes(range(256))))) == 256


def test_half_a_sample_at_the_end_is_left_out() -> None:
    assert len(heard(riff(tag=1, bits=16, data=b"\1\2\3"))) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"ID3\3 an MP3",
        b"<html>" * 10,
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\0\0\0\0WAVEdata\2\0\0\0ab",
        b"RIFF\0\0\0\0WAVEfmt \2\0\0\0ab",
        riff(tag=85, bits=16, data=b"abcd"),
        riff(tag=1, bits=12, data=b"abcd"),
        riff(tag=1, bits=16, data=b"abcd", channels=0),
        riff(tag=1, bits=16, data=b"abcd", channels=9),
        riff(tag=1, bits=16, data=b"").replace(struct.pack("<I", RATE_HZ), bytes(4), 1),
    ],
)
def test_what_is_no_wav_is_refused(content: bytes) -> None:
    with pytest.raises(VoiceFailed):
        read_wav(content)


def test_another_rate_keeps_the_length_and_the_tone() -> None:
    found = resampled(Samples(array("h", [round(v * 32767) for v in WAVE]).tobytes(), RATE_HZ), 16_000)
    values = array("h", found.data)
    assert len(values) == pytest.approx(1600, abs=2)
    rising = sum(1 for a, b in itertools.pairwise(values) if a < 0 <= b)
    assert rising == pytest.approx(44, abs=1)
