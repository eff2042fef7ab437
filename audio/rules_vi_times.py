"""Pure rules: clock times, dates, their ranges, days of the week."""

import re

from audio import numbers_vi as numbers
from audio import words_vi as words
from audio.rules_vi import DAY, END, MONTH, START, TO, YEAR, Match, Row, any_of

_HOUR = r"(?:[01]?\d|2[0-4])"
_MINUTE = r"[0-5]\d"
_CLOCK = rf"{_HOUR} ?(?:h:?|H:?|g|giờ|GIỜ) ?{_MINUTE}(?:'|ph|p)?(?:(?![\w])|(?= phút))(?: phút{END})?"
_COLON = rf"{_HOUR}:{_MINUTE}(?::{_MINUTE})?"
_FULL = rf"{_HOUR}[hH]{END}"
_TIME = rf"(?:{_CLOCK}|{_COLON}(?![\w:])|{_FULL})"
_NOT_IN = r"(?<![\w.,/:-])"
_DATE = rf"{DAY}/{MONTH}(?:/(?:{YEAR}|\d\d))?"
_G_BEFORE = ("lúc", "từ", "đến", "hồi", "vào", "trước", "sau", "khoảng", "tới", "đúng", "vào lúc")
_G_AFTER = ("sáng", "trưa", "chiều", "tối", "đêm", "khuya", "ngày", "hôm", "thứ", "mỗi", "cùng", "kém")
_LUNAR = frozenset({"mùng", "mồng", "rằm"})
_WEEKDAYS = {"2": "thứ hai", "3": "thứ ba", "4": "thứ tư", "5": "thứ năm", "6": "thứ sáu", "7": "thứ bảy"}


def rows() -> tuple[Row, ...]:
    """The rules of this kind, in order."""
    return (*_lists(), *_clocks(), *_ranges_of_dates(), *_dates(), *_days())


def _lists() -> tuple[Row, ...]:
    # Numbers of things, with commas between and no space: none of them is a decimal fraction.
    things = "lớp|tổ|thôn|khu phố|khu|xóm|ấp|khối|nhóm|mũi|đợt|quận|phường|tuần|bản|buôn|lần"
    return (
        ("things", rf"{START}((?i:{things})) (\d{{1,2}}+(?:,\d{{1,2}}+)++)(?![\w%]|[./]\d)", _listed),
        ("days or months", rf"{START}((?i:ngày|tháng|năm)) (\d{{1,4}}+(?:,\d{{1,4}}+){{2,30}})(?!\w|[.]\d)", _listed),
        ("days before a month", rf"{START}((?i:ngày)) ({DAY}(?:,{DAY}){{1,9}})(?=/{MONTH}(?!\d))", _listed),
        (
            "weekdays in a row",
            rf"{START}((?i:thứ)) ([2-7])((?:(?:, ?| và )[2-7](?!\w))++)(?!/|[.,]\d)",
            _weekdays_listed,
        ),
    )


def _listed(match: Match) -> str:
    return f"{match[1]} {match[2].replace(',', ', ')}"


def _weekdays_listed(match: Match) -> str:
    others = re.sub(r", ?", ", ", re.sub(r"[2-7]", lambda day: _WEEKDAYS[day[0]], match[3]))
    return f"{match[1]} {numbers.ordinal(int(match[2]))}{others}"


def _clocks() -> tuple[Row, ...]:
    return (
        ("scale", rf"{START}((?i:tỷ lệ|tỉ lệ)) (\d{{1,3}}+):(\d{{1,6}}+)(?![\w:])", _scale),
        ("score", rf"{START}((?i:{any_of(words.SCORE_AFTER)})) (\d{{1,2}}+) ?[-:] ?(\d{{1,2}}+)(?![\w:/-])", _score),
        ("hours", rf"{_NOT_IN}({_HOUR}){TO}({_HOUR})(?:[hHg]| giờ)(?![\w])", _hours),
        ("clock range", rf"{_NOT_IN}({_TIME}){TO}({_TIME})(?![\w:])", lambda m: f"{_said(m[1])} đến {_said(m[2])}"),
        ("clock", rf"{_NOT_IN}(?:{_CLOCK}|{_COLON})(?![\w:]|[.,]\d)", lambda m: _said(m[0])),
        ("full hour", rf"{_NOT_IN}({_HOUR})[hH]{END}", lambda m: f"{numbers.counted(m[1])} giờ"),
        (
            "hour after",
            rf"{START}((?i:{any_of(_G_BEFORE)})) ({_HOUR})g{END}",
            lambda m: f"{m[1]} {numbers.counted(m[2])} giờ",
        ),
        (
            "hour before",
            rf"{_NOT_IN}({_HOUR})g(?= (?:{any_of(_G_AFTER)}){END})",
            lambda m: f"{numbers.counted(m[1])} giờ",
        ),
        ("half of the day", r"(?:(?<=giờ)|(?<=phút)) ?(AM|PM|am|pm)(?!\w)", _half),
        ("minutes and seconds", rf"{_NOT_IN}(\d{{1,2}})'(\d{{1,2}})(?:''|\")", _minutes),
    )


