"""What one speaker plays in the next hours or days: every item and every absence, each with its reason."""

from typing import Annotated, Final

from msgspec import Meta

from agents.protocol.ids import AiringId, SpeakerId
from controller.domain.errors import Invalid, NotFound
from controller.domain.guarding import GuardPlace
from controller.domain.schedules import ScheduleId
from controller.web import rundownpresent as present
from controller.web.api import plan_values as plan
from controller.web.api.endpoint import Query, raises
from controller.web.api.guards import Limits, SourceTold, limits_told, place_told
from controller.web.api.plan_values import Day, WallTime
from controller.web.api.values import Told
from controller.web.asking import Ask
from controller.web.guarding import limit_sources
from controller.web.i18n import Translator
from controller.web.moments import day_of
from controller.web.rundownpresent import Found, Window
from controller.web.rundowns import rundown_found
from controller.web.rundownwords import detail, in_the_way, outcome_sentence, reason, verdict
from schedules.rundown.values import Line, Played

MOST_DAYS: Final = 7
_HOUR_US: Final = 3_600_000_000


class RundownQuery(Query):
    """Which time: so many days from ``day`` on; without a day the next 24 hours."""

    day: Day | None = None
    days: Annotated[int, Meta(ge=1, le=MOST_DAYS)] = 1


class StretchTold(Told):
    """A stretch that sounds, ``offset_us`` into what is heard."""

    from_at_us: int
    until_at_us: int
    offset_us: int
    fade: bool


class LineTold(Told):
    """One item, and what becomes of it on this speaker.

    ``outcome`` is `whole`, `later`, `in_part`, `displaced`, `conflicted`, `refused` or `skipped`; ``reason`` the code
    of why it is not heard as planned; ``sentence`` says both, in the language of `Accept-Language`. ``by`` is the item
    that has the air instead, or before. What was planned directly has an airing and no schedule.
    """

    item_id: str
    schedule_id: ScheduleId | None
    airing_id: AiringId | None
    original: WallTime
    content_id: str
    title: str
    from_above: bool
    start_at_us: int
    length_us: int
    outcome: str
    reason: str
    sentence: str
    by: str | None
    detail: str
    odd_hour: bool
    heard: list[StretchTold]


class QuietTold(Told):
    """A stretch of quiet hours."""

    from_at_us: int
    until_at_us: int


class RundownTold(Told):
    """By the time at which things are heard, or were to be. ``limits`` are those in force, ``sources`` say which place
    each of them comes from. By its delay and its turn all but emergencies begin ``stagger_us`` later than told.
    """

    speaker_id: SpeakerId
    from_at_us: int
    until_at_us: int
    stagger_us: int
    items: list[LineTold]
    quiet: list[QuietTold]
    limits: Limits
    sources: list[SourceTold]


def line_told(found: Found, line: Line, say: Translator) -> LineTold:
    """One item, in the words of whoever asks."""
    item, outcome = line.item, line.outcome
    direct = present.airing_of(item.schedule_id)
    return LineTold(
        item_id=item.item_id,
        schedule_id=None if direct else ScheduleId(item.schedule_id),
        airing_id=direct,
        original=plan.written(item.original),
        content_id=item.content_id,
        title=found.title(item),
        from_above=item.above,
        start_at_us=item.start_us,
        length_us=item.length_us,
        outcome=verdict(outcome).code,
        reason=reason(outcome),
        sentence=outcome_sentence(line, found.names, say),
        by=in_the_way(outcome),
        detail=detail(outcome),
        odd_hour=present.odd(found, line),
        heard=[
            StretchTold(from_at_us=one.from_us, until_at_us=one.until_us, offset_us=one.offset_us, fade=one.fade)
            for one in (outcome.segments if isinstance(outcome, Played) else ())
        ],
    )


@raises(NotFound, "not_found", "speaker_unknown")
@raises(Invalid, "day_malformed")
async def get_rundown(ask: Ask, speaker_id: SpeakerId, query: RundownQuery) -> RundownTold:
    """What a speaker plays, and what it does not, with the reason of each."""
    window = _window(ask, query)
    found = await rundown_found(ask, speaker_id, window)
    effective = await ask.parts.guards.effective(GuardPlace.speaker(speaker_id))
    place = next((one for one in found.world.places if one.speaker_id == speaker_id), None)
    return RundownTold(
        speaker_id=speaker_id,
        from_at_us=window.from_us,
        until_at_us=window.until_us,
        stagger_us=0 if place is None else place.stagger_us,
        items=[line_told(found, line, ask.say) for line in present.in_order(found.lines)],
        quiet=[QuietTold(from_at_us=begin, until_at_us=end) for begin, end in present.quiet_spans(found)],
        limits=limits_told(effective.guards),
        sources=[
            SourceTold(sentence=said, place=await place_told(ask, at)) for said, at in limit_sources(effective, ask.say)
        ],
    )


def _window(ask: Ask, query: RundownQuery) -> Window:
    if query.day is None:
        now_us = ask.parts.clock.now_us()
        return Window(now_us, now_us + query.days * 24 * _HOUR_US)
    return present.days_window(day_of(query.day), query.days, ask.say)
