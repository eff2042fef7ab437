"""What becomes of each occurrence in a stretch of days, over all of its speakers: one fate, and the reasons of it.

Reads nothing: what `controller.services.planning.outlook` found goes in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from controller.services.planning.outlook import Tally, Week, WeekEntry
from controller.services.planning.world import is_direct
from controller.web.calendarviews import Fate, OccurrenceShown, Reason
from controller.web.i18n import N_, Translator
from controller.web.moments import minute_up, moment
from controller.web.planwords import class_name
from controller.web.rundownwords import Named, Names, in_the_way, outcome_sentence, verdict
from schedules.guards import is_odd
from schedules.recurrence.rule import Change, Changed, Frequency
from schedules.rundown.values import (
    Conflicted,
    Displaced,
    Item,
    Line,
    Outcome,
    Played,
    Refused,
    RefusedFor,
    Skipped,
    SkippedFor,
)
from schedules.schedule import Schedule

_SECOND_US: Final = 1_000_000

SHORTLY: Final[Mapping[RefusedFor, str]] = {
    RefusedFor.NOT_APPROVED: N_("waits for approval"),
    RefusedFor.CONTENT_LACKING: N_("its content cannot be heard"),
    RefusedFor.CONTENT_EXPIRED: N_("its content has expired"),
    RefusedFor.QUIET_HOURS: N_("reaches into quiet hours"),
    RefusedFor.SLOT_TOO_LONG: N_("longer than a slot may be"),
    RefusedFor.SLOTS_USED_UP: N_("no slot left on this day"),
    RefusedFor.MINUTES_USED_UP: N_("no minutes left on this day"),
    RefusedFor.AREA_CLOSED: N_("its area is no more"),
}


@dataclass(frozen=True)
class Read:
    """A week with its schedules at hand."""

    week: Week
    schedules: Mapping[str, Schedule]

    def title(self, item: Item) -> str:
        content = self.week.world.contents.get(item.content_id)
        return item.content_id if content is None else content.title

    @property
    def names(self) -> Names:
        """For the sentences of `controller.web.rundownwords`."""

        def named(item_id: str) -> Named | None:
            item = self.week.items.get(item_id)
            return None if item is None else Named(self.title(item), item.start_us)

        def area(area_id: str) -> str:
            return self.week.world.tree.get(area_id).name if area_id in self.week.world.tree else ""

        return Names(named, area)


def read(week: Week) -> Read:
    return Read(week, {one.schedule_id: one for one in week.world.schedules})


# --- one fate ---------------------------------------------------------------------------------------------------------


def fate_of(outcome: Outcome) -> Fate:  # noqa: PLR0911 - one a kind
    """What a single outcome is."""
    match outcome:
        case Played(cut=None):
            return Fate.PLAYS
        case Played():
            return Fate.CUT
        case Displaced():
            return Fate.DISPLACED
        case Conflicted():
            return Fate.CONFLICT
        case Refused(reason=RefusedFor.NOT_APPROVED):
            return Fate.WAITING
        case Refused():
            return Fate.REFUSED
        case Skipped(reason=SkippedFor.HOLIDAY):
            return Fate.HOLIDAY
        case Skipped():
            return Fate.CANCELLED


_WORST_FIRST: Final = (
    Fate.CONFLICT,
    Fate.WAITING,
    Fate.CANCELLED,
    Fate.HOLIDAY,
    Fate.REFUSED,
    Fate.DISPLACED,
    Fate.CUT,
    Fate.PLAYS,
)


def shown(found: Read, entry: WeekEntry, where: str, now_us: int, say: Translator) -> OccurrenceShown:
    """One occurrence in the calendar. ``where`` names its places."""
    item, schedule = entry.item, found.schedules[entry.item.schedule_id]
    fate, said = _fate(found, entry, now_us, say)
    until_us = item.start_us + item.length_us
    return OccurrenceShown(
        schedule_id=item.schedule_id,
        original=item.original,
        starts_at=moment(item.start_us),
        ends_at=moment(minute_up(until_us)),
        title=entry.title,
        fate=fate,
        said_sentence=said,
        airing_class=schedule.air_class.value,
        class_name=class_name(schedule.air_class, say),
        from_above=item.above,
        where=where,
        speakers=entry.speakers,
        odd=fate in _HEARD and is_odd(item.start_us, max(until_us, item.start_us + 1), found.week.world.zone),
        moved=any(change.original == item.original and _moves(change) for change in schedule.series.changes),
        replaced=item.content_id != schedule.content_id,
        repeats=schedule.series.rule.frequency is not Frequency.ONCE,
        airing_id=item.schedule_id.partition(":")[2] if is_direct(item.schedule_id) else "",
    )


def _moves(change: Change) -> bool:
    return isinstance(change, Changed) and change.to is not None


_HEARD: Final = frozenset({Fate.PLAYS, Fate.PARTLY, Fate.CUT, Fate.WAITING, Fate.CONFLICT, Fate.DISPLACED})


def _fate(found: Read, entry: WeekEntry, now_us: int, say: Translator) -> tuple[Fate, str]:
    by_fate: dict[Fate, Tally] = {}
    for tally in entry.tallies:
        by_fate.setdefault(fate_of(tally.outcome), tally)
    if not by_fate:
        return Fate.NOWHERE, say.gettext("reaches no speaker")
    worst = next(one for one in _WORST_FIRST if one in by_fate)
    if entry.item.start_us + entry.item.length_us <= now_us and worst not in {Fate.CANCELLED, Fate.HOLIDAY}:
        return Fate.OVER, say.gettext("over: see the log")
    if worst is not Fate.CONFLICT and 0 < entry.played < entry.speakers:
        counts = {"heard": say.format_number(entry.played), "all": say.format_number(entry.speakers)}
        return Fate.PARTLY, say.gettext("on %(heard)s of %(all)s speakers", **counts)
    return worst, _shortly(found, worst, by_fate[worst].outcome, say)


def _shortly(found: Read, fate: Fate, outcome: Outcome, say: Translator) -> str:  # noqa: PLR0911 - one a kind
    other = found.week.items.get(in_the_way(outcome) or "")
    title = say.gettext("something else") if other is None else found.title(other)
    match fate, outcome:
        case Fate.PLAYS, Played(pushed_us=0):
            return say.gettext("will play")
        case Fate.PLAYS, Played(segments=segments):
            return say.gettext("will play at %(at)s", at=say.format_time(moment(segments[0].from_us), seconds=False))
        case Fate.CUT, Played(segments=segments):
            heard_s = sum(one.until_us - one.from_us for one in segments) / _SECOND_US
            return say.gettext("cut: %(heard)s are heard", heard=say.format_duration(heard_s))
        case Fate.DISPLACED, _:
            return say.gettext("displaced by “%(other)s”", other=title)
        case Fate.CONFLICT, _:
            return say.gettext("conflict with “%(other)s”", other=title)
        case _, Refused(reason=reason):
            return say.gettext(SHORTLY[reason])
        case Fate.HOLIDAY, _:
            return say.gettext("left out on a holiday")
        case _, Skipped(reason=SkippedFor.STOPPED):
            return say.gettext("stopped")
        case _:
            return say.gettext("cancelled")


# --- the reasons ------------------------------------------------------------------------------------------------------


def reasons(found: Read, entry: WeekEntry, say: Translator) -> list[Reason]:
    """What becomes of it, and on how many speakers."""
    told: dict[str, Reason] = {}
    counts: dict[str, int] = {}
    for tally in entry.tallies:
        sentence = outcome_sentence(Line(entry.item, tally.outcome), found.names, say)
        look = verdict(tally.outcome)
        counts[sentence] = counts.get(sentence, 0) + tally.speakers
        where = say.ngettext("%(num)s speaker", "%(num)s speakers", counts[sentence])
        word = say.gettext(look.word)
        told[sentence] = Reason(tone=look.tone, icon=look.icon, word=word, sentence=sentence, where=where)
    return list(told.values())
