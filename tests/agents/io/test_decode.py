"""Clips become exactly the frames that went into them, from any frame on, without a seam."""

import random
import subprocess
import tracemalloc
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.io.decode import ClipDecoder, DecodeError, count_frames
from agents.io.identify_audio import digits_folder, identify_sequence
from agents.io.sequence import ClipPart, SequenceSource, SilencePart
from audio.ogg import set_output_gain
from tests.agents.io.conftest import tone

RATE_HZ = 48_000
Encode = Callable[..., Path]


def noise(seconds: float, seed: int = 1) -> bytes:
    dice = random.Random(seed)
    return array("h", (dice.randrange(-9000, 9000) for _ in range(round(seconds * RATE_HZ)))).tobytes()


def everything(clip: ClipDecoder, at_once: int = 7_000) -> bytes:
    out = bytearray()
    while piece := clip.read(at_once):
        out += piece
    clip.close()
    return bytes(out)


def samples(sound: bytes) -> "array[int]":
    return array("h", sound)


def greatest_difference(one: bytes, other: bytes) -> int:
    assert len(one) == len(other)
    return max((abs(a - b) for a, b in zip(samples(one), samples(other), strict=True)), default=0)


def decoded_by_ffmpeg(clip: Path) -> bytes:
    command = ["ffmpeg", "-v", "error", "-c:a", "libopus", "-i", str(clip), "-ac", "1", "-f", "s16le", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def square(value: int) -> int:
    return value * value


@pytest.mark.parametrize("frames", [1, 959, 960, 961, 48_000, 100_001])
def test_an_opus_clip_has_exactly_the_frames_that_were_encoded(encode: Encode, frames: int) -> None:
    clip = encode(f"exact-{frames}.opus", noise(3)[: frames * 2])

    assert len(everything(ClipDecoder(clip))) == frames * 2
    assert count_frames(clip) == frames


def test_what_comes_out_sounds_like_what_went_in_at_the_same_place(encode: Encode) -> None:
    silent = bytes(RATE_HZ)
    burst = noise(0.5)
    heard = samples(everything(ClipDecoder(encode("burst.opus", silent + burst + silent))))

    def energy(begin: float, end: float) -> float:
        part = heard[round(begin * RATE_HZ) : round(end * RATE_HZ)]
        return sum(sample * sample for sample in part) / len(part)

    assert energy(0.5, 1.0) > 1000 * energy(0.0, 0.48)
    assert energy(0.5, 1.0) > 1000 * energy(1.05, 1.5)


def test_nothing_but_ogg_opus_is_a_clip(encode: Encode) -> None:
    with pytest.raises(DecodeError, match=r"other\.wav"):
        ClipDecoder(encode("other.wav", noise(1)))
    with pytest.raises(DecodeError, match=r"other\.ogg"):
        ClipDecoder(encode("other.ogg", noise(1), "-c:a", "flac"))


@pytest.mark.parametrize("application", ["voip", "audio", "lowdelay"])
@pytest.mark.parametrize("frame_ms", ["2.5", "20", "60", "120"])
def test_every_sample_is_that_of_another_program_with_libopus(encode: Encode, application: str, frame_ms: str) -> None:
    clip = encode(
        f"equal-{application}-{frame_ms}.opus", noise(2.3), "-application", application, "-frame_duration", frame_ms
    )

    assert greatest_difference(everything(ClipDecoder(clip)), decoded_by_ffmpeg(clip)) <= 1


def test_the_digits_are_decoded_as_another_program_does() -> None:
    clips = sorted(digits_folder().glob("*.opus"))

    assert len(clips) == 11
    for clip in clips:
        assert greatest_difference(everything(ClipDecoder(clip)), decoded_by_ffmpeg(clip)) <= 1


def test_the_gain_in_the_header_is_applied_after_a_jump_too(encode: Encode, tmp_path: Path) -> None:
    plain = encode("plain.opus", noise(3))
    turned = tmp_path / "turned.opus"
    turned.write_bytes(plain.read_bytes())
    set_output_gain(turned, 6.0)
    clip = ClipDecoder(turned)
    expected = decoded_by_ffmpeg(turned)

    assert greatest_difference(clip.read(48_000), expected[:96_000]) <= 1
    clip.seek_frames(0)
    assert greatest_difference(clip.read(48_000), expected[:96_000]) <= 1
    clip.close()


def test_stereo_comes_out_as_the_mean_of_both_sides(encode: Encode) -> None:
    one_sided = encode("stereo.opus", noise(2), "-af", "pan=stereo|c0=c0|c1=0*c0", "-b:a", "128k")
    heard = samples(everything(ClipDecoder(one_sided)))
    mean = samples(decoded_by_ffmpeg(one_sided))

    assert len(heard) == len(mean) == 2 * RATE_HZ
    assert max(mean) > 2_000
    # Where the sides are coded differently from one moment to the next, libopus mixes before it overlaps.
    assert sum((one - other) ** 2 for one, other in zip(heard, mean, strict=True)) < sum(map(square, mean)) / 1_000


def test_seeking_is_exact_to_the_sample(encode: Encode) -> None:
    path = encode("seek.opus", noise(9))
    whole = everything(ClipDecoder(path))
    clip = ClipDecoder(path)
    dice = random.Random(7)

    for frame in [0, 1, 40_000, 9 * RATE_HZ - 1, *(dice.randrange(9 * RATE_HZ) for _ in range(25))]:
        clip.seek_frames(frame)
        assert clip.position == frame
        heard = clip.read(2_000)
        assert greatest_difference(heard, whole[frame * 2 : (frame + 2_000) * 2]) <= 2
    clip.close()


def test_seeking_past_the_end_leaves_nothing(encode: Encode) -> None:
    clip = ClipDecoder(encode("short.opus", noise(1)))

    clip.seek_frames(5 * RATE_HZ)

    assert clip.read(100) == b""
    clip.seek_frames(RATE_HZ - 10)
    assert len(clip.read(100)) == 20
    clip.close()


def nine_seconds() -> bytes:
    return tone(9)


def spoken_digits() -> bytes:
    digits = SequenceSource(identify_sequence("31-415-926-535-897"))
    try:
        return digits.read(digits.total_frames)
    finally:
        digits.close()


@pytest.mark.parametrize(
    ("application", "kilobits", "sound"), [("audio", 24, nine_seconds), ("voip", 16, spoken_digits)]
)
def test_after_a_jump_the_sound_is_that_of_the_linear_decode(
    encode: Encode, application: str, kilobits: int, sound: Callable[[], bytes]
) -> None:
    path = encode(f"jump-{application}.opus", sound(), "-application", application, "-b:a", f"{kilobits}k")
    whole = everything(ClipDecoder(path))
    clip = ClipDecoder(path)
    dice = random.Random(23)

    frames = len(whole) // 2
    for frame in [frames - 500, 312, 47_999, 48_000, *(dice.randrange(frames) for _ in range(100))]:
        clip.seek_frames(frame)
        heard = clip.read(1_000)
        assert greatest_difference(heard, whole[frame * 2 : (frame + 1_000) * 2]) <= 2
    clip.close()


@pytest.mark.parametrize(
    ("name", "content"),
    [("missing.opus", None), ("empty.opus", b""), ("garbage.opus", noise(0.1)), ("text.opus", b"hello " * 500)],
)
def test_what_is_no_clip_is_a_decode_error_that_names_it(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DecodeError, match=name):
        count_frames(path)


def test_a_clip_without_sound_is_a_decode_error(tmp_path: Path) -> None:
    path = tmp_path / "subtitle.srt"
    path.write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")

    with pytest.raises(DecodeError, match=r"subtitle\.srt"):
        ClipDecoder(path)


def test_memory_does_not_grow_with_the_clip(encode: Encode) -> None:
    path = encode("long.opus", bytes(120 * RATE_HZ * 2))
    clip = ClipDecoder(path)
    clip.read(RATE_HZ)

    tracemalloc.start()
    while clip.read(RATE_HZ):
        pass
    clip.seek_frames(60 * RATE_HZ)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    clip.close()

    assert peak_bytes < 1_000_000


def test_a_sequence_is_its_parts_without_a_seam(encode: Encode) -> None:
    one, two = encode("one.opus", noise(0.7)), encode("two.opus", noise(0.4, seed=2))
    first, second = everything(ClipDecoder(one)), everything(ClipDecoder(two))
    parts = [ClipPart(one, 33_600), SilencePart(100), ClipPart(two, 19_200), ClipPart(one, 33_600)]
    source = SequenceSource(parts)

    heard = bytearray()
    while piece := source.read(1_001):
        heard += piece
    source.close()

    assert bytes(heard) == first + bytes(200) + second + first
    assert source.total_frames == len(heard) // 2


def test_a_sequence_is_entered_anywhere(encode: Encode) -> None:
    one, two = encode("in-one.opus", noise(0.7)), encode("in-two.opus", noise(0.4, seed=2))
    parts = [ClipPart(one, 33_600), SilencePart(100), ClipPart(two, 19_200)]
    source = SequenceSource(parts)
    whole = source.read(source.total_frames)

    for frame in (52_000, 33_650, 33_600, 33_599, 10, 0):
        source.seek(frame)
        assert source.position == frame
        assert greatest_difference(source.read(500), whole[frame * 2 : (frame + 500) * 2]) <= 2
    source.seek(source.total_frames)
    assert source.read(500) == b""
    source.close()


def test_a_part_counts_for_the_frames_it_was_promised_to_have(encode: Encode) -> None:
    clip = encode("promised.opus", noise(0.5))
    source = SequenceSource([ClipPart(clip, 30_000), ClipPart(clip, 10_000)])

    heard = source.read(100_000)
    source.close()

    assert len(heard) == 40_000 * 2
    assert heard[24_000 * 2 : 30_000 * 2] == bytes(6_000 * 2)
    assert any(samples(heard[30_000 * 2 :]))


def test_a_broken_clip_shows_a_second_before_its_turn(encode: Encode, tmp_path: Path) -> None:
    clip = encode("before.opus", noise(3))
    source = SequenceSource([ClipPart(clip, 3 * RATE_HZ), ClipPart(tmp_path / "gone.opus", RATE_HZ)])

    assert len(source.read(RATE_HZ)) == RATE_HZ * 2
    with pytest.raises(DecodeError, match=r"gone\.opus"):
        source.read(RATE_HZ + 10)
    source.close()


def test_a_code_is_said_digit_by_digit_and_again() -> None:
    once, twice = (SequenceSource(identify_sequence("120-459", repeats)) for repeats in (1, 2))

    assert twice.total_frames == 2 * once.total_frames + RATE_HZ
    heard = samples(once.read(once.total_frames))
    assert len(heard) == once.total_frames
    assert max(heard) > 10_000
    once.close()


def test_a_code_of_letters_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="'x'"):
        identify_sequence("12x")
