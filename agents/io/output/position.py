"""Which frame is heard when: a robust fit over readings of the output's delay.

Rules of the module: pure. Frames written to the output are counted from 0; a reading says "at this instant the next
frame, number n, was d frames away from the horn". One instant, that at which frame 0 would have been heard, sums it
up: on a device whose clock runs as ours it stays where it is.

What is known about readings. A sound card tells its position to some ten microseconds, and its clock runs up to a
hundred parts per million off. A sound server extrapolates between rare looks at its device: its first half second is
good to a tenth of a millisecond, then it drifts off at hundreds of parts per million and comes back, though the sound
itself does not move. So the fit forms from the first readings, and afterwards follows quickly what moves as slowly as
a sound card does, and reluctantly what moves faster; the true rate is learned from long stretches and kept. Until it is
learned the card is taken to run as true time does, as far as that is known (`PositionFit.expect`): then it is the local
clock that is off.
"""

from collections import deque
from itertools import islice
from statistics import linear_regression, median

from agents.io.output.base import RATE_HZ

FRAME_US = 1e6 / RATE_HZ

_SKIP_US = 40_000  # the readings while the device gets going are wild
_EARLY_US = 400_000
_FORMING_US = 1_600_000
_FAR_FROM_EARLY_US = 600.0
_STEP_US = 100_000
_RECENT = 10  # steps that the slope is judged by
_CARD_SLOPE = 60e-6
_QUICK_US = 4e6
_RELUCTANT_US = 40e6
_PULL_US = 500.0  # no more of an error is felt at a time: a server can imagine some ten milliseconds
_FAR_US = 1_000.0
_FAR_STEPS = 80  # so long it must stay there to be believed,
_SAME_STEPS = 20  # in the end without moving ...
_SAME_US = 500.0
_LOST_US = 20_000.0
_LOST_STEPS = 15  # ... or so long, where the sound must have been elsewhere all the time
_RATE_STEPS = 200  # twenty seconds: the shortest stretch that tells the rate
_LARGEST_RATE = 300e-6
_CARD_OFF_US = 60.0


