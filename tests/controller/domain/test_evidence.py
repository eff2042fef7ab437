"""Journal records become playbacks: in any order, any number of times, forward only."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.protocol.journal import (
    Armed,
    Ended,
    Failed,
    FailReason,
    Finished,
    Gap,
    Interrupted,
    JournalEvent,
    JournalRecord,
    Preempted,
    RefusalReason,
    SirenSounding,
    Skipped,
    SkipReason,
    Sounding,
    StartedUp,
    Stopped,
    Stored,
)
from agents.protocol.messages import DocumentReply
from agents.protocol.values import AiringClass, ClockBasis
from agents.protocol.version import MAX_INTEGER
from controller.domain import evidence
from controller.domain.airings import Airing, AiringState, Playback, PlayState
from controller.domain.journals import fresh

AIRING = "a-1"
START_US = 1_000_000
PLANNED = Playback(airing_id=AIRING, speaker_id="s-1", state=PlayState.PLANNED)

STORED = Stored(airing_id=AIRING)
ARMED = Armed(airing_id=AIRING)
SKIPPED = Skipped(airing_id=AIRING, reason=SkipReason.LATE)
FAILED = Failed(airing_id=AIRING, reason=FailReason.FETCH_FAILED, detail="no route")
PREEMPTED = Preempted(airing_id=AIRING, by_airing_id="a-2", at_us=3_000_000)
INTERRUPTED = Interrupted(
    airing_id=AIRING, by_airing_id="a-2", at_us=3_000_000, resumes_at_us=START_US + 60_000_000, from_us=3_000_000
)
SIREN = SirenSounding(airing_id=AIRING, began_at_us=START_US)
STOPPED = Stopped(airing_id=AIRING, order_id="o-1", at_us=2_000_000)
ENDED = Ended(airing_id=AIRING, order_id="o-2", at_us=4_000_000)
FINISHED = Finished(airing_id=AIRING, ended_at_us=11_000_000, played_us=10_000_000, underruns=2)


def sounding(error_us: int = 250, joined_us: int = 0, again: bool = False) -> Sounding:
    return Sounding(
        airing_id=AIRING,
        planned_start_us=START_US,
        actual_start_us=START_US + error_us,
        start_error_us=error_us,
        joined_at_us=joined_us,
        again=again,
    )


def gap(lost_us: int = 500_000) -> Gap:
    return Gap(airing_id=AIRING, from_us=1, lost_us=lost_us, cause="restart")


def journal(*events: JournalEvent) -> tuple[JournalRecord, ...]:
    return tuple(
        JournalRecord(seq=seq, at_us=seq * 1_000, clock_basis=ClockBasis.LINK, clock_error_us=150, event=event)
        for seq, event in enumerate(events, 1)
    )


def folded(*events: JournalEvent) -> Playback:
    return evidence.fold(PLANNED, journal(*events))


def test_what_was_lost_is_never_more_than_a_database_holds() -> None:
    lost_us = folded(*[gap(lost_us=MAX_INTEGER)] * 3).lost_us
    assert lost_us == MAX_INTEGER


def test_a_whole_life_is_one_playback_with_its_figures() -> None:
    assert folded(STORED, ARMED, sounding(), FINISHED) == Playback(
        airing_id=AIRING,
        speaker_id="s-1",
        state=PlayState.FINISHED,
        stored_at_us=1_000,
        armed_at_us=2_000,
        started_at_us=START_US + 250,
        start_error_us=250,
        joined_at_us=0,
        ended_at_us=11_000_000,
        played_us=10_000_000,
        underruns=2,
        clock_basis="link",
        clock_error_us=150,
    )


def test_a_device_cut_off_in_the_middle_is_one_playback_with_a_gap() -> None:
    found = folded(
        STORED,
        ARMED,
        sounding(),
        StartedUp(software="1", clean=False),
        ARMED,
        sounding(error_us=0, joined_us=4_000_000, again=True),
        gap(700_000),
        FINISHED,
    )
    assert (found.state, found.restarts, found.lost_us) == (PlayState.FINISHED, 1, 700_000)
    assert (found.start_error_us, found.joined_at_us) == (250, 0)


@pytest.mark.parametrize(
    ("events", "state", "reason"),
    [
        ((), PlayState.PLANNED, None),
        ((STORED,), PlayState.STORED, None),
        ((STORED, ARMED), PlayState.ARMED, None),
        ((ARMED, STORED), PlayState.ARMED, None),
        ((STORED, ARMED, sounding()), PlayState.SOUNDING, None),
        ((STORED, ARMED, sounding(), ARMED), PlayState.SOUNDING, None),
        ((STORED, SKIPPED), PlayState.SKIPPED, "late"),
        ((FAILED,), PlayState.FAILED, "fetch_failed"),
        ((FAILED, STORED, ARMED), PlayState.ARMED, None),
        ((FAILED, STORED, ARMED, sounding(), FINISHED), PlayState.FINISHED, None),
        ((STORED, ARMED, sounding(), FAILED), PlayState.FAILED, "fetch_failed"),
        ((STORED, ARMED, sounding(), FAILED, ARMED), PlayState.FAILED, "fetch_failed"),
        ((STORED, ARMED, sounding(), PREEMPTED), PlayState.PREEMPTED, None),
        ((STORED, ARMED, sounding(), PREEMPTED, sounding(joined_us=5)), PlayState.SOUNDING, None),
        ((STORED, ARMED, sounding(), INTERRUPTED), PlayState.SOUNDING, None),
        ((STORED, ARMED, sounding(), INTERRUPTED, sounding(again=True), FINISHED), PlayState.FINISHED, None),
        ((STORED, ARMED, sounding(), INTERRUPTED, PREEMPTED), PlayState.PREEMPTED, None),
        ((STORED, SIREN), PlayState.STORED, None),
        ((STORED, ARMED, sounding(), STOPPED), PlayState.STOPPED, None),
        ((STORED, ARMED, sounding(), STOPPED, sounding(), FAILED), PlayState.STOPPED, None),
        ((STORED, ARMED, sounding(), FINISHED, SKIPPED, gap()), PlayState.FINISHED, None),
    ],
)
def test_the_state_and_its_reason(events: Sequence[JournalEvent], state: PlayState, reason: str | None) -> None:
    found = folded(*events)
    assert (found.state, found.reason) == (state, reason)


def test_what_was_lost_before_it_began_again_is_not_lost_any_more() -> None:
    again = replace(INTERRUPTED, from_us=0)
    assert folded(sounding(), gap(700_000), again, sounding(again=True), FINISHED).lost_us == 0
    assert folded(sounding(), gap(700_000), INTERRUPTED, sounding(again=True), FINISHED).lost_us == 700_000


def test_what_was_cut_has_played_up_to_the_cut_less_what_was_lost() -> None:
    late = (sounding(joined_us=500_000), gap(500_000))  # a device says of what it missed at the beginning that it did
    assert folded(*late, gap(100_000), STOPPED).played_us == 2_000_000 - 500_000 - 100_000
    assert folded(*late, ENDED).played_us == 4_000_000 - 500_000
    assert folded(sounding(), PREEMPTED).played_us == 3_000_000


def test_what_was_ended_before_anything_of_it_was_heard_was_not_heard() -> None:
    found = folded(STORED, replace(ENDED, at_us=0))
    assert (found.state, found.reason, found.played_us) == (PlayState.SKIPPED, "ended", 0)
    assert folded(sounding(), replace(ENDED, at_us=0)).state is PlayState.FINISHED


def test_a_retry_that_sounds_has_no_end_and_no_reason_left() -> None:
    found = folded(FAILED, STORED, ARMED, sounding())
    assert (found.ended_at_us, found.reason, found.detail) == (None, None, "")


def test_a_device_without_time_reports_states_without_instants() -> None:
    record = JournalRecord(seq=1, at_us=None, clock_basis=ClockBasis.NONE, clock_error_us=None, event=STORED)
    found = evidence.fold(PLANNED, (record,))
    assert (found.state, found.stored_at_us) == (PlayState.STORED, None)


# --- any order, any number of times ---------------------------------------------------------------------------------

EVENTS = st.sampled_from(
    [STORED, ARMED, sounding(), sounding(again=True), gap(), SKIPPED, FAILED, PREEMPTED, STOPPED, FINISHED]
)
LIVES = st.lists(EVENTS, max_size=12).map(lambda events: journal(*events))


class Controller:
    """What ingest does with one device's journal: keeps what is new, and folds all it has."""

    def __init__(self) -> None:
        self.kept: list[JournalRecord] = []
        self.playback = PLANNED

    def take(self, records: Sequence[JournalRecord]) -> None:
        last_seq = self.kept[-1].seq if self.kept else 0
        new, _ = fresh(tuple(records), last_seq)
        self.kept.extend(new)
        self.playback = evidence.fold(self.playback, self.kept)


