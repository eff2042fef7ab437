"""Heartbeats: at the pace of the welcome, and at once when a person would be told something else."""

import asyncio
from typing import Any

import pytest
from msgspec import structs

from agents.io.heartbeat import Heart, told
from agents.protocol.messages import Heartbeat, Welcome
from agents.protocol.telemetry import Telemetry
from agents.protocol.values import ClockBasis, Profile

S = 1_000_000
WELL = Heartbeat(
    clock_basis=ClockBasis.LINK,
    clock_error_us=100,
    clock_offset_us=0,
    volume_percent=80,
    sounding_airing_id=None,
    clips=3,
    disk_free_bytes=1,
    refusals=0,
    unknown_messages=0,
    telemetry=Telemetry(uptime_s=1),
)


class Hours:
    """Time that passes only while somebody sleeps."""

    def __init__(self, until_s: float) -> None:
        self.now_us = 0
        self.until_us = round(until_s * S)

    def monotonic_us(self) -> int:
        return self.now_us

    async def sleep_until(self, monotonic_us: int) -> None:
        if monotonic_us > self.until_us:
            raise asyncio.CancelledError
        self.now_us = max(self.now_us, monotonic_us)


def welcome(profile: Profile, heartbeat_every_s: float) -> Welcome:
    return Welcome(
        controller_name="c",
        software="s",
        capabilities=(),
        clock_id="t",
        clip_ticket="x",
        heartbeat_every_s=heartbeat_every_s,
        profile=profile,
    )


async def beats(profile: Profile, every_s: float, until_s: float, changes: dict[float, Heartbeat]) -> list[float]:
    """When heartbeats left, in seconds. ``changes`` tells how the box is from an instant on."""
    hours, left = Hours(until_s), []

    async def look() -> Heartbeat:
        now = WELL
        for at_s, state in changes.items():
            now = state if hours.now_us >= at_s * S else now
        return now

    async def send(_: Heartbeat) -> None:
        left.append(hours.now_us / S)

    time: Any = hours
    with pytest.raises(asyncio.CancelledError):
        await Heart(time, welcome(profile, every_s), look, send).run()
    return left


def with_telemetry(**changes: object) -> Heartbeat:
    return structs.replace(WELL, telemetry=Telemetry(uptime_s=1, **changes))  # type: ignore[arg-type]


async def test_they_keep_the_pace_while_nothing_happens() -> None:
    assert await beats(Profile.LAN, 15, 50, {}) == [0, 15, 30, 45]
    assert await beats(Profile.SIM, 3600, 8000, {}) == [0, 3600, 7200]


@pytest.mark.parametrize(
    "changed",
    [
        structs.replace(WELL, clock_basis=ClockBasis.NONE),
        structs.replace(WELL, volume_percent=20),
        with_telemetry(output_ok=False),
        with_telemetry(under_voltage=True),
        with_telemetry(disk_short=True),
    ],
)
async def test_what_a_person_would_be_told_leaves_within_two_seconds(changed: Heartbeat) -> None:
    left = await beats(Profile.SIM, 3600, 1100, {1000.0: changed})
    assert left[0] == 0
    assert 1000 <= left[1] <= 1002


async def test_nothing_else_makes_one_leave() -> None:
    warmer = with_telemetry(temperature_c=60.0, load_percent=90, underruns=5, under_voltage_seen=True)
    assert told(warmer) == told(WELL)
    assert await beats(Profile.SIM, 3600, 3000, {10.0: warmer}) == [0]


async def test_what_flickers_all_day_costs_a_sim_a_few_heartbeats_an_hour() -> None:
    flicker = {float(at_s): with_telemetry(under_voltage=at_s % 60 < 30) for at_s in range(1, 6 * 3600, 30)}
    left = await beats(Profile.SIM, 3600, 6 * 3600, flicker)
    assert len([at_s for at_s in left if at_s < 600]) <= 5, "the first changes are told soon"
    assert len(left) <= 6 * 5


async def test_after_quiet_hours_a_change_is_told_at_once_again() -> None:
    flicker = {float(at_s): with_telemetry(under_voltage=at_s % 2 == 0) for at_s in range(1, 1800)}
    later = {12_000.0: with_telemetry(output_ok=False), 12_100.0: WELL}
    left = await beats(Profile.SIM, 3600, 12_200, {**flicker, 1800.0: WELL, **later})
    assert any(12_000 <= at_s <= 12_002 for at_s in left)
    assert any(12_100 <= at_s <= 12_125 for at_s in left)
