"""Wall times of the station and instants of the controller are the same moments."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.errors import Invalid
from controller.web.moments import instant_us, moment, wall_time

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
BERLIN = ZoneInfo("Europe/Berlin")


@given(st.integers(0, 4_000_000_000_000_000))
def test_an_instant_survives_to_the_microsecond(at_us: int) -> None:
    assert instant_us(moment(at_us)) == at_us


def test_a_wall_time_is_read_in_the_station_s_zone() -> None:
    assert wall_time("2026-03-02T17:00", HANOI) == datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    assert wall_time("2026-03-02T17:00:30", HANOI) == datetime(2026, 3, 2, 10, 0, 30, tzinfo=UTC)


def test_a_wall_time_that_is_skipped_moves_by_the_gap() -> None:
    assert wall_time("2026-03-29T02:30", BERLIN).astimezone(BERLIN).strftime("%H:%M") == "03:30"


def test_a_wall_time_that_comes_twice_is_the_first() -> None:
    assert wall_time("2026-10-25T02:30", BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    ["", "now", "2026-13-01T10:00", "2026-03-02", "17:00", "2026-03-02T17:00Z", "2026-03-02T25:00", "0001-01-01T00:00"],
)
def test_what_is_no_wall_time_is_said_so(written: str) -> None:
    with pytest.raises(Invalid) as caught:
        wall_time(written, HANOI)
    assert caught.value.code == "time_missing"


def test_a_moment_without_a_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="zone"):
        instant_us(datetime(2026, 3, 2))  # noqa: DTZ001 - what is refused
