"""Stops of areas: several may hold, each is released by itself, and none reaches further than it says."""

import pytest

from agents.protocol.documents import Play, ReleaseStop, Stop
from controller.domain.airings import AiringState
from controller.domain.errors import NotFound, Refused
from controller.domain.speakers import NotReady
from tests.controller.services.emergency_samples import MINH, flood, prepared, sent
from tests.controller.services.station import Station


async def test_a_stop_of_an_area_holds_there_alone_and_is_released_by_itself(station: Station) -> None:
    here, device = await station.speaker("Cổng làng")
    there, other = await station.adopt("Chợ", area="Thôn Hạ")
    await station.connect(other)
    dispatch = station.desk.dispatch
    first = await dispatch.stop_areas([here.area_id], "minh")
    assert await station.until_ordered(device, Stop) == Stop()
    assert other.orders() == []
    assert await dispatch.active_stop() is None
    ready = {one.speaker.name: one.not_ready for one in await station.desk.speakers.overview()}
    assert ready == {"Cổng làng": NotReady.STOPPED, "Chợ": None}
    everything = await dispatch.stop_all("minh")
    assert [one.area_ids for one in dispatch.holding()] == [(here.area_id,), ()]
    await dispatch.release(everything, "minh")
    assert [one.order_id for one in dispatch.holding()] == [first]
    assert not (await station.desk.speakers.one(there.speaker_id)).not_ready
    await dispatch.release(first, "minh")
    assert dispatch.holding() == ()

    async def released() -> bool:
        return ReleaseStop(order_id=first) in device.orders()

    await station.until(released)
    with pytest.raises(NotFound):
        await dispatch.release(first, "minh")


async def test_it_reaches_who_was_away_and_nobody_elsewhere_also_after_a_restart(station: Station) -> None:
    here, device = await station.adopt("Cổng làng")
    _, other = await station.adopt("Chợ", area="Thôn Hạ")
    await station.desk.dispatch.stop_areas([here.area_id], "minh")
    await station.restart()
    (held,) = station.desk.dispatch.holding()
    assert (held.area_ids, held.by) == ((here.area_id,), "minh")
    for one in (device, other):
        await station.connect(one)
    assert [type(action) for action in device.orders()] == [Stop]
    assert other.orders() == []


async def test_it_ends_what_nobody_can_be_heard_with_any_more_and_nothing_else(station: Station) -> None:
    here, _ = await station.speaker("Cổng làng")
    there, other = await station.adopt("Chợ", area="Thôn Hạ")
    await station.connect(other)
    both = await sent(station, flood(here.area_id, there.area_id))
    alone = await sent(station, flood(here.area_id))
    await station.desk.dispatch.stop_areas([here.area_id], "minh")
    assert (await station.airing(alone.airing_id)).state is AiringState.STOPPED
    assert (await station.airing(both.airing_id)).state is AiringState.PLANNED
    waiting = await prepared(station, flood(here.area_id))
    with pytest.raises(Refused) as refused:
        await station.desk.emergencies.confirm(waiting.emergency_id, MINH)
    assert refused.value.code == "stop_all_latched"


async def test_while_something_is_being_sent_the_stop_arrives_first_and_what_is_sent_does_not_begin(
    station: Station,
) -> None:
    here, device = await station.speaker("Cổng làng")
    device.answers = False
    emergency = await sent(station, flood(here.area_id))
    await station.desk.dispatch.stop_areas([here.area_id], "minh")
    device.answers = True
    station.clock.advance(3)
    await station.until_ordered(device, Stop)
    station.clock.advance(3)
    assert (await station.airing(emergency.airing_id)).state is AiringState.STOPPED
    assert not [one for one in device.orders() if isinstance(one, Play)]
