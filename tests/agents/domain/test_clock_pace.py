"""The pace: as often as it takes to know the time, and no more often than the welcome and the purse allow."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from agents.domain.clock import ControllerClock
from agents.domain.clock_burst import Exchange
from agents.domain.clock_pace import ClockPace, PaceBounds

EPOCH_US = 1_763_775_600_000_000
S = 1_000_000
LAN = PaceBounds(every_s=7.0, most=16)
SIM = PaceBounds(every_s=120.0, most=8, thrifty=True)
Way = Callable[[random.Random], float]


def quiet(dice: random.Random) -> float:
    return 200 + dice.expovariate(1 / 60)


def noisy(dice: random.Random) -> float:
    """50 +- 10 ms; one packet in a hundred is lost, and sent again."""
    return dice.uniform(40_000, 60_000) + (250_000 if dice.random() < 0.01 else 0)


@dataclass
class Told:
    """What a device learned on one link, asking at the pace."""

    clock: ControllerClock
    drift_ppm: float
    now_us: int
    rounds: list[tuple[float, int]]
    """Seconds since the link began, and exchanges."""

    def true(self, local_us: float) -> int:
        return EPOCH_US + round(local_us * (1 + self.drift_ppm * 1e-6))

    @property
    def error_us(self) -> int:
        return self.clock.to_controller(self.now_us) - self.true(self.now_us)

    def exchanges(self, from_s: float = 0.0, until_s: float = 1e9) -> int:
        return sum(count for at_s, count in self.rounds if from_s <= at_s < until_s)


def link(way: Way, bounds: PaceBounds, seconds: float, *, seed: int = 1, drift_ppm: float = 20.0) -> Told:
    """Messages arrive in the order in which they were sent, so one that is late holds up those behind it."""
    told = Told(ControllerClock(), drift_ppm, 10 * S, [])
    dice, pace, began_us = random.Random(seed), ClockPace(bounds, told.now_us), told.now_us
    there_us = back_us = 0.0
    while told.now_us < began_us + seconds * S:
        sigma_us = told.clock.sigma_us("t-1", told.now_us + round(bounds.every_s * S))
        due = pace.next(told.now_us, sigma_us)
        told.rounds.append(((told.now_us - began_us) / S, due.exchanges))
        burst, t1 = [], told.now_us
        for _ in range(due.exchanges):
            there_us = max(there_us, t1 + way(dice))
            back_us = max(back_us, there_us + 30 + way(dice))
            burst.append(Exchange(t1, told.true(there_us), told.true(there_us + 30), round(back_us)))
            t1 = round(min(back_us, t1 + 25_000))
        told.clock.feed("t-1", burst)
        told.now_us = round(back_us) + round(due.pause_s * S)
    return told


def test_a_fresh_link_begins_with_bursts_close_upon_each_other() -> None:
    told = link(quiet, LAN, 5)
    assert [round(at_s, 1) for at_s, count in told.rounds if count == LAN.most][:4] == [0.0, 0.3, 0.8, 1.8]
    assert abs(told.error_us) < 100


def test_where_thousands_dial_at_once_single_exchanges_settle_the_clock_of_a_quiet_network() -> None:
    told = link(quiet, replace(LAN, crowded_s=30.0), 90)

    assert {count for _, count in told.rounds} == {1}
    assert told.exchanges() <= 90 / 7 + 2
    assert abs(told.error_us) < 300


def test_on_a_noisy_network_bursts_begin_when_the_crowd_is_served() -> None:
    told = link(noisy, replace(LAN, crowded_s=30.0), 90)

    assert told.exchanges(until_s=29.9) <= 30 / 7 + 1
    assert told.exchanges(from_s=30) >= 10 * LAN.most
    assert abs(told.error_us) < 2_000


def test_in_a_crowd_a_thrifty_device_begins_its_bursts_later() -> None:
    told = link(noisy, replace(SIM, crowded_s=30.0), 60)

    assert [count for at_s, count in told.rounds if at_s < 30] == [1]
    assert SIM.most in {count for at_s, count in told.rounds if at_s >= 30}


def test_on_a_quiet_network_one_exchange_now_and_then_holds_the_time() -> None:
    told = link(quiet, LAN, 600)

    assert told.exchanges(from_s=10) <= 600 / 7 * 1.2
    assert abs(told.error_us) < 100


def test_the_link_is_never_left_longer_than_the_welcome_says() -> None:
    for way, bounds in ((quiet, LAN), (noisy, LAN), (noisy, SIM)):
        instants = [at_s for at_s, _ in link(way, bounds, 1_000).rounds]
        assert max(b - a for a, b in pairwise(instants)) < bounds.every_s + 1.0
        assert max(count for _, count in link(way, bounds, 100).rounds) <= bounds.most


def test_two_devices_behind_a_noisy_line_are_within_a_millisecond_a_minute_later() -> None:
    apart_us = []
    for seed in range(20):
        one = link(noisy, LAN, 60, seed=2 * seed, drift_ppm=200.0)
        other = link(noisy, LAN, 60, seed=2 * seed + 1, drift_ppm=-30.0)
        apart_us.append(abs(one.error_us - other.error_us))

    assert sorted(apart_us)[18] < 600


def test_on_a_noisy_line_it_asks_less_once_it_knows() -> None:
    told = link(noisy, LAN, 600)
    assert told.exchanges(from_s=300) / 300 < told.exchanges(until_s=60) / 60 / 1.5
    assert abs(told.error_us) < 600


def test_a_thrifty_device_pays_once_for_the_beginning_and_then_a_single_exchange_at_a_time() -> None:
    day = link(noisy, SIM, 86_400)

    assert day.exchanges(until_s=10) >= 4 * SIM.most
    assert day.exchanges() <= 86_400 / 120 + 4 * SIM.most + 6 * SIM.most
    assert abs(day.error_us) < 20_000


def test_a_thrifty_device_that_knows_the_time_begins_a_link_with_one_exchange() -> None:
    pace = ClockPace(SIM, 10 * S)
    assert [pace.next(10 * S, 5_000.0).exchanges for _ in range(3)] == [1, 1, 1]


def test_a_thrifty_device_bursts_every_four_hours_while_it_knows_the_time_poorly() -> None:
    pace, bursts = ClockPace(SIM, 0), []
    for minute in range(0, 600, 2):
        if pace.next(minute * 60 * S, 5_000.0).exchanges > 1:
            bursts.append(minute)
    assert bursts == [240, 480]
