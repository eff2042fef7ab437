"""What is heard of a bulletin and of a programme, in which order, and for how long."""

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.protocol.ids import BulletinId
from agents.protocol.values import ClipPart, Part
from controller.domain.bulletins import BulletinState, Frame, TuneId, content_parts, framed, frames_of
from controller.domain.programmes import (
    BulletinItem,
    Item,
    Programme,
    RelayItem,
    SilenceItem,
    programme_parts,
    programme_relays,
)
from controller.domain.sounds import SoundState
from tests.controller.contents import T0_US, bulletin, programme, sound, tune, tune_parts

OPENING, CLOSING = tune("opening"), tune("closing")
TUNES = tune_parts(OPENING, CLOSING)
A, B = bulletin("a", [sound("a", 5)]), bulletin("b", [sound("b", 7)])
KNOWN = {one.bulletin_id: one for one in (A, B)}
PLAY_A, PLAY_B = BulletinItem(bulletin_id=A.bulletin_id), BulletinItem(bulletin_id=B.bulletin_id)


def heard(parts: Sequence[Part]) -> list[object]:
    """Names of clips, and seconds of silences."""
    return [
        bytes.fromhex(part.renditions["opus24"].sha256).rstrip(b"\0").decode()  # type: ignore[index]
        if isinstance(part, ClipPart)
        else part.frames / 48_000
        for part in parts
    ]


def heard_of(items: Sequence[Item], frame: Frame = Frame()) -> list[object]:  # noqa: B008 - frozen
    return heard(programme_parts(programme("x", items, frame), KNOWN, TUNES))


def quiet(seconds: float) -> SilenceItem:
    return SilenceItem(seconds=seconds)


# --- bulletins --------------------------------------------------------------------------------------------------------


def test_languages_are_heard_one_after_another_with_the_pause_between() -> None:
    one = bulletin("x", [sound("vi"), sound("en"), sound("tyz")], Frame(pause_s=2))
    assert heard(content_parts(one)) == ["vi", 2, "en", 2, "tyz"]


def test_all_languages_are_heard_before_they_are_heard_again() -> None:
    one = bulletin("x", [sound("vi"), sound("en")], Frame(times=3, pause_s=0.5))
    assert heard(content_parts(one)) == ["vi", 0.5, "en", 0.5] * 2 + ["vi", 0.5, "en"]


def test_tunes_stand_around_everything_and_are_heard_once() -> None:
    frame = Frame(opening=OPENING.tune_id, closing=CLOSING.tune_id, times=2, pause_s=1)
    one = bulletin("x", [sound("vi")], frame)
    assert heard(framed(content_parts(one), frame, TUNES)) == ["tune opening", 1, "vi", 1, "vi", 1, "tune closing"]


def test_a_tune_that_is_not_there_leaves_no_pause_behind() -> None:
    frame = Frame(opening=TuneId("tune-gone"), closing=CLOSING.tune_id)
    assert heard(framed(content_parts(A), frame, TUNES)) == ["a", 1, "tune closing"]


def test_without_a_pause_there_is_no_silence() -> None:
    one = bulletin("x", [sound("vi"), sound("en")], Frame(times=2, pause_s=0))
    assert heard(content_parts(one)) == ["vi", "en", "vi", "en"]


@pytest.mark.parametrize("state", [SoundState.PREPARING, SoundState.FAILED, SoundState.CANCELLED])
def test_what_is_not_ready_cannot_be_heard(state: SoundState) -> None:
    one = bulletin("x", [sound("vi"), sound("en", state=state)])
    with pytest.raises(ValueError, match="sd-en"):
        content_parts(one)


@pytest.mark.parametrize(
    ("states", "together"),
    [
        ("ready ready", "ready"),
        ("ready preparing", "preparing"),
        ("cancelled preparing", "cancelled"),
        ("preparing failed cancelled", "failed"),
    ],
)
def test_a_bulletin_is_as_far_as_its_weightiest_variant(states: str, together: str) -> None:
    one = bulletin("x", [sound(state, state=SoundState(state)) for state in states.split()])
    assert one.state is BulletinState(together)


def test_a_bulletin_expires_at_its_very_instant() -> None:
    one = bulletin("x", expires_at_us=T0_US)
    assert [one.expired(T0_US - 1), one.expired(T0_US)] == [False, True]
    assert not bulletin("y").expired(T0_US)


# --- programmes -------------------------------------------------------------------------------------------------------


def test_bulletins_are_heard_in_order_with_the_usual_pause() -> None:
    assert heard_of([PLAY_A, PLAY_B, PLAY_A]) == ["a", 1, "b", 1, "a"]


def test_a_silence_stands_in_place_of_the_usual_pause() -> None:
    assert heard_of([PLAY_A, quiet(4), PLAY_B, PLAY_A]) == ["a", 4, "b", 1, "a"]


def test_silences_side_by_side_are_one() -> None:
    assert heard_of([PLAY_A, quiet(4), quiet(2.5), PLAY_B]) == ["a", 6.5, "b"]


