"""What goes to many goes before what can wait, and nobody waits for ever."""

import asyncio

import pytest

from controller.services import foremost
from controller.services.foremost import MANY, Foremost


async def test_who_asks_while_something_goes_to_many_waits_until_all_of_it_is_through() -> None:
    first = Foremost()
    with first.going(MANY):
        with first.going(MANY):
            waiting = asyncio.ensure_future(first.wait())
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting


async def test_what_goes_to_few_holds_up_nobody() -> None:
    first = Foremost()
    with first.going(MANY - 1):
        async with asyncio.timeout(0.5):
            await first.wait()


async def test_devices_that_do_not_answer_hold_up_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foremost, "_AT_MOST_S", 0.01)
    first = Foremost()
    with first.going(MANY):
        async with asyncio.timeout(5):
            await first.wait()
