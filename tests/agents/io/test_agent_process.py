"""The whole life of a speaker, as a real process against a real server: found, adopted, linked, killed, released."""

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from agents.protocol.documents import ReleaseDevice
from agents.protocol.errors import PairingFailed
from agents.protocol.journal import StartedUp
from agents.protocol.messages import (
    Adopted,
    AdoptRefused,
    DeviceHello,
    DeviceState,
    NewDevice,
    PairRefused,
    PairReply,
    PairStart,
    Reject,
)
from agents.protocol.pairing import Binding, ControllerPairing, EnrolmentToken
from tests.agents.io.agent_process import AgentProcess, running
from tests.agents.io.wire_server import ServedLink, WireServer

NEW, ADOPTED = DeviceState.NEW, DeviceState.ADOPTED


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer().serving() as built:
        yield built
    assert built.problems == []


@pytest.fixture
async def agent(server: WireServer, tmp_path: Path) -> AsyncIterator[AgentProcess]:
    async with running(tmp_path, "--controller-url", server.url, "--no-mdns", "--name", "Chợ xã") as started:
        yield started


async def adopt(server: WireServer, agent: AgentProcess) -> ServedLink:
    """Adopted by the code read on the box; returns the link it then makes."""
    link = await server.linked(NEW)
    _, code = await agent.command("code")
    assert isinstance(await server.adopt_by_code(link, code), Adopted)
    return await server.linked(ADOPTED, link.hello.device_id)


async def test_a_new_device_offers_itself_and_is_adopted_by_the_code_it_speaks(
    server: WireServer, agent: AgentProcess
) -> None:
    link = await server.linked(NEW)
    facts = link.introduced
    assert isinstance(facts, NewDevice)
    assert (facts.name, facts.identifies_left, facts.enrolment_token_id) == ("Chợ xã", 5, None)
    assert 590 < facts.identify_until_s <= 600

    heard = await server.identify(link)
    assert (heard.accepted, heard.identifies_left) == (True, 4)
    _, code = await agent.command("code")
    assert isinstance(await server.adopt_by_code(link, code), Adopted)

    adopted = await server.linked(ADOPTED)
    assert isinstance(adopted.introduced, DeviceHello)
    assert adopted.hello.device_id == link.hello.device_id
    assert [mark.counter for mark in adopted.introduced.counters] == [server.counter]
    exit_code, words = await agent.command("code")
    assert (exit_code, "adopted" in words) == (4, True)


async def test_no_code_is_open_before_identifying_and_a_wrong_guess_burns_it(
    server: WireServer, agent: AgentProcess
) -> None:
    link = await server.linked(NEW)
    assert await server.adopt_by_code(link, "000000") == PairRefused(reason="no_code_open")

    _, code = await agent.command("code")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    with pytest.raises(PairingFailed):
        await server.adopt_by_code(link, wrong)

    assert await server.adopt_by_code(link, code) == PairRefused(reason="no_code_open")
    _, fresh = await agent.command("code")
    assert fresh != code
    assert isinstance(await server.adopt_by_code(link, fresh), Adopted)


async def test_it_identifies_itself_five_times_and_no_more(server: WireServer, agent: AgentProcess) -> None:
    link = await server.linked(NEW)
    replies = [await server.identify(link) for _ in range(6)]
    assert [reply.accepted for reply in replies] == [True] * 5 + [False]
    assert replies[-1].reason == "too_many_identifies"


async def test_a_controller_that_cannot_prove_the_code_is_not_obeyed(server: WireServer, agent: AgentProcess) -> None:
    link = await server.linked(NEW)
    await agent.command("code")
    assert isinstance(await server.hand_over(link, bytes(32)), AdoptRefused)

    again = await server.linked(NEW)
    assert isinstance(again.introduced, NewDevice)
    assert (await agent.command("status"))[1].splitlines()[3].split() == ["state", "new"]


