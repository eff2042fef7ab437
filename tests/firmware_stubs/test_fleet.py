"""Simulated devices are real on the wire: they enrol, obey and report like any other."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from agents.protocol.guards import Stretch, WireGuards
from agents.protocol.pairing import EnrolmentToken
from agents.protocol.values import SilencePart
from controller.bench.arm import recorded
from controller.stage import Program, Stage, command
from firmware_stubs.cli import main
from firmware_stubs.device import Device, Tally
from tests.agents.making import airing

COUNT = 12


@pytest.mark.system
async def test_a_fleet_enrols_obeys_and_reports(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        await stage.start_controller()
        await stage.sign_in()
        words = ["admin", "token", "--area", "Thôn Đông", "--uses", str(COUNT), "--bare"]
        token = await stage.run(command("loa"), *words, "--data-dir", str(stage.data_dir))
        argv = [command("loa-fleet"), "--count", str(COUNT), "--url", stage.url, "--token", token, "--seconds", "18"]
        fleet = Program("fleet", argv, tmp_path / "fleet.log", {})
        await fleet.start()
        await stage.connected(COUNT)
        bulletin_id = await recorded(stage, tmp_path, seed=1, seconds=1.0)
        airing_id = await stage.send_now(bulletin_id)
        playbacks = await stage.playbacks_reach(
            airing_id, lambda ps: all(p["ended_at_us"] is not None for p in ps), "the fleet to finish", within_s=20
        )
        assert fleet.process is not None
        code = await asyncio.wait_for(fleet.process.wait(), 40)

    tally = json.loads(fleet.last_words().splitlines()[-1])
    assert [p["state"] for p in playbacks] == ["finished"] * COUNT
    assert tally["enrolled"] == tally["sounded"] == tally["fetched"] == COUNT
    assert tally["problems"].keys() <= {"LinkLost: the link ended (CLOSE)", "LinkLost: the link ended (CLOSED)"}
    assert code == 0


def test_a_token_that_is_none_is_said_before_anything_is_dialled(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--token", "nonsense"])
    assert ended.value.code == 2
    assert "not an enrolment token" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("quiet_from_s", "story"),
    [(-60, ["Skipped"]), (0.05, ["Sounding", "Gap", "Finished"]), (0.2, ["Sounding", "Finished"])],
)
async def test_a_simulated_device_keeps_quiet_hours(quiet_from_s: float, story: list[str]) -> None:
    async with aiohttp.ClientSession() as http:
        device = Device("pole", "http://127.0.0.1:9", EnrolmentToken.generate("t"), http, Tally())
        start_us = device._now_us()
        quiet = Stretch(from_us=start_us + round(quiet_from_s * 1e6), until_us=start_us + 60_000_000)
        device._guards = WireGuards(forbidden=(quiet,))
        await device._play(airing(start_at_us=start_us, sequence=(SilencePart(frames=9_600),)), start_us)

    assert [type(record.event).__name__ for record in device._records] == story
