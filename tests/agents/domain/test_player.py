"""What the player does with one airing and with several, told as the person at the desk would tell it."""

from agents.domain.player.effects import StartAt
from agents.domain.player.events import ClipLost, FetchFailed, PlayFailed, PlayUnderrun
from agents.protocol.documents import Play, ReleaseStop, Start, Stop
from agents.protocol.values import (
    AiringClass,
    Failed,
    FailReason,
    Finished,
    Gap,
    Preempted,
    Skipped,
    SkipReason,
    Sounding,
    Stopped,
    Stored,
)
from tests.agents.domain.horn import World
from tests.agents.making import HOUR_US, SECOND_US, T0_US, Desk, airing, clip_bytes, ref_of

SKIPPED = ["skipped"]
HEARD = ["stored", "armed", "sounding", "finished"]


def after(seconds: float) -> int:
    return T0_US + round(seconds * SECOND_US)


def skip_reason(world: World, airing_id: str) -> SkipReason:
    event = world.last(airing_id)
    assert isinstance(event, Skipped)
    return event.reason


# --- one airing -----------------------------------------------------------------------------------------------------


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


def test_later_than_its_window_it_is_skipped_with_the_reason() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Play(airing=airing(seconds=600, window_us=60 * SECOND_US, start_at_us=after(3)))))
    world.until(after(63))
    assert world.story("air-1") == []

    world.until(after(64))
    world.deliver()
    world.until(after(1_000))

    assert world.story("air-1") == SKIPPED
    assert skip_reason(world, "air-1") is SkipReason.LATE


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


# --- the rundown changes --------------------------------------------------------------------------------------------


def test_what_a_newer_rundown_no_longer_has_is_withdrawn() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing("air-1", start_at_us=after(10)), airing("air-2", start_at_us=after(30))))
    world.deliver()
    world.until(after(9))

    world.take(desk.rundown(airing("air-2", start_at_us=after(40))))
    world.until(after(100))

    assert skip_reason(world, "air-1") is SkipReason.WITHDRAWN
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

    assert skip_reason(world, "air-1") is SkipReason.WITHDRAWN


# --- stop -----------------------------------------------------------------------------------------------------------


def test_stop_silences_at_once_and_tells_where_it_was_cut() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10))))
    world.deliver()
    world.until(after(14))

    stop = desk.order(Stop())
    world.take(stop)
    world.until(after(100))

    assert world.heard("air-1") == [(10 * SECOND_US, 14 * SECOND_US)]
    stopped = world.last("air-1")
    assert isinstance(stopped, Stopped)
    assert stopped.order_id == stop.header.document_id
    assert stopped.at_us == 4 * SECOND_US


def test_stop_holds_until_it_is_released_and_what_it_stopped_never_starts_again() -> None:
    world, desk = World(), Desk()
    stop = desk.order(Stop())
    planned = [airing(f"air-{n}", start_at_us=after(n * 100), seconds=50) for n in (1, 2, 3)]
    world.take(desk.rundown(*planned))
    world.deliver()
    world.until(after(110))
    world.take(stop)
    world.until(after(205))

    world.take(desk.order(ReleaseStop(order_id=stop.header.document_id)))
    world.until(after(1_000))

    assert isinstance(world.last("air-1"), Stopped)
    assert skip_reason(world, "air-2") is SkipReason.STOPPED
    assert world.heard("air-2") == []
    assert world.story("air-3") == HEARD


def test_a_stop_ends_by_itself_at_its_not_after() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(100))))
    world.take(desk.order(Stop(), not_after_us=after(50)))
    world.deliver()

    world.until(after(200))

    assert world.story("air-1") == HEARD


def test_what_was_about_to_be_sent_is_stopped_too() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Play(airing=airing())))
    world.deliver()
    stop = desk.order(Stop())
    world.take(stop, desk.order(ReleaseStop(order_id=stop.header.document_id)))

    world.take(desk.order(Start(airing_id="air-1", start_at_us=after(3))))
    world.until(after(100))

    assert world.heard("air-1") == []
    assert skip_reason(world, "air-1") is SkipReason.STOPPED


def test_a_stop_goes_before_an_emergency() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Stop()))
    emergency = airing(airing_class=AiringClass.EMERGENCY, start_at_us=after(1))
    world.take(desk.order(Play(airing=emergency)))
    world.deliver()

    world.until(after(100))

    assert skip_reason(world, "air-1") is SkipReason.STOPPED


def test_a_stop_of_one_airing_leaves_the_others() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Stop(airing_ids=("air-1",))))
    world.take(desk.rundown(airing("air-1", start_at_us=after(10)), airing("air-2", start_at_us=after(30))))
    world.deliver()

    world.until(after(100))

    assert skip_reason(world, "air-1") is SkipReason.STOPPED
    assert world.story("air-2") == HEARD


# --- several airings ------------------------------------------------------------------------------------------------


