"""What an approval is bound to: whatever changes what is heard, when, or where, voids it."""

from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from schedules.approval import occurrence_binding, series_binding
from schedules.areas import Area, AreaTree
from schedules.precedence import AirClass
from schedules.recurrence.rule import ByDay, Calendar, Cancelled, Changed, Frequency, OnHoliday, Rule, Series
from schedules.recurrence.series import with_change
from schedules.rundown.compile import Compiler
from schedules.rundown.values import Outcome, Played, Refused, RefusedFor
from schedules.schedule import Content, Fill, OnInterrupted, Overrun, Place, Schedule, Target, World

MONDAY = date(2026, 11, 23)
AT = datetime.fromisoformat("2026-11-23 05:00")
RULE = Rule(zone="Asia/Ho_Chi_Minh", start=AT, frequency=Frequency.DAILY)
NEWS = Schedule(
    schedule_id="news",
    content_id="c",
    target=Target(areas=("a", "b"), groups=("g", "h"), speakers=("s", "t")),
    series=Series(rule=RULE),
    since_us=1,
)
MOVED = Changed(AT, to=AT.replace(hour=17))

RULES: dict[str, Any] = {
    "zone": "Asia/Bangkok",
    "start": AT + timedelta(minutes=1),
    "frequency": Frequency.WEEKLY,
    "interval": 2,
    "calendar": Calendar.LUNAR,
    "by_month": (1,),
    "by_month_day": (1,),
    "by_year_day": (1,),
    "by_week_no": (1,),
    "by_day": (ByDay(0),),
    "by_hour": (5,),
    "by_minute": (0,),
    "by_set_pos": (1,),
    "week_start": 6,
    "until_us": 1_800_000_000_000_000,
    "count": 3,
    "on_holiday": OnHoliday.SKIP,
    "extra": (AT + timedelta(days=9),),
}
SCHEDULES: dict[str, Any] = {
    "schedule_id": "other",
    "target": Target(areas=("a",), groups=("g", "h"), speakers=("s", "t")),
    "series": Series(rule=replace(RULE, interval=3)),
    "air_class": AirClass.PRIORITY,
    "rank": 1,
    "slot_us": 900_000_000,
    "overrun": Overrun.FADE,
    "fill": Fill.REPEAT,
    "on_interrupted": OnInterrupted.DROP,
    "standing": ("a", "elsewhere"),
}
FREE = {
    "content_id": "the bytes are bound, not their name",
    "since_us": "when it was planned is not heard",
    "above": "who planned it is not heard",
    "approved": "it is what is asked",
    "needs_approval": "it is whether it is asked",
}


def test_every_field_either_voids_an_approval_or_is_said_to_be_free() -> None:
    assert {field.name for field in fields(Schedule)} == SCHEDULES.keys() | FREE.keys()
    assert {field.name for field in fields(Rule)} == set(RULES)


@pytest.mark.parametrize("field", SCHEDULES)
def test_another_field_of_a_schedule_is_another_approval(field: str) -> None:
    other = replace(NEWS, **{field: SCHEDULES[field]})
    assert series_binding(other, "m") != series_binding(NEWS, "m")
    if field != "series":
        assert occurrence_binding(other, "m", MOVED) != occurrence_binding(NEWS, "m", MOVED)


@pytest.mark.parametrize("field", RULES)
def test_another_part_of_a_rule_is_another_approval(field: str) -> None:
    rule = replace(RULE, **{field: RULES[field]})
    assert series_binding(replace(NEWS, series=Series(rule=rule)), "m") != series_binding(NEWS, "m")


@pytest.mark.parametrize("field", ["areas", "groups", "speakers"])
def test_another_place_is_another_approval_and_the_order_of_places_is_not(field: str) -> None:
    names: tuple[str, ...] = getattr(NEWS.target, field)

    def at(places: tuple[str, ...]) -> str:
        return series_binding(replace(NEWS, target=replace(NEWS.target, **{field: places})), "m")

    assert at(tuple(reversed(names))) == series_binding(NEWS, "m")
    assert len({at(names), at(names[:1]), at(names[1:]), at((*names, "more")), at(())}) == 5


def test_an_area_is_no_group_and_a_group_no_speaker() -> None:
    targets = [Target(areas=("x",)), Target(groups=("x",)), Target(speakers=("x",))]
    assert len({series_binding(replace(NEWS, target=one), "m") for one in targets}) == 3


