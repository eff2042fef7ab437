"""Areas as the people of a station keep them: villages and groups below their commune, and which commune is theirs.

What the country's list says is not theirs to change. An area's id never changes, so that what was planned for it and
reported from it stays with it; an area that is no more is closed, not deleted.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from agents.protocol.documents import Assignment, SignedDocument
from agents.protocol.ids import AreaId, DeviceId
from agents.protocol.values import DocumentKind
from controller.domain import texts
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, Refused
from controller.domain.speakers import Speaker, SpeakerState
from controller.ports import Transaction
from controller.services.areabook import FORMER_ROOTS_KEY, HOME_KEY, changed, day_of, require, stored_tree
from controller.services.assignments import Assignments
from controller.services.events import FoundChanged, SpeakersChanged
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.secretary import fresh_id
from schedules.areas import Area, AreaTree, Origin

_LEVEL_LETTERS: Final = 40
_AT_ONCE: Final = 100
"""Assignments that are signed in one transaction: others want to write too."""


class AreaDesk:
    """Reading and changing the tree of areas. What changes raises `StoreFailed` too, and then nothing is changed."""

    def __init__(self, office: Office, outbox: Outbox, assignments: Assignments) -> None:
        self._store = office.store
        self._clock = office.clock
        self._secretary = office.secretary
        self._events = office.events
        self._book = office.areas
        self._outbox = outbox
        self._assignments = assignments

    async def load(self) -> None:
        """Reads all areas into memory; once, before anything else here. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            await self._book.load(tx)

    def tree(self) -> AreaTree:
        """All areas, the country's list among them."""
        return self._book.tree()

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
    ) -> Area:
        """A village, hamlet, group or other area below ``parent_id``, or beside the provinces for None.

        Raises `Invalid` (``name_empty``, ``name_too_long``, ``area_name_taken`` among its siblings, ``area_unknown``
        for the parent, ``area_level_malformed``, ``place_out_of_range``).
        """
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
            self._require_place(tree, made)
            await tx.areas.add(made)
            await tx.deeds.add(self._deed(DeedKind.ADD_AREA, made, by, made.name))
        self._changed(tree, made)
        return made

    async def rename(self, area_id: AreaId, name: str, by: str) -> Area:
        """Raises `NotFound` (``area_unknown``), `Refused` (``area_of_country``), `Invalid` (``name_empty``,
        ``name_too_long``, ``area_name_taken``).
        """
        name = texts.name(name)
        async with self._store.transaction() as tx:
            tree = await stored_tree(tx)
            renamed = replace(_own(tree, area_id), name=name)
            self._require_place(tree, renamed)
            await tx.areas.put(renamed)
            await tx.deeds.add(self._deed(DeedKind.RENAME_AREA, renamed, by, name))
        self._changed(tree, renamed)
        return renamed

    async def move(self, area_id: AreaId, parent_id: AreaId | None, by: str) -> Area:
        """To another place in the tree, with all that lies in it. The speakers there are told which areas they stand
        in now: those that are connected at once, the others at their next connect.

        Raises `NotFound` (``area_unknown``), `Refused` (``area_of_country``), `Invalid` (``area_unknown`` for the
        parent, ``area_in_itself``, ``area_name_taken``).
        """
        async with self._store.transaction() as tx:
            tree = await stored_tree(tx)
            moved = replace(_own(tree, area_id), parent_id=parent_id)
            if parent_id in tree.below(area_id):
                raise Invalid(f"{parent_id} lies in {area_id}", code="area_in_itself")
            self._require_place(tree, moved)
            await tx.areas.put(moved)
            if tree.get(area_id).parent_id is None:
                former = await tx.station_settings.get(FORMER_ROOTS_KEY) or ""
                await tx.station_settings.put(FORMER_ROOTS_KEY, f"{former} {area_id}".strip())
            await tx.deeds.add(self._deed(DeedKind.MOVE_AREA, moved, by, parent_id or ""))
        self._changed(tree, moved)
        await self._tell(self._book.tree().below(area_id))
        return moved

    async def close(self, area_id: AreaId, on: date, by: str) -> Area:
        """From the day ``on`` the area is no more; what was said of it before stays.

        Raises `NotFound` (``area_unknown``), `Refused` (``area_of_country``; ``area_in_use`` while it is the station's
        own, a speaker stands in it, a token leads to it, or an area in it is open).
        """
        async with self._store.transaction() as tx:
            tree = await stored_tree(tx)
            closed = replace(_own(tree, area_id), valid_until=on)
            await self._require_unused(tx, tree, closed, on)
            await tx.areas.put(closed)
            await tx.deeds.add(self._deed(DeedKind.CLOSE_AREA, closed, by, on.isoformat()))
        self._changed(tree, closed)
        return closed

    async def set_home(self, area_id: AreaId | None, by: str) -> Area | None:
        """Which area is the station's own; None for none. Raises `Invalid` (``area_unknown``)."""
        async with self._store.transaction() as tx:
            tree = await stored_tree(tx)
            home = None if area_id is None else self._open(tree, area_id)
            await tx.station_settings.put(HOME_KEY, area_id)
            detail = "" if home is None else home.name
            deed = Deed(at_us=self._clock.now_us(), by=by, what=DeedKind.SET_HOME, subject=area_id or "", detail=detail)
            await tx.deeds.add(deed)
        self._book.replace(tree, area_id)
        self._announce()
        return home

    def _deed(self, what: DeedKind, area: Area, by: str, detail: str) -> Deed:
        return Deed(at_us=self._clock.now_us(), by=by, what=what, subject=area.area_id, detail=detail)

    def _changed(self, tree: AreaTree, area: Area) -> None:
        home = self._book.home()
        self._book.replace(changed(tree, area), None if home is None else AreaId(home.area_id))
        self._announce()

    def _announce(self) -> None:
        self._events.publish(SpeakersChanged())
        self._events.publish(FoundChanged())

    def _open(self, tree: AreaTree, area_id: str) -> Area:
        """Raises `Invalid` (``area_unknown``), also where the area was closed."""
        if area_id not in tree or not tree.get(area_id).valid(day_of(self._clock.now_us())):
            raise Invalid(f"no area {area_id}", code="area_unknown")
        return tree.get(area_id)

    def _require_place(self, tree: AreaTree, area: Area) -> None:
        """That its parent is there, and that no sibling has its name."""
        today = day_of(self._clock.now_us())
        if area.parent_id is not None:
            self._open(tree, area.parent_id)
        for sibling in tree.children(area.parent_id):
            same = sibling.name.casefold() == area.name.casefold() and sibling.area_id != area.area_id
            if same and sibling.valid(today):
                raise Invalid(f"the name {area.name} is taken there", code="area_name_taken")

    async def _require_unused(self, tx: Transaction, tree: AreaTree, area: Area, on: date) -> None:
        now_us = self._clock.now_us()
        used = await tx.station_settings.get(HOME_KEY) == area.area_id
        used = used or area.area_id in await tx.areas.standing()
        used = used or any(child.valid(on) for child in tree.children(area.area_id))
        used = used or any(token.area_id == area.area_id and token.usable(now_us) for token in await tx.tokens.all())
        if used:
            raise Refused(f"{area.name} is still in use", code="area_in_use")

    async def _tell(self, area_ids: frozenset[str]) -> None:
        """Signs anew what the speakers in these areas are told to be, where it changed. One that is missed here, by a
        power cut say, is told when it connects.
        """
        async with self._store.reading() as tx:
            standing = [one.speaker_id for one in await tx.speakers.all() if one.area_id in area_ids]
        for start in range(0, len(standing), _AT_ONCE):
            piece = standing[start : start + _AT_ONCE]
            await self._secretary.stock(DocumentKind.ASSIGNMENT, len(piece))
            async with self._store.transaction() as tx:
                signed = await self._signed(tx, (await tx.speakers.several(piece)).values())
            connected = self._outbox.connected()
            for device_id, document, wrapped in signed:
                if device_id in connected:
                    self._outbox.push_behind(device_id, document, wrapped)

    async def _signed(
        self, tx: Transaction, speakers: Iterable[Speaker]
    ) -> Sequence[tuple[DeviceId, Assignment, SignedDocument]]:
        return [
            (speaker.device_id, *await self._assignments.current(tx, speaker))
            for speaker in speakers
            if speaker.state is SpeakerState.ADOPTED
        ]


def _own(tree: AreaTree, area_id: AreaId) -> Area:
    """Raises `NotFound` (``area_unknown``), `Refused` (``area_of_country``)."""
    area = require(tree, area_id)
    if area.origin is Origin.COUNTRY:
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
