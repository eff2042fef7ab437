"""The fleet's file: who the devices are, whom they belong to, and what they have yet to report.

Rules of the module: the file holds private keys of devices that exist nowhere, and may command nothing; still its owner
alone may read it. It is written whole or not at all. docs/fleet.md describes it for those who write one.
"""

import os
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec
from msgspec import Struct, field

from agents.protocol.journal import JournalRecord
from agents.protocol.values import DocumentKind, RenditionName
from firmware_stubs.noise import StaticKey

VERSION: Final = 1


class Mark(Struct, array_like=True):
    """The highest counter accepted of one key and kind."""

    key_id: str
    kind: DocumentKind
    counter: int


class Kept(Struct, omit_defaults=True):
    """One device. ``key`` is its X25519 private key; ``controller_key`` and ``signing_key`` are the controller's public
    keys, null while it is new. Of its assignment it keeps where it stands. ``waiting`` are records not acknowledged.
    """

    key: bytes
    controller_key: bytes | None = None
    signing_key: bytes | None = None
    speaker_id: str = ""
    areas: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    delay_us: int = 0
    volume_percent: int = 80
    rendition: RenditionName = RenditionName.OPUS24
    marks: list[Mark] = field(default_factory=list)
    journal_id: str = ""
    last_seq: int = 0
    waiting: list[JournalRecord] = field(default_factory=list)


class _File(Struct):
    version: int
    devices: list[Kept]


class StateUnusable(Exception):
    """The file is there and is none of ours; the sentence says what to do."""


def new_device() -> Kept:
    """One that has just been made."""
    return Kept(key=StaticKey().raw, journal_id=uuid4().hex)


def load(path: Path) -> list[Kept]:
    """The devices in the file; none where there is no file yet. Raises `StateUnusable`."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StateUnusable(f"{path} cannot be read: {error.strerror}.") from error
    try:
        file = msgspec.json.decode(raw, type=_File)
    except msgspec.MsgspecError as error:
        raise StateUnusable(
            f"{path} is not a fleet's file ({error}). Move it away to begin with new devices."
        ) from error
    if file.version != VERSION:
        raise StateUnusable(f"{path} was written by another version of loa-fleet. Move it away to begin anew.")
    return file.devices


def save(path: Path, devices: list[Kept]) -> None:
    """Writes all of them. Raises `OSError`."""
    draft = path.with_name(path.name + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(_File(version=VERSION, devices=devices)))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
