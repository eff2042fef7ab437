"""Sentences of rules in Vietnamese. Times are on the 24-hour clock (17:00), days as ngày 02/09/2026."""

from collections.abc import Sequence
from datetime import date, datetime, time

from schedules.recurrence.rule import ByDay, OnHoliday
from schedules.recurrence.sentences_facts import (
    Changes,
    EveryDay,
    Facts,
    MonthDays,
    NthWeekdays,
    Unit,
    Weekdays,
    WeekNumbers,
    WorkingDays,
    YearDays,
    hourly,
    lacking,
    runs,
)

_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
_PERIODS = {Unit.DAY: "ngày", Unit.WEEK: "tuần", Unit.MONTH: "tháng", Unit.YEAR: "năm"}
_LISTED = 6
"""So many moments are listed one by one; of more, the last ones are counted."""


def sentence(facts: Facts) -> str:
    """The facts of a rule as one sentence."""
    if facts.unit is Unit.NONE:
        said = [_once(facts.extra)]
    else:
        days = _days(facts) + "".join(_narrowed(facts))
        comma = "," if "," in days or hourly(facts.times) else ""
        said = [f"{days}{comma} {_times(facts.times)}", *_chosen(facts), *_ends(facts)]
    match facts.on_holiday:
        case OnHoliday.SKIP:
            said.append("không phát vào ngày nghỉ lễ, Tết")
        case OnHoliday.ONLY:
            said.append("chỉ phát vào ngày nghỉ lễ, Tết")
    if facts.zone is not None:
        said.append(f"theo giờ {facts.zone}")
    text = ", ".join(said)
    if facts.unit is not Unit.NONE and facts.extra:
        text += f"; phát thêm lúc {_moments(facts.extra)}"
    return text[0].upper() + text[1:] + "."


def changes(counted: Changes) -> str:
    """How many occurrences were changed, as a sentence; empty where none was."""
    said = [
        f"{number} lần {what}"
        for number, what in (
            (counted.moved, "đã dời sang lúc khác"),
            (counted.cancelled, "đã hủy"),
            (counted.replaced, "đã thay nội dung"),
            (counted.moved_and_replaced, "vừa dời vừa thay nội dung"),
        )
        if number
    ]
    return f"Trong đó có {_and(said)}." if said else ""


def _once(moments: Sequence[datetime]) -> str:
    if len(moments) == 1:
        return f"một lần, lúc {_moment(moments[0])}"
    return f"{len(moments)} lần, lúc {_moments(moments)}"


def _days(facts: Facts) -> str:  # noqa: PLR0911 - one a kind of days
    """The days with their period: "thứ Hai hằng tuần", "cứ 2 tháng một lần, vào ngày 1"."""
    period = _PERIODS[facts.unit]
    if facts.every > 1 or facts.positions:
        lunar = " âm lịch" if facts.lunar and facts.unit in (Unit.MONTH, Unit.YEAR) else ""
        head = f"cứ {facts.every} {period}{lunar} một lần" if facts.every > 1 else f"hằng {period}{lunar}"
        inside = _inside(facts)
        return f"{head}, vào {inside}{_note(facts)}" if inside else head
    match facts.days:
        case EveryDay():
            return f"hằng {period}"
        case Weekdays((0, 1, 2, 3, 4)):
            return "các ngày trong tuần (thứ Hai đến thứ Sáu)"
        case Weekdays((5, 6)):
            return "cuối tuần (thứ Bảy và Chủ nhật)"
        case MonthDays(days) if facts.unit is Unit.MONTH and days[-1] > 0:
            lunar = " âm lịch" if facts.lunar else ""
            return f"{_named(facts)}{lunar} hằng tháng{_note(facts)}"
        case MonthDays() | NthWeekdays() | WorkingDays() if facts.unit is Unit.MONTH:
            return f"{_named(facts)} của mỗi tháng{' âm lịch' if facts.lunar else ''}{_note(facts)}"
        case YearDays() | WeekNumbers() | NthWeekdays(of_year=True):
            return f"{_named(facts)} của mỗi năm"
        case _:
            return f"{_inside(facts)} hằng {period}{_note(facts)}"


