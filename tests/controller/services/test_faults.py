"""Faults at the desk: what devices report opens and closes them, and they are kept."""

from collections.abc import Iterable

import pytest

from agents.protocol.journal import (
    Failed,
    FailReason,
    Finished,
    Heard,
    RecordsLost,
    RefusalReason,
    Refused,
    SelfTested,
    Skipped,
    SkipReason,
    StartedUp,
)
from agents.protocol.messages import Heartbeat
from agents.protocol.telemetry import Telemetry
from agents.protocol.values import ClockBasis, Profile
from controller.domain.airings import AiringState
from controller.domain.errors import NotFound, StoreFailed
from controller.domain.faults import Fault, FaultKind
from controller.domain.speakers import NotReady, Speaker
from controller.services.events import FaultsChanged
from tests.controller.fakes import FakeDevice
from tests.controller.services.station import Station


def beat(basis: ClockBasis = ClockBasis.LINK, **telemetry: object) -> Heartbeat:
    return Heartbeat(
        clock_basis=basis,
        clock_error_us=500,
        clock_offset_us=0,
        volume_percent=80,
        sounding_airing_id=None,
        clips=0,
        disk_free_bytes=10_000_000,
        refusals=0,
        unknown_messages=0,
        telemetry=Telemetry(uptime_s=10, **telemetry),  # type: ignore[arg-type]
    )


async def until_open(station: Station, *kinds: FaultKind) -> tuple[Fault, ...]:
    """Time passes in seconds until exactly these are told."""

    async def look() -> tuple[Fault, ...] | None:
        station.clock.advance(1)
        told = station.desk.faults.open()
        return (told or (None,)) if sorted(one.kind for one in told) == sorted(kinds) else None  # type: ignore[return-value]

    try:
        await station.until(look)
    except TimeoutError:
        raise AssertionError(f"open are {station.desk.faults.open()}") from None
    return station.desk.faults.open()


async def until_stored(station: Station, *fault_ids: str, closed: bool = False) -> None:
    async def look() -> bool:
        station.clock.advance(1)
        async with station.store.reading() as tx:
            stored = {fault.fault_id for fault in await tx.faults.history(50)}
            still = {fault.fault_id for fault in await tx.faults.open_all()}
        return set(fault_ids) <= stored and closed == still.isdisjoint(fault_ids)

    await station.until(look)


async def until_watched(station: Station, *speakers: Speaker) -> None:
    async def look() -> bool:
        station.clock.advance(0.1)
        subjects = [station.desk.fault_watch.book.subject(one.speaker_id) for one in speakers]
        return all(one is not None and one.linked_us is not None for one in subjects)

    await station.until(look)


async def watched(station: Station, *names: str) -> list[tuple[Speaker, FakeDevice]]:
    found = [await station.speaker(name) for name in names]
    await until_watched(station, *(speaker for speaker, _ in found))
    return found


async def test_one_that_is_away_is_a_fault_and_one_that_is_back_is_none(station: Station) -> None:
    [(speaker, device)] = await watched(station, "Chợ")
    async with station.desk.events.subscribe() as events:
        await station.disconnect(device)
        station.clock.advance(80)
        (fault,) = await until_open(station, FaultKind.OFFLINE)
        assert (fault.speaker_id, fault.area_id) == (speaker.speaker_id, speaker.area_id)
        async for event in events:
            if isinstance(event, FaultsChanged):
                break
    await until_stored(station, fault.fault_id)
    await station.connect(device)
    station.clock.advance(130)
    await until_open(station)
    await until_stored(station, fault.fault_id, closed=True)
    (kept,) = await station.desk.faults.of_speaker(speaker.speaker_id)
    assert kept.closed_at_us is not None


async def test_a_power_cut_is_one_fault_with_its_members(station: Station) -> None:
    pairs = await watched(station, "Một", "Hai", "Ba", "Bốn")
    for _, device in pairs[:3]:
        await station.disconnect(device)
    station.clock.advance(80)
    (area,) = await until_open(station, FaultKind.AREA_OFFLINE)
    await until_stored(station, area.fault_id)
    _, members = await station.desk.faults.one(area.fault_id)
    assert {one.speaker_id for one in members} == {speaker.speaker_id for speaker, _ in pairs[:3]}
    assert [one.kind for one in station.desk.faults.of_speaker_now(pairs[0][0].speaker_id)] == [FaultKind.OFFLINE]
    assert await station.desk.faults.history(area_ids=["elsewhere"]) == ()


