"""Heavy work a little at a time."""

import asyncio
import itertools

from controller.links.turns import Turns


async def test_no_more_work_in_one_turn_of_the_loop_than_allowed_and_in_the_order_of_coming() -> None:
    turns, done = Turns(3), []
    counted: list[int] = []

    async def work(number: int) -> None:
        await turns.mine()
        done.append(number)

    def count() -> None:
        counted.append(len(done))
        if len(done) < 10:
            asyncio.get_running_loop().call_soon(count)

    count()
    async with asyncio.timeout(5):
        await asyncio.gather(*(work(number) for number in range(10)))
    assert done == list(range(10))
    assert all(after - before <= 3 for before, after in itertools.pairwise(counted))


async def test_who_gave_up_takes_no_turn() -> None:
    turns = Turns(1)
    await turns.mine()
    gone, next_one = (asyncio.create_task(turns.mine()) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait_for(next_one, 5)
