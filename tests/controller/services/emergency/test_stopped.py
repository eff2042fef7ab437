"""What a stop does to an emergency: it is over where it was stopped, and only persons bring it back."""

import pytest

from agents.protocol.documents import Play
from agents.protocol.ids import AiringId
from agents.protocol.journal import Stopped
from controller.domain.emergencies import EmergencyKind, EmergencyState, EndKind
from controller.domain.errors import Refused
from tests.controller.services.emergency_samples import LAN, MINH, flood, sent
from tests.controller.services.station import Station, sounding


async def test_who_stopped_it_is_kept_and_nothing_begins_again_when_the_stop_is_released(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    desk = station.desk.emergencies
    emergency = await sent(station, flood(speaker.area_id))
    await station.until_ordered(device, Play)
    held = await station.desk.dispatch.stop_areas([speaker.area_id], "tuấn")

    async def over() -> bool:
        return (await desk.get(emergency.emergency_id)).end is EndKind.STOPPED

    await station.until(over)
    ended = await desk.get(emergency.emergency_id)
    assert ended.ended is not None
    assert ended.ended.name == "tuấn"
    await station.desk.dispatch.release(held, "tuấn")
    await station.disconnect(device)
    await station.connect(device)
    assert device.plays() == [emergency.airing_id], "once, before the stop"
    assert desk.open() == ()


async def test_what_was_stopped_is_prepared_again_once_and_two_persons_send_it(station: Station) -> None:
    speaker, device = await station.speaker("Cổng làng")
    desk = station.desk.emergencies
    emergency = await sent(station, flood(speaker.area_id))
    await station.desk.dispatch.stop_all("minh")
    await station.desk.dispatch.release_stop("minh")

    async def over() -> bool:
        return (await desk.get(emergency.emergency_id)).end is EndKind.STOPPED

    await station.until(over)
    again = await desk.again(emergency.emergency_id, LAN)
    assert (again.again_of, again.draft) == (emergency.emergency_id, emergency.draft)
    assert (await desk.again(emergency.emergency_id, MINH)).emergency_id == again.emergency_id
    await desk.book.wait_ready(again.emergency_id)
    with pytest.raises(Refused) as alone:
        await desk.confirm(again.emergency_id, LAN)
    assert alone.value.code == "second_person_needed"
    await desk.confirm(again.emergency_id, MINH)

    async def told() -> bool:
        return device.plays()[-1] == again.airing_id

    await station.until(told)


async def test_where_a_part_was_stopped_it_goes_on_elsewhere_and_is_prepared_again_there_alone(
    station: Station,
) -> None:
    here, device = await station.speaker("Cổng làng")
    there, other = await station.adopt("Chợ", area="Thôn Hạ")
    await station.connect(other)
    desk = station.desk.emergencies
    emergency = await sent(station, flood(here.area_id, there.area_id))
    await station.until_ordered(device, Play)
    with pytest.raises(Refused) as running:
        await desk.again(emergency.emergency_id, LAN)
    assert running.value.code == "emergency_not_stopped"
    await station.report(device, sounding(emergency.airing_id, emergency.starts_at_us or 0))
    held = await station.desk.dispatch.stop_areas([here.area_id], "minh")
    await station.report(device, Stopped(airing_id=AiringId(emergency.airing_id), order_id=held, at_us=700_000))
    await station.desk.dispatch.release(held, "minh")
    assert (await desk.get(emergency.emergency_id)).state is EmergencyState.SENT
    again = await desk.again(emergency.emergency_id, LAN)
    assert again.draft.area_ids == (here.area_id,)
    await desk.book.wait_ready(again.emergency_id)
    await desk.confirm(again.emergency_id, MINH)
    assert (await desk.get(emergency.emergency_id)).on_air, "elsewhere it goes on"


async def test_an_all_clear_that_was_stopped_is_not_made_an_alarm(station: Station) -> None:
    speaker, _ = await station.speaker("Cổng làng")
    desk = station.desk.emergencies
    emergency = await sent(station, flood(speaker.area_id))
    over = await desk.end(emergency.emergency_id, MINH, all_clear=True)
    assert over.answered_by is not None
    await station.desk.dispatch.stop_all("minh")

    async def stopped() -> bool:
        return (await desk.get(over.answered_by)).end is EndKind.STOPPED  # type: ignore[arg-type]

    await station.until(stopped)
    assert (await desk.get(over.answered_by)).kind is EmergencyKind.ALL_CLEAR
    for one in (emergency.emergency_id, over.answered_by):
        with pytest.raises(Refused) as refused:
            await desk.again(one, LAN)
        assert refused.value.code == "emergency_not_stopped"
