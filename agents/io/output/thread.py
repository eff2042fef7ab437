"""The thread that owns the output: writes without pause while a play is near, and knows when each frame is heard.

Rules of the module: one thread, one output, one play sounding at a time. The device is opened a little before a play,
fed with silence until its position is known, and given back when nothing is due. Commands are handed over as
callables and carried out between two blocks of 20 ms. Whatever goes wrong is told as an event; the thread lives on.
"""

import contextlib
import heapq
import itertools
import os
import queue
from collections.abc import Callable
from functools import partial

from agents.io.output.base import FRAME_BYTES, RATE_HZ, Output, OutputError
from agents.io.output.events import Failed, FailReason, Finished, PlayEvent, Sounding, Stopped, Underrun
from agents.io.output.level import mix, volume_gain
from agents.io.output.play import Play, failure_of
from agents.io.output.position import PositionFit
from agents.io.timeport import TimePort

BLOCK_FRAMES = RATE_HZ // 50
OPEN_AHEAD_US = 2_000_000
_LINGER_US = 1_000_000
# What is armed is often started at once: the device's position is the better known the longer it runs.
_WARM_US = 3_000_000
_RETRY_OPEN_US = 500_000
_LONGEST_WAIT_S = 10.0
_PRIORITY = 5

Command = Callable[[], None]


def _ask_for_priority() -> None:
    """Let this thread (and the sound library's, which it starts) run before others, where the system allows it."""
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_PRIORITY))


