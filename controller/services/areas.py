"""Areas as the people of a station keep them: villages and groups below their commune, and which commune is theirs.

What the country's list says is changed only by who may change the areas of the whole station (``country``), for the
list itself changes. An area's id never changes, so that what was planned for it and reported from it stays with it; an
area that is no more is closed, not deleted. Every change holds from a day on, from today where none is named. What
areas become (mergers, splits) is `services.succession`.
"""

import math
from collections.abc import Callable
from datetime import date
from typing import Final, TypeVar

from agents.protocol.ids import AreaId
from controller.domain import texts
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, Refused
from controller.ports import Transaction
from controller.services.areabook import HOME_KEY, day_of, require, stored_tree
from controller.services.events import FoundChanged, SpeakersChanged
from controller.services.office import Office
from controller.services.secretary import fresh_id
from controller.services.telling import Telling
from schedules import succession
from schedules.areas import Area, AreaTree, Origin
from schedules.succession import ChangeError

_LEVEL_LETTERS: Final = 40


class AreaDesk:
    """Reading and changing the tree of areas. What changes raises `StoreFailed` too, and then nothing is changed."""

    def __init__(self, office: Office, telling: Telling) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._planning = office.planning
        self._book = office.areas
        self._telling = telling

    async def load(self) -> None:
        """Reads all areas into memory; once, before anything else here. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            await self._book.load(tx)

    def tree(self) -> AreaTree:
        """All areas as they are today, the country's list among them; it knows the other days."""
        return self._book.tree()

    def known(self, area_id: str) -> Area:
        """All that is known of an area: its past, and its last name and place where changes are still to come. Raises
        `NotFound` (``area_unknown``).
        """
        return require(self._book.history(), area_id)

    def path(self, area_id: AreaId) -> tuple[AreaId, ...]:
        """From the widest area down to this one today, or to what it was merged into; itself alone where it is not
        known here: another program added it a moment ago.
        """
        history, today = self._book.history(), day_of(self._clock.now_us())
        return tuple(AreaId(one) for one in history.path_on(area_id, today)) if area_id in history else (area_id,)

    def former(self, area_id: AreaId) -> frozenset[AreaId]:
        """The ended areas that this one stood in until they were merged: see `AreaTree.former_on`."""
        history, today = self._book.history(), day_of(self._clock.now_us())
        return (
            frozenset(AreaId(one) for one in history.former_on(area_id, today)) if area_id in history else frozenset()
        )

    def home(self) -> Area | None:
        """The station's own commune, or province; None until it is set."""
        return self._book.home()

    async def in_use(self) -> tuple[Area, ...]:
        """What pages list: see `areabook.in_use`. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            return await self._book.in_use(tx, self._clock.now_us())

    async def add(
        self,
        name: str,
        parent_id: AreaId | None,
        level: str,
        by: str,
        *,
        latitude: float | None = None,
        longitude: float | None = None,
        on: date | None = None,
    ) -> Area:
        """A village, hamlet, group or other area below ``parent_id``, or beside the provinces for None, from ``on`` on.

        Raises `Invalid` (``name_empty``, ``name_too_long``, ``area_name_taken`` among its siblings, ``area_unknown``
        for the parent, ``area_level_malformed``, ``place_out_of_range``).
        """
        day = on or self._today()
        made = Area(
            area_id=fresh_id("area"),
            parent_id=parent_id,
            level=_level(level),
            name=texts.name(name),
            latitude=_degrees(latitude, 90.0),
            longitude=_degrees(longitude, 180.0),
        )
        async with self._store.transaction() as tx:
            tree = await stored_tree(tx)
            if parent_id is not None:
                self._open(tree, parent_id, day)
            made = change(lambda tree: succession.opened(tree, made, day), tree)
            await tx.areas.add(made)
            await tx.deeds.add(self._deed(DeedKind.ADD_AREA, made, by, made.name))
        self._book.put(made)
        self._announce()
        return made

    async def rename(
        self, area_id: AreaId, name: str, by: str, *, on: date | None = None, country: bool = False
    ) -> Area:
        """Raises `NotFound` (``area_unknown``), `Refused` (``area_of_country``), `Invalid` (``name_empty``,
        ``name_too_long``, ``area_name_taken``, ``area_closed``, ``area_changed_later``).
        """
        name, day = texts.name(name), on or self._today()
        async with self._store.transaction() as tx:
            tree = await stored_tree(tx)
            own(tree, area_id, country)
            renamed = change(lambda tree: succession.renamed(tree, area_id, name, day), tree)
            await tx.areas.put(renamed)
            await tx.deeds.add(self._deed(DeedKind.RENAME_AREA, renamed, by, self._since(name, on)))
        self._book.put(renamed)
        self._announce()
        return renamed

    async def move(
        self, area_id: AreaId, parent_id: AreaId | None, by: str, *, on: date | None = None, country: bool = False
    ) -> Area:
        """To another place in the tree, with all that lies in it. The speakers there are told which areas they stand
        in when that day comes: those that are connected at once, the others at their next connect.

        Raises `NotFound` (``area_unknown``), `Refused` (``area_of_country``), `Invalid` (``area_unknown`` for the
        parent, ``area_in_itself``, ``area_name_taken``, ``area_closed``, ``area_changed_later``).
        """
        day = on or self._today()
        async with self._store.transaction() as tx:
            tree = await stored_tree(tx)
            own(tree, area_id, country)
            if parent_id is not None:
                self._open(tree, parent_id, day)
            moved = change(lambda tree: succession.moved(tree, area_id, parent_id, day), tree)
            await tx.areas.put(moved)
            await tx.deeds.add(self._deed(DeedKind.MOVE_AREA, moved, by, self._since(parent_id or "", on)))
        self._book.put(moved)
        self._announce()
        await self._telling.standing_in({AreaId(one) for one in self._book.tree().below(area_id)})
        return moved

    async def close(self, area_id: AreaId, on: date, by: str, *, country: bool = False) -> Area:
        """From the day ``on`` the area is no more, and nothing takes its place; what was said of it before stays.

        Raises `NotFound` (``area_unknown``), `Refused` (``area_of_country``; ``area_in_use`` while it is the station's
        own, a speaker stands in it, a token leads to it, or an area in it is open), `Invalid` (``area_closed``,
        ``area_changed_later``).
        """
        async with self._store.transaction() as tx:
            tree = await stored_tree(tx)
            await self._require_unused(tx, tree, own(tree, area_id, country), on)
            closed = change(lambda tree: succession.closed(tree, area_id, on), tree)
            await tx.areas.put(closed)
            await tx.deeds.add(self._deed(DeedKind.CLOSE_AREA, closed, by, on.isoformat()))
        self._book.put(closed)
        self._announce()
        return closed

    async def set_home(self, area_id: AreaId | None, by: str) -> Area | None:
        """Which area is the station's own; None for none. Raises `Invalid` (``area_unknown``)."""
        async with self._store.transaction() as tx:
            tree = await stored_tree(tx)
            home = None if area_id is None else self._open(tree, area_id, self._today())
            await tx.station_settings.put(HOME_KEY, area_id)
            detail = "" if home is None else home.name
            deed = Deed(at_us=self._clock.now_us(), by=by, what=DeedKind.SET_HOME, subject=area_id or "", detail=detail)
            await tx.deeds.add(deed)
        self._book.replace(tree, area_id)
        self._announce()
        return home

    def _deed(self, what: DeedKind, area: Area, by: str, detail: str) -> Deed:
        return Deed(at_us=self._clock.now_us(), by=by, what=what, subject=area.area_id, detail=detail)

    def _today(self) -> date:
        return day_of(self._clock.now_us())

    @staticmethod
    def _since(detail: str, on: date | None) -> str:
        return detail if on is None else f"{detail} ({on.isoformat()})"

    def _announce(self) -> None:
        self._events.publish(SpeakersChanged())
        self._events.publish(FoundChanged())
        self._planning.wake()

    def _open(self, tree: AreaTree, area_id: str, on: date) -> Area:
        """Raises `Invalid` (``area_unknown``), also where the area was closed."""
        if area_id not in tree or not tree.get(area_id).valid(on):
            raise Invalid(f"no area {area_id}", code="area_unknown")
        return tree.get(area_id)

    async def _require_unused(self, tx: Transaction, tree: AreaTree, area: Area, on: date) -> None:
        now_us = self._clock.now_us()
        day = max(on, self._today())
        used = await tx.station_settings.get(HOME_KEY) == area.area_id
        used = used or any(
            one in tree and tree.path_on(one, day)[-1] == area.area_id for one in await tx.areas.standing()
        )
        used = used or any(token.area_id == area.area_id and token.usable(now_us) for token in await tx.tokens.all())
        if used:
            raise Refused(f"{area.name} is still in use", code="area_in_use")


