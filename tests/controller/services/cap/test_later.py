"""An alert that a rule sends, and that takes effect later, is heard then: neither before, nor not at all."""

import asyncio
from typing import Any, NoReturn

import pytest

from agents.protocol.documents import Play
from agents.protocol.ids import AreaId
from controller.domain.cap_alerts import AlertState, CapAlert, SendingState
from controller.domain.cap_rules import Rule
from controller.domain.emergencies import EmergencyState
from tests.controller.fakes import T0_US
from tests.controller.services.alerts import HOUR_US, SENDER, Info, Made, written
from tests.controller.services.cap.test_inbox import CENTRE, HANDED, MAI, here, take, until
from tests.controller.services.emergency_samples import flood, prepared
from tests.controller.services.station import Station


async def test_it_waits_for_longer_than_what_nobody_confirms(station: Station) -> None:
    code, device = await here(station)
    forgotten = await prepared(station, flood(AreaId(code)))
    station.clock.advance(1)  # what changed last is looked at first
    rule = Rule(rule_id="", area_id=AreaId(code), sender=SENDER, severity="Minor", urgency="Future", certainty="Likely")
    await station.desk.cap.settings.put_rule(rule, MAI)
    effective = f"<effective>{written(T0_US + 30 * HOUR_US)}</effective>".encode()
    made = Made(code=code, infos=(Info(expires_us=T0_US + 40 * HOUR_US),))
    raw = made.xml().replace(b"<expires>", effective + b"<expires>")
    (taken,) = await station.desk.cap.inbox.take(raw, source=CENTRE, by=HANDED)
    assert taken.alert.state is AlertState.DECIDED, taken.alert.reasons

    async def ready() -> bool:
        return [one.state for one in station.desk.emergencies.open()] == [EmergencyState.PREPARED] * 2

    async def expired() -> bool:
        return (await station.desk.emergencies.get(forgotten.emergency_id)).state is EmergencyState.EXPIRED

    await station.until(ready)
    station.clock.advance(28 * 3_600)
    await station.until(expired)
    assert not [one for one in device.orders() if isinstance(one, Play)]

    station.clock.advance(2 * 3_600)
    await station.until_ordered(device, Play)
    await until(station, taken.alert, SendingState.SENT)


async def test_what_cannot_be_looked_at_ends_neither_what_else_waits_nor_the_desk(
    station: Station, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    code, _ = await here(station)
    watch, failed = station.desk.cap._watch, asyncio.Event()
    look, busy = watch._look, watch._book.busy
    broken, well = [await take(station, Made(identifier=one, code=code)) for one in ("A-odd", "A-1")]

    async def odd(alert: CapAlert, *given: Any) -> None:
        if alert.alert_id == broken.alert_id:
            raise RuntimeError("nobody thought of this")
        await look(alert, *given)

    async def fail() -> NoReturn:
        failed.set()
        raise RuntimeError("nor of that")

    async def expired() -> bool:
        station.clock.advance(3_600)
        return (await station.desk.cap.inbox.view(well.alert_id)).alert.state is AlertState.EXPIRED

    monkeypatch.setattr(watch, "_look", odd)
    monkeypatch.setattr(watch._book, "busy", fail)
    watch.wake()
    await failed.wait()
    monkeypatch.setattr(watch._book, "busy", busy)

    async def told() -> bool:
        return broken.alert_id in {getattr(one, "alert_id", None) for one in caplog.records}

    await station.until(expired)
    await station.until(told)
