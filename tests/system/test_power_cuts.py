"""kill -9 of controller or speaker at the worst moments: one airing, one record, and the gap is reported."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from controller.stage import Json, Stage, station

TEXT = "Đây là bản tin thử. " * 8
END_STATES = ("finished", "failed", "skipped", "preempted", "stopped", "refused")

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A station with one speaker, for all of these: each leaves it as it was, and has an airing of its own."""
    async with station(tmp_path_factory.mktemp("stage"), ["one"], "--output", "wav") as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bulletin(stage: Stage) -> str:
    """Of some 13 seconds."""
    return await stage.text_bulletin("Thử", TEXT)


@pytest_asyncio.fixture(loop_scope="module")
async def bulletin_id(stage: Stage, bulletin: str) -> str:
    """With the speaker ready for it."""
    await stage.connected(1)
    return bulletin


def ended(playbacks: list[Json]) -> bool:
    return all(p["state"] in END_STATES for p in playbacks)


def sounding(playbacks: list[Json]) -> bool:
    return all(p["state"] == "sounding" for p in playbacks)


async def test_a_speaker_that_loses_power_in_the_middle_joins_in_step(stage: Stage, bulletin_id: str) -> None:
    airing_id = await stage.send_now(bulletin_id)
    await stage.playbacks_reach(airing_id, sounding, "it to sound", within_s=30)
    await stage.agents["one"].kill()
    await stage.start_agent("one")

    (playback,) = await stage.playbacks_reach(airing_id, ended, "it to end", within_s=60)

    assert playback["state"] == "finished"
    assert playback["restarts"] == 1
    assert 0 < playback["lost_us"] < 15_000_000, "the gap is reported"
    airing = await stage.airing(airing_id)
    assert playback["played_us"] + playback["lost_us"] == pytest.approx(airing["duration_us"], abs=500_000)


async def test_a_speaker_that_loses_power_before_the_first_sample_still_plays(stage: Stage, bulletin_id: str) -> None:
    airing_id = await _planned(stage, bulletin_id, in_s=6)
    await stage.playbacks_reach(airing_id, lambda ps: ps[0]["armed_at_us"] is not None, "it to be armed", within_s=10)
    await stage.agents["one"].kill()
    await stage.start_agent("one")

    (playback,) = await stage.playbacks_reach(airing_id, ended, "it to end", within_s=60)

    assert playback["state"] == "finished"
    assert playback["restarts"] == 0


async def test_a_controller_that_dies_before_the_start_starts_it_when_it_is_back(
    stage: Stage, bulletin_id: str
) -> None:
    airing_id = await stage.send_now(bulletin_id)
    assert stage.controller is not None
    await stage.controller.kill()
    await stage.start_controller()

    (playback,) = await stage.playbacks_reach(airing_id, ended, "it to end", within_s=90)

    assert playback["state"] == "finished"


async def test_a_controller_that_dies_in_the_middle_disturbs_nothing(stage: Stage, bulletin_id: str) -> None:
    airing_id = await stage.send_now(bulletin_id)
    await stage.playbacks_reach(airing_id, sounding, "it to sound", within_s=30)
    assert stage.controller is not None
    await stage.controller.kill()
    await stage.start_controller()

    (playback,) = await stage.playbacks_reach(airing_id, ended, "it to end", within_s=90)

    assert playback["state"] == "finished"
    assert playback["restarts"] == 0
    assert playback["lost_us"] == 0


async def test_a_planned_airing_sounds_while_the_controller_is_gone(stage: Stage, bulletin_id: str) -> None:
    airing_id = await _planned(stage, bulletin_id, in_s=5)
    await stage.playbacks_reach(airing_id, lambda ps: ps[0]["armed_at_us"] is not None, "it to be armed", within_s=10)
    assert stage.controller is not None
    await stage.controller.kill()
    files = stage.wav_dir("one")

    async def plays() -> bool | None:
        return True if any(path.stat().st_size > 100_000 for path in files.glob(f"*{airing_id}*.wav")) else None

    await stage.until("the speaker to play alone", plays, within_s=30)
    await stage.start_controller()
    (playback,) = await stage.playbacks_reach(airing_id, ended, "it to end", within_s=90)

    assert playback["state"] == "finished"
    assert playback["lost_us"] == 0


async def _planned(stage: Stage, bulletin_id: str, in_s: float) -> str:
    start_at = datetime.now(UTC) + timedelta(seconds=in_s)
    body = {"bulletin_id": bulletin_id, "speaker_ids": "all", "start_at": start_at.isoformat()}
    return str((await stage.api("POST", "/api/v1/airings", body))["airing_id"])
