"""How often Python looks for circles of objects that nobody holds any more.

What is compiled for a country is a few hundred thousand values that stay. Left to itself Python goes through all of
them again and again while they are being made, which takes a quarter of the time and more the more there are, and holds
up everything else meanwhile.
"""

import gc
from typing import Final

_YOUNG: Final = 20_000
_MIDDLE: Final = 10
_OLD: Final = 20


def collect_seldom() -> None:
    """For this whole process; to be called once, at its start."""
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
