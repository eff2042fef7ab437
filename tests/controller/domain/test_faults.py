"""What is a fault of one speaker or of the controller, when it opens, and what closes it."""

import pytest

from agents.protocol.ids import SpeakerId
from agents.protocol.values import ClockBasis
from controller.domain.fault_book import NOT_SINCE_START
from controller.domain.fault_subject import NO_WORD, happened, self_tested
from controller.domain.faults import Fault, FaultDetail, FaultKind
from tests.controller.domain.watched import DUE, LIMITS, MIN, T0, Watched, known


def test_a_speaker_is_offline_once_its_silence_and_the_grace_are_over() -> None:
    watched = Watched(1)
    watched.lose("s0")
    watched.after(DUE - 1)
    assert watched.open == []
    watched.after(1)
    assert watched.open == [(FaultKind.OFFLINE, "s0")]


def test_it_is_not_any_more_once_it_held_a_link_for_two_minutes() -> None:
    watched = Watched(1)
    watched.lose("s0")
    watched.after(5 * MIN)
    back_us = watched.now_us
    watched.link("s0")
    watched.after(LIMITS.back_us - 1)
    assert watched.open == [(FaultKind.OFFLINE, "s0")]
    watched.after(1)
    assert watched.open == []
    assert [fault.closed_at_us for fault in watched.kept.values()] == [back_us], "it was fine since it came back"


def test_a_link_that_comes_and_goes_is_one_fault() -> None:
    watched = Watched(1)
    for _ in range(20):
        watched.lose("s0")
        watched.after(3 * MIN)
        watched.link("s0")
        watched.after(MIN)
    assert len(watched.kept) == 1


def test_a_short_break_is_no_fault() -> None:
    watched = Watched(1)
    for _ in range(20):
        watched.lose("s0")
        watched.after(MIN)
        watched.link("s0")
        watched.after(MIN)
    assert watched.kept == {}


def test_after_a_start_speakers_are_given_time_to_dial() -> None:
    watched = Watched(2, linked=False)
    watched.at(T0 + LIMITS.start_grace_us + DUE - 1)
    assert watched.open == []
    watched.link("s0")
    watched.after(1)
    assert watched.open == [(FaultKind.OFFLINE, "s1")]
    assert [fault.detail.reason for fault in watched.kept.values()] == [NOT_SINCE_START]


def test_what_was_open_before_a_restart_stays_so_and_closes() -> None:
    was = Fault(fault_id="old", kind=FaultKind.OFFLINE, speaker_id=SpeakerId("s0"), opened_at_us=T0 - 60 * MIN)
    hot = Fault(fault_id="hot", kind=FaultKind.HOT, speaker_id=SpeakerId("s0"), opened_at_us=T0 - 60 * MIN)
    watched = Watched(1, linked=False, faults=[was, hot])
    watched.after(MIN)
    assert watched.open == [(FaultKind.HOT, "s0"), (FaultKind.OFFLINE, "s0")]
    watched.link("s0")
    watched.beat("s0", temperature_c=60.0)
    watched.after(5 * MIN)
    assert watched.open == []
    assert set(watched.kept) == {"old", "hot"}


def test_a_fault_of_a_speaker_that_is_no_more_closes_at_the_start() -> None:
    was = Fault(fault_id="old", kind=FaultKind.OFFLINE, speaker_id=SpeakerId("gone"), opened_at_us=T0 - 60 * MIN)
    watched = Watched(1, faults=[was])
    assert watched.kept["old"].closed_at_us is not None


@pytest.mark.parametrize(
    ("kind", "bad", "fine", "opens_us"),
    [
        (FaultKind.TIME_UNKNOWN, {"basis": ClockBasis.NONE, "error_us": None}, {}, LIMITS.time_unknown_us),
        (FaultKind.CLOCK_ERROR, {"error_us": 300_000}, {}, 5 * MIN),
        (FaultKind.DISK_SHORT, {"disk_short": True}, {}, 0),
        (FaultKind.HOT, {"temperature_c": 80.0}, {"temperature_c": 74.9}, 0),
        (FaultKind.UNDER_VOLTAGE, {"under_voltage": True}, {"under_voltage": False}, 0),
        (FaultKind.NO_BATTERY_CLOCK, {"battery_clock": False}, {"battery_clock": True}, 0),
        (FaultKind.OUTPUT, {"output_ok": False}, {}, 0),
    ],
)
def test_what_a_heartbeat_tells_opens_and_closes_its_fault(
    kind: FaultKind, bad: dict[str, object], fine: dict[str, object], opens_us: int
) -> None:
    watched = Watched(1)
    watched.beat("s0", **bad)
    watched.after(max(0, opens_us - 1))
    assert watched.open == ([] if opens_us else [(kind, "s0")])
    watched.after(1)
    watched.beat("s0", **bad)
    watched.after(60 * MIN)
    assert watched.open == [(kind, "s0")]
    watched.beat("s0", **fine)
    watched.after(11 * MIN)
    assert watched.open == []
    assert len(watched.kept) == 1


def test_between_the_two_limits_of_the_temperature_nothing_changes() -> None:
    watched = Watched(1)
    watched.beat("s0", temperature_c=79.9)
    watched.after(MIN)
    assert watched.open == []
    watched.beat("s0", temperature_c=80.1)
    watched.beat("s0", temperature_c=75.0)
    watched.after(10 * MIN)
    assert watched.open == [(FaultKind.HOT, "s0")]


