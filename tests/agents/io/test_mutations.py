"""Whole conversations with a controller that says things which are nearly right: the device goes on or dials again,
with one line in its log and one in its counter, and nothing sounds that nobody signed.
"""

import asyncio
import base64
import json
import logging
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.domain import newcomer as domain
from agents.domain.backoff import Backoff, BackoffPolicy
from agents.io.carry import About
from agents.io.identity import load_or_make
from agents.io.kept import Pinned
from agents.io.link import Link, LinkParts
from agents.io.pairing import Adoption
from agents.protocol.channel import clock_tag
from agents.protocol.messages import DeviceState
from agents.protocol.pairing import new_code
from tests.agents.io.core import Agent, running
from tests.agents.io.wire_server import ServedLink, WireServer
from tests.agents.protocol.mutations import loose_samples, mutated

QUICK = BackoffPolicy(first_s=0.001, longest_s=0.002)
IDENTIFIES = 5
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
KINDS = (1, 2, 3, 4, 5, 0x10)
EDGES_OF_64_BITS = (0, 1, -1, 2**63 - 1, -(2**63), 2**53, 1_800_000_000_000_000)
SAID = [
    loose | {"retry_after_s": 0.0} if loose["type"] == "reject" else loose for loose in loose_samples("from_controller")
]
"""Nobody waits here for as long as a rejection may ask."""
GREETINGS = [loose for loose in loose_samples("clear") if loose["type"] != "reject"]
DOCUMENTS = [loose for loose in loose_samples("documents") if "kind" in loose]


def pushes(payload: bytes) -> bytes:
    """A document that nobody signed, pushed as if."""
    document = {"key_id": "k-2", "payload": base64.b64encode(payload).decode(), "signature": "A" * 86 + "=="}
    return json.dumps({"type": "document_push", "document": document}).encode()


MUTANTS = st.lists(mutated(SAID) | mutated(DOCUMENTS).map(pushes), min_size=1, max_size=5)


INSTANTS = st.sampled_from(EDGES_OF_64_BITS) | st.integers(-(2**63), 2**63 - 1)
CLOCK_ANSWERS = st.builds(
    lambda t1, t2, t3, flags, tag: b"\x04" + struct.pack(">qqqB4s", t1, t2, t3, flags, tag),
    *(INSTANTS, INSTANTS, INSTANTS, st.integers(0, 255)),
    st.just(clock_tag("t-1")) | st.binary(min_size=4, max_size=4),
)
FRAMES = st.lists(
    st.binary(max_size=40)
    | st.builds(
        lambda kind, rest: bytes([kind]) + rest, st.sampled_from((1, 2, 3, 4, 5, 0x10)), st.binary(max_size=200)
    )
    | CLOCK_ANSWERS,
    min_size=1,
    max_size=5,
)


async def say(link: ServedLink, raw: bytes) -> None:
    await say_frames(link, link.channel.encrypt(raw))


async def say_frames(link: ServedLink, frames: list[bytes]) -> None:
    try:
        for frame in frames:
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
@settings(PATIENT, max_examples=80)
async def test_a_controller_that_speaks_nearly_right_makes_no_sound_and_no_crash(
    pole: Pole, caplog: pytest.LogCaptureFixture, mutants: list[bytes]
) -> None:
    async def speak(there: ServedLink) -> None:
        for raw in mutants:
            await say(there, raw)

    await goes_on(pole, caplog, speak)


@given(frames=FRAMES)
@settings(PATIENT, max_examples=80)
async def test_frames_that_are_nearly_right_or_nothing_make_no_sound_and_no_crash(
    pole: Pole, caplog: pytest.LogCaptureFixture, frames: list[bytes]
) -> None:
    async def speak(there: ServedLink) -> None:
        await say_frames(there, [there.channel._seal(plain) for plain in frames])

    await goes_on(pole, caplog, speak)
    pole.agent.conductor.heartbeat()


