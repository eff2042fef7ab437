"""Whatever comes in whatever order: what must hold of every airing and of the horn."""

import itertools
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from msgspec import structs

from agents.domain.journal import is_last
from agents.domain.player.events import ClipLost, FetchFailed, LiveAway, PlayMissing, PlayUnderrun
from agents.protocol.documents import End, Order, Play, ReleaseStop, Start, Stop
from agents.protocol.guards import Stretch, WireGuards
from agents.protocol.journal import Armed, FailReason, Interrupted, Sounding, Stopped, Stored, airing_of
from agents.protocol.values import AiringClass, LivePart, OnInterrupted, PlannedAiring
from tests.agents.domain.horn import Audible, World, siren_of
from tests.agents.making import HOUR_US, SECOND_US, T0_US, Desk, airing, clip_bytes, clip_part, ref_of

SIREN = clip_bytes("siren")
NAMES = tuple(f"air-{n}" for n in range(5))
names = st.sampled_from(NAMES)
seconds = st.integers(0, 200)
airings = st.builds(
    lambda name, start, lasts, kind, window, planned, cut, room, times, live, replaces: airing(
        name,
        start_at_us=None if start is None else T0_US + start * SECOND_US,
        seconds=lasts,
        airing_class=kind,
        window_us=window * SECOND_US,
        planned_at_us=T0_US + planned * SECOND_US,
        on_interrupted=cut,
        slot_ends_us=None if room is None or start is None else T0_US + (start + lasts + room) * SECOND_US,
        sequence=(LivePart(frames=300 * 48_000),) if live else None,
        times=times,
        pause_us=times * SECOND_US,
        references=() if replaces is None else (replaces,),
    ),
    names,
    st.none() | seconds,
    st.integers(1, 90),
    st.sampled_from(AiringClass),
    st.integers(0, 60),
    seconds,
    st.sampled_from(OnInterrupted),
    st.none() | st.integers(0, 200),
    st.sampled_from((1, 1, 1, 3)),
    st.sampled_from((False, False, False, True)),
    st.none() | names,
)
stretches = st.builds(
    lambda since, lasts: Stretch(from_us=T0_US + since * SECOND_US, until_us=T0_US + (since + lasts) * SECOND_US),
    seconds,
    st.integers(0, 60),
)
guards = st.none() | st.builds(WireGuards, forbidden=st.lists(stretches, max_size=2).map(tuple))
acts: st.SearchStrategy[tuple[str, Any]] = st.one_of(
    st.tuples(st.just("play"), airings),
    st.tuples(st.just("alarm"), airings),
    st.tuples(st.just("pin"), st.none()),
    st.tuples(
        st.just("rundown"), st.tuples(st.lists(airings, max_size=4, unique_by=lambda one: one.airing_id), guards)
    ),
    st.tuples(st.just("start"), st.tuples(names, seconds)),
    st.tuples(st.just("end"), st.tuples(names, seconds)),
    st.tuples(st.just("replace"), st.tuples(airings, names)),
    st.tuples(st.just("stop"), st.none() | st.lists(names, min_size=1, max_size=2)),
    st.tuples(st.just("release"), st.integers(0, 3)),
    st.tuples(st.just("deliver"), st.none()),
    st.tuples(st.just("lose_clip"), names),
    st.tuples(st.just("fetch_failed"), st.tuples(names, st.booleans())),
    st.tuples(st.just("underrun"), st.none()),
    st.tuples(st.just("missing"), st.none()),
    st.tuples(st.just("away"), st.tuples(names, st.booleans())),
    st.tuples(st.just("lose_time"), st.none()),
    st.tuples(st.just("know_time"), st.none()),
    st.tuples(st.just("kill"), st.none()),
    st.tuples(st.just("break_output"), st.booleans()),
    st.tuples(st.just("forward"), st.integers(1, 40_000_000)),
)


