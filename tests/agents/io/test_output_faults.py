"""Whatever breaks is told, nothing falls silent without a word, and the next play has its chance."""

import threading
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.io.decode import DecodeError
from agents.io.output import Armed, Failed, Finished, OutputGone, Sounding, Underrun
from agents.io.output.null import NullOutput
from agents.io.output.wav import WavOutput
from agents.io.sequence import ClipPart, SequenceSource
from agents.io.timeport import SystemTime

from .conftest import RATE_HZ, MemorySource, Running, tone

SOON_US = 500_000
TIME = SystemTime()

EngineOn = Callable[..., Running]


class FragileOutput(NullOutput):
    """Breaks when told, once, in the way it is told."""

    def __init__(self) -> None:
        super().__init__(TIME)
        self.breaks_with: Exception | None = None
        self.refuses_with: Exception | None = None
        self.opened = 0

    def open(self) -> None:
        if self.refuses_with is not None:
            raise self.refuses_with
        self.opened += 1

    def write(self, frames: bytes) -> bool:
        wrong, self.breaks_with = self.breaks_with, None
        if wrong is not None:
            raise wrong
        return super().write(frames)


class StallingSource(MemorySource):
    """Stops giving sound for a while at one place."""

    def __init__(self, sound: bytes, at_frame: int) -> None:
        super().__init__(sound)
        self.go_on = threading.Event()
        self._stall_at = at_frame

    def read(self, frames: int) -> bytes:
        if self._at >= self._stall_at:
            self.go_on.wait(20)
        return super().read(frames)


class BreakingSource(MemorySource):
    """Gives some sound, then an error."""

    def __init__(self, sound: bytes, wrong: Exception) -> None:
        super().__init__(sound)
        self._wrong = wrong

    @property
    def total_frames(self) -> int:
        return 10 * RATE_HZ

    def read(self, frames: int) -> bytes:
        piece = super().read(frames)
        if not piece:
            raise self._wrong
        return piece


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [(OutputGone("The device has vanished."), "output"), (ZeroDivisionError("a defect"), "engine")],
)
async def test_an_output_that_breaks_fails_the_play_and_serves_the_next(
    engine_on: EngineOn, wrong: Exception, reason: str
) -> None:
    output = FragileOutput()
    async with engine_on(output) as (engine, heard):
        engine.arm("p", MemorySource(tone(10)))
        engine.arm("next", MemorySource(tone(0.3)))
        engine.start("p", TIME.monotonic_us() + SOON_US)
        await heard.of(Sounding, "p")

        output.breaks_with = wrong
        failed = await heard.of(Failed, "p")
        engine.start("next", TIME.monotonic_us() + 2 * SOON_US)

        await heard.of(Finished, "next")
        assert failed.reason == reason
        assert str(wrong) in failed.detail
        assert output.opened >= 2


async def test_an_output_that_opens_in_time_is_waited_for(engine_on: EngineOn) -> None:
    output = FragileOutput()
    output.refuses_with = OutputGone("not yet")
    async with engine_on(output) as (engine, heard):
        engine.arm("p", MemorySource(tone(0.3)))
        await heard.of(Armed, "p")
        engine.start("p", TIME.monotonic_us() + 3 * SOON_US)
        output.refuses_with = None

        await heard.of(Finished, "p")


async def test_an_output_that_never_opens_fails_the_play_at_its_start(engine_on: EngineOn) -> None:
    output = FragileOutput()
    output.refuses_with = OutputGone("The device has vanished.")
    async with engine_on(output) as (engine, heard):
        engine.arm("p", MemorySource(tone(0.3)))
        start_us = TIME.monotonic_us() + SOON_US
        engine.start("p", start_us)

        failed = await heard.of(Failed, "p")

        assert (failed.reason, failed.detail) == ("output", "The device has vanished.")
        assert TIME.monotonic_us() >= start_us


async def test_a_clip_that_cannot_be_decoded_fails_instead_of_arming(engine_on: EngineOn, tmp_path: Path) -> None:
    (tmp_path / "bad.opus").write_bytes(b"OggS, but no")
    async with engine_on(NullOutput(TIME)) as (engine, heard):
        engine.arm("p", SequenceSource([ClipPart(tmp_path / "bad.opus", RATE_HZ)]))

        failed = await heard.of(Failed, "p")

        assert failed.reason == "clip"
        assert "bad.opus" in failed.detail
        assert heard.about("p") == [Failed]


