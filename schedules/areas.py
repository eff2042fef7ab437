"""The tree of areas: who lies in whom, and which one a person means.

Levels are data (province, commune, village, ...), never code. An area may be valid from a day on and until a day, so
that what is said of last year reads with last year's names. A tree never changes: a change makes a new tree.

The order of siblings is the order in which the areas were given. Texts are compared without accents and case, and đ
counts as d: "hoan kiem" finds "Phường Hoàn Kiếm".
"""

import heapq
import math
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Origin(StrEnum):
    """Who put an area there: ``country`` for the official list, ``station`` for what people of the station added."""

    COUNTRY = "country"
    STATION = "station"


@dataclass(frozen=True, kw_only=True, slots=True)
class Area:
    """A node of the administrative tree.

    ``code`` is the official one where there is one. ``latitude`` and ``longitude`` are about its middle, in degrees
    (WGS 84). It is valid from the day ``valid_from`` on, and no longer on the day ``valid_until``; None is always.
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

    def valid(self, on: date) -> bool:
        """True on the days between ``valid_from`` and the day before ``valid_until``."""
        if self.valid_from is not None and on < self.valid_from:
            return False
        return self.valid_until is None or on < self.valid_until


class AreaError(ValueError):
    """The areas given make no tree, or one was asked for that is not in it."""


class UnknownArea(AreaError):
    """No area has this id."""


class BrokenTree(AreaError):
    """An id stands there twice, a parent is missing, or areas lie in each other in a circle."""


class AreaTree:
    """Areas with their places in each other. Methods raise `UnknownArea` for an id that is not in it."""

    __slots__ = ("_areas", "_below", "_keys")

    def __init__(self, areas: Iterable[Area] = ()) -> None:
        """Raises `BrokenTree`."""
        given = tuple(areas)
        self._areas = {area.area_id: area for area in given}
        if len(self._areas) != len(given):
            raise BrokenTree("an area stands there twice")
        below: dict[str | None, list[Area]] = {}
        for area in given:
            below.setdefault(area.parent_id, []).append(area)
        self._below = below
        self._keys: dict[str, str] | None = None
        self._require_tree()

    def _require_tree(self) -> None:
        for parent_id, children in self._below.items():
            if parent_id is not None and parent_id not in self._areas:
                raise BrokenTree(f"{children[0].area_id} lies in {parent_id}, which is not there")
        if sum(1 for _ in self._downwards(self.roots())) != len(self._areas):
            reached = {area.area_id for area in self._downwards(self.roots())}
            lost = next(area_id for area_id in self._areas if area_id not in reached)
            raise BrokenTree(f"{lost} lies in itself, or in areas that do")

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

    def at(self, on: date) -> "AreaTree":
        """The areas that are valid on this day, and whose every wider area is."""
        kept: list[Area] = []
        valid: set[str | None] = {None}
        for area in self.walk():
            if area.parent_id in valid and area.valid(on):
                valid.add(area.area_id)
                kept.append(area)
        return AreaTree(kept)

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
            (rank, typed not in area.name.casefold(), len(self.path(area.area_id)), len(area.name), place, area)
            for place, area in enumerate(among)
            if (rank := _rank(area.code, keys[area.area_id], wanted, words)) is not None
        )
        return tuple(area for *_, area in heapq.nsmallest(limit, found, key=lambda one: one[:5]))

    def _folded(self) -> dict[str, str]:
        """Names as they are compared, with a space before each word; made at the first search, and kept."""
        if self._keys is None:
            self._keys = {area_id: f" {folded(area.name)}" for area_id, area in self._areas.items()}
        return self._keys

    def nearest(self, latitude: float, longitude: float, level: str | None = None) -> Area | None:
        """The area whose middle is nearest to a place in degrees, of this level where one is given; None where no
        area has a middle. Distances on a plane around the place: right for choosing, wrong for measuring.
        """
        shrunk = math.cos(math.radians(latitude))
        best: tuple[float, Area] | None = None
        for area in self._areas.values():
            if area.latitude is None or area.longitude is None or (level is not None and area.level != level):
                continue
            far = (area.latitude - latitude) ** 2 + ((area.longitude - longitude) * shrunk) ** 2
            if best is None or far < best[0]:
                best = far, area
        return None if best is None else best[1]


def folded(text: str) -> str:
    """``text`` as it is compared: no accents, no case, đ as d, one space between words, nothing but letters and
    digits.
    """
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    letters = (letter if letter.isalnum() else " " for letter in plain if not "\u0300" <= letter <= "\u036f")
    return " ".join("".join(letters).split())


_KINDS = tuple(
    f" {kind} "
    for kind in (
        *("tinh", "thanh pho", "quan", "huyen", "thi xa", "thi tran", "xa", "phuong", "dac khu"),
        *("thon", "lang", "ban", "ap", "buon", "xom", "soc", "khu", "khu pho", "to", "to dan pho"),
    )
)
"""Words that say what an area is, before its own name; folded. They only put what is found in order."""


def _bare(key: str) -> str:
    """A name without the word for its kind, a space before it."""
    kind = max((kind for kind in _KINDS if key.startswith(kind)), key=len, default=" ")
    return key[len(kind) - 1 :]


def _rank(code: str, key: str, wanted: str, words: list[str]) -> int | None:
    """How well an area matches, 0 the best; None where it does not."""
    if code and code.startswith(wanted):
        return 0 if code == wanted else 4
    if not all(word in key for word in words):
        return None
    bare = _bare(key)
    for rank, matches in enumerate((key == f" {wanted}", bare == f" {wanted}", bare.startswith(f" {wanted}"))):
        if matches:
            return rank
    return 3 if f" {wanted}" in key else 5
