"""A seeded world of the size of a country: for measuring rundowns, and for comparing them with the plain way.

Shares of schedules, speakers with guards or turns of their own, and changed occurrences are given; times, lengths,
rules and guards are like those of real stations: sessions early in the morning and in the late afternoon, the presets
of communes and of wards. At a smaller ``share`` everything shrinks alike but the number of provinces.
"""

import csv
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from schedules.approval import occurrence_binding, series_binding
from schedules.areas import Area, AreaTree
from schedules.guards import PRESETS, Guards, Quiet
from schedules.precedence import AirClass
from schedules.recurrence.holidays import public_holidays
from schedules.recurrence.rule import ByDay, Calendar, Cancelled, Changed, Frequency, Rule, Series
from schedules.recurrence.series import dues
from schedules.rundown.items import Days
from schedules.schedule import Content, Fill, OnInterrupted, Overrun, Place, Schedule, Target, World

ZONE: Final = "Asia/Ho_Chi_Minh"
FIRST: Final = date(2026, 11, 23)
DAYS: Final = 7
SPEAKERS: Final = 20_000
SCHEDULES: Final = 10_000
COMMUNES: Final = 3_321
_LIST: Final = Path(__file__).parent.parent / "assets" / "areas" / "vietnam-2025.csv"
_MINUTE_US: Final = 60_000_000


