"""Pure: numbers as a Vietnamese announcer says them (northern usage: nghìn, linh, mốt, tư, lăm)."""

import re

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_SCALES = ("", "nghìn", "triệu")
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN_STEPS = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL")),
    *((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)
# Longer ones are no quantity any more but a code.
LONGEST_QUANTITY = 15


def digits(text: str) -> str:
    """Digit by digit: "113" -> "một một ba". Anything but digits is passed over."""
    return " ".join(_DIGITS[int(each)] for each in text if each in "0123456789")


def whole(text: str) -> str:
    """A whole number: "1250" -> "một nghìn hai trăm năm mươi". A leading zero or a very long one: digit by digit."""
    if len(text) > LONGEST_QUANTITY or (len(text) > 1 and text.startswith("0")):
        return digits(text)
    return _billions(int(text))


def counted(text: str) -> str:
    """A whole number of a clock, a date or a count, where a leading zero only fills the column: "05" -> "năm"."""
    return whole(text.lstrip("0") or "0")


def decimal(integer: str, fraction: str, mark: str = "phẩy") -> str:
    """A decimal number: ("0", "62") -> "không phẩy sáu mươi hai"; ("3", "05") -> "ba phẩy không năm"."""
    after = digits(fraction) if fraction.startswith("0") or len(fraction) > 3 else whole(fraction)
    return f"{whole(integer)} {mark} {after}"


def quantity(written: str) -> str:
    """A number as it is written: "1.250.000", "3,5", "1.234,5", "1,250,000", "2.5", "4.0".

    A point before three digits parts thousands, except in "0.005"; so does a comma that stands more than once or
    before three zeros. Whatever else they part is a decimal fraction, of which zeros alone are not said.
    """
    if re.fullmatch(r"\d{1,3}(?:,\d{3}){2,}", written):
        return counted(written.replace(",", ""))
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", written) and not written.startswith("0."):
        integer, _, fraction = written.replace(".", "").partition(",")
        return decimal(integer.lstrip("0") or "0", fraction) if fraction else counted(integer)
    if (point := re.fullmatch(r"(\d+)\.(\d+)", written)) is not None:
        return decimal(point[1], point[2], "chấm" if point[2] == "0" else "phẩy")
    integer, comma, fraction = written.partition(",")
    if comma and not fraction.strip("0"):
        # "1,0" is one; "25,000" is thousands, as they are written elsewhere.
        return counted(integer + fraction) if len(fraction) == 3 and integer.strip("0") else counted(integer)
    if not comma:
        return counted(integer) if len(integer) == 2 else whole(integer)
    return decimal(integer, fraction)


def month(number: int) -> str:
    """A month: the fourth is "tư"."""
    return "tư" if number == 4 else whole(str(number))


def day(number: int) -> str:
    """A day of a month: the first ten with "mùng"."""
    return f"mùng {whole(str(number))}" if number <= 10 else whole(str(number))


def ordinal(number: int) -> str:
    """What follows "thứ": nhất, hai, ba, tư, năm ..."""
    return {1: "nhất", 4: "tư"}.get(number) or whole(str(number))


def roman(text: str) -> int | None:
    """The value of a well-formed Roman numeral, or None."""
    value = 0
    for here, following in zip(text, [*text[1:], ""], strict=True):
        step = _ROMAN[here]
        value += -step if following and _ROMAN[following] > step else step
    return value if 0 < value < 4000 and _to_roman(value) == text else None


def _to_roman(value: int) -> str:
    written = ""
    for step, letters in _ROMAN_STEPS:
        while value >= step:
            written += letters
            value -= step
    return written


def _billions(value: int) -> str:
    if value == 0:
        return _DIGITS[0]
    billions, rest = divmod(value, 10**9)
    if not billions:
        return _millions(rest, leading=True)
    said = f"{_billions(billions)} tỷ"
    return f"{said} {_millions(rest, leading=False)}" if rest else said


def _millions(value: int, *, leading: bool) -> str:
    said: list[str] = []
    for power in (2, 1, 0):
        group = value // 1000**power % 1000
        if group:
            said.append(_hundreds(group, leading=leading and not said))
            said.append(_SCALES[power])
    return " ".join(word for word in said if word)


def _hundreds(value: int, *, leading: bool) -> str:
    hundreds, rest = divmod(value, 100)
    if leading and not hundreds:
        return _tens(rest)
    said = f"{_DIGITS[hundreds]} trăm"
    if not rest:
        return said
    return f"{said} linh {_unit_after_linh(rest)}" if rest < 10 else f"{said} {_tens(rest)}"


def _unit_after_linh(unit: int) -> str:
    return "tư" if unit == 4 else _DIGITS[unit]


def _tens(value: int) -> str:
    tens, unit = divmod(value, 10)
    if tens == 0:
        return _DIGITS[unit]
    said = "mười" if tens == 1 else f"{_DIGITS[tens]} mươi"
    if unit == 0:
        return said
    special = {5: "lăm"} if tens == 1 else {1: "mốt", 4: "tư", 5: "lăm"}
    return f"{said} {special.get(unit, _DIGITS[unit])}"
