"""With the link gone: days of plan, as long as the clock can be told from the truth, and silence after that."""

import pytest

from agents.domain.player import PlayerSettings, PlayerState
from agents.protocol.journal import Finished, SkipReason
from tests.agents.domain.horn import HEARD, World, after
from tests.agents.making import HOUR_US, SECOND_US, Desk, airing

DAY_S = 86_400


def planned(world: World, *starts_s: float, seconds: float = 10) -> None:
    desk = Desk()
    world.take(
        desk.rundown(
            *(airing(f"air-{at:.0f}", start_at_us=after(at), seconds=seconds) for at in starts_s),
            not_after_us=after(40 * DAY_S),
        )
    )
    world.deliver()


def test_it_plays_its_plan_for_as_many_days_as_it_holds() -> None:
    world = World()
    mornings = [day * DAY_S + 18_000.0 for day in range(30)]
    planned(world, *mornings)
    for day in range(30):
        world.until(after(day * DAY_S + 30_000))
        if day % 7 == 3:  # power comes and goes
            world.kill()
            world.know_time()
    world.until(after(31 * DAY_S))

    for at in mornings:
        assert world.story(f"air-{at:.0f}") == HEARD
        assert world.heard(f"air-{at:.0f}") == [(at * SECOND_US, (at + 10) * SECOND_US)]


@pytest.mark.parametrize("limit_s", [5, 60])
def test_what_is_planned_is_not_begun_with_a_clock_that_is_off_by_more_than_the_limit(limit_s: int) -> None:
    world = World(state=PlayerState(settings=PlayerSettings(max_clock_error_us=limit_s * SECOND_US)))
    planned(world, 100, 200, 300)
    world.clock_error_us = limit_s * SECOND_US
    world.know_time()
    world.until(after(150))
    world.clock_error_us += 1
    world.know_time()
    world.until(after(250))
    assert world.on_air is None

    world.clock_error_us = 1_000
    world.know_time()
    world.until(after(1_000))

    assert world.story("air-100") == HEARD
    assert world.heard("air-200") == []
    assert world.skip_reason("air-200") is SkipReason.TIME_UNKNOWN
    assert world.story("air-300") == HEARD


def test_what_sounds_when_the_clock_is_lost_is_played_to_its_end() -> None:
    world = World()
    planned(world, 100, seconds=60)
    world.until(after(120))
    world.clock_error_us = 6 * SECOND_US
    world.know_time()
    world.until(after(1_000))

    assert world.heard("air-100") == [(100 * SECOND_US, 160 * SECOND_US)]
    assert isinstance(world.last("air-100"), Finished)


def test_after_a_power_cut_it_is_silent_until_it_knows_the_time_and_never_late_then() -> None:
    world = World()
    planned(world, 100, 200, 3_600, seconds=30)
    world.until(after(90))
    world.kill()
    world.until(after(215))
    assert world.audible == []

    world.know_time()
    world.until(T0_LATER_US)

    assert world.skip_reason("air-100") is SkipReason.TIME_UNKNOWN
    ((joined_us, over_us),) = world.heard("air-200")
    assert 215 * SECOND_US <= joined_us < 215.1 * SECOND_US
    assert over_us == 230 * SECOND_US, "in step with all others"
    assert world.story("air-3600")[-1] == "finished"


T0_LATER_US = after(0) + 2 * HOUR_US
