"""When to dial again: full jitter, doubling to a minute, for ever.

Ten thousand devices whose power returns in the same second spread over the whole interval, because each waits a random
part of it. A controller that answers and then closes at once counts as a failure; only a link that lived resets it.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackoffPolicy:
    """All in seconds. ``settled_s`` is how long a link must have lived for the next failure to be the first."""

    first_s: float = 0.5
    longest_s: float = 60.0
    settled_s: float = 10.0

    def ceiling_s(self, failures: int) -> float:
        """The longest wait after so many failures in a row, counted from 1."""
        doublings = min(max(failures, 1) - 1, 32)
        return min(self.longest_s, self.first_s * 2.0**doublings)


class Backoff:
    """The failures in a row of one address. ``random`` gives numbers in [0, 1)."""

    def __init__(self, random: Callable[[], float], policy: BackoffPolicy | None = None) -> None:
        self._random = random
        self.policy = policy or BackoffPolicy()
        self.failures = 0

    def after_failure(self, lived_s: float = 0.0, not_before_s: float = 0.0) -> float:
        """Seconds to wait now. The link lived for ``lived_s``; the other side asked for ``not_before_s``."""
        if lived_s >= self.policy.settled_s:
            self.failures = 0
        self.failures += 1
        return not_before_s + self._random() * self.policy.ceiling_s(self.failures)

    def reset(self) -> None:
        """The other side was seen to be there: the next failure is the first again."""
        self.failures = 0
