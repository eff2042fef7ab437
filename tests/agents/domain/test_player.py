"""What the player does with one airing, told as the person at the desk would tell it."""

from agents.domain.player.effects import StopSound
from agents.protocol.documents import Play, Start
from agents.protocol.journal import Finished, Gap, Skipped, SkipReason, Sounding, Stored
from agents.protocol.values import AiringClass
from tests.agents.domain.horn import HEARD, World, after
from tests.agents.making import HOUR_US, SECOND_US, T0_US, Desk, airing, clip_bytes, ref_of

# --- one airing -------------------------------------------------------------------------------------------------------


def test_an_airing_of_the_rundown_sounds_at_its_instant_and_is_told_step_by_step() -> None:
    world, desk = World(), Desk()
    world.take(desk.assignment(), desk.rundown(airing(start_at_us=after(100))))
    world.deliver()
    assert world.story("air-1") == ["stored"]

    world.until(after(200))

    assert world.story("air-1") == HEARD
    assert world.heard("air-1") == [(100 * SECOND_US, 110 * SECOND_US)]
    (finished,) = [event for event in world.journal if isinstance(event, Finished)]
    assert finished.played_us == 10 * SECOND_US
    assert finished.lost_us == 0


def test_nothing_is_armed_long_before_its_instant() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(3_000))))
    world.deliver()

    world.until(after(2_900))

    assert world.story("air-1") == ["stored"]


def test_the_delay_of_the_assignment_is_added_but_not_to_an_emergency() -> None:
    world, desk = World(), Desk()
    world.take(desk.assignment(delay_us=250_000))
    emergency = airing("air-2", start_at_us=after(200), airing_class=AiringClass.EMERGENCY)
    world.take(desk.rundown(airing("air-1", start_at_us=after(100)), emergency))
    world.deliver()

    world.until(after(300))

    assert world.heard("air-1") == [(100_250_000, 110_250_000)]
    assert world.heard("air-2") == [(200_000_000, 210_000_000)]
    (sounding, _) = [event for event in world.journal if isinstance(event, Sounding)]
    assert sounding.planned_start_us == after(100.25)


def test_now_means_fetch_arm_tell_and_wait_for_the_start_order() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Play(airing=airing())))
    world.deliver()
    world.forward(SECOND_US)
    assert world.story("air-1") == ["stored", "armed"]

    world.take(desk.order(Start(airing_id="air-1", start_at_us=after(3))))
    world.until(after(20))

    assert world.heard("air-1") == [(3 * SECOND_US, 13 * SECOND_US)]


def test_a_start_that_comes_before_its_play_is_kept_for_it() -> None:
    world, desk = World(), Desk()
    play = desk.order(Play(airing=airing()))
    world.take(desk.order(Start(airing_id="air-1", start_at_us=after(3))), play)
    world.deliver()

    world.until(after(20))

    assert world.heard("air-1") == [(3 * SECOND_US, 13 * SECOND_US)]


def test_a_start_signed_by_another_key_than_its_play_starts_nothing() -> None:
    world, desk, other = World(), Desk(), Desk()
    start = Start(airing_id="air-1", start_at_us=after(3))
    world.take(other.order(start), desk.order(Play(airing=airing())), other.order(start))
    world.deliver()

    world.until(after(20))

    assert world.heard("air-1") == []


def test_who_is_ready_after_the_instant_joins_in_step_and_tells_the_gap() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Play(airing=airing(seconds=60))))
    world.take(desk.order(Start(airing_id="air-1", start_at_us=after(3))))
    world.until(after(20))
    assert world.story("air-1") == []

    world.deliver()
    world.until(after(100))

    (stretch,) = world.heard("air-1")
    assert stretch == (20_020_000, 63_000_000)
    (gap,) = [event for event in world.journal if isinstance(event, Gap)]
    assert (gap.from_us, gap.lost_us) == (0, 17_020_000)
    finished = world.last("air-1")
    assert isinstance(finished, Finished)
    assert finished.played_us + finished.lost_us == 60 * SECOND_US


def test_of_what_had_to_wait_no_last_scrap_is_sounded_and_no_output_blamed() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing("air-1", start_at_us=after(100)), airing("air-2", start_at_us=after(100.4))))
    world.deliver()

    world.until(after(200))

    assert world.heard("air-1") == [(100 * SECOND_US, 110 * SECOND_US)]
    assert world.heard("air-2") == []
    skipped = world.last("air-2")
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.detail) == (SkipReason.DISPLACED, "air-1 had the air")


def test_what_had_to_wait_joins_when_enough_of_it_is_left() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing("air-1", start_at_us=after(100)), airing("air-2", start_at_us=after(101))))
    world.deliver()

    world.until(after(200))

    ((from_us, until_us),) = world.heard("air-2")
    assert 110 * SECOND_US <= from_us < 110.5 * SECOND_US
    assert until_us == 111 * SECOND_US


def test_later_than_its_window_it_is_skipped_with_the_reason() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Play(airing=airing(seconds=600, window_us=60 * SECOND_US, start_at_us=after(3)))))
    world.until(after(63))
    assert world.story("air-1") == []

    world.until(after(64))
    world.deliver()
    world.until(after(1_000))

    assert world.story("air-1") == ["skipped"]
    assert world.skip_reason("air-1") is SkipReason.LATE


def test_a_play_that_never_gets_its_start_ends_with_its_order() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Play(airing=airing()), not_after_us=after(120)))
    world.deliver()

    world.until(after(121))

    assert world.story("air-1") == ["stored", "armed", "skipped"]


