"""What becomes of an item on a speaker, in sentences: for pages, for the API and for ``loa explain``.

Rules: what is in the way is named by its title and its time; what is not heard ends with what to do where there is
something to do. Durations are those that are heard, not those that were planned.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from controller.web.i18n import N_, Translator
from controller.web.moments import moment
from controller.web.sentences import sentence
from schedules.guards import NO_GUARDS, Guards, Quiet
from schedules.recurrence.holidays import named_holidays
from schedules.rundown.values import (
    Conflicted,
    CutFor,
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

_SECOND_US: Final = 1_000_000
_MINUTE_US: Final = 60 * _SECOND_US

WHOLE: Final = N_("It plays whole at %(at)s.")
WHOLE_LATER: Final = N_(
    "It plays whole at %(at)s, %(later)s later than planned: until then “%(other)s” (%(other_at)s) has the air."
)
IN_PIECES: Final = N_(
    "It plays whole from %(at)s on, in %(pieces)s pieces: “%(other)s” (%(other_at)s) comes in between."
)
CUT: Final[Mapping[CutFor, str]] = {
    CutFor.INTERRUPTED: N_("It plays %(heard)s of %(length)s from %(at)s on: “%(other)s” (%(other_at)s) goes first."),
    CutFor.SLOT_ENDED: N_("It plays %(heard)s of %(length)s from %(at)s on: then its slot ends."),
}
BEGINS_LATER: Final = N_("It begins %(later)s later than planned because of “%(other)s” (%(other_at)s).")
DISPLACED: Final = N_("It is not heard: “%(other)s” (%(other_at)s) has the air and goes first.")
CONFLICTED: Final = N_(
    "It is not heard: it clashes with “%(other)s” (%(other_at)s). Both are priority and one comes from above. "
    "Choose which of them goes first."
)
REFUSED: Final[Mapping[RefusedFor, str]] = {
    RefusedFor.NOT_APPROVED: N_("It is not heard: exactly this has not been approved. It waits for an approver."),
    RefusedFor.CONTENT_LACKING: N_("It is not heard: its content cannot be heard. %(detail)s"),
    RefusedFor.CONTENT_EXPIRED: N_("It is not heard: its content has expired by then. Choose other content."),
    RefusedFor.QUIET_HOURS: N_("It is not heard: it reaches into quiet hours here. Choose another time."),
    RefusedFor.SLOT_TOO_LONG: N_(
        "It is not heard: it is longer than a slot may be here (%(length)s). Shorten it, or give it a shorter slot."
    ),
    RefusedFor.SLOTS_USED_UP: N_("It is not heard: this day has had all the slots that it may have here."),
    RefusedFor.MINUTES_USED_UP: N_("It is not heard: too few of the minutes that this day may have here are left."),
    RefusedFor.AREA_CLOSED: N_(
        "It is not heard: the area “%(detail)s” is no more. Give the schedule the area that came after it."
    ),
}
SKIPPED: Final[Mapping[SkippedFor, str]] = {
    SkippedFor.CANCELLED: N_("It does not happen: this one was cancelled."),
    SkippedFor.HOLIDAY: N_("It does not happen: it is left out on holidays (%(holiday)s)."),
    SkippedFor.STOPPED: N_("It is not heard any more: somebody stopped it."),
}
A_HOLIDAY: Final = N_("a day off")
SOMETHING: Final = N_("something else")


@dataclass(frozen=True, slots=True)
class Named:
    """What another item is called by."""

    title: str
    start_us: int


@dataclass(frozen=True, slots=True)
class Names:
    """How words find what they name: items by their ids, areas by theirs. None and empty are what is not known."""

    item: Callable[[str], Named | None]
    area: Callable[[str], str]
    guards: Guards = NO_GUARDS
    """Those in force, to say which limit it was."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The one word of an outcome, with its tone and icon: never colour alone."""

    code: str
    tone: str
    icon: str
    word: str


