"""Limits of what may be played, where: quiet hours, slots, minutes, volume. Stop and emergency alone pass them.

They hold at an area and everywhere below it, and only ever tighten: a looser value below has no effect. `*` in place
of an area is the whole station. Also who may approve their own, and the days off that the station itself adds.
"""

import re
from datetime import time
from typing import Annotated, Final

from msgspec import Meta, Struct

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.guarding import GuardPlace, PlaceGuards, PlaceKind
from controller.domain.rights import EVERYWHERE, Right
from controller.domain.schedules import OwnHoliday
from controller.web.api.endpoint import Body, Query, raises
from controller.web.api.plan_values import Day
from controller.web.api.values import Told
from controller.web.asking import Ask
from controller.web.guarding import guard_place_seen, limit_sources, place_name, without_effect
from controller.web.moments import day_of
from controller.web.rundownwords import guard_sentences
from schedules.guards import PRESETS, Guards, Quiet
from schedules.recurrence.holidays import named_holidays

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
MOST_QUIET: Final = 50
GUARD_CODES: Final = ("quiet_malformed", "quiet_too_many", "limit_malformed")

Clock = Annotated[str, Meta(max_length=10, description="Wall time of the station's zone: `21:30`.")]


class QuietHours(Struct, kw_only=True, forbid_unknown_fields=True):
    """Silence from ``begin`` until ``until``, over midnight where that is not later; where both are equal
    the whole day.

    ``weekdays`` are the days on which it begins, 0 is Monday; empty is every day.
    """

    begin: Clock
    until: Clock
    weekdays: Annotated[list[int], Meta(max_length=7)] = []


class Limits(Struct, kw_only=True, forbid_unknown_fields=True):
    """Null is no limit. A day is one of the station's zone."""

    quiet: Annotated[list[QuietHours], Meta(max_length=MOST_QUIET)] = []
    slots_a_day: int | None = None
    slot_minutes: int | None = None
    day_minutes: int | None = None
    max_volume_percent: int | None = None


class LimitsBody(Body, kw_only=True):
    """What is to hold at this place itself, whole: what is left out is no limit of its own."""

    limits: Limits
    revision: (
        Annotated[int, Meta(description="The revision that was looked at: another one now is refused.")] | None
    ) = None


class PlaceTold(Told):
    """An area, or a speaker; the area `*` is the whole station."""

    kind: PlaceKind
    place_id: str
    name: str


class SourceTold(Told):
    """One limit in force, in words, and the place that it comes from."""

    sentence: str
    place: PlaceTold


class SelfApprovalTold(Told):
    """Whether persons may approve their own there. ``own`` is what was set at this area itself; null leaves it to what
    is wider, in the end to the rule of the house: only where exactly one person may approve (``approvers``).
    """

    own: bool | None
    allowed: bool
    set_at: PlaceTold | None
    approvers: int


class GuardsTold(Told):
    """``own`` is what was set at this place itself, ``effective`` what holds there with all that stands above it."""

    place: PlaceTold
    own: Limits
    effective: Limits
    sources: list[SourceTold]
    without_effect: list[str]
    self_approval: SelfApprovalTold | None
    revision: int
    changed_by: str
    changed_at_us: int


class PlacesTold(Told):
    """Every place where something was set, as far as one may see it."""

    places: list[PlaceTold]


class PresetTold(Told):
    """What a station may begin with."""

    name: str
    limits: Limits
    sentences: list[str]


class PresetsTold(Told):
    presets: list[PresetTold]


class SelfApprovalBody(Body):
    """Null leaves it to what is wider."""

    allowed: bool | None


class HolidaysQuery(Query):
    """Of which year; this one where none is given."""

    year: Annotated[int, Meta(ge=1900, le=2199)]


class HolidayTold(Told):
    """A day off. ``own``: the station added it; else the law states it."""

    day: Day
    name: str
    own: bool


class HolidaysTold(Told):
    """By day."""

    holidays: list[HolidayTold]


class HolidayBody(Body):
    """What the day is called."""

    name: Annotated[str, Meta(max_length=20_000)]


# --- between the API and the domain -----------------------------------------------------------------------------------


def guards_of(limits: Limits) -> Guards:
    """Raises `Invalid` (``quiet_malformed``)."""
    return Guards(
        quiet=tuple(
            Quiet(_clock(one.begin), _clock(one.until), tuple(sorted(set(one.weekdays)))) for one in limits.quiet
        ),
        slots_a_day=limits.slots_a_day,
        slot_minutes=limits.slot_minutes,
        day_minutes=limits.day_minutes,
        max_volume_percent=limits.max_volume_percent,
    )


def _clock(written: str) -> time:
    if not _CLOCK.fullmatch(written):
        raise Invalid(f"{written[:10]} is no time of day", code="quiet_malformed")
    return time.fromisoformat(written)


def limits_told(guards: Guards) -> Limits:
    return Limits(
        quiet=[
            QuietHours(begin=f"{one.begin:%H:%M}", until=f"{one.until:%H:%M}", weekdays=list(one.weekdays))
            for one in guards.quiet
        ],
        slots_a_day=guards.slots_a_day,
        slot_minutes=guards.slot_minutes,
        day_minutes=guards.day_minutes,
        max_volume_percent=guards.max_volume_percent,
    )


async def place_told(ask: Ask, place: GuardPlace) -> PlaceTold:
    """With its name, in the language of whoever asks."""
    return PlaceTold(kind=place.kind, place_id=place.place_id, name=await place_name(ask, place))


