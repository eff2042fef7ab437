"""An ear in the sound room that knows when it heard what, by this machine's monotonic clock.

Rules of the module: what a recorder wrote by now was heard by now. The recorder hands over what was heard in small
pieces, and each comes a little late; the piece that came soonest tells when the recording began. That is late by what
the soonest piece took, so that a delay measured here is never too short by more than the clock's own error.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.bench.figures import RATE_HZ
from controller.bench.soundroom import HORNS, Recording, SoundRoom

if TYPE_CHECKING:
    from controller.bench.soundroom import Sound

_LOOK_EVERY_S = 0.002
_FRAME_BYTES = 4
_LOUD = 0.01
"""What is above this share of full scale is sound."""
_STEP_FRAMES = RATE_HZ // 1000


@dataclass(slots=True)
class Ear:
    """What two horns sounded, on one clock. ``began_s`` is the monotonic instant of its first frame."""

    recording: Recording
    began_s: float = float("inf")

    def frame_at(self, instant_s: float) -> int:
        """The frame that was heard at this monotonic instant."""
        return round((instant_s - self.began_s) * RATE_HZ)

    def instant_of(self, frame: float) -> float:
        """When this frame was heard."""
        return self.began_s + frame / RATE_HZ

    def piece(self, horn: str, instant_s: float, seconds: float) -> "Sound":
        """What one horn sounded from a monotonic instant on, in -1..1; all of a long recording would be too much."""
        import numpy as np

        raw = np.memmap(self.recording.path, dtype="<i2", mode="r")
        first = max(0, self.frame_at(instant_s))
        both = raw[2 * first : 2 * min(first + round(seconds * RATE_HZ), len(raw) // 2)]
        return np.asarray(both[HORNS.index(horn) :: 2], dtype=np.float64) / 32768

    def sound_after_ms(self, horn: str, instant_s: float, within_s: float) -> float | None:
        """How long after ``instant_s`` the first sound of a horn is; None where there is none so soon."""
        import numpy as np

        first = max(0, self.frame_at(instant_s))
        loud = np.flatnonzero(np.abs(self.piece(horn, instant_s, within_s)) > _LOUD)
        if not len(loud):
            return None
        return float((self.instant_of(first + int(loud[0])) - instant_s) * 1000)

    def silence_after_ms(self, horn: str, instant_s: float, within_s: float) -> float | None:
        """How long after ``instant_s`` the last sound is; None where it does not fall silent so soon."""
        import numpy as np

        first = max(0, self.frame_at(instant_s))
        piece = self.piece(horn, instant_s, within_s)
        loud = np.flatnonzero(np.abs(piece) > _LOUD)
        if not len(loud):
            return 0.0
        if len(piece) - loud[-1] < _STEP_FRAMES:
            return None
        return float((self.instant_of(first + int(loud[-1]) + 1) - instant_s) * 1000)


@contextlib.asynccontextmanager
async def listening(room: SoundRoom) -> AsyncIterator[Ear]:
    """Hear the room while the block runs; what was heard can be looked at after it."""
    with room.record() as recording:
        ear = Ear(recording)
        watching = asyncio.create_task(_watch(ear))
        try:
            yield ear
            await asyncio.sleep(0.1)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def _watch(ear: Ear) -> None:
    while True:
        size = ear.recording.path.stat().st_size
        ear.began_s = min(ear.began_s, time.monotonic() - size / _FRAME_BYTES / RATE_HZ)
        await asyncio.sleep(_LOOK_EVERY_S)
