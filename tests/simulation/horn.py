"""A horn without a thread: what the play engine would do, at the instants at which it would, in made-up time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from agents.io.decode import Source
from agents.io.output import events
from agents.io.timeport import TimePort

_FRAMES_PER_US = 0.048
_SOON_US = 20_000


@dataclass
class Sound:
    """A stretch that was heard, by the station's true clock, in seconds. ``from_frame`` of the airing began it."""

    play_id: str
    from_s: float
    until_s: float
    from_frame: int


@dataclass
class Horn:
    """``heard`` is everything that left it, in order; one play at a time."""

    time: TimePort
    true_s: Callable[[], float]
    tell: Callable[[events.PlayEvent], None] = lambda event: None
    heard: list[Sound] = field(default_factory=list)
    _frames: dict[str, int] = field(default_factory=dict)
    _coming: dict[str, asyncio.TimerHandle] = field(default_factory=dict)
    _first: dict[str, int] = field(default_factory=dict)
    _now: str | None = None
    _over: asyncio.TimerHandle | None = None
    _is_off: bool = False

    def arm(self, play_id: str, source: Source) -> None:
        self._frames[play_id] = source.total_frames
        source.close()
        self._soon(events.Armed(play_id, self._frames[play_id]))

    def start(
        self,
        play_id: str,
        start_local_us: int,
        *,
        from_frame: int = 0,
        gain_db: float = 0.0,
        max_volume_percent: float = 100.0,
    ) -> None:
        if self._is_off or play_id == self._now or play_id not in self._frames:
            return
        self._first[play_id] = from_frame
        self.retarget(play_id, start_local_us, begins=True)

    def start_now(self, play_id: str, *, gain_db: float = 0.0, max_volume_percent: float = 100.0) -> None:
        self.start(play_id, self.time.monotonic_us())

    def retarget(self, play_id: str, start_local_us: int, *, begins: bool = False) -> None:
        waiting = self._coming.pop(play_id, None)
        if waiting is None and not begins:
            return
        if waiting is not None:
            waiting.cancel()
        left_us = max(_SOON_US, start_local_us - self.time.monotonic_us())
        loop = asyncio.get_running_loop()
        self._coming[play_id] = loop.call_later(left_us / 1e6, self._begin, play_id, start_local_us)

    def stop(self, play_id: str) -> None:
        if (waiting := self._coming.pop(play_id, None)) is not None:
            waiting.cancel()
        if play_id == self._now:
            self._soon(events.Stopped(play_id, self._silence()))
        elif play_id in self._frames:
            self._soon(events.Stopped(play_id, 0))
        self._frames.pop(play_id, None)

    def set_volume(self, percent: float) -> None:
        """Heard at any volume."""

    def fall_silent(self) -> None:
        """The power went, or the program did: nothing is told any more, and what still asks for sound is not heard."""
        self._is_off = True
        for waiting in self._coming.values():
            waiting.cancel()
        self._coming.clear()
        if self._now is not None:
            self._silence()
        self.tell = lambda event: None

    def _begin(self, play_id: str, due_us: int) -> None:
        self._coming.pop(play_id, None)
        now_us = self.time.monotonic_us()
        first = self._first[play_id] + max(
            0, round((now_us - due_us) * _FRAMES_PER_US) if now_us > due_us + 1_000 else 0
        )
        if first >= self._frames[play_id]:
            self._frames.pop(play_id)
            self._soon(events.Failed(play_id, "engine", "Nothing of it was left."))
            return
        if self._now is not None:
            displaced = self._now
            self._frames.pop(displaced, None)
            self._soon(events.Stopped(displaced, self._silence()))
        self._now = play_id
        self.heard.append(Sound(play_id, self.true_s(), float("inf"), first))
        self._soon(events.Sounding(play_id, now_us, 0, first))
        left_us = (self._frames[play_id] - first) / _FRAMES_PER_US
        self._over = asyncio.get_running_loop().call_later(left_us / 1e6, self._end, play_id)

    def _end(self, play_id: str) -> None:
        first = self.heard[-1].from_frame
        frames = self._frames.pop(play_id)
        self._silence()
        self._soon(events.Finished(play_id, frames - first, 0, 0))

    def _silence(self) -> int:
        """Returns the frame at which the play was cut."""
        sound = self.heard[-1]
        sound.until_s = self.true_s()
        if self._over is not None:
            self._over.cancel()
        self._now = self._over = None
        return sound.from_frame + round((sound.until_s - sound.from_s) * 48_000)

    def _soon(self, event: events.PlayEvent) -> None:
        asyncio.get_running_loop().call_soon(lambda: self.tell(event))
