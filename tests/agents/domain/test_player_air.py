"""Who has the air: stops, and airings that want the same horn."""

from agents.domain.player.effects import StartAt
from agents.protocol.documents import Play, ReleaseStop, Start, Stop
from agents.protocol.journal import Finished, Preempted, SkipReason, Stopped
from agents.protocol.values import AiringClass, SilencePart
from tests.agents.domain.horn import HEARD, World, after
from tests.agents.making import SECOND_US, Desk, airing

# --- stop -------------------------------------------------------------------------------------------------------------


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
    assert world.skip_reason("air-2") is SkipReason.STOPPED
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
    assert world.skip_reason("air-1") is SkipReason.STOPPED


def test_a_stop_goes_before_an_emergency() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Stop()))
    emergency = airing(airing_class=AiringClass.EMERGENCY, start_at_us=after(1))
    world.take(desk.order(Play(airing=emergency)))
    world.deliver()

    world.until(after(100))

    assert world.skip_reason("air-1") is SkipReason.STOPPED


def test_a_stop_of_one_airing_leaves_the_others() -> None:
    world, desk = World(), Desk()
    world.take(desk.order(Stop(airing_ids=("air-1",))))
    world.take(desk.rundown(airing("air-1", start_at_us=after(10)), airing("air-2", start_at_us=after(30))))
    world.deliver()

    world.until(after(100))

    assert world.skip_reason("air-1") is SkipReason.STOPPED
    assert world.story("air-2") == HEARD


# --- several airings --------------------------------------------------------------------------------------------------


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

    assert world.skip_reason("air-2") is SkipReason.DISPLACED


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


def test_what_is_silent_throughout_waits_for_no_clip_and_keeps_its_time() -> None:
    world, desk = World(), Desk()
    three_hours = SilencePart(frames=10_800 * 48_000)
    world.take(desk.rundown(airing(start_at_us=after(10), sequence=(three_hours,))))

    world.until(after(10_900))

    assert world.story("air-1") == HEARD
    assert world.heard("air-1") == [(10 * SECOND_US, 10_810 * SECOND_US)]
