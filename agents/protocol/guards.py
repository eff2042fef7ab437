"""Guards on the wire: when a speaker must be silent, and how much it may be used; see `schedules.guards`."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from agents.protocol.values import MicrosNatural, Natural, Percent
from agents.protocol.version import MAX_FORBIDDEN, MAX_GUARDED_DAYS


class Stretch(Struct, frozen=True, kw_only=True):
    """From an instant of controller time until another, which is not in it."""

    from_us: MicrosNatural
    until_us: MicrosNatural


class GuardedDay(Struct, frozen=True, kw_only=True):
    """How much may be played of what begins between two instants of controller time; None is no limit."""

    from_us: MicrosNatural
    until_us: MicrosNatural
    budget_us: MicrosNatural | None = None
    slots: Natural | None = None


class WireGuards(Struct, frozen=True, kw_only=True):
    """When a speaker must be silent, how much it may be used, and how loud. Stop and emergency alone pass them."""

    forbidden: Annotated[tuple[Stretch, ...], Meta(max_length=MAX_FORBIDDEN)] = ()
    days: Annotated[tuple[GuardedDay, ...], Meta(max_length=MAX_GUARDED_DAYS)] = ()
    max_volume_percent: Percent | None = None


class GuardDetail(StrEnum):
    """The ``detail`` of what was skipped as ``guarded``."""

    QUIET_HOURS = "quiet_hours"
    SLOTS_USED_UP = "slots_used_up"
    MINUTES_USED_UP = "minutes_used_up"
