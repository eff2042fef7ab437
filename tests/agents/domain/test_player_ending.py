"""What an order ends is over everywhere at one instant; what it had cut goes on from there."""

import pytest

from agents.domain.player.events import LiveAway
from agents.protocol.documents import End, Order, Play
from agents.protocol.journal import Ended, Finished, Gap, Interrupted, Preempted
from agents.protocol.values import AiringClass, LivePart, OnInterrupted, PlannedAiring
from tests.agents.domain.horn import World, after, siren_of
from tests.agents.making import SECOND_US, Desk, airing, clip_bytes, clip_part, ref_of

HOURS_US = 3_600 * SECOND_US
SIREN = clip_part(clip_bytes("siren"), 4)


def span(from_s: float, until_s: float) -> tuple[int, int]:
    return round(from_s * SECOND_US), round(until_s * SECOND_US)


def news(then: OnInterrupted, slot_ends_s: float = 600, seconds: float = 100) -> PlannedAiring:
    return airing("news", start_at_us=after(0), seconds=seconds, on_interrupted=then, slot_ends_us=after(slot_ends_s))


def speech(at_s: float, airing_id: str = "speech", kind: AiringClass = AiringClass.LIVE) -> PlannedAiring:
    """A microphone: nobody knows how long somebody will speak."""
    return airing(
        airing_id,
        start_at_us=after(at_s),
        airing_class=kind,
        sequence=(LivePart(frames=2 * 3_600 * 48_000),),
        window_us=2 * HOURS_US,
        on_interrupted=OnInterrupted.REJOIN,
    )


def end(desk: Desk, *airing_ids: str, at_s: float) -> Order:
    return desk.order(End(airing_ids=airing_ids, end_at_us=after(at_s)))


def told(desk: Desk, *planned: PlannedAiring, delay_us: int = 0) -> World:
    world = World(now_us=after(-60))
    world.take(desk.assignment(delay_us=delay_us), desk.rundown(*planned))
    world.deliver()
    return world


def test_it_is_over_at_the_instant_and_says_by_which_order() -> None:
    desk = Desk()
    world = told(desk)
    world.take(desk.order(Play(airing=speech(0))))
    world.until(after(30))
    order = end(desk, "speech", at_s=40)
    world.take(order)
    world.until(after(100))

    assert world.heard("speech") == [span(0, 40)]
    ended = world.last("speech")
    assert ended == Ended(airing_id="speech", order_id=order.header.document_id, at_us=40 * SECOND_US)


def test_what_has_passed_is_over_at_once() -> None:
    desk = Desk()
    world = told(desk)
    world.take(desk.order(Play(airing=speech(0))))
    world.until(after(30))
    world.take(end(desk, "speech", at_s=20))
    world.until(after(100))

    assert world.heard("speech") == [span(0, 30)]


def test_without_time_it_is_over_at_once() -> None:
    desk = Desk()
    world = told(desk)
    world.take(desk.order(Play(airing=speech(0))))
    world.until(after(30))
    world.lose_time()
    world.take(end(desk, "speech", at_s=40))

    assert world.heard("speech") == [span(0, 30)]


def test_without_time_its_siren_is_over_at_once_too() -> None:
    desk = Desk()
    world = told(desk)
    world.store(ref_of(clip_bytes("siren")).sha256)
    alarm = airing("alarm", start_at_us=after(60), seconds=60, airing_class=AiringClass.EMERGENCY)
    world.take(desk.order(Play(airing=alarm, siren=SIREN)))
    world.until(after(10))
    assert world.on_air == siren_of("alarm")
    world.lose_time()
    world.take(end(desk, "alarm", at_s=11))

    assert world.on_air is None


def test_what_was_ended_before_it_came_does_not_begin() -> None:
    desk = Desk()
    world = told(desk)
    play = desk.order(Play(airing=speech(0)))
    world.take(end(desk, "speech", at_s=-10), play)
    world.until(after(100))

    assert world.heard("speech") == []
    assert world.story("speech")[-1] == "ended"


def test_an_end_survives_a_power_cut() -> None:
    desk = Desk()
    world = told(desk)
    world.take(desk.order(Play(airing=speech(0))), end(desk, "speech", at_s=40))
    world.until(after(20))
    world.kill()
    world.know_time()
    world.until(after(100))

    assert world.heard("speech") == [span(0, 20), (20_020_000, 40 * SECOND_US)]
    assert world.story("speech")[-1] == "ended"


@pytest.mark.parametrize("kind", [AiringClass.LIVE, AiringClass.EMERGENCY])
def test_a_microphone_that_nothing_comes_from_keeps_the_air_from_no_plan_and_an_emergency_does(
    kind: AiringClass,
) -> None:
    desk = Desk()
    world = told(desk, airing("noon", start_at_us=after(100), seconds=50))
    world.take(desk.order(Play(airing=speech(0, kind=kind))))
    world.until(after(60))
    world.tell(LiveAway("speech", away=True))
    world.until(after(80))
    assert world.on_air == "speech", "nothing else wants the air"
    world.until(after(1_000))

    gave = kind is AiringClass.LIVE
    assert world.heard("noon") == ([span(100, 150)] if gave else [])
    assert any(isinstance(event, Interrupted) for event in world.records("speech")) is gave