def _scale(match: Match) -> str:
    return f"{match[1]} {numbers.counted(match[2])} trên {numbers.counted(match[3])}"


def _score(match: Match) -> str:
    return f"{match[1]} {numbers.counted(match[2])} {numbers.counted(match[3])}"


def _hours(match: Match) -> str:
    return f"{numbers.counted(match[1])} đến {numbers.counted(match[2])} giờ"


def _said(written: str) -> str:
    hour, *rest = re.findall(r"\d+", written)
    said = f"{numbers.counted(hour)} giờ"
    seconds = rest[1] if len(rest) > 1 else "00"
    if rest and (rest[0] != "00" or seconds != "00"):
        said += f" {numbers.counted(rest[0])} phút"
    return said if seconds == "00" else f"{said} {numbers.counted(seconds)} giây"


def _half(match: Match) -> str:
    return " sáng" if match[1].lower() == "am" else " chiều"


def _minutes(match: Match) -> str:
    return f"{numbers.counted(match[1])} phút {numbers.counted(match[2])} giây"


def _ranges_of_dates() -> tuple[Row, ...]:
    dashed = rf"{DAY}-{MONTH}(?![\w/-])"
    solar = [each for each in words.DATE_AFTER if each not in _LUNAR]
    before = rf"(?:{START}((?i:{any_of(words.DATE_AFTER)})) )?+"
    return (
        ("dates", rf"{before}(?<![\w/.,-])({_DATE}){TO}({_DATE})(?![\d/]|\w)", _dates_said),
        ("days of a month", rf"{before}(?<![\w/.,-])({DAY}){TO}({DAY})/({MONTH})(?:/({YEAR}))?(?![\w/])", _days_said),
        (
            "days of a named month",
            rf"{START}((?i:ngày)) ({DAY}){TO}({DAY})(?= tháng{END})",
            lambda m: f"{m[1]} {numbers.day(int(m[2]))} đến ngày {numbers.day(int(m[3]))}",
        ),
        (
            "dates with a dash",
            rf"(?<!từ )(?<!các ){START}((?i:{any_of(solar)})) ({dashed}(?:(?:, ?| và | đến | - ){dashed})*+)"
            rf"(?![\w/-]|[.,]\d| (?:tháng|hàng|hằng|mỗi){END})",
            _dashed,
        ),
        (
            "first days",
            rf"{START}((?i:mùng|mồng)) ({DAY}){TO}({DAY})(?![\w/]|[.,]\d)",
            lambda m: f"{m[1]} {numbers.counted(m[2])} đến {m[1].lower()} {numbers.counted(m[3])}",
        ),
        (
            "months",
            rf"{START}((?i:tháng)) ({MONTH}){TO}({MONTH})(?:/({YEAR}))?(?![\w/]|[.,]\d)",
            lambda m: f"{m[1]} {_month(m[2])} đến tháng {_month(m[3])}{_year(m[4])}",
        ),
    )


def _dates_said(match: Match) -> str:
    return f"{_one(match[1], match[2])} đến {_one('ngày', match[3])}"


def _days_said(match: Match) -> str:
    before, first, last, month, year = match.groups()
    return f"{_day(before, first)} đến ngày {numbers.day(int(last))} tháng {_month(month)}{_year(year)}"


def _dashed(match: Match) -> str:
    first, *others = re.findall(r"\d+-\d+", match[2])
    marks = re.findall(r", ?| và | đến | - ", match[2])
    said = _one(match[1], first)
    for mark, other in zip(marks, others, strict=True):
        said += f"{' đến ' if mark == ' - ' else mark}{_one(None, other)}"
    return said


def _one(before: str | None, written: str) -> str:
    day, month, *year = re.findall(r"\d+", written)
    return f"{_day(before, day)} tháng {_month(month)}{_year(*year)}"


def _day(before: str | None, day: str) -> str:
    before = before or "ngày"
    # "mùng" is there already.
    plain = before.lower() in _LUNAR
    return f"{before} {numbers.counted(day) if plain else numbers.day(int(day))}"


def _month(written: str) -> str:
    return numbers.month(int(written))


def _year(written: str | None = None) -> str:
    if not written:
        return ""
    return f" năm {numbers.whole(written if len(written) == 4 else f'20{written}')}"


