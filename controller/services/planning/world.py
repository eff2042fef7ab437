"""The world as the planner compiles it: read from the store in one go, so that it is of one instant.

What is planned directly, without a schedule, or was sent at once, takes part as a schedule of its own that is heard
once: what has less weight gives way to it, and its slot and minutes are counted. It needs no approval, for whoever sent
it could give one, and no airing: it has one.
"""

import asyncio
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from operator import is_
from typing import Final, TypeVar

from agents.protocol import values as wire
from agents.protocol.ids import AreaId, SpeakerId
from agents.protocol.values import AiringClass
from controller.domain.airings import Airing
from controller.domain.groups import NO_GROUPS, Grouping, groupings
from controller.domain.planning import Due, Heard, Terms
from controller.domain.schedules import PlannedSchedule
from controller.domain.speakers import Speaker, SpeakerState
from controller.ports import Transaction
from controller.services.areabook import AreaBook
from controller.services.planning.planned import Plans, guards_by_area, guards_by_speaker, own_holidays, read_plans
from schedules.areas import AreaTree
from schedules.guards import NO_GUARDS, Guards
from schedules.precedence import AirClass
from schedules.recurrence.holidays import public_holidays
from schedules.recurrence.rule import Rule, Series
from schedules.rundown.items import UNLESS_STATED, lengths
from schedules.schedule import Content, OnInterrupted, Place, Schedule, Target, World

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_DIRECT: Final = "direct:"
_NOTHING: Final = AreaTree()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS_AHEAD: Final = 2
_AT_ONCE: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What was read: the world, and what its airings consist of. ``planned`` are its schedules as the desk keeps them,
    by id; ``sources`` are the bulletins and programmes that it depends on; ``stopped`` is where persons stopped what.
    """

    world: World
    terms: Mapping[str, Terms] = field(default_factory=dict)
    contents: Mapping[str, Heard] = field(default_factory=dict)
    planned: Mapping[str, PlannedSchedule] = field(default_factory=dict)
    sources: frozenset[str] = frozenset()
    stopped: Mapping[Due, AbstractSet[SpeakerId]] = field(default_factory=dict)


def nothing(zone: str) -> Reading:
    """Before anything was read."""
    return Reading(world=World(zone=zone, tree=_NOTHING, schedules=(), contents={}, places=()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is to be read, and for which days. What ended before ``since_us`` plays no part any more."""

    zone: str
    now_us: int
    since_us: int
    first: date


async def read_world(tx: Transaction, areas: AreaBook, asked: Asked, before: Reading) -> Reading:
    """Everything a rundown depends on. Speakers that are as they were ``before`` are the same object, which saves the
    compiler looking at each. Raises `StoreFailed`.
    """
    plans = await read_plans(tx, asked.since_us, asked.now_us)
    places = await _places(tx, before.world.places)
    await areas.knowing(tx, {AreaId(place.area_id) for place in places})
    tree = areas.history()
    stopped = await tx.planned_airings.stopped(asked.since_us)
    direct = [_direct(one, asked.now_us) for one in await tx.planned_airings.direct(asked.since_us)]
    world = World(
        zone=asked.zone,
        tree=tree,
        schedules=(*plans.schedules, *(schedule for schedule, _ in direct)),
        contents=plans.contents | {content.content_id: content for _, content in direct},
        places=places,
        guards=await guards_by_area(tx, tree),
        choices=plans.choices,
        holidays=public_holidays(asked.first.year - 1, asked.first.year + _YEARS_AHEAD) | await own_holidays(tx),
        stopped=stopped,
    )
    return Reading(
        world=world,
        terms=_terms(plans),
        contents=_heard(plans),
        planned={one.schedule_id: one for one in plans.planned},
        sources=frozenset(source for known in plans.known.values() for source in known.sources),
        stopped=stopped,
    )


