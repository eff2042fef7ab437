"""How devices come to belong to the station."""

import pytest

from agents.protocol.documents import Assignment
from controller.domain.deeds import DeedKind
from controller.domain.errors import Invalid, NotFound, Refused, Unreachable
from controller.domain.speakers import PairedDevice, SpeakerState
from tests.controller.fakes import FakeDevice, decoded
from tests.controller.services.station import CODE, Station


def newcomer(station: Station, name: str) -> FakeDevice:
    device = FakeDevice(name, station.clock, station.signer.public_key)
    station.links.newcomers[device.device_id] = (device, CODE)
    return device


async def adopt(station: Station, device: FakeDevice, **changes: object):
    values = {"name": device.name, "area_id": None, "new_area_name": "Thôn Đông", "by": "admin", "code": CODE}
    values |= changes
    return await station.desk.adoption.adopt(device.device_id, str(values.pop("code")), **values)


async def test_an_adopted_device_knows_its_place_and_whom_it_obeys(station: Station) -> None:
    device = newcomer(station, "Chợ")
    assert [one.device_id for one in station.desk.adoption.found()] == [device.device_id]
    speaker = await adopt(station, device)
    [area] = await station.desk.adoption.areas()
    assert (speaker.state, speaker.area_id, area.name) == (SpeakerState.ADOPTED, area.area_id, "Thôn Đông")
    assert device.assignment is not None
    assert (device.assignment.speaker_name, device.assignment.area_path) == ("Chợ", (area.area_id,))
    [key] = device.assignment.trusted_keys
    assert (key.public_key, key.areas) == (station.signer.public_key, ("*",))
    assert await station.desk.adoption.pinned_key(device.device_id) == device.key
    assert station.desk.adoption.found() == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "name_empty"),
        ({"name": "a" * 300}, "name_too_long"),
        ({"name": "ĐÌNH"}, "name_taken"),
        ({"code": "12 34"}, "code_malformed"),
        ({"new_area_name": None}, "area_unknown"),
        ({"area_id": "area-nowhere"}, "area_unknown"),
    ],
)
async def test_what_was_typed_wrong_costs_no_code(station: Station, changes: dict[str, object], code: str) -> None:
    await station.adopt("Đình")
    device = newcomer(station, "Chợ")
    with pytest.raises(Invalid) as refused:
        await adopt(station, device, **changes)
    assert refused.value.code == code
    assert device.received == []
    assert len(await station.desk.adoption.areas()) == 1


async def test_a_wrong_code_adopts_nothing(station: Station) -> None:
    device = newcomer(station, "Chợ")
    with pytest.raises(Refused) as refused:
        await adopt(station, device, code="000000")
    assert refused.value.code == "code_wrong"
    assert await station.desk.adoption.pinned_key(device.device_id) is None
    assert await station.desk.adoption.areas() == ()
    assert (await adopt(station, device)).name == "Chợ"


async def test_a_device_that_refuses_leaves_no_speaker(station: Station) -> None:
    device = newcomer(station, "Chợ")
    device._trust = type(device._trust)(device_id=device.device_id, pinned_key=b"x" * 32)
    with pytest.raises(Refused):
        await adopt(station, device)
    assert await station.desk.adoption.pinned_key(device.device_id) is None
    assert await station.desk.speakers.overview() == ()


async def test_an_adoption_whose_answer_was_lost_strands_nobody(station: Station) -> None:
    station.links.loses_adoptions = True
    device = newcomer(station, "Chợ")
    with pytest.raises(Unreachable):
        await adopt(station, device)
    assert await station.desk.speakers.overview() == ()
    assert await station.desk.adoption.pinned_key(device.device_id) == device.key
    await station.connect(device)
    [overview] = await station.desk.speakers.overview()
    assert (overview.speaker.state, overview.ready) == (SpeakerState.ADOPTED, True)


async def test_trying_again_after_a_lost_answer_strands_nobody(station: Station) -> None:
    station.links.loses_adoptions = True
    device = newcomer(station, "Chợ")
    with pytest.raises(Unreachable):
        await adopt(station, device)
    with pytest.raises(Refused) as gone:
        await adopt(station, device)
    assert gone.value.code == "device_gone"
    assert await station.desk.adoption.pinned_key(device.device_id) == device.key
    await station.connect(device)
    [overview] = await station.desk.speakers.overview()
    assert overview.ready