def test_airings_that_follow_each_other_both_play_whole() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing("air-1", start_at_us=after(10)), airing("air-2", start_at_us=after(20))))
    world.deliver()

    world.until(after(100))

    assert world.heard("air-1") == [(10 * SECOND_US, 20 * SECOND_US)]
    assert world.heard("air-2") == [(20 * SECOND_US, 30 * SECOND_US)]
    assert isinstance(world.last("air-1"), Finished)


def test_an_emergency_takes_the_air_and_the_other_is_preempted() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing("air-1", start_at_us=after(10), seconds=60)))
    world.deliver()
    world.until(after(20))

    emergency = airing("air-2", airing_class=AiringClass.EMERGENCY, start_at_us=after(25))
    world.take(desk.order(Play(airing=emergency)))
    world.deliver()
    world.until(after(100))

    assert world.heard("air-1") == [(10 * SECOND_US, 25 * SECOND_US)]
    preempted = world.last("air-1")
    assert isinstance(preempted, Preempted)
    assert (preempted.by_airing_id, preempted.at_us) == ("air-2", 15 * SECOND_US)
    assert world.story("air-2") == HEARD


def test_an_emergency_does_not_wait_for_the_disk() -> None:
    world, desk = World(), Desk()
    emergency = airing("air-2", airing_class=AiringClass.EMERGENCY, start_at_us=after(1))
    world.take(desk.order(Play(airing=emergency)), desk.order(Play(airing=airing(start_at_us=after(100)))))
    world.deliver()
    world.until(after(200))

    starts = {effect.airing_id: effect.before_disk for effect in world.effects if isinstance(effect, StartAt)}

    assert starts == {"air-2": True, "air-1": False}


def test_what_may_not_interrupt_waits_and_joins_in_step() -> None:
    world, desk = World(), Desk()
    world.take(
        desk.rundown(
            airing("air-1", start_at_us=after(10), seconds=30),
            airing("air-2", start_at_us=after(20), seconds=60, planned_at_us=after(20)),
        )
    )
    world.deliver()

    world.until(after(200))

    assert world.heard("air-1") == [(10 * SECOND_US, 40 * SECOND_US)]
    ((begun_us, over_us),) = world.heard("air-2")
    assert 40 * SECOND_US <= begun_us < 40.1 * SECOND_US
    assert over_us == 80 * SECOND_US


def test_what_waits_too_long_for_the_air_is_displaced() -> None:
    world, desk = World(), Desk()
    world.take(
        desk.rundown(
            airing("air-1", start_at_us=after(10), seconds=300, airing_class=AiringClass.PRIORITY),
            airing("air-2", start_at_us=after(20), seconds=200),
        )
    )
    world.deliver()

    world.until(after(500))

    assert skip_reason(world, "air-2") is SkipReason.DISPLACED


def test_a_start_that_is_called_off_for_an_emergency_joins_after_it() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing("air-1", start_at_us=after(10), seconds=60)))
    world.deliver()
    world.until(after(8))

    emergency = airing("air-2", airing_class=AiringClass.EMERGENCY, start_at_us=after(9), seconds=5)
    world.take(desk.order(Play(airing=emergency)))
    world.deliver()
    world.until(after(100))

    assert world.heard("air-2") == [(9 * SECOND_US, 14 * SECOND_US)]
    ((begun_us, over_us),) = world.heard("air-1")
    assert 14 * SECOND_US <= begun_us < 14.1 * SECOND_US
    assert over_us == 70 * SECOND_US


# --- time -----------------------------------------------------------------------------------------------------------


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

    assert skip_reason(world, "air-1") is SkipReason.TIME_UNKNOWN


def test_what_was_planned_into_the_past_is_late_and_not_a_matter_of_time() -> None:
    world, desk = World(now_us=after(300)), Desk()

    world.take(desk.rundown(airing(start_at_us=after(10))))

    assert skip_reason(world, "air-1") is SkipReason.LATE


def test_when_the_clock_is_known_better_what_sounds_is_moved() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10))))
    world.deliver()
    world.until(after(12))

    world.know_time()

    assert [(move.play_id, move.due_us) for move in world.retargets] == [("air-1.1", after(10))]


# --- faults ---------------------------------------------------------------------------------------------------------


def test_a_clip_that_cannot_be_had_fails_what_is_sent_now_at_once() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Play(airing=airing())))

    world.tell(FetchFailed(ref_of(clip_bytes("air-1")).sha256, FailReason.CLIP_MISSING, "gone", final=True))

    failed = world.last("air-1")
    assert isinstance(failed, Failed)
    assert failed.reason is FailReason.CLIP_MISSING


def test_the_rundown_waits_for_a_clip_until_its_window_is_over() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10), seconds=100)))
    world.tell(FetchFailed(ref_of(clip_bytes("air-1")).sha256, FailReason.FETCH_FAILED, "no route", final=False))
    world.until(after(69))
    assert world.story("air-1") == []

    world.until(after(71))

    failed = world.last("air-1")
    assert isinstance(failed, Failed)
    assert failed.reason is FailReason.FETCH_FAILED


