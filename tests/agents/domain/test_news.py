"""Which records somebody waits for."""

import pytest

from agents.domain.news import is_awaited
from agents.protocol.journal import (
    ActionEnded,
    ActionName,
    ActionResult,
    Armed,
    Finished,
    Heard,
    JournalEvent,
    SelfTested,
    StartedUp,
    Stopped,
)
from agents.protocol.values import AiringClass, PlannedAiring, SilencePart


def airing(airing_class: AiringClass, start_at_us: int | None) -> PlannedAiring:
    return PlannedAiring(
        airing_id="a",
        bulletin_id="b",
        title="t",
        airing_class=airing_class,
        planned_at_us=1,
        start_at_us=start_at_us,
        sequence=(SilencePart(frames=1),),
    )


ENDED = Finished(airing_id="a", ended_at_us=1, played_us=1, lost_us=0, underruns=0)


@pytest.mark.parametrize(
    ("event", "known", "awaited"),
    [
        (Armed(airing_id="a"), airing(AiringClass.ORDINARY, 5), False),
        (Armed(airing_id="a"), airing(AiringClass.ORDINARY, None), True),
        (ENDED, airing(AiringClass.ORDINARY, 5), False),
        (ENDED, airing(AiringClass.EMERGENCY, 5), True),
        (ENDED, airing(AiringClass.DRILL, 5), True),
        (ENDED, airing(AiringClass.LIVE, 5), True),
        (ENDED, None, False),
        (Stopped(airing_id="a", order_id="o", at_us=1), airing(AiringClass.ORDINARY, 5), True),
        (StartedUp(software="s", clean=True), None, False),
    ],
)
def test_what_is_now_and_what_is_grave_is_awaited(
    event: JournalEvent, known: PlannedAiring | None, awaited: bool
) -> None:
    assert is_awaited(event, {"a": known}.get) is awaited


@pytest.mark.parametrize("order_id", [None, "o-1"])
def test_what_was_ordered_of_the_box_is_awaited(order_id: str | None) -> None:
    tested = SelfTested(heard=Heard.NO_SENSOR, order_id=order_id)
    assert is_awaited(tested, lambda _: None) is (order_id is not None)
    ended = ActionEnded(order_id="o-1", action=ActionName.IDENTIFY, result=ActionResult.DONE)
    assert is_awaited(ended, lambda _: None)
