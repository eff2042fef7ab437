"""What ffmpeg is asked to do: no more than one named file, no network, no guess."""

from dataclasses import replace
from pathlib import Path

import pytest

from audio.clip import Profile, Rendition
from audio.plan import (
    Arguments,
    Coder,
    Cut,
    Dip,
    Level,
    Mix,
    Source,
    Target,
    checking,
    encoding,
    levelling,
    measuring,
    straightening,
)

SOURCE = Source(Path("/in/http:evil|.mp3"), "mp3", 2, 3601.0)
MONO = Source(Path("/in/a.wav"), "wav", 1, 60)
LEVEL = Level(6.0, -4.0)
TARGETS = tuple(Target(each, Coder.SPEECH, LEVEL, Path(f"/out/{each}.opus")) for each in Rendition)


def after(arguments: Arguments, option: str) -> list[str]:
    return [arguments[index + 1] for index, each in enumerate(arguments) if each == option]


def graph(arguments: Arguments) -> str:
    return after(arguments, "-filter_complex")[0].replace("\\", "")


ALL = [
    measuring(SOURCE),
    straightening(SOURCE, Path("/out/x.flac")),
    levelling(SOURCE, Cut(), LEVEL, 200),
    encoding(SOURCE, Cut(), TARGETS, 200),
    checking(Path("/out/x.opus")),
]


@pytest.mark.parametrize("arguments", ALL)
def test_every_command_reads_one_file_and_no_network(arguments: Arguments) -> None:
    assert "-nostdin" in arguments
    assert after(arguments, "-protocol_whitelist") == ["file,pipe"]
    [read] = after(arguments, "-i")
    assert read.startswith("file:/")
    assert arguments.index("-protocol_whitelist") < arguments.index("-i")


@pytest.mark.parametrize("arguments", ALL[:4])
def test_a_recording_is_opened_as_what_it_was_found_to_be_and_no_longer_than_allowed(arguments: Arguments) -> None:
    before = arguments[: arguments.index("-i")]
    assert after(before, "-f") == ["mp3"]
    assert after(before, "-format_whitelist") == ["mp3"]
    assert after(before, "-t") == ["3601.0"]


def test_one_run_makes_both_renditions_from_one_limiter() -> None:
    arguments = encoding(SOURCE, Cut(4800, 96_000), TARGETS, 200)
    assert after(arguments, "-b:a") == ["24000", "16000"]
    assert after(arguments, "-application") == ["voip", "voip"]
    assert graph(arguments).count("alimiter") == 1
    assert "atrim=end_sample=96000:start_sample=4800" in graph(arguments)
    assert "adelay=all=1:delays=9600S" in graph(arguments)


def test_renditions_of_different_levels_have_a_limiter_each() -> None:
    other = Target(Rendition.OPUS16, Coder.MUSIC, Level(5.0, -4.0, (Dip(1.5, 3.0),)), Path("/out/b.opus"))
    arguments = encoding(SOURCE, Cut(), (TARGETS[0], other), 200)
    assert graph(arguments).count("alimiter") == 2
    assert after(arguments, "-application") == ["voip", "lowdelay"]
    assert "1.500" in graph(arguments)


def test_the_same_sound_must_give_the_same_bytes() -> None:
    arguments = encoding(SOURCE, Cut(), TARGETS, 200)
    assert after(arguments, "-map_metadata") == ["-1", "-1"]
    assert after(arguments, "-fflags") == ["+bitexact", "+bitexact"]


def test_of_two_channels_the_difference_is_seen_too() -> None:
    difference = "pan=args=stereo|c0=0.5*c0+0.5*c1|c1=0.5*c0-0.5*c1"
    assert difference in graph(measuring(SOURCE))
    assert difference not in graph(measuring(MONO))
    assert difference not in graph(measuring(replace(SOURCE, mix=Mix.FIRST_OF_TWO)))


def test_loudness_is_that_of_mono() -> None:
    assert "dualmono" not in "".join(" ".join(each) for each in ALL)
    assert "channel_layouts=mono" in graph(measuring(MONO))
    assert "pan=args=mono" in graph(measuring(SOURCE))


def test_two_channels_become_their_mean_whatever_the_sample_format() -> None:
    assert "pan=args=mono|c0=0.5*c0+0.5*c1" in graph(levelling(SOURCE, Cut(), LEVEL, 200))


def test_a_recording_without_an_end_ends_all_the_same() -> None:
    for arguments in (measuring(SOURCE), levelling(SOURCE, Cut(), LEVEL, 200), encoding(SOURCE, Cut(), TARGETS, 200)):
        assert f"atrim=end_sample={3601 * 48_000}" in graph(arguments)


def test_a_straightened_recording_ends_too() -> None:
    assert after(straightening(SOURCE, Path("/out/x.flac")), "-t") == ["3601.0", "3601.0"]


def test_for_a_horn_the_sound_is_narrowed_before_it_is_measured_and_pressed_after() -> None:
    source = replace(SOURCE, profile=Profile.HORN)
    for arguments in (measuring(source), levelling(source, Cut(), LEVEL, 200)):
        assert graph(arguments).count("f=300") == 2
        assert graph(arguments).count("f=6000") == 2
        assert "acompressor" not in graph(arguments)
    pressed = graph(levelling(source, Cut(), replace(LEVEL, pressing_db=2.0), 200))
    assert pressed.index("volume=2.00dB") < pressed.index("acompressor") < pressed.index("volume=4.00dB")


def test_what_a_horn_cannot_give_is_not_encoded() -> None:
    plain = encoding(SOURCE, Cut(), TARGETS, 200)
    assert after(plain, "-cutoff") == ["8000"]
    assert plain.index("-cutoff") > plain.index("24000")
    horn = encoding(SOURCE, Cut(), tuple(replace(each, profile=Profile.HORN) for each in TARGETS), 200)
    assert after(horn, "-cutoff") == ["8000", "8000"]
    music = encoding(SOURCE, Cut(), tuple(replace(each, coder=Coder.MUSIC) for each in TARGETS), 200)
    assert after(music, "-cutoff") == []
