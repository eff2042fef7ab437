"""Items: every occurrence of every schedule near a window, with what is known of it before places are looked at."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from schedules.approval import approved
from schedules.precedence import AirClass, place_of
from schedules.recurrence.rule import Cancelled, Changed, Due
from schedules.recurrence.series import dues
from schedules.rundown.values import Item, Refused, RefusedFor, Skipped, SkippedFor
from schedules.schedule import Content, Fill, OnInterrupted, Overrun, Schedule

UNLESS_STATED: Final[Mapping[AirClass, OnInterrupted]] = {
    AirClass.EMERGENCY: OnInterrupted.RESTART,
    AirClass.DRILL: OnInterrupted.DROP,
    AirClass.LIVE: OnInterrupted.RESUME,
    AirClass.PRIORITY: OnInterrupted.RESTART,
    AirClass.ORDINARY: OnInterrupted.RESUME,
    AirClass.TEST: OnInterrupted.DROP,
}
"""What becomes of an airing that is interrupted, by its class, where nothing is stated."""

_UNKNOWN: Final = "content_unknown"
_EARLY: Final = "not_valid_yet"
LONGEST_US: Final = 20 * 3_600_000_000
"""No room is longer, so that nothing sounds over two midnights, even where it is pushed back and a day has 23 hours."""


MOST_TIMES: Final = 200
"""How often a content is repeated in a slot at most, so that no rundown is filled by a word that is."""


class Days:
    """The days of a zone as instants."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._begins: dict[date, int] = {}

    def begin_us(self, day: date) -> int:
        """Its first instant."""
        found = self._begins.get(day)
        if found is None:
            found = int(datetime.combine(day, time(), self._zone).timestamp()) * 1_000_000
            self._begins[day] = found
        return found

    def of(self, instant_us: int) -> date:
        """The day of an instant."""
        return datetime.fromtimestamp(instant_us // 1_000_000, self._zone).date()

    def named(self, first: date, count: int) -> tuple[date, ...]:
        """So many days from ``first`` on."""
        return tuple(first + timedelta(days=number) for number in range(count))


def items_of(
    schedule: Schedule, contents: Mapping[str, Content], holidays: frozenset[date], from_us: int, until_us: int
) -> tuple[Item, ...]:
    """Every occurrence that begins in [``from_us``, ``until_us``), cancelled ones and those left out too."""
    content = contents.get(schedule.content_id)
    made = _Maker(schedule, content)
    return tuple(
        made.item(due, _content_of(due, contents, content))
        for due in dues(schedule.series, from_us, until_us, holidays)
    )


def _content_of(due: Due, contents: Mapping[str, Content], usual: Content | None) -> Content | None:
    if isinstance(due.change, Changed) and due.change.content_id is not None:
        return contents.get(due.change.content_id)
    return usual


class _Maker:
    """What all items of one schedule share is found once."""

    def __init__(self, schedule: Schedule, content: Content | None) -> None:
        self._schedule = schedule
        self._series_approved = approved(schedule, None if content is None else content.master)
        self._class_place = place_of(schedule.air_class)
        self._on_interrupted = schedule.on_interrupted or UNLESS_STATED[schedule.air_class]

    def item(self, due: Due, content: Content | None) -> Item:
        schedule = self._schedule
        content_us = 0 if content is None else content.duration_us
        length_us, room_us, firm_us = lengths(schedule, content_us)
        content_id = schedule.content_id
        if isinstance(due.change, Changed) and due.change.content_id is not None:
            content_id = due.change.content_id
        name = item_id(schedule.schedule_id, due.original)
        return Item(
            item_id=name,
            schedule_id=schedule.schedule_id,
            content_id=content_id,
            original=due.original,
            order=(self._class_place, schedule.rank, schedule.since_us, schedule.schedule_id, due.start_us, name),
            start_us=due.start_us,
            length_us=length_us,
            content_us=content_us,
            room_us=room_us,
            firm_us=firm_us,
            fade=schedule.overrun is Overrun.FADE and length_us < content_us,
            on_interrupted=self._on_interrupted,
            above=schedule.above,
            priority=schedule.air_class is AirClass.PRIORITY,
            guarded=schedule.air_class is not AirClass.EMERGENCY,
            why_not=self._why_not(due, content, room_us),
        )

    def _why_not(self, due: Due, content: Content | None, room_us: int) -> Refused | Skipped | None:
        if isinstance(due.change, Cancelled) or due.on_holiday:
            return Skipped(SkippedFor.HOLIDAY if due.on_holiday else SkippedFor.CANCELLED)
        lacking = _lacking(content, due.start_us)
        if content is None or lacking:
            return Refused(RefusedFor.CONTENT_LACKING, lacking)
        if content.expires_us is not None and due.start_us >= content.expires_us:
            return Refused(RefusedFor.CONTENT_EXPIRED)
        if room_us > LONGEST_US:
            return Refused(RefusedFor.SLOT_TOO_LONG)
        if not self._approved(due, content):
            return Refused(RefusedFor.NOT_APPROVED)
        return None

    def _approved(self, due: Due, content: Content) -> bool:
        changed = isinstance(due.change, Changed)
        return approved(self._schedule, content.master, due.change) if changed else self._series_approved


def _lacking(content: Content | None, start_us: int) -> str:
    """Why it cannot be heard then; empty where it can."""
    if content is None:
        return _UNKNOWN
    early = content.begins_us is not None and start_us < content.begins_us
    return _EARLY if early and not content.lacking else content.lacking


def item_id(schedule_id: str, original: datetime) -> str:
    """Names one occurrence, whatever is changed of it."""
    return f"{schedule_id}@{original.isoformat(timespec='minutes' if not original.second else 'seconds')}"


def lengths(schedule: Schedule, content_us: int) -> tuple[int, int, int]:
    """How long it sounds, how long its room is, and behind what the room is soft; see docs/rundown.md."""
    slot_us = schedule.slot_us or content_us
    if content_us <= slot_us:
        times = min(MOST_TIMES, slot_us // content_us) if schedule.fill is Fill.REPEAT and content_us else 1
        return content_us * times, slot_us, slot_us
    if schedule.overrun is Overrun.PUSH_BACK:
        return content_us, content_us, slot_us
    return slot_us, slot_us, slot_us


def by_order(items: Iterable[Item]) -> list[Item]:
    """Those that go before first; the same item once."""
    return list({item.item_id: item for item in sorted(items, key=lambda item: item.order)}.values())
