"""What is done about what was handed in, decided from what is known of it."""

from dataclasses import replace

import pytest

from agents.protocol.ids import AiringId, AreaId, BulletinId, SpeakerId
from agents.protocol.values import AiringClass
from controller.domain.airings import Airing, AiringState
from controller.domain.bulletins import Bulletin, Variant
from controller.domain.errors import Invalid
from controller.domain.handing_in import (
    EMERGENCY_VALIDITY_US,
    SOON_US,
    USUAL_VALIDITY_US,
    Audio,
    Become,
    HandIn,
    HandInId,
    HandInState,
    Rest,
    SendNow,
    Sent,
    by_urgency,
    checked_reason,
    checked_reference,
    may_be_declined,
    next_step,
    step_by_time,
    validity,
)
from controller.domain.sounds import Profile, Sound, SoundId, SoundState, Source

NOW_US = 1_800_000_000_000_000
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
EMERGENCY, PRIORITY, ORDINARY = AiringClass.EMERGENCY, AiringClass.PRIORITY, AiringClass.ORDINARY
PREPARING, WAITING, TAKEN = HandInState.PREPARING, HandInState.WAITING, HandInState.TAKEN

HAND_IN = HandIn(
    hand_in_id=HandInId("h-1"),
    token_id="t-1",
    sender="Sở TTTT",
    reference="r-1",
    bulletin_id=BulletinId("b-1"),
    airing_class=ORDINARY,
    area_ids=(AreaId("x-1"),),
    valid_from_us=NOW_US - HOUR_US,
    valid_until_us=NOW_US + 5 * HOUR_US,
    received_at_us=NOW_US - HOUR_US,
    changed_at_us=NOW_US - HOUR_US,
    state=WAITING,
    sent=Sent(digest="d"),
)


def bulletin(state: SoundState = SoundState.READY, failure: str | None = None) -> Bulletin:
    sound = Sound(
        sound_id=SoundId("sd-1"),
        source=Source.RECORDING,
        reading=None,
        file_name="tin.wav",
        profile=Profile.PLAIN,
        state=state,
        created_at_us=NOW_US,
        created_by="token:Sở TTTT",
        failure=failure,
    )
    return Bulletin(
        bulletin_id=BulletinId("b-1"),
        title="Tin",
        airing_class=ORDINARY,
        area_id=None,
        variants=(Variant(language="vi", sound=sound),),
        created_at_us=NOW_US,
        created_by="token:Sở TTTT",
        changed_at_us=NOW_US,
        changed_by="token:Sở TTTT",
    )


def airing(state: AiringState, planned_at_us: int = NOW_US) -> Airing:
    return Airing(
        airing_id=AiringId("a-1"),
        content_id=BulletinId("b-1"),
        revision=1,
        airing_class=EMERGENCY,
        sequence=(),
        title="Tin",
        speaker_ids=(SpeakerId("s-1"),),
        state=state,
        planned_at_us=planned_at_us,
        planned_by="token:Sở TTTT",
        now=True,
        start_at_us=None,
        duration_us=MINUTE_US,
        lateness_window_us=MINUTE_US,
    )


def of(airing_class: AiringClass, state: HandInState = WAITING) -> HandIn:
    return replace(HAND_IN, airing_class=airing_class, state=state)


# --- what happens by itself -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("airing_class", [ORDINARY, PRIORITY, EMERGENCY])
def test_it_waits_once_its_sound_is_ready(airing_class: AiringClass) -> None:
    being_made = of(airing_class, PREPARING)
    assert isinstance(next_step(being_made, bulletin(SoundState.PREPARING), (), NOW_US), Rest)
    assert next_step(being_made, bulletin(), (), NOW_US) == Become(WAITING)


@pytest.mark.parametrize("state", [SoundState.FAILED, SoundState.CANCELLED])
def test_without_sound_it_has_failed(state: SoundState) -> None:
    step = next_step(of(EMERGENCY, PREPARING), bulletin(state, "recording_unreadable"), (), NOW_US)
    assert step == Become(HandInState.FAILED, "recording_unreadable")


