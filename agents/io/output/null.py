"""The output that nobody hears, at the right pace: for fleets, tests and boxes whose sound is switched elsewhere."""

from agents.io.output.paced import PacedDevice
from agents.io.timeport import TimePort


class NullOutput:
    """Paced silence. Keeps nothing."""

    description = "no sound (null output)"
    stays_open = True

    def __init__(self, time: TimePort) -> None:
        self._device = PacedDevice(time)

    def open(self) -> None:
        """Always works."""

    def write(self, frames: bytes) -> bool:
        """See Output.write."""
        return self._device.put(frames)

    def ran_out(self) -> bool:
        """See Output.ran_out."""
        return self._device.ran_out()

    def delay_frames(self) -> int | None:
        """See Output.delay_frames."""
        return self._device.delay_frames()

    def begin_play(self, name: str) -> None:
        """Nothing is kept."""

    def end_play(self) -> None:
        """Nothing is kept."""

    def drop(self) -> None:
        """See Output.drop."""
        self._device.reset()

    def close(self) -> None:
        """See Output.close."""
        self._device.reset()
