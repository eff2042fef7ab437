"""What areas become: mergers and splits, from a day on; and the day itself, when speakers are told where they stand."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from agents.protocol.ids import AreaId
from controller.domain import texts
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, StoreFailed
from controller.domain.speakers import Speaker
from controller.services.areabook import day_of, start_of, stored_tree
from controller.services.areas import change, own
from controller.services.events import FoundChanged, SpeakersChanged
from controller.services.office import Office
from controller.services.secretary import fresh_id
from controller.services.telling import Telling
from schedules import succession
from schedules.areas import Area, AreaTree
from schedules.succession import with_changes

_log = logging.getLogger(__name__)
_RETRY_US: Final = 60_000_000


@dataclass(frozen=True, slots=True)
class ToBePlaced:
    """What stands in an area that is no more and has no single successor: somebody has to say where it belongs."""

    speakers: tuple[Speaker, ...]
    areas: tuple[Area, ...]


class SuccessionDesk:
    """Every change raises `StoreFailed` too, and then nothing is changed. Areas of the country's list are changed only
    with ``country``: `Refused` (``area_of_country``) otherwise.
    """

    def __init__(self, office: Office, telling: Telling) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._planning = office.planning
        self._book = office.areas
        self._telling = telling

    async def merge(
        self, area_ids: Sequence[AreaId], into: AreaId | str, on: date, by: str, *, new: bool, country: bool = False
    ) -> tuple[Area, ...]:
        """Each of them goes into one that is there, or with ``new`` into one that begins that day with the name
        ``into``, beside the first of them and of its level.

        Raises `NotFound` (``area_unknown``), `Refused` (``area_of_country``), `Invalid` (``parts_too_few``,
        ``area_unknown``, ``area_closed``, ``area_changed_later``, ``area_in_itself``, ``area_name_taken``,
        ``name_empty``, ``name_too_long``).
        """

        def make(tree: AreaTree) -> tuple[Area, ...]:
            ending = [own(tree, area_id, country) for area_id in area_ids]
            if not ending:
                raise Invalid("nothing is merged", code="parts_too_few")
            target = _beside(tree, ending[0], into, on) if new else str(into)
            return change(lambda one: succession.merged(one, list(area_ids), target, on), tree)

        return await self._change(make, DeedKind.MERGE_AREAS, on, by)

    async def split(
        self, area_id: AreaId, names: Sequence[str], into: Sequence[AreaId], on: date, by: str, *, country: bool = False
    ) -> tuple[Area, ...]:
        """Areas with these names, of its level, begin that day in its place, and those of ``into`` take part of it.
        Speakers and areas in it wait to be placed (`to_be_placed`).

        Raises `NotFound` (``area_unknown``), `Refused` (``area_of_country``), `Invalid` as `merge` does.
        """

        def make(tree: AreaTree) -> tuple[Area, ...]:
            whole = own(tree, area_id, country)
            if missing := [one for one in into if one not in tree]:
                raise Invalid(f"no area {missing[0]}", code="area_unknown")
            parts = [*(tree.get(one) for one in into), *(_beside(tree, whole, name, on) for name in names)]
            return change(lambda one: succession.split(one, area_id, parts, on), tree)

        return await self._change(make, DeedKind.SPLIT_AREA, on, by)

    async def reopen(self, area_id: AreaId, by: str, *, country: bool = False) -> Area:
        """As if it had not ended. Raises `NotFound` (``area_unknown``), `Refused` (``area_of_country``), `Invalid`
        (``area_not_closed``, ``area_closed`` for what it lies in, ``area_name_taken``).
        """

        def make(tree: AreaTree) -> tuple[Area, ...]:
            own(tree, area_id, country)
            return (change(lambda one: succession.reopened(one, area_id), tree),)

        [area] = await self._change(make, DeedKind.REOPEN_AREA, self._today(), by)
        return area

    async def to_be_placed(self) -> ToBePlaced:
        """What stands in an area that has ended and was not merged. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            speakers = await tx.speakers.all()
            tree = await self._book.knowing(tx, {one.area_id for one in speakers})
        today = self._today()
        return ToBePlaced(
            speakers=tuple(one for one in speakers if self._book.standing(one.area_id).closed(today)),
            areas=tuple(
                one
                for one in tree
                if one.valid(today) and one.parent_id is not None and tree.get(one.parent_id).closed(today)
            ),
        )

    async def run(self) -> None:
        """On the day of a change that was planned before, tells everybody; until it is cancelled."""
        day = self._today()
        while True:
            await self._clock.sleep_until(start_of(day + timedelta(days=1)))
            today = self._today()
            try:
                if today > day:
                    await self._begin(day, today)
                    day = today
            except StoreFailed:
                _log.exception("areas that changed could not be told")
                await self._clock.sleep_until(self._clock.now_us() + _RETRY_US)

    async def _begin(self, before: date, today: date) -> None:
        history = self._book.history()
        self._announce()
        async with self._store.reading() as tx:
            standing = [one for one in await tx.areas.standing() if one in history]
        await self._telling.standing_in(
            {one for one in standing if history.path_on(one, before) != history.path_on(one, today)}
        )

    def _today(self) -> date:
        return day_of(self._clock.now_us())

    async def _change(
        self, make: Callable[[AreaTree], tuple[Area, ...]], what: DeedKind, on: date, by: str
    ) -> tuple[Area, ...]:
        async with self._store.transaction() as tx:
            tree = await stored_tree(tx)
            areas = make(tree)
            for area in areas:
                if area.area_id not in tree:
                    await tx.areas.add(area)
            for area in areas:
                if area.area_id in tree:
                    await tx.areas.put(area)
                    detail = _told(with_changes(tree, areas), area, on)
                    deed = Deed(at_us=self._clock.now_us(), by=by, what=what, subject=area.area_id, detail=detail)
                    await tx.deeds.add(deed)
        self._book.put(*areas)
        self._announce()
        await self._telling.standing_in({AreaId(area.area_id) for area in areas})
        return areas

    def _announce(self) -> None:
        self._events.publish(SpeakersChanged())
        self._events.publish(FoundChanged())
        self._planning.wake()


def _told(tree: AreaTree, area: Area, on: date) -> str:
    """``Xã A (2025-07-01): Xã B``."""
    became = ", ".join(tree.get(one).name for one in area.successors)
    return f"{area.name} ({on.isoformat()})" + (f": {became}" if became else "")


def _beside(tree: AreaTree, area: Area, name: str, on: date) -> Area:
    """A new area where this one lies on a day, of its level."""
    parent_id = area.parent_on(on)
    return Area(
        area_id=fresh_id("area"),
        parent_id=None if parent_id is None else tree.path_on(parent_id, on)[-1],
        level=area.level,
        name=texts.name(name),
    )
