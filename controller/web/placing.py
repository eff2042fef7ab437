"""What from above is to be given a time may meet what is planned here, and give way to it: that is told before it is
taken, with the next time at which all of it is heard, for the commune decides the order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.protocol.ids import BulletinId, SpeakerId
from controller.domain.errors import LoaError
from controller.domain.planning import duration_us
from controller.domain.schedules import ScheduleDraft
from controller.services import previews
from controller.services.contents import heard_of
from controller.services.planning.planned import Known
from controller.services.tunes import ready_tunes
from controller.web import planpreview
from controller.web.asking import Ask
from controller.web.moments import instant_us, minute_up, moment
from controller.web.planning_once import target_of
from controller.web.reckoning import reckoned
from controller.web.rundownpresent import title_of
from schedules.recurrence.rule import Rule
from schedules.rundown.conflicts import Conflict, next_free
from schedules.schedule import Content


@dataclass(frozen=True, kw_only=True)
class Met:
    """What has the air then, in words; ``free_at`` is the next time for all of it, None where there is none."""

    sentence: str
    free_at: datetime | None


async def met(ask: Ask, bulletin_id: BulletinId, speaker_ids: Sequence[SpeakerId], at: datetime) -> Met | None:
    """What it would give way to on some of these speakers; None where it gives way to nothing. Raises `StoreFailed`."""
    now_us, world = ask.parts.clock.now_us(), ask.parts.planner.world()
    if not speaker_ids or instant_us(at) <= now_us:
        return None
    known = await _known(ask, bulletin_id)
    if known is None:
        return None
    target = target_of(ask, await ask.parts.speakers.standing(), set(speaker_ids))
    wall = at.astimezone(ask.say.zone).replace(tzinfo=None)
    draft = ScheduleDraft(content_id=bulletin_id, target=target, rule=Rule(zone=ask.parts.zone, start=wall))
    schedule = planpreview.imagined(ask, draft, known, None, split=False)
    found = await reckoned(ask, previews.preview, world, schedule, known.summary, now_us, 1)
    losing = [one for one in found.conflicts if not one.wins]
    if not losing:
        return None
    knowing = planpreview.knowing(world, known.summary)
    free_us = await reckoned(ask, next_free, knowing, schedule, losing[0].item)
    return Met(sentence=_sentence(ask, losing), free_at=None if free_us is None else moment(minute_up(free_us)))


async def _known(ask: Ask, bulletin_id: BulletinId) -> Known | None:
    """The bulletin as if it were taken; None where it has no sound yet."""
    async with ask.parts.store.reading() as tx:
        bulletin = await tx.bulletins.get(bulletin_id)
        try:
            heard = heard_of(bulletin, {bulletin_id: bulletin}, await ready_tunes(tx))
        except LoaError:
            return None
    content = Content(
        content_id=bulletin_id,
        title=bulletin.title,
        master=heard.master,
        duration_us=duration_us(heard.sequence),
        expires_us=bulletin.expires_at_us,
    )
    return Known(summary=content, airing_class=bulletin.airing_class, above=True)


def _sentence(ask: Ask, losing: Sequence[Conflict]) -> str:
    first = losing[0]
    speakers = {one for conflict in losing for one in conflict.speaker_ids}
    return ask.say.ngettext(
        "At that time “%(other)s” (%(from)s–%(until)s) has the air on %(num)s of these speakers and goes first.",
        "At that time “%(other)s” (%(from)s–%(until)s) has the air on %(num)s of these speakers and goes first.",
        len(speakers),
        **{
            "other": title_of(ask.parts.planner.world(), first.other.content_id),
            "from": ask.say.format_time(moment(first.other.start_us), seconds=False),
            "until": ask.say.format_time(
                moment(minute_up(first.other.start_us + first.other.length_us)), seconds=False
            ),
        },
    )
