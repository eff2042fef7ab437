"""One port for time, and the same port seen through a wrong clock."""

import pytest

from agents.io.timeport import SkewedTime, SystemTime


class StandingTime(SystemTime):
    """Time that passes only when told."""

    def __init__(self) -> None:
        self.now_us = 1_000_000

    def monotonic_us(self) -> int:
        return self.now_us

    def wall_us(self) -> int:
        return self.now_us + 500

    async def sleep_until(self, monotonic_us: int) -> None:
        self.now_us = max(self.now_us, monotonic_us)

    def block_until(self, monotonic_us: int) -> None:
        self.now_us = max(self.now_us, monotonic_us)


async def test_sleeping_ends_when_the_instant_has_come() -> None:
    time = SystemTime()
    until_us = time.monotonic_us() + 20_000

    await time.sleep_until(until_us)
    assert time.monotonic_us() >= until_us

    time.block_until(until_us + 20_000)
    assert time.monotonic_us() >= until_us + 20_000


async def test_an_instant_that_has_passed_needs_no_sleep() -> None:
    time = StandingTime()

    await time.sleep_until(10)

    assert time.now_us == 1_000_000


def test_the_kernel_is_asked_whether_the_wall_clock_is_true() -> None:
    assert SystemTime().wall_synchronised() in (True, False)


def test_a_skewed_clock_is_offset_at_once_and_gains_with_time() -> None:
    inner = StandingTime()
    time = SkewedTime(inner, rate_ppm=100, offset_us=7_000)
    assert time.monotonic_us() == 1_007_000

    inner.now_us += 10_000_000

    assert time.monotonic_us() == 1_007_000 + 10_000_000 + 1_000
    assert time.wall_us() == inner.wall_us() + 7_000 + 1_000


@pytest.mark.parametrize("rate_ppm", [-500, 0, 500])
async def test_waiting_by_a_skewed_clock_ends_by_that_clock(rate_ppm: int) -> None:
    inner = StandingTime()
    time = SkewedTime(inner, rate_ppm, offset_us=-40_000)
    begin_us = time.monotonic_us()

    await time.sleep_until(begin_us + 2_000_000)
    assert begin_us + 2_000_000 <= time.monotonic_us() <= begin_us + 2_000_010

    time.block_until(begin_us + 3_000_000)
    assert begin_us + 3_000_000 <= time.monotonic_us() <= begin_us + 3_000_010


def test_a_clock_cannot_be_made_to_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        SkewedTime(StandingTime(), rate_ppm=-1_000_000)