class PositionFit:
    """The running estimate. Forget it whenever the sound broke off; the learned rate stays."""

    def __init__(self, settled_readings: int = 5) -> None:
        self._settled_readings = settled_readings
        self._expected = 0.0
        self._learned = False
        self._rate = 0.0  # how much later frame 0 would seem to have been heard, a microsecond of time
        self._steps: deque[tuple[int, float]] = deque(maxlen=3 * _RATE_STEPS)
        self.forget()

    def expect(self, rate: float) -> None:
        """By which share the local clock runs faster than true time: at that rate a true card falls behind it.

        Any thread may tell it.
        """
        self._expected = rate
        if not self._learned:
            self._rate = rate

    def forget(self) -> None:
        """The sound broke off: what was read before says nothing about what comes."""
        self._first_us: int | None = None
        self._readings: list[tuple[int, float]] = []  # all while forming, then those since the last step
        self._steps.clear()
        self._begin_us = 0.0
        self._begin_at_us = 0  # when that was so
        self._formed = False
        self._learn_in = _RATE_STEPS

    @property
    def settled(self) -> bool:
        """Whether enough has been read to place a frame by it."""
        return self._formed or len(self._readings) >= self._settled_readings

    def add(self, now_us: int, next_frame: int, delay_frames: int) -> None:
        """Take a reading in."""
        if self._first_us is None:
            self._first_us = now_us
        age_us = now_us - self._first_us
        if age_us < _SKIP_US:
            return
        self._readings.append((now_us, now_us + (delay_frames - next_frame) * FRAME_US))
        if not self._formed:
            self._form(now_us)
            self._formed = age_us >= _FORMING_US
            if self._formed:
                self._readings.clear()
        elif now_us - self._begin_at_us >= _STEP_US:
            self._follow(now_us)

    def heard_us(self, frame: int) -> float:
        """The instant at which this frame leaves the horn."""
        return self._begin_us + frame * FRAME_US

    def frame_at(self, instant_us: float) -> float:
        """The frame (and part of a frame) that leaves the horn at this instant."""
        return (instant_us - self._begin_us) / FRAME_US

    def _form(self, now_us: int) -> None:
        until_us = self._readings[0][0] + _EARLY_US
        early = median(begin_us for at_us, begin_us in self._readings if at_us < until_us)
        near = [begin_us for _, begin_us in self._readings if abs(begin_us - early) < _FAR_FROM_EARLY_US]
        self._begin_us = median(near) if near else early
        self._begin_at_us = now_us

    def _follow(self, now_us: int) -> None:
        read_us = median(begin_us for _, begin_us in self._readings)
        self._readings.clear()
        self._steps.append((now_us, read_us))
        elapsed_us = now_us - self._begin_at_us
        self._begin_at_us = now_us
        self._begin_us += self._rate * elapsed_us
        error_us = read_us - self._begin_us
        far = abs(error_us) > _FAR_US
        if far and (self._lost() or self._steady()):
            self._begin_us = read_us
        elif far or abs(self._recent_slope() - self._rate) > _CARD_SLOPE:
            error_us = min(_PULL_US, max(-_PULL_US, error_us))
            self._begin_us += error_us * min(1.0, elapsed_us / _RELUCTANT_US)
        else:
            self._begin_us += error_us * min(1.0, elapsed_us / _QUICK_US)
        self._learn_in -= 1
        if self._learn_in <= 0:
            self._learn_in = _RATE_STEPS // 4
            self._learn_rate()

    def _lost(self) -> bool:
        """Whether the last steps all told an error that nobody imagines: the sound broke off and nobody said so."""
        return self._all_beyond(_LOST_US, _LOST_STEPS)

    def _steady(self) -> bool:
        """Whether an error has stayed for long, and does not move any more."""
        told = [begin_us - self._rate * at_us for at_us, begin_us in islice(reversed(self._steps), _SAME_STEPS)]
        return self._all_beyond(_FAR_US, _FAR_STEPS) and max(told) - min(told) < _SAME_US

    def _all_beyond(self, limit_us: float, steps: int) -> bool:
        last = [
            begin_us + self._rate * (self._begin_at_us - at_us) - self._begin_us
            for at_us, begin_us in islice(reversed(self._steps), steps)
        ]
        return len(last) == steps and (min(last) > limit_us or max(last) < -limit_us)

    def _recent_slope(self) -> float:
        recent = list(islice(reversed(self._steps), _RECENT))
        if len(recent) < _RECENT:
            return 1.0  # not known yet: nothing to be followed quickly
        third = _RECENT // 3
        new = median(begin_us for _, begin_us in recent[:third])
        old = median(begin_us for _, begin_us in recent[-third:])
        return (new - old) / (recent[1][0] - recent[-2][0])

    def _learn_rate(self) -> None:
        """Believe a slope, and where it leads, only where the readings lie on it as those of a card do."""
        origin_us, base_us = self._steps[0]
        times = [float(at_us - origin_us) for at_us, _ in self._steps]
        told = [begin_us - base_us for _, begin_us in self._steps]
        slope, begin_us = linear_regression(times, told)
        off_us = median(abs(value - begin_us - slope * time) for time, value in zip(times, told, strict=True))
        if off_us < _CARD_OFF_US and abs(slope - self._expected) < _LARGEST_RATE:
            self._rate, self._learned = slope, True
            self._begin_us = base_us + begin_us + slope * (self._begin_at_us - origin_us)
        else:
            self._rate = (self._rate + self._expected) / 2


class Slew:
    """Decides when a play that runs on must be moved, and by how much.

    Small errors are taken back a frame at a time, which nobody hears; it begins above ``begin_frames`` and goes on
    until the error is below ``end_frames``, so that noise in the readings does not make it swing. Errors above
    ``jump_frames`` are for the caller to repair at once.
    """

    def __init__(self, begin_frames: float = 4.0, end_frames: float = 1.0, jump_frames: float = 960.0) -> None:
        self._begin_frames = begin_frames
        self._end_frames = end_frames
        self._jump_frames = jump_frames
        self._active = False

    def step(self, error_frames: float) -> int:
        """How many frames to insert before the next block (negative: to leave out): -1, 0, 1, or a whole jump."""
        size = abs(error_frames)
        if size > self._jump_frames:
            self._active = False
            return round(error_frames)
        self._active = size > (self._end_frames if self._active else self._begin_frames)
        if not self._active:
            return 0
        return 1 if error_frames > 0 else -1
