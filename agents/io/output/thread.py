"""The thread that owns the output: writes without pause while a play is near, and knows when each frame is heard.

Rules of the module: one thread, one output, one play sounding at a time; what it takes the air from fades away under
it. The device is opened a little before a play, fed with silence until its position is known, and given back when
nothing is due, or never (``standby``). A play without an instant needs no position: it sounds at once. Commands are
handed over as callables and carried out between two blocks of 20 ms. Whatever goes wrong is told as an event; the
thread lives on.
"""

import contextlib
import heapq
import itertools
import os
import queue
from collections.abc import Callable
from functools import partial

from agents.io.output.amplifier import AmplifierSwitch
from agents.io.output.base import FRAME_BYTES, RATE_HZ, OutputError
from agents.io.output.events import Failed, FailReason, Finished, PlayEvent, Sounding, Stopped, Underrun
from agents.io.output.level import DUCK_FRAMES, FADE_FRAMES, volume_gain
from agents.io.output.line import Line
from agents.io.output.play import Play, failure_of
from agents.io.timeport import TimePort

BLOCK_FRAMES = RATE_HZ // 50
OPEN_AHEAD_US = 2_000_000
_LINGER_US = 1_000_000
# What is armed is often started at once: the device's position is the better known the longer it runs.
_WARM_US = 3_000_000
_RETRY_OPEN_US = 500_000
_RETRY_STANDBY_US = 5_000_000
_LONGEST_WAIT_S = 10.0
_PRIORITY = 5
_ROUND_US = 2 * BLOCK_FRAMES * 1_000_000 // RATE_HZ

Command = Callable[[], None]


def _ask_for_priority() -> None:
    """Let this thread (and the sound library's, which it starts) run before others, where the system allows it."""
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_PRIORITY))


