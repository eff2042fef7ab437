"""The siren of an emergency: at once, until the emergency itself is heard, and evidence like everything that sounds."""

import pytest

from agents.domain.player.events import ClipLost
from agents.protocol.documents import Order, Play, Stop
from agents.protocol.journal import FailReason, Finished, SirenSounding, Skipped, Stopped
from agents.protocol.values import AiringClass, OnInterrupted, PlannedAiring
from tests.agents.domain.horn import World, after, siren_of
from tests.agents.making import SECOND_US, Desk, airing, clip_bytes, clip_part, ref_of

SIREN = clip_part(clip_bytes("siren"), 4)
SIREN_SHA = ref_of(clip_bytes("siren")).sha256
STORY = ["stored", "sirensounding", "armed", "sounding", "finished"]


def flood(at_s: float, airing_id: str = "flood", planned_s: float = 0, seconds: float = 20) -> PlannedAiring:
    return airing(
        airing_id,
        start_at_us=after(at_s),
        seconds=seconds,
        airing_class=AiringClass.EMERGENCY,
        planned_at_us=after(planned_s),
    )


def alarm(desk: Desk, emergency: PlannedAiring, issued_s: float, **header: int) -> Order:
    return desk.order(Play(airing=emergency, siren=SIREN), issued_at_us=after(issued_s), **header)


@pytest.fixture
def world() -> World:
    """With the siren pinned, and the words of the emergency here."""
    world = World(siren_takes_us=30_000)
    for name in ("siren", "flood", "fire"):
        world.store(ref_of(clip_bytes(name)).sha256)
    return world


def test_it_sounds_on_arrival_until_the_words_begin_everywhere_at_their_instant(world: World) -> None:
    world.until(after(10))
    world.take(alarm(Desk(), flood(15), 10))
    world.until(after(100))

    assert world.heard(siren_of("flood")) == [(10_030_000, 15 * SECOND_US)]
    assert world.heard("flood") == [(15 * SECOND_US, 35 * SECOND_US)]
    assert sorted(world.story("flood")) == sorted(STORY)
    (began,) = [event for event in world.records("flood") if isinstance(event, SirenSounding)]
    assert began.began_at_us == after(10.03)


def test_where_the_words_have_not_arrived_it_goes_on_until_they_can_be_joined(world: World) -> None:
    world.disk.discard(ref_of(clip_bytes("flood")).sha256)
    world = World(siren_takes_us=0)
    world.store(SIREN_SHA)
    world.until(after(10))
    world.take(alarm(Desk(), flood(15), 10))
    world.until(after(18))
    world.deliver()
    world.until(after(100))

    assert world.heard(siren_of("flood")) == [(10 * SECOND_US, 18_020_000)]
    assert world.heard("flood") == [(18_020_000, 35 * SECOND_US)]


def test_where_the_words_never_arrive_it_is_over_when_they_could_not_begin_any_more(world: World) -> None:
    world = World()
    world.store(SIREN_SHA)
    world.until(after(10))
    world.take(alarm(Desk(), flood(15), 10))
    world.until(after(300))

    ((_, until_us),) = world.heard(siren_of("flood"))
    assert until_us <= (15 + 20 + 1) * SECOND_US
    assert isinstance(world.last("flood"), Skipped)


def test_without_its_clip_nothing_waits_for_it() -> None:
    world = World()
    world.store(ref_of(clip_bytes("flood")).sha256)
    world.until(after(10))
    world.take(alarm(Desk(), flood(15), 10))
    world.until(after(100))

    assert world.heard(siren_of("flood")) == []
    assert world.story("flood") == ["stored", "armed", "sounding", "finished"]
    assert world.wanted.needed == frozenset()


def test_where_its_clip_turns_out_to_be_damaged_it_keeps_the_air_from_nobody_and_begins_when_it_is_here_again(
    world: World,
) -> None:
    world.siren_takes_us = 60 * SECOND_US
    desk = Desk()
    world.take(desk.rundown(airing("news", start_at_us=after(12), seconds=10)))
    world.deliver()
    world.until(after(10))
    world.take(alarm(desk, flood(30), 10))
    world.disk.discard(SIREN_SHA)
    world.tell(ClipLost(SIREN_SHA, FailReason.CLIP_CORRUPT, "rotten"))
    world.until(after(25))
    world.siren_takes_us = 0
    world.store(SIREN_SHA)
    world.until(after(100))

    assert world.heard("news") == [(12 * SECOND_US, 22 * SECOND_US)]
    assert world.heard(siren_of("flood")) == [(25 * SECOND_US, 30 * SECOND_US)]
    assert world.heard("flood") == [(30 * SECOND_US, 50 * SECOND_US)]


def test_where_the_output_failed_it_sounds_again_once_that_is_back(world: World) -> None:
    world.siren_takes_us = 0
    world.until(after(10))
    world.take(alarm(Desk(), flood(30), 10))
    world.until(after(12))
    world.lose_output()
    world.until(after(17))
    world.broken_output = False
    world.until(after(100))

    first, again = world.heard(siren_of("flood"))
    assert first == (10 * SECOND_US, 12 * SECOND_US)
    assert 17 * SECOND_US <= again[0] <= 19 * SECOND_US
    assert again[1] == 30 * SECOND_US
    assert world.heard("flood") == [(30 * SECOND_US, 50 * SECOND_US)]


def test_it_takes_the_air_from_what_sounds_and_what_was_about_to_waits(world: World) -> None:
    desk = Desk()
    world.take(desk.rundown(airing("news", start_at_us=after(5)), airing("next", start_at_us=after(12), seconds=30)))
    world.deliver()
    world.until(after(10))
    world.take(alarm(desk, flood(15), 10))
    world.until(after(100))

    assert world.heard("news") == [(5 * SECOND_US, 10_030_000)]
    assert world.heard(siren_of("flood")) == [(10_030_000, 15 * SECOND_US)]
    assert world.heard("next") == [(35 * SECOND_US, 42 * SECOND_US)], "late, and in step"
    assert world.story("news")[-1] == "preempted"


