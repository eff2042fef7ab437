"""Quiet hours, slots and minutes of a day, and stretches of a sequence, as the speaker itself keeps them."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.domain.player import PlayerSettings, PlayerState
from agents.domain.player.effects import ArmSource, StartAt
from agents.protocol.documents import Play, Start
from agents.protocol.guards import GuardedDay, Stretch, WireGuards
from agents.protocol.journal import Failed, FailReason, Finished, Gap, Preempted, Skipped, SkipReason
from agents.protocol.values import AiringClass
from tests.agents.domain.horn import HEARD, World, after
from tests.agents.making import HOUR_US, SECOND_US, T0_US, Desk, airing

ORDINARY, EMERGENCY = AiringClass.ORDINARY, AiringClass.EMERGENCY
LEAD_US = 300_000


def quiet(from_s: float, until_s: float) -> WireGuards:
    return WireGuards(forbidden=(Stretch(from_us=after(from_s), until_us=after(until_s)),))


def day(slots: int | None = None, budget_s: float | None = None, until_s: float = 10_000) -> WireGuards:
    budget_us = None if budget_s is None else round(budget_s * SECOND_US)
    return WireGuards(days=(GuardedDay(from_us=T0_US, until_us=after(until_s), slots=slots, budget_us=budget_us),))


def guarded(world: World, airing_id: str) -> str:
    event = world.last(airing_id)
    assert isinstance(event, Skipped)
    assert event.reason is SkipReason.GUARDED
    return event.detail


# --- quiet hours ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("air_class", [one for one in AiringClass if one is not EMERGENCY])
def test_nothing_that_is_due_in_quiet_hours_sounds(air_class: AiringClass) -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(100), airing_class=air_class), guards=quiet(90, 200)))
    world.deliver()
    world.until(after(400))

    assert world.audible == []
    assert world.story("air-1") == ["stored", "armed", "skipped"]
    assert guarded(world, "air-1") == "quiet_hours"


def test_the_relay_switched_on_by_mistake_at_0315_stays_silent_even_as_an_order_to_play_now() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(guards=quiet(-5_000, 5_000)))
    world.take(desk.order(Play(airing=airing(seconds=900))))
    world.deliver()
    world.take(desk.order(Start(airing_id="air-1", start_at_us=after(2))))
    world.until(after(300))

    assert world.audible == []
    assert guarded(world, "air-1") == "quiet_hours"


def test_an_emergency_sounds_in_quiet_hours_and_goes_on_into_them() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(guards=quiet(100, 5_000)))
    for name, start in (("before", 95), ("within", 200)):
        world.take(desk.order(Play(airing=airing(name, start_at_us=after(start), airing_class=EMERGENCY))))
    world.deliver()
    world.until(after(300))

    assert world.heard("before") == [(95 * SECOND_US, 105 * SECOND_US)]
    assert world.heard("within") == [(200 * SECOND_US, 210 * SECOND_US)]


def test_what_runs_into_quiet_hours_is_silent_when_they_begin_and_says_what_was_lost() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(100), seconds=60), guards=quiet(120, 500)))
    world.deliver()
    world.until(after(600))

    cut_us = 20 * SECOND_US - LEAD_US
    assert world.heard("air-1") == [(100 * SECOND_US, 100 * SECOND_US + cut_us)]
    assert world.story("air-1") == ["stored", "armed", "sounding", "gap", "finished"]
    lost_us = 60 * SECOND_US - cut_us
    gap, finished = world.records("air-1")[-2:]
    assert gap == Gap(airing_id="air-1", from_us=cut_us, lost_us=lost_us, cause="guarded")
    assert isinstance(finished, Finished)
    assert (finished.played_us, finished.lost_us) == (cut_us, lost_us)
    assert finished.ended_at_us == after(100) + cut_us


def test_a_horn_that_lags_behind_is_stopped_the_earlier() -> None:
    world, desk = World(state=PlayerState(settings=PlayerSettings.of_horn(latency_us=SECOND_US))), Desk()
    world.take(desk.rundown(airing(start_at_us=after(100), seconds=60), guards=quiet(120, 500)))
    world.deliver()
    world.until(after(600))

    assert world.heard("air-1") == [(100 * SECOND_US, 119 * SECOND_US - LEAD_US)]


def test_what_ends_as_quiet_hours_begin_or_begins_as_they_end_is_whole() -> None:
    world, desk = World(), Desk()
    plan = airing("before", start_at_us=after(90)), airing("behind", start_at_us=after(200))
    world.take(desk.rundown(*plan, guards=quiet(100, 200)))
    world.deliver()
    world.until(after(400))

    assert [world.story(name) for name in ("before", "behind")] == [HEARD, HEARD]


def test_what_would_be_cut_at_once_does_not_begin() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(99.5)), guards=quiet(100, 200)))
    world.deliver()
    world.until(after(400))

    assert world.audible == []
    assert guarded(world, "air-1") == "quiet_hours"


def test_the_delay_of_the_speaker_counts() -> None:
    world, desk = World(), Desk()
    world.take(
        desk.assignment(delay_us=5 * SECOND_US), desk.rundown(airing(start_at_us=after(97)), guards=quiet(100, 200))
    )
    world.deliver()
    world.until(after(400))

    assert guarded(world, "air-1") == "quiet_hours"


def test_quiet_hours_that_come_with_a_new_rundown_silence_what_sounds() -> None:
    world, desk = World(), Desk()
    plan = airing(start_at_us=after(100), seconds=60)
    world.take(desk.rundown(plan))
    world.deliver()
    world.until(after(110))
    world.take(desk.rundown(plan, guards=quiet(50, 500)))
    world.until(after(400))

    assert world.heard("air-1") == [(100 * SECOND_US, 110 * SECOND_US)]
    assert world.story("air-1")[-2:] == ["gap", "finished"]


def test_a_rundown_without_guards_ends_them_and_one_of_another_key_does_not() -> None:
    world, province, commune = World(), Desk(), Desk()
    world.take(province.rundown(guards=quiet(50, 500)), commune.rundown(airing("one", start_at_us=after(100))))
    world.deliver()
    world.until(after(190))
    world.take(province.rundown())
    world.take(commune.rundown(airing("two", start_at_us=after(200))))
    world.deliver()
    world.until(after(300))

    assert guarded(world, "one") == "quiet_hours"
    assert world.story("two") == HEARD


def test_quiet_hours_hold_for_what_sounds_while_time_is_lost() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(100), seconds=60), guards=quiet(120, 500)))
    world.deliver()
    world.until(after(105))
    world.lose_time()
    world.until(after(400))

    assert world.heard("air-1") == [(100 * SECOND_US, 120 * SECOND_US - LEAD_US)]


def test_after_a_restart_in_the_middle_nothing_goes_on_in_quiet_hours() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(100), seconds=60), guards=quiet(120, 500)))
    world.deliver()
    world.until(after(119))
    world.kill()
    world.until(after(121))
    world.know_time()
    world.until(after(400))

    assert world.heard("air-1") == [(100 * SECOND_US, 119 * SECOND_US)]
    finished = world.last("air-1")
    assert isinstance(finished, Finished)
    assert (finished.played_us, finished.lost_us) == (19 * SECOND_US, 41 * SECOND_US)


# --- slots and minutes of a day ---------------------------------------------------------------------------------------


def test_a_day_has_its_slots_and_no_more_also_over_a_restart() -> None:
    world, desk = World(), Desk()
    plan = [airing(f"air-{n}", start_at_us=after(100 * n)) for n in range(1, 5)]
    world.take(desk.rundown(*plan, guards=day(slots=2, until_s=350)))
    world.deliver()
    world.until(after(150))
    world.kill()
    world.know_time()
    world.until(after(1_000))

    assert [world.story(f"air-{n}")[-1] for n in (1, 2, 4)] == ["finished"] * 3, "the fourth is of the next day"
    assert guarded(world, "air-3") == "slots_used_up"


def test_what_follows_within_seconds_finds_the_slot_taken() -> None:
    world, desk = World(), Desk()
    plan = airing("air-1", start_at_us=after(100), seconds=1), airing("air-2", start_at_us=after(101.5))
    world.take(desk.rundown(*plan, guards=day(slots=1)))
    world.deliver()
    world.until(after(400))

    assert world.story("air-1") == HEARD
    assert guarded(world, "air-2") == "slots_used_up"


def test_what_would_take_more_than_is_left_of_the_day_is_left_out_whole() -> None:
    world, desk = World(), Desk()
    plan = [airing(f"air-{n}", start_at_us=after(100 * n), seconds=lasts) for n, lasts in ((1, 40), (2, 25), (3, 20))]
    world.take(desk.rundown(*plan, guards=day(budget_s=60)))
    world.deliver()
    world.until(after(1_000))

    assert guarded(world, "air-2") == "minutes_used_up"
    assert [world.story(f"air-{n}")[-1] for n in (1, 3)] == ["finished"] * 2


def test_an_emergency_takes_nothing_and_what_it_cuts_gives_back_what_was_not_heard() -> None:
    world, desk = World(), Desk()
    plan = airing("long", start_at_us=after(100), seconds=50), airing("next", start_at_us=after(300), seconds=40)
    world.take(desk.rundown(*plan, guards=day(slots=2, budget_s=60)))
    siren = airing("siren", start_at_us=after(120), seconds=50, airing_class=EMERGENCY)
    world.take(desk.order(Play(airing=siren)))
    world.deliver()
    world.until(after(1_000))

    assert isinstance(world.last("long"), Preempted)
    assert world.story("siren") == HEARD
    assert world.story("next") == HEARD, "20 of 60 seconds were used"


def test_what_never_sounded_takes_no_slot() -> None:
    world, desk = World(), Desk()
    plan = airing("air-1", start_at_us=after(100)), airing("air-2", start_at_us=after(200))
    world.take(desk.rundown(*plan, guards=day(slots=1)))
    world.deliver()
    world.until(after(98))
    world.take(desk.rundown(plan[1], guards=day(slots=1)))  # withdrawn when the engine already knew the instant
    world.until(after(400))

    assert world.skip_reason("air-1") is SkipReason.WITHDRAWN
    assert world.story("air-2") == HEARD


def test_what_goes_on_in_the_middle_of_its_sequence_takes_minutes_and_no_slot() -> None:
    world, desk = World(), Desk()
    plan = (
        airing("air-1", start_at_us=after(100), seconds=60, play_us=20 * SECOND_US),
        airing("air-1b", start_at_us=after(200), seconds=60, from_us=20 * SECOND_US),
        airing("air-2", start_at_us=after(300), seconds=11),
    )
    world.take(desk.rundown(*plan, guards=day(slots=1, budget_s=60)))
    world.deliver()
    world.until(after(400))

    assert [world.story(name) for name in ("air-1", "air-1b")] == [HEARD, HEARD]
    assert guarded(world, "air-2") == "slots_used_up"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(5, 900), st.integers(1, 60)), max_size=8),
    st.integers(0, 4),
    st.integers(0, 150),
    st.lists(st.integers(1, 900), max_size=3),
)
def test_no_day_has_more_than_its_guards_allow(
    plan: list[tuple[int, int]], slots: int, budget_s: int, kills: list[int]
) -> None:
    world, desk = World(), Desk()
    airings = [airing(f"air-{n}", start_at_us=after(at), seconds=lasts) for n, (at, lasts) in enumerate(plan)]
    edges = (0, 400, 100_000)
    days = tuple(
        GuardedDay(from_us=after(a), until_us=after(b), slots=slots, budget_us=budget_s * SECOND_US)
        for a, b in pairwise(edges)
    )
    world.take(desk.rundown(*airings, guards=WireGuards(days=days), not_after_us=T0_US + 2 * HOUR_US))
    world.deliver()
    for at in sorted(kills):
        world.until(after(at))
        world.kill()
        world.know_time()
    world.until(after(2_000))

    for a, b in pairwise(edges):
        of_day = [f"air-{n}" for n, (at, _) in enumerate(plan) if a <= at < b]
        heard = {name: world.heard(name) for name in of_day if world.heard(name)}
        assert len(heard) <= slots
        assert sum(until - since for stretches in heard.values() for since, until in stretches) <= budget_s * SECOND_US


# --- volume -----------------------------------------------------------------------------------------------------------


def test_guards_cap_the_volume_of_everything_but_an_emergency() -> None:
    world, desk = World(), Desk()
    plan = airing("air-1", start_at_us=after(100)), airing("siren", start_at_us=after(200), airing_class=EMERGENCY)
    world.take(desk.rundown(*plan, guards=WireGuards(max_volume_percent=40)))
    world.deliver()
    world.until(after(300))

    starts = [effect for effect in world.effects if isinstance(effect, StartAt)]
    assert [(one.airing_id, one.max_volume_percent) for one in starts] == [("air-1", 40), ("siren", None)]


# --- stretches of a sequence ------------------------------------------------------------------------------------------


def test_a_stretch_is_an_airing_of_its_own_length() -> None:
    world, desk = World(), Desk()
    plan = airing(start_at_us=after(100), seconds=60, from_us=10 * SECOND_US, play_us=20 * SECOND_US, fade_us=SECOND_US)
    world.take(desk.rundown(plan))
    world.deliver()
    world.until(after(400))

    (armed,) = (effect for effect in world.effects if isinstance(effect, ArmSource))
    assert (armed.span, armed.fade_frames) == (range(480_000, 1_440_000), 48_000)
    assert world.heard("air-1") == [(100 * SECOND_US, 120 * SECOND_US)]
    finished = world.last("air-1")
    assert isinstance(finished, Finished)
    assert (finished.played_us, finished.lost_us) == (20 * SECOND_US, 0)


def test_a_stretch_is_too_late_when_it_is_over_and_not_when_its_sequence_would_be() -> None:
    world, desk = World(time_known=False), Desk()
    world.take(desk.rundown(airing(start_at_us=after(100), seconds=600, play_us=20 * SECOND_US, window_us=HOUR_US)))
    world.deliver()
    world.until(after(125))
    world.know_time()
    world.until(after(400))

    assert world.audible == []
    assert world.story("air-1")[-1] == "skipped"


def test_a_stretch_that_changed_is_opened_anew() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(20), seconds=60)))
    world.deliver()
    world.until(after(10))
    world.take(desk.rundown(airing(start_at_us=after(20), seconds=60, play_us=5 * SECOND_US)))
    world.until(after(100))

    assert world.heard("air-1") == [(20 * SECOND_US, 25 * SECOND_US)]


def test_of_a_sequence_that_is_shorter_than_where_it_should_begin_nothing_can_be_played() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(20), seconds=60, from_us=60 * SECOND_US)))
    world.deliver()
    world.until(after(100))

    failed = world.last("air-1")
    assert isinstance(failed, Failed)
    assert failed.reason is FailReason.DECODE_FAILED
