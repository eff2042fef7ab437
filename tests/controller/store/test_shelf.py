"""What is kept of the speakers between transactions is what was committed last."""

from dataclasses import replace

import pytest

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from controller.domain.speakers import Speaker, SpeakerState
from controller.store.database import SqlStore
from schedules.areas import Area

FIRST = Speaker(
    speaker_id=SpeakerId("s-1"),
    name="Chợ",
    area_id=AreaId("area-1"),
    device_id=DeviceId("d-1"),
    device_key=bytes(32),
    state=SpeakerState.ADOPTED,
    adopted_at_us=0,
)


async def adopted(store: SqlStore) -> None:
    async with store.transaction() as tx:
        await tx.areas.add(Area(area_id="area-1", parent_id=None, level="commune", name="Xã Hoà Bình"))
        await tx.speakers.put(FIRST)


async def names(store: SqlStore) -> list[str]:
    async with store.reading() as tx:
        return [one.name for one in await tx.speakers.all()]


async def test_a_change_is_seen_by_who_reads_after_it_and_by_nobody_before(store: SqlStore) -> None:
    await adopted(store)
    async with store.reading() as early:
        before = await early.speakers.all()
        async with store.transaction() as tx:
            await tx.speakers.put(replace(FIRST, name="Sân đình"))
            assert [one.name for one in await tx.speakers.all()] == ["Sân đình"], "its own change"
            assert await names(store) == [FIRST.name], "not committed yet"
        assert await early.speakers.all() == before, "one consistent state"
    assert await names(store) == ["Sân đình"]


async def test_what_is_taken_back_was_never_there(store: SqlStore) -> None:
    await adopted(store)

    async def changed_in_vain() -> None:
        async with store.transaction() as tx:
            await tx.speakers.put(replace(FIRST, name="Sân đình"))
            await tx.speakers.all()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await changed_in_vain()
    assert await names(store) == [FIRST.name]


async def test_where_many_devices_dial_at_once_whoever_hangs_at_each_is_read_once_until_it_changes(
    store: SqlStore,
) -> None:
    many = [f"d-{number}" for number in range(100)]

    async def found(*device_ids: str) -> dict[str, Speaker]:
        async with store.reading() as tx:
            return dict(await tx.speakers.by_devices([DeviceId(one) for one in device_ids]))

    await adopted(store)
    assert await found(*many) == {"d-1": FIRST}
    assert await found("d-1", "d-2") == {"d-1": FIRST}
    second = replace(FIRST, speaker_id=SpeakerId("s-2"), device_id=DeviceId("d-2"), state=SpeakerState.ADOPTING)
    again = replace(FIRST, speaker_id=SpeakerId("s-3"), state=SpeakerState.ADOPTING, adopted_at_us=1)
    async with store.transaction() as tx:
        await tx.speakers.put(second)
        await tx.speakers.put(again)
    assert await found("d-1", "d-2") == await found(*many) == {"d-1": again, "d-2": second}, "the last of a device"
    async with store.transaction() as tx:
        await tx.speakers.put(replace(second, state=SpeakerState.RELEASED))
        assert await tx.speakers.by_devices([DeviceId("d-2")]) == {}, "its own change"
    assert await found(*many) == {"d-1": again}
