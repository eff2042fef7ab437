"""What is fixed in emergencies is made once, by itself, and kept on every device."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.protocol.values import RenditionName
from controller.domain.hazard_templates import drill_key, fixed_parts
from controller.domain.sounds import VoiceInfo
from controller.services.emergency.fixed_sounds import FixedSounds
from controller.services.settings import DeskSettings
from tests.controller.fakes import FakeClock, FakeStudio, KeySigner
from tests.controller.services.station import Station


@pytest.fixture
async def station(new_database: Path, tmp_path: Path) -> AsyncIterator[Station]:
    shutil.copyfile(new_database, tmp_path / "loa.db")
    (tmp_path / "clips").mkdir()
    url = f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}"
    settings = DeskSettings(recordings_folder=tmp_path / "recordings", templates_after_s=60.0)
    made = Station(url, tmp_path / "clips", FakeClock(), KeySigner(), settings)
    await made.open()
    yield made
    await made.close()


async def test_they_are_made_some_time_after_the_start_and_told_once_behind_the_siren(station: Station) -> None:
    _, device = await station.speaker("Chợ")
    fixed, pins = station.desk.fixed_sounds, station.desk.pins
    assert fixed.part(drill_key("vi")) is None
    before = device.pushes
    station.clock.advance(60)

    async def kept() -> bool:
        return len(fixed.kept) == len(fixed_parts())

    await station.until(kept)

    async def told() -> bool:
        return device.assignment is not None and len(device.assignment.pinned) > len(fixed_parts())

    await station.until(told)
    assert device.pushes == before + 1, "not of each of them"
    assert device.assignment is not None
    siren, words = pins.siren, fixed.part(drill_key("vi"))
    assert siren is not None
    assert words is not None
    expected = (siren.choose(RenditionName.OPUS24), words.choose(RenditionName.OPUS24))
    assert device.assignment.pinned[:2] == expected


async def after_a_start(station: Station) -> FixedSounds:
    fixed = FixedSounds(station.desk._office, station.desk._making, station.studio)
    await fixed.load()
    return fixed


async def test_another_pronunciation_or_voice_makes_them_anew_and_a_start_does_not(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = drill_key("vi")
    (first,) = (await station.desk.fixed_sounds.need([key])).values()
    assert (await after_a_start(station)).part(key) == first
    await station.desk.voices.pronounce("vi", "diễn tập", "diễn tập thử", "admin")
    said_otherwise = await after_a_start(station)
    assert said_otherwise.part(key) is None
    await said_otherwise.need([key])
    other = VoiceInfo(voice_id="other-vi", name="Other", languages=("vi",))
    monkeypatch.setattr(FakeStudio, "voices", lambda _: (other,))
    assert (await after_a_start(station)).part(key) is None
