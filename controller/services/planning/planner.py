"""The planner: compiles what is planned into each speaker's timeline, and keeps airings planned that say the same.

It looks at everything anew when somebody rings ``office.planning``, when content changes that is planned, every hour,
and when the day changes. What it decides follows from the store alone: the same plans give the same airings, whatever
was cut off before, and looking twice changes nothing. What has begun is left to the devices and to whoever stops it.
While the controller does not trust its own time it plans nothing.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.errors import StoreFailed
from controller.domain.planning import Begun, Changes, Cue, Due, Meanwhile, Script, Standing, differences
from controller.services.events import (
    BulletinChanged,
    Event,
    HandInChanged,
    Lagged,
    PlansChanged,
    ProgrammeChanged,
    TunesChanged,
)
from controller.services.filing import Filing
from controller.services.office import Office
from controller.services.planning import outlook
from controller.services.planning.rundowns import Rundowns
from controller.services.planning.world import Asked, Reading, nothing, read_world, taken_over
from controller.services.waiting import first_of
from schedules.rundown.compile import Compiler, Timeline, changed
from schedules.rundown.conflicts import Conflict
from schedules.rundown.items import Days, items_of
from schedules.rundown.values import Segment
from schedules.schedule import Content, Schedule, World

_Key = TypeVar("_Key")
_log = logging.getLogger(__name__)
_HOUR_US: Final = 3_600_000_000
_RETRY_US: Final = 5_000_000
_ONE_DAY: Final = timedelta(days=1)
_LOOKED_BACK_US: Final = 3 * 86_400_000_000
"""Schedules that ended before are not read: nothing of them can sound any more."""


class Planner:
    """One task plans; anybody asks. Every question is answered by what was last read."""

    def __init__(self, office: Office, rundowns: Rundowns) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._bell = office.planning
        self._areas = office.areas
        self._settings = office.settings
        self._rundowns = rundowns
        self._filing = Filing(office)
        self._days = Days(office.settings.time_zone)
        self._reading = nothing(office.settings.time_zone)
        self._compiler: Compiler | None = None
        self._scripted, self._script = self._reading, Script({}, {})
        self._looking = asyncio.Lock()
        self._whole = True
        self._looked_at_us = 0
        self._left_out: dict[str, Schedule] = {}

    # --- reading ------------------------------------------------------------------------------------------------------

    def world(self) -> World:
        """Everything that rundowns depend on, as last read; empty before the desk has started."""
        return self._reading.world

    @property
    def reading(self) -> Reading:
        """The same with schedules as the desk keeps them."""
        return self._reading

    def today(self) -> date:
        """The day that it is in the station's zone."""
        return self._days.of(self._clock.now_us())

    async def lines(self, speaker_id: SpeakerId, from_us: int, until_us: int) -> outlook.SpeakerOutlook:
        """Every item that is addressed to one speaker and begins or sounds in [``from_us``, ``until_us``), with what
        becomes of it there, by time. Raises `NotFound` (``speaker_unknown``).
        """
        return await outlook.speaker_outlook(self.world(), speaker_id, from_us, until_us)

    async def week(self, where: AreaId | AbstractSet[SpeakerId], monday: date) -> outlook.Week:
        """Every occurrence of the seven days from ``monday`` on, at an area and all below it, or at some speakers; with
        what becomes of it, counted over those speakers of them that it reaches.
        """
        world = self.world()
        if isinstance(where, AbstractSet):
            return await outlook.week_of(world, where, None, monday)
        standing = {one.speaker_id for one in world.places if where in world.tree.path_on(one.area_id, monday)}
        return await outlook.week_of(world, standing, where, monday)

    async def conflicts_of(
        self, schedule: Schedule, content: Content | None = None, days: int | None = None
    ) -> tuple[Conflict, ...]:
        """What a schedule meets in the days from today on (None: as far as rundowns reach), whether it is planned
        already or not; see `schedules.rundown.conflicts.find`. ``content`` is its own, where that is planned nowhere.
        """
        world = _knowing(self.world(), content)
        return await outlook.conflicts_of(world, schedule, self.today(), self._ahead if days is None else days)

    async def next_free(self, schedule: Schedule, original: datetime, content: Content | None = None) -> int | None:
        """The next instant at which the occurrence ``original`` of a schedule could be heard whole and everywhere
        within the guards, not before it is planned for; None where there is none in the next days.

        Raises `NotFound` (``exception_unknown``).
        """
        return await outlook.free_after(_knowing(self.world(), content), schedule, original)

    # --- planning -----------------------------------------------------------------------------------------------------

    async def prepare(self) -> None:
        """Reads what is planned, so that nobody asks in vain. Raises `StoreFailed`."""
        await self._read()

    async def run(self) -> None:
        """Until cancelled."""
        async with self._events.subscribe() as events, asyncio.TaskGroup() as group:
            group.create_task(self._listen(events))
            while True:
                again_us = await self._looked()
                await first_of(self._bell.wait(), self._clock.sleep_until(again_us))

    async def _listen(self, events: AsyncIterator[Event]) -> None:
        """Content is not the planner's, and yet what is heard of it is."""
        async for event in events:
            match event:
                case BulletinChanged(bulletin_id=bulletin_id):
                    if bulletin_id in self._reading.sources:
                        self._bell.wake()
                case ProgrammeChanged(programme_id=programme_id):
                    if programme_id in self._reading.sources:
                        self._bell.wake()
                case TunesChanged() | HandInChanged() | Lagged():
                    self._bell.wake()
                case _:
                    pass

    async def _looked(self) -> int:
        """Does what is to be done; returns when to look again at the latest."""
        now_us = self._clock.now_us()
        if now_us - self._looked_at_us >= _HOUR_US:
            self._whole = True
        try:
            await self.look()
        except StoreFailed:
            _log.exception("what is planned waits for the database")
            self._whole = True
            return now_us + _RETRY_US
        except Exception:
            # One schedule that cannot be reckoned with must not end the desk, and with it every stop.
            _log.exception("what is planned could not be compiled")
            self._compiler, self._whole = None, True
            self._left_out = await asyncio.to_thread(_unreckonable, self.world(), self.today(), self._ahead)
            return now_us + _RETRY_US
        tomorrow_us = self._days.begin_us(self._days.of(now_us) + _ONE_DAY)
        return min(now_us + _HOUR_US, tomorrow_us)

    async def look(self) -> None:
        """Reads, compiles, and plans what is lacking. Raises `StoreFailed`."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        before = self._reading
        await self._read()
        self._reading = await asyncio.to_thread(taken_over, before, self._reading)
        new_limits = self._rundowns.limits.replace(self.world())
        differs = before != self._reading
        touched: frozenset[SpeakerId] = frozenset()
        if self._rundowns.time_trusted:
            touched = await self._planned()
        if differs or touched:
            self._events.publish(PlansChanged())
        await self._rundowns.refresh(None if new_limits else touched)

    async def _planned(self) -> frozenset[SpeakerId]:
        """Compiles, and files what differs; returns whose rundowns are touched."""
        before, now = self._scripted, self._reading  # more than once may have been read while time was not trusted
        self._whole = self._whole or _others(before.contents, now.contents) or _others(before.terms, now.terms)
        first = self.today() - _ONE_DAY
        standing = await self._filing.standing()
        now_us = self._clock.now_us()
        meanwhile = Meanwhile(stopped=self._reading.stopped, sounds=self._filing.sounding(now_us))
        changes = await asyncio.to_thread(self._compiled, first, standing, meanwhile, now_us)
        touched = await self._filing.file(changes, self._script)
        if self._whole:
            self._whole, self._looked_at_us = False, now_us
        return touched

    async def _read(self) -> None:
        now_us = self._clock.now_us()
        asked = Asked(
            zone=self._settings.time_zone,
            now_us=now_us,
            since_us=now_us - _LOOKED_BACK_US,
            first=self._days.of(now_us),
        )
        async with self._store.reading() as tx:
            reading = await read_world(tx, self._areas, asked, self._reading)
            self._reading = _without(reading, self._left_out)

    def _compiled(self, first: date, standing: list[Standing], meanwhile: Meanwhile, now_us: int) -> Changes:
        """In a thread of its own. Only here is the compiler of all speakers asked."""
        world, old, self._compiler = self.world(), self._compiler, None
        touched: frozenset[str] | None = None
        if old is None:
            compiler = Compiler(world, first, self._ahead + 1)
        else:
            compiler, touched = changed(old, world, first)
        if self._whole:
            touched = None
        self._scripted, self._script = self._reading, Script(self._reading.terms, self._reading.contents)
        wanted, begun = _wanted(compiler, self._script, touched, now_us)
        self._compiler = compiler
        speakers = None if touched is None else frozenset(SpeakerId(one) for one in touched)
        return differences(wanted, standing, replace(meanwhile, wanted=begun), now_us, touched=speakers)

    @property
    def _ahead(self) -> int:
        """Days from today on, today included, that airings are planned for: one more than rundowns reach."""
        return math.ceil(self._settings.rundown_days) + 1


def _others(before: Mapping[_Key, object], now: Mapping[_Key, object]) -> bool:
    """Whether anything that was there is there otherwise, which no timeline shows. What came or went, they show."""
    return any(name in now and now[name] != value for name, value in before.items())


def _without(reading: Reading, left_out: Mapping[str, Schedule]) -> Reading:
    """Without schedules that cannot be reckoned with, for as long as they are as they were."""
    if not left_out:
        return reading
    kept = tuple(one for one in reading.world.schedules if left_out.get(one.schedule_id) != one)
    return replace(reading, world=replace(reading.world, schedules=kept))


def _unreckonable(world: World, today: date, days: int) -> dict[str, Schedule]:
    """Schedules whose occurrences in the next days cannot be told. What is wrong with them stands in the log."""
    zone, found = Days(world.zone), dict[str, Schedule]()
    from_us, until_us = zone.begin_us(today - 3 * _ONE_DAY), zone.begin_us(today + (days + 3) * _ONE_DAY)
    for schedule in world.schedules:
        try:
            items_of(schedule, world.contents, world.holidays, from_us, until_us)
        except Exception:
            _log.exception("a schedule is left out until it is changed", extra={"schedule_id": schedule.schedule_id})
            found[schedule.schedule_id] = schedule
    return found


def _knowing(world: World, content: Content | None) -> World:
    return world if content is None else replace(world, contents={**world.contents, content.content_id: content})


def _wanted(
    compiler: Compiler, script: Script, touched: AbstractSet[str] | None, now_us: int
) -> tuple[dict[Cue, set[SpeakerId]], dict[Due, list[Begun]]]:
    """Who is to play what of what has not begun, and who would be playing what has. Speakers that play the same share
    their timeline.
    """
    speakers = [place.speaker_id for place in compiler.world.places if touched is None or place.speaker_id in touched]
    alike: dict[int, tuple[Timeline, set[SpeakerId]]] = {}
    for speaker_id in speakers:
        timeline = compiler.timeline(speaker_id)
        alike.setdefault(id(timeline), (timeline, set()))[1].add(SpeakerId(speaker_id))
    wanted: dict[Cue, set[SpeakerId]] = {}
    begun: dict[Due, list[Begun]] = {}
    cues: dict[Segment, tuple[Cue, ...]] = {}
    for timeline, together in alike.values():
        for segment in timeline:
            if segment.until_us <= now_us:
                continue
            item = compiler.item(segment.item_id)
            if segment.from_us <= now_us:
                due = item.schedule_id, item.original, item.start_us
                begun.setdefault(due, []).append(Begun(segment.until_us, together))
            if segment not in cues:
                cues[segment] = script.cues(segment, item)
            for cue in cues[segment]:
                if cue.start_at_us > now_us:
                    wanted.setdefault(cue, set()).update(together)
    return wanted, begun
