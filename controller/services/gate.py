"""What is sent without a schedule: guards and approval hold for it as for what is planned. Emergencies pass both.

A person who sends approves it by that: they must be one who may, everywhere it is heard, and not the only one who made
it, nor anything that is heard in it. For a program, whoever gave it the right to send has decided.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from agents.protocol.ids import AreaId
from agents.protocol.values import AiringClass
from controller.domain.errors import Refused
from controller.domain.groups import NO_GROUPS, groupings
from controller.domain.planning import Used, duration_us
from controller.domain.rights import Actor
from controller.domain.speakers import Speaker
from controller.ports import Transaction
from controller.services.contents import Content
from controller.services.office import Office
from controller.services.planning.planned import guards_by_area, guards_by_speaker, known_contents
from controller.services.planning.self_approval import require_approver
from schedules.guards import NO_GUARDS, Guards, along, days, forbidden
from schedules.precedence import AirClass, place_of

_MINUTE_US: Final = 60_000_000
_UNUSED: Final = Used()
_SPARE_US: Final = 10_000_000
"""A speaker counts what sounded to the moment, and skips what does not fit whole into what it has left."""
_AT_ONCE: Final = 500


class Gate:
    """Asked in the transaction that writes the airing. Every method raises `StoreFailed` too."""

    def __init__(self, office: Office) -> None:
        self._areas = office.areas
        self._zone = office.settings.time_zone
        self._clock = office.clock

    async def require_approval(
        self, tx: Transaction, content: Content, speakers: Sequence[Speaker], by: Actor, now_us: int
    ) -> bool:
        """Returns whether somebody approved their own by that. What came from above was approved there.

        Raises `Refused` (``approval_needed``).
        """
        if by.token_id is not None:
            return False
        known = (await known_contents(tx, [content.content_id], now_us))[content.content_id]
        if known.above:
            return False
        area_ids = tuple(dict.fromkeys(speaker.area_id for speaker in speakers))
        authors = {by.name} if by.name in known.makers else known.authors
        return await require_approver(tx, self._areas, by, area_ids, authors)

    async def require_within_guards(
        self, tx: Transaction, content: Content, speakers: Sequence[Speaker], start_us: int
    ) -> None:
        """Whether all of it may be heard from ``start_us`` on, on each of the speakers, beside what is planned there.

        Raises `Refused` (``guard_slot_too_long``, ``guard_quiet_hours``, ``guard_slots_used_up``,
        ``guard_minutes_used_up``).
        """
        length_us = duration_us(content.sequence)
        async for speaker, guards, at_us, used in self._guarded(tx, speakers, start_us, content.airing_class):
            code = _refused(guards, self._zone, at_us, length_us, used)
            if code is not None:
                raise Refused(f"on {speaker.name}", code=code)

    async def longest_within_guards(
        self, tx: Transaction, speakers: Sequence[Speaker], start_us: int, wanted_us: int, least_us: int
    ) -> int:
        """How long may be heard from ``start_us`` on, on all the speakers: ``wanted_us``, or what guards leave of it.

        Raises `Refused` as `require_within_guards` does where that is less than ``least_us``.
        """
        longest_us = wanted_us
        async for speaker, guards, at_us, used in self._guarded(tx, speakers, start_us, AiringClass.LIVE):
            code = _refused(guards, self._zone, at_us, least_us, used)
            if code is not None:
                raise Refused(f"on {speaker.name}", code=code)
            longest_us = min(longest_us, _left_us(guards, self._zone, at_us, longest_us, used))
        return longest_us

    async def _guarded(
        self, tx: Transaction, speakers: Sequence[Speaker], start_us: int, airing_class: AiringClass
    ) -> AsyncIterator[tuple[Speaker, Guards, int, Used]]:
        """Each speaker with its guards on that day, the instant at which it begins there, and what is used of the day
        by what does not give way to ``airing_class``; nothing where there are no guards at all.
        """
        [(day, begins_us, ends_us)] = days(self._zone, start_us, start_us + 1)
        by_area, own = await guards_by_area(tx, self._areas.history()), await guards_by_speaker(tx)
        if not by_area and not own:
            return
        grouped = groupings(await tx.groups.all())
        ids, below = [one.speaker_id for one in speakers], giving_way(airing_class)
        used = await tx.planned_airings.used(ids, begins_us, ends_us, below, self._clock.now_us())
        await self._areas.knowing(tx, {one.area_id for one in speakers})
        history, known = self._areas.history(), dict[tuple[AreaId, Guards], Guards]()
        for number, speaker in enumerate(speakers, 1):
            alike = speaker.area_id, own.get(speaker.speaker_id, NO_GUARDS)
            guards = known.get(alike)
            if guards is None:
                guards = known[alike] = along(by_area, history.path_on(speaker.area_id, day), alike[1])
            later_us = speaker.delay_us + grouped.get(speaker.speaker_id, NO_GROUPS).stagger_us
            yield speaker, guards, start_us + later_us, used.get(speaker.speaker_id, _UNUSED)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)


def giving_way(airing_class: AiringClass) -> list[AiringClass]:
    """The classes after it: what is planned of them loses its slot and its minutes to it."""
    place = place_of(AirClass(airing_class.value))
    return [one for one in AiringClass if place_of(AirClass(one.value)) > place]


def _left_us(guards: Guards, zone: str, start_us: int, wanted_us: int, used: Used) -> int:
    """How long it may be heard there, where it may be at all."""
    found = [wanted_us]
    if guards.slot_minutes is not None:
        found.append(guards.slot_minutes * _MINUTE_US)
    if guards.day_minutes is not None:
        found.append(guards.day_minutes * _MINUTE_US - used.sounds_us - _SPARE_US)
    quiet = forbidden(guards, zone, start_us, start_us + wanted_us)
    return min([*found, *(from_us - start_us for from_us, _ in quiet)])


def _refused(guards: Guards, zone: str, start_us: int, length_us: int, used: Used) -> str | None:
    """The first reason of these why it may not be heard there."""
    if guards.slot_minutes is not None and length_us > guards.slot_minutes * _MINUTE_US:
        return "guard_slot_too_long"
    if forbidden(guards, zone, start_us, start_us + length_us):
        return "guard_quiet_hours"
    if guards.slots_a_day is not None and used.slots >= guards.slots_a_day:
        return "guard_slots_used_up"
    if guards.day_minutes is not None and used.sounds_us + length_us > guards.day_minutes * _MINUTE_US:
        return "guard_minutes_used_up"
    return None
