"""The sound of an alert that waits: made while it waits, heard at once when it is confirmed, dropped when it is not."""

import asyncio
import os
from pathlib import Path
from typing import Any, NoReturn

import pytest

from agents.protocol.documents import Play
from agents.protocol.ids import AreaId
from controller.domain.cap_alerts import AlertState, CapAlert, Sending, SendingState
from controller.domain.emergencies import EmergencyDraft
from controller.domain.sounds import Sound, SoundState
from controller.services.cap import ahead as cap_ahead
from controller.services.cap.drafts import drafted
from controller.services.emergency.ahead import PREFIX
from controller.services.emergency.sounds import needed
from controller.services.leftovers import LEAST_AGE_S
from tests.controller.services.alerts import Info, Made
from tests.controller.services.cap.test_inbox import MAI, here, take, until
from tests.controller.services.cap.test_sounds import SHA1, SOUND, resource
from tests.controller.services.emergency_samples import flood
from tests.controller.services.station import Station


async def there(station: Station) -> dict[str, Sound]:
    """What is made ahead now."""
    async with station.store.reading() as tx:
        return {one.sound_id: one for one in await tx.sounds.named(PREFIX)}


async def until_ready(station: Station, alert: CapAlert, count: int = 1) -> dict[str, Sound]:
    """So many sounds are there, and all that is fixed of it."""
    messages = alert.areas[0].messages
    sending = Sending(sending_id="", messages=messages, area_ids=(AreaId("x"),), drill=False, by="")
    keys = needed(drafted(alert, sending, station.clock.now_us(), 600, None))

    async def look() -> bool:
        found = await there(station)
        made = sum(one.state is SoundState.READY for one in found.values())
        return made == len(found) == count and all(station.desk.fixed_sounds.part(key) for key in keys)

    await station.until(look)
    return await there(station)


async def until_gone(station: Station) -> None:
    async def look() -> bool:
        return not await there(station)

    await station.until(look)


def files_of(station: Station, sounds: dict[str, Sound]) -> list[Path]:
    """Those of all clips, made as if they had been there for long."""
    clips = [clip for one in sounds.values() if one.clips for clip in one.clips.renditions.values()]
    files = [station.folder / f"{clip.sha256}.opus" for clip in clips]
    for file in files:
        os.utime(file, (1, 1))
    return files


async def test_what_is_confirmed_was_made_before_and_waits_for_nothing(station: Station) -> None:
    code, device = await here(station)
    alert = await take(station, Made(code=code))
    assert alert.state is AlertState.HELD
    await until_ready(station, alert)
    station.studio.hold = asyncio.Event()  # from here on nothing is ever made
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    alert = await until(station, alert, SendingState.SENT)
    play = await station.until_ordered(device, Play)
    assert play.airing.sequence
    await until_gone(station)
    emergency = await station.desk.emergencies.get(alert.sendings[0].emergency_id)  # type: ignore[arg-type]
    async with station.store.reading() as tx:
        own = await tx.sounds.several(emergency.sound_ids.values())
    assert [one.state for one in own.values()] == [SoundState.READY]
    files = files_of(station, {str(key): one for key, one in own.items()})
    station.clock.advance(LEAST_AGE_S + 1)
    assert all(file.exists() for file in files), "the emergency is heard with them"


async def test_it_is_found_again_after_a_restart(station: Station) -> None:
    code, _ = await here(station)
    alert = await take(station, Made(code=code))
    before = await until_ready(station, alert)
    await station.restart()
    assert (await until_ready(station, alert)).keys() == before.keys()
    station.studio.hold = asyncio.Event()
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    await until(station, alert, SendingState.SENT)


async def test_a_recording_is_there_before_it_is_confirmed_too(station: Station) -> None:
    code, device = await here(station)
    info = Info(resources=resource(inline=SOUND, digest=SHA1))
    alert = await take(station, Made(code=code, infos=(info,)))

    (recorded,) = (await until_ready(station, alert)).values()
    station.studio.failing = "unreadable"  # from here on nothing can be made
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    await until(station, alert, SendingState.SENT)
    play = await station.until_ordered(device, Play)
    assert recorded.clips is not None
    assert play.airing.sequence == (recorded.clips.part,)
    await until_gone(station)


