"""One play on its way to the horn: which of its frames is due at which frame of the output, and its sound there.

Rules of the module: used by the engine's thread alone. Source frames are counted from the start of the play, output
frames from the opening of the device; ``shift`` is the output frame at which source frame 0 lies, so that source frame
f is written at output frame f + shift. Whatever is missing is silence, and the play goes on in step afterwards.
"""

from agents.io.decode import DecodeError
from agents.io.output.base import FRAME_BYTES, RATE_HZ
from agents.io.output.events import FailReason
from agents.io.output.feed import Feed
from agents.io.output.level import (
    FADE_FRAMES,
    LOUD_STEP,
    Level,
    decibel_gain,
    fade_in,
    fade_out,
    first_sample,
    last_sample,
    settle_down,
    stretch,
)
from agents.io.output.position import FRAME_US, PositionFit, Slew

# A join needs the feed to seek: it aims so far ahead of what is being written, and farther where that was too near.
_SEEK_LEAD_FRAMES = RATE_HZ // 25
_LONGEST_SEEK_LEAD_FRAMES = RATE_HZ * 2 // 5
# Where the feed may not read far ahead: this block and the next, and a hair for what is moved to keep step.
_NEEDED_FRAMES = RATE_HZ // 25 + 48
_HAIR_FRAMES = RATE_HZ // 50
_SHORTEST_FADE = FADE_FRAMES * FRAME_BYTES // 2


