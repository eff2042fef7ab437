"""What an approval is bound to: exactly these bytes, this rule, these places. Whatever changes one of them voids it.

The approval of a series covers every occurrence as the rule gives it. One that was moved, or given other content, needs
its own.
"""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime

from schedules.recurrence.rule import Changed, Rule
from schedules.schedule import Schedule


def series_binding(schedule: Schedule, master: str) -> str:
    """Names what is approved for the whole series, as 64 hexadecimal digits; ``master`` is that of its content."""
    return _digest({**_common(schedule, master), "rule": asdict(schedule.series.rule)})


def occurrence_binding(schedule: Schedule, master: str, change: Changed) -> str:
    """Names what is approved of one changed occurrence; ``master`` is that of what is heard then."""
    rule: Rule = schedule.series.rule
    at = change.original if change.to is None else change.to
    return _digest({**_common(schedule, master), "original": change.original, "at": at, "zone": rule.zone})


def _common(schedule: Schedule, master: str) -> dict[str, object]:
    target = schedule.target
    return {
        "schedule": schedule.schedule_id,
        "master": master,
        "areas": sorted(target.areas),
        "groups": sorted(target.groups),
        "speakers": sorted(target.speakers),
        "class": schedule.air_class,
        "rank": schedule.rank,
        "slot_us": schedule.slot_us,
        "overrun": schedule.overrun,
        "fill": schedule.fill,
        "on_interrupted": schedule.on_interrupted,
    }


def _digest(what: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not part of what is approved")
