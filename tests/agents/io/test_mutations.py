"""Whole conversations with a controller that says things which are nearly right: the device goes on or dials again,
with one line in its log and one in its counter, and nothing sounds that nobody signed.
"""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.domain.backoff import BackoffPolicy
from agents.io.carry import About
from agents.io.identity import load_or_make
from agents.io.link import Link, LinkParts
from agents.io.state import Pinned
from agents.protocol.messages import DeviceState
from tests.agents.io.core import Agent, running
from tests.agents.io.wire_server import ServedLink, WireServer
from tests.agents.protocol.mutations import loose_samples, mutated

QUICK = BackoffPolicy(first_s=0.001, longest_s=0.002)
DOCUMENTS = [loose for loose in loose_samples("documents") if "kind" in loose]


def pushes(payload: bytes) -> bytes:
    """A document that nobody signed, pushed as if."""
    document = {"key_id": "k-2", "payload": base64.b64encode(payload).decode(), "signature": "A" * 86 + "=="}
    return json.dumps({"type": "document_push", "document": document}).encode()


MUTANTS = st.lists(mutated(loose_samples("from_controller")) | mutated(DOCUMENTS).map(pushes), min_size=1, max_size=5)


async def say(link: ServedLink, raw: bytes) -> None:
    try:
        for frame in link.channel.encrypt(raw):
            await link.socket.send_bytes(frame)
    except (ConnectionError, RuntimeError):
        return


@dataclass
class Pole:
    """A device that is linked to a controller of the wire."""

    server: WireServer
    agent: Agent
    link: Link
    living: "asyncio.Task[None]"


@pytest.fixture
async def pole(tmp_path: Path) -> AsyncIterator[Pole]:
    identity = load_or_make(tmp_path)
    async with (
        WireServer().serving() as server,
        running(tmp_path, device_id=identity.device_id) as agent,
        aiohttp.ClientSession() as http,
    ):
        server.pinned[identity.device_id] = identity.public_key
        pinned = Pinned(
            controller_id=server.controller_id,
            static_key=server.public,
            signing_key=server.signing.public_bytes,
            urls=(server.url,),
        )
        assert (await agent.conductor.adopt(pinned, server.sign(server.assignment(identity.device_id)))).accepted
        parts = LinkParts(
            identity=identity,
            about=About(model="m", software="s", name="n", boot_id="b"),
            configured_url="",
            conductor=agent.conductor,
            clock=agent.clock,
            discovery=None,
            time=agent.time,
            http=http,
        )
        link = Link(parts, pinned, QUICK)
        living = asyncio.ensure_future(link.run())
        yield Pole(server, agent, link, living)
        living.cancel()
        await asyncio.wait([living])


@given(mutants=MUTANTS)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_controller_that_speaks_nearly_right_makes_no_sound_and_no_crash(
    pole: Pole, caplog: pytest.LogCaptureFixture, mutants: list[bytes]
) -> None:
    caplog.clear()
    server, counters = pole.server, pole.link.counters
    before, assigned = counters.faults, pole.agent.conductor.assignment()
    there = await server.linked(DeviceState.ADOPTED)

    for raw in mutants:
        await say(there, raw)

    asked = len(server.asked)
    await server.until(lambda: len(server.asked) > asked or None, "the device to ask for the time again")
    assert not pole.living.done()
    lines = [line for line in caplog.records if line.name == "agents.io.link" and line.levelno >= logging.WARNING]
    assert len(lines) <= 1, "one line for one link"
    assert counters.faults - before <= 1
    assert not [line for line in caplog.records if line.levelno >= logging.ERROR]
    assert pole.agent.engine.calls == [], "nothing that nobody signed is heard"
    assert pole.agent.conductor.assignment() == assigned, "or believed"
