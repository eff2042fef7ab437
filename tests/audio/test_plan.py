"""What ffmpeg is asked to do: no more than one named file, no network, no guess."""

from pathlib import Path

import pytest

from audio.clip import Rendition
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
)

SOURCE = Source(Path("/in/http:evil|.mp3"), "mp3", 2, 3601.0)
LEVEL = Level(6.0, -4.0)
TARGETS = tuple(Target(each, Coder.SPEECH, LEVEL, Path(f"/out/{each}.opus")) for each in Rendition)


def after(arguments: Arguments, option: str) -> list[str]:
    return [arguments[index + 1] for index, each in enumerate(arguments) if each == option]


def graph(arguments: Arguments) -> str:
    return after(arguments, "-filter_complex")[0]


ALL = [
    measuring(SOURCE),
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


@pytest.mark.parametrize("arguments", ALL[:3])
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


def test_a_mono_recording_is_seen_as_one_channel_and_others_as_two() -> None:
    assert "pan" not in graph(measuring(Source(Path("/a.wav"), "wav", 1, 60)))
    assert "pan" in graph(measuring(SOURCE))
    one = graph(measuring(Source(Path("/a.wav"), "wav", 2, 60, Mix.FIRST_OF_TWO)))
    assert "asplit" not in one


def test_loudness_is_that_of_mono() -> None:
    assert "dualmono" not in "".join(map(graph, ALL))
    assert "channel_layouts=mono" in graph(ALL[0])