async def test_a_device_that_was_reset_is_adopted_again_as_the_same_speaker(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await station.disconnect(device)
    fresh = newcomer(station, "Chợ")
    assert fresh.device_id == device.device_id
    again = await adopt(station, fresh, name="Chợ mới")
    assert (again.speaker_id, again.name) == (speaker.speaker_id, "Chợ mới")
    await station.connect(fresh)
    airing = await station.send(again)
    await station.arm(fresh, airing)
    assert fresh.plays() == [airing.airing_id]


async def test_a_released_device_can_be_adopted_again_as_another_speaker(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    await station.desk.adoption.release(speaker.speaker_id, "admin")
    again = await adopt(station, newcomer(station, "Chợ"))
    assert again.speaker_id != speaker.speaker_id
    assert [one.speaker.speaker_id for one in await station.desk.speakers.overview()] == [again.speaker_id]


async def test_an_area_of_the_same_name_is_the_same_area(station: Station) -> None:
    await station.adopt("Chợ", area="Thôn Đông")
    await station.adopt("Đình", area="thôn đông ")
    assert len(await station.desk.adoption.areas()) == 1


async def test_a_token_adopts_as_many_devices_as_it_says(station: Station) -> None:
    speaker, _ = await station.adopt("Chợ")
    token = await station.desk.adoption.create_token(speaker.area_id, 2, 3_600, "admin")
    devices = [FakeDevice(name, station.clock, station.signer.public_key) for name in ("Loa", "Loa 2", "Loa 3")]
    for device in devices[:2]:
        secret = await station.desk.adoption.enrolment_token(token.token_id)
        assert secret is not None
        assert secret.text() == token.text
        paired = PairedDevice(device_id=device.device_id, device_key=device.key)
        for _ in range(2):  # the answer to the first was lost
            signed = await station.desk.adoption.enrol(token.token_id, paired, "Loa")
        assert isinstance(decoded(signed), Assignment)
        assert device.receive(signed).accepted
        await station.connect(device)
    names = [one.speaker.name for one in await station.desk.speakers.overview()]
    assert names == ["Chợ", "Loa", f"Loa {devices[1].device_id}"]
    assert await station.desk.adoption.enrolment_token(token.token_id) is None
    with pytest.raises(Refused) as used:
        await station.desk.adoption.enrol(
            token.token_id, PairedDevice(device_id=devices[2].device_id, device_key=devices[2].key), "Loa"
        )
    assert used.value.code == "token_used"


async def test_a_token_ends_with_its_time(station: Station) -> None:
    speaker, _ = await station.adopt("Chợ")
    token = await station.desk.adoption.create_token(speaker.area_id, 2, 60, "admin")
    station.clock.advance(60)
    assert await station.desk.adoption.enrolment_token(token.token_id) is None
    assert token.text not in repr(token)
    with pytest.raises(Invalid):
        await station.desk.adoption.create_token(speaker.area_id, 0, 60, "admin")
    with pytest.raises(NotFound):
        await station.desk.adoption.create_token("area-nowhere", 1, 60, "admin")


async def test_volume_and_name_reach_the_device(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await station.desk.speakers.set_volume(speaker.speaker_id, 35, "admin")
    await station.desk.speakers.rename(speaker.speaker_id, "Chợ mới", "admin")

    async def told() -> bool:
        told = device.assignment
        return told is not None and (told.volume_percent, told.speaker_name) == (35, "Chợ mới")

    await station.until(told)
    for percent, code in ((101, "volume_out_of_range"), (-1, "volume_out_of_range")):
        with pytest.raises(Invalid) as refused:
            await station.desk.speakers.set_volume(speaker.speaker_id, percent, "admin")
        assert refused.value.code == code
    with pytest.raises(NotFound):
        await station.desk.speakers.set_volume("s-nowhere", 1, "admin")


async def test_who_did_what_is_kept(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    await station.desk.speakers.set_volume(speaker.speaker_id, 35, "chị Hai")
    await station.desk.adoption.release(speaker.speaker_id, "anh Ba")
    deeds = [(deed.what, deed.by, deed.subject) for deed in await station.desk.reports.deeds(10)]
    assert deeds == [
        (DeedKind.RELEASE, "anh Ba", speaker.speaker_id),
        (DeedKind.SET_VOLUME, "chị Hai", speaker.speaker_id),
        (DeedKind.ADOPT, "admin", speaker.speaker_id),
    ]


async def test_a_device_seen_by_mdns_that_is_ours_is_not_found(station: Station) -> None:
    _, device = await station.speaker("Chợ")
    seen = newcomer(station, "Chợ")
    assert seen.device_id == device.device_id
    found = station.links.found

    def by_hearsay():
        from dataclasses import replace

        return tuple(replace(one, linked=False) for one in found())

    station.links.found = by_hearsay
    assert station.desk.adoption.found() == ()
    await station.restart()
    assert station.desk.adoption.found() == ()
