"""What a perfect speaker would do with its airings, told in its journal; nothing sounds.

Of the guards quiet hours are kept; what airings take of a day is not counted, and of two airings at one time neither
gives way. A stop of everything latches until it is released or past its not-after.
"""

from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import Final, Protocol

from agents.protocol.documents import ReleaseStop, Stop
from agents.protocol.guards import GuardDetail, WireGuards
from agents.protocol.journal import (
    Armed,
    Ended,
    Failed,
    FailReason,
    Finished,
    Gap,
    JournalEvent,
    Skipped,
    SkipReason,
    Sounding,
    Stopped,
    Stored,
)
from agents.protocol.live import tag_of
from agents.protocol.values import AiringClass, ClipRef, PlannedAiring, RenditionName
from firmware_stubs.live import HeardBundle, LiveTally
from firmware_stubs.timers import Timer

_SECOND_US: Final = 1_000_000


class Box(Protocol):
    """The device, as far as its player needs it."""

    def now_us(self) -> int | None: ...
    def note(self, event: JournalEvent) -> None: ...
    def after_us(self, delay_us: int, call: Callable[[], None]) -> Timer: ...
    def fetch(self, clips: tuple[ClipRef, ...], done: Callable[[int | None], None]) -> None: ...


class _Stage(Enum):
    FETCHING = auto()
    ARMED = auto()
    WAITING = auto()
    SOUNDING = auto()
    OVER = auto()


class _Airing:
    """One airing and how far it is."""

    __slots__ = ("began_us", "ending", "ends", "latest", "order_id", "planned", "stage", "start_at_us", "timer")

    def __init__(self, planned: PlannedAiring, order_id: str = "", ends: tuple[str, ...] = ()) -> None:
        self.planned = planned
        self.order_id = order_id
        self.ends = ends
        self.ending: Timer | None = None
        self.latest: int | None = None
        """The number of the last bundle that came for it."""
        self.start_at_us = planned.start_at_us
        self.stage = _Stage.FETCHING
        self.began_us = 0
        self.timer: Timer | None = None


