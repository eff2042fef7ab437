"""The form of limits: what was typed, what it means, and what fills it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Final

from controller.domain.errors import Invalid
from controller.web.forms import Form
from controller.web.guardviews import DayChoice, GuardForm, PresetButton, QuietFields
from controller.web.i18n import N_, Translator
from controller.web.rundownwords import guard_sentences
from schedules.guards import PRESETS, Guards, Quiet

SHORT_DAYS: Final = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
PRESET_NAMES: Final = {"rural": N_("Countryside"), "urban": N_("Town")}
MOST_ROWS: Final = 50
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_NUMBERS: Final = ("slots_a_day", "slot_minutes", "day_minutes", "max_volume_percent")


def form_of(guards: Guards, revision: int, say: Translator) -> GuardForm:
    """The form with these values in it."""
    quiet = [
        _row(number, f"{one.begin:%H:%M}", f"{one.until:%H:%M}", one.weekdays, say)
        for number, one in enumerate(guards.quiet)
    ]
    return GuardForm(
        quiet=quiet,
        slots_a_day=_number(guards.slots_a_day),
        slot_minutes=_number(guards.slot_minutes),
        day_minutes=_number(guards.day_minutes),
        max_volume_percent=_number(guards.max_volume_percent),
        revision=revision,
    )


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _row(number: int, begin: str, until: str, days: Sequence[int], say: Translator) -> QuietFields:
    choices = [DayChoice(value=day, name=say.gettext(SHORT_DAYS[day]), checked=day in days) for day in range(7)]
    return QuietFields(number=number, begin=begin, until=until, days=choices)


def typed(form: Form, say: Translator) -> GuardForm:
    """The form as it came back."""
    rows = [_row(number, begin, until, days, say) for number, (begin, until, days) in enumerate(_rows(form))]
    numbers = {name: form.text(name).strip()[:20] for name in _NUMBERS}
    revision = form.text("revision")
    known = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else 0
    return GuardForm(quiet=rows, revision=known, **numbers)


def _rows(form: Form) -> list[tuple[str, str, tuple[int, ...]]]:
    rows = []
    for number in form.all("row")[: MOST_ROWS + 1]:
        begin, until = form.text(f"begin-{number}").strip()[:10], form.text(f"until-{number}").strip()[:10]
        days = tuple(sorted({int(day) for day in form.all(f"days-{number}") if day in set("0123456")}))
        rows.append((begin, until, days))
    return rows


def filled(form: GuardForm, do: str, say: Translator) -> GuardForm | None:
    """The form after one of its buttons that keep nothing; None for the one that keeps it."""
    verb, _, what = do.partition(":")
    match verb:
        case "preset" if what in PRESETS:
            return form_of(PRESETS[what], form.revision, say)
        case "add":
            return replace(form, quiet=[*form.quiet, _row(len(form.quiet), "", "", (), say)])
        case "remove":
            kept = [one for one in form.quiet if str(one.number) != what]
            return replace(form, quiet=[replace(one, number=number) for number, one in enumerate(kept)])
        case _:
            return None


def guards_of(form: Form) -> Guards:
    """What was typed. Rows without both times are left out. Raises `Invalid` (``quiet_malformed``,
    ``limit_malformed``, ``quiet_too_many``).
    """
    rows = [row for row in _rows(form) if row[0] or row[1]]
    return Guards(
        quiet=tuple(Quiet(_clock(begin), _clock(until), days) for begin, until, days in rows),
        slots_a_day=_limit(form, "slots_a_day"),
        slot_minutes=_limit(form, "slot_minutes"),
        day_minutes=_limit(form, "day_minutes"),
        max_volume_percent=_limit(form, "max_volume_percent"),
    )


def _clock(written: str) -> time:
    found = _CLOCK.fullmatch(written)
    if found is None:
        raise Invalid(f"{written} is no time of day", code="quiet_malformed")
    return time(int(found[1]), int(found[2]))


def _limit(form: Form, name: str) -> int | None:
    return form.number(name, "limit_malformed") if form.text(name).strip() else None


def presets(say: Translator) -> list[PresetButton]:
    """With what they stand for."""
    return [
        PresetButton(name=name, word=say.gettext(PRESET_NAMES[name]), sentences=guard_sentences(guards, say))
        for name, guards in PRESETS.items()
    ]


def day_shown(day: date, say: Translator) -> str:
    """The day of the week with the date."""
    return say.format_day(datetime(day.year, day.month, day.day, 12, tzinfo=say.zone))