def test_without_its_bulletin_it_has_failed() -> None:
    withdrawn = replace(bulletin(), withdrawn=True)
    assert next_step(of(EMERGENCY), withdrawn, (), NOW_US) == Become(HandInState.FAILED, "withdrawn")


@pytest.mark.parametrize("airing_class", [ORDINARY, PRIORITY])
def test_only_an_emergency_is_sent_by_itself(airing_class: AiringClass) -> None:
    assert next_step(of(EMERGENCY), bulletin(), (), NOW_US) == SendNow()
    assert isinstance(next_step(of(airing_class), bulletin(), (), NOW_US), Rest)


@pytest.mark.parametrize("state", [PREPARING, WAITING])
def test_it_expires_at_its_end_and_not_before(state: HandInState) -> None:
    end_us = NOW_US + 5 * HOUR_US
    made = of(ORDINARY, state)
    ready = bulletin(SoundState.READY if state is WAITING else SoundState.PREPARING)
    assert isinstance(next_step(made, ready, (), end_us - 1), Rest)
    assert next_step(made, ready, (), end_us) == Become(HandInState.EXPIRED)


def test_it_is_looked_at_again_when_little_time_is_left_and_at_its_end() -> None:
    end_us = NOW_US + 5 * HOUR_US
    assert next_step(HAND_IN, bulletin(), (), NOW_US) == Rest(end_us - SOON_US)
    assert next_step(HAND_IN, bulletin(), (), end_us - SOON_US) == Rest(end_us)
    assert [HAND_IN.ends_soon(at_us) for at_us in (end_us - SOON_US - 1, end_us - SOON_US)] == [False, True]


def test_an_emergency_waits_for_its_beginning() -> None:
    later = replace(of(EMERGENCY), valid_from_us=NOW_US + MINUTE_US)
    assert next_step(later, bulletin(), (), NOW_US) == Rest(NOW_US + MINUTE_US)
    assert next_step(later, bulletin(), (), NOW_US + MINUTE_US) == SendNow()


@pytest.mark.parametrize("state", [one for one in AiringState if one is not AiringState.EXPIRED])
def test_an_emergency_that_has_its_airing_is_left_alone(state: AiringState) -> None:
    assert next_step(of(EMERGENCY, TAKEN), bulletin(), (airing(state),), NOW_US) == Rest(None)


def test_an_emergency_that_nobody_played_waits_again() -> None:
    unheard = (airing(AiringState.EXPIRED),)
    assert next_step(of(EMERGENCY, TAKEN), bulletin(), unheard, NOW_US) == Become(WAITING)
    assert next_step(of(EMERGENCY, TAKEN), bulletin(), unheard, NOW_US + 5 * HOUR_US) == Rest(None)
    assert next_step(of(PRIORITY, TAKEN), bulletin(), unheard, NOW_US) == Rest(None)


@pytest.mark.parametrize(("times", "pause_us"), [(1, MINUTE_US), (10, MINUTE_US), (11, 10 * MINUTE_US)])
def test_it_is_tried_each_minute_and_later_each_ten(times: int, pause_us: int) -> None:
    unheard = [airing(AiringState.EXPIRED)] * times
    assert next_step(of(EMERGENCY), bulletin(), unheard, NOW_US + pause_us - 1) == Rest(NOW_US + pause_us)
    assert next_step(of(EMERGENCY), bulletin(), unheard, NOW_US + pause_us) == SendNow()


@pytest.mark.parametrize(
    "state", [HandInState.DECLINED, HandInState.WITHDRAWN, HandInState.EXPIRED, HandInState.FAILED]
)
def test_what_is_decided_stays(state: HandInState) -> None:
    assert next_step(of(EMERGENCY, state), bulletin(), (airing(AiringState.EXPIRED),), NOW_US) == Rest(None)


# --- who decides ------------------------------------------------------------------------------------------------------