def taken_over(before: Reading, now: Reading) -> Reading:
    """What was read ``now``, with whatever is as it was ``before`` being the same object: then all who look for what
    differs, the compiler first of them, see it at once.
    """
    known = {one.schedule_id: one for one in before.world.schedules}
    world = replace(
        now.world,
        schedules=tuple(_as_before(known.get(one.schedule_id), one) for one in now.world.schedules),
        contents=_taken_over(before.world.contents, now.world.contents),
        guards=_taken_over(before.world.guards, now.world.guards),
        choices=_as_before(before.world.choices, now.world.choices),
        holidays=_as_before(before.world.holidays, now.world.holidays),
    )
    return replace(
        now,
        world=world,
        terms=_taken_over(before.terms, now.terms),
        contents=_taken_over(before.contents, now.contents),
        planned=_taken_over(before.planned, now.planned),
    )


def _taken_over(before: Mapping[_Key, _Value], now: Mapping[_Key, _Value]) -> dict[_Key, _Value]:
    return {name: _as_before(before.get(name), value) for name, value in now.items()}


def _as_before(before: _Value | None, now: _Value) -> _Value:
    return before if before is not None and before == now else now


def is_direct(schedule_id: str) -> bool:
    """Whether this stands for something that was planned without a schedule."""
    return schedule_id.startswith(_DIRECT)


# --- what is planned --------------------------------------------------------------------------------------------------


def _terms(plans: Plans) -> dict[str, Terms]:
    return {
        schedule.schedule_id: Terms(
            airing_class=AiringClass(schedule.air_class.value),
            rank=schedule.rank,
            planned_by=planned.planned_by,
            on_interrupted=wire.OnInterrupted((schedule.on_interrupted or UNLESS_STATED[schedule.air_class]).value),
            room_us=lengths(schedule, plans.known[schedule.content_id].summary.duration_us)[1],
        )
        for planned, schedule in zip(plans.planned, plans.schedules, strict=True)
    }


def _heard(plans: Plans) -> dict[str, Heard]:
    return {
        content_id: Heard(
            content_id=known.heard.content_id,
            title=known.heard.title,
            revision=known.heard.revision,
            sequence=known.heard.sequence,
        )
        for content_id, known in plans.known.items()
        if known.heard is not None
    }


def _direct(airing: Airing, now_us: int) -> tuple[Schedule, Content]:
    start_us = airing.start_at_us or now_us
    wall = (_EPOCH + timedelta(microseconds=start_us)).replace(tzinfo=None)
    name = f"{_DIRECT}{airing.airing_id}"
    content = Content(content_id=name, title=airing.title, master="", duration_us=airing.duration_us)
    schedule = Schedule(
        schedule_id=name,
        content_id=name,
        target=Target(speakers=tuple(airing.speaker_ids)),
        series=Series(rule=Rule(zone="UTC", start=wall)),
        since_us=airing.planned_at_us,
        air_class=AirClass(airing.airing_class.value),
        rank=airing.rank,
        on_interrupted=OnInterrupted.DROP,
        needs_approval=False,
    )
    return schedule, content


# --- places -----------------------------------------------------------------------------------------------------------


async def _places(tx: Transaction, before: tuple[Place, ...]) -> tuple[Place, ...]:
    guards, grouped = await guards_by_speaker(tx), groupings(await tx.groups.all())
    speakers = [speaker for speaker in await tx.speakers.all() if speaker.state is SpeakerState.ADOPTED]
    known = {place.speaker_id: place for place in before}
    found: list[Place] = []
    for number, speaker in enumerate(speakers, 1):
        grouping = grouped.get(speaker.speaker_id, NO_GROUPS)
        own = guards.get(speaker.speaker_id, NO_GUARDS)
        found.append(_place(speaker, grouping, own, known.get(speaker.speaker_id)))
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)  # links and pages go on in between
    return before if len(found) == len(before) and all(map(is_, found, before)) else tuple(found)


def _place(speaker: Speaker, grouping: Grouping, guards: Guards, before: Place | None) -> Place:
    made = Place(
        speaker_id=speaker.speaker_id,
        area_id=speaker.area_id,
        groups=tuple(grouping.group_ids),
        guards=guards,
        stagger_us=speaker.delay_us + grouping.stagger_us,
    )
    return before if before == made else made
