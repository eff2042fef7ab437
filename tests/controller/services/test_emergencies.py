"""Emergencies: two persons, one way to the horns, and an end on purpose."""

import pytest

from agents.protocol.documents import End, Play
from agents.protocol.ids import AreaId
from agents.protocol.values import AiringClass
from controller.domain.alarm_board import Reach
from controller.domain.emergencies import Emergency, EmergencyDraft, EmergencyState
from controller.domain.errors import Refused
from controller.domain.hazards import Hazard
from controller.domain.rights import EVERYWHERE, RIGHTS, Actor, Role
from tests.controller.services.station import Station

FLOOD = {"river": "sông Hồng", "place": "thôn Đông", "time": "20 giờ"}


def officer(name: str) -> Actor:
    return Actor(name=name, scopes=((EVERYWHERE, RIGHTS[Role.OFFICER]),), person_id=f"p-{name}")


LAN, MINH = officer("lan"), officer("minh")


def flood(*area_ids: AreaId, drill: bool = False, **more: object) -> EmergencyDraft:
    draft = {"drill": drill, "hazard": Hazard.FLOOD, "template_id": "flood", "values": FLOOD, "area_ids": area_ids}
    return EmergencyDraft(**(draft | more))  # type: ignore[arg-type]


async def prepared(station: Station, draft: EmergencyDraft) -> Emergency:
    made = await station.desk.emergencies.prepare(draft, LAN)
    return await station.desk.emergencies.book.wait_ready(made.emergency_id)


async def test_what_one_prepares_another_confirms_and_every_horn_of_the_area_is_told(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    _, elsewhere = await station.adopt("Chợ", area="Thôn Hạ")
    await station.connect(elsewhere)
    waiting = await prepared(station, flood(speaker.area_id))
    assert waiting.state is EmergencyState.PREPARED
    sent = await station.desk.emergencies.confirm(waiting.emergency_id, MINH)
    play = await station.until_ordered(device, Play)
    assert play.airing.airing_id == sent.airing_id
    assert play.airing.airing_class is AiringClass.EMERGENCY
    assert play.siren is not None
    assert play.airing.times > 1
    assert elsewhere.orders() == []

    async def received() -> bool:
        board = await station.desk.emergencies.board(sent.emergency_id)
        return board.counts[Reach.RECEIVED] == 1 and board.speakers == 1

    await station.until(received)
    await station.sound(device, sent.airing_id, sent.starts_at_us or 0)
    board = await station.desk.emergencies.board(sent.emergency_id)
    assert board.counts[Reach.SOUNDING] == 1


async def test_who_prepared_it_does_not_confirm_it_whatever_the_name(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    waiting = await prepared(station, flood(speaker.area_id))
    same = Actor(name="lan hai", scopes=LAN.scopes, person_id=LAN.person_id)
    with pytest.raises(Refused) as refused:
        await station.desk.emergencies.confirm(waiting.emergency_id, same)
    assert refused.value.code == "second_person_needed"
    program = Actor(name="máy", scopes=LAN.scopes, token_id="t-1")
    with pytest.raises(Refused) as refused:
        await station.desk.emergencies.confirm(waiting.emergency_id, program)
    assert refused.value.code == "person_needed"
    assert device.orders() == []


async def test_it_ends_quietly_at_once(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    waiting = await prepared(station, flood(speaker.area_id))
    sent = await station.desk.emergencies.confirm(waiting.emergency_id, MINH)
    await station.until_ordered(device, Play)
    ended = await station.desk.emergencies.end(sent.emergency_id, LAN, all_clear=False)
    assert ended.state is EmergencyState.ENDED
    end = await station.until_ordered(device, End)
    assert end.airing_ids == (sent.airing_id,)
    assert station.desk.emergencies.open() == ()