async def test_an_assignment_for_another_device_is_refused_and_nothing_is_pinned(
    server: WireServer, agent: AgentProcess
) -> None:
    link = await server.linked(NEW)
    _, code = await agent.command("code")
    pairing = ControllerPairing(code, Binding.of_controller(link.channel))
    reply = await server.ask(link, PairStart(share=pairing.share), PairReply)
    assert isinstance(reply, PairReply)
    proof = pairing.finish(reply.share, reply.confirmation)
    stranger = server.sign(server.assignment("d-someoneelse"))

    answer = await server.hand_over(link, proof, stranger)

    assert isinstance(answer, AdoptRefused)
    assert "not_for_me" in answer.reason
    await server.linked(NEW)


async def test_a_token_adopts_without_a_code(server: WireServer, tmp_path: Path) -> None:
    token = EnrolmentToken.generate("xa-2025")
    flags = ("--controller-url", server.url, "--no-mdns", "--enrolment-token", token.text())
    async with running(tmp_path, *flags) as agent:
        link = await server.linked(NEW)
        facts = link.introduced
        assert isinstance(facts, NewDevice)
        assert facts.enrolment_token_id == "xa-2025"
        assert facts.enrolment_proof == token.device_proof(Binding.of_controller(link.channel))

        refused = await server.hand_over(link, bytes(32))
        assert isinstance(refused, AdoptRefused)
        link = await server.linked(NEW)
        assert isinstance(await server.adopt_by_token(link, token), Adopted)
        await server.linked(ADOPTED)
        assert token.secret.decode() not in agent.log.read_text()


async def test_killed_at_any_moment_it_comes_back_to_its_controller(server: WireServer, agent: AgentProcess) -> None:
    first = await adopt(server, agent)
    assert isinstance(first.introduced, DeviceHello)

    await agent.kill()
    await server.until(lambda: not server.links)
    await agent.start()

    again = await server.linked(ADOPTED)
    assert isinstance(again.introduced, DeviceHello)
    assert again.hello.device_id == first.hello.device_id
    assert again.introduced.journal_id == first.introduced.journal_id
    assert again.introduced.boot_id == first.introduced.boot_id
    records = await server.until(lambda: _starts(server, again.introduced.journal_id, 2))
    assert [event.clean for event in records] == [True, False]


def _starts(server: WireServer, journal_id: str, wanted: int) -> list[StartedUp] | None:
    records = [record for _, record in sorted(server.journals.get(journal_id, {}).items())]
    starts = [record.event for record in records if isinstance(record.event, StartedUp)]
    return starts if len(starts) >= wanted else None


async def test_killed_right_after_it_said_adopted_it_is_adopted(server: WireServer, agent: AgentProcess) -> None:
    link = await server.linked(NEW)
    _, code = await agent.command("code")
    await server.adopt_by_code(link, code)
    await agent.kill()
    await agent.start()
    await server.linked(ADOPTED)


async def test_when_the_server_returns_so_does_the_device(tmp_path: Path) -> None:
    server = WireServer()
    async with contextlib.AsyncExitStack() as stack:
        async with server.serving():
            agent = await stack.enter_async_context(
                running(tmp_path, "--no-mdns", "--controller-url", f"http://127.0.0.1:{server.port}")
            )
            await adopt(server, agent)
        await agent.said("link_lost", 2)
        async with server.serving():
            await server.linked(ADOPTED)


async def test_an_impostor_on_the_controllers_address_gets_nothing(server: WireServer, agent: AgentProcess) -> None:
    link = await adopt(server, agent)
    server.private = WireServer().private
    before = len(server.dialled)
    await link.socket.close()

    await server.until(lambda: len(server.dialled) >= before + 2)

    assert (await agent.said("link_lost", 2))["level"] == "warning"
    assert agent.process is not None
    assert agent.process.returncode is None
    server.problems.clear()


