"""A world for the player: time that can be moved, an engine that behaves as the real one does, a disk that forgets
nothing, and ears that hear what sounds when.
"""

import dataclasses
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from agents.domain.journal import Airtime, Heard, Mark, is_last, mark_after
from agents.domain.now import Now
from agents.domain.player import PlayerState, step
from agents.domain.player.effects import (
    ArmSource,
    Effect,
    FetchClips,
    Journal,
    NoteAirtime,
    Retarget,
    SoundSiren,
    StartAt,
    StopSound,
    WakeAt,
)
from agents.domain.player.events import (
    ClipStored,
    ClockChanged,
    DocumentTaken,
    Event,
    PlayArmed,
    PlayFailed,
    PlayFinished,
    PlaySounding,
    PlayStopped,
    Restored,
    Tick,
)
from agents.protocol.documents import Assignment, Order, ReleaseStop, Rundown
from agents.protocol.journal import FailReason, JournalEvent, Skipped, SkipReason, airing_of
from agents.protocol.values import ClockBasis
from tests.agents.making import SECOND_US, T0_US

OFFSET_US = T0_US - 5_000_000_000
FADE_US = 10_000
ENDLESS_US = 24 * 3_600 * SECOND_US
HEARD = ["stored", "armed", "sounding", "finished"]


def after(seconds: float) -> int:
    """The instant so many seconds after the beginning of the test."""
    return T0_US + round(seconds * SECOND_US)


def siren_of(airing_id: str) -> str:
    """The name under which the siren of an airing is heard."""
    return airing_id + " siren"


@dataclass
class Play:
    """One play at the engine, in controller time."""

    airing_id: str
    duration_us: int
    due_us: int | None = None
    """The instant of what lies ``from_us`` into it."""
    from_us: int = 0
    generation: int = 0


@dataclass(frozen=True)
class Audible:
    """What was heard of a play: from when until when, in controller time."""

    airing_id: str
    from_us: int
    until_us: int


