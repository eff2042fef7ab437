"""The demonstration before anything is started: which folder, which port, and what it says when it cannot."""

import shlex
import socket
from pathlib import Path

import pytest

from controller import demo
from controller.stage import LOOPBACK, Stage


def test_a_port_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        demo.main(["--port", "65536"])
    assert ended.value.code == 2
    assert "up to 65535" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        port = other.getsockname()[1]
        assert demo.main(["--folder", str(tmp_path), "--port", str(port)]) == 1
    assert f"port {port} cannot be used" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_said_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert demo.main(["--folder", str(tmp_path / "file" / "here")]) == 1
    assert "--folder" in capsys.readouterr().err


def test_the_run_before_is_kept_and_older_ones_go(tmp_path: Path) -> None:
    for _ in range(3):
        with demo._new_run(tmp_path) as run:
            (run / "heard.wav").touch()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run-2", "run-3"]


def test_a_run_that_goes_on_loses_nothing_to_those_that_begin_beside_it(tmp_path: Path) -> None:
    with demo._new_run(tmp_path) as first:
        for _ in range(3):
            with demo._new_run(tmp_path):
                pass
        assert first.is_dir()


def test_two_that_start_in_the_same_moment_do_not_choose_the_same_port() -> None:
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    with demo._reserved(port) as first, demo._reserved(port) as second:
        assert (first, second) == (True, False)


def test_it_says_how_its_speakers_are_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demo._say_where(Stage(tmp_path / "run-1"))
    command = next(line for line in capsys.readouterr().out.splitlines() if "loa explain" in line)
    _, _, words = command.partition("loa ")
    assert shlex.split(words) == ["explain", "Chợ xã", "--data-dir", str(tmp_path / "run-1" / "controller")]
