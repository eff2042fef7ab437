"""Guards at areas, speakers and the whole station; who may approve their own; the station's own holidays.

Guards only ever tighten downwards: what stands at a wider area holds below it whatever stands there.
"""

from dataclasses import dataclass
from datetime import date

from agents.protocol.ids import AreaId
from controller.domain.guarding import GuardPlace, PlaceGuards
from controller.domain.rights import Actor
from controller.domain.schedules import OwnHoliday
from controller.services.office import Office
from schedules.guards import Guards, Quiet


@dataclass(frozen=True, kw_only=True, slots=True)
class Effective:
    """What holds at a place, and which place each limit comes from; None where there is no such limit."""

    guards: Guards
    quiet_from: tuple[tuple[Quiet, GuardPlace], ...] = ()
    slots_a_day_from: GuardPlace | None = None
    slot_minutes_from: GuardPlace | None = None
    day_minutes_from: GuardPlace | None = None
    max_volume_from: GuardPlace | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SelfApproval:
    """Whether persons may approve their own in an area. ``set_at`` is the place that says so; None is the rule of the
    house: only where exactly one active person may approve.
    """

    allowed: bool
    set_at: GuardPlace | None
    approvers: int


class GuardDesk:
    """Every method raises `StoreFailed` too. Whoever calls has seen to it that ``by`` may set guards there."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def get(self, place: GuardPlace) -> PlaceGuards:
        """What was set at this place itself. Raises `NotFound` (``area_unknown``, ``speaker_unknown``)."""
        raise NotImplementedError

    async def all(self) -> tuple[PlaceGuards, ...]:
        """Every place where something is set."""
        raise NotImplementedError

    async def put(self, place: GuardPlace, guards: Guards, by: Actor, *, revision: int | None = None) -> PlaceGuards:
        """Raises `NotFound`, `Invalid` (``guards_*`` of `schedules.guards`), `Refused` (``changed_meanwhile``)."""
        raise NotImplementedError

    async def effective(self, place: GuardPlace) -> Effective:
        """What holds there, all that stands above it included. Raises `NotFound`."""
        raise NotImplementedError

    async def self_approval(self, area_id: AreaId) -> SelfApproval:
        """Raises `NotFound`."""
        raise NotImplementedError

    async def set_self_approval(self, area_id: AreaId, allowed: bool | None, by: Actor) -> PlaceGuards:
        """None leaves it to what is wider. `EVERYWHERE` is the whole station. Raises `NotFound`."""
        raise NotImplementedError

    async def holidays(self) -> tuple[OwnHoliday, ...]:
        """The station's own, by day."""
        raise NotImplementedError

    async def set_holiday(self, day: date, name: str, by: Actor) -> OwnHoliday:
        """Raises `Invalid` (``name_empty``, ``name_too_long``, ``rule_out_of_years``), `Refused`
        (``too_many_holidays``).
        """
        raise NotImplementedError

    async def remove_holiday(self, day: date, by: Actor) -> None:
        """Nothing where it is none."""
        raise NotImplementedError
