"""Guards as a rundown carries them, and when a rundown is signed anew."""

from dataclasses import replace
from datetime import time

from agents.protocol.codec import encode_document
from agents.protocol.documents import Header, Rundown
from agents.protocol.guards import GuardedDay, Stretch
from agents.protocol.ids import AiringId, BulletinId, SpeakerId
from agents.protocol.values import AiringClass, ClipPart, ClipRef, RenditionName
from agents.protocol.version import MAX_DOCUMENT_BYTES
from controller.domain.airings import Airing, AiringState
from controller.domain.rundowns import DayGuards, Plan, compile_plan, outdated, wire_guards
from schedules.guards import NO_GUARDS, Guards, Quiet, days

ZONE = "Asia/Ho_Chi_Minh"
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
FRIDAY_US = 1_799_946_000_000_000
"""The first instant of Friday 15 January 2027 there."""
NIGHT = Guards(quiet=(Quiet(time(21, 30), time(5)),), slots_a_day=3, day_minutes=135)


def wire(guards: Guards, from_us: int = FRIDAY_US, count: int = 2):
    window = days(ZONE, from_us, from_us + count * DAY_US - 1)
    return wire_guards([DayGuards(begin_us, end_us, guards) for _, begin_us, end_us in window], ZONE)


def plan(now_us: int, guards: Guards) -> Plan:
    window = days(ZONE, now_us, now_us + 7 * DAY_US)
    made = wire_guards([DayGuards(begin_us, end_us, guards) for _, begin_us, end_us in window], ZONE)
    return Plan(from_us=now_us, until_us=now_us + 7 * DAY_US, airings=(), guards=made)


def signed(made: Plan) -> Rundown:
    header = Header(document_id="r", key_id="k", issued_at_us=0, not_after_us=made.until_us, counter=1)
    return Rundown(
        header=header,
        device_id="d",
        from_us=made.from_us,
        until_us=made.until_us,
        airings=made.airings,
        guards=made.guards,
    )


