"""The bench of rundowns measures what it says: a world of the stated shares, and answers like the plain way's."""

import pytest

from controller.bench import rundown_naive, rundown_world
from controller.bench.rundown import slope
from schedules.guards import NO_GUARDS
from schedules.rundown.compile import Compiler

SHARE = 0.02


@pytest.mark.parametrize("exponent", [1.0, 1.1, 2.0])
def test_the_slope_is_the_exponent_by_which_time_grows(exponent: float) -> None:
    sizes = (0.125, 0.25, 0.5, 1.0)
    assert slope(sizes, [3 * size**exponent for size in sizes]) == pytest.approx(exponent)


def test_the_same_seed_gives_the_same_world_and_another_one_another() -> None:
    one, again = rundown_world.world(5, SHARE), rundown_world.world(5, SHARE)
    assert (one.schedules, one.places, one.contents, one.guards) == (
        *(again.schedules, again.places, again.contents, again.guards),
    )
    assert rundown_world.world(6, SHARE).schedules != one.schedules


def test_the_world_has_the_stated_shares() -> None:
    world = rundown_world.world(5, 0.2)
    count = len(world.schedules)
    assert (count, len(world.places)) == (2_000, 4_000)
    of_level = [
        "".join({world.tree.get(area_id).level for area_id in one.target.areas} or {"group"})
        + ("s" if len(one.target.areas) > 1 else "")
        for one in world.schedules
    ]
    assert of_level.count("provinces") == round(0.01 * count)
    assert of_level.count("province") == round(0.09 * count)
    assert of_level.count("village") + of_level.count("group") == round(0.2 * count)
    own = sum(one.stagger_us > 0 or one.guards != NO_GUARDS for one in world.places)
    assert 0.08 < own / len(world.places) < 0.12


def test_speakers_of_a_small_country_come_out_like_the_plain_way() -> None:
    world = rundown_world.world(5, SHARE)
    compiler = Compiler(world, rundown_world.FIRST, rundown_world.DAYS)
    for place in world.places[::30]:
        plain = rundown_naive.outcomes(world, place, rundown_world.FIRST, rundown_world.DAYS)
        assert {line.item.item_id: (line.item, line.outcome) for line in compiler.lines(place.speaker_id)} == plain
    assert sum(bool(timeline) for timeline in compiler.full().values()) > len(world.places) / 2
