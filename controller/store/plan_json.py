"""Rules, targets, changed occurrences and guards as the JSON that is kept, each with the version of its form.

A field that a later program adds has a default here, so that what was kept before still reads; a form that means
something else gets the next version.
"""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Final, TypeVar

import msgspec

from controller.domain.errors import StoreFailed
from schedules.guards import Guards, Quiet
from schedules.recurrence.rule import Cancelled, Change, Changed, Rule, Series
from schedules.schedule import Target

VERSION: Final = 1


class _Cancelled(msgspec.Struct, tag="cancelled", tag_field="kind", frozen=True):
    original: datetime
    by: str = ""


class _Changed(msgspec.Struct, tag="changed", tag_field="kind", frozen=True):
    original: datetime
    to: datetime | None = None
    content_id: str | None = None
    by: str = ""


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    version: int = VERSION
    target: Target
    rule: Rule
    changes: tuple[_Cancelled | _Changed, ...] = ()


class _Quiet(msgspec.Struct, frozen=True):
    begin: time
    until: time
    weekdays: tuple[int, ...] = ()


class _Guards(msgspec.Struct, frozen=True, kw_only=True):
    version: int = VERSION
    quiet: tuple[_Quiet, ...] = ()
    slots_a_day: int | None = None
    slot_minutes: int | None = None
    day_minutes: int | None = None
    max_volume_percent: int | None = None


_K = TypeVar("_K", _Plan, _Guards)


def plan_json(target: Target, series: Series, altered_by: Mapping[datetime, str]) -> Any:
    """As it is kept."""
    changes = tuple(_kept(change, altered_by.get(change.original, "")) for change in series.changes)
    return msgspec.to_builtins(_Plan(target=target, rule=series.rule, changes=changes))


def plan_of(kept: Any) -> tuple[Target, Series, dict[datetime, str]]:
    """And back. Raises `StoreFailed` where it is none that this program knows."""
    plan = _read(kept, _Plan)
    changes = tuple(_change(one) for one in plan.changes)
    altered_by = {one.original: one.by for one in plan.changes if one.by}
    return plan.target, Series(rule=plan.rule, changes=changes), altered_by


def guards_json(guards: Guards) -> Any:
    """As they are kept."""
    return msgspec.to_builtins(
        _Guards(
            quiet=tuple(_Quiet(one.begin, one.until, one.weekdays) for one in guards.quiet),
            slots_a_day=guards.slots_a_day,
            slot_minutes=guards.slot_minutes,
            day_minutes=guards.day_minutes,
            max_volume_percent=guards.max_volume_percent,
        )
    )


def guards_of(kept: Any) -> Guards:
    """And back. Raises `StoreFailed` where they are none that this program knows."""
    read = _read(kept, _Guards)
    return Guards(
        quiet=tuple(Quiet(one.begin, one.until, one.weekdays) for one in read.quiet),
        slots_a_day=read.slots_a_day,
        slot_minutes=read.slot_minutes,
        day_minutes=read.day_minutes,
        max_volume_percent=read.max_volume_percent,
    )


def _kept(change: Change, by: str) -> _Cancelled | _Changed:
    match change:
        case Cancelled(original=original):
            return _Cancelled(original, by)
        case Changed(original=original, to=to, content_id=content_id):
            return _Changed(original, to, content_id, by)


def _change(kept: _Cancelled | _Changed) -> Change:
    match kept:
        case _Cancelled(original=original):
            return Cancelled(original)
        case _Changed(original=original, to=to, content_id=content_id):
            return Changed(original, to, content_id)


def _read(kept: Any, form: type[_K]) -> _K:
    try:
        read = msgspec.convert(kept, form)
    except msgspec.ValidationError as error:
        raise StoreFailed(f"what is planned cannot be read: {error}") from error
    if read.version != VERSION:
        raise StoreFailed(f"what is planned is of version {read.version}; this program knows {VERSION}")
    return read
