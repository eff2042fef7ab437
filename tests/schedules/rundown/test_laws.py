"""Laws that hold on every speaker of every world: nothing overlaps, guards are kept, nothing is dropped in silence."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.guards import forbidden
from schedules.precedence import AirClass
from schedules.recurrence.series import dues
from schedules.rundown.compile import Compiler
from schedules.rundown.items import Days, item_id
from schedules.rundown.place import LEAST_US, MOST_PUSHED_US
from schedules.rundown.values import (
    Conflicted,
    CutFor,
    Displaced,
    Line,
    Played,
    Refused,
    RefusedFor,
    Skipped,
)
from schedules.schedule import Overrun, Place, World
from tests.schedules.rundown.worlds import DAY, DAYS, MINUTE_US, When, whens, worlds

laws = settings(max_examples=120, deadline=None, derandomize=True)


@st.composite
def compiled(draw: st.DrawFn) -> tuple[When, Compiler]:
    when = draw(whens)
    return when, Compiler(draw(worlds(when)), when.first, DAYS)


def played(lines: tuple[Line, ...]) -> list[tuple[Line, Played]]:
    return [(line, line.outcome) for line in lines if isinstance(line.outcome, Played)]


@laws
@given(compiled())
def test_a_timeline_is_in_order_without_overlaps_and_says_what_the_lines_say(made: tuple[When, Compiler]) -> None:
    _, compiler = made
    full = compiler.full()
    for place in compiler.world.places:
        timeline = compiler.timeline(place.speaker_id)
        assert all(one.from_us < one.until_us for one in timeline)
        assert all(one.until_us <= other.from_us for one, other in pairwise(timeline))
        told = [segment for _, outcome in played(compiler.lines(place.speaker_id)) for segment in outcome.segments]
        assert timeline == tuple(sorted(told, key=lambda segment: segment.from_us)) == full[place.speaker_id]
        assert all(compiler.item(segment.item_id).item_id == segment.item_id for segment in timeline)


@laws
@given(compiled())
def test_an_item_is_heard_from_its_beginning_on_and_inside_its_room(made: tuple[When, Compiler]) -> None:
    _, compiler = made
    soft = any(schedule.overrun is Overrun.PUSH_BACK for schedule in compiler.world.schedules)
    for place in compiler.world.places:
        for line, outcome in played(compiler.lines(place.speaker_id)):
            item, segments = line.item, outcome.segments
            heard_us = sum(segment.until_us - segment.from_us for segment in segments)
            assert segments[0].from_us == item.start_us + outcome.pushed_us >= item.start_us
            assert segments[-1].until_us <= item.start_us + item.room_us + (MOST_PUSHED_US if soft else 0)
            assert segments[0].offset_us == 0
            for one, other in pairwise(segments):
                assert other.offset_us == one.offset_us + one.until_us - one.from_us
            assert 0 < heard_us <= item.length_us
            if outcome.cut is CutFor.INTERRUPTED:
                assert heard_us < item.length_us
            else:
                assert heard_us == item.length_us
                assert (outcome.cut is CutFor.SLOT_ENDED) == (item.length_us < item.content_us)
            for segment in segments:
                whole_us = segment.offset_us + segment.until_us - segment.from_us
                assert segment.until_us - segment.from_us >= LEAST_US or whole_us == item.length_us
                assert segment.fade == (item.fade and whole_us == item.length_us)


@laws
@given(compiled())
def test_nothing_guarded_sounds_in_quiet_hours_or_beyond_the_slots_and_minutes(made: tuple[When, Compiler]) -> None:
    when, compiler = made
    for place in compiler.world.places:
        lines = played(compiler.lines(place.speaker_id))
        for day in (when.first + timedelta(days=number) for number in range(DAYS)):
            guards = compiler.guards_of(place.speaker_id, day)
            today = [pair for pair in lines if day_of(when, pair[0].item.start_us) == day and pair[0].item.guarded]
            assert guards.slots_a_day is None or len(today) <= guards.slots_a_day
            heard_us = sum(one.until_us - one.from_us for _, outcome in today for one in outcome.segments)
            assert guards.day_minutes is None or heard_us <= guards.day_minutes * MINUTE_US
            for line, outcome in today:
                assert guards.slot_minutes is None or line.item.length_us <= guards.slot_minutes * MINUTE_US
                for segment in outcome.segments:
                    from_us, until_us = segment.from_us + place.stagger_us, segment.until_us + place.stagger_us
                    assert forbidden(guards, when.zone, from_us, until_us) == ()


@laws
@given(compiled())
def test_whatever_is_due_and_addressed_to_a_speaker_has_exactly_one_outcome_there(made: tuple[When, Compiler]) -> None:
    when, compiler = made
    for place in compiler.world.places:
        lines = compiler.lines(place.speaker_id)
        counted = Counter(line.item.item_id for line in lines)
        assert counted == Counter(due_at(compiler.world, place, when))
        kinds = Counter(type(line.outcome) for line in lines)
        ways = kinds[Played] + kinds[Displaced] + kinds[Refused] + kinds[Conflicted] + kinds[Skipped]
        assert len(lines) == ways
        assert [line.item.start_us for line in lines] == sorted(line.item.start_us for line in lines)


@laws
@given(compiled())
def test_only_an_emergency_passes_guards_and_only_priority_items_wait_for_a_choice(
    made: tuple[When, Compiler],
) -> None:
    _, compiler = made
    classes = {schedule.schedule_id: schedule.air_class for schedule in compiler.world.schedules}
    by_guards = {
        *(RefusedFor.QUIET_HOURS, RefusedFor.SLOT_TOO_LONG),
        *(RefusedFor.SLOTS_USED_UP, RefusedFor.MINUTES_USED_UP),
    }
    for place in compiler.world.places:
        for line in compiler.lines(place.speaker_id):
            air_class = classes[line.item.schedule_id]
            if isinstance(line.outcome, Refused) and line.outcome.reason in by_guards:
                assert air_class is not AirClass.EMERGENCY
            if isinstance(line.outcome, Conflicted):
                other = compiler.item(line.outcome.with_)
                assert air_class is classes[other.schedule_id] is AirClass.PRIORITY
                assert line.item.above != other.above


def day_of(when: When, at_us: int) -> date:
    return Days(when.zone).of(at_us)


def due_at(world: World, place: Place, when: When) -> list[str]:
    """What is due in the window and addressed to a speaker, or to an area of it that was merged, counted plainly."""
    found: list[str] = []
    from_us, until_us = when.us(0, "00:00"), Days(when.zone).begin_us(when.first + DAYS * DAY)
    for schedule in world.schedules:
        target = schedule.target
        for due in dues(schedule.series, from_us, until_us, world.holidays):
            day = day_of(when, due.start_us)
            areas = {*world.tree.path_on(place.area_id, day), *world.tree.former_on(place.area_id, day)}
            named = place.speaker_id in target.speakers or not set(place.groups).isdisjoint(target.groups)
            if named or not areas.isdisjoint(target.areas):
                found.append(item_id(schedule.schedule_id, due.original))
    return found