async def goes_on(pole: Pole, caplog: pytest.LogCaptureFixture, speak: Callable[[ServedLink], Awaitable[None]]) -> None:
    caplog.clear()
    server, counters = pole.server, pole.link.counters
    before, assigned = counters.faults, pole.agent.conductor.assignment()
    there = await server.linked(DeviceState.ADOPTED)

    await speak(there)

    asked = len(server.asked)
    await server.until(lambda: len(server.asked) > asked or None, "the device to ask for the time again")
    assert not pole.living.done()
    lines = [line for line in caplog.records if line.name == "agents.io.link" and line.levelno >= logging.WARNING]
    assert len(lines) <= 1, "one line for one link"
    assert counters.faults - before <= 1
    assert not [line for line in caplog.records if line.levelno >= logging.ERROR]
    assert pole.agent.engine.calls == [], "nothing that nobody signed is heard"
    assert pole.agent.conductor.assignment() == assigned, "or believed"


@dataclass
class Newcomer:
    """A device that is new, linked to a controller of the wire. ``spoken`` are the codes that it spoke."""

    server: WireServer
    agent: Agent
    adoption: Adoption
    living: "asyncio.Task[None]"
    spoken: list[str]


@pytest.fixture
async def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Newcomer]:
    monkeypatch.setattr("agents.io.pairing.Backoff", lambda random: Backoff(random, QUICK))
    identity, spoken = load_or_make(tmp_path), list[str]()
    async with (
        WireServer().serving() as server,
        running(tmp_path, device_id=identity.device_id) as agent,
        aiohttp.ClientSession() as http,
    ):
        parts = LinkParts(
            identity=identity,
            about=About(model="m", software="s", name="n", boot_id="b"),
            configured_url=server.url,
            conductor=agent.conductor,
            clock=agent.clock,
            discovery=None,
            time=agent.time,
            http=http,
        )

        async def speak(code: str) -> None:
            spoken.append(code)

        adoption = Adoption(parts, domain.Newcomer(agent.time.monotonic_us(), new_code), speak)
        living = asyncio.ensure_future(adoption.run())
        yield Newcomer(server, agent, adoption, living, spoken)
        living.cancel()
        await asyncio.wait([living])


@given(mutants=MUTANTS, frames=FRAMES)
@settings(PATIENT, max_examples=60)
async def test_a_new_device_is_adopted_by_nobody_who_speaks_nearly_right(
    newcomer: Newcomer, caplog: pytest.LogCaptureFixture, mutants: list[bytes], frames: list[bytes]
) -> None:
    caplog.clear()
    there = await newcomer.server.linked(DeviceState.NEW)

    for raw in mutants:
        await say(there, raw)
    await say_frames(there, [there.channel._seal(plain) for plain in frames])
    await there.socket.close()

    again = await newcomer.server.until(
        lambda: next((one for one in newcomer.server.links.values() if one is not there and one.introduced), None),
        "the device to dial again",
    )
    assert again.hello.state is DeviceState.NEW
    assert not newcomer.living.done()
    assert newcomer.agent.state.pinned() is None
    assert newcomer.agent.engine.calls == []
    assert len(newcomer.spoken) <= IDENTIFIES, "the one sound that nobody signed, and no oftener than that"
    lines = [line for line in caplog.records if line.name == "agents.io.pairing" and line.levelno >= logging.WARNING]
    ends = [line for line in lines if "no link" in line.getMessage()]
    assert len(ends) <= 1, "one line for one link"
    assert not [line for line in caplog.records if line.levelno >= logging.ERROR]


@given(raw=mutated(GREETINGS) | st.binary(max_size=200))
@settings(PATIENT, max_examples=60)
async def test_an_answer_in_the_clear_that_is_nearly_right_costs_a_line_and_a_pause(
    pole: Pole, caplog: pytest.LogCaptureFixture, raw: bytes
) -> None:
    caplog.clear()
    heard = asyncio.Event()

    async def babble(server: WireServer, socket: web.WebSocketResponse) -> None:
        await socket.receive()
        await socket.send_str(raw.decode("utf-8", "replace"))
        pole.server.speak = None
        heard.set()

    pole.server.speak = babble
    for link in [*pole.server.links.values()]:
        await link.socket.close()
    async with asyncio.timeout(15):
        await heard.wait()

    await pole.server.linked(DeviceState.ADOPTED)
    assert not pole.living.done()
    assert not [line for line in caplog.records if line.levelno >= logging.ERROR]
    assert pole.agent.engine.calls == []
