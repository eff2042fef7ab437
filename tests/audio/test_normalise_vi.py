"""What is written in a notice, and what a person reads aloud."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.normalise_vi import normalise
from audio.numbers_vi import roman, whole

CASES = [
    # clock
    ("19h30", "mười chín giờ ba mươi phút"),
    ("7g15", "bảy giờ mười lăm phút"),
    ("05:00", "năm giờ"),
    ("05:30", "năm giờ ba mươi phút"),
    ("7 giờ 05", "bảy giờ năm phút"),
    ("lúc 17h", "lúc mười bảy giờ"),
    ("từ 7h30 - 11h00", "từ bảy giờ ba mươi phút đến mười một giờ"),
    # dates
    ("20/11", "ngày hai mươi tháng mười một"),
    ("ngày 4/3", "ngày mùng bốn tháng ba"),
    ("Ngày 15/4/2026", "Ngày mười lăm tháng tư năm hai nghìn không trăm hai mươi sáu"),
    ("tháng 4/2026", "tháng tư năm hai nghìn không trăm hai mươi sáu"),
    ("tháng 4", "tháng tư"),
    ("ngày 2 tháng 9", "ngày mùng hai tháng chín"),
    ("mùng 5 Tết", "mùng năm Tết"),
    ("từ ngày 5-7/6", "từ ngày mùng năm đến mùng bảy tháng sáu"),
    ("thứ 4", "thứ tư"),
    ("sáng 30/4", "sáng ba mươi tháng tư"),
    # money
    ("1.250.000 đồng", "một triệu hai trăm năm mươi nghìn đồng"),
    ("25.000đ", "hai mươi lăm nghìn đồng"),
    ("25.000đ/kg", "hai mươi lăm nghìn đồng một ki lô gam"),
    ("1,5 tỷ VNĐ", "một phẩy năm tỷ đồng"),
    ("100 USD", "một trăm đô la Mỹ"),
    # quantities
    ("3,5 km", "ba phẩy năm ki lô mét"),
    ("0,62%", "không phẩy sáu mươi hai phần trăm"),
    ("3,05 m", "ba phẩy không năm mét"),
    ("200ha", "hai trăm héc ta"),
    ("60 km/h", "sáu mươi ki lô mét một giờ"),
    ("12km2", "mười hai ki lô mét vuông"),
    ("80m²", "tám mươi mét vuông"),
    ("39°C", "ba mươi chín độ xê"),
    ("-5°C", "âm năm độ xê"),
    ("100mm/24h", "một trăm mi li mét trong hai mươi tư giờ"),
    ("1.234,5 tấn", "một nghìn hai trăm ba mươi tư phẩy năm tấn"),
    ("10-15 người", "mười đến mười lăm người"),
    ("2/3 số hộ", "hai phần ba số hộ"),
    ("3/4 diện tích", "ba phần tư diện tích"),
    ("50kg/người", "năm mươi ki lô gam một người"),
    # abbreviations and titles
    ("UBND xã", "Ủy ban nhân dân xã"),
    ("HĐND", "Hội đồng nhân dân"),
    ("thẻ BHYT", "thẻ bảo hiểm y tế"),
    ("TP. Vinh", "thành phố Vinh"),
    ("TP.HCM", "thành phố Hồ Chí Minh"),
    ("P. Bến Nghé, Q.1", "phường Bến Nghé, quận một"),
    ("KT-XH", "kinh tế xã hội"),
    ("đ/c Bí thư", "đồng chí Bí thư"),
    ("BKLMN", "bê ca lờ mờ nờ"),
    # documents
    ("QĐ 135/QĐ-TTg", "quyết định một trăm ba mươi lăm của Thủ tướng Chính phủ"),
    (
        "TT 39/2020/TT-BTTTT",
        "thông tư ba mươi chín năm hai nghìn không trăm hai mươi của Bộ Thông tin và Truyền thông",
    ),
    ("Nghị định số 49", "Nghị định số bốn mươi chín"),
    ("NĐ 49/2024/NĐ-CP", "nghị định bốn mươi chín năm hai nghìn không trăm hai mươi tư của Chính phủ"),
    # numbers that are dialled, counted, ordered
    ("0912345678", "không chín một hai, ba bốn năm, sáu bảy tám"),
    ("0912.345.678", "không chín một hai, ba bốn năm, sáu bảy tám"),
    ("gọi 113", "gọi một một ba"),
    ("113 hộ", "một trăm mười ba hộ"),
    ("1900 1234", "một chín không không, một hai ba bốn"),
    ("bão số 3", "bão số ba"),
    ("gió cấp 12", "gió cấp mười hai"),
    ("lần thứ XIII", "lần thứ mười ba"),
    ("lần thứ I", "lần thứ nhất"),
    ("quý IV", "quý bốn"),
    ("VI khuẩn", "VI khuẩn"),
    ("COVID-19", "cô vít mười chín"),
    ("H5N1", "H năm N một"),
    ("năm 2026", "năm hai nghìn không trăm hai mươi sáu"),
    # signs
    ("A & B", "A và B"),
    ("thôn (xóm) Đông", "thôn, xóm, Đông"),
    ("[[h@'loU]]", "h a còng loU"),
]


@pytest.mark.parametrize(("written", "spoken"), CASES)
def test_is_read_as_a_person_would(written: str, spoken: str) -> None:
    assert normalise(written) == spoken


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


@settings(deadline=None)
@given(st.text(alphabet="0123456789.,/-:%đhgkmUBNDTPQ XIV()°²' \n", max_size=60))
def test_no_digit_is_left_whatever_is_written(text: str) -> None:
    assert not any(each.isdigit() and each not in "²³" for each in normalise(text))
