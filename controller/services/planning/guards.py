"""Guards at areas, speakers and the whole station; who may approve their own; the station's own holidays.

Guards only ever tighten downwards: what stands at a wider area holds below it whatever stands there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain import texts
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.guarding import STATION, FirstGuards, GuardPlace, PlaceGuards, PlaceKind
from controller.domain.rights import Actor
from controller.domain.schedules import OwnHoliday
from controller.ports import Transaction
from controller.services.events import PlansChanged
from controller.services.office import Office
from controller.services.planning.self_approval import Approvers, SelfApproval
from schedules.guards import NO_GUARDS, PRESETS, Guards, GuardsError, Quiet, check, tightened
from schedules.recurrence.zones import FIRST_YEAR, LAST_YEAR

MOST_HOLIDAYS: Final = 500
FIRST_GUARDS_KEY: Final = "first_guards"
"""What the station began with, so that it is asked once."""
_LOA: Final = "Loa"

__all__ = ["Effective", "GuardDesk", "SelfApproval", "effective_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Effective:
    """What holds at a place, and which place each limit comes from; None where there is no such limit."""

    guards: Guards
    quiet_from: tuple[tuple[Quiet, GuardPlace], ...] = ()
    slots_a_day_from: GuardPlace | None = None
    slot_minutes_from: GuardPlace | None = None
    day_minutes_from: GuardPlace | None = None
    max_volume_from: GuardPlace | None = None


class GuardDesk:
    """Every method raises `StoreFailed` too. Whoever calls has seen to it that ``by`` may set guards there."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._store = office.store
        self._clock = office.clock

    async def begin(self) -> None:
        """At every start: a station that is new gets its first guards, and none ever again. One that had speakers or
        bulletins before there were guards stays without.
        """
        first = self._office.settings.first_guards
        async with self._store.transaction() as tx:
            if await tx.station_settings.get(FIRST_GUARDS_KEY) is not None:
                return
            old = await tx.speakers.all() or await tx.bulletins.latest(1) or await tx.airings.latest(1)
            await tx.station_settings.put(FIRST_GUARDS_KEY, (FirstGuards.NONE if old else first).value)
            if old or first is FirstGuards.NONE:
                return
            made = PlaceGuards(
                place=STATION,
                guards=PRESETS[first.value],
                revision=1,
                changed_by=_LOA,
                changed_at_us=self._clock.now_us(),
            )
            await tx.guard_rows.put(made)

    async def get(self, place: GuardPlace) -> PlaceGuards:
        """What was set at this place itself. Raises `NotFound` (``area_unknown``, ``speaker_unknown``)."""
        async with self._store.reading() as tx:
            await self._path(tx, place)
            return await tx.guard_rows.get(place)

    async def all(self) -> tuple[PlaceGuards, ...]:
        """Every place where something is set."""
        async with self._store.reading() as tx:
            rows = await tx.guard_rows.all()
        return tuple(row for row in rows if row.guards != NO_GUARDS or row.self_approval is not None)

    async def put(self, place: GuardPlace, guards: Guards, by: Actor, *, revision: int | None = None) -> PlaceGuards:
        """Raises `NotFound`, `Invalid` (the codes of `GuardsError`), `Refused` (``changed_meanwhile``)."""
        try:
            check(guards)
        except GuardsError as error:
            raise Invalid(str(error), code=error.code) from error
        kept = tightened(NO_GUARDS, guards)
        async with self._store.transaction() as tx:
            await self._path(tx, place)
            former = await tx.guard_rows.get(place)
            if revision not in {None, former.revision}:
                raise Refused(f"they are at revision {former.revision}", code="changed_meanwhile")
            put = await self._keep(tx, replace(former, guards=kept), by)
            await tx.deeds.add(self._deed(DeedKind.SET_GUARDS, by, place.place_id, _said(kept)))
        self._tell()
        return put

    async def effective(self, place: GuardPlace) -> Effective:
        """What holds there, all that stands above it included. Raises `NotFound`."""
        async with self._store.reading() as tx:
            along = await self._path(tx, place)
            rows = {row.place: row.guards for row in await tx.guard_rows.all()}
        return effective_of([(one, rows[one]) for one in along if one in rows])

    async def self_approval(self, area_id: AreaId) -> SelfApproval:
        """Raises `NotFound`."""
        async with self._store.reading() as tx:
            return await (await Approvers.read(self._office.areas, tx)).policy(area_id)

    async def set_self_approval(self, area_id: AreaId, allowed: bool | None, by: Actor) -> PlaceGuards:
        """None leaves it to what is wider. `EVERYWHERE` is the whole station. Raises `NotFound`."""
        place = GuardPlace.area(area_id)
        async with self._store.transaction() as tx:
            await self._path(tx, place)
            put = await self._keep(tx, replace(await tx.guard_rows.get(place), self_approval=allowed), by)
            said = {None: "unset", True: "allowed", False: "not allowed"}[allowed]
            await tx.deeds.add(self._deed(DeedKind.SET_SELF_APPROVAL, by, area_id, said))
        self._tell()
        return put

    async def holidays(self) -> tuple[OwnHoliday, ...]:
        """The station's own, by day."""
        async with self._store.reading() as tx:
            return await tx.holidays.all()

    async def set_holiday(self, day: date, name: str, by: Actor) -> OwnHoliday:
        """Raises `Invalid` (``holiday_name_missing``, ``name_too_long``, ``rule_out_of_years``), `Refused`
        (``too_many_holidays``).
        """
        if not texts.clean(name):
            raise Invalid("a holiday needs a name", code="holiday_name_missing")
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise Invalid(f"a year from {FIRST_YEAR} to {LAST_YEAR}", code="rule_out_of_years")
        holiday = OwnHoliday(day=day, name=texts.name(name), by=by.name, at_us=self._clock.now_us())
        async with self._store.transaction() as tx:
            known = {one.day for one in await tx.holidays.all()}
            if day not in known and len(known) >= MOST_HOLIDAYS:
                raise Refused(f"at most {MOST_HOLIDAYS}", code="too_many_holidays")
            await tx.holidays.put(holiday)
            await tx.deeds.add(self._deed(DeedKind.SET_HOLIDAY, by, "", f"{day} {holiday.name}"))
        self._tell()
        return holiday

    async def remove_holiday(self, day: date, by: Actor) -> None:
        """Nothing where it is none."""
        async with self._store.transaction() as tx:
            if day not in {one.day for one in await tx.holidays.all()}:
                return
            await tx.holidays.remove(day)
            await tx.deeds.add(self._deed(DeedKind.SET_HOLIDAY, by, "", f"{day} removed"))
        self._tell()

    async def _keep(self, tx: Transaction, guards: PlaceGuards, by: Actor) -> PlaceGuards:
        now_us = self._clock.now_us()
        guards = replace(guards, revision=guards.revision + 1, changed_by=by.name, changed_at_us=now_us)
        await tx.guard_rows.put(guards)
        return guards

    async def _path(self, tx: Transaction, place: GuardPlace) -> tuple[GuardPlace, ...]:
        """The places whose guards hold here: the whole station, the areas down to it, itself."""
        if place == STATION:
            return (STATION,)
        if place.kind is PlaceKind.AREA:
            areas = await self._office.areas.path(tx, AreaId(place.place_id))
            return (STATION, *map(GuardPlace.area, areas))
        found = await tx.speakers.several([SpeakerId(place.place_id)])
        if SpeakerId(place.place_id) not in found:
            raise NotFound(f"no speaker {place.place_id}", code="speaker_unknown")
        areas = await self._office.areas.path(tx, found[SpeakerId(place.place_id)].area_id)
        return (STATION, *map(GuardPlace.area, areas), place)

    def _deed(self, what: DeedKind, by: Actor, subject: str, detail: str) -> Deed:
        return Deed(at_us=self._clock.now_us(), by=by.name, what=what, subject=subject, detail=detail)

    def _tell(self) -> None:
        self._office.planning.wake()
        self._office.events.publish(PlansChanged())


