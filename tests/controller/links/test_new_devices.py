"""Devices that nobody has adopted: found, identified, paired by code or token, each wrong guess one code."""

import asyncio

import pytest

from agents.protocol.channel import ClockAnswer
from agents.protocol.messages import (
    Adopt,
    Adopted,
    AdoptRefused,
    DeviceState,
    Heartbeat,
    HelloReply,
    Identify,
    IdentifyReply,
    PairRefused,
    PairReply,
    PairStart,
    Reject,
)
from agents.protocol.pairing import EnrolmentToken
from agents.protocol.values import ClockBasis
from controller.domain.errors import Invalid, Refused, StoreFailed, Unreachable
from controller.links.found import Sighting

HEARTBEAT = Heartbeat(
    clock_basis=ClockBasis.NONE,
    clock_error_us=None,
    clock_offset_us=None,
    volume_percent=1,
    sounding_airing_id=None,
    clips=0,
    disk_free_bytes=0,
    refusals=0,
    unknown_messages=0,
)


async def gone(station, device):
    async with asyncio.timeout(5):
        while any(found.device_id == device.device_id for found in station.hub.found()):
            await asyncio.sleep(0)


def sighting(device_id, name="Loa chợ", adopted=False):
    return Sighting(device_id=device_id, name=name, model="m", adopted=adopted, address="192.0.2.7", seen_at_us=1)


async def test_a_new_device_is_found_with_what_it_says_of_itself(station):
    device = await station.device().link_as_new("Loa đình")
    found = await station.found(device)
    assert (found.name, found.model, found.identifies_left) == ("Loa đình", "Test box", 5)
    assert found.identify_until_us > station.clock.now_us()
    assert not found.seen_by_mdns
    assert device.device_id not in station.hub.connected()
    assert station.services.new == [device.device_id]
    await device.socket.close()
    await gone(station, device)


async def test_a_copied_name_is_another_device(station):
    first = await station.device().link_as_new("Loa chợ")
    second = await station.device().link_as_new("Loa chợ")
    await station.found(first)
    await station.found(second)
    assert [found.name for found in station.hub.found()] == ["Loa chợ", "Loa chợ"]
    assert len({found.device_id for found in station.hub.found()}) == 2


async def test_what_mdns_says_adds_to_the_link_and_replaces_nothing(station):
    device = await station.device().link_as_new("Loa chợ")
    await station.found(device)
    station.hub.newcomers.sighted(sighting(device.device_id, name="Another name", adopted=True))
    station.hub.newcomers.sighted(sighting("d-elsewhere", adopted=True))
    linked, heard = sorted(station.hub.found(), key=lambda found: not found.linked)
    assert (linked.name, linked.seen_by_mdns, linked.adopted_elsewhere) == ("Loa chợ", True, False)
    assert (heard.device_id, heard.linked, heard.adopted_elsewhere) == ("d-elsewhere", False, True)
    station.hub.newcomers.lost_sight(["d-elsewhere", device.device_id])
    assert [found.seen_by_mdns for found in station.hub.found()] == [False]


async def test_identify_is_asked_of_the_device_and_its_ration_is_shown(station):
    device = await station.device().link_as_new()
    await station.found(device)
    asking = asyncio.create_task(station.hub.identify(device.device_id))
    assert await device.receive() == Identify()
    await device.send(IdentifyReply(accepted=True, identifies_left=4))
    assert await asking == 4
    assert (await station.found(device)).identifies_left == 4


async def test_identify_refused_says_why(station):
    device = await station.device().link_as_new()
    await station.found(device)
    asking = asyncio.create_task(station.hub.identify(device.device_id))
    await device.receive()
    await device.send(IdentifyReply(accepted=False, identifies_left=0, reason="enough"))
    with pytest.raises(Refused) as refused:
        await asking
    assert refused.value.code == "too_many_identifies"


async def test_the_right_code_adopts_and_pins_both_keys(station, make_assignment, controller_identity):
    device = await station.device().link_as_new()
    await station.found(device)
    assigned = []

    async def assign(paired):
        assigned.append(paired)
        return make_assignment(paired)

    adopting = asyncio.create_task(station.hub.adopt(device.device_id, "12 34-56", assign))
    answer = await device.answer_pairing("123456")
    adopt = await device.receive()
    assert isinstance(adopt, Adopt)
    assert adopt.confirmation == answer.expected, "the controller knew the code too"
    assert adopt.signing_key == controller_identity.signing_key
    assert not adopting.done(), "adopted is what the device says, not what was asked of it"
    await device.send(Adopted())
    paired = await adopting
    assert (paired.device_id, paired.device_key) == (device.device_id, device.public)
    assert assigned == [paired]
    assert await device.farewell() is None
    await gone(station, device)
    station.services.pinned[device.device_id] = device.public
    await device.link_as_adopted()


