"""A station's own pronunciations."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.clip import TextUnspeakable
from audio.normalise_vi import normalise
from audio.pronunciation import (
    LONGEST_SPOKEN,
    LONGEST_WRITTEN,
    MOST_PRONUNCIATIONS,
    check_pronunciation,
    pronounced,
)

TEXT = "UBND xã Ia Grai, xã ia grai và Ia Grainh"


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"Ia Grai": "I a Gờ rai"}, "UBND xã I a Gờ rai, xã ia grai và Ia Grainh"),
        ({"ia grai": "i a gờ rai"}, "UBND xã i a gờ rai, xã i a gờ rai và Ia Grainh"),
        ({"Ia": "I-a", "Ia Grai": "một", "grai": "hai"}, "UBND xã một, xã ia hai và I-a Grainh"),
        ({"ia grai": "nhỏ", "Ia Grai": "to"}, "UBND xã to, xã nhỏ và Ia Grainh"),
        ({"a": "b", "b": "a"}, TEXT),
        ({"xã": "UBND xã"}, "UBND UBND xã Ia Grai, UBND xã ia grai và Ia Grainh"),
        ({"ubnd": "Ủy ban"}, "Ủy ban xã Ia Grai, xã ia grai và Ia Grainh"),
        ({"Ubnd": "Ủy ban"}, TEXT),
    ],
)
def test_whole_words_the_longest_first_each_once(entries: dict[str, str], said: str) -> None:
    assert pronounced(TEXT, entries) == said


def test_words_may_be_parted_by_any_space() -> None:
    assert pronounced("Ia  Grai\nIa\nGrai", {"Ia Grai": "x"}) == "x\nx"


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert pronounced("Da\u0302n", {"Dân": "x"}) == "x"
    assert pronounced("Dân", {"Da\u0302n": "x"}) == "x"


@pytest.mark.parametrize("written", ["C++", "A&B", "@loa", "(1)", "5.0", "a.b", r"\d+", "[a-z]"])
def test_an_entry_with_signs_is_itself_and_no_pattern(written: str) -> None:
    assert pronounced(f"x {written} y", {written: "z"}).split() == ["x", "z", "y"]
    assert pronounced("x 77 y", {written: "z"}) == "x 77 y"


def test_an_entry_goes_before_the_built_in_list_and_is_itself_normalised() -> None:
    assert normalise("UBND xã", {"UBND": "trụ sở 2"}) == "trụ sở hai xã"
    assert normalise("QL14", {"QL14": "quốc lộ 14, đoạn TP"}) == "quốc lộ mười bốn, đoạn thành phố"
    assert normalise("20/11", {"20/11": "ngày nhà giáo"}) == "ngày nhà giáo"


@pytest.mark.parametrize(
    ("written", "spoken", "code"),
    [
        ("", "a", "pronunciation_empty"),
        ("a", " ", "pronunciation_empty"),
        ("...", "a", "pronunciation_empty"),
        ("a" * (LONGEST_WRITTEN + 1), "a", "pronunciation_too_long"),
        ("a", "a" * (LONGEST_SPOKEN + 1), "pronunciation_too_long"),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused(written: str, spoken: str, code: str) -> None:
    with pytest.raises(TextUnspeakable) as caught:
        check_pronunciation(written, spoken)
    assert caught.value.code == code
    with pytest.raises(TextUnspeakable):
        normalise("a", {written: spoken})


def test_the_longest_entry_can_be_used() -> None:
    check_pronunciation("a" * LONGEST_WRITTEN, "b" * LONGEST_SPOKEN)


def test_five_hundred_entries_are_enough() -> None:
    entries = {f"từ{number}": "x" for number in range(MOST_PRONUNCIATIONS)}
    assert pronounced("từ0 từ499 từ500", entries) == "x x từ500"
    with pytest.raises(TextUnspeakable) as caught:
        pronounced("a", entries | {"thêm": "x"})
    assert caught.value.code == "pronunciations_too_many"


def test_the_most_and_longest_entries_in_the_longest_text_come_to_an_end() -> None:
    entries = {"a" * (number % 50 + 1) + f"b{number}": "c" * LONGEST_SPOKEN for number in range(MOST_PRONUNCIATIONS)}
    assert pronounced("a" * 20_000, entries) == "a" * 20_000
    assert len(pronounced("ab0 " * 5_000, entries)) <= 5_000 * (LONGEST_SPOKEN + 1)


WORDS = st.text(alphabet="abAB 1.Đđ", min_size=1, max_size=8).filter(lambda each: any(map(str.isalnum, each)))


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="abAB 1.Đđ\n", max_size=60), st.dictionaries(WORDS, WORDS, max_size=6))
def test_nothing_is_said_that_no_entry_says(text: str, entries: dict[str, str]) -> None:
    said = pronounced(text, entries)
    if said != text:
        assert any(spoken.strip() in said for spoken in entries.values())
