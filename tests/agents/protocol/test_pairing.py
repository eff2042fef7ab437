"""Pairing: the right code or token makes both ends sure, and anything else makes neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.protocol.errors import PairingFailed
from agents.protocol.pairing import (
    Binding,
    ControllerPairing,
    EnrolmentToken,
    answer_pairing,
    new_code,
    normalise_code,
    require_equal,
)

BINDING = Binding(handshake_hash=b"h" * 32, controller_static=b"c" * 32, device_static=b"d" * 32)
ELSEWHERE = Binding(handshake_hash=b"x" * 32, controller_static=b"c" * 32, device_static=b"d" * 32)


def test_with_the_right_code_each_end_believes_the_other() -> None:
    controller = ControllerPairing("480159", BINDING)
    answer = answer_pairing("480159", BINDING, controller.share)

    proof = controller.finish(answer.share, answer.confirmation)

    require_equal(answer.expected, proof)
    assert answer.confirmation != proof


def test_with_a_wrong_code_the_controller_finds_out_first_and_says_nothing() -> None:
    controller = ControllerPairing("480158", BINDING)
    answer = answer_pairing("480159", BINDING, controller.share)

    with pytest.raises(PairingFailed):
        controller.finish(answer.share, answer.confirmation)


@pytest.mark.parametrize(
    "theirs",
    [
        ELSEWHERE,
        Binding(handshake_hash=b"h" * 32, controller_static=b"m" * 32, device_static=b"d" * 32),
        Binding(handshake_hash=b"h" * 32, controller_static=b"c" * 32, device_static=b"m" * 32),
    ],
)
def test_somebody_in_the_middle_has_another_channel_and_so_another_key(theirs: Binding) -> None:
    controller = ControllerPairing("480159", BINDING)
    answer = answer_pairing("480159", theirs, controller.share)
    with pytest.raises(PairingFailed):
        controller.finish(answer.share, answer.confirmation)


def test_a_confirmation_cannot_be_sent_back_as_the_other_sides() -> None:
    controller = ControllerPairing("480159", BINDING)
    answer = answer_pairing("480159", BINDING, controller.share)
    with pytest.raises(PairingFailed):
        require_equal(answer.expected, answer.confirmation)


@pytest.mark.parametrize("share", [b"", b"A", b"A" + bytes(32), b"A" + b"\xff" * 32, b"X" * 33, b"\xa5" * 64])
def test_a_share_that_is_none_ends_the_pairing(share: bytes) -> None:
    with pytest.raises(PairingFailed):
        answer_pairing("480159", BINDING, share)


def test_a_share_reflected_is_refused() -> None:
    controller = ControllerPairing("480159", BINDING)
    with pytest.raises(PairingFailed):
        controller.finish(controller.share, bytes(32))
    other = ControllerPairing("480159", BINDING)
    with pytest.raises(PairingFailed):
        other.finish(b"B" + other.share[1:], bytes(32))


def test_codes_are_six_digits_and_differ() -> None:
    codes = {new_code() for _ in range(200)}
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert len(codes) > 190


@pytest.mark.parametrize("typed", ["480159", " 480 159 ", "480-159", "4 8 0.1 5 9\n"])
def test_a_code_may_be_typed_as_it_is_heard(typed: str) -> None:
    assert normalise_code(typed) == "480159"


@pytest.mark.parametrize("typed", ["", "48015", "4801590", "48o159", "４８０１５９", "480159x"])
def test_what_is_no_code_is_refused_without_using_one_up(typed: str) -> None:
    with pytest.raises(PairingFailed):
        normalise_code(typed)


def test_a_token_proves_each_end_to_the_other_over_this_channel_alone() -> None:
    token = EnrolmentToken.generate("xa-2025")
    again = EnrolmentToken.parse(token.text())

    assert again.device_proof(BINDING) == token.device_proof(BINDING)
    assert again.controller_proof(BINDING) == token.controller_proof(BINDING)
    assert token.device_proof(BINDING) != token.controller_proof(BINDING)
    assert token.device_proof(BINDING) != token.device_proof(ELSEWHERE)


def test_a_token_never_shows_its_secret_by_accident() -> None:
    token = EnrolmentToken.generate("xa-2025")
    assert token.secret.decode() not in repr(token)
    assert token.secret.decode() not in f"{token}"


@pytest.mark.parametrize(
    "text", ["", "a", "a.", ".ABC", "a.SHORT", "a b." + "A" * 32, "a." + "1" * 32, "a." + "A" * 200]
)
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(PairingFailed):
        EnrolmentToken.parse(text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_readers_of_codes_and_tokens(text: str) -> None:
    for read in (normalise_code, EnrolmentToken.parse):
        try:
            read(text)
        except PairingFailed:
            continue
