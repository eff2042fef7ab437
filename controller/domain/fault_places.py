"""When the faults of many speakers are one: most of an area went together.

A speaker that is lost was there at ``until`` minus the silence limit of its profile, and was not at ``until``: it went
somewhere in between. Those that went together are those of which some stretch of the allowed length meets all.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agents.protocol.ids import SpeakerId
from controller.domain.fault_watch import FaultLimits


@dataclass(frozen=True, slots=True)
class Gone:
    """One that has no link: it went after ``after_us``, and at ``until_us`` at the latest."""

    after_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class Together:
    """Who went from ``since_us`` on within the allowed stretch."""

    since_us: int
    members: frozenset[SpeakerId]


def together(gone: Mapping[SpeakerId, Gone], speakers: int, limits: FaultLimits) -> Together | None:
    """The most of an area's ``speakers`` that went together, where they are most of those that were there; the later
    of several that are as many.
    """
    if len(gone) < limits.area_least:
        return None
    ends = sorted(one.until_us for one in gone.values())
    begins = sorted(one.after_us for one in gone.values())
    best, since_us = 0, 0
    for at_us in ends:
        before = bisect_left(ends, at_us)
        count = bisect_right(begins, at_us + limits.area_within_us) - before
        if count >= best and count >= limits.area_least and count >= limits.area_share * (speakers - before):
            best, since_us = count, at_us
    if not best:
        return None
    last_us = since_us + limits.area_within_us
    members = frozenset(who for who, one in gone.items() if one.until_us >= since_us and one.after_us <= last_us)
    return Together(since_us, members)


def most_are_back(out: int, members: int, limits: FaultLimits) -> bool:
    """Whether so few of those that went are still out that it is no fault of the area any more."""
    return out <= (1 - limits.area_share) * members


def joins(one: Gone, since_us: int) -> bool:
    """Whether one that is gone went when the others did, or later: while an area's fault is open it is part of it."""
    return one.until_us >= since_us


def first_of(instants: Iterable[int | None]) -> int | None:
    """The earliest of those that there are."""
    known = [one for one in instants if one is not None]
    return min(known) if known else None
