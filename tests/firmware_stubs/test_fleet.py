"""The command: it enrols, obeys and reports as a user would see it, and says at once what it cannot do."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from controller.bench.arm import recorded
from controller.stage import Program, Stage, command
from firmware_stubs.cli import main

COUNT = 12


@pytest.mark.system
async def test_a_fleet_enrols_obeys_and_reports(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        await stage.start_controller()
        await stage.sign_in()
        words = ["admin", "token", "--area", "Thôn Đông", "--uses", str(COUNT), "--bare"]
        token = await stage.run(command("loa"), *words, "--data-dir", str(stage.data_dir))
        argv = [command("loa-fleet"), "--count", str(COUNT), "--url", stage.url, "--token", token]
        argv += ["--own-addresses", "--events", "--state", str(tmp_path / "fleet.json")]
        fleet = Program("fleet", argv, tmp_path / "fleet.log", {})
        await fleet.start()
        await stage.connected(COUNT)
        bulletin_id = await recorded(stage, tmp_path, seed=1, seconds=1.0)
        airing_id = await stage.send_now(bulletin_id)
        playbacks = await stage.playbacks_reach(
            airing_id, lambda ps: all(p["ended_at_us"] is not None for p in ps), "the fleet to finish", within_s=20
        )
        assert fleet.process is not None
        fleet.process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(fleet.process.wait(), 40)

    *events, tally = [json.loads(line) for line in fleet.last_words().splitlines() if line.startswith("{")]
    assert [p["state"] for p in playbacks] == ["finished"] * COUNT
    assert tally["enrolled"] == tally["linked"] == tally["sounded"] == tally["fetched"] == COUNT
    assert tally["problems"] == {}
    assert [event["event"] for event in events] == ["dialling", "all_linked", "all_served"]
    assert code == 130


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--token", "nonsense"], "not an enrolment token"),
        (["--count", "3"], "--token is needed"),
        (["--state", "fleet.json", "--fault", "thunder=1"], "is no fault"),
        (["--state", "fleet.json", "--count", "0"], "must be above zero"),
    ],
)
def test_what_cannot_be_run_is_said_before_anything_is_dialled(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_file_that_is_none_of_ours_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "fleet.json"
    file.write_text('{"version": 1, "devices": "many"}')
    assert main(["--state", str(file), "--seconds", "1"]) == 2
    assert "not a fleet's file" in capsys.readouterr().err
    assert file.read_text() == '{"version": 1, "devices": "many"}'
