"""What must be right before anything begins, and what the agent goes by from its settings.

Rules of the module: each either gives what was asked for or raises `CannotStart` with what to change.
"""

import contextlib
import fcntl
import importlib.metadata
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agents.config import Config
from agents.io import opus
from agents.io.addresses import link_url
from agents.io.timeport import SkewedTime, SystemTime, TimePort
from agents.protocol.errors import PairingFailed
from agents.protocol.pairing import EnrolmentToken

_LOCK_FILE: Final = "lock"


class CannotStart(Exception):
    """The agent cannot run like this; the sentence says what to change."""


def timeport(config: Config) -> TimePort:
    """The time of this machine, or a wrong one for experiments."""
    if config.time_rate_ppm or config.time_offset_us:
        return SkewedTime(SystemTime(), config.time_rate_ppm, config.time_offset_us)
    return SystemTime()


def model(config: Config) -> str:
    """What kind of box this is."""
    if config.model:
        return config.model[:200]
    try:
        return Path("/proc/device-tree/model").read_text("utf-8", "replace").strip("\0\n ")[:200]
    except OSError:
        return f"{platform.system()} {platform.machine()}"


def software() -> str:
    """Name and version of this program."""
    return f"loa-agent {importlib.metadata.version('loa')}"


def token(config: Config) -> EnrolmentToken | None:
    """Raises `CannotStart`."""
    if not config.enrolment_token:
        return None
    try:
        return EnrolmentToken.parse(config.enrolment_token)
    except PairingFailed as error:
        raise CannotStart(f"enrolment_token: {error}") from error


def configured_url(config: Config) -> str:
    """The controller's address from the settings, empty where there is none. Raises `CannotStart`."""
    if not config.controller_url:
        return ""
    try:
        return link_url(config.controller_url)
    except ValueError as error:
        raise CannotStart(f"controller_url: {error}") from error


def need_opus() -> None:
    """Not to be found out when the first bulletin is due. Raises `CannotStart`."""
    try:
        opus.library()
    except opus.NoOpus as error:
        raise CannotStart(str(error)) from error


@contextlib.contextmanager
def only_one(state_dir: Path) -> Iterator[None]:
    """Two agents on one state directory would be one device twice. Raises `CannotStart`."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(state_dir / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotStart(f"The state directory {state_dir} cannot be written: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotStart(f"Another agent runs on {state_dir}. Stop it, or give this one --state-dir.") from error
        yield
    finally:
        os.close(lock)
