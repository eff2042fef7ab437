"""What an unadopted device allows: to speak its code aloud a few times, and one guess a code.

Rules of the module. Identifying is the one sound that nobody signed, so it is rationed: at most five times, within ten
minutes of power-on (or of being released). No code is open before the device was asked to identify itself, or somebody
with a shell on it read the code. A code is used up by the first guess, right or wrong; the next guess needs a new code,
and so a new identification. Local instants in microseconds.
"""

from collections.abc import Callable
from typing import Final

IDENTIFIES_AT_MOST: Final = 5
IDENTIFY_WITHIN_US: Final = 600 * 1_000_000
CODE_LIVES_US: Final = 600 * 1_000_000


class IdentifyRefused(Exception):
    """The device does not speak now. ``reason`` is the word for it on the wire."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NoCodeOpen(Exception):
    """Nobody has heard a code that still counts. Ask the device to identify itself first."""


TOO_MANY_IDENTIFIES: Final = "too_many_identifies"
IDENTIFY_TOO_LATE: Final = "identify_too_late"


class Newcomer:
    """The ration of one run of an unadopted device."""

    def __init__(self, started_us: int, new_code: Callable[[], str]) -> None:
        self._started_us = started_us
        self._new_code = new_code
        self._code: str | None = None
        self._opened_us = 0
        self.identifies_left = IDENTIFIES_AT_MOST

    def identify_until_s(self, now_us: int) -> float:
        """How much longer identifying is possible; 0 when it is not."""
        if not self.identifies_left:
            return 0.0
        return max(0.0, (self._started_us + IDENTIFY_WITHIN_US - now_us) / 1e6)

    def identify(self, now_us: int) -> str:
        """The code to speak aloud now. Raises `IdentifyRefused`."""
        if not self.identifies_left:
            raise IdentifyRefused(TOO_MANY_IDENTIFIES)
        if not self.identify_until_s(now_us):
            raise IdentifyRefused(IDENTIFY_TOO_LATE)
        self.identifies_left -= 1
        return self._open(now_us)

    def read(self, now_us: int) -> str:
        """The code, for somebody who has a shell on the device. Not rationed: it makes no sound."""
        return self._open(now_us)

    def use(self, now_us: int) -> str:
        """The code, which is used up by this. Raises `NoCodeOpen`."""
        code = self._code if self._is_open(now_us) else None
        self._code = None
        if code is None:
            raise NoCodeOpen("no code is open; ask the speaker to identify itself first")
        return code

    def _open(self, now_us: int) -> str:
        if self._code is None or not self._is_open(now_us):
            self._code = self._new_code()
        self._opened_us = now_us
        return self._code

    def _is_open(self, now_us: int) -> bool:
        return self._code is not None and now_us < self._opened_us + CODE_LIVES_US
