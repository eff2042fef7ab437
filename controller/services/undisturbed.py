"""While live sound goes out, nothing else of this process may keep it waiting for long.

Rules of the module: Python looks for circles among new objects alone (going through all that a station of thousands of
speakers holds takes a quarter of a second), and work in other threads gives way sooner: a plan that is being compiled
beside made sending to thousands three times as slow, and half of that with shorter turns.
"""

import gc
import sys
from typing import Final

_TURN_S: Final = 0.000_5


class Undisturbed:
    """For this whole process, as long as somebody asked for it."""

    def __init__(self) -> None:
        self._turn_s: float | None = None
        self._was_frozen = False

    def begin(self) -> None:
        """Once is enough."""
        if self._turn_s is None:
            self._turn_s = sys.getswitchinterval()
            self._was_frozen = gc.get_freeze_count() > 0
            sys.setswitchinterval(_TURN_S)
            gc.freeze()

    def end(self) -> None:
        """As it was before: where what stays was not looked through, it is not from now on either. What became useless
        meanwhile goes, which takes a quarter of a second on a station of thousands: when nothing waits.
        """
        if self._turn_s is not None:
            sys.setswitchinterval(self._turn_s)
            gc.unfreeze()
            if self._was_frozen:
                gc.collect()
                gc.freeze()
            self._turn_s = None
