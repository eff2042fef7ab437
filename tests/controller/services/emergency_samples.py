"""Persons and emergencies for the tests of the emergency desk."""

from typing import Any

from agents.protocol.ids import AreaId
from controller.domain.emergencies import Emergency, EmergencyDraft, EmergencyState
from controller.domain.hazards import Hazard
from controller.domain.rights import EVERYWHERE, RIGHTS, Actor, Role
from tests.controller.services.station import Station

FLOOD = {"river": "sông Hồng", "place": "thôn Đông", "time": "20 giờ"}


def officer(name: str) -> Actor:
    return Actor(name=name, scopes=((EVERYWHERE, RIGHTS[Role.OFFICER]),), person_id=f"p-{name}")


LAN, MINH = officer("lan"), officer("minh")


def flood(*area_ids: AreaId, drill: bool = False, **more: Any) -> EmergencyDraft:
    usual: dict[str, Any] = {"hazard": Hazard.FLOOD, "template_id": "flood", "values": FLOOD}
    return EmergencyDraft(drill=drill, area_ids=area_ids, **(usual | more))


async def prepared(station: Station, draft: EmergencyDraft) -> Emergency:
    made = await station.desk.emergencies.prepare(draft, LAN)
    ready = await station.desk.emergencies.book.wait_ready(made.emergency_id)
    assert ready.state is EmergencyState.PREPARED, ready.failure
    return ready


async def sent(station: Station, draft: EmergencyDraft) -> Emergency:
    waiting = await prepared(station, draft)
    return await station.desk.emergencies.confirm(waiting.emergency_id, MINH)
