"""The link of an adopted device: where it dials, whom it believes, and how it ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from agents.domain.backoff import BackoffPolicy
from agents.domain.clock import ControllerClock
from agents.io.carry import About
from agents.io.conductor import Conductor
from agents.io.identity import Identity, load_or_make
from agents.io.kept import Pinned
from agents.io.link import Link, LinkParts
from agents.io.timeport import SystemTime
from agents.protocol.channel import LiveAudio
from agents.protocol.codec import encode
from agents.protocol.documents import ReleaseDevice
from agents.protocol.messages import DeviceState, DocumentPush, DocumentReply, Reject
from agents.protocol.values import ClockBasis, Profile
from tests.agents.io.core import running
from tests.agents.io.wire_server import WireServer

PATIENCE_S = 20.0
ADOPTED = DeviceState.ADOPTED
Misbehaviour = Callable[[WireServer, web.WebSocketResponse], Awaitable[Any]]


class Box:
    """The core of an adopted device: everything that its link stands on."""

    def __init__(self, identity: Identity, conductor: Conductor, clock: ControllerClock, time: SystemTime) -> None:
        self.identity = identity
        self.conductor = conductor
        self.clock = clock
        self.time = time

    async def belong(self, server: WireServer, *urls: str) -> Pinned:
        """Adopted by this server, and told these addresses."""
        server.pinned[self.identity.device_id] = self.identity.public_key
        pinned = Pinned(
            controller_id=server.controller_id,
            static_key=server.public,
            signing_key=server.signing.public_bytes,
            urls=(server.url,),
        )
        assignment = server.assignment(self.identity.device_id, controller_urls=urls)
        assert (await self.conductor.adopt(pinned, server.sign(assignment))).accepted
        return pinned

    @asynccontextmanager
    async def linking(self, pinned: Pinned, policy: BackoffPolicy | None = None) -> AsyncIterator["asyncio.Task[None]"]:
        async with aiohttp.ClientSession() as http:
            parts = LinkParts(
                identity=self.identity,
                about=About(model="m", software="s", name="n", boot_id="b"),
                configured_url="",
                conductor=self.conductor,
                clock=self.clock,
                discovery=None,
                time=self.time,
                http=http,
            )
            task = asyncio.ensure_future(Link(parts, pinned, policy).run())
            try:
                yield task
            finally:
                task.cancel()
                await asyncio.wait([task])


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    identity = load_or_make(tmp_path)
    async with running(tmp_path, device_id=identity.device_id) as agent:
        yield Box(identity, agent.conductor, agent.clock, agent.time)


async def turn_away(server: WireServer, socket: web.WebSocketResponse) -> None:
    await socket.receive()
    await socket.send_str(encode(Reject(reason="busy", retry_after_s=3_600.0)).decode())


async def test_who_only_sits_at_an_address_cannot_keep_the_device_from_its_controller(box: Box) -> None:
    async with WireServer(speak=turn_away).serving() as impostor, WireServer().serving() as server:
        pinned = await box.belong(server, impostor.url)
        async with box.linking(pinned):
            await server.linked(ADOPTED)
            assert len(impostor.dialled) == 1


async def test_an_address_that_is_silent_does_not_hide_the_next_one(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.io.wire.LINK_WITHIN_S", 0.3)

    async def say_nothing(server: WireServer, socket: web.WebSocketResponse) -> None:
        while not socket.closed:
            await socket.receive()

    async with WireServer(speak=say_nothing).serving() as silent, WireServer().serving() as server:
        pinned = await box.belong(server, silent.url)
        async with box.linking(pinned, BackoffPolicy(settled_s=0.2)):
            await server.linked(ADOPTED)


async def test_the_controller_itself_may_send_it_away_from_every_address(box: Box) -> None:
    async with WireServer().serving() as server:
        pinned = await box.belong(server, f"ws://localhost:{server.port}/link")
        async with box.linking(pinned):
            link = await server.linked(ADOPTED)
            dialled = len(server.dialled)
            await link.send(Reject(reason="shutdown", retry_after_s=1.0))
            await server.until(lambda: len(server.dialled) > dialled)

    assert server.dialled[dialled] - server.dialled[dialled - 1] >= 1.0


async def test_released_it_ends_though_the_controller_hangs_up_at_once_and_forgets_it(box: Box) -> None:
    async with WireServer().serving() as server:
        server.acknowledge = False  # so that the journal cannot be emptied
        pinned = await box.belong(server)
        async with box.linking(pinned) as linking:
            link = await server.linked(ADOPTED)
            await server.until(lambda: server.heartbeats and server.heartbeats[-1].clock_error_us)
            order = server.sign(server.order(box.identity.device_id, ReleaseDevice()))
            await server.ask(link, DocumentPush(document=order), DocumentReply)
            server.pinned.clear()
            await link.socket.close()

            async with asyncio.timeout(PATIENCE_S):
                await linking


async def test_told_to_end_while_a_link_breaks_it_ends(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, broken, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(document: object) -> DocumentReply:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            broken.set()
            await go_on.wait()
        raise AssertionError("nobody ends this wait but a cancellation")

    async with WireServer().serving() as server:
        pinned = await box.belong(server)
        async with box.linking(pinned) as linking:
            link = await server.linked(ADOPTED)
            monkeypatch.setattr(box.conductor, "accept_document", slow)
            order = server.sign(server.order(box.identity.device_id, ReleaseDevice()))
            await link.send(DocumentPush(document=order))
            await begun.wait()
            await link.socket.close()
            await broken.wait()
            linking.cancel()
            go_on.set()

            await asyncio.wait([linking], timeout=PATIENCE_S)
            assert linking.cancelled()


async def test_a_controller_whose_time_begins_anew_is_dialled_again(box: Box) -> None:
    async with WireServer(clock_every_s=0.1).serving() as server:
        pinned = await box.belong(server)
        async with box.linking(pinned):
            await server.linked(ADOPTED)
            await server.until(lambda: box.clock.clock_id == "t-1")
            dialled = len(server.dialled)
            server.clock_id = "t-2"
            await server.until(lambda: len(server.dialled) > dialled and box.clock.clock_id == "t-2")


async def test_a_link_on_which_nothing_is_heard_for_the_silence_limit_is_dead(box: Box) -> None:
    async with WireServer(clock_every_s=0.2, silence_limit_s=0.5).serving() as server:
        pinned = await box.belong(server)
        async with box.linking(pinned):
            await server.linked(ADOPTED)
            await server.until(lambda: len(server.asked) > 20)
            assert len(server.dialled) == 1, "what is answered is alive"
            server.answer_clock = server.acknowledge = False
            await server.until(lambda: len(server.dialled) > 1)


async def test_where_many_dial_it_asks_for_the_time_once_and_plays_by_that(box: Box) -> None:
    async with WireServer(clock_every_s=600.0, crowded_s=600.0).serving() as server:
        pinned = await box.belong(server)
        async with box.linking(pinned):
            await server.linked(ADOPTED)
            await server.until(lambda: any(beat.clock_basis is ClockBasis.LINK for beat in server.heartbeats))
            told = len(server.heartbeats)
            await server.until(lambda: len(server.heartbeats) > told + 3)
            assert len(server.asked) == 1


async def test_it_asks_before_anybody_takes_the_link_for_dead_whatever_the_pace(box: Box) -> None:
    async with WireServer(clock_every_s=600.0, silence_limit_s=0.6, profile=Profile.SIM).serving() as server:
        pinned = await box.belong(server)
        async with box.linking(pinned):
            await server.linked(ADOPTED)
            await server.until(lambda: len(server.asked) > 35)
            assert len(server.dialled) == 1


async def test_a_device_on_a_sim_deflates_and_gathers_what_nobody_waits_for(box: Box) -> None:
    server = WireServer(profile=Profile.SIM, clock_every_s=0.2)
    async with server.serving():
        pinned = await box.belong(server)
        async with box.linking(pinned):
            link = await server.linked(ADOPTED)
            beat = await server.until(lambda: server.heartbeats)
            assert beat[-1].clock_error_us is not None
            assert server.journals == {}, "the record of its start waits for others"
            assert link.deflated > 0


async def test_live_sound_that_is_not_believed_does_not_end_the_link(box: Box) -> None:
    async with WireServer(clock_every_s=0.1).serving() as server:
        pinned = await box.belong(server)
        async with box.linking(pinned):
            link = await server.linked(ADOPTED)
            await server.until(lambda: server.asked)
            for payload in (b"", b"\xff" * 200):
                await link.socket.send_bytes(link.channel.encrypt_live(LiveAudio(server.now_us(), payload)))
            asked = len(server.asked)
            await server.until(lambda: len(server.asked) > asked + 2)
            assert box.conductor.live.counters.refused == 2
            assert len(server.dialled) == 1