VERDICTS: Final[Mapping[str, Verdict]] = {
    one.code: one
    for one in (
        Verdict("whole", "ok", "circle-check", N_("Plays whole")),
        Verdict("later", "info", "clock", N_("Plays later")),
        Verdict("in_part", "warn", "triangle-alert", N_("Plays in part")),
        Verdict("displaced", "warn", "circle-slash", N_("Gives way")),
        Verdict("conflicted", "bad", "circle-alert", N_("Conflict")),
        Verdict("refused", "bad", "shield-x", N_("Not heard")),
        Verdict("skipped", "quiet", "skip-forward", N_("Left out")),
    )
}

WAITING: Final = Verdict("refused", "warn", "hourglass", N_("Waits for approval"))
"""What is refused only for as long as nobody has approved it."""


def verdict(outcome: Outcome) -> Verdict:
    """Which of `VERDICTS` an outcome is."""
    match outcome:
        case Played(cut=cut, pushed_us=pushed_us):
            code = "in_part" if cut is not None else "later" if pushed_us else "whole"
        case Displaced():
            code = "displaced"
        case Conflicted():
            code = "conflicted"
        case Refused(reason=RefusedFor.NOT_APPROVED):
            return WAITING
        case Refused():
            code = "refused"
        case Skipped():
            code = "skipped"
    return VERDICTS[code]


def reason(outcome: Outcome) -> str:
    """The code of why something is not heard as planned; empty where it is."""
    match outcome:
        case Played(cut=CutFor() as cut):
            return cut.value
        case Played(pushed_us=0):
            return ""
        case Played():
            return "pushed_back"
        case Refused(reason=why) | Skipped(reason=why):
            return why.value
        case _:
            return verdict(outcome).code


def detail(outcome: Outcome) -> str:
    """What is behind a refusal: a code, an area; empty where there is no more to say."""
    return outcome.detail if isinstance(outcome, Refused) else ""


def in_the_way(outcome: Outcome) -> str | None:
    """The id of the item that has the air instead, or before, where there is one."""
    match outcome:
        case Played(by=other) | Displaced(by=other) | Conflicted(with_=other):
            return other
        case _:
            return None


def outcome_sentence(line: Line, names: Names, say: Translator) -> str:
    """What becomes of an item on a speaker, and why."""
    item = line.item
    match line.outcome:
        case Played() as played:
            return _played(item, played, names, say)
        case Displaced(by=other):
            return say.gettext(DISPLACED, **_other(other, item, names, say))
        case Conflicted(with_=other):
            return say.gettext(CONFLICTED, **_other(other, item, names, say))
        case Refused(reason=why, detail=detail):
            return _refused(item, why, detail, names, say)
        case Skipped(reason=why):
            return say.gettext(SKIPPED[why], holiday=_holiday(item, say))


def _played(item: Item, played: Played, names: Names, say: Translator) -> str:
    heard_us = sum(one.until_us - one.from_us for one in played.segments)
    values = {
        "at": clock_of(played.segments[0].from_us, item.start_us, say),
        "heard": say.format_duration(heard_us / _SECOND_US),
        "length": say.format_duration(max(item.length_us, item.content_us) / _SECOND_US),
        "later": span(played.pushed_us, say),
        "pieces": say.format_number(len(played.segments)),
        **_other(played.by, item, names, say),
    }
    if played.cut is not None:
        said = say.gettext(CUT[played.cut], **values)
        return f"{said} {say.gettext(BEGINS_LATER, **values)}" if played.pushed_us and played.by else said
    if len(played.segments) > 1:
        return say.gettext(IN_PIECES, **values)
    return say.gettext(WHOLE_LATER if played.pushed_us else WHOLE, **values)


def _refused(item: Item, why: RefusedFor, detail: str, names: Names, say: Translator) -> str:
    match why:
        case RefusedFor.AREA_CLOSED:
            detail = names.area(detail) or detail
        case RefusedFor.CONTENT_LACKING:
            detail = sentence(detail, say) if detail else ""
        case _:
            pass
    length = say.format_duration(item.length_us / _SECOND_US)
    said = say.gettext(REFUSED[why], detail=detail, length=length).rstrip()
    limits = guard_sentences(_LIMITS[why](names.guards), say) if why in _LIMITS else ()
    return f"{said} ({'; '.join(limits)})" if limits else said