def _inside(facts: Facts) -> str:  # noqa: PLR0911 - one a kind of days
    """The days within their period, which is named before or behind; empty where it is every day of a day."""
    named, of_period = _named(facts), f" của {_PERIODS[facts.unit]}"
    match facts.days:
        case EveryDay():
            return "" if facts.unit is Unit.DAY else "mọi ngày"
        case Weekdays() if facts.unit is Unit.YEAR and facts.months:
            return f"mọi {named} của {_months(facts)}"
        case Weekdays() if facts.unit in (Unit.MONTH, Unit.YEAR):
            return f"mọi {named}"
        case NthWeekdays() | MonthDays() if facts.unit is Unit.YEAR and facts.months:
            return _in_year(facts)
        case MonthDays() if facts.unit is Unit.YEAR:
            return f"{named} của mỗi tháng{' âm lịch (không kể tháng nhuận)' if facts.lunar else ''}"
        case MonthDays(days) if days[-1] < 0:
            return named + of_period
        case NthWeekdays() | WorkingDays() | YearDays() | WeekNumbers():
            return named + of_period
        case _:
            return named


def _in_year(facts: Facts) -> str:
    """Days of months that are named, the feasts among them by their name."""
    named, days = _named(facts), facts.days
    match days:
        case MonthDays(numbers) if facts.lunar and facts.months == (1,) and numbers[0] > 0 and 0 < numbers[-1] <= 7:
            return f"{named} Tết"
        case MonthDays((-1,)) if facts.lunar and facts.months == (12,):
            return "ngày giao thừa (ngày cuối cùng của năm âm lịch)"
        case MonthDays(numbers) if len(facts.months) == 1 and numbers[-1] > 0:
            return f"{named} {_months(facts)}"
        case _:
            return f"{named} của {_months(facts)}"


def _named(facts: Facts) -> str:  # noqa: PLR0911 - one a kind of days
    """The days alone."""
    match facts.days:
        case EveryDay():
            return "mọi ngày"
        case Weekdays(days):
            return _weekdays(days)
        case WorkingDays(places):
            return f"ngày làm việc {_and([_nth(place) for place in places])} (thứ Hai đến thứ Sáu)"
        case NthWeekdays(days):
            return _and([_nth_weekday(day) for day in days])
        case MonthDays(days):
            return _month_days(days, facts.lunar, alone=facts.unit is Unit.MONTH)
        case YearDays(days):
            return _and([f"ngày {_nth(day)}" for day in days])
        case WeekNumbers(weeks, days):
            return f"{_weekdays(days)} {_weeks(weeks)}"


def _narrowed(facts: Facts) -> list[str]:
    """What narrows the days further, each with its comma."""
    said = []
    months_said = facts.unit is Unit.YEAR and isinstance(facts.days, MonthDays | NthWeekdays | Weekdays)
    if facts.months and not months_said:
        said.append(f", chỉ trong {_months(facts)}")
    if facts.only_month_days:
        lunar = " âm lịch" if facts.lunar else ""
        said.append(
            f", chỉ khi rơi vào {_month_days(facts.only_month_days, facts.lunar, last='hoặc')} của tháng{lunar}"
        )
    if facts.only_year_days:
        days = _and([f"ngày {_nth(day)}" for day in facts.only_year_days], "hoặc")
        said.append(f", chỉ khi rơi vào {days} của năm{' âm lịch' if facts.lunar else ''}")
    if facts.only_weeks:
        said.append(f", chỉ trong {_weeks(facts.only_weeks)} của năm")
    if facts.only_weekdays:
        said.append(f", chỉ khi rơi vào {_and([_nth_weekday(day) for day in facts.only_weekdays], 'hoặc')}")
    if facts.week_start is not None:
        said.append(f", tuần tính từ {_WEEKDAYS[facts.week_start]}")
    return said


def _chosen(facts: Facts) -> list[str]:
    if not facts.positions:
        return []
    what = "ngày" if len(facts.times) == 1 and facts.unit is not Unit.DAY else "lần phát"
    return [
        f"chỉ lấy {_and([f'{what} {_nth(position)}' for position in facts.positions])} trong {_PERIODS[facts.unit]}"
    ]


