"""A small station by hand: one commune with speakers, and schedules said in few words."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from schedules.areas import Area, AreaTree
from schedules.guards import Guards
from schedules.precedence import AirClass
from schedules.recurrence.rule import Frequency, Rule, Series
from schedules.rundown.compile import Compiler
from schedules.rundown.values import Line, Outcome, Played
from schedules.schedule import Choice, Content, Place, Schedule, Target, World

VIETNAM = "Asia/Ho_Chi_Minh"
MONDAY = date(2026, 11, 23)
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
PROVINCE, COMMUNE = "vn-1", "vn-1-1"


def instant(text: str, zone: str = VIETNAM) -> int:
    """Of a wall time such as ``2026-11-23 05:00``, or ``05:00`` of the Monday."""
    wall = datetime.fromisoformat(text if " " in text else f"{MONDAY} {text}")
    return int(wall.replace(tzinfo=ZoneInfo(zone)).timestamp()) * SECOND_US


def station(
    *schedules: Schedule,
    minutes: dict[str, float] | None = None,
    guards: dict[str, Guards] | None = None,
    places: Sequence[Place] = (),
    choices: Iterable[tuple[str, str]] = (),
    zone: str = VIETNAM,
    tree: AreaTree | None = None,
) -> World:
    """``minutes`` is how long each content lasts; what is not named lasts ten."""
    lasts = {one.content_id: 10.0 for one in schedules} | (minutes or {})
    areas = [
        Area(area_id=PROVINCE, parent_id=None, level="province", name="Tỉnh"),
        Area(area_id=COMMUNE, parent_id=PROVINCE, level="commune", name="Xã"),
    ]
    return World(
        zone=zone,
        tree=tree or AreaTree(areas),
        schedules=tuple(schedules),
        contents={
            name: Content(content_id=name, title=name, master=f"master of {name}", duration_us=round(long * MINUTE_US))
            for name, long in lasts.items()
        },
        places=tuple(places) or (Place(speaker_id="s", area_id=COMMUNE),),
        guards=guards or {},
        choices=frozenset(Choice(*one) for one in choices),
    )


def daily(name: str, wall: str, **fields: Any) -> Schedule:
    """Every day at this wall time from the Monday on, in the commune, with a content of its own name."""
    day = wall if " " in wall else f"{MONDAY} {wall}"
    rule = Rule(zone=fields.pop("zone", VIETNAM), start=datetime.fromisoformat(day), frequency=Frequency.DAILY)
    stated: dict[str, Any] = {
        "content_id": name,
        "target": Target(areas=(COMMUNE,)),
        "since_us": 1,
        "needs_approval": False,
    }
    return Schedule(schedule_id=name, series=Series(rule=rule), **(stated | fields))


def once(name: str, wall: str, **fields: Any) -> Schedule:
    schedule = daily(name, wall, **fields)
    return replace(schedule, series=Series(rule=replace(schedule.series.rule, frequency=Frequency.ONCE)))


def priority(name: str, wall: str, **fields: Any) -> Schedule:
    return once(name, wall, **({"air_class": AirClass.PRIORITY} | fields))


def lines(world: World, first: date = MONDAY, days: int = 1, speaker_id: str = "s") -> dict[str, Line]:
    """By item, or by schedule where it has but one."""
    found = Compiler(world, first, days).lines(speaker_id)
    counted = [line.item.schedule_id for line in found]
    return {
        line.item.schedule_id if counted.count(line.item.schedule_id) == 1 else line.item.item_id: line
        for line in found
    }


def outcomes(world: World, first: date = MONDAY, days: int = 1, speaker_id: str = "s") -> dict[str, Outcome]:
    return {name: line.outcome for name, line in lines(world, first, days, speaker_id).items()}


def heard(
    world: World, first: date = MONDAY, days: int = 1, speaker_id: str = "s"
) -> list[tuple[str, str, str, float]]:
    """What sounds: the schedule, from when until when by the clock of the zone, and from which second of it on."""
    compiler = Compiler(world, first, days)

    def clock(at_us: int) -> str:
        at = datetime.fromtimestamp(at_us / SECOND_US, ZoneInfo(world.zone))
        shown = f"{at:%H:%M:%S}".removesuffix(":00")
        later = (at.date() - first) // timedelta(days=1)
        return f"{later}d {shown}" if later else shown

    return [
        (
            compiler.item(segment.item_id).schedule_id,
            clock(segment.from_us),
            clock(segment.until_us),
            segment.offset_us / SECOND_US,
        )
        for segment in compiler.timeline(speaker_id)
    ]


def played(outcome: Outcome) -> Played:
    assert isinstance(outcome, Played), outcome
    return outcome
