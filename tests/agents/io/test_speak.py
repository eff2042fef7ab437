"""Speaking the code: quietly, whole, and without ever failing the one who asked."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agents.io import identify_audio
from agents.io.output import Armed, Finished, PlayEngine, PlayEvent, Stopped
from agents.io.output.null import NullOutput
from agents.io.speak import PREFIX, CodeSpeaker
from agents.io.timeport import SkewedTime, SystemTime

TWENTY_TIMES_AS_FAST = 19e6


class Room:
    """An engine whose time passes quickly, and what it told."""

    def __init__(self) -> None:
        time = SkewedTime(SystemTime(), rate_ppm=TWENTY_TIMES_AS_FAST)
        self.others: list[PlayEvent] = []
        self.told: list[PlayEvent] = []
        self.speaker = CodeSpeaker(time, -20.0, self.others.append)
        self.engine = PlayEngine(NullOutput(time), time, self._hear)

    def _hear(self, event: PlayEvent) -> None:
        self.told.append(event)
        self.speaker.on_event(event)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    built = Room()
    async with built.engine:
        yield built


async def test_it_returns_when_the_code_was_spoken_and_the_conductor_hears_nothing_of_it(room: Room) -> None:
    async with asyncio.timeout(15):
        await room.speaker.speak(room.engine, "480159")

    assert isinstance(room.told[-1], Finished)
    assert {event.play_id for event in room.told} == {f"{PREFIX}1"}
    assert room.told[-1].played_frames > 5 * 48_000
    assert room.others == []


async def test_other_plays_are_the_conductors(room: Room) -> None:
    event = Armed(play_id="a-1#1", total_frames=1)
    room.speaker.on_event(event)
    assert room.others == [event]


async def test_cut_short_it_falls_silent(room: Room) -> None:
    speaking = asyncio.create_task(room.speaker.speak(room.engine, "480159"))
    async with asyncio.timeout(10):
        while not room.told:
            await asyncio.sleep(0.01)
        speaking.cancel()
        await asyncio.wait([speaking])
        while not isinstance(room.told[-1], Stopped):
            await asyncio.sleep(0.01)
    assert speaking.cancelled()


async def test_missing_digits_are_a_line_in_the_log_and_nothing_else(
    room: Room, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(identify_audio, "digits_folder", lambda: tmp_path)
    await room.speaker.speak(room.engine, "480159")
    assert "could not be spoken" in caplog.text
