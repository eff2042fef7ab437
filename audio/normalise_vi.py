"""Pure: a Vietnamese text as it is written -> as a person would read it aloud, for a voice that misreads the rest.

The rules stand in one table, `rules()`, and are applied from top to bottom, each on the result of the one before: the
more specific first, single numbers and letters last. A rule is a name, a pattern, and what is said for a match. To
teach an abbreviation or a unit, add a line to `words_vi`; to teach a way of writing, add a rule and a case to the test.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from audio import numbers_vi as numbers
from audio import words_vi as words

NOTHING: Mapping[str, str] = MappingProxyType({})
Match = re.Match[str]
_Table = tuple[tuple[str, str, Callable[[Match], str | None]], ...]
# Vietnamese letters count as letters; a digit or a letter beside a match makes it another word.
_NOT_AFTER = r"(?<![\w])"
_NOT_BEFORE = r"(?![\w])"
_WHOLE = r"\d{1,3}(?:\.\d{3})+(?!\d)|\d+"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:1[89]|20|21)\d\d"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is said for what matches; `said` may return None to leave a match as it is."""

    name: str
    pattern: re.Pattern[str]
    said: Callable[[Match], str | None]

    def apply(self, text: str) -> str:
        """The text with every match said."""

        def replacement(match: Match) -> str:
            said = self.said(match)
            return match[0] if said is None else said

        return self.pattern.sub(replacement, text)


def normalise(text: str, pronunciations: Mapping[str, str] = NOTHING) -> str:
    """The text to give to a Vietnamese voice: no digit is left, and no known abbreviation.

    `pronunciations` are a station's own: whole words as written -> as spoken; they go before everything else.
    """
    text = unicodedata.normalize("NFC", text)
    for written, spoken in pronunciations.items():
        text = Rule("own", re.compile(rf"(?<!\w){re.escape(written)}(?!\w)"), _always(spoken)).apply(text)
    for rule in rules():
        text = rule.apply(text)
    return _tidy(text)


def _always(spoken: str) -> Callable[[Match], str]:
    return lambda _: spoken


@cache
def rules() -> tuple[Rule, ...]:
    """The table of rules, compiled at the first use."""
    return tuple(Rule(name, re.compile(pattern), said) for name, pattern, said in _table())


def _table() -> _Table:
    return (*_documents_and_phones(), *_times(), *_titles_and_quantities(), *_whatever_is_left())


def _documents_and_phones() -> _Table:
    kinds = _any_of(words.DOCUMENTS)
    return (
        ("document", rf"(?:\b({kinds})\s*(?:số\s*)?:?\s*)?\b(\d+)(?:/({_YEAR}))?/({kinds})-([\w-]+)", _document),
        ("document kind", rf"\b({kinds})\s+(?:số\s+)?(?=\d)", lambda m: f"{words.DOCUMENTS[m[1]]} số "),
        ("phone", r"(?<![\w.,])(?:\+84|0)(?:[ .-]?\d){8,10}(?![\w])", _phone),
        ("hotline", r"(?<![\w.,])(1[89]00)[ .]?(\d{2,4})[ .]?(\d{0,4})(?![\w])", lambda m: _groups(m.groups())),
        ("dialled", rf"(?i)\b({_any_of(words.DIALLED_AFTER)})(:?\s+)(\d{{3,4}})(?!\w|[.,/]\d)", _dialled),
    )


def _times() -> _Table:
    return (
        ("clock range", r"\b(\d{1,2})h(\d{2})?\s*[-–]\s*(\d{1,2})h(\d{2})?\b", _clock_range),
        ("clock", r"(?<![\d.,/])([01]?\d|2[0-4])\s?(?:h|g|giờ)\s?([0-5]\d)(?:'|’|ph|p)?(?![\w.,]\d|\w)", _clock),
        ("clock colon", r"(?<![\d.,/:])([01]?\d|2[0-4]):([0-5]\d)(?::[0-5]\d)?(?![\w:])", _clock),
        ("full hour", r"(?<![\d.,/])([01]?\d|2[0-4])\s?(?:h|g)(?!\w)", lambda m: f"{_whole(m[1])} giờ"),
        ("date range", rf"(?<![\d/])({_DAY})\s*[-–]\s*({_DAY})/({_MONTH})(?:/({_YEAR}))?(?![\d/])", _date_range),
        ("full date", rf"(?i)(\bngày\s+)?(?<![\d/])({_DAY})[/.-]({_MONTH})[/.-]({_YEAR})(?![\d/])", _date),
        ("month and year", rf"(?i)(\btháng\s+)?(?<![\d/])({_MONTH})[/-]({_YEAR})(?![\d/])", _month_year),
        ("share", rf"(?<![\d/])(\d+)/(\d+)(?=\s+(?:{_any_of(words.SHARE_BEFORE)})\b)", _share),
        (
            "date",
            rf"(?i)(\b(?:ngày|mùng|rằm|sáng|chiều|tối|trưa)\s+)?(?<![\d/])({_DAY})[/]({_MONTH})(?![\d/]|\w)",
            _date,
        ),
        ("day", r"(?i)\bngày\s+(0?[1-9]|10)(?=\s+tháng)", lambda m: f"{m[0][:4]} {numbers.day(int(m[1]))}"),
        ("month", rf"(?i)\b(tháng)\s+({_MONTH})(?![\w/]|[.,]\d)", lambda m: f"{m[1]} {numbers.month(int(m[2]))}"),
        ("weekday", r"(?i)\b(thứ)\s+4\b(?![.,/]\d)", lambda m: f"{m[1]} tư"),
    )