@dataclass
class World:
    """Tell it documents and clips, move its time, and look at ``journal`` and ``audible``."""

    now_us: int = T0_US
    time_known: bool = True
    clock_error_us: int = 1_000
    arm_takes_us: int = 20_000
    siren_takes_us: int = 0
    broken_output: bool = False
    state: PlayerState = field(default_factory=PlayerState)
    journal: list[JournalEvent] = field(default_factory=list)
    audible: list[Audible] = field(default_factory=list)
    wanted: FetchClips = field(default_factory=lambda: FetchClips((), frozenset()))
    retargets: list[Retarget] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    marks: dict[str, Mark] = field(default_factory=dict)
    documents: list[Assignment | Rundown | Order] = field(default_factory=list)
    disk: set[str] = field(default_factory=set)
    airtime: dict[str, Airtime] = field(default_factory=dict)
    _plays: dict[str, Play] = field(default_factory=dict)
    _current: tuple[str, int] | None = None
    _agenda: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)
    _wakes: WakeAt = field(default_factory=lambda: WakeAt(None))
    _events: list[Event] = field(default_factory=list)

    # --- what tests do ----------------------------------------------------------------------------------------------

    def take(self, *documents: Assignment | Rundown | Order) -> None:
        """Accept documents, one after the other."""
        for document in documents:
            if isinstance(document, Assignment | Rundown):
                self.documents = [one for one in self.documents if type(one) is not type(document)]
            self.documents.append(document)
            self.tell(DocumentTaken(document))

    def deliver(self) -> None:
        """Every clip that is wanted arrives."""
        for want in self.wanted.wants:
            self.store(want.ref.sha256)

    def store(self, sha256: str) -> None:
        self.disk.add(sha256)
        self.tell(ClipStored(sha256, 1_000))

    def lose_output(self) -> None:
        """The sound card is pulled out."""
        self.broken_output = True
        if self._current is not None:
            play_id, _ = self._fall_silent(self.now_us)
            self.tell(PlayFailed(play_id, FailReason.OUTPUT_FAILED, "no sound card"))

    def lose_time(self) -> None:
        self.time_known = False
        self.tell(ClockChanged())

    def know_time(self) -> None:
        self.time_known = True
        self.tell(ClockChanged())

    def until(self, instant_us: int) -> None:
        """Move time on, doing what falls into it."""
        while True:
            agenda_us = self._agenda[0][0] if self._agenda else instant_us + 1
            wake_us = self._next_wake_us(instant_us + 1)
            next_us = min(agenda_us, wake_us)
            if next_us > instant_us:
                break
            self.now_us = max(self.now_us, next_us)
            if agenda_us <= wake_us:
                heapq.heappop(self._agenda)[2]()
            else:
                self._wakes = WakeAt(None)
                self.tell(Tick())
        self.now_us = max(self.now_us, instant_us)

    def forward(self, micros: int) -> None:
        self.until(self.now_us + micros)

    def kill(self) -> None:
        """kill -9, and start again at once: time is unknown until it is learned."""
        heard = None
        sounding = self.state.sounding()
        if self._current is not None:
            self._fall_silent(self.now_us)
        if sounding is not None and sounding.sounding_since_us is not None:
            heard_us = min(self.local_us - sounding.sounding_since_us, sounding.duration_us)
            heard = Heard(sounding.airing_id, heard_us, sounding.lost_us)
        self._plays.clear()
        self._agenda.clear()
        self._events.clear()
        self._wakes = WakeAt(None)
        self.time_known = False
        self.state = PlayerState()
        released = {
            one.action.order_id
            for one in self.documents
            if isinstance(one, Order) and isinstance(one.action, ReleaseStop)
        }
        documents = tuple(
            sorted(
                (one for one in self.documents if one.header.document_id not in released),
                key=lambda one: isinstance(one, Order),
            )
        )
        self.tell(Restored(documents, dict(self.marks), heard, frozenset(self.disk), dict(self.airtime)))

    def tell(self, event: Event) -> None:
        self._events.append(event)
        if len(self._events) > 1:
            return
        while self._events:
            self.state, effects = step(self.state, self._events[0], self.now())
            for effect in effects:
                self._do(effect)
            if self._events:
                self._events.pop(0)

    # --- what tests look at -----------------------------------------------------------------------------------------

    @property
    def local_us(self) -> int:
        return self.now_us - OFFSET_US

    def now(self) -> Now:
        if not self.time_known:
            return Now(self.local_us, None, None, ClockBasis.NONE)
        return Now(self.local_us, self.now_us, self.clock_error_us, ClockBasis.LINK)

    def records(self, airing_id: str) -> list[JournalEvent]:
        return [event for event in self.journal if airing_of(event) == airing_id]

    def story(self, airing_id: str) -> list[str]:
        """The records of an airing, by name."""
        return [type(event).__name__.lower() for event in self.records(airing_id)]

    def last(self, airing_id: str) -> JournalEvent:
        (event,) = [event for event in self.records(airing_id) if is_last(event)]
        return event

    def skip_reason(self, airing_id: str) -> SkipReason:
        event = self.last(airing_id)
        assert isinstance(event, Skipped)
        return event.reason

    def heard(self, airing_id: str) -> list[tuple[int, int]]:
        """Stretches in which it was heard, in microseconds after the beginning of the test."""
        found = [one for one in self.audible if one.airing_id == airing_id]
        return [(one.from_us - T0_US, one.until_us - T0_US) for one in found]

    @property
    def on_air(self) -> str | None:
        return None if self._current is None else self._plays[self._current[0]].airing_id

    # --- the engine -------------------------------------------------------------------------------------------------

    def _do(self, effect: Effect) -> None:
        self.effects.append(effect)
        match effect:
            case Journal(event=event):
                self.journal.append(event)
                airing_id = airing_of(event)
                if airing_id is not None:
                    self.marks[airing_id] = mark_after(self.marks.get(airing_id, Mark()), event)
            case FetchClips():
                self.wanted = effect
            case ArmSource(play_id=play_id, airing_id=airing_id):
                assert self._all_here(effect), "armed without its clips"
                self._plays[play_id] = Play(airing_id, self.state.items[airing_id].duration_us)
                self._at(self.now_us + self.arm_takes_us, lambda: self._say_armed(play_id))
            case SoundSiren(play_id=play_id, airing_id=airing_id, clip=clip):
                assert clip.sha256 in self.disk, "a siren without its clip"
                self._plays[play_id] = Play(siren_of(airing_id), ENDLESS_US)
                self._aim(play_id, self.now_us + self.siren_takes_us)
            case StartAt(play_id=play_id, due_us=due_us):
                if play_id in self._plays:
                    self._plays[play_id].from_us = effect.from_us
                self.marks[effect.airing_id] = dataclasses.replace(
                    self.marks.get(effect.airing_id, Mark()), starting=True
                )
                self._aim(play_id, due_us + effect.from_us)
            case Retarget(play_id=play_id, due_us=due_us):
                self.retargets.append(effect)
                if self._current is None or self._current[0] != play_id:
                    self._aim(play_id, due_us)
            case StopSound(play_id=play_id):
                self._stop(play_id)
            case NoteAirtime(airing_id=airing_id, airtime=None):
                self.airtime.pop(airing_id)
            case NoteAirtime(airing_id=airing_id, airtime=Airtime() as airtime):
                self.airtime[airing_id] = airtime
            case WakeAt():
                self._wakes = effect

    def _next_wake_us(self, else_us: int) -> int:
        wakes = [] if self._wakes.local_us is None else [self._wakes.local_us + OFFSET_US]
        if self._wakes.controller_us is not None and self.time_known:
            wakes.append(self._wakes.controller_us)
        return min(wakes, default=else_us)

    def _all_here(self, arm: ArmSource) -> bool:
        item = self.state.items[arm.airing_id]
        return {ref.sha256 for ref in item.refs()} - arm.missing <= self.disk

    def _at(self, instant_us: int, call: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (instant_us, next(self._order), call))

    def _say_armed(self, play_id: str) -> None:
        if play_id in self._plays:
            self.tell(PlayArmed(play_id))

    def _aim(self, play_id: str, due_us: int) -> None:
        play = self._plays.get(play_id)
        if play is not None:
            play.due_us = due_us
            play.generation += 1
            generation = play.generation
            self._at(max(self.now_us, due_us), lambda: self._begin(play_id, generation))

    def _begin(self, play_id: str, generation: int) -> None:
        play = self._plays.get(play_id)
        if play is None or play.generation != generation or play.due_us is None:
            return
        if self.broken_output:
            del self._plays[play_id]
            self.tell(PlayFailed(play_id, FailReason.OUTPUT_FAILED, "no sound card"))
            return
        if self._current is not None:
            before, at_frame = self._fall_silent(self.now_us)
            self._at(self.now_us + FADE_US, lambda: self.tell(PlayStopped(before, at_frame)))
        self._current = (play_id, self.now_us)
        joined_us = play.from_us + max(0, self.now_us - play.due_us)
        ends_us = play.due_us - play.from_us + play.duration_us
        self.tell(PlaySounding(play_id, self.local_us, 0, joined_us * 48 // 1000))
        self._at(max(self.now_us, ends_us), lambda: self._end(play_id))

    def _end(self, play_id: str) -> None:
        if self._current is not None and self._current[0] == play_id:
            began_us = self._current[1]
            self._fall_silent(self.now_us)
            self.tell(PlayFinished(play_id, (self.now_us - began_us) * 48 // 1000, 0, 0))

    def _stop(self, play_id: str) -> None:
        if play_id not in self._plays:
            return
        at_frame = 0
        if self._current is not None and self._current[0] == play_id:
            _, at_frame = self._fall_silent(self.now_us)
        else:
            del self._plays[play_id]
        self._at(self.now_us + (FADE_US if at_frame else 0), lambda: self.tell(PlayStopped(play_id, at_frame)))

    def _fall_silent(self, at_us: int) -> tuple[str, int]:
        assert self._current is not None
        play_id, began_us = self._current
        self._current = None
        play = self._plays.pop(play_id)
        self.audible.append(Audible(play.airing_id, began_us, at_us))
        assert play.due_us is not None
        return play_id, max(0, play.from_us + at_us - play.due_us) * 48 // 1000
