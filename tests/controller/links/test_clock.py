"""Controller time: one steady line, trusted only while the system clock stays on it."""

import asyncio
import re

from controller.links.clock import ControllerClock, KernelClocks

SECOND_US = 1_000_000


class Clocks:
    """The machine's clocks, set by hand."""

    def __init__(self, *, synchronised=True):
        self.steady = 5 * SECOND_US
        self.wall = 1_700_000_000 * SECOND_US
        self.kept = synchronised

    def steady_us(self):
        return self.steady

    def wall_us(self):
        return self.wall

    def synchronised(self):
        return self.kept

    def later(self, us):
        self.steady += us
        self.wall += us


def test_the_line_begins_at_the_wall_clock_and_follows_the_steady_one():
    clocks = Clocks()
    clock = ControllerClock(clocks)
    assert clock.now_us() == clocks.wall
    clocks.later(7 * SECOND_US)
    assert clock.now_us() == clocks.wall
    clocks.wall += 3_600 * SECOND_US
    assert clock.now_us() == 1_700_000_007 * SECOND_US, "whoever sets the system clock does not move the line"


def test_a_step_of_the_system_clock_ends_the_trust_until_it_is_set_back():
    clocks, changes = Clocks(), []
    clock = ControllerClock(clocks, changed=lambda: changes.append(clock.synchronised()))
    clock_id = clock.clock_id
    clocks.wall += 2 * SECOND_US
    clock.look()
    assert (clock.synchronised(), clock.step_us) == (False, 2 * SECOND_US)
    clocks.later(60 * SECOND_US)
    clock.look()
    assert not clock.synchronised(), "time alone explains nothing"
    clocks.wall -= 2 * SECOND_US
    clock.look()
    assert (clock.synchronised(), clock.step_us) == (True, 0)
    assert clock.clock_id == clock_id, "plans were made on this line: it goes on"
    assert changes == [False, True]


def test_small_corrections_are_no_step():
    clocks = Clocks()
    clock = ControllerClock(clocks)
    clocks.wall += 900_000
    clock.look()
    assert clock.synchronised()


def test_without_network_time_it_is_not_trusted_unless_the_setting_says_so():
    assert not ControllerClock(Clocks(synchronised=False)).synchronised()
    trusting = ControllerClock(Clocks(synchronised=False), trust_system_clock=True)
    trusting.look()
    assert trusting.synchronised()


def test_a_line_that_was_never_trusted_begins_anew_when_the_clock_becomes_true():
    clocks, changes = Clocks(synchronised=False), []
    clock = ControllerClock(clocks, changed=lambda: changes.append(clock.clock_id))
    before = clock.clock_id
    clocks.wall += 86_400 * SECOND_US
    clocks.kept = True
    clock.look()
    assert clock.clock_id != before
    assert clock.now_us() == clocks.wall
    assert clock.synchronised()
    assert changes == [clock.clock_id]


def test_losing_network_time_ends_the_trust_and_finding_it_again_brings_it_back():
    clocks = Clocks()
    clock = ControllerClock(clocks)
    clocks.kept = False
    clock.look()
    assert not clock.synchronised()
    clocks.kept = True
    clock.look()
    assert clock.synchronised()


async def test_sleep_until_returns_at_the_instant_and_at_once_for_the_past():
    clock = ControllerClock()
    target_us = clock.now_us() + 20_000
    await clock.sleep_until(target_us)
    assert clock.now_us() >= target_us
    async with asyncio.timeout(5):
        await clock.sleep_until(0)


def test_the_clocks_of_this_machine_go_forward_and_say_whether_they_are_kept_true():
    clocks = KernelClocks()
    first = clocks.steady_us()
    assert clocks.steady_us() >= first
    assert isinstance(clocks.synchronised(), bool)
    assert re.fullmatch(r"t-[0-9a-f]{16}", ControllerClock(clocks).clock_id)
