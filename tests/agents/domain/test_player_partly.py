"""An emergency begins with what of it is here; what is missing is heard from the next time on."""

import pytest

from agents.domain.player.effects import ArmSource
from agents.domain.player.events import FetchFailed, PlayMissing
from agents.protocol.documents import Play
from agents.protocol.journal import FailReason, Finished, Gap
from agents.protocol.values import AiringClass, PlannedAiring, SilencePart
from tests.agents.domain.horn import World, after
from tests.agents.making import SECOND_US, Desk, airing, clip_bytes, clip_part, ref_of

HEAD, FILLED = clip_bytes("head"), clip_bytes("filled")


def alarm(kind: AiringClass = AiringClass.EMERGENCY, *, turned: bool = False) -> PlannedAiring:
    """4 s that are pinned and 6 s that were filled in, again and again, with 2 s between."""
    parts = (clip_part(HEAD, 4), clip_part(FILLED, 6))
    return airing(
        "alarm",
        start_at_us=after(5),
        airing_class=kind,
        sequence=parts[::-1] if turned else parts,
        times=100,
        pause_us=2 * SECOND_US,
    )


def world_with(content: bytes) -> tuple[World, Desk]:
    desk, world = Desk(), World()
    world.take(desk.assignment())
    world.store(ref_of(content).sha256)
    return world, desk


def arms(world: World) -> list[ArmSource]:
    return [effect for effect in world.effects if isinstance(effect, ArmSource)]


@pytest.mark.parametrize("kind", [AiringClass.EMERGENCY, AiringClass.DRILL])
def test_it_begins_at_its_instant_with_what_is_here(kind: AiringClass) -> None:
    world, desk = world_with(HEAD)
    world.take(desk.order(Play(airing=alarm(kind))))
    world.until(after(6))

    assert world.on_air == "alarm"
    assert world.audible == []
    assert [arm.missing for arm in arms(world)] == [frozenset({ref_of(FILLED).sha256})]
    assert ref_of(FILLED).sha256 in {want.ref.sha256 for want in world.wanted.wants}


def test_nothing_is_armed_early_while_something_may_still_come() -> None:
    world, desk = world_with(HEAD)
    world.take(desk.order(Play(airing=alarm())))
    world.until(after(1))
    assert arms(world) == []

    world.deliver()
    world.until(after(6))

    assert [arm.missing for arm in arms(world)] == [frozenset()]
    assert world.story("alarm") == ["stored", "armed", "sounding"]


def test_an_announcement_waits_for_all_of_it() -> None:
    world, desk = world_with(HEAD)
    world.take(desk.order(Play(airing=alarm(AiringClass.PRIORITY))))
    world.until(after(20))

    assert arms(world) == []


def test_it_is_joined_when_the_turn_of_what_is_here_has_come() -> None:
    world, desk = world_with(HEAD)
    world.take(desk.order(Play(airing=alarm(turned=True))))
    world.until(after(10.9))
    assert world.on_air is None

    world.until(after(11.2))

    assert world.on_air == "alarm"


def test_in_a_pause_it_waits_for_what_follows() -> None:
    world, desk = world_with(HEAD)
    world.until(after(16))
    world.take(desk.order(Play(airing=alarm())))
    world.until(after(16.9))
    assert world.on_air is None

    world.until(after(17.2))

    assert world.on_air == "alarm"


def test_what_will_never_come_does_not_keep_the_rest_from_being_heard() -> None:
    world, desk = world_with(HEAD)
    world.take(desk.order(Play(airing=alarm())))
    world.tell(FetchFailed(ref_of(FILLED).sha256, FailReason.CLIP_MISSING, "there is no such clip", final=True))
    world.until(after(6))

    assert world.on_air == "alarm"


def test_where_nothing_of_it_ever_comes_it_fails_at_its_last_chance() -> None:
    desk, world = Desk(), World()
    world.take(desk.assignment(), desk.order(Play(airing=alarm())))
    for content in (HEAD, FILLED):
        world.tell(FetchFailed(ref_of(content).sha256, FailReason.CLIP_MISSING, "there is no such clip", final=True))
    assert world.story("alarm") == []

    world.until(after(5 + 61))

    assert world.story("alarm") == ["failed"]


def test_what_had_not_come_is_a_gap_and_counts_as_lost_once() -> None:
    desk, world = Desk(), World()
    sequence = (clip_part(HEAD, 4), SilencePart(frames=48_000))
    world.take(desk.assignment(), desk.order(Play(airing=airing("alarm", start_at_us=after(5), sequence=sequence))))
    world.deliver()
    world.until(after(6))
    (arm,) = arms(world)

    world.tell(PlayMissing(arm.play_id, 2 * 48_000, 48_000, "live"))
    world.until(after(20))

    assert Gap(airing_id="alarm", from_us=2 * SECOND_US, lost_us=SECOND_US, cause="live") in world.records("alarm")
    finished = world.last("alarm")
    assert isinstance(finished, Finished)
    assert (finished.played_us, finished.lost_us) == (4 * SECOND_US, SECOND_US)
