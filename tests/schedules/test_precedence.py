"""Who has the air when two want it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.precedence import AirClass, Claim, goes_before, in_order


def claim(airing_id: str = "a", air_class: AirClass = AirClass.ORDINARY, rank: int = 0, since_us: int = 0) -> Claim:
    return Claim(airing_id, air_class, rank, since_us)


ORDER = ["emergency", "drill", "live", "priority", "ordinary", "test"]


@pytest.mark.parametrize(("higher", "lower"), list(itertools.combinations(ORDER, 2)))
def test_classes_go_in_their_order_whatever_rank_and_age(higher: str, lower: str) -> None:
    high = Claim("z", AirClass(higher), 9, 9)
    low = Claim("a", AirClass(lower), 0, 0)

    assert goes_before(high, low)
    assert not goes_before(low, high)


def test_inside_a_class_the_lower_rank_goes_first_then_the_older() -> None:
    first = claim("c", rank=1, since_us=500)
    older = claim("b", rank=2, since_us=100)
    newer = claim("a", rank=2, since_us=200)

    assert in_order([newer, older, first]) == (first, older, newer)


def test_among_emergencies_severity_goes_first_then_the_newer() -> None:
    severe = Claim("a", AirClass.EMERGENCY, 0, 100)
    older = Claim("b", AirClass.EMERGENCY, 1, 100)
    newer = Claim("c", AirClass.EMERGENCY, 1, 200)

    assert in_order([older, newer, severe]) == (severe, newer, older)


def test_an_emergency_that_references_another_beats_it_though_less_severe_and_older() -> None:
    severe = Claim("a", AirClass.EMERGENCY, 0, 200)
    correction = Claim("b", AirClass.EMERGENCY, 5, 100, frozenset({"a"}))

    assert goes_before(correction, severe)


def test_references_count_between_emergencies_only() -> None:
    emergency = Claim("a", AirClass.EMERGENCY, 0, 0)
    ordinary = Claim("b", AirClass.ORDINARY, 0, 0, frozenset({"a"}))

    assert goes_before(emergency, ordinary)


def test_nothing_goes_before_itself() -> None:
    assert not goes_before(claim(), claim())


claims = st.lists(
    st.builds(
        Claim,
        st.sampled_from("abcdef"),
        st.sampled_from(AirClass),
        st.integers(0, 2),
        st.integers(0, 3),
        st.frozensets(st.sampled_from("abcdef"), max_size=2),
    ),
    unique_by=lambda one: one.airing_id,
)


@given(claims, st.randoms())
def test_the_order_is_total_and_does_not_depend_on_who_asks_how(some: list[Claim], random: object) -> None:
    shuffled = some.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    ordered = in_order(some)

    assert sorted(one.airing_id for one in ordered) == sorted(one.airing_id for one in some)
    assert in_order(shuffled) == ordered
