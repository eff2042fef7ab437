"""What the week calendar shows, and where: a week of occurrences laid on rows of time.

The axis of time is drawn like a timetable: a row begins wherever something begins or ends on one of the seven days, so
five minutes with something in them take as much room as they need, and empty hours take next to none. Two that overlap
stand side by side; three and more stand in one box, one below the other, for no column is wide enough for them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from controller.domain.schedules import ApprovalState
from controller.web.i18n import N_
from controller.web.scheduleviews import ContentOption, NextOccurrence
from controller.web.views import Track

DAY_MINUTES: Final = 24 * 60
MOST_ROWS: Final = 120
"""The style sheet has so many rows."""
COARSE_MINUTES: Final = 15
"""Where there would be more rows, they begin at whole quarters of an hour."""
HEAD_ROWS: Final = 1


class Fate(StrEnum):
    """What becomes of one occurrence, in one word for all of its speakers."""

    PLAYS = "plays"
    PARTLY = "partly"
    """On some of its speakers only."""
    CUT = "cut"
    """Less than the whole of it."""
    DISPLACED = "displaced"
    CONFLICT = "conflict"
    WAITING = "waiting"
    """For approval."""
    REFUSED = "refused"
    CANCELLED = "cancelled"
    HOLIDAY = "holiday"
    NOWHERE = "nowhere"
    """No speaker is reached."""
    OVER = "over"
    """Its time has passed; the log knows what became of it."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a fate looks: an icon, a tone and a word, so that colour never tells it alone."""

    icon: str
    tone: str
    word: str


LOOKS: Final[Mapping[Fate, Look]] = {
    Fate.PLAYS: Look("circle-check", "ok", N_("will play")),
    Fate.PARTLY: Look("circle-dashed", "warn", N_("on some speakers only")),
    Fate.CUT: Look("timer", "warn", N_("cut")),
    Fate.DISPLACED: Look("circle-slash", "warn", N_("displaced")),
    Fate.CONFLICT: Look("circle-alert", "bad", N_("conflict")),
    Fate.WAITING: Look("hourglass", "info", N_("waits for approval")),
    Fate.REFUSED: Look("shield-x", "bad", N_("not allowed")),
    Fate.CANCELLED: Look("ban", "quiet", N_("cancelled")),
    Fate.HOLIDAY: Look("skip-forward", "quiet", N_("left out on a holiday")),
    Fate.NOWHERE: Look("wifi-off", "quiet", N_("reaches no speaker")),
    Fate.OVER: Look("notebook-text", "quiet", N_("over: see the log")),
}


@dataclass(frozen=True, kw_only=True)
class OccurrenceShown:
    """One occurrence in the calendar. ``said_sentence`` is its fate in words."""

    schedule_id: str
    original: datetime
    starts_at: datetime
    ends_at: datetime
    title: str
    fate: Fate
    said_sentence: str
    airing_class: str = "ordinary"
    class_name: str = ""
    from_above: bool = False
    where: str = ""
    speakers: int = 0
    odd: bool = False
    moved: bool = False
    replaced: bool = False
    repeats: bool = False
    airing_id: str = ""
    """Of what was sent for a time, without a schedule."""

    @property
    def look(self) -> Look:
        return LOOKS[self.fate]

    @property
    def href(self) -> str:
        return f"/airings/{self.airing_id}" if self.airing_id else f"/schedules/{self.key}"

    @property
    def original_key(self) -> str:
        return key_of(self.original)

    @property
    def key(self) -> str:
        """What its address ends with."""
        return f"{self.schedule_id}/at/{self.original_key}"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """What becomes of an occurrence on some of its speakers; ``where`` says on which."""

    tone: str
    icon: str
    word: str
    sentence: str
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class OccurrencePage:
    """One occurrence with everything about it, and what was typed to change it. ``back`` leads to the calendar."""

    shown: OccurrenceShown
    fate_word: str
    reasons: Sequence[Reason]
    where: str
    planned_by: str
    rule_sentence: str
    track: Track
    next: Sequence[NextOccurrence]
    contents: Sequence[ContentOption]
    may_change: bool
    approval: ApprovalState
    waits: bool
    back: str
    clashes: bool = False
    sent_back: str = ""
    sent_back_by: str = ""
    problem: str = ""
    move_problem: str = ""
    typed_to: str = ""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What stands in one place of a day: one occurrence, or several that overlap. ``lane`` is 0 for the whole width of
    the day, 1 for its left half, 2 for the right.
    """

    first_row: int
    end_row: int
    lane: int
    held: Sequence[OccurrenceShown]


@dataclass(frozen=True, kw_only=True)
class Band:
    """A stretch of quiet hours. ``starts`` and ``ends`` are clock times, ``24:00`` for the end of the day."""

    first_row: int
    end_row: int
    starts: str
    ends: str


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A clock time beside its row."""

    row: int
    clock: str


