"""The WAV files hold what was heard, to the frame, and survive whatever ends the agent."""

import itertools
import wave
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.io.output import Failed, Finished, OutputError, OutputGone, Sounding, Stopped, make_output
from agents.io.output.auto import AutoOutput
from agents.io.output.null import NullOutput
from agents.io.output.wav import WavFile, WavOutput
from agents.io.timeport import SystemTime

from .conftest import RATE_HZ, MemorySource, Running, counting, tone

SOON_US = 500_000
TIME = SystemTime()

EngineOn = Callable[..., Running]


def content(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE_HZ, 1, 2)
        return file.readframes(file.getnframes())


def greatest_step(sound: bytes) -> int:
    """Between one sample and the next, silence before and after included."""
    samples = [0, *array("h", sound), 0]
    return max(abs(after - before) for before, after in itertools.pairwise(samples))


async def test_every_play_is_a_file_of_exactly_its_frames(tmp_path: Path, engine_on: EngineOn) -> None:
    first, second = counting(0.7), tone(0.2)
    async with engine_on(WavOutput(tmp_path, TIME)) as (engine, heard):
        engine.arm("tune", MemorySource(first))
        engine.arm("bulletin/7", MemorySource(second))
        start_us = TIME.monotonic_us() + SOON_US
        engine.start("tune", start_us)
        engine.start("bulletin/7", start_us + 700_000)
        finished = await heard.of(Finished, "tune")
        await heard.of(Finished, "bulletin/7")

    tune, bulletin = (next(tmp_path.glob(f"*-{name}.wav")) for name in ("tune", "bulletin_7"))
    if not finished.underruns:
        assert content(tune) == first
        assert content(bulletin)[: len(second)] == second


async def test_a_join_goes_on_where_it_should_be(tmp_path: Path, engine_on: EngineOn) -> None:
    sound = counting(4)
    async with engine_on(WavOutput(tmp_path, TIME)) as (engine, heard):
        engine.arm("p", MemorySource(sound))
        engine.start("p", TIME.monotonic_us() - 3_000_000)
        first_frame = (await heard.of(Sounding, "p")).first_frame
        await heard.of(Finished, "p")

    fade = 480 * 2
    played = content(next(tmp_path.glob("*.wav")))
    assert played[fade : fade + 10_000] == sound[first_frame * 2 :][fade : fade + 10_000]


async def test_a_stop_does_not_click(tmp_path: Path, engine_on: EngineOn) -> None:
    loud = tone(5, frequency_hz=300, peak=0.99)
    async with engine_on(WavOutput(tmp_path, TIME)) as (engine, heard):
        engine.arm("p", MemorySource(loud))
        engine.start("p", TIME.monotonic_us() + SOON_US)
        await heard.of(Sounding, "p")
        engine.stop("p")
        await heard.of(Stopped, "p")

    assert greatest_step(content(next(tmp_path.glob("*.wav")))) < 1.3 * greatest_step(loud[: RATE_HZ * 2])


async def test_a_change_of_volume_does_not_click(tmp_path: Path, engine_on: EngineOn) -> None:
    loud = tone(1.0, frequency_hz=300, peak=0.99)
    async with engine_on(WavOutput(tmp_path, TIME)) as (engine, heard):
        engine.arm("p", MemorySource(loud))
        engine.start("p", TIME.monotonic_us() + SOON_US)
        await heard.of(Sounding, "p")
        engine.set_volume(10)
        await heard.of(Finished, "p")

    played = content(next(tmp_path.glob("*.wav")))
    assert greatest_step(played) < 1.3 * greatest_step(loud)
    assert max(array("h", played[-9600:])) < 0.011 * 32767, "10 percent is -40 dB"


async def test_a_play_that_guards_cap_stays_below_whatever_the_volume_becomes(
    tmp_path: Path, engine_on: EngineOn
) -> None:
    loud = tone(0.8, frequency_hz=300, peak=0.99)
    async with engine_on(WavOutput(tmp_path, TIME), volume_percent=30) as (engine, heard):
        engine.arm("p", MemorySource(loud))
        engine.start("p", TIME.monotonic_us() + SOON_US, max_volume_percent=50)
        await heard.of(Sounding, "p")
        engine.set_volume(100)
        await heard.of(Finished, "p")

    played = array("h", content(next(tmp_path.glob("*.wav"))))
    assert max(played[:2_400]) < 0.1 * 32767, "30 percent is -21 dB"
    assert 0.24 * 32767 < max(played[-9_600:]) < 0.26 * 32767, "50 percent is -12 dB"