def test_other_bytes_are_another_approval_and_what_is_not_heard_plays_no_part() -> None:
    assert series_binding(NEWS, "m") != series_binding(NEWS, "n")
    same = replace(NEWS, content_id="copy", since_us=9, above=True, approved=frozenset("x"), needs_approval=False)
    assert series_binding(same, "m") == series_binding(NEWS, "m")
    changes = (Cancelled(AT), Changed(AT + timedelta(days=1), to=AT + timedelta(days=1, hours=1)))
    assert series_binding(replace(NEWS, series=Series(rule=RULE, changes=changes)), "m") == series_binding(NEWS, "m")


def test_a_rule_that_is_written_differently_and_means_the_same_keeps_its_approval() -> None:
    one = replace(RULE, frequency=Frequency.WEEKLY, by_day=(ByDay(4), ByDay(0)))
    other = replace(RULE, frequency=Frequency.WEEKLY, by_day=(ByDay(0), ByDay(4), ByDay(0)))
    bindings = {series_binding(replace(NEWS, series=Series(rule=rule)), "m") for rule in (one, other)}
    assert len(bindings) == 1


def test_an_occurrence_is_bound_to_when_it_was_and_when_it_is_and_is_no_series() -> None:
    bindings = [
        series_binding(NEWS, "m"),
        occurrence_binding(NEWS, "m", MOVED),
        occurrence_binding(NEWS, "n", MOVED),
        occurrence_binding(NEWS, "m", replace(MOVED, to=AT.replace(hour=18))),
        occurrence_binding(NEWS, "m", Changed(AT + timedelta(days=1), to=MOVED.to)),
        occurrence_binding(NEWS, "m", Changed(AT, content_id="c")),
    ]
    assert len(set(bindings)) == len(bindings)
    assert all(len(one) == 64 and set(one) <= set("0123456789abcdef") for one in bindings)


def test_what_was_approved_stays_approved_from_one_release_to_the_next() -> None:
    assert series_binding(NEWS, "m") == "8c7fcd6c074bb315bcd45a5af0db59d5b1e7462094fec6d410acc77cb4c46766"
    assert occurrence_binding(NEWS, "m", MOVED) == "f7fb0fd55a5f58f261d046436141c7e137f010f6111168dc149d8feb1d5a9e5a"


# --- what is heard by it


def on_monday(schedule: Schedule, *approved: str, master: str = "m") -> Outcome:
    world = World(
        zone=RULE.zone,
        tree=AreaTree([Area(area_id=one, parent_id=None, level="x", name=one) for one in "ab"]),
        schedules=(replace(schedule, approved=frozenset(approved)),),
        contents={one: Content(content_id=one, title=one, master=master, duration_us=60_000_000) for one in "cd"},
        places=(Place(speaker_id="s", area_id="a"),),
    )
    (line,) = Compiler(world, MONDAY, 1).lines("s")
    return line.outcome


def test_only_what_was_approved_is_heard() -> None:
    assert on_monday(NEWS) == Refused(RefusedFor.NOT_APPROVED)
    assert isinstance(on_monday(replace(NEWS, needs_approval=False)), Played)
    assert isinstance(on_monday(NEWS, series_binding(NEWS, "m")), Played)
    assert on_monday(NEWS, series_binding(NEWS, "m"), master="n") == Refused(RefusedFor.NOT_APPROVED)
    later = replace(NEWS, slot_us=60_000_000)
    assert on_monday(later, series_binding(NEWS, "m")) == Refused(RefusedFor.NOT_APPROVED)


@pytest.mark.parametrize("change", [MOVED, Changed(AT, content_id="d"), replace(MOVED, content_id="d")])
def test_a_changed_occurrence_needs_an_approval_of_its_own(change: Changed) -> None:
    changed = replace(NEWS, series=with_change(NEWS.series, change))
    whole, own = series_binding(NEWS, "m"), occurrence_binding(NEWS, "m", change)
    assert on_monday(changed, whole) == Refused(RefusedFor.NOT_APPROVED)
    assert isinstance(on_monday(changed, own), Played)
    # Given back to the rule it is heard by the approval of the series again.
    assert isinstance(on_monday(NEWS, whole, own), Played)
    assert on_monday(NEWS, own) == Refused(RefusedFor.NOT_APPROVED)
