"""The one total order: what sounds when two airings want the same horn.

A stop goes before everything and is no airing, so it is not ranked here: who holds a stop asks nobody. Below it,
emergency > drill > live > priority > ordinary > test. Inside a class the lower rank goes first (rank 1 before rank 2),
then the older. Among emergencies one that names another in ``references`` beats it, then rank (severity: the most
severe is lowest), then the *newer*. The id breaks the last tie, so that both sides always agree.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class AirClass(StrEnum):
    """The classes in order: the first goes before all after it."""

    EMERGENCY = "emergency"
    DRILL = "drill"
    LIVE = "live"
    PRIORITY = "priority"
    ORDINARY = "ordinary"
    TEST = "test"


_PLACES = {air_class: place for place, air_class in enumerate(AirClass)}


def place_of(air_class: AirClass) -> int:
    """0 for the class that goes before all others, and so on."""
    return _PLACES[air_class]


@dataclass(frozen=True, slots=True)
class Claim:
    """One airing's claim to the air.

    ``since_us`` is the instant it was planned for, which says what is older. ``references`` names the emergencies that
    this one replaces; it counts between emergencies only.
    """

    airing_id: str
    air_class: AirClass
    rank: int
    since_us: int
    references: frozenset[str] = frozenset()


def _key(claim: Claim) -> tuple[int, int, int, str]:
    newer_first = claim.air_class is AirClass.EMERGENCY
    age = -claim.since_us if newer_first else claim.since_us
    return _PLACES[claim.air_class], claim.rank, age, claim.airing_id


def _replaces(one: Claim, other: Claim) -> bool:
    both = one.air_class is AirClass.EMERGENCY and other.air_class is AirClass.EMERGENCY
    return both and one.airing_id != other.airing_id and other.airing_id in one.references


def in_order(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Every claim, first the one that has the air.

    References that go round in a circle decide nothing: the rest of the order does.
    """
    left = sorted(claims, key=_key)
    ordered: list[Claim] = []
    while left:
        free = [claim for claim in left if not any(_replaces(other, claim) for other in left)]
        ordered.append(free[0] if free else left[0])
        left.remove(ordered[-1])
    return tuple(ordered)


def goes_before(one: Claim, other: Claim) -> bool:
    """Whether ``one`` takes the air from ``other``. Never true of both ways round, nor of a claim and itself."""
    return one.airing_id != other.airing_id and in_order((one, other))[0] is one
