"""Words about what is planned: where, which class, the day by the moon, a rule in words."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from controller.domain.schedules import PlannedSchedule
from controller.web.i18n import N_, Language, Translator
from schedules.areas import AreaTree
from schedules.precedence import AirClass
from schedules.recurrence.lunar import lunar_of
from schedules.recurrence.rule import Changed, Rule, RuleError
from schedules.recurrence.sentences import rule_sentence
from schedules.rundown.items import MOST_TIMES
from schedules.schedule import Fill, Overrun, Schedule, Target

NAMED_PLACES: Final = 3

CLASSES: Final[Mapping[AirClass, str]] = {
    AirClass.EMERGENCY: N_("Emergency"),
    AirClass.DRILL: N_("Drill"),
    AirClass.LIVE: N_("Live"),
    AirClass.PRIORITY: N_("Priority"),
    AirClass.ORDINARY: N_("Ordinary"),
    AirClass.TEST: N_("Test"),
}


def class_name(air_class: AirClass, say: Translator) -> str:
    return say.gettext(CLASSES[air_class])


def rule_words(rule: Rule, say: Translator) -> str:
    """When it fires, in the language of whoever reads."""
    return rule_sentence(rule, "vi" if say.language is Language.VIETNAMESE else "en")


def place_names(target: Target, tree: AreaTree, groups: Mapping[str, str], speakers: Mapping[str, str]) -> list[str]:
    """Everything that a target names, as people call it."""
    areas = [tree.get(one).name if one in tree else one for one in target.areas]
    return [
        *areas,
        *(groups.get(one, one) for one in target.groups),
        *(speakers.get(one, one) for one in target.speakers),
    ]


def shortened(names: list[str], say: Translator) -> str:
    """A few of them, and how many more."""
    if len(names) <= NAMED_PLACES:
        return ", ".join(names)
    more = say.ngettext("%(num)s more", "%(num)s more", len(names) - NAMED_PLACES + 1)
    return f"{', '.join(names[: NAMED_PLACES - 1])}, {more}"


def lunar_words(day: date, say: Translator) -> str:
    """The day as the lunar calendar names it; empty where that is not known."""
    try:
        found = lunar_of(day)
    except RuleError:
        return ""
    words = N_("lunar %(day)s/%(month)s (leap)") if found.leap else N_("lunar %(day)s/%(month)s")
    return say.gettext(words, day=found.day, month=found.month)


OVERRUNS: Final[Mapping[Overrun, str]] = {
    Overrun.CUT: N_("The content is longer than its slot of %(slot)s: it is cut at the end."),
    Overrun.FADE: N_("The content is longer than its slot of %(slot)s: it is faded out."),
    Overrun.PUSH_BACK: N_("The content is longer than its slot of %(slot)s: it plays whole, and what follows waits."),
}


def slot_sentences(schedule: Schedule, duration_us: int, say: Translator) -> list[str]:
    """What the slot changes of what is heard."""
    slot_us = schedule.slot_us
    if slot_us is None or not duration_us:
        return []
    slot = say.format_duration(slot_us / 1_000_000)
    if duration_us > slot_us:
        return [say.gettext(OVERRUNS[schedule.overrun], slot=slot)]
    times = min(MOST_TIMES, slot_us // duration_us)
    if schedule.fill is Fill.REPEAT and times > 1:
        return [
            say.ngettext(
                "It plays %(num)s time within its slot of %(slot)s.",
                "It plays %(num)s times within its slot of %(slot)s.",
                times,
                slot=slot,
            )
        ]
    return []


def when_words(planned: PlannedSchedule, change: Changed | None, say: Translator) -> str:
    """When a series is heard, or the one changed occurrence."""
    rule = planned.schedule.series.rule
    if change is None:
        return rule_words(rule, say)
    at = change.to or change.original
    said = f"{at:%H:%M}, {at:%d/%m/%Y}"
    if change.to is not None:
        was = f"{change.original:%H:%M %d/%m/%Y}"
        return say.gettext("Once at %(at)s, in place of %(was)s.", at=said, was=was)
    return say.gettext("Once at %(at)s, in place of what is heard then otherwise.", at=said)