def test_what_a_box_cannot_measure_is_no_fault_and_closes_none() -> None:
    watched = Watched(1)
    watched.beat("s0")
    watched.after(MIN)
    assert watched.open == []
    watched.beat("s0", battery_clock=False)
    watched.beat("s0", battery_clock=None)
    watched.after(MIN)
    assert watched.open == [(FaultKind.NO_BATTERY_CLOCK, "s0")]


def test_what_was_told_before_the_link_broke_opens_nothing_afterwards() -> None:
    watched = Watched(1)
    watched.beat("s0", basis=ClockBasis.NONE, error_us=None)
    watched.after(MIN)
    watched.lose("s0")
    watched.after(60 * MIN)
    assert watched.open == [(FaultKind.OFFLINE, "s0")]


def test_a_self_test_that_hears_nothing_is_a_fault_until_one_hears() -> None:
    watched = Watched(1)
    self_tested(watched.of("s0"), False, T0 + 2 * MIN, FaultDetail(value=-60.0, limit=-20.0))
    self_tested(watched.of("s0"), True, T0 + 1 * MIN, FaultDetail())
    watched.after(MIN)
    assert watched.open == [(FaultKind.NOT_HEARD, "s0")]
    self_tested(watched.of("s0"), True, T0 + 3 * MIN, FaultDetail())
    watched.after(MIN)
    assert watched.open == []


def test_lost_records_are_told_for_a_day() -> None:
    watched = Watched(1)
    happened(watched.of("s0"), FaultKind.JOURNAL_LOST, watched.now_us, FaultDetail(value=12))
    watched.after(23 * 60 * MIN)
    assert watched.open == [(FaultKind.JOURNAL_LOST, "s0")]
    watched.after(60 * MIN)
    assert watched.open == []


def test_another_box_has_none_of_the_faults_of_the_one_before() -> None:
    watched = Watched(1)
    watched.beat("s0", temperature_c=90.0, battery_clock=False)
    watched.after(MIN)
    assert len(watched.open) == 2
    watched.book.enlist(known("s0", box="d-2"), watched.now_us)
    watched.after(0)
    assert watched.open == []


# --- airings --------------------------------------------------------------------------------------------------------


def test_an_airing_of_which_a_linked_speaker_tells_nothing_is_missed() -> None:
    watched = Watched(1)
    end_us = watched.now_us
    watched.of("s0").awaits("a1", end_us)
    watched.after(LIMITS.word_us - 1)
    assert watched.open == []
    watched.after(1)
    assert watched.open == [(FaultKind.AIRING_MISSED, "s0")]
    (fault,) = watched.kept.values()
    assert (fault.detail.airing_id, fault.detail.reason) == ("a1", NO_WORD)


def test_word_that_comes_late_closes_it() -> None:
    watched = Watched(1)
    end_us = watched.now_us
    watched.of("s0").awaits("a1", end_us)
    watched.after(60 * MIN)
    watched.of("s0").aired("a1", end_us - 10, None)
    watched.after(0)
    assert watched.open == []


def test_one_that_is_away_is_given_time_to_tell_when_it_is_back() -> None:
    watched = Watched(1)
    watched.lose("s0")
    watched.of("s0").awaits("a1", watched.now_us)
    watched.after(60 * MIN)
    assert watched.open == [(FaultKind.OFFLINE, "s0")]
    watched.link("s0")
    watched.after(LIMITS.word_us - 1)
    assert watched.open == []
    watched.of("s0").aired("a1", watched.now_us - 60 * MIN, None)
    watched.after(60 * MIN)
    assert watched.open == []


def test_the_last_airing_says_whether_something_is_wrong() -> None:
    watched = Watched(1)
    watched.of("s0").aired("a1", watched.now_us, "output_failed")
    watched.after(0)
    assert watched.open == [(FaultKind.AIRING_MISSED, "s0")]
    watched.of("s0").aired("a2", watched.now_us + MIN, None)
    watched.after(2 * MIN)
    assert watched.open == []
    watched.of("s0").aired("a1", watched.now_us - 2 * MIN, "output_failed")
    watched.after(0)
    assert watched.open == [], "that was before"


# --- the controller itself ------------------------------------------------------------------------------------------


def test_a_step_of_the_controllers_clock_is_a_fault_of_nobody_else() -> None:
    watched = Watched(1)
    watched.book.own.tell(FaultKind.CONTROLLER_CLOCK, True, watched.now_us, FaultDetail(value=3_000_000))
    watched.after(MIN)
    assert watched.open == [(FaultKind.CONTROLLER_CLOCK, None)]
    watched.book.own.tell(FaultKind.CONTROLLER_CLOCK, False, watched.now_us)
    watched.after(2 * MIN)
    assert watched.open == []


def test_somebody_looks_after_it() -> None:
    watched = Watched(1)
    watched.lose("s0")
    watched.after(10 * MIN)
    (fault,) = watched.book.open()
    assert watched.book.seen("nothing", "Hoa", watched.now_us) is None
    seen = watched.book.seen(fault.fault_id, "Hoa", watched.now_us)
    assert seen is not None
    watched.link("s0")
    watched.after(10 * MIN)
    assert watched.kept[fault.fault_id].seen_by == "Hoa"
    assert watched.open == []
