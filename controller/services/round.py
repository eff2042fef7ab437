"""The answers of many devices to one document, as they come: gathered for a moment, so that few commits keep them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from agents.protocol.ids import DeviceId
from agents.protocol.messages import DocumentReply

_GATHER_S: Final = 0.1
_AT_MOST: Final = 4_000
Answer = tuple[DeviceId, DocumentReply, int]
"""Who answered what, and when (controller time)."""


class Round:
    """``waiting`` devices are to be heard, each once."""

    def __init__(self, waiting: int, now_us: Callable[[], int]) -> None:
        self._waiting = waiting
        self._now_us = now_us
        self._answers: list[Answer] = []
        self._some = asyncio.Event()
        self._enough = asyncio.Event()
        self._look()

    def heard(self, device_id: DeviceId, reply: DocumentReply | None) -> None:
        """A device's word, or that it has none to give."""
        self._waiting -= 1
        if reply is not None:
            self._answers.append((device_id, reply, self._now_us()))
        self._look()

    def _look(self) -> None:
        if self._waiting <= 0 or len(self._answers) >= _AT_MOST:
            self._enough.set()
            self._some.set()
        elif self._answers:
            self._some.set()

    async def batches(self) -> AsyncIterator[Sequence[Answer]]:
        """Every answer once; ends when all were heard."""
        while True:
            await self._some.wait()
            try:
                async with asyncio.timeout(_GATHER_S):
                    await self._enough.wait()
            except TimeoutError:
                pass  # what is here is kept now: somebody looks at it
            answers, self._answers = self._answers, []
            if answers:
                yield answers
            if self._waiting <= 0 and not self._answers:
                return
            self._some.clear()
            self._enough.clear()
            self._look()
