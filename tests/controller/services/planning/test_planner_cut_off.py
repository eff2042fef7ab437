"""The planner after a power cut, with a clock that is not trusted, and with what it cannot reckon with."""

import asyncio
from dataclasses import replace

import pytest

from controller.domain.airings import AiringState
from controller.domain.errors import StoreFailed
from controller.services.planning.rundowns import Rundowns
from controller.store.planned import SqlPlannedAirings
from tests.controller.fakes import SECOND_US, FakeDevice
from tests.controller.services.plans import (
    ADMIN,
    airings_of,
    at,
    bulletin,
    instant_us,
    plan,
    planned_for,
    put,
    ring,
    rundowns,
    settled,
    starts,
    until_starts,
)
from tests.controller.services.station import Station


async def test_a_power_cut_between_planning_and_telling_is_healed_at_the_next_start(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, device = await station.speaker("Chợ")
    planned = await plan(station, await bulletin(station), at(17), speaker, approved=False)
    cut = asyncio.Event()

    async def never(self: Rundowns, speaker_ids: object) -> None:
        if speaker_ids:
            cut.set()
            await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(Rundowns, "refresh", never)
        await put(station, replace(planned, schedule=replace(planned.schedule, needs_approval=False)))
        await cut.wait()
        before = await airings_of(station, planned)
        assert len(before) == 8
        await station.close()
    station.links.devices.clear()
    await station.open()
    await station.connect(device)
    await until_starts(station, device, at(17), at(17, day=16))
    assert [one.airing_id for one in await airings_of(station, planned)] == [one.airing_id for one in before]


async def test_a_power_cut_in_the_middle_of_the_write_leaves_nothing_half_planned(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, device = await station.speaker("Chợ")
    planned = await plan(station, await bulletin(station), at(17), speaker)
    await until_starts(station, device, at(17), at(17, day=16))

    async def full(self: SqlPlannedAirings, airing_ids: object) -> None:
        raise StoreFailed("database or disk is full")

    moved = replace(planned.schedule.series.rule, start=at(18))
    schedule = replace(planned.schedule, series=replace(planned.schedule.series, rule=moved), needs_approval=False)
    with monkeypatch.context() as patched:
        patched.setattr(SqlPlannedAirings, "withdraw", full)
        async with station.store.transaction() as tx:
            await tx.schedules.put(replace(planned, schedule=schedule))
        with pytest.raises(StoreFailed):
            await station.desk.planner.look()
        assert {one.state for one in await airings_of(station, planned)} == {AiringState.PLANNED}
        assert len(await airings_of(station, planned)) == 8
        assert starts(device)[0] == at(17)
    await settled(station, planned)
    await station.restart()
    await station.connect(device)
    await until_starts(station, device, at(18), at(18, day=16))


async def test_a_restart_finds_what_is_planned_as_it_was(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    planned = await plan(station, await bulletin(station), at(17), speaker)
    await until_starts(station, device, at(17), at(17, day=16))
    before, signed = await airings_of(station, planned), len(rundowns(device))
    await settled(station, planned)
    await station.restart()
    await station.connect(device)
    await station.desk.planner.look()
    assert [(one.airing_id, one.state) for one in await airings_of(station, planned)] == [
        (one.airing_id, one.state) for one in before
    ]
    assert len(rundowns(device)) == signed


async def test_nothing_is_planned_or_withdrawn_while_the_clock_is_not_trusted(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    planned = await plan(station, await bulletin(station), at(17), speaker)
    await until_starts(station, device, at(17), at(17, day=16))
    station.clock.trusted = False
    await station.desk.schedules.withdraw(planned.schedule_id, ADMIN)
    await station.desk.planner.look()
    assert {one.state for one in await airings_of(station, planned)} == {AiringState.PLANNED}
    assert schedule_is_gone(station, planned.schedule_id), "pages show what is planned all the same"
    station.clock.trusted = True
    station.desk.clock_changed()
    await until_starts(station, device)


async def test_what_was_changed_while_the_clock_was_not_trusted_is_planned_once_it_is(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    made = await bulletin(station)
    await plan(station, made, at(17), speaker)
    await until_starts(station, device, at(17), at(17, day=16))
    station.clock.trusted = False
    async with station.store.transaction() as tx:
        await tx.bulletins.put(replace(made, title="Thông báo khác", revision=2))
    await station.desk.planner.look()
    station.clock.trusted = True
    await station.desk.planner.look()
    await station.until(lambda: told(device, "Thông báo khác"))


async def told(device: FakeDevice, title: str) -> bool:
    return {one.title for one in planned_for(device)} == {title}


def schedule_is_gone(station: Station, schedule_id: str) -> bool:
    return all(one.schedule_id != schedule_id for one in station.desk.planner.world().schedules)


async def test_one_schedule_that_cannot_be_reckoned_with_ends_nothing(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, device = await station.speaker("Chợ")
    failed = asyncio.Event()

    def broken(*given: object) -> None:
        failed.set()
        raise ValueError("out of reckoning")

    with monkeypatch.context() as patched:
        patched.setattr("controller.services.planning.planner.differences", lambda *given, **more: broken())
        ring(station)
        await failed.wait()
    await plan(station, await bulletin(station), at(17), speaker)
    station.clock.advance(6)
    await until_starts(station, device, at(17), at(17, day=16))
    assert station.clock.now_us() < instant_us(at(17)) - 60 * SECOND_US


async def test_a_schedule_that_cannot_be_told_is_left_out_and_the_rest_goes_on(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    strange = await plan(station, await bulletin(station), at(16), speaker)
    await until_starts(station, device, at(16), at(16, day=16))
    rule = replace(strange.schedule.series.rule, zone="Mars/Phobos")
    series = replace(strange.schedule.series, rule=rule)
    await put(station, replace(strange, schedule=replace(strange.schedule, series=series)))
    await plan(station, await bulletin(station), at(17), speaker)
    await until_left_out(station, strange.schedule_id)
    station.clock.advance(6)
    await until_starts(station, device, at(17), at(17, day=16))
    await put(station, strange)
    ring(station)
    await until_starts(station, device, at(16), at(17), at(16, day=16), at(17, day=16))


async def until_left_out(station: Station, schedule_id: str) -> None:
    async def look() -> bool:
        return schedule_id in station.desk.planner._left_out

    ring(station)
    await station.until(look)
