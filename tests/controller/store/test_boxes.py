"""What is kept of the boxes: readings, faults, what they were made to do, and which hung where."""

import pytest

from agents.protocol.ids import AiringId, AreaId, BulletinId, DeviceId, DocumentId, SpeakerId
from agents.protocol.journal import ActionName, ActionResult, Heard
from agents.protocol.values import AiringClass, ClipPart, ClipRef, RenditionName
from controller.domain.airings import Airing, AiringState, Playback, PlayState
from controller.domain.errors import NotFound
from controller.domain.faults import Fault, FaultDetail, FaultKind
from controller.domain.hands import AskedHand, SelfTestFound
from controller.domain.paging import Place
from controller.domain.speakers import Box, Speaker, SpeakerState
from controller.domain.telemetry import Reading
from controller.store.database import SqlStore
from schedules.areas import Area

ONE, TWO = SpeakerId("s-1"), SpeakerId("s-2")
MINUTE_US = 60_000_000


@pytest.fixture(autouse=True)
async def speakers(store: SqlStore) -> None:
    async with store.transaction() as tx:
        await tx.areas.add(Area(area_id="a-1", parent_id=None, level="village", name="Thôn Đông"))
        for speaker_id in (ONE, TWO):
            await tx.speakers.put(
                Speaker(
                    speaker_id=speaker_id,
                    name=speaker_id,
                    area_id=AreaId("a-1"),
                    device_id=DeviceId(f"d-{speaker_id}"),
                    device_key=bytes(32),
                    state=SpeakerState.ADOPTED,
                    adopted_at_us=1,
                )
            )


def fault(number: int, kind: FaultKind = FaultKind.HOT, **more: object) -> Fault:
    plain: dict[str, object] = {"speaker_id": ONE, "area_id": AreaId("a-1"), "opened_at_us": number}
    return Fault(fault_id=f"f-{number}", kind=kind, **(plain | more))  # type: ignore[arg-type]


async def test_a_fault_is_kept_as_it_is_and_changes(store: SqlStore) -> None:
    hot = fault(1, detail=FaultDetail(since_us=1, value=81.5, limit=80.0, reason="r", airing_id="x", members=3))
    async with store.transaction() as tx:
        await tx.faults.put([hot, fault(2, seen_by="Hoa", seen_at_us=5), fault(3, speaker_id=None, area_id=None)])
        await tx.faults.put([fault(2, closed_at_us=9)])
    async with store.reading() as tx:
        assert await tx.faults.get("f-1") == hot
        assert [one.fault_id for one in await tx.faults.open_all()] == ["f-1", "f-3"]
        assert (await tx.faults.get("f-2")).closed_at_us == 9
        with pytest.raises(NotFound):
            await tx.faults.get("f-9")


async def test_the_history_goes_back_page_by_page_without_the_parts_of_others(store: SqlStore) -> None:
    parts = [fault(n, FaultKind.OFFLINE, group_id="f-1") for n in (10, 11)]
    async with store.transaction() as tx:
        await tx.faults.put([fault(n) for n in range(1, 6)] + parts + [fault(6, speaker_id=TWO, area_id=AreaId("a-2"))])
    async with store.reading() as tx:
        first = await tx.faults.history(4)
        rest = await tx.faults.history(4, Place(first[-1].opened_at_us, first[-1].fault_id))
        assert [one.opened_at_us for one in (*first, *rest)] == [6, 5, 4, 3, 2, 1]
        assert [one.opened_at_us for one in await tx.faults.history(9, area_ids=["a-2"])] == [6]
        assert await tx.faults.history(9, kinds=[FaultKind.OFFLINE]) == ()
        assert [one.opened_at_us for one in await tx.faults.members("f-1")] == [10, 11]
        assert [one.opened_at_us for one in await tx.faults.of_speaker(ONE, 3)] == [11, 10, 5]


def airing(number: int, start_us: int | None, state: AiringState = AiringState.ENDED) -> Airing:
    clip = ClipRef(sha256="0" * 64, size_bytes=10, frames=48_000)
    return Airing(
        airing_id=AiringId(f"airing-{number}"),
        content_id=BulletinId("bulletin-1"),
        revision=1,
        airing_class=AiringClass.ORDINARY,
        sequence=(ClipPart(renditions={RenditionName.OPUS24: clip}),),
        title="Tin",
        state=state,
        planned_at_us=start_us or 0,
        planned_by="Hoa",
        now=False,
        start_at_us=start_us,
        duration_us=MINUTE_US,
        lateness_window_us=0,
        rank=0,
        speaker_ids=(ONE, TWO),
    )


