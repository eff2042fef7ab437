"""Which speakers an alert is for: by code, polygon and circle; and in which language each hears it.

An area is the union of its polygons, circles and geocodes. A speaker whose place is not known is reached by codes
alone. Speakers lie in a grid of tenths of a degree; a shape asks only the cells that its bounds touch. A polygon's
edges lie in bands of latitude, so that a speaker meets few of them; where even that would take too long (tens of
thousands of edges that all lie side by side) the polygon's bounds are taken in its place, and that is said.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from controller.cap.model import Alert, Area, Circle, Pair, Polygon
from controller.cap.shapes import Point, unrolled

_CELLS_A_DEGREE: Final = 10
_EARTH_RADIUS_KM: Final = 6_371.0088  # the mean radius (IUGG)
_KM_A_DEGREE: Final = _EARTH_RADIUS_KM * math.pi / 180
_MOST_TESTS: Final = 3_000_000
_MOST_BANDS: Final = 1_024
_MOST_CELLS: Final = 5_000

_Edge = tuple[float, float, float, float]
_Spot = tuple[float, float, str]  # latitude, longitude, speaker
_Cell = tuple[int, int, int, list[_Spot]]  # row, column, the turn that brought it there, who stands in it


@dataclass(frozen=True, slots=True)
class Place:
    """A speaker: where it stands, and the codes of its area and of all areas above that."""

    speaker_id: str
    latitude: float | None
    longitude: float | None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GeocodeNames:
    """Which geocodes are read. ``direct``: names whose values are codes of areas as we have them; ``tables``: for other
    names, what their values are in our codes. Names and codes are compared whatever their case.
    """

    direct: frozenset[str] = frozenset()
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def code(self, geocode: Pair) -> str | None:
        """The code of ours that a geocode names; None where its name or value is not known here."""
        name, value = geocode.name.casefold(), geocode.value.casefold()
        if any(name == one.casefold() for one in self.direct):
            return value
        for own, table in self.tables.items():
            if own.casefold() == name:
                return next((ours.casefold() for theirs, ours in table.items() if theirs.casefold() == value), None)
        return None


@dataclass(frozen=True, slots=True)
class Match:
    """``speakers``: all that are reached. ``by_info``: for each info of the alert, in its order, whom it is for.
    ``unplaced``: descriptions of areas of which nothing could be found on our map: a person has to choose.
    ``widened``: areas whose outline was too tangled to follow, taken by their bounds instead.
    """

    speakers: frozenset[str]
    by_info: tuple[frozenset[str], ...]
    unplaced: tuple[str, ...] = ()
    widened: tuple[str, ...] = ()


class PlaceIndex:
    """Speakers, ready to be asked about. Make it once for many alerts; it never changes."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.by_code: dict[str, set[str]] = {}
        cells: dict[tuple[int, int], list[_Spot]] = {}
        for place in places:
            for code in place.codes:
                self.by_code.setdefault(code.casefold(), set()).add(place.speaker_id)
            if place.latitude is not None and place.longitude is not None:
                spot = (place.latitude, place.longitude, place.speaker_id)
                cells.setdefault((_grid(place.latitude), _grid(place.longitude)), []).append(spot)
        self._cells = cells
        self._rows: dict[int, list[int]] = {}
        for row, column in sorted(cells):
            self._rows.setdefault(row, []).append(column)

    def cells(self, south: float, west: float, north: float, east: float) -> "Iterator[_Cell]":
        """The cells that bounds touch, turned (by whole circles of longitude) to where the bounds are."""
        low, high = _grid(south), _grid(north)
        rows = range(low, high + 1) if high - low < len(self._rows) else [r for r in self._rows if low <= r <= high]
        for turn in (-360, 0, 360):
            first, last = _grid(west - turn), _grid(east - turn)
            for row in rows:
                columns = self._rows.get(row)
                if columns is not None:
                    for column in columns[bisect_left(columns, first) : bisect_right(columns, last)]:
                        yield row, column + turn * _CELLS_A_DEGREE, turn, self._cells[row, column]

    def inside(self, south: float, west: float, north: float, east: float) -> "list[_Spot]":
        """The speakers within bounds: (latitude, longitude, id), the longitude turned into the bounds."""
        bottom, top, left, right = _grid(south), _grid(north), _grid(west), _grid(east)
        found: list[_Spot] = []
        for row, column, turn, cell in self.cells(south, west, north, east):
            spots = [(one[0], one[1] + turn, one[2]) for one in cell] if turn else cell
            if bottom < row < top and left < column < right:
                found += spots
            else:
                found += [one for one in spots if south <= one[0] <= north and west <= one[1] <= east]
        return found


