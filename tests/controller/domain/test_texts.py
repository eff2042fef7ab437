"""Text as persons type or paste it."""

import pytest

from controller.domain import texts
from controller.domain.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Thông báo \r\n họp thôn  ", "Thông báo \n họp thôn"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("Tie\u0302\u0301ng Vie\u0323\u0302t", "Tiếng Việt"),
        ("\ufeffĐài \u202exã", "Đài xã"),
    ],
)
def test_what_is_typed_is_kept_but_for_what_nobody_sees(typed: str, kept: str) -> None:
    assert texts.clean(typed) == kept


@pytest.mark.parametrize("nothing", ["", "   ", "\x00\x01\x02\x7f\x9f", "\ud800", "\n\t\r"])
def test_a_text_of_control_characters_alone_is_empty(nothing: str) -> None:
    with pytest.raises(Invalid) as refused:
        texts.bulletin_text(nothing, 100)
    assert refused.value.code == "text_empty"


def test_the_limit_counts_letters_as_they_are_read_out() -> None:
    assert len(texts.bulletin_text("e\u0302" * 100, 100)) == 100
    for letters in (101, 100_000):
        with pytest.raises(Invalid) as refused:
            texts.bulletin_text("a" * letters, 100)
        assert refused.value.code == "text_too_long"


def test_a_title_that_was_not_typed_is_the_beginning_of_the_text() -> None:
    assert texts.title(" Họp \n thôn ", "x") == "Họp thôn"
    assert texts.title("", "Thông báo ngắn") == "Thông báo ngắn"
    long = texts.title("", "một hai ba bốn " * 20)
    assert len(long) <= 60
    assert long.endswith("…")
    with pytest.raises(Invalid) as refused:
        texts.title("a" * 201, "")
    assert refused.value.code == "title_too_long"


@pytest.mark.parametrize(("typed", "code"), [("\x07 ", "name_empty"), ("a" * 201, "name_too_long")])
def test_a_name_must_be_there_and_short(typed: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        texts.name(typed)
    assert refused.value.code == code
