"""Questions that many ask at the same moment are asked of the database together."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from controller.services.crew import Crew
from controller.services.together import Together


class Book:
    """Answers with the length of a word, but of no empty one; remembers what was asked at once."""

    def __init__(self) -> None:
        self.reads: list[list[str]] = []
        self.held = asyncio.Event()
        self.held.set()
        self.failing: Exception | None = None

    async def read(self, words: Sequence[str]) -> dict[str, int]:
        self.reads.append(list(words))
        await self.held.wait()
        if self.failing is not None:
            raise self.failing
        return {word: len(word) for word in words if word}


@pytest.fixture
async def crew() -> AsyncIterator[Crew]:
    made = Crew()
    async with asyncio.TaskGroup() as group:
        made.join(group)
        yield made


async def test_what_is_asked_during_a_read_waits_for_the_next_and_goes_in_one(crew: Crew) -> None:
    book = Book()
    together = Together(crew, "words", book.read)
    book.held.clear()
    first = asyncio.create_task(together.get("a"))
    while not book.reads:
        await asyncio.sleep(0)
    others = [asyncio.create_task(together.get(word)) for word in ("bb", "ccc", "bb", "")]
    await asyncio.sleep(0)
    book.held.set()
    assert await first == 1
    assert await asyncio.gather(*others) == [2, 3, 2, None]
    assert book.reads == [["a"], ["bb", "ccc", ""]]


async def test_nothing_is_remembered(crew: Crew) -> None:
    book = Book()
    together = Together(crew, "words", book.read)
    assert [await together.get("a"), await together.get("a")] == [1, 1]
    assert len(book.reads) == 2


async def test_a_read_that_fails_fails_for_those_who_asked_and_no_others(crew: Crew) -> None:
    book = Book()
    together = Together(crew, "words", book.read)
    book.failing = OSError("no disk")
    with pytest.raises(OSError, match="no disk"):
        await together.get("a")
    book.failing = None
    assert await together.get("a") == 1
