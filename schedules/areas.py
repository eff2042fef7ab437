"""The tree of areas: who lies in whom, on which day, and which one a person means.

Levels are data (province, commune, village, ...), never code. An area is valid from a day on and until a day, had other
names and lay elsewhere before, and is succeeded by others when it ends: so what is said of last year reads with last
year's names, and whatever stands in an area that was merged stands in its successor from that day on. Nothing that lies
in a merged area needs to be rewritten for it. A tree never changes: a change makes a new tree.

`AreaTree` speaks of the areas as they are after all changes that are known; `AreaTree.as_of` and `AreaTree.at` give
those of a day. What depends on a day (`path_on`, `former_on`, `as_of`, `at`) is the same whichever of them is asked.

The order of siblings is the order in which the areas were given. Texts are compared without accents and case, and đ
counts as d: "hoan kiem" finds "Phường Hoàn Kiếm".
"""

import heapq
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

from schedules.areanames import folded, rank

_ERAS_KEPT = 16
"""Of how many stretches between changes the paths are remembered."""
_DAY = timedelta(days=1)


class Origin(StrEnum):
    """Who put an area there: ``country`` for the official list, ``station`` for what people of the station added."""

    COUNTRY = "country"
    STATION = "station"


@dataclass(frozen=True, slots=True)
class Past:
    """What held of an area before the day ``until``: its name, and what it lay in."""

    until: date
    name: str
    parent_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Area:
    """A node of the administrative tree.

    ``code`` is the official one where there is one. ``latitude`` and ``longitude`` are about its middle, in degrees
    (WGS 84). It is valid from the day ``valid_from`` on, and no longer on the day ``valid_until``; None is always.
    ``past`` says what it was called and where it lay before, the earliest first. ``successors`` are the areas that take
    its place when it ends: one where it was merged, several where it was split.
    """

    area_id: str
    parent_id: str | None
    level: str
    name: str
    code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    origin: Origin = Origin.STATION
    past: tuple[Past, ...] = ()
    successors: tuple[str, ...] = ()

    def valid(self, on: date) -> bool:
        """True on the days between ``valid_from`` and the day before ``valid_until``."""
        if self.valid_from is not None and on < self.valid_from:
            return False
        return self.valid_until is None or on < self.valid_until

    def closed(self, on: date) -> bool:
        """True from the day on which it is no more."""
        return self.valid_until is not None and self.valid_until <= on

    def name_on(self, on: date) -> str:
        """What it was called, or will be."""
        return next((past.name for past in self.past if on < past.until), self.name)

    def parent_on(self, on: date) -> str | None:
        """What it lay in by its own record; that may have ended by then, see `AreaTree.path_on`."""
        return next((past.parent_id for past in self.past if on < past.until), self.parent_id)


class AreaError(ValueError):
    """The areas given make no tree, or one was asked for that is not in it."""


class UnknownArea(AreaError):
    """No area has this id."""


class BrokenTree(AreaError):
    """An id stands there twice, a parent or successor is missing, areas lie in each other or succeed each other in a
    circle, today or on any other day, or what is said of their past contradicts itself.
    """


