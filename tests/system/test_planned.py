"""From a schedule that was approved to a speaker that plays it at its time, alone."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from controller.stage import Json, Stage

ZONE = "Asia/Ho_Chi_Minh"

pytestmark = [pytest.mark.system, pytest.mark.alone]


def wall(in_s: float) -> datetime:
    """A wall time of the station, to the second."""
    return (datetime.now(ZoneInfo(ZONE)) + timedelta(seconds=in_s)).replace(microsecond=0, tzinfo=None)


async def planned(stage: Stage, bulletin_id: str, speaker_id: str, start: datetime) -> str:
    """A schedule of every day, heard and approved by the only person there is."""
    body = {
        "content_id": bulletin_id,
        "target": {"speakers": [speaker_id]},
        "rule": {"rrule": "FREQ=DAILY", "start": start.isoformat(timespec="seconds"), "zone": ZONE},
    }
    made = await stage.api("POST", "/api/v1/schedules", body)
    path = f"/api/v1/schedules/{made['schedule_id']}"
    request = await stage.api("GET", f"{path}/approval")
    assert request["own"]
    await stage.api("POST", f"{path}/approve", {"binding": request["binding"]})
    return str(made["schedule_id"])


async def test_an_approved_schedule_is_heard_at_its_time_while_the_controller_is_gone(stage: Stage) -> None:
    await stage.start_agent("one", "--output", "wav")
    speaker = await stage.adopt("one")
    await stage.connected(1)
    bulletin_id = await stage.text_bulletin("Lịch phát", "Đây là bản tin theo lịch. " * 3)
    start = wall(8)
    schedule_id = await planned(stage, bulletin_id, speaker["speaker_id"], start)

    async def first() -> Json | None:
        airings = (await stage.api("GET", "/api/v1/airings"))["airings"]
        found = [one for one in airings if one["original"] == start.isoformat(timespec="seconds")]
        return dict(found[0]) if found else None

    airing = await stage.until("the schedule to be planned", first, within_s=6)
    assert airing["schedule_id"] == schedule_id
    await stage.playbacks_reach(
        airing["airing_id"], lambda ps: ps[0]["armed_at_us"] is not None, "it to be armed", within_s=8
    )
    assert stage.controller is not None
    await stage.controller.kill()
    files = stage.wav_dir("one")

    async def plays() -> bool | None:
        return True if any(path.stat().st_size > 100_000 for path in files.glob("*.wav")) else None

    await stage.until("the speaker to play alone", plays, within_s=30)
    await stage.start_controller()
    (playback,) = await stage.playbacks_reach(
        airing["airing_id"], lambda ps: ps[0]["state"] == "finished", "it to be reported", within_s=60
    )
    assert abs(playback["start_error_us"]) < 100_000
    airings = (await stage.api("GET", "/api/v1/airings"))["airings"]
    mine = [one for one in airings if one["schedule_id"] == schedule_id]
    assert len({one["original"] for one in mine}) == len(mine) == 8, "the restart planned nothing twice"