def test_a_damaged_clip_is_fetched_again() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10))))
    world.deliver()
    sha256 = ref_of(clip_bytes("air-1")).sha256
    world.disk.discard(sha256)
    world.tell(ClipLost(sha256, FailReason.CLIP_CORRUPT, "bit rot"))
    assert [want.ref.sha256 for want in world.wanted.wants] == [sha256]

    world.deliver()
    world.until(after(100))

    assert world.story("air-1") == HEARD


def test_a_sound_card_that_is_away_is_tried_again_and_then_reported() -> None:
    world, desk = World(broken_output=True), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10), seconds=60)))
    world.deliver()

    world.until(after(100))

    failed = world.last("air-1")
    assert isinstance(failed, Failed)
    assert failed.reason is FailReason.OUTPUT_FAILED
    assert sum(isinstance(effect, StartAt) for effect in world.effects) == 5


def test_a_failure_in_the_middle_is_the_end_of_it() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10))))
    world.deliver()
    world.until(after(12))

    world.tell(PlayFailed("air-1.1", FailReason.DECODE_FAILED, "garbage"))

    assert world.story("air-1") == ["stored", "armed", "sounding", "failed"]


def test_holes_are_told_one_by_one_but_not_without_end() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10))))
    world.deliver()
    world.until(after(12))

    for _ in range(100):
        world.tell(PlayUnderrun("air-1.1", 480))
    world.until(after(100))

    assert sum(isinstance(event, Gap) for event in world.journal) == 20
    finished = world.last("air-1")
    assert isinstance(finished, Finished)
    assert finished.lost_us == SECOND_US


# --- kill -9 --------------------------------------------------------------------------------------------------------


def test_killed_before_the_first_sample_it_still_plays() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10), seconds=60)))
    world.deliver()
    world.until(after(9))
    world.kill()
    world.until(after(15))

    world.know_time()
    world.until(after(100))

    assert world.story("air-1") == ["stored", "armed", "sounding", "gap", "finished"]
    (gap,) = [event for event in world.journal if isinstance(event, Gap)]
    assert gap.cause == "restart"


def test_killed_in_the_middle_it_joins_in_step_and_tells_the_gap() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10), seconds=600)))
    world.deliver()
    world.until(after(300))
    world.kill()
    world.until(after(305))

    world.know_time()
    world.until(after(1_000))

    assert world.story("air-1") == ["stored", "armed", "sounding", "sounding", "gap", "finished"]
    first, again = [event for event in world.journal if isinstance(event, Sounding)]
    assert (first.again, again.again) == (False, True)
    (gap,) = [event for event in world.journal if isinstance(event, Gap)]
    assert gap.from_us == 290 * SECOND_US
    assert 5 * SECOND_US <= gap.lost_us < 5.1 * SECOND_US
    finished = world.last("air-1")
    assert isinstance(finished, Finished)
    assert abs(finished.played_us + finished.lost_us - 600 * SECOND_US) < 1_000


def test_killed_in_the_middle_of_what_was_sent_now_it_knows_its_start_again() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Play(airing=airing(seconds=600))))
    world.deliver()
    world.take(desk.order(Start(airing_id="air-1", start_at_us=after(10))))
    world.until(after(30))
    world.kill()

    world.know_time()
    world.until(after(1_000))

    assert world.story("air-1") == ["stored", "armed", "sounding", "sounding", "gap", "finished"]


def test_back_too_late_to_join_it_is_reported_as_interrupted() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10), seconds=600)))
    world.deliver()
    world.until(after(300))
    world.kill()
    world.until(after(400))

    world.know_time()

    failed = world.last("air-1")
    assert isinstance(failed, Failed)
    assert failed.reason is FailReason.INTERRUPTED
    (gap,) = [event for event in world.journal if isinstance(event, Gap)]
    assert (gap.from_us, gap.lost_us) == (290 * SECOND_US, 310 * SECOND_US)


def test_a_stop_holds_over_a_restart() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing("air-1", start_at_us=after(10)), airing("air-2", start_at_us=after(50))))
    world.deliver()
    world.until(after(12))
    world.take(desk.order(Stop()))
    world.kill()

    world.know_time()
    world.until(after(100))

    assert world.heard("air-1") == [(10 * SECOND_US, 12 * SECOND_US)]
    assert isinstance(world.last("air-1"), Stopped | Skipped | Failed)
    assert skip_reason(world, "air-2") is SkipReason.STOPPED


def test_what_was_told_before_a_restart_is_not_told_again() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Play(airing=airing())))
    world.deliver()
    world.forward(SECOND_US)

    world.kill()
    world.know_time()
    world.forward(SECOND_US)

    assert world.story("air-1") == ["stored", "armed"]


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
