"""In which schedules a bulletin or programme is heard: told before it is changed, for a change voids what was approved.

What is planned is the planner's reading; the content is as it is kept now, so that a change made a moment ago counts. A
bulletin is in a schedule also by a programme in it, and by one occurrence that got it in place of what is planned.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from controller.domain.airings import ContentId
from controller.domain.approving import next_start_us, parts
from controller.domain.programmes import ProgrammeId
from controller.domain.schedules import ApprovalState, PlannedSchedule
from controller.services.planning.planned import Known, known_contents
from controller.services.planning.world import Reading
from controller.web import plans, subjects
from controller.web.asking import Ask
from controller.web.i18n import Translator
from controller.web.moments import moment
from controller.web.planwords import when_words
from controller.web.reckoning import reckoned
from schedules.precedence import AirClass
from schedules.recurrence.rule import Changed
from schedules.recurrence.series import next_dues
from schedules.schedule import Schedule

LISTED: Final = 5
"""Of so many schedules, the soonest to be heard, each is named; the others are counted."""
_UNDECIDED: Final = frozenset({ApprovalState.WAITING, ApprovalState.VOID})


@dataclass(frozen=True, kw_only=True)
class Use:
    """A schedule that somebody may look at. ``waits`` is true while what is heard of it is to be approved: the series,
    or where that is of something else, an occurrence that got this instead.
    """

    href: str
    title: str
    when_sentence: str
    where: str
    waits: bool


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How many live schedules something is heard in, and in how many of them it waits for approval. ``shown`` are the
    soonest to be heard, ``waiting`` those of them that wait; both without what is planned where nobody may look.
    """

    sentence: str = ""
    waiting_sentence: str = ""
    schedules: int = 0
    shown: Sequence[Use] = ()
    waiting: Sequence[Use] = ()
    more: int = 0
    more_waiting: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    next_us: int
    waits: bool
    planned: PlannedSchedule


async def usage_of(ask: Ask, content_id: ContentId, *, programme: bool = False) -> Usage:
    """Of nothing that is planned, `Usage` says nothing. Raises `StoreFailed`."""
    reading, now_us = ask.parts.planner.reading, ask.parts.clock.now_us()
    if content_id not in reading.sources:
        return Usage()
    async with ask.parts.store.reading() as tx:
        containing: set[str] = {content_id}
        if not programme:
            others = sorted({one for planned in reading.planned.values() for one in planned.content_ids})
            found = await tx.programmes.several([ProgrammeId(one) for one in others])
            containing |= {one.programme_id for one in found.values() if content_id in one.needed_ids}
        using = [one for one in reading.planned.values() if not containing.isdisjoint(one.content_ids)]
        wanted = {one for planned in using for one in planned.content_ids}
        known = await known_contents(tx, sorted(wanted), now_us)
    heard = await reckoned(ask, _heard, using, reading, known, containing, now_us)
    return await _told(ask, heard, programme=programme)


def _heard(
    using: Sequence[PlannedSchedule],
    reading: Reading,
    known: Mapping[str, Known],
    containing: AbstractSet[str],
    now_us: int,
) -> list[_Found]:
    """Those that are still to be heard, the soonest first."""
    counting = {one.schedule_id: one for one in reading.world.schedules}
    contents = {content_id: one.summary for content_id, one in known.items()}
    found: list[_Found] = []
    for planned in using:
        counts = counting.get(planned.schedule_id)
        next_us = _next_us(counts, containing, reading, now_us) if counts else None
        if counts is None or next_us is None:
            continue
        airing_class = known[counts.content_id].airing_class
        if airing_class is not None:
            counts = replace(counts, air_class=AirClass(airing_class.value))
        of_it = [one for one in parts(planned, counts, contents, ()) if one.content_id in containing]
        telling = [one for one in of_it if one.original is None] or of_it
        waits = any(one.state in _UNDECIDED and next_start_us(counts, one, now_us) is not None for one in telling)
        found.append(_Found(next_us, waits, planned))
    return sorted(found, key=lambda one: (one.next_us, one.planned.schedule_id))


def _next_us(counts: Schedule, containing: AbstractSet[str], reading: Reading, now_us: int) -> int | None:
    """When one of these contents is heard next."""
    series = counts.series
    for due in next_dues(series, now_us - 1, len(series.changes) + 1, reading.world.holidays):
        instead = due.change.content_id if isinstance(due.change, Changed) else None
        if (instead or counts.content_id) in containing:
            return due.start_us
    return None


# --- what is shown ----------------------------------------------------------------------------------------------------


async def _told(ask: Ask, heard: Sequence[_Found], *, programme: bool) -> Usage:
    if not heard:
        return Usage()
    waiting = [one for one in heard if one.waits]
    named = {one.planned.schedule_id: one for one in [*heard[:LISTED], *waiting[:LISTED]]}
    uses = {schedule_id: await _use(ask, one) for schedule_id, one in named.items()}
    shown = [use for one in heard[:LISTED] if (use := uses[one.planned.schedule_id])]
    shown_waiting = [use for one in waiting[:LISTED] if (use := uses[one.planned.schedule_id])]
    return Usage(
        sentence=_sentence(ask, len(heard), heard[0].next_us, programme=programme),
        waiting_sentence=_waiting_sentence(len(waiting), ask.say) if waiting else "",
        schedules=len(heard),
        shown=shown,
        waiting=shown_waiting,
        more=len(heard) - len(shown),
        more_waiting=len(waiting) - len(shown_waiting),
    )


async def _use(ask: Ask, found: _Found) -> Use | None:
    """None for one that whoever asks may not look at."""
    planned = found.planned
    if not subjects.schedule_seen(ask, await plans.areas_of(ask, planned)):
        return None
    return Use(
        href=f"/schedules/{planned.schedule_id}",
        title=planned.title,
        when_sentence=when_words(planned, None, ask.say),
        where=await plans.where_of(ask, planned.schedule.target),
        waits=found.waits,
    )


def _sentence(ask: Ask, count: int, next_us: int, *, programme: bool) -> str:
    at = _soon(moment(next_us), moment(ask.parts.clock.now_us()), ask.say)
    if programme:
        return ask.say.ngettext(
            "This programme is in %(num)s schedule, heard next at %(at)s. "
            "If you change what is heard, it must be approved again before it is played.",
            "This programme is in %(num)s schedules, heard next at %(at)s. "
            "If you change what is heard, they must be approved again before they are played.",
            count,
            at=at,
        )
    return ask.say.ngettext(
        "This bulletin is in %(num)s schedule, heard next at %(at)s. "
        "If you change what is heard, it must be approved again before it is played.",
        "This bulletin is in %(num)s schedules, heard next at %(at)s. "
        "If you change what is heard, they must be approved again before they are played.",
        count,
        at=at,
    )


def _waiting_sentence(count: int, say: Translator) -> str:
    return say.ngettext(
        "%(num)s schedule waits for approval now, and is not heard before:",
        "%(num)s schedules wait for approval now, and are not heard before:",
        count,
    )


def _soon(at: datetime, now: datetime, say: Translator) -> str:
    clock, day = say.format_time(at, seconds=False), at.astimezone(say.zone).date()
    today = now.astimezone(say.zone).date()
    if day == today:
        return say.gettext("%(clock)s today", clock=clock)
    if day == today + timedelta(days=1):
        return say.gettext("%(clock)s tomorrow", clock=clock)
    return say.format_datetime(at)