async def test_it_is_known_which_airings_did_not_sound_that_should_have(store: SqlStore) -> None:
    start_us = 1_000 * MINUTE_US
    played = {
        1: (PlayState.FINISHED, None),
        2: (PlayState.ARMED, None),
        3: (PlayState.FAILED, "output_failed"),
        4: (PlayState.SKIPPED, "guarded"),
        5: (PlayState.SKIPPED, "late"),
        6: (PlayState.STOPPED, None),
    }
    async with store.transaction() as tx:
        for number, (state, reason) in played.items():
            one = airing(number, start_us + number)
            await tx.airings.add(one)
            told = Playback(airing_id=one.airing_id, speaker_id=ONE, state=state, reason=reason)
            finished = Playback(airing_id=one.airing_id, speaker_id=TWO, state=PlayState.FINISHED)
            await tx.airings.put_playbacks([told, finished])
        await tx.airings.add(airing(7, start_us, AiringState.STOPPED))
        await tx.airings.add(airing(8, None, AiringState.WAITING))
    async with store.reading() as tx:
        found = await tx.faults.unsounded(start_us, start_us + 2 * MINUTE_US)
        assert [(one.airing_id, one.state, one.reason) for one in found] == [
            ("airing-2", PlayState.ARMED, None),
            ("airing-3", PlayState.FAILED, "output_failed"),
            ("airing-5", PlayState.SKIPPED, "late"),
        ]
        assert {one.speaker_id for one in found} == {ONE}
        assert found[0].end_us == start_us + 2 + MINUTE_US
        assert await tx.faults.unsounded(start_us, found[0].end_us) == ()


async def test_readings_are_found_by_time_and_forgotten_in_pieces(store: SqlStore) -> None:
    async with store.transaction() as tx:
        await tx.telemetry.add(
            [
                Reading(speaker_id=who, at_us=at_us, temperature_c=at_us / 2, flags={"up": True}, hourly=at_us % 4 == 0)
                for who in (ONE, TWO)
                for at_us in range(1, 9)
            ]
        )
    async with store.reading() as tx:
        found = await tx.telemetry.of(ONE, 3, 6)
        assert [(one.at_us, one.temperature_c, one.flags) for one in found] == [
            (3, 1.5, {"up": True}),
            (4, 2.0, {"up": True}),
            (5, 2.5, {"up": True}),
        ]
        last = await tx.telemetry.last(TWO, 3)
        assert last is not None
        assert last.at_us == 2
        assert await tx.telemetry.last(TWO, 1) is None
    async with store.transaction() as tx:
        assert [await tx.telemetry.drop(8, 5, hourly=False) for _ in range(4)] == [5, 5, 2, 0]
        assert await tx.telemetry.drop(8, 5, hourly=True) == 2
        assert [one.at_us for one in await tx.telemetry.of(ONE, 0, 99)] == [8]


async def test_an_action_waits_until_it_ends_and_keeps_its_log(store: SqlStore) -> None:
    hand = AskedHand(
        order_id=DocumentId("o-1"),
        speaker_id=ONE,
        device_id=DeviceId("d-1"),
        action=ActionName.FETCH_LOG,
        by="Hoa",
        asked_at_us=5,
    )
    async with store.transaction() as tx:
        await tx.hands.put(hand)
        await tx.hands.put_log(DocumentId("o-1"), "ready")
        await tx.hands.put_log(DocumentId("unknown"), "ready")
        assert [one.has_log for one in await tx.hands.waiting()] == [True]
        ended = AskedHand(
            order_id=hand.order_id,
            speaker_id=ONE,
            device_id=hand.device_id,
            action=hand.action,
            by="Hoa",
            asked_at_us=5,
            ended_at_us=6,
            result=ActionResult.DONE,
            has_log=True,
        )
        await tx.hands.put(ended)
    async with store.reading() as tx:
        assert await tx.hands.waiting() == ()
        assert await tx.hands.of_speaker(ONE, 5) == (ended,)
        assert await tx.hands.log_of(hand.order_id) == "ready"
        with pytest.raises(NotFound):
            await tx.hands.get(DocumentId("o-2"))


async def test_the_newest_self_test_of_each_speaker_counts(store: SqlStore) -> None:
    def found(who: SpeakerId, at_us: int, heard: Heard) -> SelfTestFound:
        return SelfTestFound(speaker_id=who, at_us=at_us, heard=heard, level_db=-20.5)

    async with store.transaction() as tx:
        await tx.self_tests.add([found(ONE, 9, Heard.NOT_HEARD), found(ONE, 5, Heard.HEARD)])
        await tx.self_tests.add([found(TWO, 7, Heard.NO_SENSOR)])
        latest = await tx.self_tests.latest()
        assert {who: one.heard for who, one in latest.items()} == {ONE: Heard.NOT_HEARD, TWO: Heard.NO_SENSOR}
        assert [one.at_us for one in await tx.self_tests.of_speaker(ONE, 5)] == [9, 5]


async def test_boxes_are_kept_from_when_to_when(store: SqlStore) -> None:
    first = Box(speaker_id=ONE, device_id=DeviceId("d-1"), device_key=bytes(32), from_us=1, until_us=5, model="Pi")
    second = Box(speaker_id=ONE, device_id=DeviceId("d-2"), device_key=bytes(32), from_us=5)
    async with store.transaction() as tx:
        await tx.boxes.put([first, second])
        assert await tx.boxes.of_speaker(ONE) == (second, first)
        assert await tx.boxes.of_speaker(TWO) == ()
        assert set(await tx.boxes.all()) == {first, second}