def _titles_and_quantities() -> _Table:
    units = _any_of(words.UNITS)
    return (
        ("title", rf"(?<!\w)({_any_of(words.TITLES)})\.\s?(?=[A-ZĐÂĂÊÔƠƯ\d])", lambda m: f"{words.TITLES[m[1]]} "),
        ("title with slash", r"(?<!\w)(Đ/c|đ/c|Ông/bà|ông/bà)(?!\w)", lambda m: words.TITLES[m[1]]),
        ("roman", rf"(?i:\b({_any_of(words.ROMAN_AFTER)}))\s+([IVXLCDM]+)\b", _roman),
        ("money", rf"({_WHOLE})\s?(?:đ|₫)(?![\w/])", lambda m: f"{_whole(m[1])} đồng"),
        ("range", rf"(?<![\w.,/-])({_WHOLE}|\d+,\d+)\s*[-–]\s*({_WHOLE}|\d+,\d+)(?![\d/-])", _range),
        ("minus", r"(?<![\w\d])[-−](?=\d)", lambda m: "âm "),
        ("per unit", rf"(\d)\s?({units})/(24h|ngày|giờ|người|hộ|tháng|năm|lít|kg|ha|m2|m²|sào|tấn)(?!\w)", _per_unit),
        ("unit", rf"(?<=\d)(\s?)({units})(?!\w)", lambda m: f" {words.UNITS[m[2]]}"),
    )


def _whatever_is_left() -> _Table:
    return (
        ("abbreviation", rf"{_NOT_AFTER}({_any_of(words.ABBREVIATIONS)}){_NOT_BEFORE}", _abbreviation),
        ("decimal", r"(?<![\w.,])(\d+),(\d+)(?![\d,])", lambda m: f" {numbers.decimal(m[1], m[2])} "),
        ("grouped decimal", r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+),(\d+)(?!\d)", _grouped_decimal),
        ("grouped", r"(?<![\d.,])\d{1,3}(?:\.\d{3})+(?!\d)", lambda m: f" {_whole(m[0])} "),
        ("point", r"(?<![\d.])(\d+)\.(\d{1,2})(?![\d.])", lambda m: f" {_whole(m[1])} chấm {_whole(m[2])} "),
        ("per", r"(?<=\w)\s*/\s*(?=\w)", lambda m: " trên "),
        ("number", r"\d+", lambda m: f" {numbers.whole(_ascii(m[0]))} "),
        ("spelled", rf"{_NOT_AFTER}[BCDĐGHKLMNPQRSTVXFJWZ]{{2,6}}{_NOT_BEFORE}", _spelled),
        ("symbol", f"[{re.escape(''.join(words.SYMBOLS))}]", lambda m: words.SYMBOLS[m[0]]),
    )


def _any_of(table: Mapping[str, str] | tuple[str, ...]) -> str:
    return "|".join(re.escape(each) for each in sorted(table, key=len, reverse=True))


def _ascii(digits: str) -> str:
    return "".join(str(unicodedata.digit(each, 0)) for each in digits)


def _whole(written: str) -> str:
    plain = _ascii(written.replace(".", ""))
    # 05 in a time or a date is five.
    return numbers.whole(plain.lstrip("0") or "0") if len(plain) == 2 else numbers.whole(plain)


def _quantity(written: str) -> str:
    integer, comma, fraction = written.partition(",")
    return numbers.decimal(integer, fraction) if comma else _whole(written)


