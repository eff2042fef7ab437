"""Small worlds in which much meets: few wall times, lengths and places, so that items overlap, cross midnight, are
pushed back, refused or changed as often as they are heard.

A world follows from a seed: drawn part by part it would mostly be one in which little meets.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from schedules.approval import occurrence_binding, series_binding
from schedules.areas import Area, AreaTree
from schedules.guards import NO_GUARDS, Guards, Quiet
from schedules.precedence import AirClass
from schedules.recurrence.rule import (
    ByDay,
    Calendar,
    Cancelled,
    Change,
    Changed,
    Frequency,
    OnHoliday,
    Rule,
    Series,
)
from schedules.recurrence.series import dues
from schedules.schedule import Choice, Content, Fill, OnInterrupted, Overrun, Place, Schedule, Target, World
from schedules.succession import closed, merged, moved, split, with_changes

_T = TypeVar("_T")
VIETNAM = "Asia/Ho_Chi_Minh"
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY = timedelta(days=1)
DAYS = 3
AREAS = ("p", "q", "a", "b", "c", "a1", "b1", "n", "n2")
GROUPS = ("g1", "g2")
NAMES = tuple(f"p{number}" for number in range(7))
SPEAKERS = ("s0", "s1", "s2", "s3")


@dataclass(frozen=True, slots=True)
class When:
    """A zone, and the first day of a window in which something is peculiar on the second day."""

    zone: str
    first: date

    def us(self, days: int, wall: str) -> int:
        """The instant of a wall time so many days from the first."""
        naive = datetime.combine(self.first + days * DAY, time.fromisoformat(wall))
        return int(naive.replace(tzinfo=ZoneInfo(self.zone)).timestamp()) * SECOND_US


WHENS = (
    When(VIETNAM, date(2026, 11, 23)),
    When(VIETNAM, date(2026, 2, 16)),  # the next day is Tet
    When("Europe/Berlin", date(2026, 3, 28)),
    When("Europe/Berlin", date(2026, 10, 24)),
    When("Australia/Lord_Howe", date(2026, 4, 4)),
    When("Australia/Lord_Howe", date(2026, 10, 3)),
)


def area(area_id: str, parent_id: str | None = None) -> Area:
    return Area(area_id=area_id, parent_id=parent_id, level="area", name=area_id)


@lru_cache(maxsize=64)
def trees(on: date) -> tuple[AreaTree, ...]:
    """The same areas, of which some are merged, split, moved or closed on a day."""
    late = date(2027, 1, 1)
    plain = [area("p"), area("q"), *(area(one, "p") for one in "ab"), area("c", "q"), area("a1", "a"), area("b1", "b")]
    spare = [area("n", "p"), area("n2", "q")]
    tree, small = AreaTree([*plain, *spare]), AreaTree(plain)
    unused = [replace(area("n2", "q"), valid_until=on)]

    def with_spare(changes: Sequence[Area]) -> AreaTree:
        made = with_changes(small, changes)
        return with_changes(made, [one for one in unused if one.area_id not in made])

    return (
        tree,
        with_changes(tree, merged(tree, ["a"], "b", on)),
        with_spare(merged(small, ["a", "b"], replace(area("n", "p"), name="new"), on)),
        with_changes(small, split(small, "a", [area("n", "p"), area("n2", "p")], on)),
        with_changes(tree, [moved(tree, "a", "q", on)]),
        with_changes(tree, [moved(tree, "a1", "b", on)]),
        with_changes(tree, [closed(tree, "b1", on)]),
        with_changes(tree, merged(tree, ["c"], "a", late)),
    )


WALLS = ("05:00", "05:00:20", "05:05", "05:10", "05:20", "23:20", "23:45", "00:00", "00:10", "02:00", "02:10", "02:30")
LONG_WALLS = ("11:00", "17:00", "23:20", "23:45")
LONG_LENGTHS_S = (600, 28_800, 32_400, 46_800, 61_200)
LENGTHS_S = (600, 600, 840, 2_700, 6_000, 20, 45)
SLOTS_S = (None, None, None, 7_200, 3_600, 900, 300, 30)
CONTENTS = tuple(f"c{number}" for number in range(5))
GUARDS = (
    Guards(quiet=(Quiet(time(21, 30), time(5)),)),
    Guards(quiet=(Quiet(time(23, 50), time(0, 20)), Quiet(time(5, 40), time(5, 45)))),
    Guards(quiet=(Quiet(time(2), time(2, 30), (5, 6)),), slot_minutes=45),
    Guards(slots_a_day=2),
    Guards(day_minutes=60, slots_a_day=3),
    Guards(day_minutes=30),
    Guards(slots_a_day=0),
    Guards(slot_minutes=10, max_volume_percent=50),
)
CLASSES = (*(AirClass.ORDINARY,) * 5, *(AirClass.PRIORITY,) * 5, *AirClass)


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws the parts of a world."""

    seeded: random.Random
    when: When
    long: bool = False
    """Much goes on over midnight for hours; no series overlaps itself, which has no end to it."""

    def one_in(self, number: int) -> bool:
        return self.seeded.randrange(number) == 0

    def of(self, values: Sequence[_T]) -> _T:
        return self.seeded.choice(values)

    def some(self, values: Sequence[_T], least: int, most: int) -> tuple[_T, ...]:
        return tuple(self.of(values) for _ in range(self.seeded.randint(least, most)))

    def rule(self) -> Rule:
        begun = self.when.first + timedelta(days=self.of((-40, -20, -3, -1, 0, 1)))
        start = datetime.combine(begun, time.fromisoformat(self.of(LONG_WALLS if self.long else WALLS)))
        zone = "UTC" if self.one_in(8) else self.when.zone
        on_holiday = self.of((OnHoliday.SKIP, OnHoliday.ONLY)) if self.one_in(5) else OnHoliday.PLAY
        daily = Rule(zone=zone, start=start, frequency=Frequency.DAILY, on_holiday=on_holiday)
        match self.seeded.randrange(10):
            case 0:
                return Rule(zone=zone, start=start + self.seeded.randrange(3) * DAY)
            case 1:
                by_day = tuple(map(ByDay, self.of(((0, 2), (1, 5, 6), (5, 6), (6, 0)))))
                return replace(daily, frequency=Frequency.WEEKLY, by_day=by_day)
            case 2:
                lunar = replace(daily, frequency=Frequency.MONTHLY, calendar=Calendar.LUNAR)
                return replace(lunar, by_month_day=self.of(((1, 15), (1,), (15, 16))))
            case 3:
                return replace(daily, until_us=self.when.us(self.seeded.randint(0, 3), "12:00"))
            case 4 if not self.long:
                return replace(daily, by_hour=self.of(((5, 23), (0, 2, 5))))
            case _:
                return daily

    def series(self) -> Series:
        rule = self.rule()
        if not self.one_in(3):
            return Series(rule=rule)
        found = dues(Series(rule=rule), self.when.us(-1, "00:00"), self.when.us(DAYS + 1, "00:00"), frozenset())
        changes: list[Change] = []
        for due in found:
            to = due.original + timedelta(
                minutes=self.of((-40, -5, 5, 20) if self.long else (-1_440, -40, -5, 5, 20, 1_430))
            )
            kinds: tuple[Change, ...] = (
                Cancelled(due.original),
                Changed(due.original, to=to),
                Changed(due.original, content_id=self.of(CONTENTS)),
                Changed(due.original, to=to, content_id=self.of(CONTENTS)),
            )
            if self.one_in(2):
                changes.append(self.of(kinds))
        return Series(rule=rule, changes=tuple(changes))

    def contents(self) -> dict[str, Content]:
        made = {}
        for name in CONTENTS[: -1 if self.one_in(5) else None]:
            made[name] = Content(
                content_id=name,
                title=name,
                master=f"master of {name}",
                duration_us=self.of(LONG_LENGTHS_S if self.long else LENGTHS_S) * SECOND_US,
                lacking="withdrawn" if self.one_in(20) else "",
                expires_us=self.when.us(self.seeded.randint(0, 2), "05:00") if self.one_in(20) else None,
            )
        return made

    def schedule(self, name: str, known: dict[str, Content]) -> Schedule:
        slot_s = None if self.long else self.of(SLOTS_S)
        schedule = Schedule(
            schedule_id=name,
            content_id=self.of(CONTENTS),
            target=self.target(),
            series=self.series(),
            since_us=self.seeded.randint(1, 2),
            air_class=self.of(CLASSES),
            rank=self.of((0, 0, 1)),
            above=self.one_in(2),
            slot_us=None if slot_s is None else slot_s * SECOND_US,
            overrun=self.of(tuple(Overrun)),
            fill=self.of(tuple(Fill)),
            on_interrupted=self.of((None, *OnInterrupted)),
        )
        return approved(schedule, known, self.of((*("none needed",) * 8, "all", "all", "series", "void")))

    def target(self) -> Target:
        match self.seeded.randrange(12):
            case 0:
                return Target(groups=self.some(GROUPS, 1, 2))
            case 1:
                return Target(speakers=self.some(SPEAKERS, 1, 2))
            case 2:
                return Target(areas=("b",), groups=("g1",), speakers=("s0",))
            case 3 | 4 | 5:
                return Target(areas=self.some(AREAS, 1, 3))
            case _:
                return Target(areas=self.of((("p",), ("p", "q"), ("a",), ("p", "b1"))))

    def places(self, tree: AreaTree) -> tuple[Place, ...]:
        return tuple(
            Place(
                speaker_id=name,
                area_id=self.of([one for one in ("a", "a1", "b", "b1", "c", "p") if one in tree]),
                groups=self.of(((), (), ("g1",), ("g2", "g1"))),
                guards=self.of(GUARDS) if self.one_in(4) else NO_GUARDS,
                stagger_us=self.of((0, 0, 15, 700)) * SECOND_US,
            )
            for name in SPEAKERS[: self.seeded.randint(1, len(SPEAKERS))]
        )

    def choices(self) -> frozenset[Choice]:
        """They may go round in circles, be between classes, or name nothing that there is."""
        if self.one_in(2):
            return frozenset()
        return frozenset(Choice(self.of(NAMES), self.of(NAMES)) for _ in range(self.seeded.randint(1, 4)))

    def world(self, *, changing: bool, chosen: bool) -> World:
        several = trees(self.when.first + DAY)
        tree = self.of(several) if changing else several[0]
        known = self.contents()
        return World(
            zone=self.when.zone,
            tree=tree,
            schedules=tuple(self.schedule(name, known) for name in NAMES[: self.seeded.randint(1, len(NAMES))]),
            contents=known,
            places=self.places(tree),
            guards={one: self.of(GUARDS) for one in self.some(("p", "q", "a", "b", "b1"), 0, 2)},
            choices=self.choices() if chosen else frozenset(),
            holidays=frozenset(self.of(((), (self.when.first,), (self.when.first, self.when.first + DAY)))),
        )


def approved(schedule: Schedule, known: dict[str, Content], how: str) -> Schedule:
    """As it was approved: with all its changes, without them, in another way, or not."""
    content = known.get(schedule.content_id)
    if how == "none needed" or content is None:
        return replace(schedule, needs_approval=False)
    bindings = set[str]()
    if how in ("all", "series"):
        bindings.add(series_binding(schedule, content.master))
    if how == "all":
        for change in schedule.series.changes:
            if isinstance(change, Changed) and (heard := known.get(change.content_id or schedule.content_id)):
                bindings.add(occurrence_binding(schedule, heard.master, change))
    if how == "void":
        bindings.add(series_binding(schedule, "another master"))
    return replace(schedule, approved=frozenset(bindings))


whens = st.sampled_from(WHENS)
seeds = st.integers(0, 2**40)


def worlds(when: When, *, changing: bool = True, chosen: bool = True, long: bool = False) -> st.SearchStrategy[World]:
    """``changing``: areas may change on the second day. ``chosen``: somebody may have chosen between schedules.
    ``long``: items last for hours.
    """
    return seeds.map(lambda seed: Chance(random.Random(seed), when, long).world(changing=changing, chosen=chosen))
