"""While everything is stopped no rule sends an alert: a person decides, also once the stop is released."""

import asyncio

import pytest

from agents.protocol.documents import Play
from agents.protocol.ids import AreaId
from controller.domain.cap_alerts import STOPPED_HERE, AlertState, AreaState, CapAlert, SendingState
from controller.domain.cap_rules import Rule
from controller.domain.errors import Refused
from tests.controller.services.alerts import SENDER, Made
from tests.controller.services.cap.test_inbox import MAI, here, take, until
from tests.controller.services.cap.test_reach import both, two_areas
from tests.controller.services.station import Station


async def rule(station: Station, *codes: str) -> None:
    for code in codes:
        made = Rule(
            rule_id="", area_id=AreaId(code), sender=SENDER, severity="Minor", urgency="Future", certainty="Likely"
        )
        await station.desk.cap.settings.put_rule(made, MAI)


async def now(station: Station, alert: CapAlert) -> CapAlert:
    return (await station.desk.cap.inbox.view(alert.alert_id)).alert


async def test_what_a_rule_would_send_waits_for_a_person_who_says_so_after_the_release(station: Station) -> None:
    code, device = await here(station)
    await rule(station, code)
    await station.desk.stops.stop_all("lan")
    alert = await take(station, Made(code=code))
    assert (alert.state, alert.sendings) == (AlertState.HELD, ())
    assert STOPPED_HERE in [one.code for one in alert.reasons]
    with pytest.raises(Refused) as refused:
        await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    assert refused.value.code == "stop_all_latched"
    assert (await now(station, alert)).state is AlertState.HELD

    await station.desk.stops.release_all("lan")
    for _turn in range(200):
        await asyncio.sleep(0)
    assert (await now(station, alert)).state is AlertState.HELD, "nobody has said so"
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    await until(station, alert, SendingState.SENT)
    await station.until_ordered(device, Play)


async def test_a_stop_that_comes_while_its_sound_is_made_holds_it_back(station: Station) -> None:
    code, device = await here(station)
    await rule(station, code)
    station.studio.hold = asyncio.Event()
    alert = await take(station, Made(code=code))
    assert alert.state is AlertState.DECIDED
    await station.desk.stops.stop_all("lan")
    station.studio.hold.set()
    alert = await until(station, alert, SendingState.DROPPED)
    assert (alert.state, [one.state for one in alert.areas]) == (AlertState.HELD, [AreaState.HELD])
    assert STOPPED_HERE in [one.code for one in alert.reasons]

    async def withdrawn() -> bool:
        return not station.desk.emergencies.open()

    await station.until(withdrawn)
    await station.desk.stops.release_all("lan")
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    await until(station, alert, SendingState.SENT)
    assert len([one for one in device.orders() if isinstance(one, Play)]) <= 1


async def test_where_nothing_is_stopped_the_rule_holds(station: Station) -> None:
    first, second = await two_areas(station)
    await rule(station, first, second)
    await station.desk.stops.stop_areas([first], "lan")
    alert = await take(station, Made(infos=both(first, second)))
    states = {one.area_id: one.state for one in alert.areas}
    assert states == {first: AreaState.HELD, second: AreaState.AUTOMATIC}
    alert = await until(station, alert, SendingState.SENT)
    assert (alert.state, alert.sendings[0].area_ids) == (AlertState.HELD, (second,))