async def test_a_play_is_moved_gently_where_its_instant_is_known_better(tmp_path: Path, engine_on: EngineOn) -> None:
    sound = tone(4, frequency_hz=300)
    async with engine_on(WavOutput(tmp_path, TIME)) as (engine, heard):
        engine.arm("p", MemorySource(sound))
        start_us = TIME.monotonic_us() + SOON_US
        engine.start("p", start_us)
        await heard.of(Sounding, "p")
        engine.retarget("p", start_us - 2_000)
        finished = await heard.of(Finished, "p")

    played = content(next(tmp_path.glob("*.wav")))
    if not finished.underruns:
        assert abs(finished.played_frames - len(played) // 2 - 96) < 12, "2 ms have been left out"
        assert greatest_step(played) < 1.5 * greatest_step(sound)


def test_a_file_is_valid_while_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "growing.wav"
    file = WavFile(path)
    assert content(path) == b""
    sound = tone(2.5)

    for begin in range(0, len(sound), 1920):
        file.append(sound[begin : begin + 1920])

    found = content(path)  # as after kill -9: nobody has closed it
    assert len(found) >= 2 * RATE_HZ * 2
    assert sound.startswith(found)
    file.close()
    assert content(path) == sound


def test_the_oldest_files_make_room(tmp_path: Path) -> None:
    output = WavOutput(tmp_path, TIME, keep_bytes=100_000)
    output.open()

    for name in ("one", "two", "three", "four"):
        output.begin_play(name)
        output.write(tone(0.5))
        output.end_play()
    output.close()

    assert [
        path.stem.split("-")[1] for path in sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    ] == [
        "two",
        "three",
        "four",
    ]


def test_a_floor_of_free_disk_stays_and_the_files_of_others_too(tmp_path: Path) -> None:
    music = tmp_path / "song.wav"
    music.write_bytes(bytes(200_000))
    free = [100_000]
    output = WavOutput(tmp_path, TIME, floor_bytes=50_000, free=lambda _: free[0])
    output.open()
    output.begin_play("old")
    output.write(tone(0.5))
    output.end_play()

    free[0] = 49_000
    output.begin_play("new")
    assert [path.stem.split("-")[1] for path in tmp_path.glob("2*.wav")] == ["new"]
    assert music.exists()

    def play_on() -> None:
        for _ in range(200):
            output._device.reset()  # nobody waits for the pace here
            output.write(tone(0.1))

    with pytest.raises(OutputError, match="Make room"):
        play_on()
    output.close()
    assert len(content(next(tmp_path.glob("2*.wav")))) < 6 * RATE_HZ * 2


def test_one_long_play_stays_within_the_limit(tmp_path: Path) -> None:
    output = WavOutput(tmp_path, TIME, keep_bytes=10_001)
    output.open()
    output.begin_play("long")
    for _ in range(5):
        output.write(tone(0.1))
    output.close()

    assert len(content(next(tmp_path.glob("*.wav")))) == 10_000


def test_two_plays_of_one_name_in_one_second_are_two_files(tmp_path: Path) -> None:
    output = WavOutput(tmp_path, TIME)
    output.open()
    for _ in range(3):
        output.begin_play("same")
    output.close()

    assert len(list(tmp_path.glob("*-same*.wav"))) == 3


async def test_a_folder_that_cannot_be_written_fails_the_play(tmp_path: Path, engine_on: EngineOn) -> None:
    in_the_way = tmp_path / "heard"
    in_the_way.write_text("a file where the folder should be")
    async with engine_on(WavOutput(in_the_way, TIME)) as (engine, heard):
        engine.arm("p", MemorySource(tone(1)))
        engine.start("p", TIME.monotonic_us())

        failed = await heard.of(Failed, "p")

    assert failed.reason == "output"
    assert str(in_the_way) in failed.detail


def test_without_a_sound_card_auto_means_wav_files(tmp_path: Path) -> None:
    output = make_output("auto", "no_such_device", tmp_path, TIME)

    assert output.description == f"WAV files in {tmp_path}"


def test_a_sound_card_that_comes_late_is_taken_and_then_nothing_else_will_do(tmp_path: Path) -> None:
    class Card(NullOutput):
        description = "card"
        there = False

        def open(self) -> None:
            if not self.there:
                raise OutputGone("no card")

    card = Card(TIME)
    output = AutoOutput(card, WavOutput(tmp_path, TIME))
    output.open()
    assert "WAV" in output.description
    output.close()

    card.there = True
    output.open()
    assert output.description == "card"
    output.close()

    card.there = False
    with pytest.raises(OutputGone):
        output.open()


def test_with_a_device_that_opens_auto_means_alsa(tmp_path: Path, horn: str) -> None:
    assert make_output("auto", horn, tmp_path, TIME).description == f"ALSA {horn}"


def test_an_alsa_device_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no_such_device"):
        make_output("alsa", "no_such_device", tmp_path, TIME).open()
