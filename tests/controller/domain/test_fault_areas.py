"""What goes out together is one fault of its area."""

from agents.protocol.ids import SpeakerId
from controller.domain.fault_places import Gone, together
from controller.domain.faults import FaultKind
from tests.controller.domain.watched import HOME, LIMITS, MIN, T0, S, Watched, known


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
