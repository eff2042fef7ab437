"""What is compiled for one who asks: in a thread, one at a time, so that links, pages and stops go on in between."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from controller.web.asking import Ask

_P = ParamSpec("_P")
_T = TypeVar("_T")


async def reckoned(ask: Ask, work: Callable[_P, _T], /, *given: _P.args, **named: _P.kwargs) -> _T:
    """What ``work`` returns, and raises."""
    async with ask.house.reckoning:
        return await asyncio.to_thread(work, *given, **named)