async def test_a_wrong_code_adopts_nobody_and_burns_the_code(station, make_assignment):
    device = await station.device().link_as_new()
    await station.found(device)
    assigned = []

    async def assign(paired):
        assigned.append(paired)
        return make_assignment(paired)

    adopting = asyncio.create_task(station.hub.adopt(device.device_id, "000000", assign))
    await device.answer_pairing("123456")
    with pytest.raises(Refused) as refused:
        await adopting
    assert refused.value.code == "code_wrong"
    adopting = asyncio.create_task(station.hub.adopt(device.device_id, "123456", assign))
    assert isinstance(await device.receive(), PairStart)
    await device.send(PairRefused(reason="no_code_open"))
    with pytest.raises(Refused) as refused:
        await adopting
    assert refused.value.code == "no_code_open"
    assert assigned == []
    assert (await station.found(device)).linked, "it waits for the next code on the same link"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef"])
async def test_what_cannot_be_a_code_never_reaches_the_device(station, typed):
    device = await station.device().link_as_new()
    await station.found(device)
    with pytest.raises(Invalid) as invalid:
        await station.hub.adopt(device.device_id, typed, None)
    assert invalid.value.code == "code_malformed"
    asking = asyncio.create_task(station.hub.identify(device.device_id))
    assert await device.receive() == Identify(), "nothing was sent before this"
    await device.send(IdentifyReply(accepted=True, identifies_left=4))
    await asking


async def test_a_device_that_refuses_the_assignment_is_not_adopted(station, make_assignment):
    device = await station.device().link_as_new()
    await station.found(device)

    async def assign(paired):
        return make_assignment(paired)

    adopting = asyncio.create_task(station.hub.adopt(device.device_id, "123456", assign))
    await device.answer_pairing("123456")
    await device.receive()
    await device.send(AdoptRefused(reason="disk full"))
    with pytest.raises(Refused) as refused:
        await adopting
    assert refused.value.code == "device_refused"


async def test_where_the_assignment_cannot_be_made_the_device_stays_new(station):
    device = await station.device().link_as_new()
    await station.found(device)

    async def assign(paired):
        raise StoreFailed("disk full")

    adopting = asyncio.create_task(station.hub.adopt(device.device_id, "123456", assign))
    await device.answer_pairing("123456")
    with pytest.raises(StoreFailed):
        await adopting
    assert (await station.found(device)).linked


async def test_a_device_that_does_not_answer_is_unreachable_and_closed(open_station):
    station = await open_station(pair_limit_s=0.05)
    device = await station.device().link_as_new()
    await station.found(device)
    with pytest.raises(Unreachable):
        await station.hub.adopt(device.device_id, "123456", None)
    await gone(station, device)


async def test_a_device_that_goes_while_it_is_asked_is_gone(station):
    device = await station.device().link_as_new()
    await station.found(device)
    adopting = asyncio.create_task(station.hub.adopt(device.device_id, "123456", None))
    assert isinstance(await device.receive(), PairStart)
    await device.socket.close()
    with pytest.raises(Refused) as refused:
        await adopting
    assert refused.value.code == "device_gone"


async def test_a_device_that_goes_before_it_says_that_it_is_adopted_leaves_that_open(station, make_assignment):
    device = await station.device().link_as_new()
    await station.found(device)

    async def assign(paired):
        return make_assignment(paired)

    adopting = asyncio.create_task(station.hub.adopt(device.device_id, "123456", assign))
    await device.answer_pairing("123456")
    assert isinstance(await device.receive(), Adopt)
    await device.socket.close()
    with pytest.raises(Unreachable):
        await adopting


async def test_one_request_at_a_time_for_one_device(station):
    device = await station.device().link_as_new()
    await station.found(device)
    first = asyncio.create_task(station.hub.identify(device.device_id))
    second = asyncio.create_task(station.hub.identify(device.device_id))
    for left in (4, 3):
        assert await device.receive() == Identify()
        await device.send(IdentifyReply(accepted=True, identifies_left=left))
    assert (await first, await second) == (4, 3)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Adopted(), id="adopted, unasked"),
        pytest.param(PairReply(share=b"x", confirmation=b"y" * 32), id="a pairing nobody began"),
        pytest.param(HEARTBEAT, id="what adopted devices say"),
    ],
)
async def test_out_of_turn_is_garbage(station, answer):
    device = await station.device().link_as_new()
    await station.found(device)
    await device.send(answer)
    assert await device.farewell() == "garbage"
    await gone(station, device)


async def test_another_answer_than_the_one_asked_for_ends_the_link(station):
    device = await station.device().link_as_new()
    await station.found(device)
    asking = asyncio.create_task(station.hub.identify(device.device_id))
    await device.receive()
    await device.send(Adopted())
    with pytest.raises(Refused) as refused:
        await asking
    assert refused.value.code == "device_refused"
    assert await device.farewell() == "garbage"


