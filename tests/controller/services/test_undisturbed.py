"""While live sound goes out nothing else keeps it waiting; afterwards all is as it was."""

import asyncio
import gc
import sys
import weakref
from collections.abc import Iterator
from dataclasses import replace

import pytest

from controller.domain.rights import Actor
from controller.services.foremost import MANY
from controller.services.undisturbed import Undisturbed, quiet
from tests.controller.fakes import SECOND_US
from tests.controller.services.station import Station


class Circle:
    """Held by nobody but itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    turn_s = sys.getswitchinterval()
    sys.setswitchinterval(0.005)  # as Python has it
    gc.unfreeze()
    yield
    gc.unfreeze()
    sys.setswitchinterval(turn_s)


def circle() -> "weakref.ref[Circle]":
    """One that is as old as all that stays."""
    made = Circle()
    gc.collect()
    return weakref.ref(made)


def test_what_was_not_looked_through_before_is_not_afterwards_and_what_is_useless_goes() -> None:
    gc.collect()  # what other tests left
    gc.freeze()
    frozen, turn_s = gc.get_freeze_count(), sys.getswitchinterval()
    undisturbed = Undisturbed(lambda: True)
    useless = circle()
    undisturbed.begin()
    assert sys.getswitchinterval() < turn_s
    undisturbed.begin()
    undisturbed.end()
    assert sys.getswitchinterval() == turn_s
    undisturbed.tidy()
    assert gc.get_freeze_count() > frozen // 2
    assert useless() is None
    undisturbed.end()
    undisturbed.tidy()
    assert gc.get_freeze_count() > frozen // 2


def test_nothing_is_gone_through_before_it_is_quiet_nor_while_somebody_speaks_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gc.freeze()
    calm = [False]
    undisturbed = Undisturbed(lambda: calm[0])
    useless = circle()
    undisturbed.begin()
    undisturbed.end()
    undisturbed.tidy()
    calm[0] = True
    undisturbed.begin()
    undisturbed.tidy()
    assert useless() is not None
    undisturbed.end()
    undisturbed.tidy()
    assert useless() is None
    looks: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda *_: looks.append(1))
    undisturbed.tidy()
    assert looks == [], "once is enough"


def test_where_everything_was_looked_through_it_is_again() -> None:
    undisturbed = Undisturbed(lambda: True)
    for _time in range(2):
        undisturbed.begin()
        assert gc.get_freeze_count() > 0
        undisturbed.end()
    undisturbed.tidy()
    assert gc.get_freeze_count() == 0


async def test_it_is_quiet_when_nothing_goes_to_many_and_nothing_is_heard(station: Station) -> None:
    foremost, board, clock = station.desk.foremost, station.desk._office.board, station.clock
    assert quiet(foremost, board, clock)
    with foremost.going(MANY - 1):
        assert quiet(foremost, board, clock)
    with foremost.going(MANY):
        assert not quiet(foremost, board, clock)
    speaker, device = await station.speaker("Chợ")
    device.answers = False
    airing = await station.send(speaker)
    assert not quiet(foremost, board, clock), "it is about to begin"
    entry = board.get(airing.airing_id)
    assert entry is not None
    start_us = clock.now_us() + 60 * SECOND_US
    entry.airing = replace(airing, start_at_us=start_us, duration_us=30 * SECOND_US)
    assert quiet(foremost, board, clock), "it begins later"
    found = []
    for seconds in (55, 30, 30):
        clock._now_us += seconds * SECOND_US  # nobody wakes
        found.append(quiet(foremost, board, clock))
    assert found == [False, False, True], "just before, just after, and a while after it"
    entry.airing = airing


async def test_after_somebody_spoke_all_is_gone_through_once_nothing_is_heard_any_more(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, _ = await station.speaker("Chợ")
    looks: list[bool] = []
    monkeypatch.setattr(gc, "collect", lambda *young: looks.append(not young))
    gc.freeze()
    live = station.desk.live
    stream = await live.open(title="Trực tiếp", by=Actor(name="dung", scopes=()), speaker_ids=[speaker.speaker_id])
    with station.desk.foremost.going(MANY):
        await stream.close("dung")
        for _time in range(60):
            station.clock.advance(0.5)
            for _turn in range(5):
                await asyncio.sleep(0)
        assert True not in looks

    async def looked() -> bool:
        station.clock.advance(0.5)
        return True in looks

    await station.until(looked)
