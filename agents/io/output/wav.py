"""The output that writes what was played into WAV files, at the pace of the time port.

Rules of the module: one file a play, holding exactly the frames that were due while it sounded, silence for holes
included. A file is a valid WAV at any moment, also after kill -9: its header is brought up to date every second and at
the end. The oldest files make room for new ones, and for a floor of free disk: a speaker without a card must not fill
its own disk. Where nothing is left to delete the output fails, and says so. Files of other names are left alone.
"""

import errno
import os
import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from agents.io.files import free_bytes
from agents.io.output.base import FRAME_BYTES, RATE_HZ, OutputError
from agents.io.output.paced import PacedDevice
from agents.io.timeport import TimePort

_HEADER_BYTES = 44
_LARGEST_DATA_BYTES = 0xFFFF_FFFF - _HEADER_BYTES
_LONGEST_HOLE_FRAMES = 60 * RATE_HZ
_HEADER_EVERY_BYTES = RATE_HZ * FRAME_BYTES
_LOOK_EVERY_BYTES = 5 * RATE_HZ * FRAME_BYTES
_OWN_NAME = re.compile(r"\d{8}T\d{6}-[0-9A-Za-z_-]*\.wav")


def wav_header(data_bytes: int) -> bytes:
    """The 44 bytes before the sound of an s16 mono 48 kHz WAV file."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + data_bytes, b"WAVE", b"fmt ", 16, 1, 1, RATE_HZ, RATE_HZ * FRAME_BYTES, FRAME_BYTES, 16),
        *(b"data", data_bytes),
    )


class WavFile:
    """A WAV file that grows to ``most_bytes`` of sound. Raises OSError from every method."""

    def __init__(self, path: Path, most_bytes: int = _LARGEST_DATA_BYTES) -> None:
        self.path = path
        self._most_bytes = min(most_bytes, _LARGEST_DATA_BYTES) // FRAME_BYTES * FRAME_BYTES
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self._data_bytes = 0
        self._told_bytes = 0
        self._write_header()

    def append(self, frames: bytes) -> None:
        """Add sound; what does not fit is left out."""
        frames = frames[: self._most_bytes - self._data_bytes]
        left = memoryview(frames)
        while left:
            done = os.pwrite(self._handle, left, _HEADER_BYTES + self._data_bytes)
            self._data_bytes += done
            left = left[done:]
        if self._data_bytes - self._told_bytes >= _HEADER_EVERY_BYTES:
            self._write_header()

    def close(self) -> None:
        """Bring the header up to date and let go."""
        try:
            self._write_header()
        finally:
            os.close(self._handle)

    def _write_header(self) -> None:
        os.pwrite(self._handle, wav_header(self._data_bytes), 0)
        self._told_bytes = self._data_bytes


class WavOutput:
    """Plays into ``folder``: ``20251122T051500-<play id>.wav``, by UTC; at most ``keep_bytes`` of them together.

    ``floor_bytes`` of free disk are left alone; ``free`` says how many there are.
    """

    def __init__(
        self,
        folder: Path,
        time: TimePort,
        keep_bytes: int = 1_000_000_000,
        floor_bytes: int = 0,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self.description = f"WAV files in {folder}"
        self.stays_open = True
        self._folder = folder
        self._time = time
        self._keep_bytes = keep_bytes
        self._floor_bytes = floor_bytes
        self._free = free
        self._unlooked_bytes = 0
        self._device = PacedDevice(time)
        self._file: WavFile | None = None

    def open(self) -> None:
        """See Output.open: makes the folder."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as wrong:
            raise OutputError(f"{self._folder} cannot be made ({wrong.strerror}). Check path and rights.") from wrong

    def write(self, frames: bytes) -> bool:
        """See Output.write. Raises OutputError where the disk does not take it."""
        broke_off = self._device.put(frames)
        if self._file is not None:
            try:
                if broke_off:
                    self._file.append(bytes(min(self._device.hole_frames, _LONGEST_HOLE_FRAMES) * FRAME_BYTES))
                self._file.append(frames)
                self._unlooked_bytes += len(frames)
                if self._unlooked_bytes >= _LOOK_EVERY_BYTES:
                    self._make_room()
            except OSError as wrong:
                raise self._disk_error(wrong) from wrong
        return broke_off

    def ran_out(self) -> bool:
        """See Output.ran_out."""
        return self._device.ran_out()

    def delay_frames(self) -> int | None:
        """See Output.delay_frames."""
        return self._device.delay_frames()

    def begin_play(self, name: str) -> None:
        """Start a new file."""
        self.end_play()
        try:
            self._make_room()
            self._file = self._new_file(name)
        except OSError as wrong:
            raise self._disk_error(wrong) from wrong

    def end_play(self) -> None:
        """Finish the file."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.close()
        except OSError as wrong:
            raise self._disk_error(wrong) from wrong

    def drop(self) -> None:
        """See Output.drop. What has been written stays in the file."""
        self._device.reset()

    def close(self) -> None:
        """See Output.close."""
        self._device.reset()
        self.end_play()

    def _new_file(self, name: str) -> WavFile:
        stamp = datetime.fromtimestamp(self._time.wall_us() // 1_000_000, UTC).strftime("%Y%m%dT%H%M%S")
        safe = re.sub(r"[^0-9A-Za-z_-]+", "_", name)[:80]
        number = 1
        while True:
            suffix = "" if number == 1 else f"-{number}"
            try:
                return WavFile(self._folder / f"{stamp}-{safe}{suffix}.wav", self._keep_bytes)
            except FileExistsError:
                number += 1

    def _make_room(self) -> None:
        """Raises OSError where the floor cannot be kept."""
        self._unlooked_bytes = 0
        own = [path for path in self._folder.glob("*.wav") if _OWN_NAME.fullmatch(path.name)]
        files = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in own)
        held_bytes = sum(size for _, size, _ in files)
        missing_bytes = self._floor_bytes - self._free(self._folder)
        current = None if self._file is None else self._file.path
        for _, size, path in files:
            if held_bytes <= self._keep_bytes and missing_bytes <= 0:
                return
            if path != current:
                path.unlink(missing_ok=True)
                held_bytes -= size
                missing_bytes -= size
        if missing_bytes > 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _disk_error(self, wrong: OSError) -> OutputError:
        return OutputError(f"{self._folder} does not take the sound ({wrong.strerror}). Make room on the disk.")