async def test_what_is_open_outlives_a_restart_and_a_restart_opens_nothing(station: Station) -> None:
    (_, away), (_, there) = await watched(station, "Một", "Hai")
    await station.disconnect(away)
    station.clock.advance(80)
    (fault,) = await until_open(station, FaultKind.OFFLINE)
    await until_stored(station, fault.fault_id)
    await station.restart()
    assert [one.fault_id for one in station.desk.faults.open()] == [fault.fault_id]
    await station.connect(there)
    station.clock.advance(600)
    assert [one.fault_id for one in await until_open(station, FaultKind.OFFLINE)] == [fault.fault_id]
    await station.connect(away)
    station.clock.advance(130)
    await until_open(station)


async def test_one_that_was_not_heard_since_the_start_is_told_so(station: Station) -> None:
    await watched(station, "Một")
    await station.restart()
    station.clock.advance(180 + 75)
    (fault,) = await until_open(station, FaultKind.OFFLINE)
    assert fault.detail.reason == "not_heard_since_start"


async def test_one_without_sound_or_that_was_not_heard_is_not_ready(station: Station) -> None:
    [(speaker, device)] = await watched(station, "Chợ")
    station.desk.ingest.heartbeat(device.device_id, beat(output_ok=False))
    assert (await station.desk.speakers.one(speaker.speaker_id)).not_ready is NotReady.NO_OUTPUT
    assert [one.not_ready for one in await station.desk.speakers.standing()] == [NotReady.NO_OUTPUT]
    await until_open(station, FaultKind.OUTPUT)
    station.desk.ingest.heartbeat(device.device_id, beat())
    await station.report(device, SelfTested(heard=Heard.NOT_HEARD, level_db=-60.0, reference_db=-20.0))
    assert (await station.desk.speakers.one(speaker.speaker_id)).not_ready is NotReady.NOT_HEARD
    assert [one.not_ready for one in await station.desk.speakers.standing()] == [NotReady.NOT_HEARD]
    station.clock.advance(60)
    (fault,) = await until_open(station, FaultKind.NOT_HEARD)
    assert (fault.detail.value, fault.detail.limit) == (-60.0, -20.0)
    await until_stored(station, fault.fault_id)
    await station.restart()
    await station.connect(device)
    assert (await station.desk.speakers.one(speaker.speaker_id)).not_ready is NotReady.NOT_HEARD
    await station.report(device, SelfTested(heard=Heard.HEARD, level_db=-21.0, reference_db=-20.0))
    assert (await station.desk.speakers.one(speaker.speaker_id)).ready
    await until_open(station)


async def test_a_box_that_has_no_sensor_says_nothing_of_its_horn(station: Station) -> None:
    [(speaker, device)] = await watched(station, "Chợ")
    await station.report(device, SelfTested(heard=Heard.NO_SENSOR))
    assert (await station.desk.speakers.one(speaker.speaker_id)).ready


async def test_journals_tell_of_lost_records_and_of_documents_nobody_sent(station: Station) -> None:
    [(_, device)] = await watched(station, "Chợ")
    refused = Refused(document_id="x", kind="order", key_id="k", reason=RefusalReason.BAD_SIGNATURE, count=3)
    late = Refused(document_id="y", kind="order", key_id="k", reason=RefusalReason.EXPIRED)
    await station.report(device, StartedUp(software="1", clean=False), late)
    await station.report(device, RecordsLost(first_seq=1, records=7, cause="full"), refused)
    faults = await until_open(station, FaultKind.JOURNAL_LOST, FaultKind.REFUSALS)
    assert {(one.kind, one.detail.value, one.detail.reason) for one in faults} == {
        (FaultKind.JOURNAL_LOST, 7, "full"),
        (FaultKind.REFUSALS, 3, "bad_signature"),
    }


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (None, "no_word"),
        (Failed(airing_id="", reason=FailReason.OUTPUT_FAILED), "output_failed"),
        (Skipped(airing_id="", reason=SkipReason.LATE), "late"),
        (Skipped(airing_id="", reason=SkipReason.GUARDED), ""),
    ],
)
async def test_an_airing_that_was_to_sound_and_did_not_is_a_fault_until_one_sounds(
    station: Station, event: Failed | Skipped | None, reason: str
) -> None:
    [(speaker, device)] = await watched(station, "Chợ")
    airing = await station.send(speaker)
    await station.arm(device, airing)
    airing = await station.until_state(airing, AiringState.PLANNED)
    station.clock.advance(2)
    if event is not None:
        named = type(event)(airing_id=airing.airing_id, reason=event.reason)  # type: ignore[arg-type]
        await station.report(device, named)
    station.clock.advance(airing.duration_us / 1e6 + 301)
    if not reason:
        station.clock.advance(60)
        assert await until_open(station) == ()
        return
    (fault,) = await until_open(station, FaultKind.AIRING_MISSED)
    assert (fault.detail.airing_id, fault.detail.reason) == (airing.airing_id, reason)
    ended_us = station.clock.now_us()
    await station.report(device, Finished(airing_id="another", ended_at_us=ended_us, played_us=1_000))
    await until_open(station)