@given(LIVES, st.data())
def test_however_a_journal_is_cut_and_repeated_the_playback_is_the_same(
    life: tuple[JournalRecord, ...], data: st.DataObject
) -> None:
    controller = Controller()
    while len(controller.kept) < len(life):
        first = data.draw(st.integers(0, len(controller.kept)))
        last = data.draw(st.integers(len(controller.kept) + 1, len(life)))
        batch = list(life[first:last])
        controller.take(data.draw(st.permutations(batch)) if data.draw(st.booleans()) else batch)
        if data.draw(st.booleans()):
            controller.take(batch)
    assert controller.playback == evidence.fold(PLANNED, life)
    assert controller.kept == list(life)


RANK = {state: rank for rank, state in enumerate(PlayState)}
PREPARING = {PlayState.PLANNED, PlayState.PUSHED, PlayState.STORED, PlayState.ARMED}


@given(LIVES)
def test_no_record_moves_a_state_backwards(life: tuple[JournalRecord, ...]) -> None:
    states = [evidence.fold(PLANNED, life[:count]) for count in range(len(life) + 1)]
    for before, after in itertools.pairwise(states):
        if before.state in {PlayState.FINISHED, PlayState.STOPPED}:
            assert after == replace(before, stored_at_us=after.stored_at_us, armed_at_us=after.armed_at_us)
        if before.state in PREPARING and after.state in PREPARING:
            assert RANK[after.state] >= RANK[before.state]
        if before.started_at_us is not None:
            assert after.state not in PREPARING
            assert after.started_at_us == before.started_at_us
        assert after.lost_us >= before.lost_us


