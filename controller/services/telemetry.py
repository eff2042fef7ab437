"""How the boxes are and were: the last that each told, and a reading now and then that is kept.

Rules of the module: of what comes every few seconds a reading every few minutes is kept, of what comes seldom or tells
of a change each. For three days all are kept, for a month the first of every hour. A database that fails loses some
readings, never a heartbeat.
"""

import asyncio
import logging
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from agents.protocol.ids import DeviceId, SpeakerId
from agents.protocol.messages import Heartbeat
from agents.protocol.telemetry import Telemetry
from controller.domain.errors import StoreFailed
from controller.domain.telemetry import Reading, carried, flags_of, reading, thinned
from controller.services.office import Office

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_HOUR_US: Final = 3_600 * _SECOND_US
_DAY_US: Final = 24 * _HOUR_US
_ALL_KEPT_US: Final = 3 * _DAY_US
_LEAST_APART_US: Final = 20 * _SECOND_US
_STORE_EVERY_US: Final = 10 * _SECOND_US
_AT_ONCE: Final = 500
_FORGET_AT_ONCE: Final = 2_000
_MOST_WAITING: Final = 50_000
"""Readings that wait for a database that fails; the oldest are given up."""
MAX_POINTS: Final = 500
"""So many readings at most are in a series: a plot shows no more."""


@dataclass(slots=True)
class _Last:
    """The last of one speaker, and what of it was kept last. ``device_id`` says whose counters these are."""

    device_id: DeviceId
    told: Telemetry
    at_us: int
    kept_us: int
    hour: int
    flags: dict[str, bool]


class TelemetryDesk:
    """A health observer of `Ingest`."""

    def __init__(self, office: Office) -> None:
        self._store = office.store
        self._clock = office.clock
        self._every_us = round(office.settings.telemetry_every_s * _SECOND_US)
        self._kept_us = office.settings.telemetry_days * _DAY_US
        self.quota_bytes: Final = office.settings.sim_quota_bytes
        self._zone = ZoneInfo(office.settings.time_zone)
        self._last: dict[SpeakerId, _Last] = {}
        self._waiting: list[Reading] = []
        self.lost = 0

    # --- what is asked ----------------------------------------------------------------------------------------------

    def latest(self, speaker_id: SpeakerId) -> Telemetry | None:
        """The last that it told on the link that it has or had last; None where it told none since the start."""
        last = self._last.get(speaker_id)
        return None if last is None else last.told

    def all_latest(self) -> tuple[Telemetry, ...]:
        """The last of every speaker that told any since the start."""
        return tuple(last.told for last in self._last.values())

    async def series(self, speaker_id: SpeakerId, from_us: int, until_us: int) -> tuple[Reading, ...]:
        """The earliest first; at most `MAX_POINTS`, each then the mean of some. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            found = await tx.telemetry.of(speaker_id, from_us, until_us)
        return thinned(found, MAX_POINTS)

    async def month_bytes(self, speaker_id: SpeakerId) -> int:
        """What its network carried since the month began, both ways, as far as it told. Raises `StoreFailed`."""
        now_us = self._clock.now_us()
        today = datetime.fromtimestamp(now_us / 1e6, self._zone)
        begin_us = round(datetime(today.year, today.month, 1, tzinfo=self._zone).timestamp() * 1e6)
        async with self._store.reading() as tx:
            before = await tx.telemetry.last(speaker_id, begin_us)
            found = await tx.telemetry.of(speaker_id, begin_us, now_us + 1)
        told = [(one.sent_bytes, one.received_bytes) for one in (*([before] if before else ()), *found)]
        last = self._last.get(speaker_id)
        if last is not None:
            told.append((last.told.sent_bytes, last.told.received_bytes))
        return carried(told)

    # --- what is told -----------------------------------------------------------------------------------------------

    def beat(self, speaker_id: SpeakerId, device_id: DeviceId, heartbeat: Heartbeat, at_us: int) -> None:
        """See `HealthObserver`."""
        told = heartbeat.telemetry
        if told is None:
            return
        last = self._last.get(speaker_id)
        flags = flags_of(told)
        if last is None:
            # Not all at once, though all of them dial in the same minute.
            spread_us = zlib.crc32(speaker_id.encode()) * self._every_us >> 32
            last = _Last(device_id, told, at_us, at_us - spread_us, -1, flags)
            self._last[speaker_id] = last
        changed, last.flags = flags != last.flags, flags
        seldom = at_us - last.at_us >= self._every_us
        last.device_id, last.told, last.at_us = device_id, told, at_us
        apart_us = at_us - last.kept_us
        if apart_us >= self._every_us or seldom or (changed and apart_us >= _LEAST_APART_US):
            hour = at_us // _HOUR_US
            self._waiting.append(reading(speaker_id, heartbeat, told, at_us, hourly=hour != last.hour))
            last.kept_us, last.hour = at_us, hour

    def arrived(self, speaker_id: SpeakerId, at_us: int) -> None:
        """See `HealthObserver`."""

    def left(self, speaker_id: SpeakerId, at_us: int) -> None:
        """See `HealthObserver`."""

    # --- what is kept -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        forget_us = self._clock.now_us() + _STORE_EVERY_US
        while True:
            await self._clock.sleep_until(self._clock.now_us() + _STORE_EVERY_US)
            now_us = self._clock.now_us()
            try:
                await self._keep()
                if now_us >= forget_us:
                    more = await self._forget(now_us)
                    forget_us = now_us if more else now_us + _HOUR_US
            except StoreFailed:
                _log.exception("readings wait for the database", extra={"waiting": len(self._waiting)})

    async def _keep(self) -> None:
        surplus = len(self._waiting) - _MOST_WAITING
        if surplus > 0:
            self.lost += surplus
            del self._waiting[:surplus]
        while self._waiting:
            piece = self._waiting[:_AT_ONCE]
            async with self._store.transaction() as tx:
                known = await tx.speakers.several([one.speaker_id for one in piece])
                await tx.telemetry.add([one for one in piece if one.speaker_id in known])
            del self._waiting[: len(piece)]
            await asyncio.sleep(0)

    async def _forget(self, now_us: int) -> bool:
        """True where there is more to forget."""
        more = False
        for hourly, kept_us in ((False, _ALL_KEPT_US), (True, self._kept_us)):
            async with self._store.transaction() as tx:
                gone = await tx.telemetry.drop(now_us - min(kept_us, self._kept_us), _FORGET_AT_ONCE, hourly=hourly)
            more = more or gone == _FORGET_AT_ONCE
        return more
