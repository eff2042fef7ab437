"""Whom an alert is for: by code, polygon and circle; and in which language."""

import itertools
import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.cap import Alert, Area, Circle, GeocodeNames, Pair, Place, PlaceIndex, Polygon, choose, match, spoken
from controller.cap.shapes import unrolled
from tests.controller.cap.alerts import NOW_US, cap, info, look

NAMES = GeocodeNames(direct=frozenset({"vn-commune"}), tables={"ISO3166-2": {"VN-SG": "79"}})
PLACES = (
    Place("a", 10.5, 106.5, ("26734", "79")),
    Place("b", 10.5, 107.5, ("26737", "79")),
    Place("c", None, None, ("26740", "79")),
    Place("d", 21.0, 105.8, ("00001", "01")),
)
SQUARE = Polygon(((10.0, 106.0), (10.0, 107.0), (11.0, 107.0), (11.0, 106.0), (10.0, 106.0)))


def alert(*areas: Area) -> Alert:
    read = look(cap()).alert
    assert read is not None
    return replace(read, infos=(replace(read.infos[0], areas=areas),))


def reached(*areas: Area, places: tuple[Place, ...] = PLACES) -> set[str]:
    return set(match(alert(*areas), places, NAMES).speakers)


def test_an_area_is_the_union_of_its_shapes_and_codes() -> None:
    assert reached(Area("x", polygons=(SQUARE,))) == {"a"}
    assert reached(Area("x", circles=(Circle(10.5, 107.5, 1.0),))) == {"b"}
    assert reached(Area("x", geocodes=(Pair("vn-commune", "26740"),))) == {"c"}
    everything = Area("x", (SQUARE,), (Circle(10.5, 107.5, 1.0),), (Pair("vn-commune", "26740"),))
    assert reached(everything) == {"a", "b", "c"}
    assert reached(Area("x", polygons=(SQUARE,)), Area("y", geocodes=(Pair("vn-commune", "00001"),))) == {"a", "d"}


def test_codes_of_areas_above_and_of_other_lists_reach_all_below() -> None:
    assert reached(Area("x", geocodes=(Pair("VN-Commune", "79"),))) == {"a", "b", "c"}
    assert reached(Area("x", geocodes=(Pair("iso3166-2", "vn-sg"),))) == {"a", "b", "c"}


def test_what_cannot_be_found_on_our_map_is_said() -> None:
    found = match(alert(Area("Quận X", geocodes=(Pair("FIPS6", "006037"),)), Area("Y")), PLACES, NAMES)
    assert (found.speakers, found.unplaced) == (frozenset(), ("Quận X", "Y"))
    # A code of ours where nobody stands is understood.
    assert match(alert(Area("Z", geocodes=(Pair("vn-commune", "99999"),))), PLACES, NAMES).unplaced == ()


def test_a_circle_is_measured_along_the_great_circle() -> None:
    # One degree of latitude is 111.195 km on the mean sphere; of longitude, at 60 degrees, half of that.
    north = (Place("n", 61.0, 10.0),)
    east = (Place("e", 60.0, 11.0),)
    for places, distance_km in ((north, 111.195), (east, 55.595)):
        assert reached(Area("x", circles=(Circle(60.0, 10.0, distance_km + 0.05),)), places=places)
        assert not reached(Area("x", circles=(Circle(60.0, 10.0, distance_km - 0.05),)), places=places)


def test_shapes_cross_the_date_line_and_circles_the_pole() -> None:
    places = (Place("w", 10.5, 179.5), Place("e", 10.5, -179.5), Place("o", 10.5, 0.0))
    ring = Polygon(((10.0, 179.0), (10.0, -179.0), (11.0, -179.0), (11.0, 179.0), (10.0, 179.0)))
    assert reached(Area("x", polygons=(ring,)), places=places) == {"w", "e"}
    assert reached(Area("x", circles=(Circle(10.5, 179.9, 100.0),)), places=places) == {"w", "e"}
    pole = (Place("p", 89.5, -120.0), Place("q", 70.0, 60.0))
    assert reached(Area("x", circles=(Circle(89.5, 60.0, 200.0),)), places=pole) == {"p"}


