"""Many small writes as one: what arrives while a commit runs is committed together after it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from controller.domain.errors import LoaError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_R = TypeVar("_R")


class Batcher(Generic[_T, _R]):
    """``work`` gets all that waits, at most ``most`` at a time, and answers each in the same order.

    Its error is the answer to every item of that batch; but where it is one that nobody foresaw, one item may be to
    blame for it, so each is tried again alone: no device can make the work of others fail.
    """

    def __init__(self, work: Callable[[Sequence[_T]], Awaitable[Sequence[_R]]], most: int = 2_000) -> None:
        self._work = work
        self._most = most
        self._waiting: asyncio.Queue[tuple[_T, asyncio.Future[_R]]] = asyncio.Queue()

    def put(self, item: _T) -> "asyncio.Future[_R]":
        """Done when the item's batch is. Waits as long as `run` is not running."""
        answer: asyncio.Future[_R] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((item, answer))
        return answer

    async def run(self) -> None:
        """Works until cancelled; who waits then is cancelled too."""
        batch: list[tuple[_T, asyncio.Future[_R]]] = []
        try:
            while True:
                batch = [await self._waiting.get()]
                while len(batch) < self._most and not self._waiting.empty():
                    batch.append(self._waiting.get_nowait())
                await self._answer(batch)
        finally:
            while not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            for _, answer in batch:
                answer.cancel()

    async def _answer(self, batch: Sequence[tuple[_T, asyncio.Future[_R]]]) -> None:
        try:
            results = await self._work([item for item, _ in batch])
        except Exception as error:
            if not isinstance(error, LoaError):
                if len(batch) > 1:
                    _log.warning("a batch of %d failed, each is tried alone: %s", len(batch), error)
                    for one in batch:
                        await self._answer([one])
                    return
                _log.exception("one of a batch failed")
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), result in zip(batch, results, strict=True):
            if not answer.done():
                answer.set_result(result)
