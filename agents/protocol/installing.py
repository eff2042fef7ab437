"""Puts a service onto a machine: its user, its unit, its settings. The same steps for both programs.

Rules of the module: ``root`` is the file system that is installed into, so that an image can be prepared without being
started. Nothing that a person wrote is overwritten. What needs systemd is run by its own commands, and a failure says
which one, and what it said.
"""

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agents.protocol.systemd import Unit

_NOT_FOR_SERVICES: Final = (Path("/root"), Path("/home"), Path("/tmp"))  # noqa: S108 - compared, not used
_RUNS_HERE: Final = Path("/run/systemd/system")
_WITHIN_S: Final = 120

Say = Callable[[str], None]


class CannotInstall(Exception):
    """It could not be installed; the sentence says what to do."""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What is put where. ``groups`` the user joins besides its own; ``settings`` is the file of settings as it begins,
    written to ``settings_path``.
    """

    unit: Unit
    groups: Sequence[str]
    settings: str
    settings_path: Path

    @property
    def unit_path(self) -> Path:
        """Where systemd looks for units of the administrator's own."""
        return Path("/etc/systemd/system") / f"{self.unit.name}.service"

    @property
    def user_path(self) -> Path:
        """What systemd-sysusers reads."""
        return Path("/etc/sysusers.d") / f"{self.unit.name}.conf"

    def user_text(self) -> str:
        """A system user without a shell or a home, in the groups that it needs (sysusers.d(5))."""
        name = self.unit.name
        words = self.unit.description.replace(":", ",")  # it is a field of /etc/passwd
        lines = [f'u {name} - "{words}" /var/lib/{name}']
        lines += [f"g {group} -" for group in self.groups]
        lines += [f"m {name} {group}" for group in self.groups]
        return "\n".join([*lines, ""])


def program(name: str, beside: Path) -> Path:
    """The whole path of one of Loa's commands, for a unit. Raises `CannotInstall`."""
    path = beside.parent / name
    if not path.exists():
        raise CannotInstall(f"There is no {name} beside {beside}. Install Loa into a virtual environment of its own.")
    for one in (path, beside.resolve()):
        if any(one.is_relative_to(folder) for folder in _NOT_FOR_SERVICES):
            raise CannotInstall(
                f"{one} lies where a service may not see it. Install Loa under /opt, with the system's own Python, for "
                f"example: /usr/bin/python3 -m venv /opt/loa"
            )
    return path


def install(what: Installation, root: Path, say: Say, *, start: bool) -> None:
    """Writes everything, makes the user, and has the service start at boot; with ``start``, on a running system, now.

    Raises `CannotInstall`.
    """
    name = what.unit.name
    try:
        _write_all(what, root, say)
        _run("systemd-sysusers", f"--root={root}", str(_at(root, what.user_path)))
        _readable_by(_at(root, what.settings_path), _gid(root, name))
        _enable(what, root)
    except PermissionError as error:
        raise CannotInstall(f"{error.filename} cannot be written. Do this as root, with sudo.") from error
    except OSError as error:
        raise CannotInstall(f"{error.filename} cannot be written: {error.strerror}.") from error
    say(f"enabled  {name}: it starts whenever this system does")
    if root != Path("/") or not _RUNS_HERE.is_dir():
        return
    _run("systemctl", "daemon-reload")
    if start:
        _run("systemctl", "restart", name)
        say(f"started  {name}; what it says: journalctl -u {name} -f")


def _write_all(what: Installation, root: Path, say: Say) -> None:
    _write(root, what.user_path, what.user_text(), say)
    _write(root, what.unit_path, what.unit.text(), say)
    if _at(root, what.settings_path).exists():
        say(f"kept     {what.settings_path}, which was there")
    else:
        _write(root, what.settings_path, what.settings, say)


def _enable(what: Installation, root: Path) -> None:
    """The link that ``systemctl enable`` makes; it needs no running systemd."""
    link = _at(root, what.unit_path).parent / "multi-user.target.wants" / what.unit_path.name
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(Path("..") / what.unit_path.name)


def _gid(root: Path, group: str) -> int:
    for line in (root / "etc/group").read_text("utf-8").splitlines():
        name, _, gid, *_ = line.split(":")
        if name == group:
            return int(gid)
    raise CannotInstall(f"systemd-sysusers made no group {group}.")


def _readable_by(settings: Path, gid: int) -> None:
    """Settings may hold a token: the service reads them, and nobody else of the machine."""
    os.chown(settings, -1, gid)
    settings.chmod(0o640)


def _at(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def _write(root: Path, path: Path, text: str, say: Say) -> None:
    target = _at(root, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".new")
    fresh.write_text(text, "utf-8")
    fresh.replace(target)
    say(f"written  {path}")


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(f"{command[0]} could not be run: {error}") from error
    if done.returncode:
        raise CannotInstall(f"{' '.join(command)} failed: {(done.stderr or done.stdout).strip()}")
