"""While live sound goes out, nothing else of this process may keep it waiting for long.

Rules of the module: Python looks for circles among new objects alone (going through all that a station of thousands of
speakers holds stops everything for a quarter of a second, on a small machine for more than one), and work in other
threads gives way sooner: a plan that is being compiled beside made sending to thousands three times as slow, and half
of that with shorter turns.

Afterwards all of it is gone through once, for what became useless meanwhile, and that cannot be done in pieces: so it
waits until nothing is heard that somebody might stop, and nothing goes to many. Until then it costs nothing, and what
is useless just stays.
"""

import gc
import sys
from collections.abc import Callable
from typing import Final

from controller.ports import Clock
from controller.services.board import Board
from controller.services.foremost import Foremost

_TURN_S: Final = 0.000_5
_APART_US: Final = 10_000_000
_YOUNG: Final = 1


class Undisturbed:
    """For this whole process, as long as somebody asked for it. ``quiet`` says whether a pause harms nobody now."""

    def __init__(self, quiet: Callable[[], bool]) -> None:
        self._quiet = quiet
        self._turn_s: float | None = None
        self._was_frozen = False
        self._untidy = False

    def begin(self) -> None:
        """Once is enough."""
        if self._turn_s is not None:
            return
        self._turn_s = sys.getswitchinterval()
        sys.setswitchinterval(_TURN_S)
        if not self._untidy:
            self._was_frozen = gc.get_freeze_count() > 0
        self._untidy = True
        gc.collect(_YOUNG)  # a few thousand objects: what was just thrown away would stay else
        gc.freeze()

    def end(self) -> None:
        """Others have their turns as before. What is to be gone through waits for `tidy`."""
        if self._turn_s is not None:
            sys.setswitchinterval(self._turn_s)
            self._turn_s = None

    def tidy(self) -> None:
        """To be asked now and then: after the end, once it is quiet, what became useless goes, and everything is as it
        was before: where what stays was not looked through, it is not from now on either.
        """
        if not self._untidy or self._turn_s is not None or not self._quiet():
            return
        self._untidy = False
        gc.unfreeze()
        if self._was_frozen:
            gc.collect()
            gc.freeze()


def quiet(foremost: Foremost, board: Board, clock: Clock) -> bool:
    """Nothing goes to many, and nothing is heard, nor was or will be within some seconds: those who speak to a horn, or
    stop it, are at work around that.
    """
    now_us = clock.now_us()
    return foremost.idle and not any(
        airing.start_at_us is None
        or airing.start_at_us - _APART_US <= now_us <= airing.start_at_us + airing.duration_us + _APART_US
        for airing in (entry.airing for entry in board.all())
    )
