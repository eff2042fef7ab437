"""Alerts that came in: held by default, decided by persons or by rules, followed by what comes after them."""

from dataclasses import replace

from agents.protocol.documents import End, Play
from agents.protocol.ids import AreaId
from agents.protocol.values import AiringClass
from controller.domain.cap_alerts import AlertState, CapAlert, SendingState, Source, SourceKind
from controller.domain.cap_rules import Rule
from controller.domain.errors import Refused
from controller.domain.rights import EVERYWHERE, Actor, Right
from tests.controller.fakes import FakeDevice
from tests.controller.services.alerts import Made
from tests.controller.services.station import Station

CENTRE = Source(kind=SourceKind.TOKEN, source_id="t-1", name="centre", trusted=True)
HANDED = Actor(name="token:centre", scopes=((EVERYWHERE, frozenset({Right.CAP})),), token_id="t-1")
MAI = Actor(name="mai", scopes=((EVERYWHERE, frozenset({Right.CAP})),), person_id="p-mai")
LAN = Actor(name="lan", scopes=((EVERYWHERE, frozenset({Right.CAP})),), person_id="p-lan")


async def here(station: Station) -> tuple[str, FakeDevice]:
    """A speaker, and what an alert for its area names."""
    speaker, device = await station.speaker("Chợ")
    return str(speaker.area_id), device


async def take(station: Station, made: Made, source: Source = CENTRE) -> CapAlert:
    (taken,) = await station.desk.cap.inbox.take(made.xml(), source=source, by=HANDED)
    return taken.alert


async def until(station: Station, alert: CapAlert, state: SendingState) -> CapAlert:
    async def look() -> CapAlert | None:
        found = (await station.desk.cap.inbox.view(alert.alert_id)).alert
        return found if found.sendings and found.sendings[-1].state is state else None

    try:
        found = await station.until(look)
    except TimeoutError:
        now = (await station.desk.cap.inbox.view(alert.alert_id)).alert
        raise AssertionError(f"it is {now.state} with {now.sendings}") from None
    assert isinstance(found, CapAlert)
    return found


async def test_an_alert_waits_for_a_person_and_is_then_an_emergency_of_two(station: Station) -> None:
    code, device = await here(station)
    alert = await take(station, Made(code=code))
    assert (alert.state, [one.area_id for one in alert.areas]) == (AlertState.HELD, [AreaId(code)]), alert.reasons
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    alert = await until(station, alert, SendingState.SENT)
    play = await station.until_ordered(device, Play)
    assert play.airing.airing_class is AiringClass.EMERGENCY
    emergency = await station.desk.emergencies.get(alert.sendings[0].emergency_id)  # type: ignore[arg-type]
    assert emergency.confirmed is not None
    assert (emergency.prepared.person_id, emergency.confirmed.person_id) == (None, "p-mai")
    assert emergency.draft.texts["vi"].startswith("Lũ quét trên suối Đông. Nước đang lên nhanh.")
