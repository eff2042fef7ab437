"""Work that goes on behind, and what becomes of work that is wanted while everything ends."""

import asyncio
import gc

import pytest

from controller.services.crew import Crew


async def test_nothing_is_begun_while_the_desk_ends() -> None:
    crew, told = Crew(), []

    async def work() -> None:
        told.append("begun")

    async def late() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            with pytest.raises(asyncio.CancelledError):
                crew.spawn(work(), "late")
            told.append("refused")

    async def desk() -> None:
        async with asyncio.TaskGroup() as group:
            crew.join(group)
            group.create_task(late())
            await asyncio.sleep(0)
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await desk()
    gc.collect()  # a coroutine that nobody awaited would be told here
    assert told == ["refused"]
