"""What every output must do under the engine: nothing, WAV files, and ALSA into the sound room pass the same suite."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.io.output import (
    Armed,
    Failed,
    Finished,
    Output,
    Sounding,
    Stopped,
    Underrun,
    make_output,
)
from agents.io.timeport import SystemTime

from .conftest import RATE_HZ, MemorySource, Running, tone

SOON_US = 500_000
NEAR_FRAMES = RATE_HZ // 100
TIME = SystemTime()

EngineOn = Callable[..., Running]


@pytest.fixture(params=["null", "wav", "alsa"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Output:
    device = request.getfixturevalue("horn") if request.param == "alsa" else ""
    return make_output(request.param, device, tmp_path, TIME)


async def test_a_play_is_armed_sounds_at_its_instant_and_finishes(output: Output, engine_on: EngineOn) -> None:
    async with engine_on(output) as (engine, heard):
        source = MemorySource(tone(0.4))
        engine.arm("p", source)
        assert (await heard.of(Armed, "p")).total_frames == source.total_frames
        start_us = TIME.monotonic_us() + SOON_US

        engine.start("p", start_us)

        sounding = await heard.of(Sounding, "p")
        finished = await heard.of(Finished, "p")
        assert heard.about("p") == [Armed, Sounding, Finished]
        assert sounding.first_frame == 0
        assert abs(sounding.error_us) < 20_000
        assert abs(sounding.actual_start_local_us - start_us - sounding.error_us) <= 1
        assert finished.played_frames + finished.lost_frames == source.total_frames
        assert TIME.monotonic_us() >= start_us + 400_000 - 20_000
        assert source.closed


async def test_the_calibrated_latency_makes_it_sound_earlier_at_the_device(output: Output, engine_on: EngineOn) -> None:
    async with engine_on(output, latency_us=100_000) as (engine, heard):
        engine.arm("p", MemorySource(tone(0.2)))
        start_us = TIME.monotonic_us() + SOON_US
        engine.start("p", start_us)

        sounding = await heard.of(Sounding, "p")

        # Told when it leaves the device: well before it is heard.
        assert TIME.monotonic_us() < start_us
        assert abs(sounding.actual_start_local_us - start_us) < 20_000


async def test_a_late_start_joins_in_step(output: Output, engine_on: EngineOn) -> None:
    async with engine_on(output) as (engine, heard):
        source = MemorySource(tone(4.5))
        engine.arm("p", source)
        start_us = TIME.monotonic_us() - 3_000_000

        engine.start("p", start_us)

        sounding = await heard.of(Sounding, "p")
        due_us = start_us + sounding.first_frame * 1_000_000 // RATE_HZ
        assert sounding.first_frame > 3 * RATE_HZ
        assert abs(sounding.actual_start_local_us - due_us) < 20_000
        finished = await heard.of(Finished, "p")
        assert finished.played_frames + finished.lost_frames == source.total_frames - sounding.first_frame


async def test_a_start_from_the_middle_begins_there(output: Output, engine_on: EngineOn) -> None:
    async with engine_on(output) as (engine, heard):
        engine.arm("p", MemorySource(tone(1.2)))
        engine.start("p", TIME.monotonic_us() + SOON_US, from_frame=RATE_HZ)

        assert (await heard.of(Sounding, "p")).first_frame == RATE_HZ
        finished = await heard.of(Finished, "p")
        assert finished.played_frames + finished.lost_frames == RATE_HZ // 5


@pytest.mark.parametrize("late_us", [310_000, 10_000_000])
async def test_what_is_all_over_is_not_told_as_heard(output: Output, engine_on: EngineOn, late_us: int) -> None:
    async with engine_on(output) as (engine, heard):
        engine.arm("p", MemorySource(tone(0.3)))
        engine.start("p", TIME.monotonic_us() - late_us)

        assert (await heard.of(Failed, "p")).reason == "output"
        assert Sounding not in heard.about("p")


async def test_what_is_jumped_over_is_told_as_lost(output: Output, engine_on: EngineOn) -> None:
    async with engine_on(output) as (engine, heard):
        source = MemorySource(tone(3.0))
        engine.arm("p", source)
        start_us = TIME.monotonic_us() + SOON_US
        engine.start("p", start_us)
        await heard.of(Sounding, "p")

        engine.retarget("p", start_us - 500_000)

        assert (await heard.of(Underrun, "p")).lost_frames > RATE_HZ // 3
        finished = await heard.of(Finished, "p")
        assert finished.played_frames + finished.lost_frames == source.total_frames


async def test_stopping_what_sounds_tells_where(output: Output, engine_on: EngineOn) -> None:
    async with engine_on(output) as (engine, heard):
        source = MemorySource(tone(5))
        engine.arm("p", source)
        engine.start("p", TIME.monotonic_us() + SOON_US)
        await heard.of(Sounding, "p")

        engine.stop("p")

        stopped = await heard.of(Stopped, "p")
        assert 0 < stopped.at_frame < 4 * RATE_HZ
        assert heard.about("p")[-1] is Stopped
        assert Finished not in heard.about("p")
        assert source.closed


async def test_stopping_what_waits_is_told_at_once(output: Output, engine_on: EngineOn) -> None:
    async with engine_on(output) as (engine, heard):
        engine.arm("armed", MemorySource(tone(1)))
        engine.arm("started", MemorySource(tone(1)))
        engine.start("started", TIME.monotonic_us() + 60_000_000)

        engine.stop("armed")
        engine.stop("started")
        engine.stop("unheard of")

        assert (await heard.of(Stopped, "armed")).at_frame == 0
        assert (await heard.of(Stopped, "started")).at_frame == 0


async def test_two_plays_follow_without_a_gap(output: Output, engine_on: EngineOn) -> None:
    async with engine_on(output) as (engine, heard):
        first, second = MemorySource(tone(0.5)), MemorySource(tone(0.3))
        engine.arm("first", first)
        engine.arm("second", second)
        start_us = TIME.monotonic_us() + SOON_US
        engine.start("first", start_us)
        engine.start("second", start_us + 500_000)

        for play_id in ("first", "second"):
            sounding = await heard.of(Sounding, play_id)
            assert sounding.first_frame <= NEAR_FRAMES
            await heard.of(Finished, play_id)
        gap_us = (await heard.of(Sounding, "second")).actual_start_local_us - start_us - 500_000
        assert abs(gap_us) < 20_000


async def test_plays_that_overlap_by_a_hair_both_finish(output: Output, engine_on: EngineOn) -> None:
    async with engine_on(output) as (engine, heard):
        first = MemorySource(tone(0.5))
        engine.arm("first", first)
        engine.arm("second", MemorySource(tone(0.3)))
        start_us = TIME.monotonic_us() + SOON_US
        engine.start("first", start_us)
        engine.start("second", start_us + 495_000)

        finished = await heard.of(Finished, "first")
        assert finished.played_frames + finished.lost_frames == first.total_frames
        await heard.of(Finished, "second")


async def test_a_later_play_takes_the_air(output: Output, engine_on: EngineOn) -> None:
    async with engine_on(output) as (engine, heard):
        engine.arm("long", MemorySource(tone(10)))
        engine.arm("urgent", MemorySource(tone(0.3)))
        start_us = TIME.monotonic_us() + SOON_US
        engine.start("long", start_us)
        engine.start("urgent", start_us + 400_000)

        stopped = await heard.of(Stopped, "long")
        await heard.of(Finished, "urgent")
        assert abs(stopped.at_frame - RATE_HZ * 4 // 10) < RATE_HZ // 20


async def test_a_play_can_be_moved_before_and_while_it_sounds(output: Output, engine_on: EngineOn) -> None:
    async with engine_on(output) as (engine, heard):
        source = MemorySource(tone(1.0))
        engine.arm("p", source)
        start_us = TIME.monotonic_us() + SOON_US
        engine.start("p", start_us + 60_000_000)

        engine.retarget("p", start_us)
        sounding = await heard.of(Sounding, "p")
        assert abs(sounding.actual_start_local_us - start_us) < 20_000
        engine.retarget("p", start_us - 200_000)

        finished = await heard.of(Finished, "p")
        assert abs(finished.lost_frames - RATE_HZ // 5) < RATE_HZ // 20 or finished.underruns
        assert finished.played_frames + finished.lost_frames == source.total_frames


async def test_what_was_not_armed_cannot_start(output: Output, engine_on: EngineOn) -> None:
    async with engine_on(output) as (engine, heard):
        engine.start("p", TIME.monotonic_us())

        assert (await heard.of(Failed, "p")).reason == "engine"


async def test_arming_an_id_again_replaces_it(output: Output, engine_on: EngineOn) -> None:
    async with engine_on(output) as (engine, heard):
        old, new = MemorySource(tone(1)), MemorySource(tone(0.2))
        engine.arm("p", old)
        engine.arm("p", new)
        await heard.of(Stopped, "p")
        engine.start("p", TIME.monotonic_us() + SOON_US)

        finished = await heard.of(Finished, "p")
        assert finished.played_frames + finished.lost_frames == new.total_frames


async def test_volume_moves_while_it_plays(output: Output, engine_on: EngineOn) -> None:
    async with engine_on(output, volume_percent=100) as (engine, heard):
        source = MemorySource(tone(0.6))
        engine.arm("p", source)
        engine.start("p", TIME.monotonic_us() + SOON_US, gain_db=-3)
        await heard.of(Sounding, "p")

        for percent in (0, 30, 100):
            engine.set_volume(percent)

        finished = await heard.of(Finished, "p")
        assert finished.played_frames + finished.lost_frames == source.total_frames


def test_opening_and_closing_twice_does_nothing(output: Output) -> None:
    output.open()
    output.open()
    assert output.delay_frames() is None
    output.write(bytes(480 * 2))
    output.drop()
    output.close()
    output.close()
    assert output.delay_frames() is None


def test_it_runs_at_the_pace_of_time(output: Output) -> None:
    output.open()
    begin_us = TIME.monotonic_us()
    for _ in range(40):
        output.write(bytes(960 * 2))
    delay = output.delay_frames()
    elapsed_us = TIME.monotonic_us() - begin_us
    output.close()

    assert delay is not None
    assert 0 <= delay <= RATE_HZ // 2
    assert elapsed_us > 400_000, "0.8 s of sound went into a buffer of 0.12 s"


@pytest.mark.parametrize("first_frames", [1, 480, 700])
def test_whatever_is_written_first_it_begins_to_move(output: Output, first_frames: int) -> None:
    output.open()

    def write() -> None:
        output.write(bytes(first_frames * 2))
        for _ in range(10):
            output.write(bytes(960 * 2))

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    writer.join(10)

    assert not writer.is_alive(), "it waits for room that it will not have before it moves"
    output.close()
