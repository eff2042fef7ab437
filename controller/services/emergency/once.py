"""What is prepared once, however often a browser asks for it.

An answer that was lost on its way says nothing of whether the request arrived. So a filled form has a key, made at
random where it is filled, and whoever sends it again with the same key gets the emergency that it made. Rules: a key
is its person's own; what failed has made nothing, and the key can make it yet; who asks while it is being made waits
for that. Keys are in memory, for an hour, the last ones of each person.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from controller.domain.emergencies import Emergency, EmergencyId
from controller.domain.errors import Invalid
from controller.ports import Clock

KEPT_US: Final = 3_600_000_000
MOST_KEYS: Final = 50
"""So many of a person are kept."""
LONGEST_KEY: Final = 64


@dataclass(slots=True)
class _Kept:
    asked_at_us: int
    making: asyncio.Lock = field(default_factory=asyncio.Lock)
    made: EmergencyId | None = None


class Once:
    """Which key made which emergency."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, dict[str, _Kept]] = {}

    async def made(self, whose: str, key: str, make: Callable[[], Awaitable[Emergency]]) -> EmergencyId:
        """What ``make`` makes, or made when ``whose`` key this was before; without a key it makes anew each time.
        Raises what ``make`` raises, `Invalid` (``bad_request``: a key of more than `LONGEST_KEY` letters).
        """
        if not key:
            return (await make()).emergency_id
        if len(key) > LONGEST_KEY:
            raise Invalid(f"a key of {len(key)} letters", code="bad_request")
        kept = self._of(whose, key)
        async with kept.making:
            if kept.made is None:
                kept.made = (await make()).emergency_id
            return kept.made

    def _of(self, whose: str, key: str) -> _Kept:
        now_us = self._clock.now_us()
        for one, keys in list(self._kept.items()):
            self._kept[one] = {name: kept for name, kept in keys.items() if now_us - kept.asked_at_us < KEPT_US}
            if not self._kept[one]:
                del self._kept[one]
        mine = self._kept.setdefault(whose, {})
        kept = mine.setdefault(key, _Kept(now_us))
        while len(mine) > MOST_KEYS:
            del mine[next(iter(mine))]
        return kept
