"""Play, join in step, or leave it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.lateness import JoinInStep, OnTime, TooLate, judge, last_chance_us


@pytest.mark.parametrize(
    ("now_us", "verdict"),
    [
        (0, OnTime()),
        (100, OnTime()),
        (101, JoinInStep(1)),
        (160, JoinInStep(60)),
        (161, TooLate(61)),
    ],
)
def test_an_airing_due_at_100_with_a_window_of_60(now_us: int, verdict: object) -> None:
    assert judge(now_us, due_us=100, duration_us=1_000, window_us=60) == verdict


def test_what_is_over_cannot_be_joined_however_wide_the_window() -> None:
    assert judge(150, due_us=100, duration_us=50, window_us=1_000) == TooLate(50)
    assert judge(149, due_us=100, duration_us=50, window_us=1_000) == JoinInStep(49)


def test_a_window_of_nothing_allows_no_lateness() -> None:
    assert judge(101, due_us=100, duration_us=50, window_us=0) == TooLate(1)


@pytest.mark.parametrize(("duration_us", "window_us"), [(-1, 0), (0, -1)])
def test_negative_lengths_are_a_mistake(duration_us: int, window_us: int) -> None:
    with pytest.raises(ValueError, match="less than nothing"):
        judge(0, 0, duration_us, window_us)


@given(st.integers(0, 1_000), st.integers(1, 500), st.integers(0, 500))
def test_the_last_chance_is_the_last_instant_that_is_not_too_late(
    due_us: int, duration_us: int, window_us: int
) -> None:
    latest_us = last_chance_us(due_us, duration_us, window_us)

    assert not isinstance(judge(latest_us, due_us, duration_us, window_us), TooLate)
    assert isinstance(judge(latest_us + 1, due_us, duration_us, window_us), TooLate)