def _dates() -> tuple[Row, ...]:
    before = rf"(?:{START}((?i:{any_of(words.DATE_AFTER)})) )?+"
    share = any_of(words.SHARE_BEFORE)
    after = any_of(words.SHARE_AFTER)
    return (
        ("year first", rf"{before}(?<![\w/.,-])({YEAR})-(0[1-9]|1[0-2])-([0-3]\d)(?![\w/-])", _year_first),
        ("full date", rf"{before}(?<![\w/.,-])({DAY}([/.-]){MONTH}\3{YEAR})(?![\w/])", lambda m: _one(m[1], m[2])),
        ("short date", rf"{before}(?<![\w/.,-])({DAY}/{MONTH}/[0-3]\d)(?![\w/])", lambda m: _one(m[1], m[2])),
        (
            "quarter and year",
            rf"{START}(?:((?i:quý)) |Q\.?(?=\d))([IV]{{1,3}}|[1-4])/({YEAR}){END}",
            lambda m: f"{m[1] or 'quý'} {_quarter(m[2])}{_year(m[3])}",
        ),
        (
            "numbered in a year",
            rf"{START}((?i:đợt|kỳ|số|lần|vòng|khóa)) (\d{{1,2}}+)/({YEAR})(?![\w/-])",
            lambda m: f"{m[1]} {numbers.counted(m[2])}{_year(m[3])}",
        ),
        (
            "month and year",
            rf"(?:{START}((?i:tháng)) |{START}T\.?)?+(?<![\d/.,-])({MONTH})[/-]({YEAR})(?![\w/-])",
            lambda m: f"{m[1] or 'tháng'} {_month(m[2])}{_year(m[3])}",
        ),
        ("share of", rf"(?<![\w/.,-])(\d{{1,2}}+)/(\d{{1,2}}+)(?= (?:{share}){END})", _share),
        ("share after", rf"{START}((?i:{after})) ([1-9])/([2-9]|10)(?![\w/]|[.,]\d)", _share_after),
        ("so many of", rf"(?<![\w/.,-])(\d++)/(\d++)(?= (?:{any_of(words.COUNTED)}){END})", _share_plain),
        ("date", rf"{before}(?<![\w/.,-])({DAY}/{MONTH})(?![\w/]|[.,]\d|-\d)", lambda m: _one(m[1], m[2])),
    )


def _year_first(match: Match) -> str | None:
    if not 1 <= int(match[4]) <= 31:
        return None
    return f"{_day(match[1], match[4])} tháng {_month(match[3])}{_year(match[2])}"


def _quarter(written: str) -> str:
    value = int(written) if written.isdigit() else numbers.roman(written) or 0
    return numbers.whole(str(value))


def _share(match: Match) -> str:
    below = "tư" if match[2] == "4" else numbers.counted(match[2])
    return f"{numbers.counted(match[1])} phần {below}"


def _share_after(match: Match) -> str | None:
    if int(match[2]) >= int(match[3]):
        return None
    below = "tư" if match[3] == "4" else numbers.counted(match[3])
    return f"{match[1]} {numbers.counted(match[2])} phần {below}"


def _share_plain(match: Match) -> str:
    return f"{numbers.counted(match[1])} trên {numbers.counted(match[2])}"


def _days() -> tuple[Row, ...]:
    named = r"tháng|và|đến|hàng|hằng|âm lịch|dương lịch|tới|này|tết|Tết|giêng|chạp"
    follows = rf"(?= (?:{named})(?!\w)|, (?!\d+ lần)|,$|[;.!?]|$)"
    return (
        (
            "day",
            rf"(?<!mỗi )(?<!một ){START}((?i:ngày)) (0?[1-9]|10){follows}",
            lambda m: f"{m[1]} {numbers.day(int(m[2]))}",
        ),
        ("month", rf"{START}((?i:tháng)) ({MONTH})(?![\w/]|[.,]\d)", lambda m: f"{m[1]} {_month(m[2])}"),
        ("weekdays", rf"{START}((?i:thứ)) ([2-7]){TO}((?i:thứ) )?([2-7]){END}", _weekdays),
        ("ordinal", rf"{START}((?i:thứ)) (\d{{1,3}}+)(?![\w/]|[.,]\d)", _ordinal),
        ("short weekdays", rf"{START}T([2-7]){TO}T?([2-7]){END}", lambda m: f"{_WEEKDAYS[m[1]]} đến {_WEEKDAYS[m[2]]}"),
        ("short weekday", rf"{START}T([2-7])(?![\w/])", lambda m: _WEEKDAYS[m[1]]),
    )


def _weekdays(match: Match) -> str:
    return f"{match[1]} {numbers.ordinal(int(match[2]))} đến {_WEEKDAYS[match[4]]}"


def _ordinal(match: Match) -> str:
    return f"{match[1]} {numbers.ordinal(int(match[2]))}"
