"""What is a fault, when it opens, and what closes it."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.messages import Heartbeat
from agents.protocol.telemetry import Telemetry
from agents.protocol.values import ClockBasis
from controller.domain.fault_book import NOT_SINCE_START, FaultBook
from controller.domain.fault_places import Gone, together
from controller.domain.fault_subject import NO_WORD, Known, Subject, happened, self_tested
from controller.domain.fault_watch import FaultLimits
from controller.domain.faults import Fault, FaultDetail, FaultKind

S = 1_000_000
MIN = 60 * S
T0 = 1_800_000_000 * S
LIMITS = FaultLimits()
SILENCE = 15 * S
DUE = SILENCE + LIMITS.offline_grace_us
HOME = AreaId("commune-1")


class Watched:
    """A book with speakers that are all linked and well, some minutes after the start."""

    def __init__(self, count: int, *, linked: bool = True, faults: Sequence[Fault] = ()) -> None:
        ids = itertools.count(1)
        self.book = FaultBook(LIMITS, T0, lambda: f"f{next(ids)}")
        self.now_us = T0
        self.kept: dict[str, Fault] = {fault.fault_id: fault for fault in faults}
        self.names = [SpeakerId(f"s{number}") for number in range(count)]
        self.book.resume(faults, [known(name) for name in self.names], T0)
        if linked:
            for name in self.names:
                self.of(name).arrived(T0 + S)
            self.at(T0 + 10 * MIN)

    def of(self, name: str) -> Subject:
        subject = self.book.subject(SpeakerId(name))
        assert subject is not None
        return subject

    def at(self, now_us: int) -> None:
        """Time passes; whatever falls due in between is looked at when it does."""
        for _ in range(10_000):
            due_us = self.book.next_us()
            if due_us is None or due_us > now_us:
                break
            self.now_us = max(self.now_us, due_us)
            self._take()
        else:
            raise AssertionError("it never comes to rest")
        self.now_us = now_us
        self._take()

    def _take(self) -> None:
        for fault in self.book.judge(self.now_us):
            self.kept[fault.fault_id] = fault
        assert {one.fault_id for one in self.book.open()} == {one.fault_id for one in self.kept.values() if one.open}

    def after(self, us: int) -> None:
        self.at(self.now_us + us)

    def lose(self, *names: str) -> None:
        for name in names:
            self.of(name).left(self.now_us, SILENCE)

    def link(self, *names: str) -> None:
        for name in names:
            self.of(name).arrived(self.now_us)

    def beat(self, name: str, **how: Any) -> None:
        self.of(name).beat(beat(**how), self.now_us)

    @property
    def open(self) -> list[tuple[FaultKind, str | None]]:
        """What is told: kind, and whose; what is part of an area's fault is not."""
        told = [fault for fault in self.book.open() if fault.group_id is None]
        return sorted((fault.kind, fault.speaker_id or fault.area_id) for fault in told)


def known(name: str, place: str = HOME, box: str = "d-1") -> Known:
    return Known(
        speaker_id=SpeakerId(name),
        device_id=DeviceId(box),
        area_id=AreaId("village"),
        place_id=AreaId(place),
        silence_us=SILENCE,
    )


def beat(basis: ClockBasis = ClockBasis.LINK, error_us: int | None = 800, **telemetry: Any) -> Heartbeat:
    return Heartbeat(
        clock_basis=basis,
        clock_error_us=error_us,
        clock_offset_us=0,
        volume_percent=80,
        sounding_airing_id=None,
        clips=0,
        disk_free_bytes=1_000_000,
        refusals=0,
        unknown_messages=0,
        telemetry=Telemetry(uptime_s=60, **telemetry),
    )


# --- one speaker ----------------------------------------------------------------------------------------------------


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


# --- areas ----------------------------------------------------------------------------------------------------------


def test_a_power_cut_of_a_commune_is_one_fault_and_not_many() -> None:
    watched = Watched(10)
    for name in watched.names[:8]:
        watched.lose(name)
        watched.after(2 * S)
    watched.after(10 * MIN)
    assert watched.open == [(FaultKind.AREA_OFFLINE, HOME)]
    (area,) = [fault for fault in watched.kept.values() if fault.kind is FaultKind.AREA_OFFLINE]
    members = {fault.speaker_id for fault in watched.kept.values() if fault.group_id == area.fault_id}
    assert members == set(watched.names[:8])
    assert area.detail.members == 8


