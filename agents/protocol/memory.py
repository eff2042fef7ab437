"""Keeps a long-running program small. No meaning on the wire; it lives here because both sides stand on it.

glibc keeps what a program gave back: it raises its threshold for separate mappings to the largest block it has seen
freed, and makes an arena a thread. Both are right for speed and wrong for a small machine that runs for a year.
"""

import ctypes
import gc
import sys
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_THRESHOLD_BYTES: Final = 256 * 1024
_ARENAS: Final = 2


def stay_small() -> bool:
    """To be called once, first thing. Returns whether this C library could be told (glibc can)."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    wanted = (
        (_M_ARENA_MAX, _ARENAS),
        (_M_MMAP_THRESHOLD, _THRESHOLD_BYTES),
        (_M_TRIM_THRESHOLD, _THRESHOLD_BYTES),
    )
    answers: list[int] = [mallopt(what, value) for what, value in wanted]
    return all(answers)


def give_back() -> None:
    """To be called when everything is loaded: what loading left behind goes back to the system, and what stays is not
    looked through again and again for what could go.
    """
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None
    if trim is not None:
        trim(0)
