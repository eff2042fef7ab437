"""The heartbeats of one link: how the device is, at the pace that the welcome asks for.

Rules of the module: the first leaves as soon as the clock is known, because until then nobody sends this speaker
anything. What a person would be told (`told`) leaves at once when it changes; what changes to and fro, only so often,
and on a SIM ever more seldom, until it has been quiet for as long as heartbeats usually are apart.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from agents.io.timeport import TimePort
from agents.protocol.messages import Heartbeat, Welcome
from agents.protocol.values import ClockBasis, Profile

_LOOK_EVERY_S: Final = 2.0
_LEAST_PAUSE_S: Final = {Profile.LAN: 1.0, Profile.SIM: 60.0}
_MOST_PAUSE_S: Final = {Profile.LAN: 1.0, Profile.SIM: 900.0}
"""A board whose power flickers whenever its amplifier sounds does so for hours every day."""


@dataclass(frozen=True, slots=True)
class Told:
    """Of a heartbeat, what a person would want to know at once."""

    time_known: bool
    volume_percent: int
    output_ok: bool
    under_voltage: bool
    disk_short: bool
    stopped_here: bool


def told(heartbeat: Heartbeat) -> Told:
    """What it tells a person."""
    telemetry = heartbeat.telemetry
    return Told(
        time_known=heartbeat.clock_basis is not ClockBasis.NONE,
        volume_percent=heartbeat.volume_percent,
        output_ok=telemetry is None or telemetry.output_ok,
        under_voltage=telemetry is not None and telemetry.under_voltage is True,
        disk_short=telemetry is not None and telemetry.disk_short,
        stopped_here=telemetry is not None and telemetry.stopped_here,
    )


class Heart:
    """`run` it as long as the link lives."""

    def __init__(
        self,
        time: TimePort,
        welcome: Welcome,
        look: Callable[[], Awaitable[Heartbeat]],
        send: Callable[[Heartbeat], Awaitable[None]],
    ) -> None:
        self._time = time
        self._every_us = round(welcome.heartbeat_every_s * 1e6)
        self._least_us = min(round(_LEAST_PAUSE_S[welcome.profile] * 1e6), self._every_us)
        self._most_us = min(round(_MOST_PAUSE_S[welcome.profile] * 1e6), self._every_us)
        self._look = look
        self._send = send

    async def run(self) -> None:
        """Until cancelled. Raises what sending raises."""
        pause_us = self._least_us
        while True:
            heartbeat, began_us = await self._look(), self._time.monotonic_us()
            await self._send(heartbeat)
            changed = await self._changed(told(heartbeat), began_us, pause_us)
            pause_us = min(2 * pause_us, self._most_us) if changed else self._least_us

    async def _changed(self, before: Told, began_us: int, pause_us: int) -> bool:
        """Returns when the next is due, and whether that is because something changed."""
        due_us = began_us + self._every_us
        await self._time.sleep_until(began_us + pause_us)
        while (now_us := self._time.monotonic_us()) < due_us:
            if told(await self._look()) != before:
                return True
            await self._time.sleep_until(min(due_us, now_us + round(_LOOK_EVERY_S * 1e6)))
        return False
