"""Where things stand in the calendar of a week."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.web.calendarviews import MOST_ROWS, Band, Cell, Fate, OccurrenceShown, WeekShown, lay_out, monday_of

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MONDAY = date(2026, 3, 2)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE)


def shown(title: str, begin: datetime, minutes: float) -> OccurrenceShown:
    return OccurrenceShown(
        schedule_id=title,
        original=begin.replace(tzinfo=None),
        starts_at=begin.astimezone(UTC),
        ends_at=begin + timedelta(minutes=minutes),
        title=title,
        fate=Fate.PLAYS,
        said_sentence="will play",
    )


def laid(*occurrences: OccurrenceShown, quiet: list[tuple[datetime, datetime]] | None = None) -> WeekShown:
    return lay_out(MONDAY, ZONE, date(2026, 3, 4), occurrences, quiet=quiet or [])


def cells(week: WeekShown, day: int = 0) -> list[tuple[str, int]]:
    """The titles of each place of a day, and its lane."""
    return [
        ("+".join(one.title for one in place.held), place.lane)
        for place in week.days[day].places
        if isinstance(place, Cell)
    ]


def test_a_week_begins_on_monday_and_knows_today() -> None:
    week = laid()
    assert monday_of(date(2026, 3, 8)) == MONDAY
    assert [day.today for day in week.days] == [False, False, True, False, False, False, False]
    assert [day.over for day in week.days] == [True, True, False, False, False, False, False]
    assert (week.previous, week.following, week.current, week.count) == (date(2026, 2, 23), date(2026, 3, 9), True, 0)


def test_two_that_overlap_stand_side_by_side_and_the_next_has_the_whole_width() -> None:
    week = laid(shown("a", at(2, 17), 30), shown("b", at(2, 17, 15), 30), shown("c", at(2, 17, 45), 15))
    assert cells(week) == [("a", 1), ("b", 2), ("c", 0)]


def test_one_after_another_each_has_the_whole_width_though_they_share_an_hour() -> None:
    week = laid(shown("a", at(2, 17), 5), shown("b", at(2, 17, 5), 5), shown("c", at(2, 17, 10), 5))
    assert cells(week) == [("a", 0), ("b", 0), ("c", 0)]


def test_three_at_once_stand_in_one_box() -> None:
    week = laid(*(shown(title, at(2, 17), 10) for title in "abc"), shown("d", at(2, 18), 10))
    assert cells(week) == [("a+b+c", 0), ("d", 0)]


def test_what_begins_at_one_time_stands_in_one_row_on_all_days() -> None:
    week = laid(shown("a", at(2, 17), 10), shown("b", at(4, 17), 30), shown("c", at(5, 5), 1))
    rows = [place.first_row for day in week.days for place in day.places if isinstance(place, Cell)]
    assert rows[0] == rows[1] > rows[2] >= 2, "the first row is that of the heads"
    assert [mark.clock for mark in week.marks] == ["05:00", "17:00"]


def test_an_instant_belongs_to_the_day_of_the_station_and_ends_with_it() -> None:
    week = laid(shown("late", at(3, 23, 50), 20), shown("early", at(3, 0, 5), 10))
    assert cells(week, 1) == [("early", 0), ("late", 0)]
    assert cells(week, 2) == []
    late = week.days[1].places[-1]
    assert isinstance(late, Cell)
    assert late.end_row == week.end_row


def test_quiet_hours_are_a_band_on_each_day_that_they_touch() -> None:
    week = laid(shown("a", at(3, 5), 10), quiet=[(at(2, 22), at(3, 5))])
    first, second = ([place for place in day.places if isinstance(place, Band)] for day in week.days[:2])
    assert [(one.starts, one.ends) for one in first] == [("22:00", "24:00")]
    assert [(one.starts, one.ends) for one in second] == [("00:00", "05:00")]
    cell = next(place for place in week.days[1].places if isinstance(place, Cell))
    assert cell.first_row == second[0].end_row, "what begins when quiet ends is not drawn in it"


def test_a_week_with_hundreds_keeps_within_the_rows_that_there_are() -> None:
    many = [
        shown(f"{day} {number}", at(day, 5) + timedelta(minutes=7 * number), 6)
        for day in range(2, 9)
        for number in range(90)
    ]
    week = laid(*many)
    assert week.count == 630
    assert week.end_row <= MOST_ROWS + 2
    places = [place for day in week.days for place in day.places]
    assert all(2 <= place.first_row < place.end_row <= week.end_row for place in places)
    assert sum(len(place.held) for place in places if isinstance(place, Cell)) == 630


def test_what_takes_no_time_is_still_there() -> None:
    (place,) = laid(shown("a", at(2, 17), 0)).days[0].places
    assert place.end_row > place.first_row
