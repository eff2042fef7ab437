"""What must not be lost of an emergency: its record while nothing is stored, its recording, its unfinished sounds."""

import asyncio
import hashlib
from typing import NoReturn

import pytest

from agents.protocol.documents import Play
from controller.domain.deeds import DeedKind
from controller.domain.emergencies import EmergencyState, EndKind
from controller.domain.errors import StoreFailed
from controller.services.planning.planner import Planner
from tests.controller.services.emergency_samples import LAN, MINH, flood, prepared
from tests.controller.services.station import Station


async def test_what_was_heard_while_nothing_could_be_stored_is_over_and_in_the_log_afterwards(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, device = await station.speaker("Cổng làng")
    desk = station.desk.emergencies
    waiting = await prepared(station, flood(speaker.area_id, lasts_s=60))
    tries = 0

    def full() -> NoReturn:
        nonlocal tries
        tries += 1
        raise StoreFailed("database or disk is full", code="out_of_space")

    async def tried_again() -> bool:
        station.clock.advance(2)
        return tries > before + 10

    with monkeypatch.context() as patch:
        patch.setattr(station.store, "transaction", full)
        emergency = await desk.confirm(waiting.emergency_id, MINH)
        await station.until_ordered(device, Play)
        station.clock.advance(600)
        before = tries
        await station.until(tried_again)

    async def over() -> bool:
        station.clock.advance(2)
        async with station.store.reading() as tx:
            stored = await tx.emergencies.get(emergency.emergency_id)
        return stored.state is EmergencyState.ENDED and desk.open() == ()

    await station.until(over)
    assert (await desk.get(emergency.emergency_id)).end is EndKind.OVER, "nobody stopped it"
    async with station.store.reading() as tx:
        deeds = [one for one in await tx.deeds.latest(20) if one.what is DeedKind.CONFIRM_EMERGENCY]
    assert [(one.by, one.subject) for one in deeds] == [("minh", emergency.emergency_id)]


async def test_its_recording_is_kept_over_a_restart_until_it_is_confirmed(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    (station.folder / "in.wav").write_bytes(b"RIFF a flood")
    clips = await station.studio.from_recording(station.folder / "in.wav", "in.wav", None, lambda _: None)  # type: ignore[arg-type]
    waiting = await prepared(station, flood(speaker.area_id, template_id=None, values={}, title="Lũ", audio=clips.part))
    await station.restart()
    for clip in clips.part.renditions.values():
        kept = station.folder / f"{clip.sha256}.opus"
        assert kept.exists()
        assert hashlib.sha256(kept.read_bytes()).hexdigest() == clip.sha256
    await station.connect(device)
    await station.desk.emergencies.confirm(waiting.emergency_id, MINH)
    assert clips.part in (await station.until_ordered(device, Play)).airing.sequence


async def test_what_was_being_prepared_at_a_kill_is_ready_after_the_start_however_long_that_takes(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    station.studio.hold = asyncio.Event()
    made = await station.desk.emergencies.prepare(flood(speaker.area_id), LAN)
    await station.studio.began.wait()
    prepare = Planner.prepare

    async def slowly(planner: Planner) -> None:
        """It has as much to do as there are speakers."""

        async def looked() -> bool:
            return all(one.state is not EmergencyState.PREPARING for one in station.desk.emergencies.open())

        await station.until(looked)
        await prepare(planner)

    monkeypatch.setattr(Planner, "prepare", slowly)
    await station.restart()
    ready = await station.desk.emergencies.book.wait_ready(made.emergency_id)
    assert ready.state is EmergencyState.PREPARED, ready.failure
