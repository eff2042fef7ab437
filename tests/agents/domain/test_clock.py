"""The clock: what exchanges say of controller time, how sure that is, and what is known without a link."""

import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.domain.clock import (
    NETWORK_ERROR_US,
    UNUSABLE_ERROR_US,
    ClockFilter,
    ControllerClock,
    Mapping,
    TimeUnknown,
)
from agents.domain.clock_burst import Exchange
from agents.protocol.values import ClockBasis
from agents.protocol.version import MAX_INTEGER

EPOCH_US = 1_763_775_600_000_000
S = 1_000_000
HOUR = 3_600 * S
TrueTime = Callable[[float], int]


def controller_time(drift_ppm: float = 0.0, offset_us: int = EPOCH_US) -> TrueTime:
    return lambda local_us: offset_us + round(local_us * (1 + drift_ppm * 1e-6))


def burst(
    true: TrueTime, at_us: int, dice: random.Random, *, way_us: float = 100, jitter_us: float = 40, count: int = 8
) -> list[Exchange]:
    """Exchanges 10 ms apart over a network with this shortest way and this mean queueing on each way."""
    made = []
    for index in range(count):
        t1 = at_us + index * 10_000
        t2 = t1 + way_us + dice.expovariate(1 / jitter_us)
        t4 = t2 + 30 + way_us + dice.expovariate(1 / jitter_us)
        made.append(Exchange(t1_us=t1, t2_us=true(t2), t3_us=true(t2 + 30), t4_us=round(t4)))
    return made


def settled(true: TrueTime, bursts: int = 30, every_s: float = 5.0, **network: float) -> tuple[ControllerClock, int]:
    """A clock after so many bursts, and the local instant after the last."""
    clock, dice, now_us = ControllerClock(), random.Random(7), 10 * S
    for _ in range(bursts):
        clock.feed("t-1", burst(true, now_us, dice, **network))  # type: ignore[arg-type]
        now_us += round(every_s * S)
    return clock, now_us


def test_one_exchange_is_the_textbook_formula() -> None:
    exchange = Exchange(t1_us=1_000, t2_us=51_100, t3_us=51_130, t4_us=1_230)
    assert exchange.round_trip_us == 200
    assert exchange.offset_us == 50_000
    assert exchange.middle_us == 1_115


def test_before_anything_is_known_time_is_unknown() -> None:
    clock = ControllerClock()
    assert clock.estimate(0) is None
    with pytest.raises(TimeUnknown):
        clock.to_controller(0)
    with pytest.raises(TimeUnknown):
        clock.to_local(EPOCH_US)


def test_one_burst_is_enough_to_begin_and_its_bound_holds() -> None:
    true, clock = controller_time(40), ControllerClock()
    clock.feed("t-1", burst(true, 5 * S, random.Random(1)))

    estimate = clock.estimate(5 * S + 80_000)

    assert estimate is not None
    assert estimate.basis is ClockBasis.LINK
    assert abs(clock.to_controller(5 * S + 80_000) - true(5 * S + 80_000)) <= estimate.error_us < 1_000


@pytest.mark.parametrize("drift_ppm", [-120.0, 0.0, 35.0, 300.0])
def test_drift_is_learned_and_the_estimate_stays_within_its_bound(drift_ppm: float) -> None:
    true = controller_time(drift_ppm)
    clock, now_us = settled(true)

    estimate = clock.estimate(now_us)

    assert estimate is not None
    assert estimate.drift_ppm == pytest.approx(drift_ppm, abs=1.5)
    assert abs(clock.to_controller(now_us) - true(now_us)) < 50
    assert estimate.error_us < 400


def test_there_and_back_again_is_the_same_instant() -> None:
    clock, now_us = settled(controller_time(77))
    for ahead_us in (-HOUR, 0, 12_345, 24 * HOUR):
        assert abs(clock.to_local(clock.to_controller(now_us + ahead_us)) - (now_us + ahead_us)) <= 1


def test_a_slow_and_jittery_network_widens_the_bound_and_the_bound_still_holds() -> None:
    true = controller_time(-40)
    clock, now_us = settled(true, way_us=60_000, jitter_us=20_000)

    estimate = clock.estimate(now_us)

    assert estimate is not None
    assert 50_000 < estimate.error_us < 200_000
    assert abs(clock.to_controller(now_us) - true(now_us)) < estimate.error_us


