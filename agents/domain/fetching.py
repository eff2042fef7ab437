"""When a clip is fetched, and which ones are: rules for the way that costs bytes, or that many use at once.

Rules: an emergency's clips, the pinned ones and what waits for its start order are fetched at once, in this order. So
is what is due within `SOON_US`, the first to be due first. What is due later is bulk: on the LAN profile every device
waits a share of `SPREAD_US` of its own, so that a new bulletin is not fetched by thousands in one second; on the SIM
profile it waits for the night, where one lies between now and `SOON_US` before it is due, and each device for a moment
of its own in it. What no night is left for is fetched like on the LAN profile. Times are controller time.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from agents.domain.player.effects import FetchClips, Want
from agents.protocol.values import ClipRef, Profile

_HOUR_US: Final = 3_600_000_000
_DAY_US: Final = 24 * _HOUR_US
SOON_US: Final = 6 * _HOUR_US
SPREAD_US: Final = 600_000_000
NIGHT_BEGINS_US: Final = 16 * _HOUR_US
"""After midnight UTC: 23:00 in Vietnam, which is seven hours ahead all year."""
NIGHT_US: Final = 5 * _HOUR_US
"""The stretch in which devices begin; what the last ones begin has another hour before the morning."""
TIME_PATIENCE_US: Final = 60_000_000
"""How long a device on the SIM profile waits for the time to be known, without which it cannot tell the night."""


def share_of(device_id: str) -> float:
    """A number from 0 to 1, always the same for one device, that spreads evenly over many."""
    return int.from_bytes(hashlib.sha256(device_id.encode()).digest()[:6], "big") / 2**48


def fetch_at_us(due_us: int, now_us: int, since_us: int, share: float, profile: Profile) -> int:
    """The instant from which on a clip is to be fetched that is needed at ``due_us`` and wanted since ``since_us``."""
    latest_us = due_us - SOON_US
    if latest_us <= now_us:
        return now_us
    if profile is Profile.SIM:
        tonight_us = _tonight_us(now_us, share)
        if tonight_us <= latest_us:
            return tonight_us
    return min(latest_us, since_us + round(share * SPREAD_US))


def _tonight_us(now_us: int, share: float) -> int:
    """This device's moment of the night that has not ended; ``now_us`` where the night goes on and it has passed."""
    since_dusk_us = (now_us - NIGHT_BEGINS_US) % _DAY_US
    dusk_us = now_us - since_dusk_us
    if since_dusk_us >= NIGHT_US + _HOUR_US:
        dusk_us += _DAY_US
    return max(now_us, dusk_us + round(share * NIGHT_US))


def with_pinned(planned: FetchClips, pinned: Sequence[ClipRef], has: Callable[[ClipRef], bool]) -> FetchClips:
    """What is wanted and needed in all. Emergencies go before what is pinned, everything else comes after it."""
    lacking = [Want(ref, emergency=False, due_us=None) for ref in pinned if not has(ref)]
    first = [want for want in planned.wants if want.emergency]
    rest = [want for want in planned.wants if not want.emergency]
    wants: dict[str, Want] = {}
    for want in (*first, *lacking, *rest):
        wants.setdefault(want.ref.sha256, want)
    return FetchClips(tuple(wants.values()), planned.needed | {ref.sha256 for ref in pinned})
