"""What a stop does to an emergency: it is over where it was stopped, and only persons bring it back."""

import asyncio

import pytest

from agents.protocol.documents import Play
from agents.protocol.ids import AiringId, AreaId
from agents.protocol.journal import Stopped
from controller.domain.emergencies import MOST_AREAS, Emergency, EmergencyKind, EmergencyState, EndKind, fewest_areas
from controller.domain.errors import Refused
from tests.controller.fakes import FakeDevice
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


async def stopped_everywhere(station: Station) -> Emergency:
    speaker, _ = await station.speaker("Cổng làng")
    emergency = await sent(station, flood(speaker.area_id))
    await station.desk.dispatch.stop_all("minh")
    await station.desk.dispatch.release_stop("minh")

    async def over() -> bool:
        return (await station.desk.emergencies.get(emergency.emergency_id)).end is EndKind.STOPPED

    await station.until(over)
    return emergency


async def test_two_officers_who_prepare_it_again_at_the_same_moment_get_one(station: Station) -> None:
    desk = station.desk.emergencies
    emergency = await stopped_everywhere(station)
    one, other, third = await asyncio.gather(*(desk.again(emergency.emergency_id, who) for who in (LAN, MINH, LAN)))
    assert one.emergency_id == other.emergency_id == third.emergency_id
    assert [again.emergency_id for again in desk.open()] == [one.emergency_id]
    await desk.book.wait_ready(one.emergency_id)
    await desk.withdraw(one.emergency_id, LAN)
    assert (await desk.again(emergency.emergency_id, MINH)).emergency_id != one.emergency_id


async def begun(station: Station, emergency: Emergency, *devices: FakeDevice) -> None:
    for device in devices:
        await station.until_ordered(device, Play)
        await station.report(device, sounding(emergency.airing_id, emergency.starts_at_us or 0))


async def silenced(station: Station, emergency: Emergency, areas: list[AreaId], *devices: FakeDevice) -> None:
    """By a stop that was released since."""
    held = await station.desk.dispatch.stop_areas(areas, "minh")
    for device in devices:
        await station.report(device, Stopped(airing_id=AiringId(emergency.airing_id), order_id=held, at_us=700_000))
    await station.desk.dispatch.release(held, "minh")


async def test_a_speaker_that_was_released_since_it_was_stopped_does_not_keep_the_others_silent(
    station: Station,
) -> None:
    here, device = await station.speaker("Cổng làng")
    gone, second = await station.speaker("Chợ nhỏ")
    there, other = await station.adopt("Chợ", area="Thôn Hạ")
    await station.connect(other)
    desk = station.desk.emergencies
    emergency = await sent(station, flood(here.area_id, there.area_id))
    await begun(station, emergency, device, second)
    await silenced(station, emergency, [here.area_id], device, second)
    await station.desk.adoption.release(gone.speaker_id, "admin")
    assert (await desk.again(emergency.emergency_id, LAN)).draft.area_ids == (here.area_id,)


async def test_where_more_was_stopped_than_one_can_name_it_is_said_no_wider_than_that(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.domain.emergencies.MOST_AREAS", 1)
    made = await station.desk.areas.add("Xã Hoà Bình", None, "commune", "admin")
    commune = AreaId(made.area_id)
    here, device = await station.adopt("Cổng làng")
    there, other = await station.adopt("Chợ", area="Thôn Hạ")
    further, third = await station.adopt("Đình", area="Thôn Thượng")
    for speaker, box in ((here, device), (there, other), (further, third)):
        await station.desk.areas.move(speaker.area_id, commune, "admin")
        await station.connect(box)
    desk = station.desk.emergencies
    emergency = await sent(station, flood(commune))
    await begun(station, emergency, device, other)
    await silenced(station, emergency, [here.area_id, there.area_id], device, other)
    with pytest.raises(Refused) as refused:
        await desk.again(emergency.emergency_id, LAN)
    assert refused.value.code == "stopped_too_scattered", "the commune would be heard where nothing was stopped"
    assert len(desk.open()) == 1
    await begun(station, emergency, third)
    await silenced(station, emergency, [further.area_id], third)
    assert (await desk.again(emergency.emergency_id, LAN)).draft.area_ids == (commune,)


def path(*names: str) -> tuple[AreaId, ...]:
    return tuple(map(AreaId, names))


MANY = [path("vn", "p", f"c{commune}", f"c{commune}-{hamlet}") for commune in range(3) for hamlet in range(MOST_AREAS)]


def test_few_areas_are_named_as_they_are() -> None:
    assert fewest_areas(MANY[:MOST_AREAS], (), {AreaId("vn")}) == tuple(one[-1] for one in MANY[:MOST_AREAS])


def test_many_areas_are_named_by_the_widest_that_hold_nothing_else_and_were_meant() -> None:
    assert fewest_areas(MANY, (), {AreaId("vn")}) == ("vn",)
    assert fewest_areas(MANY, (), {AreaId("p")}) == ("p",), "not wider than it was sent"
    elsewhere = [path("vn", "q", "c9")]
    assert fewest_areas(MANY, elsewhere, {AreaId("vn")}) == ("p",), "it goes on in another part of it"
    beside = [path("vn", "p", "c2", "c2-more")]
    found = fewest_areas(MANY, beside, {AreaId("vn")})
    assert found == ("c0", "c1", *(one[-1] for one in MANY[2 * MOST_AREAS :]))
    assert len(set(found)) == len(found)
