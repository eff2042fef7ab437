"""Questions to the database that many ask at the same moment, asked together.

After a power cut every device connects at once, and each needs the same few rows of its own. What is asked while a
read runs waits for the next, so that a lone question is answered as fast as ever, and a thousand cost a few reads.
Nothing is remembered: every answer is as the database says it after the question.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Final, Generic, TypeVar

from controller.services.crew import Crew

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")
_AT_MOST: Final = 500


class Together(Generic[_K, _V]):
    """``read`` gets the keys that wait, each once and at most `_AT_MOST`; what it leaves out is answered None."""

    def __init__(self, crew: Crew, name: str, read: Callable[[Sequence[_K]], Awaitable[Mapping[_K, _V]]]) -> None:
        self._crew = crew
        self._name = name
        self._read = read
        self._waiting: dict[_K, list[asyncio.Future[_V | None]]] = {}
        self._reading = False

    async def get(self, key: _K) -> _V | None:
        """Raises what ``read`` raises."""
        answer: asyncio.Future[_V | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(answer)
        if not self._reading:
            self._crew.spawn(self._read_all(), self._name)
            self._reading = True
        return await answer

    async def _read_all(self) -> None:
        try:
            while self._waiting:
                some = list(self._waiting)[:_AT_MOST]
                await self._answer({key: self._waiting.pop(key) for key in some})
        finally:
            self._reading = False
            for answers in self._waiting.values():
                for answer in answers:
                    answer.cancel()
            self._waiting.clear()

    async def _answer(self, asked: dict[_K, list["asyncio.Future[_V | None]"]]) -> None:
        try:
            found = await self._read(list(asked))
        except asyncio.CancelledError:
            for answer in (one for answers in asked.values() for one in answers):
                answer.cancel()
            raise
        except Exception as error:
            for answer in (one for answers in asked.values() for one in answers):
                if not answer.done():
                    answer.set_exception(error)
            return
        for key, answers in asked.items():
            for answer in answers:
                if not answer.done():
                    answer.set_result(found.get(key))