def effective_of(rows: list[tuple[GuardPlace, Guards]]) -> Effective:
    """Of rows from the widest place down. Where two places say the same, the wider one is named."""
    whole, quiet = NO_GUARDS, dict[Quiet, GuardPlace]()
    for place, guards in rows:
        whole = tightened(whole, guards)
        for one in guards.quiet:
            quiet.setdefault(one, place)

    def origin(limit: Callable[[Guards], int | None]) -> GuardPlace | None:
        lowest = limit(whole)
        return None if lowest is None else next(place for place, guards in rows if limit(guards) == lowest)

    return Effective(
        guards=whole,
        quiet_from=tuple(quiet.items()),
        slots_a_day_from=origin(lambda guards: guards.slots_a_day),
        slot_minutes_from=origin(lambda guards: guards.slot_minutes),
        day_minutes_from=origin(lambda guards: guards.day_minutes),
        max_volume_from=origin(lambda guards: guards.max_volume_percent),
    )


def _said(guards: Guards) -> str:
    """For the log: ``quiet 21:30-05:00 slots 3 slot 45 min day 135 min volume 80 %``."""
    said = [f"quiet {one.begin:%H:%M}-{one.until:%H:%M}{_weekdays(one)}" for one in guards.quiet]
    limits = (
        ("slots {}", guards.slots_a_day),
        ("slot {} min", guards.slot_minutes),
        ("day {} min", guards.day_minutes),
        ("volume {} %", guards.max_volume_percent),
    )
    return " ".join([*said, *(form.format(limit) for form, limit in limits if limit is not None)]) or "none"


def _weekdays(quiet: Quiet) -> str:
    return f" on {','.join(map(str, quiet.weekdays))}" if quiet.weekdays else ""
