"""Polygons and circles: from their texts, checked. Latitude first, degrees of WGS 84, kilometres.

A ring that crosses the 180th meridian is unrolled: each step takes the shorter way, so longitudes may pass ±180.
Whether a ring crosses itself is found by sweeping along that of four directions in which its edges overlap least. The
work is bounded: a ring that would take more is said to be too tangled, and refused.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from controller.cap.model import Circle, Polygon
from controller.cap.reasons import Reason, error, warning

_NUMBER: Final = r"[+-]?(?:\d{1,6}(?:\.\d{0,20})?|\.\d{1,20})"
_PAIR: Final = re.compile(rf"({_NUMBER}),({_NUMBER})")
_CIRCLE: Final = re.compile(rf"({_NUMBER}),({_NUMBER})\s+({_NUMBER})")
_HALF_ROUND_KM: Final = 20_038.0  # half of the longest way around the earth

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """What became of a text: a polygon or circle, or neither with the reasons."""

    polygon: Polygon | None = None
    circle: Circle | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(slots=True)
class Work:
    """What may still be spent on finding out whether the rings of one alert cross themselves."""

    tests: int = 1_000_000


def polygon_of(text: str, where: str, work: Work) -> Shape:
    """A ring from text such as ``"10.1,106.1 10.2,106.1 10.2,106.2 10.1,106.1"``."""
    points = _points(text, where)
    if isinstance(points, Shape):
        return points
    ring = tuple(points)
    return _ring(ring, where, work)


def _points(text: str, where: str) -> list[Point] | Shape:
    """The corners of a closed ring, or the refusal."""
    points: list[Point] = []
    for written in text.split():
        found = _PAIR.fullmatch(written)
        point = (float(found[1]), float(found[2])) if found else (math.nan, math.nan)
        if not _on_earth(*point):
            return _refused("polygon_off_the_earth" if found else "polygon_malformed", where, pair=written)
        points.append(point)
    if len(points) < 4:
        return _refused("polygon_too_few_points", where, points=len(points))
    if points[0] != points[-1]:
        return _refused("polygon_open", where, first=_written(points[0]), last=_written(points[-1]))
    return points


def _ring(ring: tuple[Point, ...], where: str, work: Work) -> Shape:
    flat = unrolled(ring)
    if flat[0] != flat[-1]:
        return Shape(Polygon(ring, crosses_itself=True), reasons=(warning("polygon_round_a_pole", where),))
    crossing = _crossing(flat, work)
    if crossing is _TOO_TANGLED:
        return _refused("polygon_too_tangled", where, points=len(ring))
    if crossing is not None:
        at = warning("polygon_crosses_itself", where, first=_written(crossing[0]), second=_written(crossing[1]))
        return Shape(Polygon(ring, crosses_itself=True), reasons=(at,))
    if _is_flat(flat):
        return Shape(Polygon(ring), reasons=(warning("polygon_without_inside", where),))
    return Shape(Polygon(ring))


def circle_of(text: str, where: str) -> Shape:
    """A circle from text such as ``"10.1,106.1 15"``."""
    found = _CIRCLE.fullmatch(text.strip())
    if found is None:
        return _refused("circle_malformed", where, text=text)
    latitude, longitude, radius_km = (float(one) for one in found.groups())
    if not _on_earth(latitude, longitude):
        return _refused("circle_off_the_earth", where, text=text)
    if not 0 <= radius_km <= _HALF_ROUND_KM:
        return _refused("circle_radius", where, radius_km=found[3])
    reasons = () if radius_km > 0 else (warning("circle_without_radius", where),)
    return Shape(circle=Circle(latitude, longitude, radius_km), reasons=reasons)


def unrolled(points: Sequence[Point]) -> list[Point]:
    """The ring with longitudes that never jump: each edge takes the shorter way around."""
    flat = [points[0]]
    turned = 0.0
    for before, here in pairwise(points):
        step = here[1] - before[1]
        if step > 180:
            turned -= 360
        elif step < -180:
            turned += 360
        flat.append((here[0], here[1] + turned))
    return flat


def _refused(code: str, where: str, **values: object) -> Shape:
    return Shape(reasons=(error(code, where, **values),))


def _on_earth(latitude: float, longitude: float) -> bool:
    return -90 <= latitude <= 90 and -180 <= longitude <= 180


def _written(point: Point) -> str:
    return f"{point[0]:g},{point[1]:g}"


def _is_flat(ring: Sequence[Point]) -> bool:
    """Whether it encloses nothing: the shoelace formula gives nought (to a square of 0.1 m)."""
    y0, x0 = ring[0]
    twice = sum((b[0] - y0) * (a[1] - x0) - (a[0] - y0) * (b[1] - x0) for a, b in pairwise(ring))
    return abs(twice) < 1e-12


# --- whether a ring crosses itself -----------------------------------------------------------------------------------

_TOO_TANGLED: Final = ((math.nan, math.nan), (math.nan, math.nan))
_GAVE_UP: Final = (-1, -1)
_Edge = tuple[float, float, float, float]
_Span = tuple[float, float, int]


def _crossing(flat: Sequence[Point], work: Work) -> tuple[Point, Point] | None:
    """Where two edges that do not follow each other meet (the beginnings of both), None, or `_TOO_TANGLED`."""
    corners = [flat[0]]
    corners += [here for before, here in pairwise(flat) if here != before]
    edges: list[_Edge] = [(a[0], a[1], b[0], b[1]) for a, b in pairwise(corners)]
    if len(edges) < 4:
        return None
    met = _first_meeting(edges, _spans(edges), work)
    if met is None or met == _GAVE_UP:
        return None if met is None else _TOO_TANGLED
    return (edges[met[0]][0], edges[met[0]][1]), (edges[met[1]][0], edges[met[1]][1])


def _spans(edges: Sequence[_Edge]) -> list[_Span]:
    """Each edge as (from, to, number) along the direction in which fewest overlap, sorted."""
    best: tuple[list[_Span], int] = ([], -1)
    for down, right in ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, -1.0)):
        spans = []
        for number, (y1, x1, y2, x2) in enumerate(edges):
            a, b = y1 * down + x1 * right, y2 * down + x2 * right
            spans.append((a, b, number) if a <= b else (b, a, number))
        spans.sort()
        pairs = _overlapping(spans)
        if best[1] < 0 or pairs < best[1]:
            best = (spans, pairs)
        if pairs <= 8 * len(edges):
            break
    return best[0]


def _overlapping(spans: Sequence[_Span]) -> int:
    """Pairs of spans that share a point; ``spans`` are sorted by their beginning."""
    begins = [span[0] for span in spans]
    return sum(bisect_right(begins, span[1]) - number - 1 for number, span in enumerate(spans))


def _first_meeting(edges: Sequence[_Edge], spans: Sequence[_Span], work: Work) -> tuple[int, int] | None:
    """Two edges that meet and do not follow each other, None, or `_GAVE_UP` where finding out takes too long."""
    last = len(edges) - 1
    for place, (_, until, one) in enumerate(spans):
        y1, x1, y2, x2 = edges[one]
        low, high = (y1, y2) if y1 <= y2 else (y2, y1)
        left, right = (x1, x2) if x1 <= x2 else (x2, x1)
        for begin, _, other in spans[place + 1 :] if len(spans) < 64 else _from(spans, place + 1):
            if begin > until:
                break
            work.tests -= 1
            apart = one - other
            if apart in (1, -1, last, -last):
                continue
            y3, x3, y4, x4 = edges[other]
            if (y3 > high and y4 > high) or (y3 < low and y4 < low):
                continue
            if (x3 > right and x4 > right) or (x3 < left and x4 < left):
                continue
            if _meet(edges[one], edges[other]):
                return (one, other) if one < other else (other, one)
        if work.tests < 0:
            return _GAVE_UP
    return None


def _from(spans: Sequence[_Span], place: int) -> "map[_Span]":
    return map(spans.__getitem__, range(place, len(spans)))


def _meet(one: _Edge, other: _Edge) -> bool:
    """Whether two edges, whose boxes overlap, share a point: the ends of each lie on both sides of the other."""
    y1, x1, y2, x2 = one
    y3, x3, y4, x4 = other
    a = (x2 - x1) * (y3 - y1) - (y2 - y1) * (x3 - x1)
    b = (x2 - x1) * (y4 - y1) - (y2 - y1) * (x4 - x1)
    if (a > 0 and b > 0) or (a < 0 and b < 0):
        return False
    c = (x4 - x3) * (y1 - y3) - (y4 - y3) * (x1 - x3)
    d = (x4 - x3) * (y2 - y3) - (y4 - y3) * (x2 - x3)
    return not ((c > 0 and d > 0) or (c < 0 and d < 0))
