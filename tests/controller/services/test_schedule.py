"""Planned airings travel in rundowns, and need nobody at their instant."""

import asyncio
import contextlib

import pytest

from agents.protocol.documents import Rundown
from agents.protocol.journal import Skipped, SkipReason
from controller.domain.airings import AiringState, PlayState
from controller.domain.errors import Invalid, Refused, StoreFailed
from controller.store.documents import SqlDocuments
from tests.controller.fakes import SECOND_US, FakeDevice
from tests.controller.services.station import Station, finished, sounding

HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US


def rundowns(device: FakeDevice) -> list[Rundown]:
    return [document for document in device.received if isinstance(document, Rundown)]


async def schedule(station: Station, speaker, ahead_us: int = HOUR_US):
    bulletin = await station.bulletin()
    start_us = station.clock.now_us() + ahead_us
    return await station.desk.dispatch.schedule(bulletin.bulletin_id, [speaker.speaker_id], start_us, "admin")


async def test_a_planned_airing_is_in_the_rundown_of_its_speakers_alone(station: Station) -> None:
    chosen, device = await station.speaker("Chợ")
    _, other = await station.speaker("Đình")
    airing = await schedule(station, chosen)
    await station.until_played(airing, chosen, PlayState.PUSHED)
    [rundown] = rundowns(device)
    assert [(one.airing_id, one.start_at_us) for one in rundown.airings] == [(airing.airing_id, airing.start_at_us)]
    assert rundown.until_us == station.clock.now_us() + 7 * DAY_US
    assert rundowns(other) == []


async def test_it_comes_on_the_air_and_ends_by_its_evidence(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    airing = await schedule(station, speaker)
    await station.disconnect(device)
    station.clock.advance(3_605)
    await station.connect(device)
    await station.report(device, sounding(airing.airing_id, airing.start_at_us))
    await station.until_state(airing, AiringState.ON_AIR)
    await station.report(device, finished(airing.airing_id, station.clock.now_us(), airing.duration_us))
    await station.until_state(airing, AiringState.ENDED)


async def test_a_device_that_was_away_gets_the_rundown_when_it_connects(station: Station) -> None:
    speaker, device = await station.adopt("Chợ")
    airing = await schedule(station, speaker)
    assert device.received[1:] == []
    await station.connect(device)
    assert [one.airing_id for one in rundowns(device)[-1].airings] == [airing.airing_id]
    await station.disconnect(device)
    await station.connect(device)
    assert len(rundowns(device)) == 1


async def test_a_stopped_plan_is_withdrawn_from_the_rundown(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    airing = await schedule(station, speaker)
    await station.desk.dispatch.stop(airing.airing_id, "admin")

    async def withdrawn() -> bool:
        return rundowns(device)[-1].airings == ()

    await station.until(withdrawn)
    await station.report(device, Skipped(airing_id=airing.airing_id, reason=SkipReason.WITHDRAWN))
    assert (await station.playback(airing, speaker)).reason == "withdrawn"


async def test_an_airing_that_sounds_stays_in_a_rundown_signed_meanwhile(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    first = await schedule(station, speaker)
    station.clock.advance(3_602)
    await station.report(device, sounding(first.airing_id, first.start_at_us))
    await station.until_state(first, AiringState.ON_AIR)
    second = await schedule(station, speaker)
    await station.until_played(second, speaker, PlayState.PUSHED)
    assert [one.airing_id for one in rundowns(device)[-1].airings] == [first.airing_id, second.airing_id]


async def test_the_window_moves_on_by_itself(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    far = await schedule(station, speaker, ahead_us=7 * DAY_US + HOUR_US)
    await asyncio.sleep(0.02)
    assert rundowns(device) == []
    station.clock.advance(2 * 3_600)
    await station.until_played(far, speaker, PlayState.PUSHED)


@pytest.mark.parametrize(
    ("ahead_us", "code"), [(0, "start_in_past"), (-HOUR_US, "start_in_past"), (400 * DAY_US, "too_far_ahead")]
)
async def test_an_instant_that_cannot_be_kept_is_refused(station: Station, ahead_us: int, code: str) -> None:
    speaker, _ = await station.speaker("Chợ")
    with pytest.raises(Invalid) as refused:
        await schedule(station, speaker, ahead_us)
    assert refused.value.code == code


async def test_nothing_is_planned_while_the_clock_is_not_trusted(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    station.clock.trusted = False
    with pytest.raises(Refused) as refused:
        await schedule(station, speaker)
    assert refused.value.code == "clock_not_synchronised"
    station.clock.trusted = True
    await schedule(station, speaker)
    station.clock.trusted = False
    await station.disconnect(device)
    await station.connect(device)
    assert len(rundowns(device)) == 1


async def test_an_airing_nobody_heard_of_expires_when_its_time_is_over(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    airing = await schedule(station, speaker)
    await station.disconnect(device)
    station.clock.advance(3_600)
    station.clock.advance(16)
    await station.until_state(airing, AiringState.EXPIRED)


async def test_a_database_that_fails_delays_rundowns_and_ends_nothing(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, _ = await station.speaker("Chợ")
    failed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def broken():
        failed.set()
        raise StoreFailed("database or disk is full")
        yield

    with monkeypatch.context() as patched:
        patched.setattr(station.store, "reading", broken)
        station.clock.advance(61)
        await failed.wait()
    far = await schedule(station, speaker, ahead_us=7 * DAY_US + HOUR_US)
    station.clock.advance(2 * 3_600)
    await station.until_played(far, speaker, PlayState.PUSHED)


async def test_an_airing_that_is_stored_is_planned_though_its_rundown_must_wait(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, _ = await station.speaker("Chợ")

    async def fails(*_: object) -> None:
        raise StoreFailed("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(SqlDocuments, "latest_rundowns", fails)
        airing = await schedule(station, speaker)
    assert airing.state is AiringState.PLANNED
    station.clock.advance(61)
    await station.until_played(airing, speaker, PlayState.PUSHED)


async def test_plans_survive_a_restart(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    airing = await schedule(station, speaker)
    await station.until_played(airing, speaker, PlayState.PUSHED)
    await station.restart()
    await station.connect(device)
    assert len(rundowns(device)) == 1
    station.clock.advance(3_601)
    await station.report(device, sounding(airing.airing_id, airing.start_at_us))
    await station.until_state(airing, AiringState.ON_AIR)


async def test_the_window_stands_still_while_the_clock_is_not_trusted(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    far = await schedule(station, speaker, ahead_us=7 * DAY_US + HOUR_US)
    station.clock.trusted = False
    station.clock.advance(2 * 3_600)
    await asyncio.sleep(0.05)
    await station.disconnect(device)
    await station.connect(device)
    assert rundowns(device) == []
    station.clock.trusted = True
    station.desk.clock_changed()
    await station.until_played(far, speaker, PlayState.PUSHED)
