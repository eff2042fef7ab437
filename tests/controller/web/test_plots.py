"""Measurements become lines: nothing made up, no peak lost, and words that say what the line shows."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.protocol.ids import SpeakerId
from agents.protocol.values import Profile
from controller.domain.telemetry import Reading
from controller.web.i18n import Language, load_translators
from controller.web.moments import instant_us
from controller.web.plotpresent import SPANS, data_plot, month_of, plots, span_of
from controller.web.plots import HEIGHT, WIDTH, Measured, Scale, grown, line, scale

SAY = load_translators()[Language.ENGLISH]
HOUR_US = 3_600_000_000
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NOW_US = instant_us(NOW)
TEN = Scale(low=0, high=10, step=5)


def reading(hours_ago: float, **measured: float) -> Reading:
    return Reading(speaker_id=SpeakerId("s-0"), at_us=NOW_US - round(hours_ago * HOUR_US), **measured)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "span", "floor", "ticks"),
    [
        ([41, 58], 10, None, (40, 45, 50, 55, 60)),
        ([], 100, 0, (0, 50, 100)),
        ([80, 80], 100, 0, (0, 50, 100)),
        ([0.2, 0.9], 1, 0, (0, 0.5, 1)),
        ([-80], 20, None, (-90, -85, -80, -75, -70)),
        ([float("nan"), 3], 1, 0, (0, 1, 2, 3)),
    ],
)
def test_a_scale_has_few_even_steps_that_are_easy_to_read(
    values: list[float], span: float, floor: float | None, ticks: tuple[float, ...]
) -> None:
    assert scale(values, least_span=span, floor=floor).ticks == pytest.approx(ticks)


@given(st.lists(st.floats(-1e9, 1e12), min_size=1), st.floats(0.5, 1e9))
def test_a_scale_holds_every_value(values: list[float], span: float) -> None:
    on = scale(values, least_span=span)
    spare = on.step / 1_000_000
    assert on.low - spare <= min(values)
    assert max(values) <= on.high + spare
    assert 2 <= len(on.ticks) <= 8


def test_a_line_breaks_where_nothing_was_measured() -> None:
    points = [Measured(0, 5), Measured(10, 5), Measured(20, None), Measured(60, 5), Measured(70, 5)]
    path = line(points, (0, 100), TEN, gap_us=15)
    assert path.count("M") == 2
    assert path.startswith(f"M0.0 {HEIGHT / 2}")
    assert line([], (0, 100), TEN, gap_us=15) == ""


def test_what_lies_outside_of_the_window_is_not_drawn() -> None:
    assert line([Measured(-1, 5), Measured(101, 5)], (0, 100), TEN, gap_us=15) == ""


@settings(max_examples=20)
@given(st.integers(0, 2_999))
def test_no_peak_is_lost_however_many_measurements_there_are(at: int) -> None:
    points = [Measured(number, 9.0 if number == at else 1.0) for number in range(3_000)]
    path = line(points, (0, 3_000), TEN, gap_us=100)
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path)]
    assert min(heights) == TEN.y(9.0)
    assert len(heights) <= WIDTH + 10


def test_a_counter_that_begins_anew_is_summed_up() -> None:
    counted = [Measured(0, 900), Measured(10, 1_000), Measured(20, 50), Measured(30, None), Measured(40, 80)]
    assert grown(counted, 5) == [Measured(10, 100), Measured(20, 150), Measured(40, 180)]


def test_what_was_counted_before_is_not_of_this_month() -> None:
    assert grown([Measured(10, 1_000), Measured(20, 1_200)], 5) == [Measured(10, 0), Measured(20, 200)]


def test_a_plot_says_in_words_what_it_shows() -> None:
    warm = [reading(hours / 12, temperature_c=40 + hours) for hours in range(48, 0, -1)]
    by_name = {one.name: one for one in plots(warm, SPANS[0], NOW_US, Profile.LAN, SAY)}
    assert by_name["temperature"].summary_sentence == "Last 41 °C; from 41 °C to 88 °C."
    assert by_name["temperature"].limit_sentence == "From here on it is too hot."
    assert by_name["temperature"].along == ["17:00", "23:00", "05:00", "11:00", "17:00"]
    assert by_name["signal"].summary_sentence == "Nothing was measured."
    assert by_name["signal"].path == ""
    assert {span_of("7d"), span_of("nonsense")} == {SPANS[1], SPANS[0]}


def test_a_limit_that_is_far_away_is_not_drawn() -> None:
    cool = plots([reading(1, temperature_c=40.0)], SPANS[0], NOW_US, Profile.LAN, SAY)[0]
    assert (cool.limit_y, cool.limit_sentence) == (None, "")
    assert cool.summary_sentence == "40 °C, measured once."


def test_the_month_is_that_of_the_station() -> None:
    first_us, following_us = month_of(instant_us(datetime(2026, 2, 28, 18, 0, tzinfo=UTC)), SAY)
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    assert first_us == instant_us(datetime(2026, 3, 1, tzinfo=zone))
    assert following_us - first_us == timedelta(days=31) // timedelta(microseconds=1)


def test_data_is_shown_against_what_the_sim_may_carry() -> None:
    counted = [reading(hours, sent_bytes=(10 - hours) * 300_000, received_bytes=0) for hours in range(10, 0, -1)]
    shown = data_plot(counted, 0, NOW_US, 10_000_000, SAY)
    assert shown.summary_sentence == "2.7 MB of the SIM's 10.0 MB are used (27 %)."
    assert shown.limit_y == 0.0
    assert data_plot(counted, 3_000_000, NOW_US, None, SAY).summary_sentence == "3.0 MB were used."
    assert data_plot([], 0, NOW_US, None, SAY).path == ""