async def babble(server: WireServer, socket: web.WebSocketResponse) -> None:
    await socket.send_str(os.urandom(50).hex())
    await socket.send_bytes(os.urandom(500))


async def test_a_controller_that_babbles_costs_a_line_and_a_pause_and_no_more(
    server: WireServer, agent: AgentProcess
) -> None:
    link = await adopt(server, agent)
    server.speak = babble
    before = len(server.dialled)
    await link.socket.close()
    await server.until(lambda: len(server.dialled) >= before + 3)
    server.speak = None

    await server.linked(ADOPTED)

    assert all(line["level"] != "error" for line in agent.lines())


async def test_it_comes_back_no_sooner_than_it_was_told(server: WireServer, agent: AgentProcess) -> None:
    link = await adopt(server, agent)
    server.reject = Reject(reason="too busy", retry_after_s=2.0)
    before = len(server.dialled)
    await link.socket.close()
    await server.until(lambda: len(server.dialled) > before)
    server.reject = None

    await server.linked(ADOPTED)

    assert server.dialled[-1] - server.dialled[before] >= 2.0


async def test_released_it_tells_flushes_forgets_and_can_be_adopted_by_another(
    server: WireServer, agent: AgentProcess
) -> None:
    link = await adopt(server, agent)
    device_id = link.hello.device_id
    await server.until(lambda: server.heartbeats and server.heartbeats[-1].clock_error_us)

    reply = await server.push(link, server.order(device_id, ReleaseDevice()))

    assert reply.accepted
    again = await server.linked(NEW, device_id)
    assert isinstance(again.introduced, NewDevice)
    assert again.introduced.identifies_left == 5
    server.signing = WireServer().signing
    _, code = await agent.command("code")
    assert isinstance(await server.adopt_by_code(again, code), Adopted)
    adopted = await server.linked(ADOPTED, device_id)
    assert isinstance(adopted.introduced, DeviceHello)


async def test_whoever_has_a_shell_on_the_box_can_reset_it(server: WireServer, agent: AgentProcess) -> None:
    link = await adopt(server, agent)
    assert (await agent.command("reset"))[0] == 2
    assert (await agent.command("reset", "--yes"))[0] == 0
    assert (await server.linked(NEW)).hello.device_id == link.hello.device_id


async def test_its_clock_agrees_with_the_servers_soon_after_the_link_is_up(
    server: WireServer, agent: AgentProcess
) -> None:
    server.clock_offset_us = -3_600_000_000
    await adopt(server, agent)

    beat = await server.until(
        lambda: next((beat for beat in server.heartbeats if beat.clock_error_us is not None), None)
    )

    assert beat.clock_basis == "link"
    assert beat.clock_error_us is not None
    assert beat.clock_error_us < 100_000


async def test_a_silent_server_is_noticed(server: WireServer, agent: AgentProcess) -> None:
    server.silence_limit_s = 0.6
    server.answer_clock = server.acknowledge = False
    await adopt(server, agent)

    lost = await agent.said("link_lost")

    assert "nothing was heard for 0.6 s" in lost["message"]
    server.answer_clock = server.acknowledge = True
    await server.linked(ADOPTED)


async def test_two_agents_do_not_share_a_state_directory(server: WireServer, agent: AgentProcess) -> None:
    await agent.said("ready")
    exit_code, words = await agent.command("run")
    assert exit_code == 1
    assert "Another agent runs" in words


async def test_asked_to_stop_it_stops_clean(server: WireServer, agent: AgentProcess) -> None:
    link = await adopt(server, agent)
    assert await agent.stop() == 0
    await agent.start()
    again = await server.linked(ADOPTED, link.hello.device_id)
    assert isinstance(again.introduced, DeviceHello)
    starts = await server.until(lambda: _starts(server, again.introduced.journal_id, 2))  # type: ignore[union-attr]
    assert [event.clean for event in starts] == [True, True]
