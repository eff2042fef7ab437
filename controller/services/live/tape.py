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
from typing import BinaryIO, Final

from agents.protocol.channel import LiveAudio
from agents.protocol.errors import WireError
from agents.protocol.live import PACKET_US, Bundle, read
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


class Played:
    """A tape read back, a piece at a time. Not for the event loop."""

    def __init__(self, path: Path) -> None:
        """Raises `OSError`."""
        self._path = path
        with path.open("rb") as file:
            self.label: Final = _label(file)
            first = next(_bundles(file), None) if self.label is not None else None
        self.from_us: Final = None if first is None else first.at_us
        """When what is on it began to be heard; None where nothing can be read."""
        self.until_us = self.from_us or 0
        """When it was over: known once all `packets` were read."""

    def packets(self) -> Iterator[bytes]:
        """All of it without a hole: silence where nothing went out."""
        with self._path.open("rb") as file:
            _label(file)
            self.until_us = self.from_us or 0
            for bundle in _bundles(file):
                for _ in range((bundle.at_us - self.until_us) // PACKET_US):
                    yield SILENT_PACKET
                yield from bundle.packets
                self.until_us = bundle.at_us + len(bundle.packets) * PACKET_US


def _bundles(file: BinaryIO) -> Iterator[Bundle]:
    """Those with sound in them, up to where the tape ends or cannot be read any more."""
    while len(head := file.read(_RECORD.size)) == _RECORD.size:
        length, at_us = _RECORD.unpack(head)
        payload = file.read(length)
        try:
            bundle = read(LiveAudio(at_us, payload))
        except WireError:
            return
        if len(payload) < length:
            return
        if bundle.packets:
            yield bundle


def _label(file: BinaryIO) -> Label | None:
    head = file.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    try:
        airing_id, begins_us = json.loads(file.read(int(_LENGTH.unpack(head)[0])))
    except ValueError:
        return None
    return Label(str(airing_id), int(begins_us))
