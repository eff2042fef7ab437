"""What the player does when something breaks: clips, the output, or the program itself."""

from agents.domain.player.effects import StartAt
from agents.domain.player.events import ClipLost, FetchFailed, PlayFailed, PlayFinished, PlayUnderrun
from agents.protocol.documents import Play, Start, Stop
from agents.protocol.journal import Failed, FailReason, Finished, Gap, SkipReason, Sounding, Stopped
from tests.agents.domain.horn import HEARD, World, after
from tests.agents.making import SECOND_US, Desk, airing, clip_bytes, ref_of

# --- faults -----------------------------------------------------------------------------------------------------------


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
    assert sum(isinstance(effect, StartAt) for effect in world.effects) > 5


def test_a_sound_card_that_comes_back_joins_in_step() -> None:
    world, desk = World(broken_output=True), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10), seconds=60)))
    world.deliver()
    world.until(after(30))

    world.broken_output = False
    world.until(after(100))

    assert world.story("air-1") == ["stored", "armed", "sounding", "gap", "finished"]
    ((begun_us, over_us),) = world.heard("air-1")
    assert 30 * SECOND_US <= begun_us < 33 * SECOND_US
    assert over_us == 70 * SECOND_US


def test_a_sound_card_lost_in_the_middle_and_found_again_leaves_a_gap() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10), seconds=60)))
    world.deliver()
    world.until(after(20))

    world.lose_output()
    world.until(after(25))
    world.broken_output = False
    world.until(after(100))

    assert world.story("air-1") == ["stored", "armed", "sounding", "sounding", "gap", "finished"]
    (gap,) = [event for event in world.journal if isinstance(event, Gap)]
    assert (gap.from_us, gap.cause) == (10 * SECOND_US, "output")
    finished = world.last("air-1")
    assert isinstance(finished, Finished)
    assert abs(finished.played_us + finished.lost_us - 60 * SECOND_US) < 1_000
    assert abs(finished.lost_us - gap.lost_us) < 1_000


def test_a_sound_card_lost_in_the_middle_for_good_says_so() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10), seconds=60)))
    world.deliver()
    world.until(after(20))

    world.lose_output()
    world.until(after(100))

    assert world.story("air-1") == ["stored", "armed", "sounding", "gap", "failed"]
    failed = world.last("air-1")
    assert isinstance(failed, Failed)
    assert failed.reason is FailReason.OUTPUT_FAILED


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


def test_a_hole_that_was_never_closed_counts_beside_what_was_told() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Play(airing=airing(start_at_us=after(10)))))
    world.until(after(12))
    world.deliver()
    world.until(after(15))

    world.tell(PlayUnderrun("air-1.1", 48_000))
    world.tell(PlayFinished("air-1.1", 5 * 48_000, 2 * 48_000, 2))

    finished = world.last("air-1")
    assert isinstance(finished, Finished)
    late_us = next(event.lost_us for event in world.journal if isinstance(event, Gap))
    assert finished.lost_us == late_us + 2 * SECOND_US


def test_a_clip_that_had_to_make_room_is_fetched_again_before_it_is_told_as_stored() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing("air-1", start_at_us=after(10))))
    world.deliver()
    world.until(after(30))
    sha256 = ref_of(clip_bytes("air-1")).sha256
    world.disk.discard(sha256)
    world.tell(ClipLost(sha256, FailReason.CLIP_MISSING, "room"))

    world.take(desk.rundown(airing("air-2", start_at_us=after(100), sequence=airing("air-1").sequence)))
    assert world.story("air-2") == []

    world.deliver()
    world.until(after(200))
    assert world.story("air-2") == HEARD


# --- kill -9 ----------------------------------------------------------------------------------------------------------


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
    assert isinstance(world.last("air-1"), Stopped)
    assert world.skip_reason("air-2") is SkipReason.STOPPED


def test_what_was_told_before_a_restart_is_not_told_again() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Play(airing=airing())))
    world.deliver()
    world.forward(SECOND_US)

    world.kill()
    world.know_time()
    world.forward(SECOND_US)

    assert world.story("air-1") == ["stored", "armed"]


def test_killed_before_it_could_tell_where_a_stop_cut_it_says_how_much_was_heard() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Play(airing=airing(start_at_us=after(10), seconds=60))))
    world.deliver()
    world.until(after(14))
    world.documents.append(stop := desk.order(Stop()))  # on the disk, and killed in that moment
    world.kill()

    world.know_time()
    world.until(after(100))

    assert world.heard("air-1") == [(10 * SECOND_US, 14 * SECOND_US)]
    assert world.last("air-1") == Stopped(airing_id="air-1", order_id=stop.header.document_id, at_us=4 * SECOND_US)


# --- what is left of a plan that is gone ----------------------------------------------------------------------------


def test_what_was_cut_off_and_taken_from_the_plan_meanwhile_still_ends_once() -> None:
    world, desk = World(), Desk()
    world.take(desk.rundown(airing(start_at_us=after(10), seconds=60)))
    world.deliver()
    world.until(after(20))
    world.take(desk.rundown())
    world.kill()
    world.kill()
    world.until(after(200))

    assert world.story("air-1") == [*HEARD[:-1], "failed"]
    failed = world.last("air-1")
    assert isinstance(failed, Failed)
    assert failed.reason is FailReason.INTERRUPTED
