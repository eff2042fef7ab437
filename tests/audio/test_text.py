"""A text becomes sentences, as a reader takes breath; what a voice cannot read is refused or passed over."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.clip import TextUnspeakable
from audio.text import SpokenSentence, clean, pieces, sentences


def split(text: str, language: str = "vi") -> list[str]:
    return [each.text for each in sentences(text, language)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Một. Hai! Ba? Bốn; năm", ["Một.", "Hai!", "Ba?", "Bốn;", "năm"]),
        ("Tại TP. Vinh và P. Bến Nghé. Hết.", ["Tại TP. Vinh và P. Bến Nghé.", "Hết."]),
        ("ThS. Lê Minh gặp Ths.BS. Trần Hòa. Xong.", ["ThS. Lê Minh gặp Ths.BS. Trần Hòa.", "Xong."]),
        ("Anh Nguyễn Văn T. trú tại thôn Đông.", ["Anh Nguyễn Văn T. trú tại thôn Đông."]),
        ("Gạo, muối, v.v. được phát. Mời bà con.", ["Gạo, muối, v.v. được phát.", "Mời bà con."]),
        ("Gạo, muối... và mắm... Mời bà con.", ["Gạo, muối... và mắm...", "Mời bà con."]),
        ("Giá 3.5 nghìn, 1.250.000 đồng. Hết", ["Giá 3.5 nghìn, 1.250.000 đồng.", "Hết"]),
        ("Ông nói: “Mưa to.” Bà con nghe.", ["Ông nói: “Mưa to.”", "Bà con nghe."]),
        ("Họp lúc 7h (đúng giờ.) Mời bà con", ["Họp lúc 7h (đúng giờ.)", "Mời bà con"]),
        ("THÔNG BÁO\nVề việc cắt điện", ["THÔNG BÁO", "Về việc cắt điện"]),
        ("- Thôn Đông\n- Thôn Đoài", ["- Thôn Đông", "- Thôn Đoài"]),
        ("1. Thời gian: 7h. 2 buổi.\nII. Địa điểm", ["1. Thời gian: 7h.", "2 buổi.", "II. Địa điểm"]),
        ("a. Hồ sơ. b. Lệ phí", ["a. Hồ sơ.", "b. Lệ phí"]),
        ("ubnd.xa@abc.gov.vn là địa chỉ. Xong", ["ubnd.xa@abc.gov.vn là địa chỉ.", "Xong"]),
        ("Chào!!! *** Hết", ["Chào!!!", "*** Hết"]),
        ("Một.\n...\nHai.", ["Một.", "Hai."]),
        ("họp lúc 7h30. mời bà con. hết 5. xong", ["họp lúc 7h30.", "mời bà con.", "hết 5.", "xong"]),
    ],
)
def test_sentences_end_where_a_reader_takes_breath(text: str, found: list[str]) -> None:
    assert split(text) == found


def test_english_titles_end_no_sentence() -> None:
    text = "Mr. Smith and Dr. Jones live on 5.5 St. Mary road. They came."
    assert split(text, "en") == ["Mr. Smith and Dr. Jones live on 5.5 St. Mary road.", "They came."]


def test_a_line_that_goes_on_is_one_paragraph_and_a_list_is_not() -> None:
    wrapped = "Ủy ban nhân dân xã xin thông báo đến toàn thể bà con nhân dân\nlịch cắt điện trong tuần."
    assert split(wrapped) == [wrapped.replace("\n", " ")]
    assert split("gạo\nmuối") == ["gạo", "muối"]


def test_each_sentence_is_shown_as_written_and_as_read() -> None:
    assert sentences("Họp lúc 7h30 ngày 20/11. Mời bà con thôn Ia Kla.", "vi", {"Ia Kla": "I a Cờ la"}) == (
        SpokenSentence("Họp lúc 7h30 ngày 20/11.", "Họp lúc bảy giờ ba mươi phút ngày hai mươi tháng mười một."),
        SpokenSentence("Mời bà con thôn Ia Kla.", "Mời bà con thôn I a Cờ la."),
    )


def test_pronunciations_are_for_english_too() -> None:
    (only,) = sentences("Come to Loa [now] 🎉", "en", {"Loa": "Lwah"})
    assert only.spoken == "Come to Lwah now"


@pytest.mark.parametrize(
    "text",
    [
        "欢迎大家收听广播",
        "Внимание, говорит радио",
        "ประกาศจากหมู่บ้าน",
        "انتبهوا من فضلكم",
        "សូមស្តាប់",
        "주민 여러분께 알려 드립니다",
        "Kính thưa bà con, внимание, говорит наше радио, сегодня собрание, xin mời bà con đến dự",
        "Kính thưa bà con nhân dân trong xã, 欢迎大家收听今天的广播节目，请注意安全, xin cảm ơn",
        "Xin Привет, друг",
    ],
)
def test_a_text_in_other_letters_is_refused(text: str) -> None:
    with pytest.raises(TextUnspeakable) as caught:
        clean(text)
    assert caught.value.code == "text_other_script"
    assert caught.value.values["words"] >= 1


def test_the_refusal_names_the_letters() -> None:
    with pytest.raises(TextUnspeakable, match="Cyrillic, for example Внимание"):
        clean("Внимание всем")


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Thủ đô Bắc Kinh (北京) của Trung Quốc", "Thủ đô Bắc Kinh của Trung Quốc"),
        ("Bà con xem phim Москва tối nay", "Bà con xem phim tối nay"),
        ("Xem Москва.", "Xem."),
        ("Góc α bằng 5 độ", "Góc α bằng năm độ"),
    ],
)
def test_a_foreign_word_is_passed_over(text: str, spoken: str) -> None:
    assert sentences(text, "vi")[0].spoken == spoken


def test_an_entry_can_say_a_foreign_word() -> None:
    assert (
        sentences("Thủ đô 北京 của Trung Quốc", "vi", {"北京": "Bắc Kinh"})[0].spoken
        == "Thủ đô Bắc Kinh của Trung Quốc"
    )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("rad", "Hlăm hruê anei, buôn sang drei mâo klei kđi čar bhiăn."),
        ("jra", "Ơ ƀing gơmơi, hrơi anai ta hơmâo tơlơi pơtô."),
        ("tay", "Chướng bản cằm chắc nắm pây thâng."),
        ("hmn", "Nyob zoo, peb yog H'Mông, txhua tus tuaj."),
        ("km", "សូមស្តាប់ការប្រកាស។"),
    ],
)
def test_languages_of_the_minorities_pass_unharmed(language: str, text: str) -> None:
    assert [each.spoken for each in sentences(text, language)] == [text]


def test_pieces_of_a_long_sentence_are_short() -> None:
    assert all(len(piece.text) <= 400 for piece in pieces("một hai ba, " * 200, "vi"))


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=200), st.sampled_from(["vi", "en"]))
def test_any_text_becomes_sentences_or_is_refused(text: str, language: str) -> None:
    try:
        found = sentences(text, language)
    except TextUnspeakable:
        return
    assert found
    assert all(any(map(str.isalnum, each.spoken)) for each in found)


PARTS = ["1. ", "A.", "v.v. ", "x" * 50 + "\nx", "[a", "b) a"]


@pytest.mark.parametrize("part", PARTS)
def test_the_longest_text_of_any_kind_comes_to_an_end(part: str) -> None:
    assert sentences((part * 20_000)[:20_000], "vi")


@pytest.mark.parametrize("part", ["北", "Ж ", "(Ж) ", "ก"])
def test_the_longest_foreign_text_is_refused(part: str) -> None:
    with pytest.raises(TextUnspeakable):
        sentences((part * 20_000)[:20_000], "vi")