def test_it_closes_when_most_are_back_and_those_still_out_have_their_own() -> None:
    watched = Watched(10)
    watched.lose(*watched.names[:8])
    watched.after(10 * MIN)
    watched.link(*watched.names[2:8])
    watched.after(LIMITS.back_us - 1)
    assert watched.open == [(FaultKind.AREA_OFFLINE, HOME)]
    watched.after(1)
    assert watched.open == [(FaultKind.OFFLINE, "s0"), (FaultKind.OFFLINE, "s1")]
    watched.link("s0", "s1")
    watched.after(10 * MIN)
    assert watched.open == []
    assert len([one for one in watched.kept.values() if one.kind is FaultKind.AREA_OFFLINE]) == 1


def test_one_that_goes_while_the_area_is_out_is_part_of_it() -> None:
    watched = Watched(10)
    watched.lose(*watched.names[:8])
    watched.after(20 * MIN)
    watched.lose("s8")
    watched.after(20 * MIN)
    assert watched.open == [(FaultKind.AREA_OFFLINE, HOME)]
    assert max(fault.detail.members for fault in watched.kept.values()) == 9


def test_two_of_three_and_many_over_a_day_are_faults_of_their_own() -> None:
    watched = Watched(3)
    watched.lose("s0", "s1")
    watched.after(10 * MIN)
    assert watched.open == [(FaultKind.OFFLINE, "s0"), (FaultKind.OFFLINE, "s1")]
    slowly = Watched(5)
    for name in slowly.names:
        slowly.lose(name)
        slowly.after(60 * MIN)
    assert len(slowly.open) == 5


def test_those_that_were_out_before_stay_what_they_were() -> None:
    watched = Watched(8)
    watched.lose("s0", "s1")
    watched.after(24 * 60 * MIN)
    watched.lose(*watched.names[2:6])
    watched.after(10 * MIN)
    assert watched.open == [(FaultKind.AREA_OFFLINE, HOME), (FaultKind.OFFLINE, "s0"), (FaultKind.OFFLINE, "s1")]


def test_a_sim_cards_longer_silence_does_not_part_what_went_together() -> None:
    lan = {SpeakerId(f"l{n}"): Gone(T0 - 15 * S + n * S, T0 + n * S) for n in range(3)}
    sim = {SpeakerId(f"s{n}"): Gone(T0, T0 + 150 * S) for n in range(3)}
    found = together(lan | sim, 6, LIMITS)
    assert found is not None
    assert found.members == set(lan) | set(sim)


def test_an_areas_fault_outlives_a_restart() -> None:
    watched = Watched(5)
    watched.lose(*watched.names)
    watched.after(10 * MIN)
    kept = [fault for fault in watched.kept.values() if fault.open]
    again = Watched(5, linked=False, faults=kept)
    again.after(60 * MIN)
    assert again.open == [(FaultKind.AREA_OFFLINE, HOME)]
    again.link(*again.names)
    again.after(5 * MIN)
    assert again.open == []
    assert set(again.kept) == {fault.fault_id for fault in kept}


def test_a_speaker_that_is_released_leaves_no_fault_behind() -> None:
    watched = Watched(4)
    watched.lose(*watched.names)
    watched.after(10 * MIN)
    for name in watched.names:
        watched.book.dismiss(name, watched.now_us)
    watched.after(MIN)
    assert watched.open == []


def test_a_speaker_that_moves_takes_its_fault_along() -> None:
    watched = Watched(5)
    watched.lose(*watched.names)
    watched.after(10 * MIN)
    watched.book.enlist(known("s0", "commune-2"), watched.now_us)
    watched.after(0)
    assert watched.open == [(FaultKind.AREA_OFFLINE, HOME), (FaultKind.OFFLINE, "s0")]


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


# --- whatever happens -----------------------------------------------------------------------------------------------

_names = st.sampled_from([f"s{number}" for number in range(6)])
_bad_beats = st.sampled_from(
    [
        {},
        {"temperature_c": 85.0},
        {"temperature_c": 77.0},
        {"basis": ClockBasis.NONE, "error_us": None},
        {"error_us": 900_000, "output_ok": False},
        {"under_voltage": True, "battery_clock": False},
        {"disk_short": True},
    ]
)
_WELL = {"temperature_c": 50.0, "under_voltage": False, "battery_clock": True}
_steps = st.one_of(
    st.tuples(st.just("lose"), _names),
    st.tuples(st.just("lose all"), st.just("")),
    st.tuples(st.just("link"), _names),
    st.tuples(st.just("link all"), st.just("")),
    st.tuples(st.just("beat"), _names, _bad_beats),
    st.tuples(st.just("missed"), _names),
    st.tuples(st.just("lost"), _names),
    st.tuples(st.just("not heard"), _names),
    st.tuples(st.just("wait"), st.sampled_from([S, 40 * S, 2 * MIN, 4 * MIN, 30 * MIN])),
)


