"""What another airing cuts goes on, begins again, or ends: at an instant all horns find, and never outside its slot."""

import pytest

from agents.protocol.documents import Play, Stop
from agents.protocol.guards import Stretch, WireGuards
from agents.protocol.journal import Finished, Gap, Interrupted, Preempted, Stopped
from agents.protocol.values import AiringClass, OnInterrupted, PlannedAiring
from tests.agents.domain.horn import World, after
from tests.agents.making import SECOND_US, Desk, airing

RESUME, RESTART, DROP = OnInterrupted.RESUME, OnInterrupted.RESTART, OnInterrupted.DROP


def news(then: OnInterrupted, slot_ends_s: float | None = 600, seconds: float = 100) -> PlannedAiring:
    slot_ends_us = None if slot_ends_s is None else after(slot_ends_s)
    return airing("news", start_at_us=after(0), seconds=seconds, on_interrupted=then, slot_ends_us=slot_ends_us)


def call(
    at_s: float, airing_id: str = "call", seconds: float = 20, kind: AiringClass = AiringClass.PRIORITY
) -> PlannedAiring:
    return airing(airing_id, start_at_us=after(at_s), seconds=seconds, airing_class=kind)


def told(desk: Desk, *planned: PlannedAiring, delay_us: int = 0, guards: WireGuards | None = None) -> World:
    """A world that has its plan and all clips a minute before."""
    world = World(now_us=after(-60))
    world.take(desk.assignment(delay_us=delay_us), desk.rundown(*planned, guards=guards))
    world.deliver()
    return world


def ordered(world: World, desk: Desk, *orders: PlannedAiring) -> None:
    for one in orders:
        world.take(desk.order(Play(airing=one)))
        world.deliver()


def span(from_s: float, until_s: float) -> tuple[int, int]:
    return round(from_s * SECOND_US), round(until_s * SECOND_US)


def test_it_goes_on_where_it_was_cut_when_the_other_is_to_be_over() -> None:
    desk = Desk()
    world = told(desk, news(RESUME))
    ordered(world, desk, call(40))
    world.until(after(1_000))

    assert world.heard("news") == [span(0, 40), span(60, 120)]
    assert world.story("news") == ["stored", "armed", "sounding", "interrupted", "sounding", "finished"]
    (cut,) = [event for event in world.records("news") if isinstance(event, Interrupted)]
    assert (cut.by_airing_id, cut.at_us, cut.from_us) == ("call", 40 * SECOND_US, 40 * SECOND_US)
    assert cut.resumes_at_us == after(60)
    finished = world.last("news")
    assert isinstance(finished, Finished)
    assert (finished.played_us, finished.lost_us) == (100 * SECOND_US, 0)


def test_it_begins_again_where_it_says_so() -> None:
    desk = Desk()
    world = told(desk, news(RESTART))
    ordered(world, desk, call(40))
    world.until(after(1_000))

    assert world.heard("news") == [span(0, 40), span(60, 160)]
    finished = world.last("news")
    assert isinstance(finished, Finished)
    assert (finished.played_us, finished.lost_us) == (100 * SECOND_US, 0)
    assert world.airtime["news"].played_us == 140 * SECOND_US, "what was heard in vain was heard all the same"


@pytest.mark.parametrize(
    "planned",
    [news(DROP), news(RESTART, slot_ends_s=150), news(RESUME, slot_ends_s=85), news(RESUME, slot_ends_s=None)],
    ids=["it says so", "not whole in its slot", "a scrap of its slot", "its slot is as long as itself"],
)
def test_it_ends_where_it_cannot_go_on(planned: PlannedAiring) -> None:
    desk = Desk()
    world = told(desk, planned)
    ordered(world, desk, call(40, seconds=40))
    world.until(after(1_000))

    assert world.heard("news") == [span(0, 40)]
    ended = world.last("news")
    assert isinstance(ended, Preempted)
    assert (ended.by_airing_id, ended.at_us) == ("call", 40 * SECOND_US)


def test_nothing_of_it_is_heard_after_its_slot() -> None:
    desk = Desk()
    world = told(desk, news(RESUME, slot_ends_s=100), delay_us=300_000)
    ordered(world, desk, call(40))
    world.until(after(1_000))

    assert world.heard("news")[-1] == span(60.3, 100), "the delay is in the slot too"
    finished = world.last("news")
    assert isinstance(finished, Finished)
    gaps = [(event.cause, event.lost_us) for event in world.records("news") if isinstance(event, Gap)]
    assert gaps == [("slot", 20_300_000)]
    assert finished.lost_us == 20_300_000


def test_horns_with_other_delays_go_on_with_the_same_word_each_with_its_delay() -> None:
    spans = []
    for delay_us in (0, 250_000, 900_000):
        desk = Desk()
        world = told(desk, news(RESUME), delay_us=delay_us)
        ordered(world, desk, call(40, kind=AiringClass.EMERGENCY))
        world.until(after(1_000))
        (cut,) = [event for event in world.records("news") if isinstance(event, Interrupted)]
        assert cut.from_us == 40 * SECOND_US
        spans.append([at_us - delay_us for at_us in world.heard("news")[1]])

    assert spans == [list(span(60, 120))] * 3