def _document(match: Match) -> str:
    kind, number, year, inner, issuers = match.groups()
    said = [words.DOCUMENTS[kind or inner], numbers.whole(number.lstrip("0") or "0")]
    if year:
        said.append(f"năm {_whole(year)}")
    named = [words.ISSUERS.get(each) or words.ABBREVIATIONS.get(each) for each in issuers.split("-")]
    if all(named):
        said.append("của " + " ".join(each for each in named if each))
    else:
        said.append(" ".join(each or _spell(raw) for each, raw in zip(named, issuers.split("-"), strict=True)))
    return " ".join(said)


def _phone(match: Match) -> str:
    number = re.sub(r"\D", "", match[0].replace("+84", "0"))
    first = number[:4] if len(number) == 10 else number[: len(number) % 3 + 3]
    rest = number[len(first) :]
    return _groups((first, *(rest[start : start + 3] for start in range(0, len(rest), 3))))


def _groups(groups: tuple[str | None, ...]) -> str:
    return ", ".join(numbers.digits(_ascii(group)) for group in groups if group)


def _dialled(match: Match) -> str:
    return f"{match[1]}{match[2]}{numbers.digits(_ascii(match[3]))}"


def _clock(match: Match) -> str:
    hour, minute = match[1], match[2]
    said = f"{_whole(hour)} giờ"
    return said if minute == "00" else f"{said} {_whole(minute)} phút"


def _clock_range(match: Match) -> str:
    first, first_minute, last, last_minute = match.groups()
    said = f"{_whole(first)} giờ" + (f" {_whole(first_minute)} phút" if first_minute not in {None, "00"} else "")
    said += f" đến {_whole(last)} giờ"
    return said + (f" {_whole(last_minute)} phút" if last_minute not in {None, "00"} else "")


def _date(match: Match) -> str:
    before, day, month, *year = match.groups()
    before = before or "ngày "
    number = int(day)
    # "mùng" is there already.
    said = numbers.whole(str(number)) if before.lower().startswith("mùng") else numbers.day(number)
    said = f"{before}{said} tháng {numbers.month(int(month))}"
    return f"{said} năm {_whole(year[0])}" if year and year[0] else said


def _date_range(match: Match) -> str:
    first, last, month, year = match.groups()
    said = f"{numbers.day(int(first))} đến {numbers.day(int(last))} tháng {numbers.month(int(month))}"
    return f"{said} năm {_whole(year)}" if year else said


def _month_year(match: Match) -> str:
    before, month, year = match.groups()
    return f"{before or 'tháng '}{numbers.month(int(month))} năm {_whole(year)}"


def _share(match: Match) -> str:
    below = "tư" if match[2] == "4" else _whole(match[2])
    return f"{_whole(match[1])} phần {below}"


def _range(match: Match) -> str:
    return f"{_quantity(match[1])} đến {match[2]}"


def _roman(match: Match) -> str | None:
    value = numbers.roman(match[2])
    if value is None:
        return None
    if match[1].lower().endswith("thứ") and value in {1, 4}:
        return f"{match[1]} {'nhất' if value == 1 else 'tư'}"
    return f"{match[1]} {numbers.whole(str(value))}"


def _per_unit(match: Match) -> str:
    below = {"24h": "hai mươi tư giờ", "giờ": "giờ"}.get(match[3]) or words.UNITS.get(match[3], match[3])
    return (
        f"{match[1]} {words.UNITS[match[2]]} một {below}"
        if match[3] != "24h"
        else (f"{match[1]} {words.UNITS[match[2]]} trong {below}")
    )


def _abbreviation(match: Match) -> str:
    return words.ABBREVIATIONS[match[1]]


def _grouped_decimal(match: Match) -> str:
    return f" {numbers.decimal(match[1].replace('.', ''), match[2])} "


def _spelled(match: Match) -> str:
    return _spell(match[0])


def _spell(letters: str) -> str:
    return " ".join(words.LETTERS.get(each.upper(), numbers.digits(each) or each) for each in letters)


# What only guides the eye; square brackets would switch espeak-ng to phonemes.
_PAUSES = str.maketrans(dict.fromkeys("()[]{}|*_#~^`\\", ", ") | dict.fromkeys("\"“”«»„'’‘", "") | {"…": "."})


def _tidy(text: str) -> str:
    text = text.translate(_PAUSES)
    text = re.sub(r"(?<=\s)[-–—]+(?=\s)", ",", text)
    text = re.sub(r"[-–—]+", " ", text)
    text = re.sub(r"[^\S\n]+", " ", text)
    text = re.sub(r" ?([,.;:!?])(?:[ ,]*,)*", r"\1", text)
    text = re.sub(r"([,;:])(?=[.!?])", "", text)
    return re.sub(r" ?\n ?", "\n", text).strip(" ,")