async def test_a_share_that_is_none_is_a_wrong_code(station):
    device = await station.device().link_as_new()
    await station.found(device)
    adopting = asyncio.create_task(station.hub.adopt(device.device_id, "123456", None))
    await device.receive()
    await device.send(PairReply(share=b"", confirmation=b"y" * 32))
    with pytest.raises(Refused) as refused:
        await adopting
    assert refused.value.code == "code_wrong"


async def test_new_devices_may_keep_the_link_alive_by_clock_requests_and_pings(station):
    device = await station.device().link_as_new()
    await device.ask_time(3)
    assert isinstance(await device.receive(), ClockAnswer)
    await device.socket.ping(b"x")
    await device.ask_time(4)
    assert (await device.receive()).t1_us == 4


async def test_a_silent_new_device_is_forgotten(open_station):
    station = await open_station(newcomer_silence_limit_s=0.1)
    device = await station.device().link_as_new()
    await gone(station, device)


async def test_a_second_link_of_a_new_device_replaces_the_first(station):
    device = await station.device().link_as_new("first")
    await station.found(device)
    again = station.device()
    again.private, again.public, again.device_id = device.private, device.public, device.device_id
    await again.link_as_new("second")
    assert await device.farewell() == "replaced"
    assert [found.name for found in station.hub.found()] == ["second"]


async def test_only_so_many_new_devices_may_wait(open_station):
    station = await open_station(max_new_devices=1)
    device = await station.device().link_as_new()
    await station.found(device)
    reject = await (await station.device().connect()).greet()
    assert isinstance(reject, Reject)
    assert reject.reason == "too_many_new_devices"


# --- tokens -----------------------------------------------------------------------------------------------------------


async def test_a_token_adopts_without_a_person(station):
    token = EnrolmentToken.generate("t1")
    station.services.tokens["t1"] = token
    device = await station.device().link_as_new("Loa 7", token)
    adopt = await device.receive()
    assert isinstance(adopt, Adopt)
    assert adopt.confirmation == token.controller_proof(device.binding)
    await device.send(Adopted())
    await device.farewell()
    assert station.services.told == [("enrolled", "t1", device.device_id, "Loa 7")]
    await device.link_as_adopted()


@pytest.mark.parametrize("known", [True, False])
async def test_a_wrong_or_spent_token_leaves_the_device_to_a_person(station, known):
    shown, real = EnrolmentToken.generate("t1"), EnrolmentToken.generate("t1")
    if known:
        station.services.tokens["t1"] = real
    device = await station.device().link_as_new("Loa 7", shown)
    assert (await station.found(device)).enrolment_token_id == "t1"
    asking = asyncio.create_task(station.hub.identify(device.device_id))
    assert await device.receive() == Identify(), "no adoption came first"
    await device.send(IdentifyReply(accepted=True, identifies_left=4))
    await asking
    assert station.services.told == []


async def test_a_proof_recorded_on_one_link_is_worth_nothing_on_another(station):
    token = EnrolmentToken.generate("t1")
    station.services.tokens["t1"] = token
    victim = await station.device().link_as_new("Loa 7", token)
    assert isinstance(await victim.receive(), Adopt)

    class Recorded:
        token_id = "t1"

        def device_proof(self, binding):
            return token.device_proof(victim.binding)

    thief = await station.device().link_as_new("Loa 8", Recorded())
    await station.found(thief)
    await thief.ask_time(1)
    assert isinstance(await thief.receive(), ClockAnswer), "no adoption came first"
    assert [what[2] for what in station.services.told] == [victim.device_id]


async def test_a_device_that_says_it_is_adopted_and_is_not_known_is_sent_away(station, controller_identity):
    device = await station.device().connect()
    reject = await device.greet(state=DeviceState.ADOPTED, controller_id=controller_identity.controller_id)
    assert isinstance(reject, Reject)
    assert (reject.reason, reject.retry_after_s) == ("unknown_device", 300.0)
    device = await station.device().connect()
    reject = await device.greet(state=DeviceState.ADOPTED, controller_id="c-another")
    assert reject.reason == "adopted_elsewhere"


async def test_one_that_was_adopted_a_moment_ago_may_come_back_soon(station, make_assignment, controller_identity):
    device = await station.device().link_as_new()
    await station.found(device)

    async def assign(paired):
        return make_assignment(paired)

    adopting = asyncio.create_task(station.hub.adopt(device.device_id, "123456", assign))
    await device.answer_pairing("123456")
    await device.receive()
    await device.send(Adopted())
    await adopting
    await gone(station, device)
    await device.connect()
    reply = await device.greet(state=DeviceState.ADOPTED, controller_id=controller_identity.controller_id)
    assert not isinstance(reply, HelloReply)
    assert reply.retry_after_s == 2.0
