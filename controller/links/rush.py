"""How many came lately. Pure: ``now_s`` is any steady clock in seconds."""

from typing import Final

_FORGOTTEN_A_SECOND: Final = 20.0


class Rush:
    """A level that rises by one for each that comes, and falls evenly."""

    def __init__(self) -> None:
        self._level = 0.0
        self._at_s = 0.0

    def add(self, now_s: float) -> None:
        """One came."""
        self._level = self.level(now_s) + 1.0
        self._at_s = now_s

    def level(self, now_s: float) -> float:
        """About how many came more than the twenty a second that are nothing special."""
        return max(0.0, self._level - (now_s - self._at_s) * _FORGOTTEN_A_SECOND)
