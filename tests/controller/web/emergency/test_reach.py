"""Nobody ends an emergency where they have no right to, by whatever way round."""

from controller.domain.emergencies import EmergencyId
from controller.domain.rights import Role
from tests.controller.web.callers import HOME, SIBLING, person, second_area
from tests.controller.web.emergency.test_api import DRAFT, FOLDER, prepared
from tests.controller.web.station import Station
from tests.controller.web.test_api import call


async def test_who_replaces_an_emergency_needs_the_right_wherever_that_is_heard(station: Station) -> None:
    await second_area(station)
    async with (
        person(station, "lan", (Role.OFFICER, HOME)) as lan,
        person(station, "minh", (Role.OFFICER, HOME)) as minh,
        person(station, "hoa", (Role.OFFICER, SIBLING)) as hoa,
        person(station, "an", (Role.OFFICER, SIBLING), (Role.OFFICER, HOME)) as an,
        person(station, "bình", (Role.OFFICER, SIBLING), (Role.OFFICER, HOME)) as binh,
    ):
        sent = await call(minh, "POST", await prepared(station, lan) + "/confirm", {})
        draft = {**DRAFT, "area_ids": [SIBLING], "references": [sent["emergency_id"]]}
        await call(hoa, "POST", FOLDER, draft, 403)
        other = await prepared(station, an, draft)
        await call(hoa, "POST", other + "/confirm", {}, 403)
        await call(hoa, "POST", other + "/break-glass", {"reason": "gấp"}, 403)
        assert (await station.desk.emergencies.get(EmergencyId(sent["emergency_id"]))).on_air
        await call(binh, "POST", other + "/confirm", {})
        assert not (await station.desk.emergencies.get(EmergencyId(sent["emergency_id"]))).on_air
