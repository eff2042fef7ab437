"""An emergency that was never sent leaves no sound behind: neither in the database nor among the files."""

import asyncio
import errno
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from agents.protocol.ids import AreaId
from controller.domain.emergencies import Emergency, EmergencyDraft, EmergencyState
from controller.domain.hazards import Hazard
from controller.domain.sounds import Profile, SoundState
from controller.services.emergency.unsent import AGAIN_US
from controller.services.leftovers import AGAIN_S, LEAST_AGE_S
from tests.controller.services.emergency_samples import LAN, MINH, flood, prepared
from tests.controller.services.station import Station


async def area(station: Station) -> AreaId:
    speaker, _ = await station.speaker("Chợ")
    return speaker.area_id


async def sounds_of(station: Station, emergency: Emergency) -> list[SoundState]:
    async with station.store.reading() as tx:
        return [one.state for one in (await tx.sounds.several(emergency.sound_ids.values())).values()]


async def files_of(station: Station, emergency: Emergency) -> list[Path]:
    """Made as if they had been there for long."""
    async with station.store.reading() as tx:
        sounds = (await tx.sounds.several(emergency.sound_ids.values())).values()
    files = [station.folder / f"{c.sha256}.opus" for one in sounds if one.clips for c in one.clips.renditions.values()]
    assert files
    for file in files:
        os.utime(file, (1, 1))
    return files


async def until_forgotten(station: Station, emergency: Emergency) -> None:
    async def look() -> bool:
        station.clock.advance(1)  # the database may know a moment later
        return not await sounds_of(station, emergency)

    await station.until(look)


async def until_gone(station: Station, emergency: Emergency, files: Iterable[Path]) -> None:
    async def removed() -> bool:
        station.clock.advance(LEAST_AGE_S)
        return not any(file.exists() for file in files)

    await until_forgotten(station, emergency)
    await station.until(removed)


@pytest.mark.parametrize("how", [EmergencyState.WITHDRAWN, EmergencyState.EXPIRED])
async def test_what_was_never_sent_leaves_nothing(station: Station, how: EmergencyState) -> None:
    waiting = await prepared(station, flood(await area(station)))
    files = await files_of(station, waiting)
    if how is EmergencyState.WITHDRAWN:
        await station.desk.emergencies.withdraw(waiting.emergency_id, LAN)
    else:
        station.clock.advance(25 * 3_600)
    await until_gone(station, waiting, files)
    after = await station.desk.emergencies.get(waiting.emergency_id)
    assert (after.state, after.sound_ids, after.sequence) == (how, {}, ())


async def test_what_is_withdrawn_while_it_is_made_is_made_no_further(station: Station) -> None:
    area_id = await area(station)
    station.studio.hold = asyncio.Event()
    made = await station.desk.emergencies.prepare(flood(area_id), LAN)
    await station.desk.emergencies.withdraw(made.emergency_id, LAN)

    await until_forgotten(station, made)


async def test_what_is_sent_or_waits_keeps_its_sound_also_where_another_has_the_same(station: Station) -> None:
    area_id = await area(station)
    twin, sent, waiting = [await prepared(station, flood(area_id)) for _ in range(3)]
    files = await files_of(station, twin)
    await station.desk.emergencies.confirm(sent.emergency_id, MINH)
    await station.desk.emergencies.withdraw(twin.emergency_id, LAN)

    await until_forgotten(station, twin)
    station.clock.advance(LEAST_AGE_S)
    other = await prepared(station, flood(area_id, values={"river": "sông Đà", "place": "Hạ", "time": "9 giờ"}))
    others = await files_of(station, other)
    await station.desk.emergencies.withdraw(other.emergency_id, LAN)
    await until_gone(station, other, others)
    assert all(file.exists() for file in files)
    assert await sounds_of(station, sent) == await sounds_of(station, waiting) == [SoundState.READY]


async def test_what_was_missed_is_done_at_the_next_start(station: Station) -> None:
    waiting = await prepared(station, flood(await area(station)))
    async with station.store.reading() as tx:
        stored = await tx.emergencies.get(waiting.emergency_id)
    await station.desk.emergencies.withdraw(waiting.emergency_id, LAN)

    await until_forgotten(station, waiting)
    withdrawn = await station.desk.emergencies.get(waiting.emergency_id)
    again = await prepared(station, flood(stored.draft.area_ids[0]))
    async with station.store.transaction() as tx:  # as if the station had ended before it came to that
        left = {"vi": again.sound_ids["vi"]}
        await tx.emergencies.put(with_sounds(withdrawn, left))
        await tx.emergencies.put(with_sounds(again, {}))
    await station.restart()

    await until_forgotten(station, again)


