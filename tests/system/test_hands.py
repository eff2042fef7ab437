"""A technician at the desk works on a real box: listens to its horn, reads its log, starts it again."""

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
