"""Work that is done together must not fail together for the fault of one."""

import asyncio
from collections.abc import Sequence

from controller.domain.errors import StoreFailed
from controller.services.batcher import Batcher


async def _all(batcher: Batcher[int, int], items: Sequence[int]) -> list[int | BaseException]:
    """What becomes of items that wait together."""
    waiting = [asyncio.ensure_future(batcher.put(item)) for item in items]
    await asyncio.sleep(0)
    running = asyncio.ensure_future(batcher.run())
    try:
        return await asyncio.gather(*waiting, return_exceptions=True)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_one_item_that_cannot_be_done_does_not_take_the_others_with_it():
    async def work(items: Sequence[int]) -> Sequence[int]:
        if 13 in items:
            raise OverflowError("too large for the database")
        return [item * 2 for item in items]

    done = await _all(Batcher(work), [1, 13, 3])
    assert [done[0], done[2]] == [2, 6]
    assert isinstance(done[1], OverflowError)


async def test_a_store_that_fails_is_asked_once_for_all():
    asked: list[int] = []

    async def work(items: Sequence[int]) -> Sequence[int]:
        asked.append(len(items))
        raise StoreFailed("the disk is full")

    done = await _all(Batcher(work), [1, 2, 3])
    assert all(isinstance(one, StoreFailed) for one in done)
    assert asked == [3]