class Play:
    """A play that is armed, and later started."""

    def __init__(self, play_id: str, feed: Feed) -> None:
        self.play_id = play_id
        self.feed = feed
        self.started = False
        self.failed = False
        self.missed = False
        """Nothing of it was left when it could have begun."""
        self.first_frame = 0  # the source frame that it begins to sound with
        self.lost_frames = 0
        self.underruns = 0
        self._from_frame = 0
        self._begin_us: float | None = 0.0  # when source frame 0 is due at the device; None: no instant, but at once
        self._shift = 0
        self._reported_lost = 0
        self._fade_next = False
        self._gap = False
        self._level = Level(1.0)
        self._gain = 1.0
        self._limit = 1.0
        self._slew = Slew()
        self._seek_lead = _SEEK_LEAD_FRAMES
        self._last = 0  # the sample that was written last

    def schedule(
        self, device_us: int | None, from_frame: int, gain_db: float, volume: float, limit: float = 1.0
    ) -> None:
        """Source frame ``from_frame`` is due at the device at this instant, None: at once, wherever that is; it is
        played at ``limit`` at most.
        """
        self.started = True
        self._from_frame = from_frame
        self.first_frame = from_frame
        self._gain = decibel_gain(gain_db)
        self._limit = limit
        self._level.set_to(self._gain * min(volume, limit))
        self._begin_us = None
        if device_us is not None:
            self._begin_us = device_us - from_frame * FRAME_US
        if from_frame:
            self.feed.seek(from_frame)
            self._fade_next = True

    def retarget(self, device_us: int) -> None:
        """The instant has been estimated anew."""
        if self._begin_us is not None:
            self._begin_us = device_us - self._from_frame * FRAME_US

    def move(self, by_us: int) -> None:
        """The horn is by so much farther away than was thought (negative), or nearer."""
        if self._begin_us is not None:
            self._begin_us += by_us

    def set_volume(self, volume: float) -> None:
        """Move to this volume, a linear factor."""
        self._level.move_to(self._gain * min(volume, self._limit))

    @property
    def at_once(self) -> bool:
        """Whether it has no instant: it sounds as soon as it can, and has nothing to keep step with."""
        return self._begin_us is None

    def due_us(self, frame: int) -> float | None:
        """The instant at which this source frame should reach the device's horn; None where there is none."""
        return None if self._begin_us is None else self._begin_us + frame * FRAME_US

    @property
    def begins_us(self) -> float | None:
        """The same of the frame that it begins with."""
        return self.due_us(self.first_frame)

    def begin_index(self, fit: PositionFit, at: int) -> int | None:
        """The output frame at which it can begin, not before output frame ``at``; None while it is not known.

        Where the beginning has been missed it arranges to join in step; see ``missed`` for where all has been.
        """
        if self.feed.position >= self.feed.total_frames:
            self.missed = True
            return None
        if self._begin_us is None:
            self.feed.need(self.feed.position + _NEEDED_FRAMES)
            return at if self.feed.has_some else None
        if not fit.settled:
            return None
        index = round(self._ideal_shift(fit)) + self.feed.position
        if index >= at:
            self.feed.need(self.feed.position + at + _NEEDED_FRAMES - index)
        else:
            return self._join(at, at - index)
        return index if self.feed.has_some else None

    def _join(self, at: int, late: int) -> int | None:
        """The beginning has been missed by ``late`` frames."""
        if self.feed.seeking:
            return None
        self._fade_next = True
        skipped = self.feed.skip(late)
        if self.feed.exhausted:
            self.missed = True
            return None
        if skipped == late:
            return at
        self.feed.seek(self.feed.position + (late - skipped) + self._lead())
        return None

    def enter(self, fit: PositionFit, at: int) -> None:
        """It begins to sound with output frame ``at``."""
        self._seek_lead = _SEEK_LEAD_FRAMES
        self._shift = at - self.feed.position
        if self._begin_us is not None:
            self._shift = round(self._ideal_shift(fit))
        self.first_frame = self.feed.position

    def sound(self, fit: PositionFit, at: int, frames: int) -> tuple[bytes, bytes]:
        """Sound for output frames ``at`` and following, shorter where the play ends; and what is to be mixed to it.

        The second is the fading end of where the play was, in case it had to jump to be in step.
        """
        if self._begin_us is None:
            self._shift = at - self.feed.position
            return self._render(at, frames), b""
        if self._gap:
            self._shift = round(self._ideal_shift(fit))  # it comes back where it should be
        by = self._slew.step(self._ideal_shift(fit) - self._shift)
        if abs(by) > 1:
            tail = self.tail()
            self._shift = round(self._ideal_shift(fit))
            self._fade_next = True
            if by < 0:
                self.broke_off()  # what it jumps over is lost
            return self._render(at, frames), tail
        if by == 0 or frames <= 2:
            return self._render(at, frames), b""
        sound = self._render(at, frames - by)
        if len(sound) < (frames - by) * FRAME_BYTES:
            return sound, b""
        self._shift += by
        return stretch(sound, by), b""

    @property
    def nearly_over(self) -> bool:
        """Only a hair of it is left: what was meant to follow may overlap by what was moved to keep step."""
        return self.feed.total_frames - self.feed.position <= _HAIR_FRAMES

    def tail(self, fade_frames: int = FADE_FRAMES) -> bytes:
        """Its next frames, falling to silence; all of it where it is nearly over."""
        if self.nearly_over:
            return self._level.apply(self.feed.take(_HAIR_FRAMES))
        sound = self._level.apply(self.feed.take(fade_frames))
        return self._fallen(sound)

    def release(self) -> bytes:
        """From the sample that was written last to silence, where nothing is left to fade."""
        last, self._last = self._last, 0
        return settle_down(last)

    def broke_off(self) -> None:
        """The sound has a hole: what is lost is reported when it goes on."""
        if not self._gap:
            self.underruns += 1
        self._gap = True
        self._fade_next = True

    def newly_lost(self) -> int | None:
        """Frames lost in a hole that has just been closed; None where there is nothing to tell."""
        if not self._gap or self._fade_next:
            return None
        self._gap = False
        lost, self._reported_lost = self.lost_frames - self._reported_lost, self.lost_frames
        return lost

    def _lead(self) -> int:
        lead = self._seek_lead
        self._seek_lead = min(2 * lead, _LONGEST_SEEK_LEAD_FRAMES)
        return lead

    def _ideal_shift(self, fit: PositionFit) -> float:
        assert self._begin_us is not None
        return fit.frame_at(self._begin_us)

    def _render(self, at: int, frames: int) -> bytes:
        sound = self._rendered(at, frames)
        if sound:
            self._last = last_sample(sound)
        return sound

    def _rendered(self, at: int, frames: int) -> bytes:
        """Sound for output frames ``at`` and following; shorter where the play ends."""
        self.feed.need(at + _NEEDED_FRAMES - self._shift)
        behind = at - self._shift - self.feed.position
        if behind < 0:
            return bytes(min(frames, -behind) * FRAME_BYTES)
        if behind > 0 and not self._catch_up(behind):
            return self.release()[: frames * FRAME_BYTES].ljust(frames * FRAME_BYTES, b"\0")
        begins = self.feed.position == self.first_frame
        sound = self._level.apply(self.feed.take(frames))
        if len(sound) < frames * FRAME_BYTES and not self.feed.exhausted and self.feed.error is None:
            return self._starved(sound).ljust(frames * FRAME_BYTES, b"\0")
        if begins and abs(first_sample(sound)) > LOUD_STEP:
            self._fade_next = True
        if self._fade_next and sound:
            self._fade_next = False
            sound = fade_in(sound)
        return sound

    def _starved(self, sound: bytes) -> bytes:
        """The decoder is late: what there is falls to silence."""
        self.broke_off()
        return self._fallen(sound)

    def _fallen(self, sound: bytes) -> bytes:
        """The same, silent in the end."""
        if len(sound) >= _SHORTEST_FADE:
            return fade_out(sound)
        if sound:
            self._last = last_sample(sound)
        return sound + self.release()

    def _catch_up(self, behind: int) -> bool:
        if self.feed.seeking:
            return False
        skipped = self.feed.skip(behind)
        if skipped < behind and not self.feed.exhausted:
            target = self.feed.position + (behind - skipped) + self._lead()
            skipped += target - self.feed.position
            self.feed.seek(target)
            self.lost_frames += skipped
            return False
        self.lost_frames += skipped
        return True


def failure_of(play: Play) -> tuple[FailReason, str] | None:
    """Why a play cannot go on, where its source says so."""
    match play.feed.error:
        case None:
            return None
        case DecodeError() as wrong:
            return "clip", str(wrong)
        case wrong:
            return "engine", repr(wrong)
