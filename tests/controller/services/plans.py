"""A station with something planned, and what its devices are told of it."""

from dataclasses import replace
from datetime import datetime, timedelta

from agents.protocol.documents import Rundown
from agents.protocol.ids import AreaId
from agents.protocol.values import AiringClass, PlannedAiring
from controller.domain.airings import Airing
from controller.domain.bulletins import Bulletin
from controller.domain.guarding import GuardPlace, PlaceGuards
from controller.domain.rights import EVERYWHERE, Actor, Grant, Role, scopes_of
from controller.domain.schedules import Approval, PlannedSchedule, ScheduleDraft
from controller.domain.speakers import Speaker
from schedules.approval import series_binding
from schedules.guards import Guards
from schedules.recurrence.parse import parse_rule
from schedules.schedule import Target
from tests.controller.drafts import text_draft
from tests.controller.fakes import SECOND_US, FakeDevice
from tests.controller.services.station import Station

MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
ZONE = "Asia/Ho_Chi_Minh"
ADMIN = Actor(name="an", scopes=scopes_of([Grant(Role.ADMINISTRATOR, EVERYWHERE)]), person_id="p-an")


def at(hour: int, minute: int = 0, day: int = 15) -> datetime:
    """A wall time of January 2027; the station's clock begins on the 15th, a Friday, at three in the afternoon."""
    return datetime(2027, 1, day, hour, minute)  # noqa: DTZ001 - a wall time


def instant_us(wall: datetime) -> int:
    """Of a wall time at the station."""
    return int((wall - datetime(1970, 1, 1)).total_seconds() - 7 * 3_600) * SECOND_US  # noqa: DTZ001


async def bulletin(
    station: Station, minutes: int = 1, airing_class: AiringClass = AiringClass.ORDINARY, title: str = "Thông báo"
) -> Bulletin:
    """One that sounds so long."""
    draft = replace(text_draft(title, "một " * 60 * minutes), airing_class=airing_class)
    made = await station.desk.compose.make(draft, "an")
    return await station.desk.compose.wait_ready(made.bulletin_id)


async def plan(
    station: Station,
    of: Bulletin,
    begins: datetime,
    *targets: Speaker | AreaId,
    rule: str = "FREQ=DAILY",
    approved: bool = True,
    above: bool = False,
    **more: object,
) -> PlannedSchedule:
    """A schedule, as a rule one that is approved."""
    areas = tuple(one for one in targets if not isinstance(one, Speaker))
    speakers = tuple(one.speaker_id for one in targets if isinstance(one, Speaker))
    draft = ScheduleDraft(
        content_id=of.bulletin_id,
        target=Target(areas=areas, speakers=speakers),
        rule=parse_rule(rule, start=begins, zone=ZONE),
        **more,  # type: ignore[arg-type]
    )
    planned = await station.desk.schedules.plan(draft, ADMIN)
    if above:
        await put(station, replace(planned, schedule=replace(planned.schedule, above=True, needs_approval=False)))
    if approved:
        await approve(station, planned)
    return planned


async def put(station: Station, planned: PlannedSchedule) -> None:
    """As if the desk had written it."""
    async with station.store.transaction() as tx:
        await tx.schedules.put(planned)
    ring(station)


async def approve(station: Station, planned: PlannedSchedule) -> None:
    """The series, as it is now."""
    await station.desk.planner.look()
    world = station.desk.planner.world()
    schedule = next(one for one in world.schedules if one.schedule_id == planned.schedule_id)
    binding = series_binding(schedule, world.contents[schedule.content_id].master)
    async with station.store.transaction() as tx:
        await tx.approvals.put(
            Approval(
                schedule_id=planned.schedule_id, binding=binding, original=None, by="ba", at_us=station.clock.now_us()
            )
        )
    ring(station)


async def guard(station: Station, place: GuardPlace, guards: Guards) -> None:
    """Sets guards at a place."""
    async with station.store.transaction() as tx:
        await tx.guard_rows.put(PlaceGuards(place=place, guards=guards, revision=1))
    ring(station)


def ring(station: Station) -> None:
    """Tells the planner that something has changed."""
    station.desk._office.planning.wake()


def rundowns(device: FakeDevice) -> list[Rundown]:
    """Those that the device was given."""
    return [document for document in device.received if isinstance(document, Rundown)]


def planned_for(device: FakeDevice) -> list[PlannedAiring]:
    """What the device is to play, by its last rundown."""
    given = rundowns(device)
    return list(given[-1].airings) if given else []


def starts(device: FakeDevice) -> list[datetime]:
    """When, by the station's wall."""
    begins = at(0)
    return [begins + timedelta(microseconds=(one.start_at_us or 0) - instant_us(begins)) for one in planned_for(device)]


async def until_starts(station: Station, device: FakeDevice, *wanted: datetime) -> None:
    """Waits until the device is to play at these times of today and tomorrow, and at no other."""

    async def look() -> bool:
        return [one for one in starts(device) if one < at(0, day=17)] == list(wanted)

    try:
        await station.until(look)
    except TimeoutError:
        raise AssertionError(f"it is to play at {starts(device)}") from None


async def airings_of(station: Station, planned: PlannedSchedule) -> list[Airing]:
    """Every airing that ever followed from a schedule, by time."""
    async with station.store.reading() as tx:
        found = await tx.planned_airings.due(0, 2**62)
    return [one for one in found if one.schedule_id == planned.schedule_id]


async def settled(station: Station, planned: PlannedSchedule) -> None:
    """Waits until the devices' word on all that is to be played is stored: the program is not ended in a write."""

    async def look() -> bool:
        async with station.store.reading() as tx:
            until_us = station.clock.now_us() + 7 * 24 * HOUR_US
            played = [
                playback
                for one in await tx.planned_airings.due(station.clock.now_us(), until_us)
                for playback in await tx.airings.playbacks(one.airing_id)
                if one.schedule_id == planned.schedule_id
            ]
        return all(one.pushed_at_us is not None for one in played)

    await station.until(look)