def test_silences_at_both_ends_are_heard() -> None:
    assert heard_of([quiet(2), PLAY_A, quiet(3)]) == [2, "a", 3]


def test_silences_at_both_ends_lie_between_the_content_and_the_tunes() -> None:
    frame = Frame(opening=OPENING.tune_id, closing=CLOSING.tune_id)
    assert heard_of([quiet(2), PLAY_A, quiet(3)], frame) == ["tune opening", 2, "a", 3, "tune closing"]
    assert heard_of([PLAY_A], frame) == ["tune opening", 1, "a", 1, "tune closing"]


def test_a_bulletin_s_own_tunes_are_left_out_and_its_repeats_kept() -> None:
    one = bulletin("c", [sound("c")], Frame(opening=OPENING.tune_id, times=2, pause_s=3))
    items = [BulletinItem(bulletin_id=one.bulletin_id), PLAY_A]
    parts = programme_parts(programme("x", items), {**KNOWN, one.bulletin_id: one}, TUNES)
    assert heard(parts) == ["c", 3, "c", 1, "a"]


def test_a_bulletin_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="b-gone"):
        heard_of([BulletinItem(bulletin_id=BulletinId("b-gone"))])


def relay(seconds: float, name: str = "VOV1") -> RelayItem:
    return RelayItem(name=name, source_url="https://vov.example/1", seconds=seconds)


def test_a_relay_is_silent_for_exactly_its_length_with_the_usual_pause_around() -> None:
    assert heard_of([PLAY_A, relay(1_800), PLAY_B]) == ["a", 1, 1_800, 1, "b"]
    assert heard_of([PLAY_A, quiet(4), relay(30), quiet(0.5), relay(60)]) == ["a", 4, 30, 0.5, 60]


def test_a_programme_may_be_a_relay_alone() -> None:
    assert heard_of([relay(10_800)]) == [10_800]
    assert heard_of([relay(30)], Frame(opening=OPENING.tune_id)) == ["tune opening", 1, 30]


def test_the_silences_that_stand_for_relays_are_known() -> None:
    vov, province = relay(30), relay(60, "Đài tỉnh")
    made = programme("x", [PLAY_A, vov, quiet(30), province], Frame(opening=OPENING.tune_id))
    assert heard(programme_parts(made, KNOWN, TUNES)) == ["tune opening", 1, "a", 1, 30, 30, 60]
    assert programme_relays(made, KNOWN, TUNES) == {4: vov, 6: province}


ITEMS = st.lists(
    st.one_of(
        st.sampled_from([PLAY_A, PLAY_B]), st.floats(0.001, 600).map(quiet), st.sampled_from([relay(30), relay(90)])
    ),
    min_size=1,
    max_size=12,
).filter(lambda items: any(not isinstance(item, SilenceItem) for item in items))
FRAMES = st.builds(
    Frame,
    opening=st.sampled_from([None, OPENING.tune_id]),
    closing=st.sampled_from([None, CLOSING.tune_id]),
    pause_s=st.floats(0, 30),
)


@given(items=ITEMS, frame=FRAMES)
def test_whatever_a_programme_consists_of_its_bulletins_are_heard_in_order(items: list[Item], frame: Frame) -> None:
    made = programme("x", items, frame)
    parts = programme_parts(made, KNOWN, TUNES)
    relays = programme_relays(made, KNOWN, TUNES)
    assert list(relays.values()) == list(made.relays)
    wanted = [one.removeprefix("b-") for one in made.bulletin_ids]
    wanted = ["tune opening"] * bool(frame.opening) + wanted + ["tune closing"] * bool(frame.closing)
    assert [one for one in heard(parts) if isinstance(one, str)] == wanted
    quiet_pairs = [
        number
        for number, (one, other) in enumerate(pairwise(parts))
        if not isinstance(one, ClipPart) and not isinstance(other, ClipPart)
        if not {number, number + 1} & set(relays)
    ]
    assert quiet_pairs == [], "silences side by side are one"
    assert all(part.frames > 0 for part in parts if not isinstance(part, ClipPart))
    assert frames_of(parts) == _expected_frames(made)


def _expected_frames(made: Programme) -> int:
    """Counted another way: everything that sounds, and every gap that is silent."""
    around = [name for name in (made.frame.opening, made.frame.closing) if name]
    sounding = 3 * 48_000 * len(around)
    sounding += sum(frames_of(content_parts(KNOWN[bulletin_id])) for bulletin_id in made.bulletin_ids)
    sounding += sum(int(item.seconds) * 48_000 for item in made.relays)
    gaps: list[list[float]] = [[]]
    for item in made.items:
        if isinstance(item, SilenceItem):
            gaps[-1].append(item.seconds)
        else:
            gaps.append([])
    silent = 0
    for number, gap in enumerate(gaps):
        first, last = number == 0, number == len(gaps) - 1
        between = not (first or last) or (first and bool(made.frame.opening)) or (last and bool(made.frame.closing))
        seconds = sum(gap) if gap else made.frame.pause_s if between else 0
        silent += math.floor(seconds * 48_000)
    return sounding + silent
