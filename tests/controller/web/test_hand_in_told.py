"""Who may hand in, and what a sender is told of what became of it."""

import json

from controller.domain.rights import Right
from tests.controller.web.senders import administrator, body, desk, soon, system, waiting
from tests.controller.web.station import NAME, STATION, Station

# --- who may ----------------------------------------------------------------------------------------------------------


async def test_an_emergency_needs_a_right_of_its_own(station: Station) -> None:
    async with system(station, Right.HAND_IN) as client:
        status, problem = await client.call("create_hand_in", body=body(airing_class="emergency"))
        assert (status, problem["code"]) == (403, "not_allowed")


async def test_a_token_without_the_right_hands_in_nothing(station: Station) -> None:
    async with system(station, Right.SEE, Right.COMPOSE) as client:
        assert (await client.call("create_hand_in", body=body()))[0] == 403
    async with desk(station) as person:
        assert (await person.call("create_hand_in", body=body()))[0] == 403


async def test_a_revoked_token_is_worth_nothing(station: Station) -> None:
    async with system(station) as client:
        person = await administrator(station)
        made = (await station.desk.api_tokens.all(person.actor))[0]
        await station.desk.api_tokens.revoke(made.token_id, person.actor)
        status, problem = await client.call("create_hand_in", body=body())
        assert (status, problem["code"]) == (401, "token_revoked")


async def test_only_its_own_token_and_the_people_of_the_area_see_it(station: Station) -> None:
    async with system(station) as client, system(station, Right.SEE, Right.HAND_IN, name="Other") as other:
        told = await waiting(client)
        assert (await other.call("get_hand_in", hand_in_id=told["hand_in_id"]))[0] == 404
        assert (await other.call("withdraw_hand_in", hand_in_id=told["hand_in_id"]))[0] == 404
        assert (await other.call("list_hand_ins"))[1]["hand_ins"] == []
        async with desk(station) as person:
            assert (await person.call("get_hand_in", hand_in_id=told["hand_in_id"]))[0] == 200
            assert len((await person.call("list_hand_ins"))[1]["hand_ins"]) == 1


async def test_a_sender_decides_nothing(station: Station) -> None:
    async with system(station) as client:
        told = await waiting(client)
        for call, sent in (("take_hand_in", {}), ("decline_hand_in", {"reason": "x"})):
            assert (await client.call(call, hand_in_id=told["hand_in_id"], body=sent))[0] == 403


# --- what becomes of it -----------------------------------------------------------------------------------------------


async def test_the_sender_learns_that_it_was_taken_and_where_it_is_heard(station: Station) -> None:
    async with system(station) as client, desk(station) as person:
        told = await waiting(client)
        status, airing = await person.call("take_hand_in", hand_in_id=told["hand_in_id"], body={})
        assert status == 201
        status, again = await person.call("take_hand_in", hand_in_id=told["hand_in_id"], body={})
        assert (status, again["code"]) == (409, "hand_in_decided")
        _, found = await client.call("get_hand_in", hand_in_id=told["hand_in_id"])
        assert (found["state"], found["decided"], found["station"]) == ("taken", "station", STATION)
        (heard,) = found["airings"]
        assert (heard["airing_id"], heard["targets"], heard["finished"]) == (airing["airing_id"], 3, 0)
        assert [(one["name"], one["targets"]) for one in heard["areas"]] == [("Xã Hoà Bình", 3)]
        assert NAME not in json.dumps(found)


async def test_it_is_taken_for_a_time_on_some_speakers(station: Station) -> None:
    async with system(station) as client, desk(station) as person:
        told = await waiting(client, valid_until=soon(hours=5))
        for at, code in ((soon(hours=6), "bulletin_expired"), ("2030-01-01T00:00:00", "zone_missing")):
            sent = {"start_at": at, "speaker_ids": ["s-1"]}
            _, problem = await person.call("take_hand_in", hand_in_id=told["hand_in_id"], body=sent)
            assert problem["code"] == code
        sent = {"speaker_ids": ["s-1", "s-9"]}
        assert (await person.call("take_hand_in", hand_in_id=told["hand_in_id"], body=sent))[0] == 422
        sent = {"start_at": soon(hours=1), "speaker_ids": ["s-1"]}
        status, airing = await person.call("take_hand_in", hand_in_id=told["hand_in_id"], body=sent)
        assert (status, airing["speaker_ids"], airing["state"]) == (201, ["s-1"], "planned")


async def test_the_sender_learns_why_it_was_declined(station: Station) -> None:
    async with system(station) as client, desk(station) as person:
        told = await waiting(client)
        _, problem = await person.call("decline_hand_in", hand_in_id=told["hand_in_id"], body={"reason": " "})
        assert problem["code"] == "reason_missing"
        sent = {"reason": "Đã phát hôm qua."}
        assert (await person.call("decline_hand_in", hand_in_id=told["hand_in_id"], body=sent))[0] == 200
        _, found = await client.call("get_hand_in", hand_in_id=told["hand_in_id"])
        assert (found["state"], found["reason"]) == ("declined", "Đã phát hôm qua.")


async def test_a_sender_takes_it_back(station: Station) -> None:
    async with system(station) as client:
        told = await waiting(client)
        status, found = await client.call("withdraw_hand_in", hand_in_id=told["hand_in_id"])
        assert (status, found["state"], found["decided"]) == (200, "withdrawn", "sender")
        assert "withdraw" not in found["links"]


async def test_a_sender_asks_for_what_changed(station: Station) -> None:
    async with system(station) as client:
        told = [await waiting(client, reference=f"r-{number}") for number in range(3)]
        _, page = await client.call("list_hand_ins", limit=2)
        assert [one["reference"] for one in page["hand_ins"]] == ["r-0", "r-1"]
        _, page = await client.call("list_hand_ins", since=page["next"])
        assert [one["reference"] for one in page["hand_ins"]] == ["r-2"]
        _, nothing = await client.call("list_hand_ins", since=page["next"])
        assert (nothing["hand_ins"], nothing["next"]) == ([], page["next"])
        await client.call("withdraw_hand_in", hand_in_id=told[0]["hand_in_id"])
        _, page = await client.call("list_hand_ins", since=nothing["next"])
        assert [(one["reference"], one["state"]) for one in page["hand_ins"]] == [("r-0", "withdrawn")]
        _, one = await client.call("list_hand_ins", reference="r-1")
        assert [found["hand_in_id"] for found in one["hand_ins"]] == [told[1]["hand_in_id"]]
        assert (await client.call("list_hand_ins", since="nonsense"))[0] == 400


async def test_an_emergency_waits_for_a_speaker_that_can_be_reached(station: Station) -> None:
    async with system(station) as client:
        told = await waiting(client, airing_class="emergency")
        assert (told["airings"], "withdraw" in told["links"]) == ([], True)