class Story:
    """Plays a list of acts to a world, and remembers when stops held, and which guards."""

    def __init__(self) -> None:
        self.world, self.desk = World(), Desk()
        self.known: set[str] = set()
        self.stops: list[Order] = []
        self.held: list[tuple[int, int, frozenset[str] | None]] = []
        self.open: dict[str, tuple[int, frozenset[str] | None]] = {}
        self.ended: list[tuple[str, int]] = []
        self.guarded: list[tuple[int, WireGuards | None]] = []
        self.emergencies: set[str] = set()
        self.slots: dict[str, int] = {}

    def act(self, name: str, value: Any) -> None:
        match name:
            case "play" | "alarm" | "replace" | "rundown" | "start" | "end" | "stop" | "release":
                self._sign(name, value)
            case _:
                self._happen(name, value)

    def _sign(self, name: str, value: Any) -> None:
        world = self.world
        match name:
            case "play":
                self._know(value)
                self._order(Play(airing=value))
            case "alarm":
                emergency = structs.replace(value, airing_class=AiringClass.EMERGENCY)
                self._know(emergency)
                self._order(Play(airing=emergency, siren=clip_part(SIREN)))
            case "replace":
                self._know(value[0])
                self._order(Play(airing=value[0], ends=(value[1],)))
                self._is_over(value[1], value[0].start_at_us or T0_US)
            case "end":
                at_us = T0_US + value[1] * SECOND_US
                self._order(End(airing_ids=(value[0],), end_at_us=at_us))
                self._is_over(value[0], at_us)
            case "rundown":
                self._rundown(*value)
            case "start":
                self._order(Start(airing_id=value[0], start_at_us=T0_US + value[1] * SECOND_US))
            case "stop":
                order = self._order(Stop(airing_ids=None if value is None else tuple(value)))
                self.stops.append(order)
                covered = None if value is None else frozenset(value)
                self.open[order.header.document_id] = (world.now_us, covered)
            case "release" if value < len(self.stops):
                order_id = self.stops[value].header.document_id
                self._order(ReleaseStop(order_id=order_id))
                if order_id in self.open:
                    since_us, covered = self.open.pop(order_id)
                    self.held.append((since_us, world.now_us, covered))

    def _happen(self, name: str, value: Any) -> None:
        world = self.world
        match name:
            case "pin":
                world.store(ref_of(SIREN).sha256)
            case "deliver":
                world.deliver()
            case "lose_clip":
                sha256 = ref_of(clip_bytes(value)).sha256
                world.disk.discard(sha256)
                world.tell(ClipLost(sha256, FailReason.CLIP_CORRUPT, "bit rot"))
            case "fetch_failed":
                sha256 = ref_of(clip_bytes(value[0])).sha256
                world.tell(FetchFailed(sha256, FailReason.FETCH_FAILED, "no route", final=value[1]))
            case "underrun":
                if world._current is not None:
                    world.tell(PlayUnderrun(world._current[0], 480))
            case "missing":
                if world._current is not None:
                    world.tell(PlayMissing(world._current[0], 48_000, 96_000, "live"))
            case "away":
                world.tell(LiveAway(*value))
            case "lose_time":
                world.lose_time()
            case "know_time":
                world.know_time()
            case "kill":
                world.kill()
            case "break_output" if value:
                world.lose_output()
            case "break_output":
                world.broken_output = False
            case "forward":
                world.forward(value)

    def end(self) -> None:
        """Time is known, and all of it passes."""
        self.world.know_time()
        self.world.until(T0_US + 30 * HOUR_US)
        for since_us, covered in self.open.values():
            self.held.append((since_us, T0_US + 2 * HOUR_US, covered))

    def _is_over(self, airing_id: str, at_us: int) -> None:
        self.ended.append((airing_id, max(at_us, self.world.now_us)))

    def _order(self, action: Any) -> Order:
        order = self.desk.order(action, not_after_us=T0_US + 2 * HOUR_US)
        self.world.take(order)
        return order

    def _rundown(self, planned: list[PlannedAiring], guards: WireGuards | None) -> None:
        for one in planned:
            self._know(one)
        self.guarded.append((self.world.now_us, guards))
        self.world.take(self.desk.rundown(*planned, not_after_us=T0_US + 3 * HOUR_US, guards=guards))

    def _know(self, airing: PlannedAiring) -> None:
        self.known.add(airing.airing_id)
        ends_us = T0_US + 3 * HOUR_US if airing.slot_ends_us is None else airing.slot_ends_us
        self.slots[airing.airing_id] = max(ends_us - T0_US, self.slots.get(airing.airing_id, 0))
        if airing.airing_class is AiringClass.EMERGENCY:
            self.emergencies.add(airing.airing_id)

    def quiet(self) -> list[tuple[int, int]]:
        """The stretches in which nothing but an emergency may be heard."""
        periods = itertools.pairwise([*self.guarded, (self.world.now_us, None)])
        return [
            (max(since_us, stretch.from_us), min(until_us, stretch.until_us))
            for (since_us, guards), (until_us, _) in periods
            for stretch in (() if guards is None else guards.forbidden)
        ]


