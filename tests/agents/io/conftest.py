"""What the tests of the playing half stand on: sounds of known shape, clips made by ffmpeg, a sound room, an engine."""

import asyncio
import math
import subprocess
from array import array
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from agents.io.output import Output, PlayEngine, PlayEvent
from agents.io.timeport import SystemTime, TimePort
from controller.bench.soundroom import SoundRoom, sound_room

RATE_HZ = 48_000
PATIENCE_S = 20.0

Kind = TypeVar("Kind", bound=PlayEvent)


def tone(seconds: float, frequency_hz: float = 440.0, peak: float = 0.5) -> bytes:
    """A sine as s16 mono at 48 kHz."""
    turn = 2 * math.pi * frequency_hz / RATE_HZ
    return array(
        "h", (round(32767 * peak * math.sin(turn * index)) for index in range(round(seconds * RATE_HZ)))
    ).tobytes()


def counting(seconds: float) -> bytes:
    """Frames of which every stretch of two is found once: frame number by its digits, never silent."""
    total = round(seconds * RATE_HZ)
    return array("h", ((index % 20_000) + 1 for index in range(total))).tobytes()


class MemorySource:
    """A source that has everything at hand."""

    def __init__(self, sound: bytes) -> None:
        self.sound = sound
        self.closed = False
        self._at = 0

    @property
    def total_frames(self) -> int:
        return len(self.sound) // 2

    def read(self, frames: int) -> bytes:
        piece = self.sound[self._at * 2 : (self._at + frames) * 2]
        self._at += len(piece) // 2
        return piece

    def seek(self, frame: int) -> None:
        self._at = frame

    def close(self) -> None:
        self.closed = True


class Heard:
    """The events of an engine, in order, to wait for."""

    def __init__(self) -> None:
        self.all: list[PlayEvent] = []
        self._came = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, event: PlayEvent) -> None:
        self.all.append(event)
        task = asyncio.get_running_loop().create_task(self._wake())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def of(self, kind: type[Kind], play_id: str) -> Kind:
        """The first event of this kind for this play, waiting for it."""

        def found() -> list[Kind]:
            return [event for event in self.all if isinstance(event, kind) and event.play_id == play_id]

        async with asyncio.timeout(PATIENCE_S), self._came:
            await self._came.wait_for(found)
        return found()[0]

    def about(self, play_id: str) -> list[type[PlayEvent]]:
        """The kinds of events that a play had so far."""
        return [type(event) for event in self.all if event.play_id == play_id]

    async def _wake(self) -> None:
        async with self._came:
            self._came.notify_all()


Running = AbstractAsyncContextManager[tuple[PlayEngine, Heard]]


@pytest.fixture
def engine_on() -> Callable[..., Running]:
    """Runs an engine on an output, and collects what it tells."""

    @asynccontextmanager
    async def run(
        output: Output, time: TimePort | None = None, **settings: float
    ) -> AsyncIterator[tuple[PlayEngine, Heard]]:
        told = Heard()
        async with PlayEngine(output, time or SystemTime(), told, **settings) as engine:  # type: ignore[arg-type]
            yield engine, told

    return run


@pytest.fixture(scope="session")
def room() -> Iterator[SoundRoom]:
    with sound_room() as built:
        yield built


@pytest.fixture
def horn(room: SoundRoom, monkeypatch: pytest.MonkeyPatch) -> str:
    """An ALSA device in the sound room, for outputs opened by the test itself."""
    for name in (
        "HOME",
        "XDG_RUNTIME_DIR",
        "XDG_CONFIG_HOME",
        "PULSE_RUNTIME_PATH",
        "PULSE_SERVER",
        "ALSA_CONFIG_PATH",
    ):
        monkeypatch.setenv(name, room.environment[name])
    return "horn_a"


@pytest.fixture(scope="session")
def encode(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a clip of PCM by ffmpeg: Opus at 24 kbit/s, or what the name ends in."""
    folder = tmp_path_factory.mktemp("clips")

    def make(name: str, sound: bytes, *more: str) -> Path:
        path = folder / name
        codec = ["-c:a", "libopus", "-b:a", "24k"] if path.suffix == ".opus" else []
        command = ["ffmpeg", "-v", "error", "-y", "-f", "s16le", "-ar", str(RATE_HZ), "-ac", "1", "-i", "-"]
        subprocess.run([*command, *codec, *more, str(path)], input=sound, check=True)
        return path

    return make