def gone(desk: Desk, *planned: PlannedAiring) -> World:
    """A microphone that nothing comes from any more, cut by what was planned for then."""
    world = told(desk, airing("noon", start_at_us=after(100), seconds=50), *planned)
    world.take(desk.order(Play(airing=speech(0))))
    world.until(after(60))
    world.tell(LiveAway("speech", away=True))
    world.until(after(120))
    assert world.on_air == "noon"
    return world


def test_a_microphone_that_a_plan_cut_goes_on_in_step_behind_it_when_something_has_come_again() -> None:
    desk = Desk()
    world = gone(desk)
    world.tell(LiveAway("speech", away=False))
    world.take(end(desk, "speech", at_s=200))
    world.until(after(300))

    assert world.heard("noon") == [span(100, 150)]
    assert world.heard("speech") == [span(0, 100), span(150, 200)]
    (cut,) = [event for event in world.records("speech") if isinstance(event, Interrupted)]
    assert (cut.by_airing_id, cut.resumes_at_us, cut.from_us) == ("noon", after(150), 150 * SECOND_US)
    gaps = [(event.from_us, event.lost_us) for event in world.records("speech") if isinstance(event, Gap)]
    assert gaps == [(100 * SECOND_US, 50 * SECOND_US)]


def test_it_keeps_the_air_from_nothing_as_long_as_nothing_comes_and_joins_when_something_does() -> None:
    desk, evening = Desk(), airing("evening", start_at_us=after(150), seconds=60)
    world = gone(desk, evening)
    world.until(after(400))

    assert world.heard("evening") == [span(150, 210)]
    assert world.on_air is None

    world.tell(LiveAway("speech", away=False))
    world.take(end(desk, "speech", at_s=450))
    world.until(after(500))

    _, (from_us, until_us) = world.heard("speech")
    assert 400 * SECOND_US <= from_us < 401 * SECOND_US, "in step: where it is by then"
    assert until_us == 450 * SECOND_US


def test_it_takes_the_air_from_a_plan_that_could_begin_only_because_nothing_came() -> None:
    evening = airing("evening", start_at_us=after(150), seconds=60, on_interrupted=OnInterrupted.DROP)
    world = gone(Desk(), evening)
    world.until(after(180))
    world.tell(LiveAway("speech", away=False))
    world.until(after(300))

    assert world.heard("evening")[0][1] < 181 * SECOND_US
    assert world.on_air == "speech"


def test_its_end_ends_it_while_nothing_comes_too() -> None:
    desk = Desk()
    world = gone(desk)
    world.take(end(desk, "speech", at_s=130))
    world.until(after(170))
    world.tell(LiveAway("speech", away=False))
    world.until(after(300))

    assert world.heard("speech") == [span(0, 100)]
    assert world.story("speech")[-1] == "ended"


def test_behind_an_emergency_a_microphone_that_nothing_comes_from_does_not_go_on() -> None:
    desk = Desk()
    world = told(desk, airing("noon", start_at_us=after(100), seconds=50))
    world.take(desk.order(Play(airing=speech(0))))
    world.until(after(40))
    call = airing("call", start_at_us=after(50), seconds=20, airing_class=AiringClass.EMERGENCY)
    world.take(desk.order(Play(airing=call)))
    world.deliver()
    world.until(after(60))
    world.tell(LiveAway("speech", away=True))
    world.until(after(120))

    assert world.on_air == "noon"
    assert world.heard("speech") == [span(0, 50)]


def test_a_microphone_that_is_heard_again_has_the_air_as_before() -> None:
    desk = Desk()
    world = told(desk, airing("noon", start_at_us=after(100), seconds=50))
    world.take(desk.order(Play(airing=speech(0))))
    world.until(after(60))
    world.tell(LiveAway("speech", away=True))
    world.tell(LiveAway("speech", away=False))
    world.until(after(300))

    assert world.heard("noon") == []
    assert world.on_air == "speech"


@pytest.mark.parametrize("delay_us", [0, 700_000])
def test_what_it_had_cut_goes_on_from_that_instant(delay_us: int) -> None:
    desk = Desk()
    world = told(desk, news(OnInterrupted.RESUME), delay_us=delay_us)
    world.take(desk.order(Play(airing=speech(40))))
    world.until(after(60))
    world.take(end(desk, "speech", at_s=65))
    world.until(after(1_000))

    first, second = world.heard("news")
    assert first[0] == delay_us
    assert second == (65 * SECOND_US + delay_us, 125 * SECOND_US + delay_us)
    assert isinstance(world.last("news"), Finished)


