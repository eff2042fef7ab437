"""Pure rules: money, measures, ranges, signs between numbers, and at last every number that is left."""

import re

from audio import numbers_vi as numbers
from audio import words_vi as words
from audio.abbreviations_vi import ABBREVIATIONS
from audio.letters_vi import has_vowel, spell
from audio.rules_vi import END, NO_MORE, NUMBER, START, TO, Match, Row, any_of

_UNIT = any_of(words.UNITS)
_EACH = any_of(words.EACH)
_ATTACHED = {"K": "nghìn", "V": "vôn", "W": "oát"}
_SIGNS = {"$": "đô la Mỹ", "€": "ơ rô", "₫": "đồng"}
# A code of more digits than this is read one by one.
_LONGEST_IN_CODE = 4
_NUMBERED = ("mục", "điều", "khoản", "chương", "bài", "phiên bản", "tiêu chí", "phần", "bảng", "hình", "điểm")


def amounts() -> tuple[Row, ...]:
    """The rules for amounts with a unit or a sign, in order."""
    return (*_money(), *_ranges(), *_units())


def left() -> tuple[Row, ...]:
    """The rules for every number that is left, in order; after them there is no digit."""
    return (
        ("stroke before a number", r"(?<=[^\W\d]) ?/ ?(?=\d)", lambda _: ", "),
        ("strokes", r"(?<=\d) ?/ ?(?=\d)", lambda _: " trên "),
        ("numbered", rf"{START}((?i:{any_of(_NUMBERED)})) (\d++(?:\.\d++)++){NO_MORE}", _numbered),
        ("code", r"(?<![\w.])\w++(?:\.\d++)*+(?!\w)", _code),
        ("points", r"(?<![\w.,])\d++(?:[.,]\d++){2,}+", _points),
        ("number", rf"(?<![\d.,]){NUMBER}{NO_MORE}", lambda m: f" {numbers.quantity(m[0])} "),
        ("point", r"(?<=\d)[.](?=\d)", lambda _: " chấm "),
        ("comma", r"(?<=\d)[,](?=\d)", lambda _: " phẩy "),
        ("digits", r"\d++", lambda m: f" {numbers.whole(m[0])} "),
    )


def _money() -> tuple[Row, ...]:
    return (
        ("thousands", r"(?<![\d.,])(\d{1,3}),(000)(?= ?(?:đ|Đ|đồng|VN[ĐD]|vnđ)(?!\w))", lambda m: f"{m[1]}.{m[2]}"),
        ("millions and", r"(?<![\w.,])(\d{1,3})tr(\d)(?!\w)", _millions_and),
        ("sign before", rf"([$€₫]) ?({NUMBER}){NO_MORE}", lambda m: f"{numbers.quantity(m[2])} {_SIGNS[m[1]]}"),
        ("đồng", r"(?<=\.\d{3}) ?Đ(?!\w)", lambda _: " đồng"),
    )


def _millions_and(match: Match) -> str:
    rest = "rưỡi" if match[2] == "5" else numbers.whole(match[2])
    return f"{numbers.whole(match[1])} triệu {rest}"


def _ranges() -> tuple[Row, ...]:
    return (
        (
            "levels",
            rf"{START}((?i:cấp|tổ|lớp|khối|quận|nhóm|bậc)) (\d{{1,2}}+){TO}(\d{{1,2}}+)(?![\w/-]|[.,]\d)",
            lambda m: f"{m[1]} {numbers.counted(m[2])} đến {m[1].lower()} {numbers.counted(m[3])}",
        ),
        ("range", rf"(?<![\w.,/-])({NUMBER}) ?({_UNIT})?{TO}(-?)({NUMBER})(?![\d/-]|[.,]\d)", _range),
        ("minus", r"(?<![\w.,)-])-(?=\d)", lambda _: "âm "),
        ("times", r"(?<=[\dm]) ?[xX×] ?(?=\d)|(?<=\w) [xX×] (?=\d)", lambda _: " nhân "),
    )


def _range(match: Match) -> str:
    first, unit, minus, last = match.groups()
    said = numbers.quantity(first) + (f" {words.UNITS[unit]}" if unit else "")
    return f"{said} đến {'âm ' if minus else ''}{last}"


def _units() -> tuple[Row, ...]:
    bare = any_of(words.BARE_UNITS)
    return (
        ("minutes", r"(?<![\w.,])(\d{1,3})'(?![\w'])", lambda m: f"{numbers.counted(m[1])} phút"),
        ("degrees", rf"{START}độ C{END}", lambda _: "độ xê"),
        ("unit attached", rf"(?<![\w.,])({NUMBER})([KVW]){END}", _attached),
        ("unit", rf"(?<=\d) ?({_UNIT})((?:/(?:\d{{1,2}}h|(?:1 )?(?:{_EACH}){END})){{0,3}})(?!\w)", _unit),
        ("unit alone", rf"(?<![\w/])({bare}){END}", lambda m: words.UNITS[m[1]]),
        ("each", rf"(?<=[^\W\d]) ?/ ?({_EACH}){END}", lambda m: f" một {words.UNITS.get(m[1], m[1])}"),
    )


def _attached(match: Match) -> str:
    return f"{numbers.quantity(match[1])} {_ATTACHED[match[2]]}"


def _unit(match: Match) -> str:
    said = f" {words.UNITS[match[1]]}"
    for each in match[2].split("/")[1:]:
        counted = each.removeprefix("1 ")
        if counted[0].isdigit():
            said += f" trong {numbers.counted(counted[:-1])} giờ"
        else:
            said += f" một {words.UNITS.get(counted, counted).replace('.', ' ')}"
    return said


def _numbered(match: Match) -> str:
    return f"{match[1]} {_dotted(match[2])}"


def _dotted(written: str) -> str:
    return " chấm ".join(numbers.counted(each) for each in written.split("."))


def _points(match: Match) -> str:
    written = match[0]
    if re.fullmatch(NUMBER, written):
        return f" {numbers.quantity(written)} "
    if "." not in written:
        return " " + ", ".join(numbers.counted(each) for each in written.split(",")) + " "
    return " " + re.sub(r"[.,]", " chấm ", re.sub(r"\d+", lambda m: numbers.counted(m[0]), written)) + " "


def _code(match: Match) -> str | None:
    # Letters and digits in one word: H5N1, 12A, VTV1.
    word = match[0].replace("_", " ")
    if not any(map(str.isalpha, word)) or not any(map(str.isdigit, word)):
        return None
    return " ".join("chấm" if each == "." else _part(each) for each in re.findall(r"\d+|[^\W\d]+|\.", word))


def _part(part: str) -> str:
    if part.isdigit():
        short = len(part) <= _LONGEST_IN_CODE
        return numbers.counted(part) if short and not part.startswith("0") else numbers.digits(part)
    if part in ABBREVIATIONS:
        return ABBREVIATIONS[part]
    return part if len(part) > 1 and has_vowel(part) and not part.isupper() else spell(part)


def enumerated(written: str) -> str:
    """The number or letter before a paragraph: "1.2" -> "một chấm hai", "a" -> "a", "b" -> "bê"."""
    return _dotted(written) if written[0].isdigit() else spell(written)