_T = TypeVar("_T")


def change(make: Callable[[AreaTree], _T], tree: AreaTree) -> _T:
    """What ``make`` makes of the tree of all days. Raises `Invalid` with the code of its `ChangeError`, `Refused` where
    that is ``area_in_use``.
    """
    try:
        return make(tree)
    except ChangeError as error:
        family = Refused if error.code == "area_in_use" else Invalid
        raise family(str(error), code=error.code) from error


def own(tree: AreaTree, area_id: AreaId, country: bool) -> Area:
    """Raises `NotFound` (``area_unknown``), `Refused` (``area_of_country``, unless ``country``)."""
    area = require(tree, area_id)
    if area.origin is Origin.COUNTRY and not country:
        raise Refused(f"{area.name} is of the country's list", code="area_of_country")
    return area


def _level(text: str) -> str:
    level = " ".join(texts.clean(text).split())
    if not 1 <= len(level) <= _LEVEL_LETTERS:
        raise Invalid(f"a level has 1 to {_LEVEL_LETTERS} letters", code="area_level_malformed")
    return level


def _degrees(value: float | None, most: float) -> float | None:
    if value is not None and not (math.isfinite(value) and -most <= value <= most):
        raise Invalid(f"{value} degrees", code="place_out_of_range")
    return value
