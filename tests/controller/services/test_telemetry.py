"""How boxes are: a reading now and then is kept, plots are given few, and data is counted."""

from agents.protocol.messages import Heartbeat
from agents.protocol.telemetry import Telemetry
from agents.protocol.values import ClockBasis, Profile
from controller.domain.faults import FaultKind
from controller.domain.telemetry import Reading, carried, thinned
from controller.services.telemetry import MAX_POINTS
from tests.controller.fakes import FakeDevice
from tests.controller.services.station import Station

MIN = 60


def tell(station: Station, device: FakeDevice, **telemetry: object) -> None:
    beat = Heartbeat(
        clock_basis=ClockBasis.LINK,
        clock_error_us=700,
        clock_offset_us=0,
        volume_percent=60,
        sounding_airing_id=None,
        clips=0,
        disk_free_bytes=5_000,
        refusals=0,
        unknown_messages=0,
        telemetry=Telemetry(uptime_s=10, **telemetry),  # type: ignore[arg-type]
    )
    station.desk.ingest.heartbeat(device.device_id, beat)


async def kept(station: Station, speaker_id: str, *counts: int) -> tuple[Reading, ...]:
    """What is kept, once it is so many."""

    async def look() -> tuple[tuple[Reading, ...]] | None:
        station.clock.advance(1)
        async with station.store.reading() as tx:
            found = await tx.telemetry.of(speaker_id, 0, station.clock.now_us() + 1)  # type: ignore[arg-type]
        return (found,) if len(found) in counts else None

    found = await station.until(look)
    assert isinstance(found, tuple)
    (readings,) = found
    assert isinstance(readings, tuple)
    return readings


async def test_of_many_heartbeats_one_in_five_minutes_is_kept(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    for number in range(12 * MIN // 15):
        tell(station, device, temperature_c=40.0 + number / 10)
        station.clock.advance(15)
    found = await kept(station, speaker.speaker_id, 2, 3)
    apart_s = (found[1].at_us - found[0].at_us) / 1e6
    assert 300 <= apart_s < 316
    assert (found[0].volume_percent, found[0].disk_free_bytes, found[0].clock_error_us) == (60, 5_000, 700)
    latest = station.desk.telemetry.latest(speaker.speaker_id)
    assert latest is not None
    assert latest.temperature_c == 40.0 + 47 / 10


async def test_what_comes_seldom_and_what_changes_is_kept_each_time(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    tell(station, device)
    station.clock.advance(45 * MIN)
    tell(station, device)
    station.clock.advance(30)
    tell(station, device, output_ok=False)
    station.clock.advance(2)
    tell(station, device, output_ok=True)
    found = await kept(station, speaker.speaker_id, 2)
    assert [one.flags["output_ok"] for one in found] == [True, False]


async def test_after_three_days_one_an_hour_is_left_and_after_a_month_none(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    for _ in range(25):
        station.clock.advance(5 * MIN)
        tell(station, device)
    before = await kept(station, speaker.speaker_id, 24)
    hours = sum(one.hourly for one in before)
    assert hours in {2, 3}
    station.clock.advance(72 * 60 * MIN + 3 * 60 * MIN)
    assert all(one.hourly for one in await kept(station, speaker.speaker_id, hours))
    station.clock.advance(30 * 24 * 60 * MIN)
    await kept(station, speaker.speaker_id, 0)


async def test_a_plot_is_given_few_points_however_long_it_is(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    now_us = station.clock.now_us()
    rows = [
        Reading(speaker_id=speaker.speaker_id, at_us=now_us - number * 1_000_000, temperature_c=float(number % 2))
        for number in range(3 * MAX_POINTS)
    ]
    async with station.store.transaction() as tx:
        await tx.telemetry.add(rows)
    found = await station.desk.telemetry.series(speaker.speaker_id, 0, now_us + 1)
    assert MAX_POINTS // 2 < len(found) <= MAX_POINTS
    assert [one.at_us for one in found] == sorted(one.at_us for one in found)
    assert all(one.temperature_c is not None and 0.3 <= one.temperature_c <= 0.7 for one in found)


def test_a_flag_that_was_up_for_a_moment_is_seen() -> None:
    def one(at_us: int, **flags: bool) -> Reading:
        return Reading(speaker_id="s", at_us=at_us, flags=flags)  # type: ignore[arg-type]

    (thin,) = thinned([one(1, output_ok=True), one(2, output_ok=False, under_voltage=True), one(3, output_ok=True)], 1)
    assert thin.flags == {"output_ok": False, "under_voltage": True}


def test_counters_that_begin_anew_are_counted_on() -> None:
    assert carried([]) == 0
    assert carried([(100, 1_000)]) == 0
    assert carried([(100, 1_000), (150, 1_500), (None, None), (10, 20), (30, 20)]) == 550 + 30 + 20


async def test_a_sim_card_that_carried_too_much_this_month_is_a_fault(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await station.desk.speakers.set_profile(speaker.speaker_id, Profile.SIM, "admin")
    tell(station, device, sent_bytes=0, received_bytes=0)
    station.clock.advance(6 * MIN)
    tell(station, device, sent_bytes=0, received_bytes=0)
    await kept(station, speaker.speaker_id, 1)
    tell(station, device, sent_bytes=40_000_000, received_bytes=61_000_000)
    assert await station.desk.telemetry.month_bytes(speaker.speaker_id) == 101_000_000

    async def told() -> bool:
        station.clock.advance(5)
        return [one.kind for one in station.desk.faults.open()] == [FaultKind.DATA_QUOTA]

    await station.until(told)


async def test_readings_of_a_speaker_that_is_unknown_hold_up_nobody(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    station.desk.telemetry.beat("nobody", device.device_id, Heartbeat(**_PLAIN), station.clock.now_us())  # type: ignore[arg-type]
    tell(station, device)
    station.clock.advance(6 * MIN)
    station.desk.telemetry.beat("nobody", device.device_id, Heartbeat(**_PLAIN), station.clock.now_us())  # type: ignore[arg-type]
    tell(station, device)
    await kept(station, speaker.speaker_id, 1)


_PLAIN = {
    "clock_basis": ClockBasis.NONE,
    "clock_error_us": None,
    "clock_offset_us": None,
    "volume_percent": 1,
    "sounding_airing_id": None,
    "clips": 0,
    "disk_free_bytes": 0,
    "refusals": 0,
    "unknown_messages": 0,
    "telemetry": Telemetry(uptime_s=1),
}