class Player:
    """The airings of one device."""

    __slots__ = ("_airings", "_box", "_delay_us", "_ended", "_live", "_rendition", "_starts", "_stops", "guards")

    def __init__(self, box: Box, rendition: RenditionName, delay_us: int) -> None:
        self._box = box
        self._rendition = rendition
        self._delay_us = delay_us
        self._airings: dict[str, _Airing] = {}
        self._starts: dict[str, int] = {}
        self._stops: dict[str, int] = {}
        self._ended: dict[str, tuple[str, int]] = {}
        """Airings that are over at an instant, and the order that said so."""
        self._live: dict[bytes, _Airing] = {}
        self.guards: WireGuards | None = None

    @property
    def sounding(self) -> str | None:
        """The airing that sounds, if any."""
        return next((one.planned.airing_id for one in self._airings.values() if one.stage is _Stage.SOUNDING), None)

    @property
    def clips(self) -> int:
        """How many clips it has."""
        held = (one.planned for one in self._airings.values() if one.stage is not _Stage.FETCHING)
        return len({clip.sha256 for planned in held for clip in planned.clips(self._rendition)})

    def plan(self, airings: Iterable[PlannedAiring]) -> None:
        """A new rundown: what has not begun and is not in it is withdrawn, what is new is fetched."""
        wanted = {airing.airing_id: airing for airing in airings}
        for airing_id, one in list(self._airings.items()):
            if one.stage in (_Stage.FETCHING, _Stage.ARMED, _Stage.WAITING) and airing_id not in wanted:
                self._end(one, Skipped(airing_id=airing_id, reason=SkipReason.WITHDRAWN))
        for airing in wanted.values():
            self.take(airing)

    def take(self, airing: PlannedAiring, order_id: str = "", ends: tuple[str, ...] = ()) -> None:
        """Fetches and arms it; it is played at its instant, or at that of a later `start`. What it ``ends`` is over
        when it is first heard.
        """
        if airing.airing_id in self._airings:
            return
        one = self._airings[airing.airing_id] = _Airing(airing, order_id, ends)
        if airing.live:
            self._live[tag_of(airing.airing_id)] = one
        over = self._ended.get(airing.airing_id)
        if over is not None:
            self._end_at(one, *over)
            if one.stage is _Stage.OVER:
                return
        one.start_at_us = self._starts.pop(airing.airing_id, one.start_at_us)
        self._box.fetch(airing.clips(self._rendition), lambda fetched: self._fetched(one, fetched))

    def start(self, airing_id: str, at_us: int) -> None:
        """The airing of an earlier order starts then; also of one that comes later, having been lost on the way."""
        one = self._airings.get(airing_id)
        if one is None:
            self._starts[airing_id] = at_us
        elif one.stage in (_Stage.FETCHING, _Stage.ARMED):
            one.start_at_us = at_us
            self._wait(one)

    def stop(self, order_id: str, stop: Stop, not_after_us: int) -> None:
        """Silence: of these airings, or of everything until it is released."""
        if stop.airing_ids is None:
            self._stops[order_id] = not_after_us
        ids = tuple(self._airings) if stop.airing_ids is None else stop.airing_ids
        for airing_id in ids:
            one = self._airings.get(airing_id)
            if one is None or one.stage is _Stage.OVER:
                continue
            if one.stage is _Stage.SOUNDING:
                self._end(one, Stopped(airing_id=airing_id, order_id=order_id, at_us=self._into_us(one)))
            elif stop.airing_ids is not None:
                self._end(one, Skipped(airing_id=airing_id, reason=SkipReason.STOPPED))

    def end_all(self, airing_ids: Iterable[str], order_id: str, at_us: int) -> None:
        """These are over then, at once where that has passed; one that comes later does not begin."""
        for airing_id in airing_ids:
            known = self._ended.get(airing_id)
            if known is not None and known[1] <= at_us:
                continue
            self._ended[airing_id] = (order_id, at_us)
            one = self._airings.get(airing_id)
            if one is not None and one.stage is not _Stage.OVER:
                self._end_at(one, order_id, at_us)

    def hear(self, bundle: HeardBundle, now_us: int, tally: LiveTally) -> None:
        """A bundle came at this instant of controller time, as the device knows it."""
        one = self._live.get(bundle.tag)
        if one is None or one.stage is _Stage.OVER:
            tally.stray += 1
            return
        if one.latest is not None:
            if bundle.number <= one.latest:
                tally.stray += 1
                return
            tally.lost += bundle.number - one.latest - 1
        one.latest = bundle.number
        tally.heard(bundle.packets, bundle.at_us + self._later_us(one) - now_us)

    def release(self, order: ReleaseStop) -> None:
        """Ends that stop."""
        self._stops.pop(order.order_id, None)

    @property
    def stopped(self) -> bool:
        """Whether a stop of everything holds."""
        return any(not_after_us > self._now_us() for not_after_us in self._stops.values())

    def time_known(self) -> None:
        """What waited for the time goes on."""
        for one in tuple(self._airings.values()):
            self._wait(one)

    def close(self) -> None:
        """Nothing is played any more, and nothing is told of it."""
        for one in self._airings.values():
            one.stage = _Stage.OVER
            if one.timer is not None:
                one.timer.cancel()

    def _now_us(self) -> int:
        """Once it was known it is never unknown again while an airing waits or sounds."""
        return self._box.now_us() or 0

    # --- one airing -------------------------------------------------------------------------------------------------

    def _fetched(self, one: _Airing, fetched_bytes: int | None) -> None:
        if one.stage is not _Stage.FETCHING:
            return
        airing_id = one.planned.airing_id
        if fetched_bytes is None:
            self._end(one, Failed(airing_id=airing_id, reason=FailReason.FETCH_FAILED))
            return
        one.stage = _Stage.ARMED
        self._box.note(Stored(airing_id=airing_id, fetched_bytes=fetched_bytes))
        self._box.note(Armed(airing_id=airing_id))
        self._wait(one)

    def _wait(self, one: _Airing) -> None:
        if one.stage is not _Stage.ARMED or one.start_at_us is None or self._box.now_us() is None:
            return
        one.stage = _Stage.WAITING
        one.start_at_us += self._later_us(one)
        one.timer = self._box.after_us(one.start_at_us - self._now_us(), lambda: self._begin(one))

    def _begin(self, one: _Airing) -> None:
        planned, start_at_us = one.planned, one.start_at_us
        assert start_at_us is not None
        late_us = max(0, self._now_us() - start_at_us)
        whole_us = planned.duration_us(self._rendition)
        plays_us = self._until_quiet_us(planned, start_at_us, whole_us)
        if self.stopped:
            self._end(one, Skipped(airing_id=planned.airing_id, reason=SkipReason.STOPPED))
        elif late_us > planned.lateness_window_us:
            self._end(one, Skipped(airing_id=planned.airing_id, reason=SkipReason.LATE))
        elif plays_us <= 0:
            detail = GuardDetail.QUIET_HOURS.value
            self._end(one, Skipped(airing_id=planned.airing_id, reason=SkipReason.GUARDED, detail=detail))
        else:
            self._sound(one, start_at_us, late_us, plays_us, whole_us)

    def _later_us(self, one: _Airing) -> int:
        """How much later than others this speaker sounds it."""
        return 0 if one.planned.airing_class is AiringClass.EMERGENCY else self._delay_us

    def _sound(self, one: _Airing, start_at_us: int, late_us: int, plays_us: int, whole_us: int) -> None:
        airing_id = one.planned.airing_id
        one.stage, one.began_us = _Stage.SOUNDING, start_at_us
        self.end_all(one.ends, one.order_id, self._now_us())
        # The time a simulated device needs to notice its instant is no lateness, above a tenth of a second it joins.
        joined_us = late_us if late_us > _SECOND_US // 10 else 0
        self._box.note(
            Sounding(
                airing_id=airing_id,
                planned_start_us=start_at_us,
                actual_start_us=start_at_us + late_us,
                start_error_us=late_us - joined_us,
                joined_at_us=joined_us,
            )
        )
        if joined_us:
            self._box.note(Gap(airing_id=airing_id, from_us=0, lost_us=min(joined_us, whole_us), cause="late"))
        one.timer = self._box.after_us(
            max(0, plays_us - late_us), lambda: self._finish(one, plays_us, whole_us, joined_us)
        )

    def _finish(self, one: _Airing, plays_us: int, whole_us: int, joined_us: int) -> None:
        airing_id, cut_us = one.planned.airing_id, whole_us - plays_us
        if cut_us:
            self._box.note(Gap(airing_id=airing_id, from_us=plays_us, lost_us=cut_us, cause="guarded"))
        played_us = max(0, plays_us - joined_us)
        ended = Finished(
            airing_id=airing_id, ended_at_us=self._now_us(), played_us=played_us, lost_us=whole_us - played_us
        )
        self._end(one, ended)

    def _end_at(self, one: _Airing, order_id: str, at_us: int) -> None:
        if one.ending is not None:
            one.ending.cancel()
        left_us = at_us - self._now_us()
        if left_us > 0:
            one.ending = self._box.after_us(left_us, lambda: self._ended_by(one, order_id))
        else:
            self._ended_by(one, order_id)

    def _ended_by(self, one: _Airing, order_id: str) -> None:
        if one.stage is _Stage.OVER:
            return
        at_us = self._into_us(one) if one.stage is _Stage.SOUNDING else 0
        self._end(one, Ended(airing_id=one.planned.airing_id, order_id=order_id, at_us=at_us))

    def _end(self, one: _Airing, event: JournalEvent) -> None:
        one.stage = _Stage.OVER
        if one.ending is not None:
            one.ending.cancel()
            one.ending = None
        if one.timer is not None:
            one.timer.cancel()
            one.timer = None
        self._box.note(event)

    def _into_us(self, one: _Airing) -> int:
        return max(0, self._now_us() - one.began_us)

    def _until_quiet_us(self, airing: PlannedAiring, start_at_us: int, whole_us: int) -> int:
        """How much of it may sound before quiet hours begin; nothing where they hold at its start."""
        if self.guards is None or airing.airing_class is AiringClass.EMERGENCY:
            return whole_us
        begins = [one.from_us - start_at_us for one in self.guards.forbidden if start_at_us < one.until_us]
        return min([whole_us, *begins])