@pytest.mark.parametrize("how", ["declined", "cancelled", "updated", "expired"])
async def test_what_is_not_to_be_heard_any_more_is_dropped(station: Station, how: str) -> None:
    code, _ = await here(station)
    made = Made(code=code)
    alert = await take(station, made)
    files = files_of(station, await until_ready(station, alert))
    match how:
        case "declined":
            await station.desk.cap.inbox.decline(alert.alert_id, MAI, "Đã hết mưa.")
        case "cancelled":
            await take(station, Made(identifier="A-2", kind="Cancel", references=(made,), code=code))
        case "updated":
            other = Info(headline="Nước đã rút.", description="Hết lũ.")
            update = Made(identifier="A-2", kind="Update", references=(made,), code=code, infos=(other,))
            later = await take(station, update)
            await until_ready(station, later)
            await station.desk.cap.inbox.decline(later.alert_id, MAI, "Không cần.")
        case _:
            station.clock.advance(2 * 3_600)
    await until_gone(station)
    assert all(file.exists() for file in files), "somebody may just be making the same"

    async def removed() -> bool:
        station.clock.advance(LEAST_AGE_S)
        return not any(file.exists() for file in files)

    await station.until(removed)


async def test_what_was_decided_while_the_station_was_off_is_dropped_when_it_starts(station: Station) -> None:
    code, _ = await here(station)
    alert = await take(station, Made(code=code))
    files = files_of(station, await until_ready(station, alert))
    station.clock._now_us += 2 * 3_600 * 1_000_000  # nobody wakes
    await station.restart()
    await until_gone(station)
    await station.restart()
    assert not any(file.exists() for file in files)


async def test_of_a_flood_only_the_most_urgent_are_made(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cap_ahead, "MOST_AHEAD", 2)
    code, _ = await here(station)

    async def flood_of(severity: str, number: int) -> CapAlert:
        info = Info(severity=severity, headline=f"Tin số {number}")
        return await take(station, Made(identifier=f"{severity}-{number}", code=code, infos=(info,)))

    for number in range(4):
        mild = await flood_of("Minor", number)
    await until_ready(station, mild, 2)
    worst = await flood_of("Extreme", 9)

    async def there_too() -> bool:
        texts = [one.reading.text for one in (await there(station)).values() if one.reading]
        return len(texts) == 2 and any("Tin số 9" in text for text in texts)

    await station.until(there_too)
    await until_ready(station, worst, 2)


async def test_it_waits_until_the_sound_of_an_emergency_is_made(station: Station) -> None:
    code, _ = await here(station)
    station.studio.hold = asyncio.Event()
    emergency = await station.desk.emergencies.prepare(flood(AreaId(code)), MAI)
    alert = await take(station, Made(code=code))
    station.clock.advance(1)
    for _turn in range(200):
        await asyncio.sleep(0)
    assert not await there(station)
    station.studio.hold.set()
    await station.desk.emergencies.book.wait_ready(emergency.emergency_id)
    await until_ready(station, alert)


async def test_what_is_pronounced_otherwise_now_is_made_anew(station: Station) -> None:
    code, _ = await here(station)
    alert = await take(station, Made(code=code))
    (before,) = (await until_ready(station, alert)).values()
    await station.desk.voices.pronounce("vi", "suối", "xuối", "admin")
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    alert = await until(station, alert, SendingState.SENT)
    emergency = await station.desk.emergencies.get(alert.sendings[0].emergency_id)  # type: ignore[arg-type]
    async with station.store.reading() as tx:
        (own,) = (await tx.sounds.several(emergency.sound_ids.values())).values()
    assert own.clips is not None
    assert before.clips is not None
    assert own.clips.renditions != before.clips.renditions


async def test_an_alert_that_cannot_be_understood_keeps_no_other_from_its_sound(
    station: Station, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    code, _ = await here(station)

    def odd(alert: CapAlert, *given: Any) -> EmergencyDraft:
        if alert.key.identifier == "A-odd":
            raise RuntimeError("nobody thought of this")
        return drafted(alert, *given)

    monkeypatch.setattr(cap_ahead, "drafted", odd)
    broken = await take(station, Made(identifier="A-odd", code=code, infos=(Info(severity="Extreme"),)))
    await until_ready(station, await take(station, Made(code=code)))
    assert broken.alert_id in {getattr(one, "alert_id", None) for one in caplog.records}


async def test_whatever_fails_of_all_of_them_is_tried_again(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _ = await here(station)
    ahead, failed = station.desk.cap._ahead, asyncio.Event()

    async def fail() -> NoReturn:
        failed.set()
        raise RuntimeError("nobody thought of this")

    with monkeypatch.context() as patch:
        patch.setattr(ahead._ahead, "look", fail)
        alert = await take(station, Made(code=code))
        await failed.wait()
    station.clock.advance(300)
    await until_ready(station, alert)
