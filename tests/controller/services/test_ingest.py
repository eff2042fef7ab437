"""What devices report: each record once, in the database before it is acknowledged."""

import asyncio

import pytest
from msgspec import structs

from agents.protocol.journal import Armed, RefusalReason, Refused, StartedUp, Stored
from agents.protocol.messages import JournalBatch
from agents.protocol.telemetry import Telemetry
from agents.protocol.values import ClockBasis
from controller.domain.airings import PlayState
from controller.domain.errors import NotFound, StoreFailed
from controller.domain.speakers import NotReady
from controller.services.events import AiringChanged, SpeakersChanged
from controller.services.ingest import Ingest, _Work
from tests.controller.services.station import Station


async def test_each_record_is_kept_once_however_often_it_comes(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    airing = await station.send(speaker)
    device.write(Stored(airing_id=airing.airing_id))
    assert await station.desk.ingest.journal(device.device_id, device.batch()) == 1
    device.write(Armed(airing_id=airing.airing_id))
    both = [station.desk.ingest.journal(device.device_id, device.batch()) for _ in range(5)]
    assert await asyncio.gather(*both) == [2] * 5
    assert await station.desk.ingest.journal(device.device_id, device.batch(2)) == 2
    report = await station.desk.reports.airing(airing.airing_id)
    assert [record.seq for record in report.playbacks[0].records] == [1, 2]


async def test_after_a_restart_what_was_committed_is_still_known(station: Station) -> None:
    _, device = await station.speaker("Chợ")
    await station.report(device, StartedUp(software="1", clean=True))
    await station.restart()
    await station.connect(device)
    assert await station.desk.ingest.journal(device.device_id, device.batch()) == 1
    speaker = (await station.desk.speakers.overview())[0].speaker
    assert len((await station.desk.reports.speaker(speaker.speaker_id, 10)).records) == 1


async def test_a_device_that_is_back_before_its_last_word_is_committed_harms_nobody(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    (_, device), (_, other) = [await station.speaker(name) for name in ("Chợ", "Đình")]
    device.write(StartedUp(software="1", clean=True))
    ingest, read = station.desk.ingest, asyncio.Event()
    look_up = ingest._arrivals._read

    async def slow(journals):
        found = await look_up(journals)
        read.set()
        await under_way
        return found

    monkeypatch.setattr(ingest._arrivals, "_read", slow)
    await station.disconnect(device)
    back = asyncio.create_task(station.connect(device))
    under_way = asyncio.get_running_loop().create_future()
    await read.wait()
    # Handed in on the former link; it is committed after the database was asked how far the journal is.
    speaker = (await station.desk.speakers.overview())[0].speaker
    work = ingest._journals.put(
        _Work(speaker.speaker_id, device.device_id, device.journal_id, device.batch().records, 1)
    )
    assert await work == 1
    under_way.set_result(None)
    await back
    again = [
        ingest.journal(device.device_id, device.batch()),
        station.report(other, StartedUp(software="1", clean=True)),
    ]
    assert await asyncio.gather(*again) == [1, 1]


async def test_a_gap_in_the_numbers_is_noticed_and_holds_nothing_up(
    station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    _, device = await station.speaker("Chợ")
    for _ in range(5):
        device.write(StartedUp(software="1", clean=False))
    lost = JournalBatch(journal_id=device.journal_id, records=(device.journal[0], *device.journal[3:]))
    assert await station.desk.ingest.journal(device.device_id, lost) == 5
    assert [record.missing for record in caplog.records if "gap" in record.message] == [2]


async def test_a_new_journal_begins_at_one_again(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await station.report(device, StartedUp(software="1", clean=True))
    device.journal_id, device.journal = "journal-2", []
    await station.disconnect(device)
    await station.connect(device)
    assert await station.report(device, StartedUp(software="2", clean=False)) == 1
    records = (await station.desk.reports.speaker(speaker.speaker_id, 10)).records
    assert {record.event.software for record in records} == {"1", "2"}


async def test_many_devices_are_committed_together(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = [await station.speaker(f"Loa {number}") for number in range(12)]
    airing = await station.send(*(speaker for speaker, _ in chosen))
    for speaker, _ in chosen:
        await station.until_played(airing, speaker, PlayState.PUSHED)
    transactions = 0
    transaction = station.store.transaction

    def counted():
        nonlocal transactions
        transactions += 1
        return transaction()

    monkeypatch.setattr(station.store, "transaction", counted)
    await asyncio.gather(
        *(station.report(device, Stored(airing_id=airing.airing_id)) for _, device in chosen),
    )
    assert transactions <= 2
    for speaker, _ in chosen:
        assert (await station.playback(airing, speaker)).state is PlayState.STORED


async def test_nothing_is_acknowledged_that_was_not_committed(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, device = await station.speaker("Chợ")
    airing = await station.send(speaker)
    await station.until_played(airing, speaker, PlayState.PUSHED)
    transaction = station.store.transaction

    def full():
        raise StoreFailed("database or disk is full")

    monkeypatch.setattr(station.store, "transaction", full)
    with pytest.raises(StoreFailed):
        await station.report(device, Stored(airing_id=airing.airing_id))
    monkeypatch.setattr(station.store, "transaction", transaction)
    assert await station.desk.ingest.journal(device.device_id, device.batch()) == 1
    assert (await station.playback(airing, speaker)).state is PlayState.STORED


async def test_reports_on_airings_that_nobody_knows_are_kept_and_change_nothing(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    assert await station.report(device, Stored(airing_id="a-of-another-life")) == 1
    assert len((await station.desk.reports.speaker(speaker.speaker_id, 10)).records) == 1


async def test_an_unknown_device_is_turned_away(station: Station) -> None:
    _, device = await station.adopt("Chợ")
    stranger = type(device)("Lạ", station.clock, station.signer.public_key)
    with pytest.raises(NotFound):
        await station.desk.ingest.connected(stranger.device_id, stranger.hello(), "127.0.0.1")
    stranger.write(StartedUp(software="1", clean=True))
    with pytest.raises(NotFound):
        await station.desk.ingest.journal(stranger.device_id, stranger.batch())


async def test_refusals_are_counted_by_reason(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await station.report(
        device,
        *(
            Refused(document_id="o-1", kind="order", key_id="k-1", reason=reason, count=count)
            for reason, count in (
                (RefusalReason.REPLAYED, 2),
                (RefusalReason.BAD_SIGNATURE, 1),
                (RefusalReason.REPLAYED, 3),
            )
        ),
    )
    refusals = (await station.desk.reports.speaker(speaker.speaker_id, 10)).refusals
    assert [(one.reason, one.count) for one in refusals] == [
        (RefusalReason.REPLAYED, 5),
        (RefusalReason.BAD_SIGNATURE, 1),
    ]


async def test_a_speaker_is_ready_when_connected_and_sure_of_the_time(station: Station) -> None:
    speaker, device = await station.adopt("Chợ")

    async def why() -> NotReady | None:
        return (await station.desk.speakers.one(speaker.speaker_id)).not_ready

    assert await why() is NotReady.OFFLINE
    device.knows_time = False
    await station.connect(device)
    assert await why() is NotReady.TIME_UNKNOWN
    station.desk.ingest.heartbeat(device.device_id, device.heartbeat(ClockBasis.HOLDOVER))
    assert await why() is None
    beat = device.heartbeat(ClockBasis.HOLDOVER)
    pressed = structs.replace(beat, telemetry=Telemetry(uptime_s=1, stopped_here=True))
    station.desk.ingest.heartbeat(device.device_id, pressed)
    assert await why() is NotReady.STOPPED_HERE
    await station.disconnect(device)
    assert await why() is NotReady.OFFLINE
    health = (await station.desk.speakers.one(speaker.speaker_id)).health
    assert health is None or not health.connected


async def test_the_last_that_was_heard_of_a_speaker_survives_a_restart(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    station.clock.advance(61)
    station.desk.ingest.heartbeat(device.device_id, device.heartbeat())
    seen_us = station.clock.now_us()

    async def stored() -> bool:
        async with station.store.reading() as tx:
            health = (await tx.speakers.health()).get(speaker.speaker_id)
        return health is not None and health.seen_at_us == seen_us

    await station.until(stored)
    await station.restart()
    overview = await station.desk.speakers.one(speaker.speaker_id)
    assert overview.health is not None
    assert (overview.health.connected, overview.health.model) == (False, "Test box")


async def test_a_second_link_outlives_the_end_of_the_first(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await station.connect(device)
    station.desk.ingest.disconnected(device.device_id)
    assert (await station.desk.speakers.one(speaker.speaker_id)).ready
    await station.report(device, StartedUp(software="1", clean=True))


async def test_listeners_are_told_what_to_read_again(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    airing = await station.send(speaker)
    await station.until_played(airing, speaker, PlayState.PUSHED)
    async with station.desk.events.subscribe() as events:
        await station.report(device, Stored(airing_id=airing.airing_id))
        assert await anext(events) == AiringChanged(airing.airing_id)
        await station.disconnect(device)
        assert await anext(events) == SpeakersChanged()


async def test_heartbeats_that_say_nothing_new_wake_nobody(station: Station) -> None:
    _, device = await station.speaker("Chợ")
    async with station.desk.events.subscribe() as events:
        for _ in range(3):
            station.clock.advance(1)
            station.desk.ingest.heartbeat(device.device_id, device.heartbeat())
        await station.disconnect(device)
        assert await anext(events) == SpeakersChanged()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await anext(events)


class Watching:
    """Sees journals and health, and remembers in which order."""

    def __init__(self):
        self.seen = []

    async def within(self, tx, speaker_id, device_id, records):
        assert await tx.speakers.by_device(device_id)
        self.seen.append(("within", speaker_id, [record.seq for record in records]))

    def after(self, speaker_id, device_id, records):
        self.seen.append(("after", speaker_id, [record.seq for record in records]))

    def beat(self, speaker_id, device_id, heartbeat, at_us):
        self.seen.append(("beat", speaker_id, heartbeat.clips))

    def arrived(self, speaker_id, at_us):
        self.seen.append(("arrived", speaker_id))

    def left(self, speaker_id, at_us):
        self.seen.append(("left", speaker_id))


async def test_observers_see_every_record_once_in_its_transaction_and_after_it(station):
    speaker, device = await station.adopt("Chợ")
    watching = Watching()
    ingest = Ingest(station.desk._office, station.desk.delivery, [watching], [watching])
    running = asyncio.create_task(ingest.run_journals())
    who = speaker.speaker_id
    await ingest.connected(device.device_id, device.hello(), "127.0.0.1")
    ingest.heartbeat(device.device_id, device.heartbeat(ClockBasis.LINK))
    device.write(StartedUp(software="1", clean=True))
    for _ in range(2):  # it is sent again, and counts once
        await ingest.journal(device.device_id, device.batch())
    ingest.disconnected(device.device_id)
    running.cancel()
    kinds = [what[0] for what in watching.seen]
    assert kinds == ["arrived", "beat", "within", "after", "left"]
    assert {what[1] for what in watching.seen} == {who}
    assert watching.seen[2][2] == watching.seen[3][2] == [1]