_LIMITS: Final[Mapping[RefusedFor, Callable[[Guards], Guards]]] = {
    RefusedFor.QUIET_HOURS: lambda guards: Guards(quiet=guards.quiet),
    RefusedFor.SLOT_TOO_LONG: lambda guards: Guards(slot_minutes=guards.slot_minutes),
    RefusedFor.SLOTS_USED_UP: lambda guards: Guards(slots_a_day=guards.slots_a_day),
    RefusedFor.MINUTES_USED_UP: lambda guards: Guards(day_minutes=guards.day_minutes),
}
"""Which of the guards it was."""


def _other(item_id: str | None, beside: Item, names: Names, say: Translator) -> dict[str, str]:
    found = None if item_id is None else names.item(item_id)
    if found is None:
        return {"other": say.gettext(SOMETHING), "other_at": "–"}
    return {"other": found.title, "other_at": clock_of(found.start_us, beside.start_us, say)}


def _holiday(item: Item, say: Translator) -> str:
    named = named_holidays(item.original.year).get(item.original.date())
    if named is None:
        return say.gettext(A_HOLIDAY)
    return named[0] if say.language == "vi" else named[1]


# --- times ------------------------------------------------------------------------------------------------------------


def clock_of(at_us: int, beside_us: int, say: Translator) -> str:
    """A time of day; with its day where that is not the day of ``beside_us``."""
    at, beside = moment(at_us), moment(beside_us)
    said = say.format_time(at, seconds=False)
    same = at.astimezone(say.zone).date() == beside.astimezone(say.zone).date()
    return said if same else f"{said}, {say.format_day(at)}"


def span(length_us: int, say: Translator) -> str:
    """A length of time in words: seconds below two minutes, minutes above."""
    if length_us % _MINUTE_US and length_us < 2 * _MINUTE_US:
        return say.ngettext("%(num)s second", "%(num)s seconds", round(length_us / _SECOND_US))
    return say.ngettext("%(num)s minute", "%(num)s minutes", round(length_us / _MINUTE_US))


# --- guards -----------------------------------------------------------------------------------------------------------

WEEKDAYS: Final = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
QUIET_DAILY: Final = N_("Quiet from %(begin)s to %(until)s")
QUIET_ALL_DAY: Final = N_("Quiet all day")
QUIET_ON: Final = N_("%(quiet)s (%(days)s)")


def quiet_sentence(quiet: Quiet, say: Translator) -> str:
    """When it is quiet, and on which days where not on all."""
    if quiet.begin == quiet.until:
        said = say.gettext(QUIET_ALL_DAY)
    else:
        said = say.gettext(QUIET_DAILY, begin=f"{quiet.begin:%H:%M}", until=f"{quiet.until:%H:%M}")
    if not quiet.weekdays:
        return said
    days = ", ".join(say.gettext(WEEKDAYS[day]) for day in sorted(set(quiet.weekdays)))
    return say.gettext(QUIET_ON, quiet=said, days=days)


def limit_sentences(guards: Guards, say: Translator) -> tuple[str, ...]:
    """Every limit but quiet hours; nothing where there is none."""
    said = (
        (guards.slots_a_day, N_("At most %(limit)s slots a day")),
        (guards.slot_minutes, N_("At most %(limit)s minutes a slot")),
        (guards.day_minutes, N_("At most %(limit)s minutes a day")),
        (guards.max_volume_percent, N_("Volume at most %(limit)s percent")),
    )
    return tuple(say.gettext(words, limit=say.format_number(limit)) for limit, words in said if limit is not None)


def guard_sentences(guards: Guards, say: Translator) -> tuple[str, ...]:
    """Everything that holds, one sentence each."""
    return (*(quiet_sentence(one, say) for one in guards.quiet), *limit_sentences(guards, say))
