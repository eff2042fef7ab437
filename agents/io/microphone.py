"""What a device hears of its own horn: a microphone by its ALSA name, or a file in which the kernel tells a current.

Rules of the module: listening is done by a thread of whoever asks, for some seconds, and only for a test: nothing is
kept, sent or written anywhere but in the memory of that test. Every sample has its instant on the local clock.
"""

import contextlib
import ctypes
import threading
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final, Protocol

from agents.domain.selftest import SENSOR_RATE_HZ
from agents.io.output.alsa_lib import CAPTURE, Pcm, message
from agents.io.output.base import OutputError
from agents.io.timeport import TimePort

LONGEST_S: Final = 20.0
_BLOCK_FRAMES: Final = SENSOR_RATE_HZ // 50
_BUFFER_US: Final = 500_000
_PERIOD_US: Final = 20_000
_STUCK_MS: Final = 2_000
_EVERY_US: Final = 20_000


class SensorError(Exception):
    """The microphone or the current sensor cannot be read. Check its name and its plug."""


@dataclass(frozen=True, slots=True)
class Recording:
    """16-bit mono samples; ``began_local_us`` is when the first of them was in the air."""

    samples: "array[int]"
    rate_hz: int
    began_local_us: int

    def sample_at(self, local_us: int) -> int:
        """The sample that was in the air at an instant; negative before the recording."""
        return round((local_us - self.began_local_us) * self.rate_hz / 1e6)


@dataclass(frozen=True, slots=True)
class Readings:
    """What a current sensor read, each with its local instant."""

    at_us: Sequence[int]
    values: Sequence[float]

    def between(self, from_us: int, until_us: int) -> list[float]:
        """Those of a stretch of time."""
        return [value for at_us, value in zip(self.at_us, self.values, strict=True) if from_us <= at_us < until_us]


class Sensor(Protocol):
    """Something that notices whether the horn sounds."""

    @property
    def description(self) -> str:
        """What a person would call it."""

    def listen(self, over: threading.Event) -> Recording | Readings:
        """Blocks until ``over`` is set, or for `LONGEST_S` at most. Raises `SensorError`."""


class Microphone:
    """An ALSA capture device by its name, as ``arecord -L`` lists them."""

    def __init__(self, device: str, time: TimePort) -> None:
        self.description = f"the microphone {device}"
        self._device = device
        self._time = time

    def listen(self, over: threading.Event) -> Recording:
        """See `Sensor.listen`."""
        try:
            pcm = _CapturePcm(self._device)
        except OutputError as error:
            raise SensorError(
                f"The microphone {self._device} cannot be opened. Check its name and its plug."
            ) from error
        with contextlib.closing(pcm):
            code = pcm.configure(1, SENSOR_RATE_HZ, _BUFFER_US, _PERIOD_US)
            if code < 0:
                raise SensorError(
                    f"The microphone {self._device} does not record 16 bit at 16 kHz ({message(code)})."
                    f" Try plug{self._device}."
                )
            return self._recorded(pcm, over)

    def _recorded(self, pcm: "_CapturePcm", over: threading.Event) -> Recording:
        samples, began = array("h"), []
        self._check(pcm.begin())
        while not over.is_set() and len(samples) < LONGEST_S * SENSOR_RATE_HZ:
            if self._check(pcm.wait(_STUCK_MS)) == 0:
                raise SensorError(f"The microphone {self._device} gives no sound. Check it and its driver.")
            code, block = pcm.read(_BLOCK_FRAMES)
            self._check(code)
            samples.frombytes(block)
            now_us, waiting = self._time.monotonic_us(), pcm.delay() or 0
            began.append(now_us - (len(samples) + waiting) * 1_000_000 // SENSOR_RATE_HZ)
        if not began:
            raise SensorError(f"The microphone {self._device} gave nothing. Try again.")
        return Recording(samples, SENSOR_RATE_HZ, round(median(began)))

    def _check(self, code: int) -> int:
        if code < 0:
            raise SensorError(f"The microphone {self._device} failed ({message(code)}). Check its plug, and try again.")
        return code


class _CapturePcm(Pcm):
    def __init__(self, device: str) -> None:
        super().__init__(device, CAPTURE)
        self._block = ctypes.create_string_buffer(2 * _BLOCK_FRAMES)

    def begin(self) -> int:
        """Start recording; an error, or 0."""
        return int(self._lib.snd_pcm_start(self._handle))

    def read(self, frames: int) -> tuple[int, bytes]:
        """Frames read, or an error; and the frames."""
        code = int(self._lib.snd_pcm_readi(self._handle, self._block, min(frames, _BLOCK_FRAMES)))
        return code, self._block.raw[: 2 * max(0, code)]


class CurrentSensor:
    """A file that holds one number, such as ``in_current0_raw`` of IIO or ``curr1_input`` of hwmon."""

    def __init__(self, path: Path, time: TimePort) -> None:
        self.description = f"the current sensor {path}"
        self._path = path
        self._time = time

    def listen(self, over: threading.Event) -> Readings:
        """See `Sensor.listen`."""
        at_us: list[int] = []
        values: list[float] = []
        began_us = self._time.monotonic_us()
        while not over.is_set() and self._time.monotonic_us() - began_us < LONGEST_S * 1e6:
            before_us = self._time.monotonic_us()
            values.append(self._read())
            at_us.append((before_us + self._time.monotonic_us()) // 2)
            self._time.block_until(before_us + _EVERY_US)
        return Readings(at_us, values)

    def _read(self) -> float:
        try:
            return float(self._path.read_text("ascii"))
        except (OSError, ValueError) as error:
            raise SensorError(f"The current sensor {self._path} cannot be read. Check its path.") from error


def make_sensor(microphone: str, current_sensor: Path | None, time: TimePort) -> Sensor | None:
    """The microphone where one is named, else the current sensor, else None."""
    if microphone:
        return Microphone(microphone, time)
    return None if current_sensor is None else CurrentSensor(current_sensor, time)
