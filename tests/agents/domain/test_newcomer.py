"""An unadopted device: how often it speaks, and what a code is worth."""

from itertools import count

import pytest

from agents.domain.newcomer import CODE_LIVES_US, IDENTIFY_WITHIN_US, IdentifyRefused, Newcomer, NoCodeOpen

MINUTE = 60 * 1_000_000
START = 5_000_000


def newcomer() -> Newcomer:
    numbers = count(1)
    return Newcomer(START, lambda: f"{next(numbers):06d}")


def test_no_code_is_open_before_somebody_could_have_heard_or_read_it() -> None:
    with pytest.raises(NoCodeOpen):
        newcomer().use(START)


def test_it_speaks_five_times_and_then_no_more() -> None:
    device = newcomer()
    for left in (4, 3, 2, 1, 0):
        device.identify(START)
        assert device.identifies_left == left
    with pytest.raises(IdentifyRefused) as refused:
        device.identify(START)
    assert refused.value.reason == "too_many_identifies"
    assert device.identify_until_s(START) == 0


def test_it_speaks_within_ten_minutes_of_power_on() -> None:
    device = newcomer()
    assert device.identify_until_s(START + MINUTE) == 540
    device.identify(START + IDENTIFY_WITHIN_US - 1)
    with pytest.raises(IdentifyRefused) as refused:
        device.identify(START + IDENTIFY_WITHIN_US)
    assert refused.value.reason == "identify_too_late"


def test_asked_again_it_speaks_the_same_code_until_that_is_used_up() -> None:
    device = newcomer()
    assert device.identify(START) == device.identify(START + MINUTE) == device.read(START + MINUTE)
    used = device.use(START + MINUTE)
    assert device.identify(START + MINUTE) != used


def test_a_code_is_worth_one_guess() -> None:
    device = newcomer()
    device.identify(START)
    device.use(START)
    with pytest.raises(NoCodeOpen):
        device.use(START)


def test_a_code_grows_old() -> None:
    device = newcomer()
    device.read(START)
    with pytest.raises(NoCodeOpen):
        device.use(START + CODE_LIVES_US)


def test_reading_the_code_on_the_box_makes_no_sound_and_is_not_rationed() -> None:
    device = newcomer()
    late = START + 2 * IDENTIFY_WITHIN_US
    for _ in range(20):
        device.use(late) if device.read(late) else None
    assert device.identifies_left == 5
