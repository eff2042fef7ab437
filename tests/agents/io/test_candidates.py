"""Whom a new device links to, where more controllers are announced than it links to at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import aiohttp
import pytest

from agents.domain.newcomer import Newcomer
from agents.io.carry import About
from agents.io.discovery import Discovery, FoundController
from agents.io.identity import load_or_make
from agents.io.link import LinkParts
from agents.io.pairing import CANDIDATES_AT_MOST, Adoption, Speak
from agents.protocol.errors import PairingFailed
from agents.protocol.messages import DeviceState
from agents.protocol.pairing import new_code
from tests.agents.io.core import running
from tests.agents.io.wire_server import ServedLink, WireServer


class Announced:
    """Controllers as mDNS shows them, in this order, for ever."""

    def __init__(self, *found: FoundController) -> None:
        self._found = found

    def controllers(self) -> tuple[FoundController, ...]:
        return self._found

    async def wait_changed(self) -> None:
        await asyncio.Event().wait()


async def speak(code: str) -> None:
    raise AssertionError("nobody asked")


@contextlib.asynccontextmanager
async def courting(
    folder: Path, speak: Speak, *others: FoundController
) -> AsyncIterator[tuple[WireServer, ServedLink]]:
    """A new device that has found a controller, which was announced after ``others``."""
    identity = load_or_make(folder)
    async with (
        WireServer().serving() as server,
        running(folder, device_id=identity.device_id) as agent,
        aiohttp.ClientSession() as http,
    ):
        alive = FoundController(server.controller_id, (server.url,))
        parts = LinkParts(
            identity=identity,
            about=About(model="m", software="s", name="n", boot_id="b"),
            configured_url="",
            conductor=agent.conductor,
            clock=agent.clock,
            discovery=cast(Discovery, Announced(*others, alive)),
            time=agent.time,
            http=http,
        )
        adoption = Adoption(parts, Newcomer(agent.time.monotonic_us(), new_code), speak)
        task = asyncio.ensure_future(adoption.run())
        try:
            yield server, await server.linked(DeviceState.NEW, identity.device_id)
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_those_that_do_not_answer_give_way_to_one_that_does(tmp_path: Path) -> None:
    dead = [FoundController(f"c-dead{n}", (f"ws://127.0.0.1:{n}/link",)) for n in range(1, CANDIDATES_AT_MOST + 1)]
    async with courting(tmp_path, speak, *dead) as (_, link):
        assert link.hello.state is DeviceState.NEW


async def test_the_newest_code_ends_the_speaking_of_the_one_before(tmp_path: Path) -> None:
    begun: asyncio.Queue[str] = asyncio.Queue()
    cut: list[str] = []

    async def speak_long(code: str) -> None:
        begun.put_nowait(code)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cut.append(code)
            raise

    async with asyncio.timeout(10), courting(tmp_path, speak_long) as (server, link):
        await server.identify(link)
        first = await begun.get()
        with pytest.raises(PairingFailed):
            await server.adopt_by_code(link, "000000" if first != "000000" else "111111")
        await server.identify(link)
        second = await begun.get()
        assert cut == [first]
        assert second != first