@dataclass(frozen=True, kw_only=True)
class DayShown:
    """One day: ``places`` are its cells and bands in the order of time."""

    day: date
    moment: datetime
    today: bool
    over: bool
    holiday: str = ""
    places: Sequence[Cell | Band] = ()

    @property
    def count(self) -> int:
        """How many occurrences begin on it."""
        return sum(len(one.held) for one in self.places if isinstance(one, Cell))


@dataclass(frozen=True, kw_only=True)
class WeekShown:
    """Seven days, Monday first. Rows are counted from 1, the heads of the days stand in the first."""

    days: Sequence[DayShown]
    marks: Sequence[Mark] = ()
    end_row: int = 2
    previous: date
    following: date
    current: bool
    count: int = 0


@dataclass(frozen=True, kw_only=True)
class PlanTabs:
    """The pages of what is planned, above each of them. ``waiting`` is how many requests wait for whoever looks, None
    for those who approve nothing.
    """

    here: str
    waiting: int | None = None


@dataclass(frozen=True, kw_only=True)
class AreaChoice:
    """An area that the calendar can be looked at for; ``depth`` is how far down the tree it stands."""

    id: str
    name: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Minutes of one day, the end left out."""

    begin: int
    end: int


@dataclass
class _Laid:
    """One day while it is laid out."""

    items: list[tuple[_Stretch, OccurrenceShown]] = field(default_factory=list)
    quiet: list[_Stretch] = field(default_factory=list)


def key_of(original: datetime) -> str:
    """The name of an occurrence in addresses: the wall time that its rule gives it."""
    return original.isoformat(timespec="minutes" if not (original.second or original.microsecond) else "auto")


def monday_of(day: date) -> date:
    """The first day of the week that ``day`` is in."""
    return day - timedelta(days=day.weekday())


def lay_out(
    monday: date,
    zone: tzinfo,
    today: date,
    occurrences: Iterable[OccurrenceShown],
    *,
    quiet: Iterable[tuple[datetime, datetime]] = (),
    holidays: Mapping[date, str] | None = None,
) -> WeekShown:
    """The week from ``monday`` on. Each occurrence stands on the day on which it begins; ``quiet`` are stretches of
    quiet hours, of which each day gets its part.
    """
    laid = _laid(monday, zone, occurrences, quiet)
    edges = _edges(laid.values())
    rows = {edge: row for row, edge in enumerate(edges, HEAD_ROWS + 1)}
    days = [
        DayShown(
            day=day,
            moment=datetime(day.year, day.month, day.day, 12, tzinfo=zone),
            today=day == today,
            over=day < today,
            holiday=(holidays or {}).get(day, ""),
            places=_places(there, rows, edges),
        )
        for day, there in laid.items()
    ]
    named = {_floor(part.begin, edges) for there in laid.values() for part, _ in there.items}
    named |= {_floor(edge, edges) for there in laid.values() for part in there.quiet for edge in (part.begin, part.end)}
    return WeekShown(
        days=days,
        marks=[Mark(row=rows[edge], clock=_clock(edge)) for edge in edges if edge in named and edge < DAY_MINUTES],
        end_row=rows[DAY_MINUTES],
        previous=monday - timedelta(days=7),
        following=monday + timedelta(days=7),
        current=monday == monday_of(today),
        count=sum(one.count for one in days),
    )


def _laid(
    monday: date, zone: tzinfo, occurrences: Iterable[OccurrenceShown], quiet: Iterable[tuple[datetime, datetime]]
) -> dict[date, _Laid]:
    """What each of the seven days holds."""
    laid = {monday + timedelta(days=number): _Laid() for number in range(7)}
    for one in sorted(occurrences, key=lambda one: (one.starts_at, one.title)):
        day = one.starts_at.astimezone(zone).date()
        if day in laid:
            laid[day].items.append((_stretch(one.starts_at, one.ends_at, day, zone), one))
    for begin, end in quiet:
        for day, there in laid.items():
            part = _stretch(begin, end, day, zone)
            if part.end > part.begin:
                there.quiet.append(part)
    return laid


def _stretch(begin: datetime, end: datetime, day: date, zone: tzinfo) -> _Stretch:
    """The minutes of ``day`` by the clock on the wall: the first one begun, the last one to its end."""
    first, last = begin.astimezone(zone), end.astimezone(zone)
    from_minute = 0 if first.date() < day else DAY_MINUTES if first.date() > day else first.hour * 60 + first.minute
    if last.date() > day:
        return _Stretch(from_minute, DAY_MINUTES)
    if last.date() < day:
        return _Stretch(from_minute, min(from_minute, 0))
    until = last.hour * 60 + last.minute + (1 if last.second or last.microsecond else 0)
    return _Stretch(from_minute, until)


def _edges(days: Iterable[_Laid]) -> list[int]:
    """The minutes at which rows begin, and the end of the day."""
    found = {0, DAY_MINUTES}
    for there in days:
        for part in (*there.quiet, *(part for part, _ in there.items)):
            found |= {part.begin, max(part.begin + 1, part.end)}
    if len(found) > MOST_ROWS:
        found = set(range(0, DAY_MINUTES + 1, COARSE_MINUTES))
    return sorted(edge for edge in found if edge <= DAY_MINUTES)


def _floor(minute: int, edges: Sequence[int]) -> int:
    return max(edge for edge in edges if edge <= minute)


def _ceiling(minute: int, edges: Sequence[int]) -> int:
    return min((edge for edge in edges if edge >= minute), default=DAY_MINUTES)


def _places(there: _Laid, rows: dict[int, int], edges: Sequence[int]) -> list[Cell | Band]:
    def row_of(part: _Stretch) -> tuple[int, int]:
        first = rows[_floor(part.begin, edges)]
        return first, max(first + 1, rows[_ceiling(part.end, edges)])

    placed: list[tuple[int, Cell | Band]] = []
    for part in there.quiet:
        first, end = row_of(part)
        band = Band(first_row=first, end_row=end, starts=_clock(part.begin), ends=_clock(part.end))
        placed.append((part.begin, band))
    for run in _runs([(*row_of(part), part, one) for part, one in there.items]):
        placed += run
    return [one for _, one in sorted(placed, key=lambda one: (one[0], isinstance(one[1], Cell)))]


def _runs(found: Sequence[tuple[int, int, _Stretch, OccurrenceShown]]) -> Iterable[list[tuple[int, Cell | Band]]]:
    """Those that overlap, directly or by way of others, together."""
    run: list[tuple[int, int, _Stretch, OccurrenceShown]] = []
    end = 0
    for one in [*found, None]:
        if run and (one is None or one[0] >= end):
            yield _side_by_side(run)
            run, end = [], 0
        if one is not None:
            run.append(one)
            end = max(end, one[1])


def _side_by_side(run: Sequence[tuple[int, int, _Stretch, OccurrenceShown]]) -> list[tuple[int, Cell | Band]]:
    ends = [0, 0]
    placed: list[tuple[int, Cell | Band]] = []
    for first, end, part, one in run:
        lane = next((number for number, busy in enumerate(ends) if busy <= first), None)
        if lane is None:
            return [_boxed(run)]
        ends[lane] = end
        cell = Cell(first_row=first, end_row=end, lane=lane + 1 if len(run) > 1 else 0, held=[one])
        placed.append((part.begin, cell))
    return placed


def _boxed(run: Sequence[tuple[int, int, _Stretch, OccurrenceShown]]) -> tuple[int, Cell]:
    items = [one for *_, one in run]
    first, end = run[0][0], max(end for _, end, _, _ in run)
    return run[0][2].begin, Cell(first_row=first, end_row=end, lane=0, held=items)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