def test_a_stop_silences_it_and_the_emergency_with_it(world: World) -> None:
    desk = Desk()
    world.until(after(10))
    world.take(alarm(desk, flood(15), 10))
    world.until(after(12))
    world.take(desk.order(Stop()))
    world.until(after(100))

    assert world.heard(siren_of("flood")) == [(10_030_000, 12 * SECOND_US)]
    assert world.heard("flood") == []
    assert world.story("flood")[-1] == "skipped"


def test_while_a_stop_holds_it_does_not_begin(world: World) -> None:
    desk = Desk()
    world.take(desk.order(Stop()))
    world.take(alarm(desk, flood(15), 0))
    world.until(after(100))

    assert world.audible == []


def test_the_newer_of_two_emergencies_has_the_siren_and_the_air(world: World) -> None:
    desk = Desk()
    world.until(after(10))
    world.take(alarm(desk, flood(15), 10))
    world.until(after(12))
    world.take(alarm(desk, flood(17, "fire", planned_s=12), 12))
    world.until(after(100))

    assert world.heard(siren_of("flood")) == [(10_030_000, 12_030_000)]
    assert world.heard(siren_of("fire")) == [(12_030_000, 17 * SECOND_US)], "not cut by the words of the older one"
    assert world.heard("fire") == [(17 * SECOND_US, 37 * SECOND_US)]
    assert world.heard("flood") == []


def test_without_the_time_it_is_silent_and_begins_when_the_time_is_known(world: World) -> None:
    world.lose_time()
    world.take(alarm(Desk(), flood(15), 0))
    world.until(after(10))
    assert world.audible == []

    world.know_time()
    world.until(after(100))
    assert world.heard(siren_of("flood")) == [(10_030_000, 15 * SECOND_US)]


def test_after_a_power_cut_it_sounds_again_only_before_the_words(world: World) -> None:
    world.until(after(10))
    world.take(alarm(Desk(), flood(15), 10))
    world.until(after(12))
    world.kill()
    world.until(after(13))
    world.know_time()
    world.until(after(20))
    world.kill()
    world.know_time()
    world.until(after(100))

    assert world.heard(siren_of("flood")) == [(10_030_000, 12 * SECOND_US), (13_030_000, 15 * SECOND_US)]
    assert isinstance(world.last("flood"), Finished)


def test_only_an_emergency_has_one(world: World) -> None:
    drill = airing("flood", start_at_us=after(15), airing_class=AiringClass.DRILL)
    world.take(Desk().order(Play(airing=drill, siren=SIREN)))
    world.until(after(100))

    assert world.heard(siren_of("flood")) == []
    assert world.story("flood")[-1] == "finished"


def test_where_the_words_are_due_at_once_it_is_left_out(world: World) -> None:
    world.until(after(10))
    world.take(alarm(Desk(), flood(10), 10))
    world.until(after(100))

    assert world.heard(siren_of("flood")) == []
    assert world.heard("flood") == [(10_020_000, 30 * SECOND_US)]


def test_all_horns_take_up_the_cut_bulletin_alike_whenever_the_siren_reached_them() -> None:
    heard = []
    for reached_s in (60.0, 60.4, 62.0):
        world, desk = World(), Desk()
        for name in ("siren", "flood"):
            world.store(ref_of(clip_bytes(name)).sha256)
        news = airing(
            "news",
            start_at_us=after(0),
            seconds=200,
            on_interrupted=OnInterrupted.RESUME,
            slot_ends_us=after(600),
        )
        world.take(desk.rundown(news))
        world.deliver()
        world.until(after(reached_s))
        world.take(alarm(desk, flood(65, planned_s=60), 60))
        world.until(after(1_000))
        heard.append(world.heard("news")[1])
        assert isinstance(world.last("news"), Finished)

    assert heard == [(85 * SECOND_US, 225 * SECOND_US)] * 3, "60 s had been heard when the order was signed"


def test_a_stop_by_its_id_names_the_airing_whose_siren_it_silences(world: World) -> None:
    desk = Desk()
    world.until(after(10))
    world.take(alarm(desk, flood(30), 10))
    world.until(after(12))
    world.take(desk.order(Stop(airing_ids=("flood",))))
    world.until(after(100))

    assert world.heard(siren_of("flood")) == [(10_030_000, 12 * SECOND_US)]
    assert not any(isinstance(event, Stopped) for event in world.journal)


@pytest.mark.parametrize("seconds", [120, 45], ids=["longer", "over before the words would begin"])
def test_killed_under_the_siren_what_it_cut_goes_on_where_it_does_everywhere(seconds: int) -> None:
    told = []
    for killed in (False, True):
        world = World(siren_takes_us=0)
        for name in ("siren", "flood", "news"):
            world.store(ref_of(clip_bytes(name)).sha256)
        desk = Desk()
        kept = {"on_interrupted": OnInterrupted.RESUME, "slot_ends_us": after(600)}
        world.take(desk.rundown(airing("news", start_at_us=after(5), seconds=seconds, **kept)))
        world.until(after(40))
        world.take(alarm(desk, flood(55), 40))
        world.until(after(45))
        if killed:
            world.kill()
            world.until(after(47))
            world.know_time()
        world.until(after(300))
        told.append((world.heard("news"), world.heard("flood"), world.story("news")[-1]))

    assert told[0] == told[1]
    assert told[0][0] == [(5 * SECOND_US, 40 * SECOND_US), (75 * SECOND_US, (40 + seconds) * SECOND_US)]