class OutputThread:
    """The body of the thread: ``run`` until ``finish``. All methods but ``submit`` belong to the thread itself."""

    def __init__(
        self,
        line: Line,
        amplifier: AmplifierSwitch,
        time: TimePort,
        tell: Callable[[PlayEvent], None],
        *,
        latency_us: int,
        volume: float,
        standby: bool,
    ) -> None:
        self._line = line
        self._amplifier = amplifier
        self._time = time
        self._tell = tell
        self._volume = volume
        self._standby = standby
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._plays: dict[str, Play] = {}
        self._current: Play | None = None
        self._due: list[tuple[int, int, Callable[[], None]]] = []  # told when that output frame is heard
        self._order = itertools.count()
        self._idle_since_us = 0
        self._retry_at_us = 0
        self._warm_until_us = 0
        self._finished = False
        self._round_us = time.monotonic_us()
        self.latency_us = latency_us
        self.underruns = 0

    def submit(self, command: Command) -> None:
        """Have something done between two blocks; from any thread."""
        self._commands.put(command)

    def run(self) -> None:
        """Serve until finished. Does not raise."""
        _ask_for_priority()
        while not self._finished:
            self.go_round()
        for play in self._plays.values():
            play.feed.close()
        with contextlib.suppress(OutputError):
            self._close_output()

    def go_round(self) -> None:
        """Do what was submitted, and write a block where the device is open. Does not raise."""
        self._round_us = self._time.monotonic_us()
        try:
            self._obey()
            if not self._finished:
                self._step()
        except OutputError as wrong:
            self._break_down("output", str(wrong))
        except Exception as wrong:  # a defect here must be heard of, and must not end the thread
            self._break_down("engine", repr(wrong))

    def went_round_within(self, seconds: float) -> bool:
        """Whether it began a round so lately; from any thread. While nothing is due a round takes ten seconds."""
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

    def schedule(self, play_id: str, start_local_us: int | None, from_frame: int, gain_db: float, limit: float) -> None:
        """See PlayEngine.start and, without an instant, PlayEngine.start_now."""
        play = self._plays.get(play_id)
        if play is None:
            self._tell(Failed(play_id, "engine", "It was started without being armed."))
        elif play is not self._current:
            at_us = None if start_local_us is None else start_local_us - self.latency_us
            play.schedule(at_us, from_frame, gain_db, self._volume, limit)

    def retarget(self, play_id: str, start_local_us: int) -> None:
        """See PlayEngine.retarget."""
        if (play := self._plays.get(play_id)) is not None and play.started:
            play.retarget(start_local_us - self.latency_us)

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

    def set_latency(self, latency_us: int) -> None:
        """See PlayEngine.set_latency."""
        by_us, self.latency_us = latency_us - self.latency_us, latency_us
        for play in self._plays.values():
            if play.started:
                play.move(-by_us)

    # -- the device -----------------------------------------------------------------------------------------------

    def _obey(self) -> None:
        wait_s = 0.0 if self._line.is_open else self._idle_wait_s()
        try:
            command = self._commands.get(timeout=wait_s) if wait_s > 0 else self._commands.get_nowait()
            while True:
                command()
                command = self._commands.get_nowait()
        except queue.Empty:
            return

    def _idle_wait_s(self) -> float:
        """How long the closed device needs nobody."""
        if self._standby or (self._plays and self._time.monotonic_us() < self._warm_until_us):
            begins = [0]
        else:
            begins = [self._begins_us(play) for play in self._plays.values() if play.started]
        if not begins:
            return _LONGEST_WAIT_S
        lead_us = max(OPEN_AHEAD_US, self._amplifier.lead_us)
        wake_us = max(min(begins) - lead_us, self._retry_at_us)
        return min(_LONGEST_WAIT_S, (wake_us - self._time.monotonic_us()) / 1e6)

    def _step(self) -> None:
        if not self._line.is_open:
            if self._wants_open():
                self._open_output()
            self._drive_amplifier()
            return
        if self._is_worn():
            self._close_output()
            self._open_output()
            return
        self._line.read_position()
        self._tell_heard()
        self._drive_amplifier()
        self._write_block()
        now_us = self._time.monotonic_us()
        if self._current is not None or self._near() or self._due:
            self._idle_since_us = now_us
        elif now_us - self._idle_since_us > _LINGER_US and not (self._standby and self._line.output.stays_open):
            self._close_output()

    def _is_worn(self) -> bool:
        if not self._standby or self._current is not None or self._due:
            return False
        begins = [self._begins_us(play) for play in self._plays.values() if play.started]
        return self._line.is_worn(min(begins, default=None), OPEN_AHEAD_US)

    def _begins_us(self, play: Play) -> int:
        due_us = play.begins_us
        return self._time.monotonic_us() if due_us is None else round(due_us)

    def _wants_open(self) -> bool:
        if self._time.monotonic_us() < self._retry_at_us:
            return False
        return self._standby or self._near()

    def _near(self) -> bool:
        now_us = self._time.monotonic_us()
        if self._plays and now_us < self._warm_until_us:
            return True
        return self._begins_within(max(OPEN_AHEAD_US, self._amplifier.lead_us))

    def _begins_within(self, lead_us: int) -> bool:
        until_us = self._time.monotonic_us() + lead_us
        return any(self._begins_us(play) <= until_us for play in self._plays.values() if play.started)

    def _drive_amplifier(self) -> None:
        sounding = self._current is not None or bool(self._due) or self._line.tail_frames > 0
        needed = sounding or self._begins_within(self._amplifier.lead_us + _ROUND_US)
        self._amplifier.drive(needed, self._time.monotonic_us())

    def _open_output(self) -> None:
        try:
            self._line.open()
        except OutputError as wrong:
            now_us = self._time.monotonic_us()
            late = [play for play in self._plays.values() if play.started and self._begins_us(play) <= now_us]
            self._retry_at_us = now_us + (_RETRY_OPEN_US if self._near() else _RETRY_STANDBY_US)
            for play in late:
                self._fail(play, "output", str(wrong))
            return
        self._idle_since_us = self._time.monotonic_us()

    def _close_output(self) -> None:
        self._due.clear()
        self._line.close()

    def _write(self, frames: bytes) -> None:
        if self._line.write(frames):
            self._broke_off()

    def _broke_off(self) -> None:
        if self._current is not None:
            self._current.broke_off()

    # -- what sounds ----------------------------------------------------------------------------------------------

    def _write_block(self) -> None:
        line = self._line
        end = line.at + BLOCK_FRAMES
        if line.broke_off():
            self._broke_off()
        while (left := end - line.at) > 0:
            coming, index = self._coming(end)
            if coming is not None and index <= line.at:
                self._switch_to(coming)
            elif line.fit.settled or (self._current is not None and self._current.at_once):
                self._write_current(index - line.at)
            else:
                self._broke_off()
                self._write(bytes(left * FRAME_BYTES))

    def _coming(self, end: int) -> tuple[Play | None, int]:
        """The play that begins next before output frame ``end``, and where; (None, end) where there is none."""
        found: Play | None = None
        for play in list(self._plays.values()):
            if not play.started or play is self._current:
                continue
            if (failure := failure_of(play)) is not None:
                self._fail(play, *failure)
            elif (index := play.begin_index(self._line.fit, self._line.at)) is not None and index < end:
                found, end = play, index
            elif play.missed:
                self._fail(play, "output", "It was over before the output could sound it.")
        return found, end

    def _switch_to(self, play: Play) -> None:
        if (before := self._current) is not None:
            if before.nearly_over:
                self._line.let_fade(before.tail())
                self._end(before)
            else:
                self._leave(before, DUCK_FRAMES)
        self._current = play
        play.enter(self._line.fit, self._line.at)
        self._line.output.begin_play(play.play_id)
        self._when_heard(self._line.at, partial(self._tell_sounding, play, self._line.at))

    def _write_current(self, frames: int) -> None:
        play = self._current
        if play is None:
            self._write(bytes(frames * FRAME_BYTES))
            return
        sound, tail = play.sound(self._line.fit, self._line.at, frames)
        if tail:
            self._line.let_fade(tail)
        self._write(sound)
        if (lost := play.newly_lost()) is not None:
            self.underruns += 1
            self._tell(Underrun(play.play_id, lost))
        if (failure := failure_of(play)) is not None:
            self._fail(play, *failure)
        elif play.feed.exhausted:
            self._end(play)

    def _end(self, play: Play) -> None:
        self._forget(play)
        if self._coming(self._line.at + 1)[0] is None:  # what begins here is not to be touched
            self._line.let_fade(play.release())
        played = max(0, play.feed.position - play.first_frame - play.lost_frames)
        event = Finished(play.play_id, played, play.underruns, play.lost_frames)
        self._when_heard(self._line.at, partial(self._tell, event))

    def _leave(self, play: Play, fade_frames: int = FADE_FRAMES) -> None:
        """End it early: what it has next fades away, under another play where one begins here."""
        if play is not self._current:
            self._forget(play)
            self._tell(Stopped(play.play_id, 0))
            return
        play.feed.tell_pending()
        event = Stopped(play.play_id, play.feed.position)
        self._line.let_fade(play.tail(fade_frames))
        self._when_heard(self._line.at, partial(self._tell, event))
        self._forget(play)

    def _silence(self, play: Play) -> None:
        """Stop what sounds, with its fade as the last thing of it that is written."""
        self._line.let_fade(play.tail())
        play.feed.tell_pending()
        event = Stopped(play.play_id, play.feed.position)
        self._write(bytes(len(self._line.tail)))
        self._when_heard(self._line.at, partial(self._tell, event))
        self._forget(play)

    def _fail(self, play: Play, reason: FailReason, detail: str) -> None:
        play.failed = True
        if play is self._current:
            self._line.let_fade(play.release())
        self._forget(play)
        self._tell(Failed(play.play_id, reason, detail))

    def _forget(self, play: Play) -> None:
        self._plays.pop(play.play_id, None)
        play.feed.close()
        if play is self._current:
            self._current = None
            self._line.output.end_play()

    def _break_down(self, reason: FailReason, detail: str) -> None:
        """The output failed, or something here did: what sounds has failed, what comes opens the device again."""
        play = self._current
        self._line.note(works=False)
        self._retry_at_us = self._time.monotonic_us() + _RETRY_OPEN_US
        due, self._due = self._due, []
        try:
            if play is not None:
                self._fail(play, reason, detail)
            self._close_output()
        except Exception as wrong:
            self._line.is_open = False
            detail = f"{detail}; {wrong!r}"
        for _, _, tell in due:
            tell()

    # -- telling --------------------------------------------------------------------------------------------------

    def _when_heard(self, index: int, tell: Callable[[], None]) -> None:
        heapq.heappush(self._due, (index, next(self._order), tell))

    def _tell_heard(self) -> None:
        fit = self._line.fit
        if self._due and fit.settled:
            heard = fit.frame_at(self._time.monotonic_us())
            while self._due and self._due[0][0] <= heard:
                heapq.heappop(self._due)[2]()

    def _tell_sounding(self, play: Play, index: int) -> None:
        heard_us = self._line.fit.heard_us(index)
        if play.failed:
            return
        due_us = play.due_us(play.first_frame)
        error_us = 0 if due_us is None else round(heard_us - due_us)
        self._tell(Sounding(play.play_id, round(heard_us) + self.latency_us, error_us, play.first_frame))
