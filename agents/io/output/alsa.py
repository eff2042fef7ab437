"""Sound through ALSA: a card, or whatever else has an ALSA name (PulseAudio and PipeWire offer one).

Rules of the module: the buffer is shallow, because a stop must be heard soon; what a device cannot do in mono it is
given in stereo; underruns and suspends are made good here and told by ``write``, everything else is an OutputError.
"""

import audioop
import errno
import time

from agents.io.output.alsa_lib import Pcm, message
from agents.io.output.base import FRAME_BYTES, RATE_HZ, OutputError, OutputGone

_BUFFER_US = 80_000
_PERIOD_US = 20_000
_STUCK_MS = 3_000
_GONE = (-errno.ENODEV, -errno.EBADFD, -errno.ENOTTY, -errno.EIO, -errno.ECONNREFUSED)


class AlsaOutput:
    """One ALSA playback device by its name, such as ``default``, ``hw:0``, ``plughw:CARD=Device``."""

    def __init__(self, device: str = "default") -> None:
        self.description = f"ALSA {device}"
        self.stays_open = True
        self._device = device
        self._pcm: Pcm | None = None
        self._channels = 1

    def open(self) -> None:
        """See Output.open."""
        if self._pcm is not None:
            return
        pcm = Pcm(self._device)
        try:
            self._channels = self._configure(pcm)
        except BaseException:
            pcm.close()
            raise
        self._pcm = pcm

    def write(self, frames: bytes) -> bool:
        """See Output.write."""
        pcm = self._opened()
        sound = frames if self._channels == 1 else audioop.tostereo(frames, FRAME_BYTES, 1, 1)
        frame_bytes = FRAME_BYTES * self._channels
        broke_off = False
        while sound:
            code = self._wait_for_room(pcm, len(sound) // frame_bytes)
            if code >= 0:
                code = pcm.write(sound, min(code, len(sound) // frame_bytes))
            if code >= 0:
                sound = sound[code * frame_bytes :]
                continue
            if pcm.recover(code) < 0:
                raise self._broken(code)
            broke_off = True
        return broke_off

    def ran_out(self) -> bool:
        """See Output.ran_out."""
        return self._pcm is not None and self._pcm.has_run_out()

    def delay_frames(self) -> int | None:
        """See Output.delay_frames."""
        return None if self._pcm is None else self._pcm.delay()

    def begin_play(self, name: str) -> None:
        """Nothing is kept."""

    def end_play(self) -> None:
        """Nothing is kept."""

    def drop(self) -> None:
        """See Output.drop."""
        if self._pcm is not None and (code := self._pcm.drop()) < 0:
            raise self._broken(code)

    def close(self) -> None:
        """See Output.close."""
        pcm, self._pcm = self._pcm, None
        if pcm is not None:
            pcm.close()

    def _configure(self, pcm: Pcm) -> int:
        code = 0
        for channels in (1, 2):
            code = pcm.configure(channels, RATE_HZ, _BUFFER_US, _PERIOD_US)
            if code >= 0 and (code := pcm.start_when_full()) >= 0:
                return channels
        raise OutputError(
            f"The sound device {self._device} does not play 16 bit at 48 kHz ({message(code)})."
            f" Try plug{self._device}, or another device."
        )

    def _wait_for_room(self, pcm: Pcm, frames: int) -> int:
        """How many frames fit, or an error. All of them, but where the device does not run yet: it begins when it is
        full, so it is given what fits.

        Not writei's own waiting: a device that has stopped taking sound would hold it for ever.
        """
        for _ in range(_STUCK_MS):
            room = pcm.room()
            if room < 0 or room >= frames or (room > 0 and pcm.delay() is None):
                return room
            code = pcm.wait(_STUCK_MS)
            if code < 0:
                return code
            if code == 0:
                break
            if pcm.room() == room:
                time.sleep(0.001)  # it says that there is room, and there is none
        raise OutputError(f"The sound device {self._device} takes no sound any more. Check it and its driver.")

    def _opened(self) -> Pcm:
        if self._pcm is None:
            raise OutputError(f"The sound device {self._device} is not open.")
        return self._pcm

    def _broken(self, code: int) -> OutputError:
        if code in _GONE:
            return OutputGone(f"The sound device {self._device} has vanished ({message(code)}). Check its plug.")
        return OutputError(f"The sound device {self._device} failed ({message(code)}). Check it and its driver.")
