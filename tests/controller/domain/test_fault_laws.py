"""What holds of faults whatever happens."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.protocol.ids import SpeakerId
from agents.protocol.values import ClockBasis
from controller.domain.fault_places import Gone, together
from controller.domain.fault_subject import happened, self_tested
from controller.domain.faults import FaultDetail, FaultKind
from tests.controller.domain.watched import LIMITS, MIN, T0, S, Watched

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
