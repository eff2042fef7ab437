"""What is written in a notice, and what a person reads aloud."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.abbreviations_vi import ABBREVIATIONS
from audio.normalise_vi import normalise
from audio.numbers_vi import roman, whole

LONGEST_TEXT = 20_000


def _readings() -> list[tuple[str, str]]:
    with Path(__file__).with_name("vietnamese_readings.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row[0], row[1]) for row in rows if len(row) == 2]


READINGS = _readings()
WRITTEN = [written for written, _ in READINGS]
ANYTHING = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="0123456789.,/-:%đhgkmUBNDTPQ XIV()°²' \n&@+aăêôvcT", max_size=60),
    st.lists(st.sampled_from(WRITTEN), max_size=5).map(" ".join),
)


@pytest.mark.parametrize(("written", "spoken"), READINGS)
def test_is_read_as_a_person_would(written: str, spoken: str) -> None:
    assert normalise(written) == spoken


def test_the_table_is_long() -> None:
    assert len(READINGS) >= 600
    assert len(set(WRITTEN)) == len(WRITTEN)


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        ("0", "không"),
        ("10", "mười"),
        ("11", "mười một"),
        ("15", "mười lăm"),
        ("21", "hai mươi mốt"),
        ("24", "hai mươi tư"),
        ("55", "năm mươi lăm"),
        ("100", "một trăm"),
        ("101", "một trăm linh một"),
        ("1005", "một nghìn không trăm linh năm"),
        ("1000000", "một triệu"),
        ("1000001", "một triệu không trăm linh một"),
        ("3000000000", "ba tỷ"),
        ("12345678901", "mười hai tỷ ba trăm bốn mươi lăm triệu sáu trăm bảy mươi tám nghìn chín trăm linh một"),
        ("007", "không không bảy"),
    ],
)
def test_a_whole_number(number: str, spoken: str) -> None:
    assert whole(number) == spoken


def test_a_whole_notice() -> None:
    notice = "UBND xã thông báo: 19h30 ngày 20/11, tiêm vắc xin tại TYT. Mức phí 25.000đ. ĐT: 0912 345 678."
    assert normalise(notice) == (
        "Ủy ban nhân dân xã thông báo: mười chín giờ ba mươi phút ngày hai mươi tháng mười một, tiêm vắc xin tại "
        "trạm y tế. Mức phí hai mươi lăm nghìn đồng. điện thoại: không chín một hai, ba bốn năm, sáu bảy tám."
    )


def test_a_station_s_own_pronunciation_goes_first() -> None:
    assert normalise("Gặp ông Tý ở UBND", {"UBND": "trụ sở xã"}) == "Gặp ông Tý ở trụ sở xã"


def test_lines_stay_lines() -> None:
    assert normalise("Thông báo\n\nBà con 3 thôn") == "Thông báo\n\nBà con ba thôn"


def test_decomposed_letters_are_read_like_composed_ones() -> None:
    assert normalise("UBND xa\u0303 Đo\u0302ng") == "Ủy ban nhân dân xã Đông"


@pytest.mark.parametrize("text", ["IIII", "IC", "VX"])
def test_what_only_looks_roman_is_no_number(text: str) -> None:
    assert roman(text) is None


def test_an_abbreviation_is_said_in_words_of_its_own() -> None:
    wrong = {written: said for written, said in ABBREVIATIONS.items() if normalise(f"{written} xã") != f"{said} xã"}
    assert wrong == {}


@settings(deadline=None, max_examples=300)
@given(ANYTHING)
def test_only_what_can_be_read_is_left_whatever_is_written(text: str) -> None:
    spoken = normalise(text)
    assert not any(each.isdigit() for each in spoken)
    assert not set(spoken) & set("()[]{}<>|*_#~^`\\/@&%\"'“”-–—")


@settings(deadline=None, max_examples=300)
@given(ANYTHING)
def test_what_is_normal_already_stays_as_it_is(text: str) -> None:
    spoken = normalise(text)
    assert normalise(spoken) == spoken


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from(["UBND", "ubnd", "thôn", "5", "Hòa Bình"]), st.text("a5 UBND.", min_size=1)))
def test_no_pronunciation_leaves_a_digit(entries: dict[str, str]) -> None:
    usable = {written: spoken for written, spoken in entries.items() if any(map(str.isalnum, spoken))}
    assert not any(map(str.isdigit, normalise("UBND thôn Hòa Bình, 5 hộ", usable)))


PARTS = (
    *("1", "1.", "1,", "1/", "1-", "111.", "a.", "a@", "A.", "XI", "(", "0 ", "TP.", '"', "1h", "1:", "UBND&"),
    *("ngày 1", "gọi 1", "số 1/", "https://", "v.v", "- ", "quyết định ", "1,000", "km/h/", "1'", "1x", "\U0001f600"),
    *("H'", "nhiệm kỳ I", "1/1/", "Nguyễn Văn T. ", "a.vn"),
)


@pytest.mark.parametrize("part", PARTS)
def test_the_longest_text_of_any_kind_comes_to_an_end(part: str) -> None:
    spoken = normalise((part * LONGEST_TEXT)[:LONGEST_TEXT])
    assert not any(map(str.isdigit, spoken))
    assert len(spoken) < 15 * LONGEST_TEXT
