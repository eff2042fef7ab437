"""A burst: the quickest way there and the quickest way back, each for itself."""

import random

import pytest

from agents.domain.clock_burst import Exchange, measured

EPOCH_US = 1_763_775_600_000_000


def exchange(at_us: int, there_us: int, back_us: int, drift: float = 0.0) -> Exchange:
    def true(local_us: int) -> int:
        return EPOCH_US + local_us + round(drift * local_us)

    arrived = at_us + there_us
    return Exchange(at_us, true(arrived), true(arrived + 10), arrived + 10 + back_us)


def test_the_quickest_ways_of_two_exchanges_make_one_that_is_better_than_either() -> None:
    found = measured([exchange(0, 50_000, 90_000), exchange(30_000, 90_000, 50_000)], 0.0, 0.0)

    assert found is not None
    assert found.round_trip_us == 100_000
    assert found.offset_us == EPOCH_US


def test_an_exchange_that_was_sent_again_counts_for_nothing() -> None:
    quick = [exchange(at, 50_000, 50_000) for at in range(0, 200_000, 25_000)]
    resent = [exchange(at, 50_000, 300_000) for at in range(200_000, 300_000, 25_000)]

    found = measured(quick + resent, 0.0, 0.0)

    assert found is not None
    assert (found.offset_us, found.round_trip_us) == (EPOCH_US, 100_000)


def test_a_long_burst_is_brought_to_one_instant_by_the_drift() -> None:
    burst = [exchange(at, 50_000, 50_000, drift=200e-6) for at in range(0, 2_000_000, 100_000)]

    found = measured(burst, 200e-6, 1e-6)

    assert found is not None
    assert found.offset_us == pytest.approx(EPOCH_US + 200e-6 * found.at_us, abs=15)
    assert found.round_trip_us == pytest.approx(100_000, abs=30)


def test_where_the_drift_is_known_too_badly_the_best_real_exchange_serves() -> None:
    best = exchange(0, 10, 10)
    found = measured([best, exchange(3_000_000, 20, 20)], -200e-6, 1e-6)

    assert found is not None
    assert (found.offset_us, found.round_trip_us) == (best.offset_us, best.round_trip_us)


def test_what_is_impossible_is_left_out_and_a_single_exchange_cannot_judge_itself() -> None:
    backwards = Exchange(t1_us=100, t2_us=0, t3_us=500, t4_us=110)
    assert measured([backwards], 0.0, 0.0) is None
    found = measured([backwards, exchange(0, 10, 12)], 0.0, 0.0)
    assert found is not None
    assert found.doubt_us is None


def test_the_doubt_is_about_what_is_missing_to_the_quickest_way() -> None:
    dice, errors, doubts = random.Random(4), [], []
    for _ in range(300):
        ways = [(dice.randrange(40_000, 60_000), dice.randrange(40_000, 60_000)) for _ in range(16)]
        found = measured([exchange(index * 120_000, *way) for index, way in enumerate(ways)], 0.0, 0.0)
        assert found is not None
        assert found.doubt_us is not None
        errors.append(found.offset_us - EPOCH_US)
        doubts.append(found.doubt_us)
    sigma_us = (sum(error**2 for error in errors) / len(errors)) ** 0.5
    assert 0.7 * sigma_us < sum(doubts) / len(doubts) < 2.0 * sigma_us
    assert abs(sum(errors)) / len(errors) < 0.2 * sigma_us, "neither way is preferred"
