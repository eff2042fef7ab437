"""When a clip is fetched, by whom, and in what order."""

from hypothesis import given
from hypothesis import strategies as st

from agents.domain.fetching import (
    NIGHT_BEGINS_US,
    NIGHT_US,
    SOON_US,
    SPREAD_US,
    fetch_at_us,
    share_of,
    with_pinned,
)
from agents.domain.player.effects import FetchClips, Want
from agents.protocol.values import ClipRef, Profile
from tests.agents.making import HOUR_US, clip_bytes, ref_of

DAY_US = 24 * HOUR_US
MIDNIGHT_UTC_US = 20_000 * DAY_US
NOON_US = MIDNIGHT_UTC_US + 5 * HOUR_US  # in Vietnam, seven hours ahead
DUSK_US = MIDNIGHT_UTC_US + NIGHT_BEGINS_US
LAN, SIM = Profile.LAN, Profile.SIM
A, B, C = (ref_of(clip_bytes(name)) for name in "abc")


def test_what_is_due_in_the_next_hours_is_fetched_at_once() -> None:
    for profile in Profile:
        assert fetch_at_us(NOON_US + SOON_US, NOON_US, NOON_US, 0.9, profile) == NOON_US


def test_on_the_lan_bulk_is_spread_over_some_minutes() -> None:
    due_us = NOON_US + 3 * DAY_US
    assert fetch_at_us(due_us, NOON_US, NOON_US, 0.0, LAN) == NOON_US
    assert fetch_at_us(due_us, NOON_US, NOON_US, 0.5, LAN) == NOON_US + SPREAD_US // 2


def test_on_a_sim_bulk_waits_for_a_moment_of_its_own_in_the_night() -> None:
    due_us = NOON_US + 3 * DAY_US
    assert fetch_at_us(due_us, NOON_US, NOON_US, 0.0, SIM) == DUSK_US
    assert fetch_at_us(due_us, NOON_US, NOON_US, 0.5, SIM) == DUSK_US + NIGHT_US // 2


def test_a_moment_that_passed_while_the_night_goes_on_is_now() -> None:
    now_us = DUSK_US + NIGHT_US + HOUR_US // 2
    assert fetch_at_us(now_us + 3 * DAY_US, now_us, NOON_US, 0.2, SIM) == now_us


def test_after_the_night_bulk_waits_for_the_next_one() -> None:
    now_us = DUSK_US + NIGHT_US + HOUR_US
    assert fetch_at_us(now_us + 3 * DAY_US, now_us, NOON_US, 0.0, SIM) == DUSK_US + DAY_US


def test_what_no_night_is_left_for_is_fetched_by_day() -> None:
    due_us = DUSK_US + SOON_US  # at dawn: the night would be too late
    assert fetch_at_us(due_us - 1, NOON_US, NOON_US, 0.0, SIM) == NOON_US


@given(
    profile=st.sampled_from(Profile),
    share=st.floats(0, 1),
    ahead_us=st.integers(0, 10 * DAY_US),
    into_us=st.integers(0, DAY_US),
    since_us=st.integers(0, DAY_US),
)
def test_nothing_is_put_off_until_it_is_late(
    profile: Profile, share: float, ahead_us: int, into_us: int, since_us: int
) -> None:
    now_us = MIDNIGHT_UTC_US + into_us
    due_us = now_us + ahead_us
    at_us = fetch_at_us(due_us, now_us, now_us - since_us, share, profile)
    assert at_us <= max(now_us, due_us - SOON_US)


@given(share=st.floats(0, 1), ahead_us=st.integers(2 * DAY_US, 10 * DAY_US), into_us=st.integers(0, DAY_US))
def test_on_a_sim_what_is_days_ahead_is_fetched_at_night(share: float, ahead_us: int, into_us: int) -> None:
    now_us = MIDNIGHT_UTC_US + into_us
    at_us = fetch_at_us(now_us + ahead_us, now_us, now_us, share, SIM)
    assert now_us <= at_us <= now_us + DAY_US
    assert (at_us - DUSK_US) % DAY_US <= NIGHT_US + HOUR_US


def test_devices_differ_and_stay_as_they_are() -> None:
    shares = sorted(share_of(f"d-{number}") for number in range(1_000))
    assert shares == sorted(share_of(f"d-{number}") for number in range(1_000))
    assert all(abs(share - number / 1_000) < 0.05 for number, share in enumerate(shares))


# --- what is pinned -------------------------------------------------------------------------------------------------


def planned(*wants: Want) -> FetchClips:
    return FetchClips(wants, frozenset(want.ref.sha256 for want in wants))


def nothing(_: ClipRef) -> bool:
    return False


def test_emergencies_go_before_what_is_pinned_and_all_else_comes_after_it() -> None:
    siren = Want(C, False, None)
    ordinary, emergency = Want(A, False, 5), Want(B, True, None)
    found = with_pinned(planned(emergency, ordinary), (C,), nothing)
    assert found == FetchClips((emergency, siren, ordinary), frozenset({A.sha256, B.sha256, C.sha256}))


def test_what_is_pinned_and_here_is_needed_and_not_wanted() -> None:
    assert with_pinned(planned(), (A,), lambda _: True) == FetchClips((), frozenset({A.sha256}))


def test_a_pinned_clip_that_an_airing_needs_later_is_fetched_at_once_and_one_that_an_emergency_needs_as_such() -> None:
    assert with_pinned(planned(Want(A, False, 5)), (A,), nothing).wants == (Want(A, False, None),)
    assert with_pinned(planned(Want(A, True, None)), (A,), nothing).wants == (Want(A, True, None),)