@pytest.mark.parametrize("why", [errno.EROFS, errno.EACCES, errno.EIO])
async def test_files_that_cannot_be_removed_stay_and_are_tried_again_later(
    station: Station, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, why: int
) -> None:
    area_id = await area(station)
    stuck = await prepared(station, flood(area_id))
    files = await files_of(station, stuck)

    def refuse(_: Path) -> NoReturn:
        raise OSError(why, os.strerror(why))

    async def told() -> bool:
        return any(os.strerror(why) in one.getMessage() for one in caplog.records)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        await station.desk.emergencies.withdraw(stuck.emergency_id, LAN)
        await until_forgotten(station, stuck)
        station.clock.advance(LEAST_AGE_S)
        await station.until(told)
        again = await prepared(station, flood(area_id))
        await station.desk.emergencies.withdraw(again.emergency_id, LAN)
        await until_forgotten(station, again)
    assert len([one for one in caplog.records if one.name.endswith("leftovers")]) == 1, "one line for all of them"
    assert all(file.exists() for file in files)
    for file in files:
        os.utime(file, (1, 1))

    station.clock.advance(AGAIN_S)
    await until_gone(station, stuck, files)


async def test_one_that_cannot_be_looked_at_keeps_no_other_waiting_and_is_tried_again(
    station: Station, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    area_id = await area(station)
    broken, well = sorted([await prepared(station, flood(area_id)) for _ in range(2)], key=lambda one: one.emergency_id)
    drop = station.desk._unsent._leftovers.drop

    async def dropped(sound_ids: Iterable[str]) -> None:
        if set(sound_ids) & set(broken.sound_ids.values()):
            raise RuntimeError("nobody thought of this")
        await drop(sound_ids)

    with monkeypatch.context() as patch:
        patch.setattr(station.desk._unsent._leftovers, "drop", dropped)
        await station.desk.emergencies.withdraw(broken.emergency_id, LAN)
        await station.desk.emergencies.withdraw(well.emergency_id, LAN)
        await until_forgotten(station, well)

        async def told() -> bool:
            station.clock.advance(1)  # the database may know a moment later
            return broken.emergency_id in {getattr(one, "emergency_id", None) for one in caplog.records}

        await station.until(told)
        assert await sounds_of(station, broken)

    station.clock.advance(AGAIN_US / 1_000_000)
    await until_forgotten(station, broken)


async def test_whatever_fails_of_all_of_them_is_tried_again_too(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, failed = await prepared(station, flood(await area(station))), asyncio.Event()
    sweep = station.desk._unsent._leftovers.sweep

    async def fail() -> None:
        failed.set()
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(station.desk._unsent._leftovers, "sweep", fail)
    files = await files_of(station, waiting)
    await station.desk.emergencies.withdraw(waiting.emergency_id, LAN)
    await until_forgotten(station, waiting)
    await failed.wait()
    monkeypatch.setattr(station.desk._unsent._leftovers, "sweep", sweep)
    station.clock.advance(AGAIN_US / 1_000_000)
    await until_gone(station, waiting, files)


def with_sounds(emergency: Emergency, sound_ids: dict[str, str]) -> Emergency:
    return replace(emergency, sound_ids=sound_ids)


async def test_a_recording_is_in_use_as_long_as_its_emergency_may_be_heard_or_was(station: Station) -> None:
    area_id, file = await area(station), station.folder / "voice.wav"
    file.write_bytes(b"RIFF a voice")
    clips = await station.studio.from_recording(file, file.name, Profile.HORN, lambda _: None)
    names = {clip.sha256 for clip in clips.renditions.values()}

    async def in_use() -> bool:
        async with station.store.reading() as tx:
            found = await tx.sounds.clips_in_use([*names, "0" * 64])
        assert found in (names, frozenset())
        return bool(found)

    assert not await in_use()
    recorded = EmergencyDraft(
        drill=False, hazard=Hazard.FLOOD, area_ids=(area_id,), title="Lũ", audio=clips.part, lasts_s=60
    )
    unsent, sent = await prepared(station, recorded), await prepared(station, recorded)
    assert await in_use()
    await station.desk.emergencies.confirm(sent.emergency_id, MINH)
    await station.desk.emergencies.withdraw(unsent.emergency_id, LAN)
    assert await in_use()
    async with station.store.transaction() as tx:
        for one in await tx.emergencies.latest(10):
            await tx.emergencies.put(replace(one, state=EmergencyState.WITHDRAWN))
        assert await tx.sounds.clips_in_use(names) == names, "its airing is in the log"