async def test_word_that_comes_after_a_restart_closes_the_fault_of_its_airing(station: Station) -> None:
    [(speaker, device)] = await watched(station, "Chợ")
    airing = await station.send(speaker)
    await station.arm(device, airing)
    airing = await station.until_state(airing, AiringState.PLANNED)
    station.clock.advance(airing.duration_us / 1e6 + 310)
    (fault,) = await until_open(station, FaultKind.AIRING_MISSED)
    await until_stored(station, fault.fault_id)
    await station.restart()
    await station.connect(device)
    assert airing.start_at_us is not None
    end_us = airing.start_at_us + airing.duration_us
    await station.report(device, Finished(airing_id=airing.airing_id, ended_at_us=end_us, played_us=airing.duration_us))
    await until_open(station)


async def test_somebody_says_that_it_is_looked_after(station: Station) -> None:
    [(_, device)] = await watched(station, "Chợ")
    station.desk.ingest.heartbeat(device.device_id, beat(battery_clock=False))
    (fault,) = await until_open(station, FaultKind.NO_BATTERY_CLOCK)
    await station.desk.faults.acknowledge(fault.fault_id, "Hoa")
    assert station.desk.faults.open()[0].seen_by == "Hoa"
    station.desk.ingest.heartbeat(device.device_id, beat(battery_clock=True))
    await until_open(station)
    await until_stored(station, fault.fault_id, closed=True)
    again = await station.desk.faults.acknowledge(fault.fault_id, "Minh")
    assert (again.seen_by, again.closed_at_us is None) == ("Minh", False)
    with pytest.raises(NotFound):
        await station.desk.faults.acknowledge("nothing", "Hoa")


async def test_a_database_that_fails_delays_a_fault_and_ends_nothing(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(_, device)] = await watched(station, "Chợ")
    transaction = station.store.transaction
    failing = True

    def maybe() -> object:
        if failing:
            raise StoreFailed("the disk is full", code="out_of_space")
        return transaction()

    monkeypatch.setattr(station.store, "transaction", maybe)
    station.desk.ingest.heartbeat(device.device_id, beat(disk_short=True))
    (fault,) = await until_open(station, FaultKind.DISK_SHORT)
    station.clock.advance(30)
    failing = False
    await until_stored(station, fault.fault_id)


async def test_a_released_speaker_has_no_fault(station: Station) -> None:
    [(speaker, device)] = await watched(station, "Chợ")
    await station.disconnect(device)
    station.clock.advance(80)
    await until_open(station, FaultKind.OFFLINE)
    await station.desk.adoption.release(speaker.speaker_id, "admin", force=True)
    await until_open(station)


async def test_a_speaker_on_a_sim_card_is_given_longer(station: Station) -> None:
    [(speaker, device)] = await watched(station, "Chợ")
    await station.desk.speakers.set_profile(speaker.speaker_id, Profile.SIM, "admin")

    async def known() -> bool:
        station.clock.advance(1)
        subject = station.desk.fault_watch.book.subject(speaker.speaker_id)
        return subject is not None and subject.known is not None and subject.known.silence_us == 150_000_000

    await station.until(known)
    await station.disconnect(device)
    station.clock.advance(200)
    assert await until_open(station) == ()
    station.clock.advance(10)
    await until_open(station, FaultKind.OFFLINE)
    assert device.assignment is not None


async def test_speakers_that_agree_on_another_time_are_a_fault_of_the_controller(station: Station) -> None:
    pairs = await watched(station, "Một", "Hai", "Ba")

    def tell(aparts_us: Iterable[int]) -> None:
        for (_, device), apart_us in zip(pairs, aparts_us, strict=True):
            station.desk.ingest.heartbeat(device.device_id, beat(network_apart_us=apart_us))

    tell([3_000_000, 10, -20])
    station.clock.advance(130)
    assert await until_open(station) == ()
    tell([3_000_000, 3_000_100, -20])
    station.clock.advance(61)
    station.clock.advance(61)
    (fault,) = await until_open(station, FaultKind.DEVICE_TIME_DISAGREES)
    assert fault.speaker_id is None
    station.clock.step_us = 3_000_000
    station.desk.clock_changed()
    station.clock.advance(61)
    await until_open(station, FaultKind.DEVICE_TIME_DISAGREES, FaultKind.CONTROLLER_CLOCK)
