"""What is remembered of an airing, and how refusals are folded."""

import pytest

from agents.domain.journal import Mark, RefusalFold, is_last, mark_after
from agents.protocol.journal import (
    Armed,
    Failed,
    FailReason,
    Finished,
    Gap,
    JournalEvent,
    Preempted,
    RefusalReason,
    Refused,
    Skipped,
    SkipReason,
    Sounding,
    StartedUp,
    Stopped,
    Stored,
)

FOLD_US = 1_000
ENDS: list[JournalEvent] = [
    Finished(airing_id="a", ended_at_us=1, played_us=1),
    Skipped(airing_id="a", reason=SkipReason.LATE),
    Failed(airing_id="a", reason=FailReason.CLIP_MISSING),
    Preempted(airing_id="a", by_airing_id="b", at_us=1),
    Stopped(airing_id="a", order_id="o", at_us=1),
]
GOES_ON: list[JournalEvent] = [
    Stored(airing_id="a"),
    Armed(airing_id="a"),
    Sounding(airing_id="a", planned_start_us=1, actual_start_us=1, start_error_us=0),
    Gap(airing_id="a", from_us=0, lost_us=1, cause="late"),
    StartedUp(software="x", clean=True),
]


@pytest.mark.parametrize("event", ENDS)
def test_records_that_end_an_airing(event: JournalEvent) -> None:
    assert is_last(event)
    assert mark_after(Mark(begun=True), event) == Mark(begun=True, ended=True)


@pytest.mark.parametrize("event", GOES_ON)
def test_records_that_do_not(event: JournalEvent) -> None:
    assert not is_last(event)
    assert not mark_after(Mark(), event).ended


def refused(
    document_id: str = "o", kind: str = "order", key: str = "k", reason: RefusalReason = RefusalReason.REPLAYED
) -> Refused:
    return Refused(document_id=document_id, kind=kind, key_id=key, reason=reason)


def test_the_first_refusal_is_written_and_the_next_are_counted() -> None:
    fold = RefusalFold(FOLD_US)
    fold, first = fold.add(refused("o-1"), 0)
    assert first == refused("o-1")
    for n in range(2, 52):
        fold, written = fold.add(refused(f"o-{n}"), n)
        assert written is None

    fold, early = fold.due(FOLD_US - 1)
    fold, due = fold.due(FOLD_US)

    assert early == ()
    assert [(one.document_id, one.count) for one in due] == [("o-51", 50)]
    assert fold.due(2 * FOLD_US)[1] == ()


def test_other_reasons_and_known_keys_are_heaps_of_their_own() -> None:
    fold = RefusalFold(FOLD_US)
    for one in (refused(), refused(reason=RefusalReason.EXPIRED), refused(key="k-2"), refused(kind="rundown")):
        fold, written = fold.add(one, 0)
        assert written is not None


@pytest.mark.parametrize("reason", [RefusalReason.UNKNOWN_KEY, RefusalReason.BAD_SIGNATURE])
def test_made_up_names_make_no_new_heaps(reason: RefusalReason) -> None:
    fold = RefusalFold(FOLD_US)
    for n in range(100):
        key = f"k-{n}" if reason is RefusalReason.UNKNOWN_KEY else "k"
        fold, _ = fold.add(refused(f"o-{n}", f"kind-{n}", key, reason), n)

    assert len(fold.folds) == 1


def test_a_heap_that_stays_quiet_is_forgotten() -> None:
    fold, _ = RefusalFold(FOLD_US).add(refused(), 0)
    assert fold.next_us() == FOLD_US

    fold, _ = fold.due(FOLD_US)

    assert fold.next_us() is None
    assert fold.add(refused(), 2 * FOLD_US)[1] == refused()


def test_before_the_end_everything_is_written() -> None:
    fold, _ = RefusalFold(FOLD_US).add(refused(), 0)
    fold, _ = fold.add(refused(), 1)

    _, due = fold.due(2, everything=True)

    assert [one.count for one in due] == [1]
