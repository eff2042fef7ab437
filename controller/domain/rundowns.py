"""What one speaker is to play over the next days, from the airings that are planned, and the guards that hold there."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from agents.protocol.documents import Rundown
from agents.protocol.guards import GuardedDay, Stretch, WireGuards
from agents.protocol.values import PlannedAiring, RenditionName
from agents.protocol.version import MAX_AIRINGS_A_RUNDOWN, MAX_DOCUMENT_BYTES, MAX_FORBIDDEN, MAX_GUARDED_DAYS
from controller.domain.airings import Airing, AiringState
from schedules.guards import NO_GUARDS, Guards, forbidden

_DAY_US: Final = 86_400_000_000
_MINUTE_US: Final = 60_000_000
MOST_AIRINGS_BYTES: Final = MAX_DOCUMENT_BYTES - 65_536
"""What the airings of a rundown may take: the guards, at their most, need room besides."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The contents of a rundown, before it has a number and a signature. Instants in controller time; ``now_us`` is
    that of its making.
    """

    from_us: int
    until_us: int
    now_us: int = 0
    airings: tuple[PlannedAiring, ...]
    guards: WireGuards | None = None


def planned_airing(airing: Airing) -> PlannedAiring:
    """The airing as its speakers must play it."""
    return PlannedAiring(
        airing_id=airing.airing_id,
        bulletin_id=airing.content_id,
        title=airing.title,
        airing_class=airing.airing_class,
        rank=airing.rank,
        planned_at_us=airing.planned_at_us,
        start_at_us=airing.start_at_us,
        lateness_window_us=airing.lateness_window_us,
        sequence=airing.sequence,
        from_us=airing.from_us,
        play_us=airing.play_us,
        fade_us=airing.fade_us,
        on_interrupted=airing.on_interrupted,
        slot_ends_us=airing.slot_ends_us,
        times=airing.times,
        pause_us=airing.pause_us,
        references=airing.references,
    )


@dataclass(frozen=True, slots=True)
class Wired:
    """An airing as its speakers must play it, and how much of a rundown it takes."""

    planned: PlannedAiring
    size_bytes: int


def wired(airing: Airing) -> Wired:
    """`planned_airing` with its size, the comma behind it included."""
    planned = planned_airing(airing)
    return Wired(planned, len(msgspec.json.encode(planned)) + 1)


def compile_plan(
    airings: Iterable[Airing], now_us: int, window_us: int, wire: Callable[[Airing], Wired] = wired
) -> Plan:
    """Of one speaker's airings those that are planned and not over, the earliest first, as many as a document holds.
    ``wire`` is `wired`, or something that remembers what it said.

    One that sounds now stays in until it is over: leaving it out would withdraw it from a device that starts late.
    """
    until_us = now_us + window_us
    wanted = [
        airing
        for airing in airings
        if not airing.now
        and airing.state in {AiringState.PLANNED, AiringState.ON_AIR}
        and airing.start_at_us is not None
        and airing.start_at_us < until_us
        and airing.start_at_us + airing.duration_us + airing.lateness_window_us > now_us
    ]
    wanted.sort(key=lambda airing: (airing.start_at_us or 0, airing.planned_at_us, airing.airing_id))
    planned = tuple(_fitting(wire(one) for one in wanted[:MAX_AIRINGS_A_RUNDOWN]))
    first_us = min((one.start_at_us for one in planned if one.start_at_us is not None), default=now_us)
    return Plan(from_us=min(now_us, first_us), until_us=until_us, now_us=now_us, airings=planned)


def _fitting(airings: Iterable[Wired]) -> Iterator[PlannedAiring]:
    """The first of them: no device reads more. The others follow when these are over."""
    left_bytes = MOST_AIRINGS_BYTES
    for one in airings:
        left_bytes -= one.size_bytes
        if left_bytes < 0:
            return
        yield one.planned


def outdated(signed: Rundown | None, plan: Plan) -> bool:
    """True when a new rundown must be signed: airings or guards differ where both reach, or the old one reaches a day
    (or a quarter of all, where that is less) less far.

    That an airing is over, or that another comes into view at the far end, is no reason: with a dozen airings a day a
    rundown would be signed and pushed two dozen times, and each is more than a SIM card should carry in a day.
    """
    if signed is None:
        return bool(plan.airings) or plan.guards is not None
    if plan.until_us - signed.until_us > min(_DAY_US, (plan.until_us - plan.now_us) // 4):
        return True
    if signed.airings != plan.airings and _ahead(signed.airings, signed, plan) != _ahead(plan.airings, signed, plan):
        return True
    between = plan.from_us, signed.until_us
    return _between(signed.guards, *between) != _between(plan.guards, *between)


def _ahead(airings: Iterable[PlannedAiring], signed: Rundown, plan: Plan) -> list[PlannedAiring]:
    """Those of them that begin before the signed rundown ends, and are not over."""
    return [one for one in airings if (one.start_at_us or 0) < signed.until_us and not _over(one, plan.now_us)]


def _over(airing: PlannedAiring, now_us: int) -> bool:
    """Whether nothing of it can sound any more, as far as its plan goes."""
    if airing.start_at_us is None or airing.start_at_us >= now_us:
        return False
    return airing.start_at_us + airing.duration_us(RenditionName.OPUS24) <= now_us


# --- guards ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayGuards:
    """What holds on a speaker on one day of the station's zone, from its first instant to that of the next."""

    from_us: int
    until_us: int
    guards: Guards


def wire_guards(days: Sequence[DayGuards], zone: str) -> WireGuards | None:
    """The guards of these days, one after another, as the device keeps them; None where there are none. The volume is
    that of the quietest day.
    """
    days = days[:MAX_GUARDED_DAYS]
    quiet: list[Stretch] = []
    for day in days:
        for from_us, until_us in forbidden(day.guards, zone, day.from_us, day.until_us):
            if quiet and quiet[-1].until_us == from_us:
                quiet[-1] = Stretch(from_us=quiet[-1].from_us, until_us=until_us)
            else:
                quiet.append(Stretch(from_us=from_us, until_us=until_us))
    volumes = [day.guards.max_volume_percent for day in days if day.guards.max_volume_percent is not None]
    if all(day.guards == NO_GUARDS for day in days):
        return None
    return WireGuards(
        forbidden=tuple(quiet[:MAX_FORBIDDEN]),
        days=tuple(_counted(day) for day in days if (day.guards.slots_a_day, day.guards.day_minutes) != (None, None)),
        max_volume_percent=min(volumes, default=None),
    )


def _counted(day: DayGuards) -> GuardedDay:
    minutes = day.guards.day_minutes
    return GuardedDay(
        from_us=day.from_us,
        until_us=day.until_us,
        budget_us=None if minutes is None else minutes * _MINUTE_US,
        slots=day.guards.slots_a_day,
    )


def _between(guards: WireGuards | None, from_us: int, until_us: int) -> WireGuards:
    """What of the guards holds in a window: they reach over whole days, and the days go on."""
    if guards is None:
        return WireGuards()
    quiet = (
        Stretch(from_us=max(one.from_us, from_us), until_us=min(one.until_us, until_us))
        for one in guards.forbidden
        if one.from_us < until_us and from_us < one.until_us
    )
    return WireGuards(
        forbidden=tuple(quiet),
        days=tuple(day for day in guards.days if day.from_us < until_us and from_us < day.until_us),
        max_volume_percent=guards.max_volume_percent,
    )