def test_quiet_hours_over_midnight_are_one_stretch() -> None:
    made = wire(NIGHT)
    assert made is not None
    assert made.forbidden == (
        Stretch(from_us=FRIDAY_US, until_us=FRIDAY_US + 5 * HOUR_US),
        Stretch(from_us=FRIDAY_US + 21 * HOUR_US + HOUR_US // 2, until_us=FRIDAY_US + 29 * HOUR_US),
        Stretch(from_us=FRIDAY_US + 45 * HOUR_US + HOUR_US // 2, until_us=FRIDAY_US + 48 * HOUR_US),
    )
    assert made.days[0] == GuardedDay(
        from_us=FRIDAY_US, until_us=FRIDAY_US + DAY_US, budget_us=135 * 60_000_000, slots=3
    )


def test_where_nothing_holds_nothing_is_said() -> None:
    assert wire(NO_GUARDS) is None
    louder = wire(Guards(max_volume_percent=60))
    assert louder is not None
    assert (louder.forbidden, louder.days, louder.max_volume_percent) == ((), (), 60)


def test_the_guards_of_a_day_are_those_of_the_place_on_that_day() -> None:
    made = wire_guards(
        [
            DayGuards(FRIDAY_US, FRIDAY_US + DAY_US, NO_GUARDS),
            DayGuards(FRIDAY_US + DAY_US, FRIDAY_US + 2 * DAY_US, NIGHT),
        ],
        ZONE,
    )
    assert made is not None
    assert made.forbidden[0].from_us == FRIDAY_US + DAY_US
    assert len(made.days) == 1


def test_a_window_that_moves_signs_nothing_anew_until_it_is_a_day_further() -> None:
    first = signed(plan(FRIDAY_US + 15 * HOUR_US, NIGHT))
    for hours in (1, 8, 10, 23):
        assert not outdated(first, plan(FRIDAY_US + (15 + hours) * HOUR_US, NIGHT)), hours
    assert outdated(first, plan(FRIDAY_US + 40 * HOUR_US, NIGHT))


def test_guards_that_change_are_signed() -> None:
    now_us = FRIDAY_US + 15 * HOUR_US
    before = plan(now_us, NIGHT)
    assert outdated(None, before)
    assert not outdated(None, plan(now_us, NO_GUARDS))
    for other in (NO_GUARDS, replace(NIGHT, slots_a_day=2), replace(NIGHT, max_volume_percent=50), Guards()):
        assert outdated(signed(before), plan(now_us, other))
        assert outdated(signed(plan(now_us, other)), before)


def test_of_what_no_document_holds_the_earliest_is_told_first() -> None:
    clip = ClipPart(renditions=dict.fromkeys(RenditionName, ClipRef(sha256="a" * 64, size_bytes=1_000, frames=48_000)))
    airings = [
        Airing(
            airing_id=AiringId(f"a-{number:04}"),
            content_id=BulletinId("b-1"),
            revision=1,
            airing_class=AiringClass.ORDINARY,
            sequence=(clip,) * 20,
            title="Tin",
            speaker_ids=(SpeakerId("s-1"),),
            state=AiringState.PLANNED,
            planned_at_us=0,
            planned_by="an",
            now=False,
            start_at_us=FRIDAY_US + number * 60_000_000,
            duration_us=20_000_000,
            lateness_window_us=0,
        )
        for number in range(1_000)
    ]
    made = compile_plan(reversed(airings), FRIDAY_US, 7 * DAY_US)
    document = signed(replace(made, guards=wire(NIGHT, count=50)))
    assert 0 < len(made.airings) < 1_000
    assert [one.airing_id for one in made.airings] == [one.airing_id for one in airings[: len(made.airings)]]
    assert MAX_DOCUMENT_BYTES * 4 // 5 < len(encode_document(document)) <= MAX_DOCUMENT_BYTES


def on_the_hour(number: int) -> Airing:
    """An airing of a minute, so many hours into Friday."""
    minute = ClipRef(sha256=f"{number:064x}", size_bytes=1_000, frames=60 * 48_000)
    return Airing(
        airing_id=AiringId(f"a-{number}"),
        content_id=BulletinId("b-1"),
        revision=1,
        airing_class=AiringClass.ORDINARY,
        sequence=(ClipPart(renditions=dict.fromkeys(RenditionName, minute)),),
        title="Tin",
        speaker_ids=(SpeakerId("s-1"),),
        state=AiringState.PLANNED,
        planned_at_us=FRIDAY_US + number * HOUR_US,
        planned_by="an",
        now=False,
        start_at_us=FRIDAY_US + number * HOUR_US,
        duration_us=60_000_000,
        lateness_window_us=60_000_000,
    )


def hourly(now_us: int, *, without: int = -1) -> Plan:
    airings = [on_the_hour(number) for number in range(240) if number != without]
    return compile_plan(airings, now_us, 7 * DAY_US)


def test_what_is_over_and_what_comes_into_view_is_signed_once_a_day() -> None:
    now_us = FRIDAY_US + HOUR_US // 2
    known, signings = signed(hourly(now_us)), 0
    for minutes in range(0, 48 * 60, 7):
        made = hourly(now_us + minutes * 60_000_000)
        if outdated(known, made):
            known, signings = signed(made), signings + 1
    assert signings == 1


def test_what_is_taken_out_before_it_is_over_is_signed_at_once() -> None:
    now_us = FRIDAY_US + HOUR_US // 2
    known = signed(hourly(now_us))
    assert outdated(known, hourly(now_us, without=30))
    while_it_sounds_us = FRIDAY_US + 3 * HOUR_US + 30_000_000
    assert not outdated(known, hourly(while_it_sounds_us))
    assert outdated(known, hourly(while_it_sounds_us, without=3))
    assert not outdated(known, hourly(while_it_sounds_us + 30_000_000, without=3)), "it was over"


def test_a_short_window_is_signed_more_often() -> None:
    now_us, airings = FRIDAY_US, [on_the_hour(number) for number in range(48)]
    known = signed(compile_plan(airings, now_us, DAY_US))
    assert not outdated(known, compile_plan(airings, now_us + 5 * HOUR_US, DAY_US))
    assert outdated(known, compile_plan(airings, now_us + 7 * HOUR_US, DAY_US))