def world(seed: int, share: float = 1.0) -> World:
    """The same for the same seed and share, on every machine."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    provinces, communes = _areas(share)
    villages = [
        Area(
            area_id=f"{commune.area_id}-{number}", parent_id=commune.area_id, level="village", name=f"Thôn {number + 1}"
        )
        for commune in communes
        for number in range(2)
    ]
    tree = AreaTree([*provinces, *communes, *villages])
    contents = _contents(chance, max(20, round(600 * share)))
    places = _places(chance, communes, round(SPEAKERS * share))
    targets = _targets(chance, (provinces, communes, villages), places, round(SCHEDULES * share))
    schedules = tuple(_schedule(chance, number, *target, contents) for number, target in enumerate(targets))
    return World(
        zone=ZONE,
        tree=tree,
        schedules=tuple(_approved(_changed(chance, schedule, contents), contents) for schedule in schedules),
        contents=contents,
        places=places,
        guards={one.area_id: PRESETS["urban" if one.name.startswith("Phường") else "rural"] for one in communes},
        holidays=public_holidays(FIRST.year, FIRST.year + 1),
    )


def _areas(share: float) -> tuple[list[Area], list[Area]]:
    with _LIST.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    provinces = [_area(row) for row in rows if row["level"] == "province"]
    communes = [_area(row) for row in rows if row["level"] != "province"]
    count = round(COMMUNES * share)
    return provinces, [communes[number * len(communes) // count] for number in range(count)]


def _area(row: dict[str, str]) -> Area:
    parent = row["parent_code"]
    return Area(
        area_id=f"vn-{row['code']}", parent_id=f"vn-{parent}" if parent else None, level=row["level"], name=row["name"]
    )


def _contents(chance: random.Random, count: int) -> dict[str, Content]:
    names = [f"b-{number:05}" for number in range(count)]
    return {
        name: Content(
            content_id=name,
            title=f"Bản tin {name}",
            master=f"{number:064x}",
            duration_us=chance.randint(120, 1_500) * 1_000_000,
            lacking="bulletin_not_ready" if chance.random() < 0.01 else "",
        )
        for number, name in enumerate(names)
    }


def _places(chance: random.Random, communes: Sequence[Area], count: int) -> tuple[Place, ...]:
    places = []
    for number in range(count):
        commune = communes[number % len(communes)]
        village = chance.choice(("", "-0", "-1"))
        place = Place(speaker_id=f"s-{number:05}", area_id=commune.area_id + village, groups=_groups(chance, number))
        if chance.random() < 0.05:
            place = replace(place, guards=_own_guards(chance))
        elif chance.random() < 0.05:
            turn_us = chance.choice((0, 15, 30, 60)) * 1_000_000
            place = replace(place, stagger_us=turn_us + chance.randint(1, 3_000) * 1_000)
        places.append(place)
    return tuple(places)


def _groups(chance: random.Random, number: int) -> tuple[str, ...]:
    return (f"g-{number // 40:04}",) if chance.random() < 0.2 else ()


def _own_guards(chance: random.Random) -> Guards:
    return chance.choice(
        (
            Guards(quiet=(Quiet(time(20), time(5, 30)),)),
            Guards(quiet=(Quiet(time(12), time(13, 30)),), slots_a_day=2),
            Guards(day_minutes=30),
            Guards(slots_a_day=1, max_volume_percent=60),
        )
    )


def _targets(
    chance: random.Random,
    areas: tuple[Sequence[Area], Sequence[Area], Sequence[Area]],
    places: Sequence[Place],
    count: int,
) -> list[tuple[Target, bool]]:
    """Whom each schedule is for, and whether it comes from above."""
    provinces, communes, villages = areas
    groups = sorted({group for place in places for group in place.groups}) or ["g-0000"]
    wide = round(count * 0.01)
    province = round(count * 0.09)
    small = round(count * 0.2)
    targets = [(Target(areas=tuple(one.area_id for one in provinces)), True)] * wide
    targets += [(Target(areas=(chance.choice(provinces).area_id,)), True) for _ in range(province)]
    for _ in range(small):
        if chance.random() < 0.75:
            targets.append((Target(areas=(chance.choice(villages).area_id,)), False))
        else:
            targets.append((Target(groups=(chance.choice(groups),)), False))
    while len(targets) < count:
        targets.append((Target(areas=(chance.choice(communes).area_id,)), False))
    return targets


def _schedule(
    chance: random.Random, number: int, target: Target, above: bool, contents: dict[str, Content]
) -> Schedule:
    return Schedule(
        schedule_id=f"p-{number:05}",
        content_id=chance.choice(tuple(contents)),
        target=target,
        series=Series(rule=_rule(chance)),
        since_us=chance.randint(1_700_000_000, 1_760_000_000) * 1_000_000,
        air_class=AirClass.PRIORITY if chance.random() < 0.1 else AirClass.ORDINARY,
        rank=chance.choice((0, 0, 0, 0, -1, 1)),
        above=above,
        slot_us=chance.choice((None, None, 15 * _MINUTE_US, 30 * _MINUTE_US)),
        overrun=chance.choice((Overrun.CUT, Overrun.CUT, Overrun.FADE, Overrun.PUSH_BACK)),
        fill=chance.choice((Fill.SILENCE, Fill.SILENCE, Fill.REPEAT)),
        on_interrupted=chance.choice((None, None, None, *OnInterrupted)),
    )


def _rule(chance: random.Random) -> Rule:
    draw = chance.randrange(100)
    hour = next(hour for hour, below in ((5, 30), (6, 55), (11, 65), (17, 95), (23, 100)) if draw < below)
    begun = FIRST - timedelta(days=chance.randint(1, 700))
    start = datetime.combine(begun, time(hour, chance.choice((0, 10, 15, 30, 45))))
    kind = chance.randrange(100)
    weekdays = tuple(ByDay(day) for day in sorted(chance.sample(range(7), chance.randint(1, 4))))
    if kind < 45:
        return Rule(zone=ZONE, start=start, frequency=Frequency.DAILY)
    if kind < 80:
        return Rule(zone=ZONE, start=start, frequency=Frequency.WEEKLY, by_day=weekdays)
    if kind < 90:
        month_days = tuple(sorted(chance.sample(range(1, 29), 2)))
        return Rule(zone=ZONE, start=start, frequency=Frequency.MONTHLY, by_month_day=month_days)
    lunar = Calendar.LUNAR
    return Rule(zone=ZONE, start=start, frequency=Frequency.MONTHLY, calendar=lunar, by_month_day=(1, 15))


def _changed(chance: random.Random, schedule: Schedule, contents: dict[str, Content]) -> Schedule:
    """One occurrence in twenty is cancelled, moved, or has other content."""
    days = Days(ZONE)
    from_us, until_us = days.begin_us(FIRST), days.begin_us(FIRST + timedelta(days=DAYS))
    changes: list[Cancelled | Changed] = []
    for due in dues(schedule.series, from_us, until_us, frozenset()):
        if chance.random() < 0.05:
            moved = Changed(due.original, to=due.original + timedelta(minutes=chance.choice((-30, 20, 60))))
            replaced = Changed(due.original, content_id=chance.choice(tuple(contents)))
            changes.append(chance.choice((Cancelled(due.original), moved, replaced)))
    return replace(schedule, series=Series(rule=schedule.series.rule, changes=tuple(changes)))


def _approved(schedule: Schedule, contents: dict[str, Content]) -> Schedule:
    """Most are approved, with their changes."""
    bindings = {series_binding(schedule, contents[schedule.content_id].master)}
    for change in schedule.series.changes:
        if isinstance(change, Changed):
            master = contents[change.content_id or schedule.content_id].master
            bindings.add(occurrence_binding(schedule, master, change))
    number = int(schedule.schedule_id[2:])
    return replace(schedule, approved=frozenset(bindings) if number % 50 else frozenset())
