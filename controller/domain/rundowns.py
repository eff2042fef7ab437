"""What one speaker is to play over the next days, from the airings that are planned."""

from collections.abc import Iterable
from dataclasses import dataclass

from agents.protocol.documents import Rundown
from agents.protocol.values import PlannedAiring
from agents.protocol.version import MAX_AIRINGS_A_RUNDOWN
from controller.domain.airings import Airing, AiringState

_DAY_US = 86_400_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The contents of a rundown, before it has a number and a signature. Instants in controller time."""

    from_us: int
    until_us: int
    airings: tuple[PlannedAiring, ...]


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
    )


def compile_plan(airings: Iterable[Airing], now_us: int, window_us: int) -> Plan:
    """Of one speaker's airings those that are planned and not over, the earliest first.

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
    planned = tuple(planned_airing(one) for one in wanted[:MAX_AIRINGS_A_RUNDOWN])
    first_us = min((one.start_at_us for one in planned if one.start_at_us is not None), default=now_us)
    return Plan(from_us=min(now_us, first_us), until_us=until_us, airings=planned)


def outdated(signed: Rundown | None, plan: Plan) -> bool:
    """True when a new rundown must be signed: airings differ, or the old one reaches a day less far."""
    if signed is None:
        return bool(plan.airings)
    return signed.airings != plan.airings or plan.until_us - signed.until_us > _DAY_US