def test_only_an_ordinary_one_that_waits_can_be_declined() -> None:
    assert [may_be_declined(of(one)) for one in (ORDINARY, PRIORITY, EMERGENCY)] == [True, False, False]
    assert not may_be_declined(of(ORDINARY, TAKEN))


def test_the_most_urgent_comes_first() -> None:
    later = replace(HAND_IN, valid_until_us=NOW_US + 9 * HOUR_US, hand_in_id=HandInId("h-0"))
    several = [later, HAND_IN, of(EMERGENCY), of(PRIORITY)]
    assert sorted(several, key=by_urgency) == [of(EMERGENCY), of(PRIORITY), HAND_IN, later]


# --- what a sender asks for -------------------------------------------------------------------------------------------


def test_without_an_end_it_is_valid_for_as_long_as_is_usual() -> None:
    assert validity(ORDINARY, None, None, NOW_US) == (NOW_US, NOW_US + USUAL_VALIDITY_US)
    assert validity(EMERGENCY, None, None, NOW_US) == (NOW_US, NOW_US + EMERGENCY_VALIDITY_US)
    begin_us = NOW_US + HOUR_US
    assert validity(EMERGENCY, begin_us, None, NOW_US) == (begin_us, begin_us + EMERGENCY_VALIDITY_US)
    assert validity(EMERGENCY, NOW_US - HOUR_US, None, NOW_US)[1] == NOW_US + EMERGENCY_VALIDITY_US


def test_a_beginning_before_any_calendar_can_still_be_shown() -> None:
    assert validity(ORDINARY, -62_135_647_200_000_000, None, NOW_US) == (0, NOW_US + USUAL_VALIDITY_US)


@pytest.mark.parametrize("reference", ["", " r", "r ", "a\nb", "a\x00b", "r" * 201, "\u202e"])
def test_a_reference_can_be_written_down(reference: str) -> None:
    with pytest.raises(Invalid):
        checked_reference(reference)
    assert checked_reference("HY/2026 số 7") == "HY/2026 số 7"


def test_a_reason_is_needed_and_bounded() -> None:
    assert checked_reason("  Đã phát.\r\n") == "Đã phát."
    for reason, code in (("", "reason_missing"), ("x" * 1_001, "reason_too_long"), (" " * 9_000, "reason_too_long")):
        with pytest.raises(Invalid) as invalid:
            checked_reason(reason)
        assert invalid.value.code == code


@pytest.mark.parametrize(
    ("mine", "other", "same"),
    [
        (Audio("1", "u-1"), Audio("1", "u-2"), True),
        (Audio("1", "u-1"), Audio("2", "u-1"), False),
        (Audio("1", "u-1"), Audio("", "u-1"), True),
        (Audio("1", ""), Audio("", ""), False),
        (Audio("1", ""), Audio("", "u-1"), False),
    ],
)
def test_audio_is_compared_by_what_is_in_it_and_else_by_its_upload(mine: Audio, other: Audio, same: bool) -> None:
    assert mine.same(other) is same
    assert Sent(digest="d", audio=(mine,)).same(Sent(digest="d", audio=(other,))) is same
    assert not Sent(digest="d", audio=(mine,)).same(Sent(digest="d"))


@pytest.mark.parametrize("airing_class", [ORDINARY, PRIORITY])
@pytest.mark.parametrize("at_us", [0, 4 * HOUR_US, 5 * HOUR_US - 1, 5 * HOUR_US])
def test_of_one_that_waits_for_a_person_time_says_the_same(airing_class: AiringClass, at_us: int) -> None:
    made = of(airing_class)
    assert step_by_time(made, NOW_US + at_us) == next_step(made, bulletin(), (), NOW_US + at_us)


@pytest.mark.parametrize("made", [of(EMERGENCY), of(ORDINARY, PREPARING), of(EMERGENCY, TAKEN)])
def test_of_every_other_time_does_not_say_enough(made: HandIn) -> None:
    assert step_by_time(made, NOW_US) is None