def test_what_was_lost_at_the_cut_by_a_delay_is_told() -> None:
    desk = Desk()
    world = told(desk, news(RESUME), delay_us=250_000)
    ordered(world, desk, call(40, kind=AiringClass.EMERGENCY))
    world.until(after(1_000))

    (gap,) = [event for event in world.records("news") if isinstance(event, Gap)]
    assert (gap.from_us, gap.lost_us, gap.cause) == (39_750_000, 250_000, "interrupted")


def test_it_waits_until_the_last_of_several_is_to_be_over() -> None:
    desk = Desk()
    world = told(desk, news(RESUME))
    ordered(world, desk, call(40))
    world.until(after(50))
    ordered(world, desk, call(55, "flood", 30, AiringClass.EMERGENCY))
    world.until(after(1_000))

    assert world.heard("news") == [span(0, 40), span(85, 145)]


def test_what_is_cut_twice_goes_on_twice() -> None:
    desk = Desk()
    world = told(desk, news(RESUME))
    ordered(world, desk, call(10), call(50, "again", 5))
    world.until(after(1_000))

    assert world.heard("news") == [span(0, 10), span(30, 50), span(55, 125)]
    assert isinstance(world.last("news"), Finished)


def test_a_plan_of_the_same_key_cuts_for_good() -> None:
    desk = Desk()
    world = told(desk, news(RESUME), airing("planned", start_at_us=after(40), airing_class=AiringClass.PRIORITY))
    world.until(after(1_000))

    assert world.heard("news") == [span(0, 40)]
    assert isinstance(world.last("news"), Preempted)


def test_a_new_plan_that_has_the_rest_takes_over() -> None:
    desk = Desk()
    first = news(RESUME)
    world = told(desk, first)
    ordered(world, desk, call(40))
    world.until(after(50))
    rest = airing(
        "rest", start_at_us=after(60), sequence=first.sequence, from_us=40 * SECOND_US, airing_class=first.airing_class
    )
    world.take(desk.rundown(first, _of_the_same(first, rest)))
    world.until(after(1_000))

    assert world.heard("news") == [span(0, 40)]
    assert world.heard("rest") == [span(60, 120)]
    assert isinstance(world.last("news"), Preempted)
    assert isinstance(world.last("rest"), Finished)


def _of_the_same(first: PlannedAiring, rest: PlannedAiring) -> PlannedAiring:
    import msgspec

    return msgspec.structs.replace(rest, bulletin_id=first.bulletin_id)


def test_quiet_hours_hold_for_what_goes_on() -> None:
    desk = Desk()
    quiet = WireGuards(forbidden=(Stretch(from_us=after(80), until_us=after(300)),))
    world = told(desk, news(RESUME), guards=quiet)
    ordered(world, desk, call(40))
    world.until(after(1_000))

    ((_, cut_us), (again_us, until_us)) = world.heard("news")
    assert (cut_us, again_us) == (40 * SECOND_US, 60 * SECOND_US)
    assert 79 * SECOND_US < until_us < 80 * SECOND_US


def test_where_quiet_hours_have_begun_it_does_not_go_on() -> None:
    desk = Desk()
    quiet = WireGuards(forbidden=(Stretch(from_us=after(55), until_us=after(300)),))
    world = told(desk, news(RESUME), guards=quiet)
    ordered(world, desk, call(40, kind=AiringClass.EMERGENCY))
    world.until(after(1_000))

    assert world.heard("news") == [span(0, 40)]
    assert isinstance(world.last("news"), Preempted)


def test_a_stop_while_it_waits_ends_it() -> None:
    desk = Desk()
    world = told(desk, news(RESUME))
    ordered(world, desk, call(40))
    world.until(after(50))
    world.take(desk.order(Stop()))
    world.until(after(1_000))

    stopped = world.last("news")
    assert isinstance(stopped, Stopped)
    assert stopped.at_us == 40 * SECOND_US
    assert world.heard("news") == [span(0, 40)]


def test_it_is_late_by_at_most_its_window_when_it_goes_on() -> None:
    desk = Desk()
    world = told(desk, news(RESUME, seconds=300))
    ordered(world, desk, call(40))
    world.until(after(50))
    world.lose_time()
    world.until(after(130))
    world.know_time()
    world.until(after(1_000))

    assert world.heard("news") == [span(0, 40)]
    assert isinstance(world.last("news"), Preempted)


def test_a_power_cut_while_it_waits_changes_nothing_of_when_and_where_it_goes_on() -> None:
    desk = Desk()
    world = told(desk, news(RESUME))
    ordered(world, desk, call(40))
    world.until(after(50))
    world.kill()
    world.know_time()
    world.until(after(1_000))

    assert world.heard("news")[-1] == span(60, 120)
    assert isinstance(world.last("news"), Finished)
