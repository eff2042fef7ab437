"""A large recording passes through the controller without filling its memory."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from controller.bench.figures import resident_mb
from controller.bench.upload import forget_peak, in_a_form, peak_mb, resumable, signed_in
from controller.stage import Stage

SIZE_BYTES = 60_000_000
MOST_MB = 50

pytestmark = pytest.mark.system


@pytest.mark.parametrize("send", [resumable, in_a_form])
async def test_60_mb_take_no_more_than_50_mb_of_memory(
    stage: Stage, tmp_path: Path, send: Callable[[aiohttp.ClientSession, Path], Awaitable[None]]
) -> None:
    large = tmp_path / "dài.wav"
    await asyncio.to_thread(large.write_bytes, bytes(SIZE_BYTES))
    assert stage.controller is not None
    before = resident_mb(stage.controller.pid)
    forget_peak(stage.controller.pid)
    async with signed_in(stage) as http:
        await send(http, large)
    assert peak_mb(stage.controller.pid) - before <= MOST_MB
