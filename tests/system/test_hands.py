"""A technician at the desk works on a real box: listens to its horn, reads its log, starts it again."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.bench.soundroom import MICROPHONES, SoundRoom
from controller.premises import Program
from controller.stage import Json, Stage

HORN = "horn_a"
AGAIN = 5
"""What the agent ends with when it was asked to start again."""


@pytest.mark.system
@pytest.mark.alone
async def test_a_muted_horn_is_found_from_the_desk(room: SoundRoom, stage: Stage) -> None:
    listening = ("--output", "alsa", "--alsa-device", HORN, "--microphone", MICROPHONES[HORN])
    agent = await stage.start_agent(HORN, *listening, env=room.environment)
    speaker_id = (await stage.adopt(HORN))["speaker_id"]
    await stage.connected(1)

    heard = await _done(stage, speaker_id, "self_test", quiet_hours=True)
    room.mute(HORN, True)
    muted = await _done(stage, speaker_id, "self_test", quiet_hours=True)
    log = await _done(stage, speaker_id, "fetch_log", lines=50)

    assert (heard["result"], muted["result"]) == ("done", "done"), (heard, muted)
    found = (await stage.api("GET", f"/api/v1/speakers/{speaker_id}/actions"))["self_tests"]
    assert [one["heard"] for one in found] == ["not_heard", "heard"], found
    text = (await stage.api("GET", f"/api/v1/speakers/{speaker_id}/actions/{log['order_id']}/log"))["text"]
    assert "event=accepted" in text

    restart = await stage.api("POST", f"/api/v1/speakers/{speaker_id}/actions", {"action": "restart"})
    await stage.until("the agent to end", lambda: _ended(agent), within_s=20)
    assert await agent.stop() == AGAIN
    await stage.start_agent(HORN)
    told = await _end(stage, speaker_id, restart)
    assert told["result"] == "done", told


@pytest.mark.system
@pytest.mark.alone
async def test_a_muted_horn_is_found_by_the_tune_of_the_day_and_nobody_had_to_ask(
    room: SoundRoom, stage: Stage
) -> None:
    listening = ("--output", "alsa", "--alsa-device", HORN, "--microphone", MICROPHONES[HORN], "--time-zone", _noon())
    await stage.start_agent(HORN, *listening, env=room.environment)
    speaker_id = (await stage.adopt(HORN))["speaker_id"]
    await stage.connected(1)
    tune_id = (await stage.api("GET", "/api/v1/tunes"))["tunes"][0]["tune_id"]
    body = {"title": "Tin", "text": "Đây là bản tin.", "language": "vi", "words_per_minute": 125, "opening": tune_id}
    bulletin = await stage.api("POST", "/api/v1/bulletins", body)
    bulletin_id = await stage.bulletin_ready(bulletin["bulletin_id"])

    room.mute(HORN, True)
    start_at = datetime.now(UTC) + timedelta(seconds=10)
    planned = {"bulletin_id": bulletin_id, "speaker_ids": "all", "start_at": start_at.isoformat()}
    airing_id = (await stage.api("POST", "/api/v1/airings", planned))["airing_id"]

    async def tested() -> Json | None:
        found = (await stage.api("GET", f"/api/v1/speakers/{speaker_id}/actions"))["self_tests"]
        return dict(found[0]) if found else None

    found = await stage.until("the tune to be listened to", tested, within_s=40)
    assert (found["heard"], found["airing_id"], found["order_id"]) == ("not_heard", airing_id, None), found

    async def told() -> Json | None:
        (speaker,) = (await stage.api("GET", "/api/v1/speakers"))["speakers"]
        faults = (await stage.api("GET", "/api/v1/faults"))["faults"]
        is_fault = any(one["kind"] == "not_heard" for one in faults)
        return dict(speaker) if is_fault and not speaker["ready"] else None

    assert (await stage.until("the fault to open", told, within_s=15))["not_ready"] == "not_heard"


def _noon() -> str:
    """A zone in which it is noon: no horn is tested at night."""
    east = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-east:+d}"  # whose names count westwards


async def _done(stage: Stage, speaker_id: str, action: str, **more: object) -> Json:
    """The action, once the box has told how it ended."""
    path = f"/api/v1/speakers/{speaker_id}/actions"
    return await _end(stage, speaker_id, await stage.api("POST", path, {"action": action, **more}))


async def _ended(agent: Program) -> bool | None:
    return None if agent.running else True


async def _end(stage: Stage, speaker_id: str, asked: Json) -> Json:
    path = f"/api/v1/speakers/{speaker_id}/actions"

    async def ended() -> Json | None:
        now = dict(await stage.api("GET", f"{path}/{asked['order_id']}"))
        return now if now["result"] is not None else None

    told: Json = await stage.until(f"the end of {asked['action']}", ended, within_s=60)
    return told