def test_what_begins_again_does_so_from_that_instant() -> None:
    desk = Desk()
    world = told(desk, news(OnInterrupted.RESTART))
    world.take(desk.order(Play(airing=speech(40))))
    world.until(after(60))
    world.take(end(desk, "speech", at_s=65))
    world.until(after(1_000))

    assert world.heard("news") == [span(0, 40), span(65, 165)]


def test_what_is_joined_again_has_gone_on_meanwhile() -> None:
    desk = Desk()
    relay = airing(
        "relay",
        start_at_us=after(0),
        sequence=(LivePart(frames=300 * 48_000),),
        on_interrupted=OnInterrupted.REJOIN,
        window_us=300 * SECOND_US,
    )
    world = told(desk, relay)
    world.take(
        desk.order(Play(airing=airing("call", start_at_us=after(50), seconds=20, airing_class=AiringClass.PRIORITY)))
    )
    world.deliver()
    world.until(after(1_000))

    assert world.heard("relay") == [span(0, 50), span(70, 300)]
    (cut,) = [event for event in world.records("relay") if isinstance(event, Interrupted)]
    assert (cut.from_us, cut.resumes_at_us) == (70 * SECOND_US, after(70))
    gaps = [(event.from_us, event.lost_us) for event in world.records("relay") if isinstance(event, Gap)]
    assert gaps == [(50 * SECOND_US, 20 * SECOND_US)]


def test_what_cannot_go_on_before_its_slot_ends_gives_up_then_and_not_before() -> None:
    desk = Desk()
    world = told(desk, news(OnInterrupted.RESUME, slot_ends_s=150))
    world.take(desk.order(Play(airing=speech(40))))
    world.until(after(110))
    assert world.story("news")[-1] == "interrupted", "the speaker may end any moment"
    world.until(after(125))
    assert isinstance(world.last("news"), Preempted)

    world.take(end(desk, "speech", at_s=130))
    world.until(after(200))
    assert world.heard("news") == [span(0, 40)]


def test_what_waits_behind_two_goes_on_when_both_are_over() -> None:
    desk = Desk()
    world = told(desk, news(OnInterrupted.RESUME))
    world.take(desk.order(Play(airing=speech(40))))
    world.until(after(50))
    alarm = airing("alarm", start_at_us=after(52), seconds=30, airing_class=AiringClass.EMERGENCY)
    world.take(desk.order(Play(airing=alarm)))
    world.deliver()
    world.until(after(60))
    world.take(end(desk, "speech", at_s=62))
    world.until(after(1_000))

    assert world.heard("alarm") == [span(52, 82)]
    assert world.heard("news") == [span(0, 40), span(82, 142)]


def test_an_all_clear_ends_what_repeats_and_announces() -> None:
    desk = Desk()
    world = told(desk, news(OnInterrupted.RESUME, slot_ends_s=3_600))
    alarm = airing(
        "alarm", start_at_us=after(20), seconds=10, airing_class=AiringClass.EMERGENCY, times=1_000, pause_us=5_000_000
    )
    world.take(desk.order(Play(airing=alarm)))
    world.deliver()
    world.until(after(100))
    clear = airing(
        "clear", start_at_us=after(110), seconds=8, airing_class=AiringClass.EMERGENCY, references=("alarm",)
    )
    world.take(desk.order(Play(airing=clear, ends=("alarm",))))
    world.deliver()
    world.until(after(1_000))

    assert world.heard("alarm") == [span(20, 110)]
    assert world.story("alarm")[-1] == "ended"
    assert world.heard("clear") == [span(110, 118)]
    assert world.heard("news") == [span(0, 20), span(118, 198)], "after the announcement"


def test_a_correction_with_a_siren_ends_the_earlier_at_once_and_it_never_comes_back() -> None:
    desk = Desk()
    world = told(desk)
    world.store(ref_of(clip_bytes("siren")).sha256)
    alarm = airing("alarm", start_at_us=after(0), seconds=10, airing_class=AiringClass.EMERGENCY, times=1_000)
    world.take(desk.order(Play(airing=alarm)))
    world.deliver()
    world.until(after(30))
    right = airing(
        "right", start_at_us=after(35), seconds=10, airing_class=AiringClass.EMERGENCY, rank=9, references=("alarm",)
    )
    world.take(desk.order(Play(airing=right, siren=SIREN, ends=("alarm",)), issued_at_us=after(30)))
    world.deliver()
    world.until(after(500))

    assert world.heard("alarm")[0][0] == 0
    assert world.heard("alarm")[-1][1] <= 31 * SECOND_US
    assert world.heard(siren_of("right"))
    assert world.heard("right") == [span(35, 45)], "of a lower rank, and it goes first all the same"
    assert world.story("alarm")[-1] in {"ended", "preempted"}


def test_a_sequence_is_heard_as_often_as_it_says() -> None:
    desk = Desk()
    thrice = airing("thrice", start_at_us=after(0), seconds=10, times=3, pause_us=2 * SECOND_US)
    world = told(desk, thrice)
    world.until(after(100))

    assert world.heard("thrice") == [span(0, 34)]
