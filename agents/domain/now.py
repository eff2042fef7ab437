"""The instant at which a decision is taken, as the agent knows it."""

from dataclasses import dataclass

from agents.protocol.values import ClockBasis


@dataclass(frozen=True, slots=True)
class Now:
    """``local_us`` is the agent's monotonic clock. ``controller_us`` is None where controller time is unknown.

    ``clock_error_us`` bounds the error of ``controller_us`` and is None with it.
    """

    local_us: int
    controller_us: int | None
    clock_error_us: int | None
    basis: ClockBasis

    def trusted_us(self, max_error_us: int) -> int | None:
        """Controller time where it is known well enough to play by, else None."""
        if self.controller_us is None or self.clock_error_us is None or self.clock_error_us > max_error_us:
            return None
        return self.controller_us