def match(alert: Alert, places: Iterable[Place] | PlaceIndex, names: GeocodeNames) -> Match:
    """The speakers that an alert is for."""
    index = places if isinstance(places, PlaceIndex) else PlaceIndex(places)
    finder = _Finder(index, names)
    by_info = tuple(frozenset().union(*(finder.area(area) for area in info.areas)) for info in alert.infos)
    everybody: frozenset[str] = frozenset().union(*by_info)
    return Match(everybody, by_info, tuple(dict.fromkeys(finder.unplaced)), tuple(dict.fromkeys(finder.widened)))


def tangled(alert: Alert) -> tuple[str, ...]:
    """Descriptions of the areas whose outline is too tangled to be followed for anybody, wherever speakers stand."""
    found: dict[str, None] = {}
    for area in (one for info in alert.infos for one in info.areas):
        for polygon in area.polygons:
            south, west, north, east = _bounds(ring := unrolled(polygon.points))
            middle = Place("", (south + north) / 2, ((west + east) / 2 + 180) % 360 - 180)
            if _in_ring(ring, PlaceIndex([middle])) is None:
                found[area.description] = None
    return tuple(found)


class _Finder:
    """Finds for one alert; what stands in it twice (in every language) is looked for once."""

    def __init__(self, index: PlaceIndex, names: GeocodeNames) -> None:
        self.unplaced: list[str] = []
        self.widened: list[str] = []
        self._index = index
        self._names = names
        self._known: dict[object, frozenset[str]] = {}
        self._widened: set[Polygon] = set()

    def area(self, area: Area) -> frozenset[str]:
        codes = [code for code in map(self._names.code, area.geocodes) if code is not None]
        known = [code for code in codes if code in self._index.by_code]
        if not (area.polygons or area.circles or codes):
            self.unplaced.append(area.description)
        for polygon in area.polygons:
            self._remember(polygon)
        for circle in area.circles:
            self._remember(circle)
        if self._widened & {*area.polygons}:
            self.widened.append(area.description)
        return frozenset().union(
            *(self._known[one] for one in (*area.polygons, *area.circles)),
            *(self._index.by_code[code] for code in known),
        )

    def _remember(self, shape: Polygon | Circle) -> None:
        if shape in self._known:
            return
        if isinstance(shape, Circle):
            self._known[shape] = frozenset(_in_circle(shape, self._index))
            return
        ring = unrolled(shape.points)
        found = _in_ring(ring, self._index)
        if found is None:
            self._widened.add(shape)
            found = [one for _, _, one in self._index.inside(*_bounds(ring))]
        self._known[shape] = frozenset(found)


# --- circles ----------------------------------------------------------------------------------------------------------


def _in_circle(circle: Circle, index: PlaceIndex) -> Iterator[str]:
    """Those within the radius, along the great circle (haversine formula)."""
    latitude, longitude, radius_km = circle.latitude, circle.longitude, circle.radius_km
    reach = radius_km / _KM_A_DEGREE + 1e-9
    south, north = latitude - reach, latitude + reach
    if south <= -90 or north >= 90:  # round a pole: every longitude
        wide = 180.0
    else:
        sine = math.sin(math.radians(min(reach, 90))) / math.cos(math.radians(latitude))
        wide = 180.0 if sine >= 1 else math.degrees(math.asin(sine)) + 1e-9
    cos_here = math.cos(math.radians(latitude))
    for there, east, speaker_id in index.inside(max(south, -90), longitude - wide, min(north, 90), longitude + wide):
        up = math.sin(math.radians(there - latitude) / 2)
        aside = math.sin(math.radians(east - longitude) / 2)
        square = up * up + cos_here * math.cos(math.radians(there)) * aside * aside
        if 2 * _EARTH_RADIUS_KM * math.asin(math.sqrt(min(square, 1.0))) <= radius_km:
            yield speaker_id


