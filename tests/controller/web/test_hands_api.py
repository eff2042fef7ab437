"""Remote actions over the API: what is asked becomes an order, and what came of it can be read."""

import pytest

from agents.protocol.documents import Calibrate, FetchLog, Hand, Identify, Restart, SelfTest, TestTone
from agents.protocol.ids import DocumentId, SpeakerId
from agents.protocol.journal import ActionName
from controller.domain.errors import Invalid
from controller.domain.hands import AskedHand, name_of
from controller.web.api.hands import ActionBody, hand_of
from tests.controller.web.station import Station
from tests.controller.web.test_api import call

PATH = "/api/v1/speakers/s-0/actions"


@pytest.mark.parametrize(
    ("body", "hand"),
    [
        (ActionBody(action=ActionName.IDENTIFY), Identify()),
        (ActionBody(action=ActionName.TEST_TONE), TestTone()),
        (ActionBody(action=ActionName.TEST_TONE, seconds=5, gain_db=-6.0), TestTone(seconds=5, gain_db=-6.0)),
        (ActionBody(action=ActionName.RESTART), Restart()),
        (ActionBody(action=ActionName.FETCH_LOG, lines=20), FetchLog(lines=20)),
        (ActionBody(action=ActionName.SELF_TEST, quiet_hours=True), SelfTest(quiet_hours=True)),
        (ActionBody(action=ActionName.CALIBRATE), Calibrate()),
    ],
)
def test_each_action_is_its_order(body: ActionBody, hand: Hand) -> None:
    assert hand_of(body) == hand
    assert name_of(hand) is body.action


def test_what_does_not_belong_to_an_action_is_refused() -> None:
    with pytest.raises(Invalid, match="seconds does not belong to restart"):
        hand_of(ActionBody(action=ActionName.RESTART, seconds=5))


async def test_a_speaker_that_is_away_is_not_asked(station: Station) -> None:
    async with station.program() as program:
        assert (await call(program, "POST", PATH, {"action": "identify"}, 503))["code"] == "speaker_away"
        assert await call(program, "GET", PATH) == {"actions": [], "self_tests": []}


async def test_nonsense_is_refused(station: Station) -> None:
    async with station.program() as program:
        for body in (
            {},
            {"action": "dance"},
            {"action": "test_tone", "seconds": 31},
            {"action": "test_tone", "gain_db": 3},
            {"action": "restart", "lines": 5},
            {"action": "fetch_log", "lines": 0},
        ):
            await call(program, "POST", PATH, body, 400)


async def test_an_action_and_its_log_are_read_under_its_own_speaker(station: Station) -> None:
    asked = AskedHand(
        order_id=DocumentId("o-1"),
        speaker_id=SpeakerId("s-0"),
        device_id=(await station.desk.speakers.one(SpeakerId("s-0"))).speaker.device_id,
        action=ActionName.FETCH_LOG,
        by="tech",
        asked_at_us=1,
    )
    async with station.desk.store.transaction() as tx:
        await tx.hands.put(asked)
    async with station.program() as program:
        assert (await call(program, "GET", f"{PATH}/o-1"))["result"] is None
        assert (await call(program, "GET", f"{PATH}/o-1/log", status=404))["code"] == "log_not_there"
        async with station.desk.store.transaction() as tx:
            await tx.hands.put_log(DocumentId("o-1"), "một dòng")

        assert await call(program, "GET", f"{PATH}/o-1/log") == {"order_id": "o-1", "text": "một dòng"}
        assert [one["has_log"] for one in (await call(program, "GET", PATH))["actions"]] == [True]
        neighbour = "/api/v1/speakers/s-1/actions/o-1"
        assert (await call(program, "GET", neighbour, status=404))["code"] == "action_unknown"
        assert (await call(program, "GET", f"{neighbour}/log", status=404))["code"] == "action_unknown"
