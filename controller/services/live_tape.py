"""What goes out live, kept as it goes out: every bundle with its instant and its signature, in a file of its own.

Rules of the module: a thread writes, so that no disk keeps sound waiting; what was handed to it is in the file when the
program is killed the next moment, but for the last few bundles. A file that ends in the middle of a bundle is good up
to there. Where the disk takes nothing the sound goes out all the same, and that is said.
"""

import json
import logging
import queue
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agents.protocol.channel import LiveAudio
from agents.protocol.errors import WireError
from agents.protocol.live import PACKET_US, read
from controller.domain.live import SILENT_PACKET

_log = logging.getLogger(__name__)
SUFFIX: Final = ".tape"
_RECORD: Final = struct.Struct(">HQ")
_LENGTH: Final = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Label:
    """Whose sound a tape is, and the first instant of its live part."""

    airing_id: str
    begins_us: int


class Tape:
    """One file being written. ``failed`` is true once the disk did not take something."""

    def __init__(self, folder: Path, label: Label, number_us: int) -> None:
        self.path: Final = folder / f"{label.airing_id}-{number_us}{SUFFIX}"
        self.failed = False
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        head = json.dumps([label.airing_id, label.begins_us]).encode()
        self._waiting.put(_LENGTH.pack(len(head)) + head)
        self._thread = threading.Thread(target=self._write, name="live tape", daemon=True)
        self._thread.start()

    def add(self, audio: LiveAudio) -> None:
        """Never waits. Where the disk took nothing before, nothing more is handed to it."""
        if not self.failed:
            self._waiting.put(_RECORD.pack(len(audio.payload), audio.at_us) + audio.payload)

    def close(self) -> None:
        """Waits until all is written: not for the event loop."""
        self._waiting.put(None)
        self._thread.join()

    def _write(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self.path.open("xb", buffering=0) as file:
                while (record := self._waiting.get()) is not None:
                    file.write(record)
        except OSError as error:
            self.failed = True
            _log.error("What goes out live is not kept: %s", error, extra={"event": "live_not_kept"})


@dataclass(frozen=True, slots=True)
class Played:
    """A tape read back: from ``from_us`` to ``until_us`` something went out."""

    label: Label
    bundles: tuple[tuple[int, tuple[bytes, ...]], ...]

    @property
    def from_us(self) -> int:
        return self.bundles[0][0]

    @property
    def until_us(self) -> int:
        at_us, packets = self.bundles[-1]
        return at_us + len(packets) * PACKET_US

    def packets(self) -> Iterator[bytes]:
        """All of it without a hole: silence where nothing went out."""
        following_us = self.from_us
        for at_us, packets in self.bundles:
            for _ in range((at_us - following_us) // PACKET_US):
                yield SILENT_PACKET
            yield from packets
            following_us = at_us + len(packets) * PACKET_US


def played(path: Path) -> Played | None:
    """What is on a tape; None where nothing can be read. Not for the event loop. Raises `OSError`."""
    raw = path.read_bytes()
    label, at = _label(raw)
    if label is None:
        return None
    found: list[tuple[int, tuple[bytes, ...]]] = []
    while at + _RECORD.size <= len(raw):
        length, at_us = _RECORD.unpack_from(raw, at)
        at += _RECORD.size
        if at + length > len(raw):
            break
        try:
            bundle = read(LiveAudio(at_us, raw[at : at + length]))
        except WireError:
            break
        at += length
        if bundle.packets:
            found.append((bundle.at_us, bundle.packets))
    return Played(label, tuple(found)) if found else None


def _label(raw: bytes) -> tuple[Label | None, int]:
    if len(raw) < _LENGTH.size:
        return None, 0
    end = _LENGTH.size + int(_LENGTH.unpack_from(raw)[0])
    try:
        airing_id, begins_us = json.loads(raw[_LENGTH.size : end])
    except ValueError:
        return None, 0
    return Label(str(airing_id), int(begins_us)), end
