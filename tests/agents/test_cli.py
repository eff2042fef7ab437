"""The command: what it teaches, how it ends, and where a setting comes from."""

from pathlib import Path

import pytest

from agents import cli
from agents.config import SETTINGS, Config, OutputChoice, load_config


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("LOA_AGENT_"):
            monkeypatch.delenv(name)


def test_help_teaches_with_examples_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    for word in ("examples:", "loa-agent code", "exit codes:", "LOA_AGENT_CONFIG"):
        assert word in said


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("loa-agent ")


def test_every_setting_is_a_flag_of_run_with_its_unit(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["run", "--help"])
    said = capsys.readouterr().out
    assert all(one.flag in said for one in SETTINGS)
    assert "[us]" in said


def test_file_then_environment_then_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "agent.toml"
    file.write_text('name = "from file"\nlatency_us = 1500\noutput = "wav"\n')
    monkeypatch.setenv("LOA_AGENT_LATENCY_US", "2500")
    monkeypatch.setenv("LOA_AGENT_OUTPUT", "alsa")

    assert cli.main(["settings", "--config", str(file), "--output", "null"]) == 0

    said = capsys.readouterr().out
    assert f"from file  (file {file})" in said
    assert "2500 us  (environment LOA_AGENT_LATENCY_US)" in said
    assert "null  (flag --output)" in said
    assert "9 TCP port  (default)" in said


def test_a_secret_is_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["settings", "--enrolment-token", "xa." + "A" * 32]) == 0
    said = capsys.readouterr().out
    assert "(secret)" in said
    assert "AAAA" not in said


@pytest.mark.parametrize(
    "argv",
    [
        ["run", "--output", "trumpet"],
        ["run", "--latency-us", "soon"],
        ["run", "--latency-us", "-1"],
        ["run", "--config", "/nowhere/agent.toml"],
    ],
)
def test_a_setting_that_cannot_be_used_ends_with_2_and_a_sentence(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(argv) == 2
    assert capsys.readouterr().err.startswith("loa-agent: ")


@pytest.mark.parametrize(("flag", "value"), [("--controller-url", "ftp://x"), ("--enrolment-token", "nonsense")])
def test_an_address_or_token_that_is_none_is_said_at_once(
    flag: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "--state-dir", str(tmp_path), flag, value]) == 1
    said = capsys.readouterr().err
    assert flag.strip("-").replace("-", "_") in said
    assert "Traceback" not in said


def test_a_state_directory_that_cannot_be_written_is_said_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert cli.main(["run", "--state-dir", str(tmp_path / "file" / "state")]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["code", "status"])
def test_where_no_agent_runs_it_says_so_and_ends_with_3(
    word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([word, "--state-dir", str(tmp_path)]) == 3
    assert "loa-agent run" in capsys.readouterr().err


def test_reset_asks_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["reset", "--state-dir", str(tmp_path)]) == 2
    assert "--yes" in capsys.readouterr().out


def test_places_that_follow_from_the_state_directory(tmp_path: Path) -> None:
    config = load_config(None, {"LOA_AGENT_STATE_DIR": str(tmp_path)}, {})
    assert config.state_folder() == tmp_path
    assert config.wav_folder() == tmp_path / "heard"
    assert config.output is OutputChoice.AUTO


def test_interfaces_are_addresses_with_commas_or_the_default() -> None:
    assert Config(mdns_interfaces="default").interfaces() == ()
    assert Config(mdns_interfaces="127.0.0.1, 10.0.0.2").interfaces() == ("127.0.0.1", "10.0.0.2")
