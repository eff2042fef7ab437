"""Dialling again: patient, spread out, and for ever."""

import random

from agents.domain.backoff import Backoff, BackoffPolicy


def test_the_ceiling_doubles_from_half_a_second_to_a_minute_and_stays() -> None:
    policy = BackoffPolicy()
    assert [policy.ceiling_s(n) for n in (1, 2, 3, 7, 8, 9, 10_000)] == [0.5, 1.0, 2.0, 32.0, 60.0, 60.0, 60.0]


def test_the_wait_is_a_random_part_of_the_ceiling() -> None:
    dice = random.Random(1)
    backoff = Backoff(dice.random)
    for failures in range(1, 40):
        assert 0 <= backoff.after_failure() <= BackoffPolicy().ceiling_s(failures)


def test_ten_thousand_devices_spread_over_the_whole_minute() -> None:
    dice = random.Random(2)
    waits = []
    for _ in range(10_000):
        backoff = Backoff(dice.random)
        backoff.failures = 20
        waits.append(backoff.after_failure())
    for second in range(60):
        assert 100 < sum(second <= wait < second + 1 for wait in waits) < 240


def test_not_before_is_kept_and_jitter_comes_on_top() -> None:
    backoff = Backoff(lambda: 0.5)
    assert backoff.after_failure(not_before_s=30) == 30.25


def test_a_link_that_was_closed_at_once_is_a_failure_like_any_other() -> None:
    backoff = Backoff(lambda: 1.0)
    assert [backoff.after_failure(lived_s=0.2) for _ in range(3)] == [0.5, 1.0, 2.0]


def test_after_a_link_that_lived_the_next_failure_is_the_first() -> None:
    backoff = Backoff(lambda: 1.0)
    for _ in range(5):
        backoff.after_failure()
    assert backoff.after_failure(lived_s=60) == 0.5
    backoff.after_failure()
    backoff.reset()
    assert backoff.after_failure() == 0.5
