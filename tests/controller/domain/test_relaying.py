"""Which sound a relay takes, and when it goes back."""

import math
from dataclasses import replace

import pytest

from controller.domain.relaying import RelayLimits, Rung, Sight, choose, second_wanted

LIMITS = RelayLimits(lead_s=20, lost_s=5, dead_air_s=15, back_s=30, patience_s=10)
WELL = Sight(tried_s=100, stalled_s=0, well_s=90)
BACK = Sight(tried_s=100, stalled_s=0, well_s=29)
DEAD = Sight(tried_s=100, stalled_s=0, quiet_s=15)
LOST = Sight(tried_s=100, stalled_s=5)
NEVER = Sight(tried_s=10)
COMING = Sight(tried_s=9)
FIRST, SECOND, RECORDED, SILENCE = Rung
NONE_LEFT: frozenset[Rung] = frozenset()


def chosen(now: Rung, first: Sight, second: Sight | None = None, *left: Rung, recorded: bool = True) -> Rung:
    sights = {FIRST: first} if second is None else {FIRST: first, SECOND: second}
    return choose(now, sights, frozenset(left), LIMITS, recorded=recorded)


def test_a_source_that_is_well_is_taken_and_kept() -> None:
    assert chosen(SILENCE, WELL) is FIRST
    assert chosen(FIRST, WELL, WELL) is FIRST
    assert chosen(FIRST, Sight(stalled_s=4.9, quiet_s=14.9)) is FIRST, (
        "a pause in speech and a jam on the line are none"
    )


@pytest.mark.parametrize("bad", [DEAD, LOST])
def test_a_source_that_is_silent_or_away_is_left_for_the_next_best(bad: Sight) -> None:
    assert chosen(FIRST, bad, WELL) is SECOND
    assert chosen(FIRST, bad, bad) is RECORDED
    assert chosen(FIRST, bad, bad, recorded=False) is SILENCE
    assert chosen(FIRST, bad) is RECORDED
    assert chosen(SECOND, bad, bad, FIRST) is RECORDED


def test_a_source_that_was_left_is_gone_back_to_only_when_it_was_well_for_long() -> None:
    assert chosen(SECOND, BACK, WELL, FIRST) is SECOND
    assert chosen(SECOND, WELL, WELL, FIRST) is FIRST
    assert chosen(RECORDED, BACK, None, FIRST) is RECORDED
    assert chosen(RECORDED, WELL, None, FIRST) is FIRST
    assert chosen(RECORDED, BACK, BACK, FIRST) is SECOND, "the second one was never left"


def test_where_nothing_else_is_heard_a_source_that_was_left_is_gone_back_to_at_once() -> None:
    assert chosen(SILENCE, replace(BACK, well_s=0), None, FIRST, recorded=False) is FIRST
    assert chosen(SILENCE, LOST, replace(BACK, well_s=0), FIRST, SECOND, recorded=False) is SECOND


def test_a_source_that_is_only_just_tried_is_waited_for_before_a_recording_begins() -> None:
    assert chosen(SILENCE, COMING) is SILENCE
    assert chosen(SILENCE, NEVER) is RECORDED
    assert chosen(SILENCE, NEVER, COMING) is SILENCE
    assert chosen(FIRST, LOST, COMING) is SILENCE, "a moment of silence is better than some words of a recording"
    assert chosen(RECORDED, LOST, COMING, FIRST) is RECORDED
    assert chosen(SILENCE, replace(COMING, failed=True)) is RECORDED
    assert chosen(SILENCE, LOST, None, FIRST) is RECORDED, "one that was heard and left is not only just tried"


def test_the_second_source_is_connected_to_while_the_first_is_in_doubt() -> None:
    def wanted(now: Rung, first: Sight) -> bool:
        return second_wanted(now, {FIRST: first}, LIMITS)

    assert not wanted(FIRST, WELL)
    assert not wanted(SILENCE, Sight(tried_s=2)), "it is only just tried"
    assert wanted(SILENCE, Sight(tried_s=6))
    assert wanted(FIRST, Sight(stalled_s=3)), "before it counts as lost"
    assert wanted(FIRST, Sight(stalled_s=0.1, failed=True)), "it has ended"
    assert wanted(FIRST, Sight(stalled_s=0, quiet_s=8))
    assert wanted(SECOND, WELL)
    assert wanted(RECORDED, WELL)


def test_nothing_that_never_came_counts_as_connected() -> None:
    assert math.isinf(Sight().stalled_s)
    assert not Sight().connected(LIMITS)
    assert chosen(FIRST, NEVER, recorded=False) is SILENCE