def test_one_lying_burst_is_left_out() -> None:
    true = controller_time(20)
    clock, now_us = settled(true)
    version = clock.version

    changed = clock.feed("t-1", burst(controller_time(20, EPOCH_US + 20_000), now_us, random.Random(3)))

    assert not changed
    assert clock.version == version
    assert abs(clock.to_controller(now_us) - true(now_us)) < 50


def test_two_in_a_row_are_believed_because_the_clock_was_set() -> None:
    clock, now_us = settled(controller_time(20))
    moved = controller_time(20, EPOCH_US + 20_000)

    for step in range(2):
        clock.feed("t-1", burst(moved, now_us + step * 5 * S, random.Random(step)))

    assert abs(clock.to_controller(now_us + 10 * S) - moved(now_us + 10 * S)) < 300


def test_a_new_time_line_begins_anew_with_its_first_burst() -> None:
    clock, now_us = settled(controller_time())
    other = controller_time(0, EPOCH_US - 3 * HOUR)

    assert clock.feed("t-2", burst(other, now_us, random.Random(5)))

    assert clock.clock_id == "t-2"
    assert abs(clock.to_controller(now_us) - other(now_us)) < 300


@pytest.mark.parametrize(
    "burst_",
    [
        [],
        [Exchange(t1_us=100, t2_us=0, t3_us=500, t4_us=110)],
        [Exchange(t1_us=100, t2_us=10, t3_us=0, t4_us=200)],
        [Exchange(t1_us=200, t2_us=0, t3_us=0, t4_us=100)],
        [Exchange(t1_us=100, t2_us=-200, t3_us=-195, t4_us=110)],
        [Exchange(t1_us=100, t2_us=MAX_INTEGER - 5, t3_us=MAX_INTEGER, t4_us=110)],
    ],
)
def test_impossible_exchanges_change_nothing(burst_: Sequence[Exchange]) -> None:
    filter_ = ClockFilter()
    assert not filter_.feed(burst_)
    assert filter_.mapping() is None


def test_an_answer_from_before_the_last_one_is_left_out() -> None:
    true, filter_, dice = controller_time(), ClockFilter(), random.Random(2)
    assert filter_.feed(burst(true, 20 * S, dice))
    assert not filter_.feed(burst(true, 10 * S, dice))


def test_without_a_link_the_estimate_is_carried_on_and_grows_less_sure() -> None:
    clock, now_us = settled(controller_time(10))
    clock.hold()

    bounds = []
    for hours in (0, 1, 12, 48):
        estimate = clock.estimate(now_us + hours * HOUR)
        assert estimate is not None
        assert estimate.basis is ClockBasis.HOLDOVER
        bounds.append(estimate.error_us)

    assert bounds == sorted(bounds)
    assert bounds[1] < 200_000
    assert bounds[0] < 500


def test_a_holdover_that_is_no_longer_sure_enough_is_unknown() -> None:
    clock, now_us = settled(controller_time(10))
    clock.hold()

    assert clock.estimate(now_us + 240 * HOUR) is None


def test_the_crystal_may_change_with_the_weather_and_the_bound_holds() -> None:
    true = controller_time(10)
    clock, now_us = settled(true)
    clock.hold()
    later_us = now_us + 6 * HOUR
    warmer = true(now_us) + round(6 * HOUR * (1 + 25e-6))

    estimate = clock.estimate(later_us)

    assert estimate is not None
    assert abs(clock.to_controller(later_us) - warmer) < estimate.error_us


def test_network_time_serves_while_there_was_no_link() -> None:
    clock = ControllerClock()
    clock.network_time(10 * S, EPOCH_US, synchronised=True)

    estimate = clock.estimate(11 * S)

    assert estimate is not None
    assert (estimate.basis, estimate.error_us) == (ClockBasis.NETWORK, NETWORK_ERROR_US)
    assert clock.to_controller(11 * S) == EPOCH_US + S
    assert clock.to_local(EPOCH_US + S) == 11 * S


def test_a_system_clock_that_nothing_keeps_true_is_not_believed() -> None:
    clock = ControllerClock()
    clock.network_time(10 * S, EPOCH_US, synchronised=False)
    assert clock.estimate(10 * S) is None

    clock.network_time(10 * S, EPOCH_US, synchronised=True)
    clock.network_time(20 * S, EPOCH_US, synchronised=False)
    assert clock.estimate(20 * S) is None


