"""Installing into the file system of an image: what is written, for whom, and what is left alone."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from agents.config import load_config
from agents.io import install as agent
from agents.protocol.installing import CannotInstall, Installation, install, program
from agents.protocol.systemd import Unit
from controller import install as controller

needs_systemd = pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd on this machine")

UNITS = (agent.unit(Path("/bin/true")), controller.unit(Path("/bin/true")))


def made(name: str = "loa-thing", groups: tuple[str, ...] = ("audio",)) -> Installation:
    unit = Unit(name=name, description="Loa: a thing", command="/bin/true", watchdog_s=30)
    return Installation(unit=unit, groups=groups, settings="# settings\n", settings_path=Path("/etc/loa/thing.toml"))


def said(lines: list[str], what: Installation, root: Path) -> None:
    install(what, root, lines.append, start=True)


@needs_systemd
def test_an_image_gets_user_unit_settings_and_a_start_at_boot(tmp_path: Path) -> None:
    lines: list[str] = []
    said(lines, made(), tmp_path)

    unit = tmp_path / "etc/systemd/system/loa-thing.service"
    settings = tmp_path / "etc/loa/thing.toml"
    assert "ExecStart=/bin/true" in unit.read_text()
    assert (unit.parent / "multi-user.target.wants" / unit.name).resolve() == unit.resolve()
    groups = (tmp_path / "etc/group").read_text()
    assert "loa-thing:" in groups
    assert any(line.startswith("audio:") and "loa-thing" in line for line in groups.splitlines())
    assert settings.stat().st_mode & 0o777 == 0o640, "it may hold a token"
    assert any("starts whenever" in line for line in lines)


@needs_systemd
def test_settings_of_a_person_are_kept_and_installing_twice_changes_nothing(tmp_path: Path) -> None:
    said([], made(), tmp_path)
    settings = tmp_path / "etc/loa/thing.toml"
    settings.write_text('name = "Chợ"\n')
    lines: list[str] = []

    said(lines, made(), tmp_path)

    assert settings.read_text() == 'name = "Chợ"\n'
    assert any(line.startswith("kept") for line in lines)


def test_whoever_may_not_write_is_told_to_be_root(tmp_path: Path) -> None:
    (tmp_path / "etc").write_text("no folder")
    with pytest.raises(CannotInstall, match="cannot be written"):
        said([], made(), tmp_path)


def test_a_program_where_services_cannot_see_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loa-agent").touch()
    with pytest.raises(CannotInstall, match="under /opt"):
        program("loa-agent", tmp_path / "python")
    with pytest.raises(CannotInstall, match="There is no loa"):
        program("loa", Path("/opt/nothing/bin/python"))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
@pytest.mark.parametrize(
    "unit", [agent.unit(Path("/bin/true")), controller.unit(Path("/bin/true"))], ids=lambda u: u.name
)
def test_systemd_finds_the_units_right_and_hardened(unit: Unit, tmp_path: Path) -> None:
    file = tmp_path / f"{unit.name}.service"
    file.write_text(unit.text())
    environment = {**os.environ, "SYSTEMD_PAGER": ""}

    verify = ["systemd-analyze", "verify", file]
    right = subprocess.run(verify, check=False, capture_output=True, text=True, env=environment)
    assert (right.returncode, right.stderr) == (0, "")
    analyze = ["systemd-analyze", "security", "--offline=true", "--threshold=25", file]
    hard = subprocess.run(analyze, check=False, capture_output=True, text=True, env=environment)
    assert hard.returncode == 0, hard.stdout[-300:]


def test_a_box_plays_without_a_time_server_knows_its_pins_and_never_plays_into_files(tmp_path: Path) -> None:
    """The library of the pins makes a pipe in the working directory, which is not to be the root of the system."""
    text = agent.unit(Path("/bin/true")).text()
    settings = tmp_path / "agent.toml"
    settings.write_text(agent._SETTINGS_TEXT)

    assert "WorkingDirectory=/var/lib/loa-agent\n" in text
    assert "StateDirectory=loa-agent\n" in text
    assert "time-sync" not in text
    assert load_config(settings, {}, {}).output.value == "alsa"
