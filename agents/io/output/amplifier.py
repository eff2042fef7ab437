"""The amplifier behind the output: on before the first sample, off after the last.

Rules of the module: driven by the output's thread between two blocks, so a switch must return at once. An amplifier
that cannot be switched is told once, and never keeps anything from the horn.
"""

import logging
from typing import Final, Protocol

log = logging.getLogger(__name__)

_HOLD_US: Final = 500_000
"""It stays on so long after the last sample: what follows soon should not make the relay click."""


class Amplifier(Protocol):
    """A relay, or whatever else gives the horn its power. Called from the output's thread alone."""

    @property
    def lead_us(self) -> int:
        """It is switched on this long before the first sample, where that is known so long before."""

    @property
    def is_on(self) -> bool:
        """Whether it is on now; from any thread."""

    def on(self) -> None:
        """Give the horn its power. Returns at once; once it is on, nothing happens."""

    def off(self) -> None:
        """The same, off."""


class NoAmplifier:
    """A horn that always has its power."""

    lead_us = 0
    is_on = True

    def on(self) -> None:
        """Nothing to do."""

    def off(self) -> None:
        """Nothing to do."""


class AmplifierSwitch:
    """Turns it on while it is needed, and off some time after."""

    def __init__(self, amplifier: Amplifier) -> None:
        self._amplifier = amplifier
        self._is_on: bool | None = None
        self._needed_us = 0
        self._broken = False

    @property
    def lead_us(self) -> int:
        """See `Amplifier.lead_us`."""
        return self._amplifier.lead_us

    def drive(self, needed: bool, now_us: int) -> None:
        """To be called again and again."""
        if needed:
            self._needed_us = now_us
            self.turn(True)
        elif self._is_on is None or now_us - self._needed_us > _HOLD_US:
            self.turn(False)

    def turn(self, on: bool) -> None:
        """At once; what fails is tried again in the next round. Does not raise."""
        if self._is_on is on:
            return
        self._is_on = on
        try:
            self._amplifier.on() if on else self._amplifier.off()
        except Exception as wrong:  # whatever a relay's driver raises: the sound goes on
            if not self._broken:
                log.error("the amplifier cannot be switched: %s", wrong, extra={"event": "amplifier_failed"})
            self._broken = True
            self._is_on = None
        else:
            self._broken = False