async def _told(ask: Ask, own: PlaceGuards) -> GuardsTold:
    effective = await ask.parts.guards.effective(own.place)
    return GuardsTold(
        place=await place_told(ask, own.place),
        own=limits_told(own.guards),
        effective=limits_told(effective.guards),
        sources=[
            SourceTold(sentence=said, place=await place_told(ask, place))
            for said, place in limit_sources(effective, ask.say)
        ],
        without_effect=list(without_effect(own.guards, effective, own.place, ask.say)),
        self_approval=await _self_approval(ask, own) if own.place.kind is PlaceKind.AREA else None,
        revision=own.revision,
        changed_by=own.changed_by,
        changed_at_us=own.changed_at_us,
    )


async def _self_approval(ask: Ask, own: PlaceGuards) -> SelfApprovalTold:
    found = await ask.parts.guards.self_approval(AreaId(own.place.place_id))
    return SelfApprovalTold(
        own=own.self_approval,
        allowed=found.allowed,
        set_at=None if found.set_at is None else await place_told(ask, found.set_at),
        approvers=found.approvers,
    )


# --- the endpoints ----------------------------------------------------------------------------------------------------


async def list_guards(ask: Ask) -> PlacesTold:
    """Where limits were set."""
    seen = [one for one in await ask.parts.guards.all() if await guard_place_seen(ask, one.place)]
    return PlacesTold(places=[await place_told(ask, one.place) for one in seen])


async def list_guard_presets(ask: Ask) -> PresetsTold:
    """What stations in the country and in towns usually begin with."""
    return PresetsTold(
        presets=[
            PresetTold(name=name, limits=limits_told(guards), sentences=list(guard_sentences(guards, ask.say)))
            for name, guards in PRESETS.items()
        ]
    )


@raises(NotFound, "area_unknown")
async def get_area_guards(ask: Ask, area_id: AreaId) -> GuardsTold:
    """The limits of an area: its own, and what holds there."""
    return await _told(ask, await ask.parts.guards.get(GuardPlace.area(area_id)))


@raises(NotFound, "area_unknown")
@raises(Invalid, *GUARD_CODES)
@raises(Refused, "changed_meanwhile")
async def set_area_guards(ask: Ask, area_id: AreaId, body: LimitsBody) -> GuardsTold:
    """Set the limits of an area.

    They hold below it, too. Speakers get them at once, and keep them without a connection.
    """
    put = await ask.parts.guards.put(
        GuardPlace.area(area_id), guards_of(body.limits), ask.known_actor, revision=body.revision
    )
    return await _told(ask, put)


@raises(NotFound, "not_found", "speaker_unknown")
async def get_speaker_guards(ask: Ask, speaker_id: SpeakerId) -> GuardsTold:
    """The limits of one speaker: its own, and what holds there."""
    return await _told(ask, await ask.parts.guards.get(GuardPlace.speaker(speaker_id)))


@raises(NotFound, "not_found", "speaker_unknown")
@raises(Invalid, *GUARD_CODES)
@raises(Refused, "changed_meanwhile")
async def set_speaker_guards(ask: Ask, speaker_id: SpeakerId, body: LimitsBody) -> GuardsTold:
    """Set the limits of one speaker, beside those of its areas."""
    put = await ask.parts.guards.put(
        GuardPlace.speaker(speaker_id), guards_of(body.limits), ask.known_actor, revision=body.revision
    )
    return await _told(ask, put)


@raises(NotFound, "area_unknown")
async def set_self_approval(ask: Ask, area_id: AreaId, body: SelfApprovalBody) -> GuardsTold:
    """Say whether persons may approve their own in an area.

    Whoever does is recorded as such.
    """
    return await _told(ask, await ask.parts.guards.set_self_approval(area_id, body.allowed, ask.known_actor))


async def list_holidays(ask: Ask, query: HolidaysQuery) -> HolidaysTold:
    """The holidays of a year: what the law states, and what the station added."""
    number = 0 if ask.say.language == "vi" else 1
    told = [
        HolidayTold(day=day.isoformat(), name=names[number], own=False)
        for day, names in named_holidays(query.year).items()
    ]
    told += [_holiday_told(one) for one in await ask.parts.guards.holidays() if one.day.year == query.year]
    return HolidaysTold(holidays=sorted(told, key=lambda one: (one.day, one.own)))


def _holiday_told(one: OwnHoliday) -> HolidayTold:
    return HolidayTold(day=one.day.isoformat(), name=one.name, own=True)


@raises(Invalid, "day_malformed", "holiday_name_missing", "name_too_long", "rule_out_of_years")
@raises(Refused, "too_many_holidays")
async def set_holiday(ask: Ask, day: Day, body: HolidayBody) -> HolidayTold:
    """Add a day off of the station's own, or give it another name.

    Schedules that leave out holidays leave it out, too.
    """
    ask.require(Right.SET_GUARDS, EVERYWHERE)
    return _holiday_told(await ask.parts.guards.set_holiday(day_of(day), body.name, ask.known_actor))


@raises(Invalid, "day_malformed")
async def remove_holiday(ask: Ask, day: Day) -> None:
    """Take a day off of the station's own away. Those that the law states stay."""
    ask.require(Right.SET_GUARDS, EVERYWHERE)
    await ask.parts.guards.remove_holiday(day_of(day), ask.known_actor)