def _ends(facts: Facts) -> list[str]:
    said = [f"từ {_edge(facts.since)}"]
    if facts.until is not None:
        whole = not isinstance(facts.until, datetime)
        said[0] += f" đến {'hết ' if whole else ''}{_edge(facts.until)}"
    if facts.count is not None:
        said.append("chỉ một lần" if facts.count == 1 else f"tổng cộng {facts.count} lần")
    return said


def _edge(edge: date | datetime) -> str:
    return f"{_clock(edge.time())} ngày {_date(edge)}" if isinstance(edge, datetime) else f"ngày {_date(edge)}"


def _month_days(days: Sequence[int], lunar: bool, *, last: str = "và", alone: bool = False) -> str:
    """Days by number: "ngày 1 đến ngày 7 và ngày cuối cùng"; of the moon: "mùng một và ngày rằm"."""
    first_in_words = lunar and alone
    said = []
    for first, until in runs([day for day in days if day > 0]):
        if first != until:
            said.append(f"{_month_day(first, lunar)} đến {_month_day(until, lunar)}")
        else:
            said.append("mùng một" if first == 1 and first_in_words else _month_day(first, lunar))
    said += [f"ngày {_nth(day)}" for day in days if day < 0]
    return _and(said, last)


def _month_day(day: int, lunar: bool) -> str:
    if lunar and day <= 10:
        return f"mùng {day}"
    return "ngày rằm" if lunar and day == 15 else f"ngày {day}"


def _weekdays(days: Sequence[int]) -> str:
    return _and(
        [
            _WEEKDAYS[first] if first == until else f"{_WEEKDAYS[first]} đến {_WEEKDAYS[until]}"
            for first, until in runs(days)
        ]
    )


def _nth_weekday(day: ByDay) -> str:
    return f"{_WEEKDAYS[day.weekday]} {_nth(day.nth)}" if day.nth else _WEEKDAYS[day.weekday]


def _nth(number: int) -> str:
    """A place in an order: "đầu tiên", "thứ 3", "thứ 2 từ cuối lên", "cuối cùng"."""
    if number in (1, -1):
        return "đầu tiên" if number == 1 else "cuối cùng"
    return f"thứ {number}" if number > 0 else f"thứ {-number} từ cuối lên"


def _weeks(weeks: Sequence[int]) -> str:
    return _and([f"tuần {week}" if week > 0 else f"tuần {_nth(week)}" for week in weeks])


def _months(facts: Facts) -> str:
    if not facts.lunar:
        return _and([f"tháng {month}" for month in facts.months])
    names = {1: "tháng Giêng", 12: "tháng Chạp"}
    return _and([names.get(month, f"tháng {month}") for month in facts.months]) + " âm lịch"


def _note(facts: Facts) -> str:
    if not lacking(facts):
        return ""
    if facts.lunar:
        return " (tháng thiếu không có ngày 30)"
    period = "năm" if facts.months == (2,) else "tháng"
    return f" ({period} nào không có ngày đó thì bỏ qua)"


def _times(times: Sequence[time]) -> str:
    every = hourly(times)
    if every is None:
        return f"lúc {_and([_clock(moment) for moment in times])}"
    within = f"từ {_clock(times[0])} đến {_clock(times[-1])}"
    if len(every.minutes) == 1:
        return f"mỗi giờ một lần {within}"
    return f"mỗi giờ vào phút {_and([f'{minute:02}' for minute in every.minutes])}, {within}"


def _moments(moments: Sequence[datetime]) -> str:
    said = [_moment(moment) for moment in moments[:_LISTED]]
    if len(moments) > _LISTED:
        said.append(f"{len(moments) - _LISTED} lần nữa, lần cuối {_moment(moments[-1])}")
    return _and(said)


def _moment(moment: datetime) -> str:
    return f"{_clock(moment.time())} {_WEEKDAYS[moment.weekday()]} ngày {_date(moment)}"


def _clock(moment: time) -> str:
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def _date(day: date) -> str:
    return f"{day.day:02}/{day.month:02}/{day.year}"


def _and(words: Sequence[str], last: str = "và") -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else words[0]
