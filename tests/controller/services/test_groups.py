"""Groups of speakers, and turns in them."""

import pytest

from agents.protocol.ids import SpeakerId
from controller.domain.deeds import DeedKind
from controller.domain.errors import Invalid, NotFound
from controller.domain.groups import GroupDraft, GroupId, Member, groupings
from tests.controller.fakes import FakeDevice
from tests.controller.services.station import Station


def draft(*speaker_ids: str, stagger_s: int = 0, name: str = "Dọc sông") -> GroupDraft:
    members = tuple(Member(SpeakerId(speaker_id), turn) for turn, speaker_id in enumerate(speaker_ids))
    return GroupDraft(name=name, stagger_s=stagger_s, members=members)


async def until_told(station: Station, device: FakeDevice, groups: tuple[str, ...], delay_us: int) -> None:
    async def told() -> bool:
        return device.assignment is not None and (device.assignment.groups, device.assignment.delay_us) == (
            groups,
            delay_us,
        )

    await station.until(told)


async def test_members_are_told_their_group_and_how_much_later_they_begin(station: Station) -> None:
    (first, near), (second, far) = [await station.speaker(name) for name in ("Chợ", "Đình")]
    group = await station.desk.groups.add(draft(first.speaker_id, second.speaker_id, stagger_s=5), "admin")
    await until_told(station, near, (group.group_id,), 0)
    await until_told(station, far, (group.group_id,), 5_000_000)
    await station.desk.groups.change(group.group_id, draft(second.speaker_id, stagger_s=5), "admin")
    await until_told(station, near, (), 0)
    await until_told(station, far, (group.group_id,), 0)
    await station.desk.groups.remove(group.group_id, "admin")
    await until_told(station, far, (), 0)
    with pytest.raises(NotFound):
        await station.desk.groups.get(group.group_id)


async def test_a_group_comes_back_as_it_was_made_and_without_the_released(station: Station) -> None:
    (first, _), (second, _) = [await station.speaker(name) for name in ("Chợ", "Đình")]
    group = await station.desk.groups.add(draft(first.speaker_id, second.speaker_id, stagger_s=3), "admin")
    await station.restart()
    assert await station.desk.groups.all() == (group,)
    await station.desk.adoption.release(first.speaker_id, "admin", force=True)
    assert (await station.desk.groups.get(group.group_id)).speaker_ids() == {second.speaker_id}


async def test_a_speaker_may_be_in_several_groups_of_which_one_staggers(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    other, _ = await station.speaker("Đình")
    turns = draft(other.speaker_id, speaker.speaker_id, stagger_s=2)
    first = await station.desk.groups.add(turns, "admin")
    second = await station.desk.groups.add(draft(speaker.speaker_id, name="Trường học"), "admin")
    ids = tuple(sorted([first.group_id, second.group_id]))
    await until_told(station, device, ids, 2_000_000)
    found = groupings(await station.desk.groups.all())[speaker.speaker_id]
    assert (found.group_ids, found.stagger_us) == (ids, 2_000_000)


async def test_the_delay_of_a_speaker_against_echo_comes_on_top_of_its_turn_on_the_device_and_in_its_rundown(
    station: Station,
) -> None:
    speaker, device = await station.speaker("Chợ")
    other, _ = await station.speaker("Đình")
    group = await station.desk.groups.add(draft(other.speaker_id, speaker.speaker_id, stagger_s=2), "admin")
    await station.desk.speakers.set_delay(speaker.speaker_id, 300_000, "chị Hai")
    await until_told(station, device, (group.group_id,), 2_300_000)
    await station.desk.planner.look()
    later = {place.speaker_id: place.stagger_us for place in station.desk.planner.world().places}
    assert later == {speaker.speaker_id: 2_300_000, other.speaker_id: 0}
    [deed] = await station.desk.reports.deeds(1)
    assert (deed.what, deed.by, deed.subject, deed.detail) == (
        *(DeedKind.SET_DELAY, "chị Hai", speaker.speaker_id, "300 ms"),
    )
    await station.restart()
    assert (await station.desk.speakers.one(speaker.speaker_id)).speaker.delay_us == 300_000
    for delay_us in (-1, 10_000_001):
        with pytest.raises(Invalid) as refused:
            await station.desk.speakers.set_delay(speaker.speaker_id, delay_us, "admin")
        assert refused.value.code == "delay_out_of_range"
    with pytest.raises(NotFound):
        await station.desk.speakers.set_delay(SpeakerId("s-nowhere"), 1, "admin")


async def test_a_group_that_is_not_there_is_not_changed(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    with pytest.raises(NotFound) as unknown:
        await station.desk.groups.change(GroupId("group-nowhere"), draft(speaker.speaker_id), "admin")
    assert unknown.value.code == "group_unknown"
    with pytest.raises(Invalid) as nobody:
        await station.desk.groups.add(draft("s-nowhere"), "admin")
    assert nobody.value.code == "speaker_unknown"