class OutputThread:
    """The body of the thread: ``run`` until ``finish``. All methods but ``submit`` belong to the thread itself."""

    def __init__(
        self, output: Output, time: TimePort, tell: Callable[[PlayEvent], None], *, latency_us: int, volume: float
    ) -> None:
        self._output = output
        self._time = time
        self._tell = tell
        self._latency_us = latency_us
        self._volume = volume
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._plays: dict[str, Play] = {}
        self._current: Play | None = None
        self._fit = PositionFit()
        self._at = 0  # the next output frame to be written
        self._tail = b""
        self._due: list[tuple[int, int, Callable[[], None]]] = []  # told when that output frame is heard
        self._order = itertools.count()
        self._is_open = False
        self._idle_since_us = 0
        self._retry_at_us = 0
        self._warm_until_us = 0
        self._finished = False
        self._round_us = time.monotonic_us()

    def submit(self, command: Command) -> None:
        """Have something done between two blocks; from any thread."""
        self._commands.put(command)

    def run(self) -> None:
        """Serve until finished. Does not raise."""
        _ask_for_priority()
        while not self._finished:
            self._round_us = self._time.monotonic_us()
            try:
                self._obey()
                if not self._finished:
                    self._step()
            except OutputError as wrong:
                self._break_down("output", str(wrong))
            except Exception as wrong:  # a defect here must be heard of, and must not end the thread
                self._break_down("engine", repr(wrong))
        for play in self._plays.values():
            play.feed.close()
        with contextlib.suppress(OutputError):
            self._close_output()

    def went_round_within(self, seconds: float) -> bool:
        """Whether it began a round so lately; from any thread. A round takes ten seconds at most while nothing is due."""
        return self._time.monotonic_us() - self._round_us < seconds * 1e6

    def finish(self) -> None:
        """Make ``run`` return."""
        self._finished = True

    # -- commands -------------------------------------------------------------------------------------------------

    def add(self, play: Play) -> None:
        """Hold an armed play."""
        if (old := self._plays.pop(play.play_id, None)) is not None:
            self._leave(old)
        self._plays[play.play_id] = play
        self._warm_until_us = self._time.monotonic_us() + _WARM_US

    def reject(self, play: Play) -> None:
        """Its source turned out unusable."""
        if self._plays.get(play.play_id) is play and (failure := failure_of(play)) is not None:
            self._fail(play, *failure)

    def schedule(self, play_id: str, start_local_us: int, from_frame: int, gain_db: float, limit: float) -> None:
        """See PlayEngine.start."""
        play = self._plays.get(play_id)
        if play is None:
            self._tell(Failed(play_id, "engine", "It was started without being armed."))
        elif play is not self._current:
            play.schedule(start_local_us - self._latency_us, from_frame, gain_db, self._volume, limit)

    def retarget(self, play_id: str, start_local_us: int) -> None:
        """See PlayEngine.retarget."""
        if (play := self._plays.get(play_id)) is not None and play.started:
            play.retarget(start_local_us - self._latency_us)

    def stop(self, play_id: str) -> None:
        """See PlayEngine.stop."""
        if (play := self._plays.get(play_id)) is None:
            return
        if play is self._current:
            self._silence(play)
        else:
            self._leave(play)

    def set_volume(self, percent: float) -> None:
        """See PlayEngine.set_volume."""
        self._volume = volume_gain(percent)
        for play in self._plays.values():
            play.set_volume(self._volume)

    # -- the device -----------------------------------------------------------------------------------------------

    def _obey(self) -> None:
        wait_s = 0.0 if self._is_open else self._idle_wait_s()
        try:
            command = self._commands.get(timeout=wait_s) if wait_s > 0 else self._commands.get_nowait()
            while True:
                command()
                command = self._commands.get_nowait()
        except queue.Empty:
            return

    def _idle_wait_s(self) -> float:
        if self._near():
            return 0.0
        begins = [play.due_us(play.first_frame) for play in self._plays.values() if play.started]
        if not begins:
            return _LONGEST_WAIT_S
        wake_us = max(min(begins) - OPEN_AHEAD_US, self._retry_at_us)
        return min(_LONGEST_WAIT_S, (wake_us - self._time.monotonic_us()) / 1e6)

    def _step(self) -> None:
        if not self._is_open:
            if self._near():
                self._open_output()
            return
        self._read_position()
        self._tell_heard()
        self._write_block()
        now_us = self._time.monotonic_us()
        if self._current is not None or self._near() or self._due:
            self._idle_since_us = now_us
        elif now_us - self._idle_since_us > _LINGER_US:
            self._close_output()

    def _near(self) -> bool:
        now_us = self._time.monotonic_us()
        if now_us < self._retry_at_us:
            return False
        return (bool(self._plays) and now_us < self._warm_until_us) or any(
            play.due_us(play.first_frame) - OPEN_AHEAD_US <= now_us for play in self._plays.values() if play.started
        )

    def _open_output(self) -> None:
        try:
            self._output.open()
        except OutputError as wrong:
            now_us = self._time.monotonic_us()
            self._retry_at_us = now_us + _RETRY_OPEN_US
            for play in [play for play in self._plays.values() if play.started]:
                if play.due_us(play.first_frame) <= now_us:
                    self._fail(play, "output", str(wrong))
            return
        self._is_open = True
        self._fit.forget()
        self._at = 0
        self._tail = b""
        self._idle_since_us = self._time.monotonic_us()

    def _close_output(self) -> None:
        self._is_open = False
        self._due.clear()
        self._output.close()

    def _read_position(self) -> None:
        before_us = self._time.monotonic_us()
        delay_frames = self._output.delay_frames()
        after_us = self._time.monotonic_us()
        if delay_frames is not None:
            self._fit.add((before_us + after_us) // 2, self._at, delay_frames)

    def _write(self, frames: bytes) -> None:
        if self._tail and frames:
            tail, self._tail = self._tail[: len(frames)], self._tail[len(frames) :]
            frames = mix(frames, tail)
        self._at += len(frames) // FRAME_BYTES
        if self._output.write(frames):
            self._fit.forget()
            if self._current is not None:
                self._current.broke_off()

    # -- what sounds ----------------------------------------------------------------------------------------------

    def _write_block(self) -> None:
        end = self._at + BLOCK_FRAMES
        while (left := end - self._at) > 0:
            if not self._fit.settled:
                if self._current is not None:
                    self._current.broke_off()
                self._write(bytes(left * FRAME_BYTES))
                return
            coming, index = self._coming(end)
            if coming is not None and index <= self._at:
                self._switch_to(coming)
            else:
                self._write_current(index - self._at)

    def _coming(self, end: int) -> tuple[Play | None, int]:
        """The play that begins next before output frame ``end``, and where; (None, end) where there is none."""
        found: Play | None = None
        for play in list(self._plays.values()):
            if not play.started or play is self._current:
                continue
            if (failure := failure_of(play)) is not None:
                self._fail(play, *failure)
            elif (index := play.begin_index(self._fit, self._at)) is not None and index < end:
                found, end = play, index
            elif play.missed:
                self._fail(play, "output", "It was over before the output could sound it.")
        return found, end

    def _switch_to(self, play: Play) -> None:
        if (before := self._current) is not None:
            if before.nearly_over:
                self._tail = mix(self._tail, before.tail())
                self._end(before)
            else:
                self._leave(before)
        self._current = play
        play.enter(self._fit)
        self._output.begin_play(play.play_id)
        self._when_heard(self._at, partial(self._tell_sounding, play, self._at))

    def _write_current(self, frames: int) -> None:
        play = self._current
        if play is None:
            self._write(bytes(frames * FRAME_BYTES))
            return
        sound, tail = play.sound(self._fit, self._at, frames)
        if tail:
            self._tail = mix(self._tail, tail)
        self._write(sound)
        if (lost := play.newly_lost()) is not None:
            self._tell(Underrun(play.play_id, lost))
        if (failure := failure_of(play)) is not None:
            self._fail(play, *failure)
        elif play.feed.exhausted:
            self._end(play)

    def _end(self, play: Play) -> None:
        self._forget(play)
        played = max(0, play.feed.position - play.first_frame - play.lost_frames)
        event = Finished(play.play_id, played, play.underruns, play.lost_frames)
        self._when_heard(self._at, partial(self._tell, event))

    def _leave(self, play: Play) -> None:
        """End it early: the next 10 ms fade away, under another play where one begins here."""
        sounding = play is self._current
        if sounding:
            self._tail = mix(self._tail, play.tail())
        event = Stopped(play.play_id, play.feed.position if sounding else 0)
        if sounding:
            self._when_heard(self._at + len(self._tail) // FRAME_BYTES, partial(self._tell, event))
            self._forget(play)
        else:
            self._forget(play)
            self._tell(event)

    def _silence(self, play: Play) -> None:
        """Stop what sounds, with its fade as the last thing of it that is written."""
        self._tail = mix(self._tail, play.tail())
        event = Stopped(play.play_id, play.feed.position)
        self._write(bytes(len(self._tail)))
        self._when_heard(self._at, partial(self._tell, event))
        self._forget(play)

    def _fail(self, play: Play, reason: FailReason, detail: str) -> None:
        play.failed = True
        self._forget(play)
        self._tell(Failed(play.play_id, reason, detail))

    def _forget(self, play: Play) -> None:
        self._plays.pop(play.play_id, None)
        play.feed.close()
        if play is self._current:
            self._current = None
            self._output.end_play()

    def _break_down(self, reason: FailReason, detail: str) -> None:
        """The output failed, or something here did: what sounds has failed, what comes opens the device again."""
        play = self._current
        self._retry_at_us = self._time.monotonic_us() + _RETRY_OPEN_US
        due, self._due = self._due, []
        try:
            if play is not None:
                self._fail(play, reason, detail)
            self._close_output()
        except Exception as wrong:
            self._is_open = False
            detail = f"{detail}; {wrong!r}"
        for _, _, tell in due:
            tell()

    # -- telling --------------------------------------------------------------------------------------------------

    def _when_heard(self, index: int, tell: Callable[[], None]) -> None:
        heapq.heappush(self._due, (index, next(self._order), tell))

    def _tell_heard(self) -> None:
        if self._due and self._fit.settled:
            heard = self._fit.frame_at(self._time.monotonic_us())
            while self._due and self._due[0][0] <= heard:
                heapq.heappop(self._due)[2]()

    def _tell_sounding(self, play: Play, index: int) -> None:
        heard_us = self._fit.heard_us(index)
        if play.failed:
            return
        error_us = round(heard_us - play.due_us(play.first_frame))
        self._tell(Sounding(play.play_id, round(heard_us) + self._latency_us, error_us, play.first_frame))