@given(st.integers(0, 2**32), st.integers(3, 60), st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_index_finds_whom_the_even_odd_rule_finds(seed: int, corners: int, date_line: bool) -> None:
    chance = random.Random(seed)
    middle = 179.5 if date_line else 106.0
    size = chance.choice((0.05, 0.5, 3.0))
    ring = [(10 + chance.uniform(-size, size), middle + chance.uniform(-size, size)) for _ in range(corners)]
    closed = [(y, (x + 180) % 360 - 180) for y, x in (*ring, ring[0])]
    spots = [(10 + chance.uniform(-size, size) * 1.2, middle + chance.uniform(-size, size) * 1.2) for _ in range(300)]
    places = tuple(Place(str(n), y, (x + 180) % 360 - 180) for n, (y, x) in enumerate(spots))
    flat = unrolled(closed)
    expected = set()
    for number, (y, x) in enumerate(spots):
        for turned in (x - 360, x, x + 360):
            crossings = sum(
                (y1 > y) != (y2 > y) and turned < (x2 - x1) * (y - y1) / (y2 - y1) + x1
                for (y1, x1), (y2, x2) in itertools.pairwise(flat)
            )
            if crossings % 2:
                expected.add(str(number))
    assert reached(Area("x", polygons=(Polygon(tuple(closed)),)), places=places) == expected


def test_a_tangle_of_ten_thousand_edges_is_taken_by_its_bounds() -> None:
    comb = [(10 + n % 2, 106 + n / 10_000) for n in range(9_999)] + [(9.9, 107.0), (9.9, 106.0)]
    ring = Polygon((*comb, comb[0]))
    chance = random.Random(1)
    places = tuple(Place(str(n), chance.uniform(9, 12), chance.uniform(105, 108)) for n in range(20_000))
    found = match(alert(Area("Rối", polygons=(ring,))), places, NAMES)
    assert found.widened == ("Rối",)
    inside = {
        p.speaker_id for p in places if p.latitude and p.longitude and p.latitude <= 11 and 106 <= p.longitude <= 107
    }
    assert found.speakers <= inside | {p.speaker_id for p in places if p.latitude and 9.9 <= p.latitude <= 11}
    assert len(found.speakers) > 1_000


def test_a_coast_of_ten_thousand_points_is_followed() -> None:
    turn = [2 * math.pi * n / 10_000 for n in range(10_000)]
    ring = [(10 + math.sin(t), 106 + math.cos(t)) for t in turn]
    places = tuple(Place(f"{n}", 10 + 0.0013 * n - 1.3, 106.0) for n in range(2_000))
    found = match(alert(Area("Bờ", polygons=(Polygon((*ring, ring[0])),))), PlaceIndex(places), NAMES)
    assert found.widened == ()
    assert found.speakers == {p.speaker_id for p in places if p.latitude and abs(p.latitude - 10) < 1}


# --- languages --------------------------------------------------------------------------------------------------------


def in_languages(*languages: str) -> Alert:
    written = "".join(info(language=f"<language>{one}</language>") for one in languages)
    read = look(cap(infos=written)).alert
    assert read is not None
    return read


@pytest.mark.parametrize(
    ("has", "preferred", "chosen"),
    [
        (("vi-VN", "en"), ("vi",), "vi-VN"),
        (("en", "vi"), ("vi-VN", "en"), "vi"),
        (("en", "vi", "vi-x-bac"), ("vi-x-bac",), "vi-x-bac"),
        (("vi", "km", "en"), ("km", "vi"), "km"),
        (("fr", "en-US"), ("vi",), "en-US"),
        (("fr", "de"), ("vi",), "fr"),
        (("VI", "en"), ("vi",), "VI"),
    ],
)
def test_the_language_is_the_first_preferred_then_english_then_the_first(
    has: tuple[str, ...], preferred: tuple[str, ...], chosen: str
) -> None:
    found = choose(in_languages(*has).infos, preferred)
    assert found is not None
    assert found.language == chosen


def test_nothing_is_chosen_of_nothing() -> None:
    assert choose((), ("vi",)) is None


def test_each_speaker_speaks_the_language_of_its_area() -> None:
    both = in_languages("vi", "en", "km")
    places = tuple(Place(one, 10.5, 106.5) for one in ("a", "b", "c"))
    found = match(both, places, NAMES)
    said = spoken(both, found, {"a": ("vi",), "b": ("km", "vi")}, NOW_US)
    assert said == {0: frozenset({"a"}), 1: frozenset({"c"}), 2: frozenset({"b"})}


def test_of_infos_for_different_places_each_is_spoken_where_it_holds_and_what_expired_nowhere() -> None:
    east = "<area><areaDesc>Đông</areaDesc><circle>10.5,107.5 1</circle></area>"
    raw = cap(infos=info() + info(areas=east) + info(times="<expires>2026-11-22T05:35:00+07:00</expires>"))
    read = look(raw).alert
    assert read is not None
    found = match(read, PLACES, NAMES)
    assert found.by_info == (frozenset({"a"}), frozenset({"b"}), frozenset({"a"}))
    assert spoken(read, found, {}, NOW_US) == {0: frozenset({"a"}), 1: frozenset({"b"})}