class AreaTree:
    """Areas with their places in each other. Methods raise `UnknownArea` for an id that is not in it."""

    __slots__ = ("_areas", "_below", "_changes", "_eras", "_keys", "_whole")

    def __init__(self, areas: Iterable[Area] = ()) -> None:
        """Raises `BrokenTree`."""
        given = tuple(areas)
        self._place(given)
        if len(self._areas) != len(given):
            raise BrokenTree("an area stands there twice")
        self._whole = self
        self._changes = sorted(
            {past.until for area in given for past in area.past}
            | {area.valid_until for area in given if area.valid_until is not None}
        )
        self._eras: dict[int, _Era] = {}
        self._require_tree()
        self._require_history()

    def _place(self, given: tuple[Area, ...]) -> None:
        self._areas = {area.area_id: area for area in given}
        below: dict[str | None, list[Area]] = {}
        for area in given:
            below.setdefault(area.parent_id, []).append(area)
        self._below = below
        self._keys: dict[str, str] | None = None

    def _of_a_day(self, areas: Iterable[Area]) -> "AreaTree":
        """A tree of these areas that knows the other days from this one."""
        made = AreaTree.__new__(AreaTree)
        made._place(tuple(areas))
        made._whole = self
        return made

    def _require_tree(self) -> None:
        for parent_id, children in self._below.items():
            if parent_id is not None and parent_id not in self._areas:
                raise BrokenTree(f"{children[0].area_id} lies in {parent_id}, which is not there")
        if sum(1 for _ in self._downwards(self.roots())) != len(self._areas):
            reached = {area.area_id for area in self._downwards(self.roots())}
            lost = next(area_id for area_id in self._areas if area_id not in reached)
            raise BrokenTree(f"{lost} lies in itself, or in areas that do")

    def _require_history(self) -> None:
        """That following parents and successors ends on every day.

        A circle on some day either holds no parent of the past, then it is found among the last parents and all
        successors; or it holds one, and is met on the last day before one of the changes until that parent is the past.
        """
        ended = [area for area in self._areas.values() if area.successors]
        for area in ended:
            missing = next((one for one in area.successors if one not in self._areas), None)
            if missing is not None:
                raise BrokenTree(f"{area.area_id} is succeeded by {missing}, which is not there")
            if area.valid_until is None:
                raise BrokenTree(f"{area.area_id} has successors and no last day")
        if ended:
            upwards = {one.area_id: [*one.successors, *filter(None, [one.parent_id])] for one in self._areas.values()}
            try:
                TopologicalSorter(upwards).prepare()
            except CycleError as error:
                raise BrokenTree(f"{error.args[1][0]} is succeeded by itself, or by what lies in it") from None
        for area in self._areas.values():
            if area.past:
                self._require_past(area)

    def _require_past(self, area: Area) -> None:
        days = [past.until for past in area.past]
        if sorted(set(days)) != days:
            raise BrokenTree(f"the past of {area.area_id} is in no order")
        first = 0
        for past in area.past:
            if past.parent_id is not None and past.parent_id not in self._areas:
                raise BrokenTree(f"{area.area_id} lay in {past.parent_id}, which is not there")
            last = bisect_right(self._changes, past.until)
            for change in self._changes[first:last]:
                self._require_end(area.area_id, change - _DAY)
            first = last

    def _require_end(self, area_id: str, on: date) -> None:
        met: set[str] = set()
        for met_id in self._upwards(area_id, on):
            if met_id in met:
                raise BrokenTree(f"{area_id} lay in itself, or in areas that did")
            met.add(met_id)

    def _upwards(self, area_id: str, on: date) -> Iterator[str]:
        """From this area up to the widest as they lay on a day, without following what this one became."""
        current: str | None = area_id
        while current is not None:
            yield current
            parent_id = self._areas[current].parent_on(on)
            current = None if parent_id is None else self._became(parent_id, on)[-1]

    def _became(self, area_id: str, on: date) -> list[str]:
        """This area, and what it was merged into by then, one after the other."""
        chain = [area_id]
        while (area := self._areas[chain[-1]]).closed(on) and len(area.successors) == 1:
            chain.append(area.successors[0])
        return chain

    def _downwards(self, starts: Iterable[Area]) -> Iterator[Area]:
        """Each start with all below it: parents before children, siblings in their order."""
        waiting = list(starts)[::-1]
        while waiting:
            area = waiting.pop()
            yield area
            children = self._below.get(area.area_id)
            if children:
                waiting.extend(reversed(children))

    def __contains__(self, area_id: object) -> bool:
        return area_id in self._areas

    def __len__(self) -> int:
        return len(self._areas)

    def __iter__(self) -> Iterator[Area]:
        """All areas, in the order given."""
        return iter(self._areas.values())

    def get(self, area_id: str) -> Area:
        """The area of this id."""
        try:
            return self._areas[area_id]
        except KeyError:
            raise UnknownArea(f"no area {area_id}") from None

    def roots(self) -> tuple[Area, ...]:
        """The areas that lie in no other."""
        return tuple(self._below.get(None, ()))

    def children(self, area_id: str | None) -> tuple[Area, ...]:
        """What lies directly in this area; the roots for None."""
        if area_id is not None:
            self.get(area_id)
        return tuple(self._below.get(area_id, ()))

    def path(self, area_id: str) -> tuple[Area, ...]:
        """From the widest area down to this one."""
        upwards = [self.get(area_id)]
        while (parent_id := upwards[-1].parent_id) is not None:
            upwards.append(self._areas[parent_id])
        return tuple(reversed(upwards))

    def within(self, area_id: str, of: str) -> bool:
        """True where ``area_id`` is the area ``of`` or lies in it, however deep."""
        self.get(of)
        current: str | None = self.get(area_id).area_id
        while current is not None:
            if current == of:
                return True
            current = self._areas[current].parent_id
        return False

    def below(self, area_id: str) -> frozenset[str]:
        """The ids of this area and of all that lie in it, however deep."""
        return frozenset(area.area_id for area in self._downwards([self.get(area_id)]))

    def walk(self, area_id: str | None = None) -> Iterator[Area]:
        """This area and all below it, or the whole tree: parents before children, siblings in their order."""
        return self._downwards(self.roots() if area_id is None else [self.get(area_id)])

    def path_on(self, area_id: str, on: date) -> tuple[str, ...]:
        """The ids from the widest area down to this one on a day. An area that had been merged by then is followed to
        what it became, at every level. One that ended without a successor, or with several of which somebody has yet
        to choose, stays where it was.

        Remembered by stretches of days without a change: every day of one gives the same tuple.
        """
        whole = self._whole
        if area_id not in whole._areas:
            raise UnknownArea(f"no area {area_id}")
        paths = whole._era(on).paths
        if (path := paths.get(area_id)) is None:
            path = paths[area_id] = tuple(whole._upwards(whole._became(area_id, on)[-1], on))[::-1]
        return path

    def turns(self, first: date, last: date) -> tuple[date, ...]:
        """The days after ``first``, up to ``last``, on which paths may be others than the day before."""
        changes = self._whole._changes
        return tuple(changes[bisect_right(changes, first) : bisect_right(changes, last)])

    def _era(self, on: date) -> "_Era":
        era = bisect_right(self._changes, on)
        if (found := self._eras.get(era)) is None:
            if len(self._eras) >= _ERAS_KEPT:
                self._eras.clear()
            found = self._eras[era] = _Era({}, {})
        return found

    def former_on(self, area_id: str, on: date) -> frozenset[str]:
        """The ids of ended areas in which this one, or what it lay in, stood until they were merged, and from which it
        has gone on to their successors by that day; itself too where it was merged. What was planned for one of these
        reaches nobody here before it is planned for the successor. Also those that a village was taken out of when they
        were split.
        """
        path, former = self.path_on(area_id, on), self._whole._era(on).former
        if (ended := former.get(area_id)) is None:
            ended = former[area_id] = self._whole._ended(area_id, on).difference(path)
        return ended

    def _ended(self, area_id: str, on: date) -> frozenset[str]:
        waiting, seen, ended = [(area_id, on, on)], set[tuple[str, date, date]](), set[str]()
        while waiting:
            asked = waiting.pop()
            if asked not in seen:
                seen.add(asked)
                left = list(self._left(*asked))
                ended.update(left_id for left_id, _ in left)
                waiting.extend((left_id, last - _DAY, last) for left_id, last in left)
        return frozenset(ended)

    def _left(self, area_id: str, on: date, until: date) -> Iterator[tuple[str, date]]:
        """What had ended by ``until`` of what this area was and lay in on a day, each with the day of its end."""
        current: str | None = area_id
        while current is not None:
            became = self._became(current, on)
            area = self._areas[became[-1]]
            ends = [(ended_id, until) for ended_id in became]
            ends += [(past.parent_id, past.until) for past in area.past if past.parent_id and past.until <= on]
            for ended_id, by in ends:
                last = self._areas[ended_id].valid_until
                if last is not None and last <= by:
                    yield ended_id, last
            current = area.parent_on(on)

    def as_of(self, on: date) -> "AreaTree":
        """All areas, with the names of that day and each in what it lay in then; also those that had ended, or had not
        begun.
        """
        whole = self._whole
        era = whole._era(on)
        if era.tree is None:
            areas = tuple(whole._then(area, on) for area in whole)
            era.tree = whole._of_a_day(areas) if areas != tuple(whole) else whole
        return era.tree

    def _then(self, area: Area, on: date) -> Area:
        parent_id = area.parent_on(on)
        became = None if parent_id is None else self._became(parent_id, on)[-1]
        if not area.past and became == area.parent_id:
            return area
        return replace(area, name=area.name_on(on), parent_id=became, past=())

    def at(self, on: date) -> "AreaTree":
        """The areas that are valid on this day, and whose every wider area is, as they were then."""
        kept: list[Area] = []
        valid: set[str | None] = {None}
        for area in self.as_of(on).walk():
            if area.parent_id in valid and area.valid(on):
                valid.add(area.area_id)
                kept.append(area)
        return self._whole._of_a_day(kept)

    def find(self, text: str, limit: int, within: str | None = None) -> tuple[Area, ...]:
        """At most ``limit`` areas that ``text`` may mean, the likeliest first.

        Every word of it begins a word of the name, or ``text`` begins the code. Whole names come first, with or
        without the word for their kind before them, then what begins like ``text``, then words that follow each other;
        of two that match alike the one with the same accents, then the wider one, then the shorter name. ``within``
        leaves out what does not lie in that area.
        """
        wanted = folded(text)
        if not wanted or limit < 1:
            return ()
        keys, typed = self._folded(), " ".join(unicodedata.normalize("NFC", text).casefold().split())
        words = [f" {word}" for word in wanted.split()]
        among = self._areas.values() if within is None else self._downwards([self.get(within)])
        found = (
            (fit, typed not in area.name.casefold(), len(self.path(area.area_id)), len(area.name), place, area)
            for place, area in enumerate(among)
            if (fit := rank(area.code, keys[area.area_id], wanted, words)) is not None
        )
        return tuple(area for *_, area in heapq.nsmallest(limit, found, key=lambda one: one[:5]))

    def _folded(self) -> dict[str, str]:
        """Names as they are compared, with a space before each word; made at the first search, and kept."""
        if self._keys is None:
            self._keys = {area_id: f" {folded(area.name)}" for area_id, area in self._areas.items()}
        return self._keys


@dataclass(slots=True)
class _Era:
    """What was worked out for the days between two changes."""

    paths: dict[str, tuple[str, ...]]
    former: dict[str, frozenset[str]]
    tree: AreaTree | None = None
