"""Where something stands, as it is typed or pasted from a map."""

import pytest

from controller.domain.errors import Invalid
from controller.web.degrees import read_place, written_place

HANOI = (21.0285, 105.8542)


@pytest.mark.parametrize(
    "typed",
    [
        "21.0285, 105.8542",
        " 21.0285,105.8542 ",
        "21.0285 105.8542",
        "21.0285; 105.8542",
        "(21.0285, 105.8542)",
        "21.0285°N, 105.8542°E",
        "21.0285n 105.8542e",
        "21,0285, 105,8542",
        "21,0285,105,8542",
        "+21.0285\t+105.8542",
        "21°01'42.6\"N 105°51'15.12\"E",
        "21°1′42,6″ 105°51′15,12″",
    ],
)
def test_what_maps_and_people_write_is_read(typed: str) -> None:
    assert read_place(typed) == pytest.approx(HANOI, abs=1e-6)


def test_south_and_west_are_below_zero() -> None:
    assert read_place("-33.5, -70.25") == (-33.5, -70.25)
    assert read_place("33.5S 70.25W") == (-33.5, -70.25)
    assert read_place("21, 105") == (21.0, 105.0)


def test_nothing_typed_is_no_place() -> None:
    assert read_place("  ") is None
    assert written_place(None) == ""


NO_PLACES = ["21.0285", "here, there", "105.8542, 200", "95, 105", "21 105 3", "nan, nan", "inf, 0", "1e1, 2", ", 105"]


@pytest.mark.parametrize("typed", [*NO_PLACES, "21°61'09\"N 105°51'15\"E", "21°01'09\"N 105°51'60\"E"])
def test_what_is_no_place_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as error:
        read_place(typed)
    assert error.value.code == "place_out_of_range"


def test_what_is_shown_is_read_again() -> None:
    for place in (HANOI, (-0.000001, 179.999999), (8.0, 104.7)):
        assert read_place(written_place(place)) == pytest.approx(place, abs=1e-6)
    assert written_place(HANOI) == "21.0285, 105.8542"