@pytest.mark.parametrize(
    ("wrong", "reason"), [(DecodeError("Fetch it again."), "clip"), (KeyError("a defect"), "engine")]
)
async def test_a_source_that_breaks_in_the_middle_plays_what_it_gave_and_fails(
    engine_on: EngineOn, wrong: Exception, reason: str
) -> None:
    async with engine_on(NullOutput(TIME)) as (engine, heard):
        engine.arm("p", BreakingSource(tone(1.5), wrong))
        engine.start("p", TIME.monotonic_us() + SOON_US)

        failed = await heard.of(Failed, "p")

        assert failed.reason == reason
        assert heard.about("p") == [Armed, Sounding, Failed]


async def test_a_source_that_stalls_is_caught_up_with_in_step(engine_on: EngineOn, tmp_path: Path) -> None:
    source = StallingSource(tone(5), at_frame=RATE_HZ * 2)
    async with engine_on(WavOutput(tmp_path, TIME)) as (engine, heard):
        engine.arm("p", source)
        start_us = TIME.monotonic_us() + SOON_US
        engine.start("p", start_us)
        await heard.of(Sounding, "p")
        await TIME.sleep_until(start_us + 2_600_000)
        source.go_on.set()

        underrun = await heard.of(Underrun, "p")
        finished = await heard.of(Finished, "p")
        ended_us = TIME.monotonic_us()

    assert underrun.lost_frames > RATE_HZ // 10
    assert finished.underruns >= 1
    assert finished.played_frames + finished.lost_frames == source.total_frames
    assert ended_us - start_us >= 4_900_000, "it took the time that it should"
    played = array("h", next(tmp_path.glob("*.wav")).read_bytes()[44:])
    assert abs(len(played) - source.total_frames) < RATE_HZ // 4


async def test_a_device_that_runs_dry_goes_on_in_step(engine_on: EngineOn) -> None:
    class Hiccup(NullOutput):
        pause_us = 0

        def write(self, frames: bytes) -> bool:
            if self.pause_us:
                pause_us, self.pause_us = self.pause_us, 0
                TIME.block_until(TIME.monotonic_us() + pause_us)
            return super().write(frames)

    output = Hiccup(TIME)
    async with engine_on(output) as (engine, heard):
        source = MemorySource(tone(2.5))
        engine.arm("p", source)
        start_us = TIME.monotonic_us() + SOON_US
        engine.start("p", start_us)
        await heard.of(Sounding, "p")

        output.pause_us = 300_000

        assert (await heard.of(Underrun, "p")).lost_frames > RATE_HZ // 10
        finished = await heard.of(Finished, "p")
        assert finished.played_frames + finished.lost_frames == source.total_frames
        assert abs(TIME.monotonic_us() - start_us - 2_500_000) < 400_000


async def test_where_the_system_has_no_thread_left_one_play_fails_and_what_sounds_goes_on(
    engine_on: EngineOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async with engine_on(NullOutput(TIME)) as (engine, heard):
        engine.arm("p", MemorySource(tone(1)))
        engine.start("p", TIME.monotonic_us() + SOON_US)
        await heard.of(Sounding, "p")
        one_too_many = MemorySource(tone(1))
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", none_left)
            engine.arm("q", one_too_many)

        failed = await heard.of(Failed, "q")
        await heard.of(Finished, "p")

    assert failed.reason == "engine"
    assert one_too_many.closed


async def test_closing_ends_every_thread(engine_on: EngineOn) -> None:
    before = set(threading.enumerate())
    sources = [MemorySource(tone(3)) for _ in range(3)]
    async with engine_on(NullOutput(TIME)) as (engine, heard):
        for index, source in enumerate(sources):
            engine.arm(f"p{index}", source)
        await heard.of(Armed, "p0")
        engine.start("p0", TIME.monotonic_us())
        await heard.of(Sounding, "p0")

    ours = [thread for thread in set(threading.enumerate()) - before if not thread.name.startswith("asyncio")]
    for thread in ours:
        thread.join(5)
        assert not thread.is_alive()
    assert all(source.closed for source in sources)