# --- polygons ---------------------------------------------------------------------------------------------------------


def _in_ring(ring: Sequence[Point], index: PlaceIndex) -> list[str] | None:
    """Those inside an unrolled ring, by the even-odd rule on latitude and longitude; None where it takes too long.

    A cell that no edge touches lies inside or outside as a whole; in the others each speaker is looked at.
    """
    south, west, north, east = _bounds(ring)
    cells = list(index.cells(south, west, north, east))
    if not cells or north <= south:
        return []
    bands = _Bands(ring, south, north, min(_MOST_BANDS, len(ring)))
    touched = _touched(ring) if len(cells) > 1 else None
    found: list[str] = []
    before, inside = (0, 0), False
    for row, column, turn, cell in cells:
        if touched is not None and (row, column) not in touched:
            # Between two neighbours that no edge touches there is none.
            if before != (row, column - 1):
                inside = bands.is_inside((row + 0.5) / _CELLS_A_DEGREE, (column + 0.5) / _CELLS_A_DEGREE)
            before = (row, column)
            if inside:
                found += [one[2] for one in cell]
        else:
            found += [one[2] for one in cell if bands.is_inside(one[0], one[1] + turn)]
        if bands.tests > _MOST_TESTS:
            return None
    return found


def _touched(ring: Sequence[Point]) -> set[tuple[int, int]] | None:
    """The cells that the bounds of an edge touch; None where they are too many to be worth it."""
    found: set[tuple[int, int]] = set()
    for (y1, x1), (y2, x2) in pairwise(ring):
        top, bottom = (_grid(y1), _grid(y2)) if y1 > y2 else (_grid(y2), _grid(y1))
        right, left = (_grid(x1), _grid(x2)) if x1 > x2 else (_grid(x2), _grid(x1))
        if (top - bottom + 1) * (right - left + 1) > _MOST_CELLS or len(found) > 10 * _MOST_CELLS:
            return None
        if top == bottom and left == right:
            found.add((top, left))
        else:
            found.update((row, column) for row in range(bottom, top + 1) for column in range(left, right + 1))
    return found


class _Bands:
    """The edges of a ring in bands of latitude; level ones lie in none. ``tests``: how many were looked at."""

    def __init__(self, ring: Sequence[Point], south: float, north: float, bands: int) -> None:
        self.tests = 0
        self._south, self._north, self._most = south, north, bands - 1
        self._scale = bands / (north - south)
        self._edges: list[list[_Edge]] = [[] for _ in range(bands)]
        for (y1, x1), (y2, x2) in pairwise(ring):
            if y1 == y2:
                continue
            low, high = (y1, y2) if y1 < y2 else (y2, y1)
            first, last = self._band(low), self._band(high)
            self.tests += last - first
            if self.tests > _MOST_TESTS:
                return
            edge = (y1, x1, y2, x2)
            for band in range(first, last + 1):
                self._edges[band].append(edge)

    def _band(self, latitude: float) -> int:
        return min(self._most, int((latitude - self._south) * self._scale))

    def is_inside(self, latitude: float, longitude: float) -> bool:
        if not self._south <= latitude <= self._north:
            return False
        edges = self._edges[min(self._most, int((latitude - self._south) * self._scale))]
        self.tests += len(edges)
        odd = False
        for y1, x1, y2, x2 in edges:
            if (y1 > latitude) != (y2 > latitude) and longitude < (x2 - x1) * (latitude - y1) / (y2 - y1) + x1:
                odd = not odd
        return odd


def _bounds(ring: Sequence[Point]) -> tuple[float, float, float, float]:
    """South, west, north, east."""
    latitudes, longitudes = [one[0] for one in ring], [one[1] for one in ring]
    return min(latitudes), min(longitudes), max(latitudes), max(longitudes)


def _grid(degrees: float) -> int:
    return math.floor(degrees * _CELLS_A_DEGREE)