def test_an_airing_that_ended_never_comes_back() -> None:
    world, desk = World(), Desk()
    planned = airing(start_at_us=after(5))
    world.take(desk.rundown(planned))
    world.deliver()
    world.until(after(20))

    world.take(desk.rundown(planned), desk.order(Play(airing=airing(start_at_us=after(30)))))
    world.take(desk.order(Start(airing_id="air-1", start_at_us=after(30))))
    world.until(after(100))

    assert world.story("air-1") == HEARD


# --- the rundown changes ----------------------------------------------------------------------------------------------


def test_what_a_newer_rundown_no_longer_has_is_withdrawn() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing("air-1", start_at_us=after(10)), airing("air-2", start_at_us=after(30))))
    world.deliver()
    world.until(after(9))

    world.take(desk.rundown(airing("air-2", start_at_us=after(40))))
    world.until(after(100))

    assert world.skip_reason("air-1") is SkipReason.WITHDRAWN
    assert world.heard("air-2") == [(40 * SECOND_US, 50 * SECOND_US)]


def test_what_has_begun_is_not_withdrawn() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10))))
    world.deliver()
    world.until(after(12))

    world.take(desk.rundown())
    world.until(after(100))

    assert world.story("air-1") == HEARD


def test_the_rundown_of_one_key_does_not_withdraw_what_another_planned() -> None:
    world, desk, other = World(), Desk(), Desk()
    world.take(desk.rundown(airing("air-1", start_at_us=after(10))))
    world.take(other.rundown(airing("air-2", start_at_us=after(30))))
    world.deliver()

    world.until(after(100))

    assert world.story("air-1") == HEARD
    assert world.story("air-2") == HEARD


def test_an_airing_whose_sound_was_replaced_is_fetched_and_armed_anew() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10))))
    world.deliver()
    world.until(after(1))

    changed = airing(start_at_us=after(10), sequence=airing("other").sequence)
    world.take(desk.rundown(changed))
    assert [want.ref.sha256 for want in world.wanted.wants] == [ref_of(clip_bytes("other")).sha256]
    world.deliver()
    world.until(after(100))

    assert world.story("air-1") == HEARD


def test_what_an_untrusted_key_planned_is_withdrawn() -> None:
    world, desk, other = World(), Desk(), Desk()
    world.take(other.rundown(airing(start_at_us=after(10))))
    world.deliver()

    world.take(desk.assignment())
    world.until(after(100))

    assert world.skip_reason("air-1") is SkipReason.WITHDRAWN


def test_what_is_armed_and_then_planned_for_later_is_let_go_until_it_is_near() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(20))))
    world.deliver()
    world.until(after(1))

    world.take(desk.rundown(airing(start_at_us=after(2_000))))
    assert any(isinstance(effect, StopSound) for effect in world.effects)
    world.until(after(3_000))

    assert world.heard("air-1") == [(2_000 * SECOND_US, 2_010 * SECOND_US)]
    assert world.story("air-1") == HEARD


# --- time -------------------------------------------------------------------------------------------------------------


def test_while_time_is_unknown_it_is_silent_and_then_joins_in_step() -> None:
    world, desk = World(time_known=False), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10), seconds=60)))
    world.deliver()
    world.until(after(30))
    assert world.audible == []

    world.know_time()
    world.until(after(100))

    ((begun_us, over_us),) = world.heard("air-1")
    assert 30 * SECOND_US <= begun_us < 30.1 * SECOND_US
    assert over_us == 70 * SECOND_US


def test_what_ended_while_time_was_unknown_says_so() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10))))
    world.deliver()
    world.until(after(1))
    world.lose_time()
    world.until(after(300))

    world.know_time()

    assert world.skip_reason("air-1") is SkipReason.TIME_UNKNOWN


def test_what_was_planned_into_the_past_is_late_and_not_a_matter_of_time() -> None:
    world, desk = World(now_us=after(300)), Desk()

    world.take(desk.rundown(airing(start_at_us=after(10))))

    assert world.skip_reason("air-1") is SkipReason.LATE


def test_when_the_clock_is_known_better_what_sounds_is_moved() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10))))
    world.deliver()
    world.until(after(12))

    world.know_time()

    assert [(move.play_id, move.due_us) for move in world.retargets] == [("air-1.1", after(10))]


# --- clips ------------------------------------------------------------------------------------------------------------


def test_stored_tells_how_many_bytes_had_to_come() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing("air-1", start_at_us=after(10))))
    world.deliver()
    world.take(desk.order(Play(airing=airing("air-2", sequence=airing("air-1").sequence))))

    stored = [event for event in world.journal if isinstance(event, Stored)]

    assert [(event.airing_id, event.fetched_bytes) for event in stored] == [("air-1", 1_000), ("air-2", 0)]


def test_emergencies_are_fetched_first_then_what_is_due_first() -> None:
    world, desk = World(), Desk()
    world.take(
        desk.rundown(
            airing("air-2", start_at_us=T0_US + HOUR_US),
            airing("air-1", start_at_us=after(50)),
            airing("air-3", start_at_us=T0_US + 2 * HOUR_US, airing_class=AiringClass.EMERGENCY),
        )
    )

    order = [want.ref.sha256 for want in world.wanted.wants]

    assert order == [ref_of(clip_bytes(name)).sha256 for name in ("air-3", "air-1", "air-2")]
