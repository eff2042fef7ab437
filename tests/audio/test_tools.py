"""A setting goes before the environment, that before the system, that before the wheel."""

import stat
from pathlib import Path

import pytest

from audio import tools
from audio.clip import ToolMissing, VoiceMissing


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


GOOD = 'echo "application latency peak"'


async def test_the_setting_goes_first(tmp_path: Path) -> None:
    named = script(tmp_path / "mine", GOOD)
    script(tmp_path / "ffmpeg", GOOD)
    environ = {"LOA_FFMPEG": str(tmp_path / "other"), "PATH": str(tmp_path)}
    assert await tools.find_ffmpeg(named, environ) == named


async def test_the_environment_goes_before_the_system(tmp_path: Path) -> None:
    named = script(tmp_path / "mine", GOOD)
    script(tmp_path / "ffmpeg", GOOD)
    assert await tools.find_ffmpeg(None, {"LOA_FFMPEG": str(named), "PATH": str(tmp_path)}) == named


async def test_the_system_goes_before_the_wheel(tmp_path: Path) -> None:
    system = script(tmp_path / "ffmpeg", GOOD)
    assert await tools.find_ffmpeg(None, {"PATH": str(tmp_path)}) == system


async def test_a_system_ffmpeg_without_opus_is_passed_over(tmp_path: Path) -> None:
    script(tmp_path / "ffmpeg", "echo unknown")
    assert await tools.find_ffmpeg(None, {"PATH": str(tmp_path)}) == tools.wheel_ffmpeg()


async def test_without_a_system_the_wheel_is_taken(tmp_path: Path) -> None:
    found = await tools.find_ffmpeg(None, {"PATH": str(tmp_path)})
    assert "imageio_ffmpeg" in str(found)


async def test_a_named_one_that_cannot_be_used_is_an_error_and_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match="no-such"):
        await tools.find_ffmpeg(tmp_path / "no-such", {"PATH": str(tmp_path)})
    with pytest.raises(ToolMissing, match="libopus"):
        await tools.find_ffmpeg(script(tmp_path / "poor", "echo unknown"), {})


async def test_every_ffmpeg_of_this_machine_can_do_what_is_needed(each_ffmpeg: Path) -> None:
    assert await tools.find_ffmpeg(each_ffmpeg, {}) == each_ffmpeg


def test_the_voice_of_the_system_goes_before_the_wheel(tmp_path: Path) -> None:
    system = script(tmp_path / "espeak-ng", "")
    assert tools.find_espeak(None, {"PATH": str(tmp_path)}) == tools.SystemEspeak(system)


def test_without_a_system_voice_the_wheel_is_taken(tmp_path: Path) -> None:
    assert tools.find_espeak(None, {"PATH": str(tmp_path)}) == tools.wheel_espeak()
    assert isinstance(tools.wheel_espeak(), tools.LibraryEspeak)


def test_a_named_voice_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(VoiceMissing) as caught:
        tools.find_espeak(None, {"LOA_ESPEAK": "no-such-voice", "PATH": str(tmp_path)})
    assert caught.value.code == "voice_missing"