def step(watched: Watched, what: str, who: object, how: Any = None) -> None:
    now_us, names = watched.now_us, [str(who)]
    linked = {name: watched.of(name).linked_us is not None for name in watched.names}
    match what:
        case "lose" | "lose all":
            watched.lose(*(one for one in (names if who else watched.names) if linked[SpeakerId(one)]))
        case "link" | "link all":
            watched.link(*(one for one in (names if who else watched.names) if not linked[SpeakerId(one)]))
        case "beat":
            if linked[SpeakerId(names[0])]:
                watched.beat(names[0], **how)
        case "missed":
            watched.of(names[0]).awaits(f"a{now_us}", now_us)
        case "lost":
            happened(watched.of(names[0]), FaultKind.JOURNAL_LOST, now_us, FaultDetail())
        case "not heard":
            self_tested(watched.of(names[0]), False, now_us, FaultDetail())
        case _:
            watched.after(int(str(who)))


@settings(max_examples=150, deadline=None)
@given(st.lists(_steps, max_size=40))
def test_every_fault_closes_when_all_is_well_and_never_are_two_of_one_thing_open(
    steps: list[tuple[object, ...]],
) -> None:
    watched = Watched(6)
    for one in steps:
        step(watched, *one)  # type: ignore[arg-type]
        watched.after(0)
        told = [(fault.kind, fault.speaker_id or fault.area_id) for fault in watched.book.open()]
        assert len(told) == len(set(told))
        grouped = [fault for fault in watched.book.open() if fault.group_id is not None]
        areas = {fault.fault_id for fault in watched.book.open() if fault.kind is FaultKind.AREA_OFFLINE}
        for fault in grouped:
            linked = watched.of(str(fault.speaker_id)).linked_us is not None
            assert linked or fault.group_id in areas, "one that is gone is part of a fault that is told, or its own"
    for name in watched.names:
        if watched.of(name).linked_us is None:
            watched.link(name)
        watched.beat(name, **_WELL)
        watched.of(name).aired("last", watched.now_us, None)
        self_tested(watched.of(name), True, watched.now_us, FaultDetail())
    watched.after(25 * 60 * MIN)
    assert watched.open == []
    assert all(not fault.open for fault in watched.kept.values())


@settings(max_examples=100, deadline=None)
@given(st.permutations(range(6)), st.lists(st.booleans(), min_size=6, max_size=6))
def test_the_order_in_which_evidence_arrives_does_not_matter(order: list[int], well: list[bool]) -> None:
    """Six airings and six self-tests; what counts is how the last of them went."""
    watched = Watched(1)
    t0_us = watched.now_us - 60 * MIN
    for number in order:
        watched.of("s0").aired(f"a{number}", t0_us + number * MIN, None if well[number] else "late")
        self_tested(watched.of("s0"), well[number], t0_us + number * MIN, FaultDetail())
        watched.after(0)
    assert watched.open == ([] if well[5] else [(FaultKind.AIRING_MISSED, "s0"), (FaultKind.NOT_HEARD, "s0")])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from([15, 150])),
        min_size=0,
        max_size=12,
    ),
    st.integers(0, 6),
)
def test_those_that_went_together_went_within_the_stretch(went: list[tuple[int, int]], others: int) -> None:
    gone = {
        SpeakerId(f"s{number}"): Gone(T0 + (at_s - silence_s) * S, T0 + at_s * S)
        for number, (at_s, silence_s) in enumerate(went)
    }
    found = together(gone, len(gone) + others, LIMITS)
    counts = [
        (count, len(gone) + others - sum(one.until_us < since_us for one in gone.values()))
        for since_us in (one.until_us for one in gone.values())
        for count in [
            sum(one.until_us >= since_us and one.after_us <= since_us + LIMITS.area_within_us for one in gone.values())
        ]
    ]
    most = max((count for count, there in counts if count >= 3 and count >= 0.6 * there), default=0)
    assert (0 if found is None else len(found.members)) == most