def words_of(heard: Audible) -> str:
    """The airing that was heard, or whose siren it was."""
    return heard.airing_id.removesuffix(siren_of(""))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(acts, max_size=40))
def test_every_airing_ends_once_and_the_horn_obeys(script: list[tuple[str, Any]]) -> None:
    story = Story()
    for name, value in script:
        story.act(name, value)
    story.end()
    world = story.world
    for event in world.journal:
        note(str(event))
    note(str(world.audible))

    for airing_id in story.known:
        records = world.records(airing_id)
        ends = [event for event in records if is_last(event)]
        assert len(ends) == 1, f"{airing_id} ended {len(ends)} times"
        assert records[-1] is ends[0], "nothing is told of an airing after its end"
        for once in (Stored, Armed):
            assert sum(isinstance(event, once) for event in records) <= 1
        sounded = [event for event in records if isinstance(event, Sounding)]
        assert [event.again for event in sounded] == [False, *[True] * (len(sounded) - 1)][: len(sounded)]
    assert {airing_of(event) for event in world.journal} <= story.known

    stretches = sorted(world.audible, key=lambda one: one.from_us)
    for one, other in itertools.pairwise(stretches):
        assert one.until_us <= other.from_us, "two airings sounded at once"

    for since_us, until_us, covered in story.held:
        for one in world.audible:
            if covered is None or words_of(one) in covered:
                assert one.until_us <= since_us or one.from_us >= until_us, "a sound through a stop"
    for since_us, until_us in story.quiet():
        for one in world.audible:
            if since_us < until_us and words_of(one) not in story.emergencies:
                assert one.until_us <= since_us or one.from_us >= until_us, "a sound in quiet hours"
    for airing_id, over_us in story.ended:
        for one in world.audible:
            assert words_of(one) != airing_id or one.until_us <= over_us, "a sound after its end"
    for event in world.journal:
        if isinstance(event, Interrupted):
            for from_us, until_us in world.heard(event.airing_id):
                if from_us >= event.resumes_at_us - T0_US:
                    assert until_us <= story.slots[event.airing_id], "it went on outside its slot"
        if isinstance(event, Stopped):
            assert event.order_id in {one.header.document_id for one in story.stops}


@settings(max_examples=150, deadline=None)
@given(st.lists(acts, max_size=30))
def test_when_everything_has_ended_nothing_is_fetched_or_waited_for(script: list[tuple[str, Any]]) -> None:
    story = Story()
    for name, value in script:
        story.act(name, value)
    story.end()

    assert story.world.state.items == {}
    assert story.world.wanted.wants == ()
    assert story.world.on_air is None