def test_network_time_is_compared_with_the_controllers_where_both_are_known() -> None:
    clock, now_us = settled(controller_time())
    assert clock.network_apart_us(now_us) is None
    clock.network_time(now_us, round(clock.to_controller(now_us)) + 3_000_000, synchronised=True)
    assert abs((clock.network_apart_us(now_us) or 0) - 3_000_000) <= 1
    clock.network_time(now_us, 0, synchronised=False)
    assert clock.network_apart_us(now_us) is None


def test_the_link_goes_before_network_time_and_network_time_before_a_stale_holdover() -> None:
    true = controller_time()
    clock, now_us = settled(true)
    clock.network_time(now_us, EPOCH_US + 400_000_000, synchronised=True)
    assert abs(clock.to_controller(now_us) - true(now_us)) < 50

    clock.hold()
    late_us = now_us + 240 * HOUR
    estimate = clock.estimate(late_us)
    assert estimate is not None
    assert estimate.basis is ClockBasis.NETWORK


def test_whoever_waits_by_the_clock_hears_of_every_change_and_of_nothing_else() -> None:
    heard: list[int] = []
    clock = ControllerClock()
    clock.subscribe(lambda: heard.append(clock.version))
    true = controller_time()
    clock.feed("t-1", burst(true, 10 * S, random.Random(1)))
    clock.hold()
    clock.hold()
    clock.feed("t-1", [])
    clock.network_time(11 * S, EPOCH_US, synchronised=True)
    clock.network_time(12 * S, EPOCH_US + S, synchronised=True)
    clock.forget()

    assert heard == [1, 2, 3, 4]


def test_a_mapping_survives_a_restart_of_the_program_as_holdover() -> None:
    clock, now_us = settled(controller_time(30))
    saved = clock.saved()
    assert saved is not None

    again = ControllerClock()
    again.restore(*saved)

    estimate = again.estimate(now_us)
    assert estimate is not None
    assert estimate.basis is ClockBasis.HOLDOVER
    assert again.to_controller(now_us) == clock.to_controller(now_us)


def test_what_began_long_ago_is_in_step_where_it_is_heard_and_not_where_it_began() -> None:
    true = controller_time(50)
    clock, now_us = settled(true)
    began_us = true(now_us - 600 * S)

    in_step_us = clock.in_step(began_us, now_us)

    assert abs(true(now_us) - began_us - (now_us - in_step_us)) < 100, "ten minutes of the controller's"
    assert abs(in_step_us - clock.to_local(began_us) + 0.05 * 600 * 1_000) < 100, "30 ms from where it began"
    assert clock.in_step(true(now_us + 5 * S), now_us) == clock.to_local(true(now_us + 5 * S))


def test_after_a_release_nothing_of_the_controllers_time_is_left() -> None:
    clock, now_us = settled(controller_time())
    clock.forget()
    assert clock.estimate(now_us) is None
    assert clock.saved() is None


def test_the_bound_at_the_limit_is_still_usable() -> None:
    exact = Mapping(local_us=0, controller_us=EPOCH_US, path_error_us=float(UNUSABLE_ERROR_US))
    clock = ControllerClock()
    clock.restore("t-1", exact)
    assert clock.estimate(0) is not None
    assert clock.estimate(60 * S) is None


@settings(max_examples=150, deadline=None)
@given(
    drift_ppm=st.floats(-150, 150),
    way_us=st.floats(20, 50_000),
    jitter_us=st.floats(1, 20_000),
    seed=st.integers(0, 10_000),
)
def test_the_truth_lies_within_the_bound_whatever_the_network_does(
    drift_ppm: float, way_us: float, jitter_us: float, seed: int
) -> None:
    true, clock, dice, now_us = controller_time(drift_ppm), ControllerClock(), random.Random(seed), 10 * S
    for _ in range(12):
        clock.feed("t-1", burst(true, now_us, dice, way_us=way_us, jitter_us=jitter_us))
        now_us += 5 * S
        estimate = clock.estimate(now_us)
        assert estimate is not None
        assert abs(clock.to_controller(now_us) - true(now_us)) <= estimate.error_us
