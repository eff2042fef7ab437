"""When a "now" begins, and when an airing is over."""

from dataclasses import replace

import pytest

from agents.protocol.values import AiringClass
from controller.domain.airings import Airing, AiringState, PlayState
from controller.domain.sending import Begin, Settle, Step, Timing, Wait, next_step

SECOND = 1_000_000
TIMING = Timing(start_lead_us=SECOND // 2, now_wait_us=10 * SECOND, end_margin_us=5 * SECOND)
SENT = Airing(
    airing_id="a-1",
    content_id="b-1",
    revision=1,
    airing_class=AiringClass.ORDINARY,
    sequence=(),
    title="Thông báo",
    speaker_ids=("s-1", "s-2"),
    state=AiringState.WAITING,
    planned_at_us=0,
    planned_by="admin",
    now=True,
    start_at_us=None,
    duration_us=20 * SECOND,
    lateness_window_us=60 * SECOND,
)
STARTED = replace(SENT, state=AiringState.PLANNED, start_at_us=2 * SECOND)
BOTH, FIRST, NOBODY = {"s-1", "s-2"}, {"s-1"}, set[str]()
ARMED, STORED, FAILED, PLANNED = PlayState.ARMED, PlayState.STORED, PlayState.FAILED, PlayState.PLANNED


@pytest.mark.parametrize(
    ("states", "connected", "awaited", "now_s", "step"),
    [
        ((ARMED, ARMED), BOTH, BOTH, 1, Begin(1_500_000)),
        ((ARMED, STORED), BOTH, BOTH, 1, Wait(10 * SECOND)),
        ((ARMED, STORED), BOTH, BOTH, 10, Begin(10_500_000)),
        ((ARMED, FAILED), BOTH, BOTH, 1, Begin(1_500_000)),
        ((ARMED, PLANNED), FIRST, FIRST, 1, Begin(1_500_000)),
        ((ARMED, ARMED), FIRST, BOTH, 1, Wait(10 * SECOND)),
        ((ARMED, ARMED), NOBODY, BOTH, 1, Wait(60 * SECOND)),
        ((ARMED, ARMED), NOBODY, NOBODY, 30, Wait(60 * SECOND)),
        ((ARMED, ARMED), NOBODY, NOBODY, 60, Settle()),
        ((STORED, STORED), BOTH, BOTH, 59, Wait(60 * SECOND)),
        ((STORED, STORED), BOTH, BOTH, 60, Settle()),
        ((ARMED, STORED), BOTH, BOTH, 60, Begin(60_500_000)),
    ],
)
def test_a_now_begins(
    states: tuple[PlayState, PlayState], connected: set[str], awaited: set[str], now_s: int, step: Step
) -> None:
    by_speaker = dict(zip(("s-1", "s-2"), states, strict=True))
    assert next_step(SENT, by_speaker, connected, awaited, timing=TIMING, now_us=now_s * SECOND) == step


@pytest.mark.parametrize(
    ("states", "now_s", "step"),
    [
        ((PlayState.SOUNDING, ARMED), 3, Wait(27 * SECOND)),
        ((PlayState.FINISHED, ARMED), 22, Wait(27 * SECOND)),
        ((PlayState.FINISHED, PlayState.SKIPPED), 22, Settle()),
        ((PlayState.SOUNDING, ARMED), 27, Settle()),
    ],
)
def test_an_airing_with_its_instant_is_over(states: tuple[PlayState, PlayState], now_s: int, step: Step) -> None:
    by_speaker = dict(zip(("s-1", "s-2"), states, strict=True))
    assert next_step(STARTED, by_speaker, BOTH, BOTH, timing=TIMING, now_us=now_s * SECOND) == step


def test_a_now_of_what_is_live_waits_no_longer_for_its_first_speaker_than_others() -> None:
    live = replace(SENT, lateness_window_us=1_800 * SECOND)
    timing = replace(TIMING, lateness_us=60 * SECOND)
    states = {"s-1": STORED, "s-2": STORED}
    assert next_step(live, states, NOBODY, NOBODY, timing=timing, now_us=59 * SECOND) == Wait(60 * SECOND)
    assert next_step(live, states, NOBODY, NOBODY, timing=timing, now_us=60 * SECOND) == Settle()