@given(LIVES, st.integers(1, 2_000_000))
def test_when_the_push_was_confirmed_makes_no_difference(life: tuple[JournalRecord, ...], at_us: int) -> None:
    early = evidence.fold(evidence.pushed(PLANNED, at_us), life)
    late = evidence.fold(evidence.pushed(evidence.fold(PLANNED, life), at_us), life)
    assert early == late


def test_a_refusal_is_shown_until_something_better_is_known() -> None:
    no = DocumentReply(document_id="o-1", accepted=False, reason=RefusalReason.EXPIRED, detail="too old")
    refused = evidence.refused(PLANNED, no)
    assert (refused.state, refused.reason, refused.detail) == (PlayState.REFUSED, "expired", "too old")
    accepted = evidence.pushed(refused, 5)
    assert (accepted.state, accepted.reason, accepted.pushed_at_us) == (PlayState.PUSHED, None, 5)
    assert evidence.refused(accepted, no) == accepted
    assert evidence.fold(refused, journal(STORED)).state is PlayState.STORED


def airing(state: AiringState) -> Airing:
    return Airing(
        airing_id=AIRING,
        content_id="b-1",
        revision=1,
        airing_class=AiringClass.ORDINARY,
        sequence=(),
        title="Thông báo",
        speaker_ids=("s-1", "s-2"),
        state=state,
        planned_at_us=0,
        planned_by="admin",
        now=True,
        start_at_us=START_US,
        duration_us=10_000_000,
        lateness_window_us=60_000_000,
    )


@pytest.mark.parametrize(
    ("state", "lives", "reported", "settled"),
    [
        (AiringState.PLANNED, ((), ()), AiringState.PLANNED, AiringState.EXPIRED),
        (AiringState.PLANNED, ((sounding(),), ()), AiringState.ON_AIR, AiringState.ENDED),
        (AiringState.ON_AIR, ((sounding(), FINISHED), ()), AiringState.ON_AIR, AiringState.ENDED),
        (AiringState.ON_AIR, ((sounding(), FINISHED), (SKIPPED,)), AiringState.ENDED, AiringState.ENDED),
        (AiringState.PLANNED, ((FAILED,), (SKIPPED,)), AiringState.PLANNED, AiringState.EXPIRED),
        (AiringState.STOPPED, ((sounding(), FINISHED), ()), AiringState.STOPPED, AiringState.STOPPED),
        (AiringState.EXPIRED, ((sounding(), FINISHED), ()), AiringState.ENDED, AiringState.ENDED),
        (AiringState.ENDED, ((sounding(),), ()), AiringState.ENDED, AiringState.ENDED),
        (AiringState.WITHDRAWN, ((SKIPPED,), ()), AiringState.WITHDRAWN, AiringState.WITHDRAWN),
        (AiringState.WITHDRAWN, ((sounding(), FINISHED), ()), AiringState.ENDED, AiringState.ENDED),
    ],
)
def test_the_airing_as_a_whole(
    state: AiringState, lives: Sequence[Sequence[JournalEvent]], reported: AiringState, settled: AiringState
) -> None:
    playbacks = [folded(*life) for life in lives]
    assert evidence.reported_state(airing(state), playbacks) is reported
    assert evidence.settled_state(airing(state), playbacks) is settled


def test_a_speaker_that_was_taken_out_is_not_waited_for_and_its_evidence_is_kept_all_the_same() -> None:
    out = replace(folded(STORED), withdrawn=True)
    done = folded(sounding(), FINISHED)
    assert evidence.reported_state(airing(AiringState.ON_AIR), [out, done]) is AiringState.ENDED
    played_all_the_same = evidence.fold(out, journal(STORED, ARMED, sounding(), FINISHED))
    assert (played_all_the_same.state, played_all_the_same.withdrawn) == (PlayState.FINISHED, True)
