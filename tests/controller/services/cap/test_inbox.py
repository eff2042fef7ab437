"""Alerts that came in: held by default, decided by persons or by rules, followed by what comes after them."""

import asyncio
from dataclasses import replace

import pytest

from agents.protocol.documents import End, Play
from agents.protocol.ids import AreaId
from agents.protocol.values import AiringClass
from controller.domain.cap_alerts import AlertState, CapAlert, SendingState, Source, SourceKind, Status
from controller.domain.cap_rules import Rule
from controller.domain.emergencies import EmergencyState
from controller.domain.errors import Refused
from controller.domain.rights import EVERYWHERE, Actor, Right
from controller.services.cap import inbox as cap_inbox
from tests.controller.fakes import SECOND_US, T0_US, FakeDevice
from tests.controller.services.alerts import SENDER, Info, Made, written
from tests.controller.services.station import Station

CENTRE = Source(kind=SourceKind.TOKEN, source_id="t-1", name="centre", trusted=True)
HANDED = Actor(name="token:centre", scopes=((EVERYWHERE, frozenset({Right.CAP})),), token_id="t-1")
MAI = Actor(name="mai", scopes=((EVERYWHERE, frozenset({Right.CAP, Right.MANAGE_AREAS})),), person_id="p-mai")
LAN = Actor(name="lan", scopes=((EVERYWHERE, frozenset({Right.CAP, Right.MANAGE_AREAS})),), person_id="p-lan")


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


async def test_of_an_alert_that_nobody_vouches_for_another_person_confirms_the_emergency(station: Station) -> None:
    code, device = await here(station)
    upload = Source(kind=SourceKind.UPLOAD, source_id="p-mai", name="mai")
    alert = await take(station, Made(code=code), upload)
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    alert = await until(station, alert, SendingState.PREPARED)
    emergency_id = alert.sendings[0].emergency_id
    with pytest.raises(Refused, match="who prepared it"):
        await station.desk.emergencies.confirm(emergency_id, MAI)  # type: ignore[arg-type]
    await station.desk.emergencies.confirm(emergency_id, LAN)  # type: ignore[arg-type]
    await until(station, alert, SendingState.SENT)
    await station.until_ordered(device, Play)


async def test_a_rule_sends_what_it_is_for_and_holds_the_rest(station: Station) -> None:
    code, device = await here(station)
    rule = Rule(
        rule_id="", area_id=AreaId(code), sender=SENDER, severity="Severe", urgency="Expected", certainty="Likely"
    )
    await station.desk.cap.settings.put_rule(rule, MAI)
    mild = await take(station, Made(identifier="mild", code=code, infos=(Info(severity="Minor"),)))
    other = await take(station, Made(identifier="other", code=code, sender="ai@khac.example"))
    doubted = await take(station, Made(identifier="doubted", code=code), replace(CENTRE, trusted=False))
    private = await take(station, Made(identifier="exercise", code=code, status="Exercise"))
    assert [one.state for one in (mild, other, doubted)] == [AlertState.HELD] * 3
    assert private.state is AlertState.NOT_ACTUAL
    alert = await take(station, Made(code=code))
    assert alert.state is AlertState.DECIDED, alert.reasons
    await until(station, alert, SendingState.SENT)
    await station.until_ordered(device, Play)


async def test_the_same_alert_is_the_same_however_often_it_comes(station: Station) -> None:
    code, _ = await here(station)
    first = await take(station, Made(code=code))
    (again,) = await station.desk.cap.inbox.take(Made(code=code).xml(), source=CENTRE, by=HANDED)
    assert (again.alert.alert_id, again.new) == (first.alert_id, False)
    other = await take(station, Made(identifier="A-2", code=code))
    assert other.alert_id != first.alert_id


async def test_a_cancel_takes_off_the_air_what_it_names(station: Station) -> None:
    code, device = await here(station)
    made = Made(code=code)
    alert = await take(station, made)
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    await until(station, alert, SendingState.SENT)
    cancel = await take(station, Made(identifier="A-2", kind="Cancel", references=(made,), code=code))
    assert cancel.state is AlertState.APPLIED, cancel.reasons
    alert = await until(station, alert, SendingState.ENDED)
    assert alert.state is AlertState.CANCELLED

    async def quiet() -> bool:
        plays = [one for one in device.orders() if isinstance(one, Play)]
        return any(one.ends for one in plays) or any(isinstance(one, End) for one in device.orders())

    await station.until(quiet)


async def test_a_cancel_that_came_first_keeps_the_late_alert_silent(station: Station) -> None:
    code, _ = await here(station)
    made = Made(code=code)
    cancel = await take(station, Made(identifier="A-2", kind="Cancel", references=(made,), code=code))
    assert cancel.state is AlertState.WAITING
    late = await take(station, made)
    assert (late.state, late.followed_by) == (AlertState.CANCELLED, cancel.alert_id)
    with pytest.raises(Refused):
        await station.desk.cap.inbox.confirm(late.alert_id, MAI)


async def test_nobody_cancels_what_another_sent(station: Station) -> None:
    code, _ = await here(station)
    made = Made(code=code)
    alert = await take(station, made)
    stranger = replace(CENTRE, source_id="t-2", trusted=False)
    forged = await take(station, Made(identifier="A-2", kind="Cancel", references=(made,), code=code), stranger)
    foreign = await take(
        station, Made(identifier="A-3", sender="ai@khac.example", kind="Cancel", references=(made,), code=code)
    )
    assert forged.state is foreign.state is AlertState.HELD
    assert (await station.desk.cap.inbox.view(alert.alert_id)).alert.state is AlertState.HELD
    await station.desk.cap.inbox.confirm(forged.alert_id, MAI)
    assert (await station.desk.cap.inbox.view(alert.alert_id)).alert.state is AlertState.CANCELLED


async def test_an_update_replaces_what_waits_and_corrects_what_is_heard(station: Station) -> None:
    code, device = await here(station)
    first = Made(code=code)
    second = Made(identifier="A-2", kind="Update", references=(first,), code=code, infos=(Info(headline="Nước rút."),))
    third = Made(identifier="A-3", kind="Update", references=(second,), code=code, infos=(Info(headline="Lên lại."),))
    alert = await take(station, first)
    update = await take(station, second)
    assert (await station.desk.cap.inbox.view(alert.alert_id)).alert.state is AlertState.SUPERSEDED
    await station.desk.cap.inbox.confirm(update.alert_id, MAI)
    update = await until(station, update, SendingState.SENT)
    play = await station.until_ordered(device, Play)
    later = await take(station, third)
    assert later.state is AlertState.HELD
    await station.desk.cap.inbox.confirm(later.alert_id, MAI)
    await until(station, later, SendingState.SENT)
    update = await until(station, update, SendingState.REPLACED)
    assert update.state is AlertState.SUPERSEDED
    assert any(isinstance(one, Play) and play.airing.airing_id in one.ends for one in device.orders())


async def test_an_exercise_is_heard_as_a_drill_or_not_at_all(station: Station) -> None:
    code, device = await here(station)
    alert = await take(station, Made(code=code, status="Exercise", note="Diễn tập"))
    assert alert.state is AlertState.NOT_ACTUAL
    with pytest.raises(Refused):
        await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI, drill=True)
    await until(station, alert, SendingState.SENT)
    play = await station.until_ordered(device, Play)
    assert play.airing.airing_class is AiringClass.DRILL
    test = await take(station, Made(identifier="A-2", code=code, status="Test"))
    with pytest.raises(Refused):
        await station.desk.cap.inbox.confirm(test.alert_id, MAI, drill=True)


async def test_what_waits_expires_and_what_expired_is_never_heard(station: Station) -> None:
    code, device = await here(station)
    alert = await take(station, Made(code=code))
    station.clock.advance(3_601)
    with pytest.raises(Refused):
        await station.desk.cap.inbox.confirm(alert.alert_id, MAI)

    async def expired() -> bool:
        return (await station.desk.cap.inbox.view(alert.alert_id)).alert.state is AlertState.EXPIRED

    await station.until(expired)
    old = await take(station, Made(identifier="A-2", code=code))
    assert old.state is AlertState.EXPIRED
    assert not [one for one in device.orders() if isinstance(one, Play)]


async def test_what_was_decided_before_a_restart_is_heard_after_it_once(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, device = await here(station)
    alert = await take(station, Made(code=code))
    station.studio.hold = asyncio.Event()
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)

    async def making() -> bool:
        return bool((await station.desk.cap.inbox.view(alert.alert_id)).alert.sendings[0].emergency_id)

    async def at_once() -> bool:
        return True

    await station.until(making)
    monkeypatch.setattr(station, "_tunes_made", at_once)
    await station.restart()
    await station.connect(device)
    await until(station, alert, SendingState.SENT)
    await station.until_ordered(device, Play)
    assert len(await station.desk.emergencies.book.latest(10)) == 1


async def test_bytes_that_are_no_alert_are_kept_with_the_reason(station: Station) -> None:
    for raw in (b"", b"<html></html>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b'{"a": 1}', b"\xff\xfe\x00"):
        (taken,) = await station.desk.cap.inbox.take(raw, source=CENTRE, by=HANDED)
        assert taken.alert.state is AlertState.REFUSED
        assert [one for one in taken.alert.reasons if one.weight == "error"], raw
        assert await station.desk.cap.inbox.raw(taken.alert.alert_id) == raw


async def test_an_area_hears_the_language_that_it_prefers(station: Station) -> None:
    code, _ = await here(station)
    english = Info(language="en-US", event="Flash flood", headline="Flash flood.", description="", instruction="")
    made = Made(code=code, infos=(Info(), english))
    assert (await take(station, made)).areas[0].messages == (0,)
    await station.desk.cap.settings.put_languages(AreaId(code), ["en", "vi"], MAI)
    alert = await take(station, replace(made, identifier="A-2"))
    assert alert.areas[0].messages == (1,)
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    alert = await until(station, alert, SendingState.SENT)
    emergency = await station.desk.emergencies.get(alert.sendings[0].emergency_id)  # type: ignore[arg-type]
    assert dict(emergency.draft.texts) == {"en": "Flash flood."}


async def test_an_outline_is_for_the_speakers_that_stand_inside(station: Station) -> None:
    speaker, _ = await station.speaker("Chợ")
    far, _ = await station.adopt("Xa", area="Thôn Tây")
    await station.desk.cap.settings.put_position(speaker.speaker_id, (10.5, 106.5), MAI)
    await station.desk.cap.settings.put_position(far.speaker_id, (12.0, 107.0), MAI)
    ring = "<area><areaDesc>Vùng</areaDesc><polygon>10,106 11,106 11,107 10,107 10,106</polygon></area>"
    alert = await take(station, Made(infos=(Info(area=ring),)))
    assert [one.area_id for one in alert.areas] == [speaker.area_id], alert.reasons
    elsewhere = ring.replace("10,", "40,").replace("11,", "41,")
    away = await take(station, Made(identifier="A-2", infos=(Info(area=elsewhere),)))
    assert away.state is AlertState.ELSEWHERE


async def test_an_alert_that_says_nowhere_is_for_whom_a_person_says(station: Station) -> None:
    code, device = await here(station)
    alert = await take(station, Made(infos=(Info(area=""),)))
    assert (alert.state, alert.anywhere, alert.areas) == (AlertState.HELD, True, ())
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI, area_ids=[AreaId(code)])
    await until(station, alert, SendingState.SENT)
    await station.until_ordered(device, Play)


async def test_an_envelope_that_is_no_earnest_makes_what_is_inside_none(station: Station) -> None:
    code, _ = await here(station)
    inside = Made(code=code).xml().partition(b"?>")[2].decode()
    wrapped = (
        '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionID>d</distributionID>'
        f"<senderID>a@b.example</senderID><dateTimeSent>{written(T0_US)}</dateTimeSent>"
        "<distributionStatus>Exercise</distributionStatus><distributionType>Report</distributionType>"
        "<combinedConfidentiality>u</combinedConfidentiality><contentObject><xmlContent><embeddedXMLContent>"
        f"{inside}</embeddedXMLContent></xmlContent></contentObject></EDXLDistribution>"
    )
    (taken,) = await station.desk.cap.inbox.take(wrapped.encode(), source=CENTRE, by=HANDED)
    assert (taken.alert.state, taken.alert.status) == (AlertState.NOT_ACTUAL, Status.EXERCISE), taken.alert.reasons
    with pytest.raises(Refused):
        await station.desk.cap.inbox.confirm(taken.alert.alert_id, MAI)


async def test_a_way_that_is_vouched_for_takes_the_place_of_one_that_is_not(station: Station) -> None:
    code, _ = await here(station)
    doubted = await take(station, Made(code=code), replace(CENTRE, source_id="t-9", trusted=False))
    known = await take(station, Made(code=code))
    assert known.alert_id != doubted.alert_id
    assert (await station.desk.cap.inbox.view(doubted.alert_id)).alert.state is AlertState.SUPERSEDED
    (again,) = await station.desk.cap.inbox.take(
        Made(code=code).xml(), source=replace(CENTRE, trusted=False), by=HANDED
    )
    assert (again.new, again.alert.alert_id) == (False, known.alert_id)


async def test_what_was_refused_is_forgotten_in_time(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cap_inbox, "KEPT_REFUSED", 2)
    monkeypatch.setattr(cap_inbox, "_PRUNED_EVERY", 5)
    code, _ = await here(station)
    kept = await take(station, Made(code=code))
    for number in range(8):
        await station.desk.cap.inbox.take(b"no alert %d" % number, source=CENTRE, by=HANDED)
    found = await station.desk.cap.inbox.latest(50)
    assert len(found) == 1 + 2 + 4
    assert kept in found


async def test_cancels_of_what_never_came_are_forgotten_in_time(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cap_inbox, "KEPT_UNHEARD", 2)
    monkeypatch.setattr(cap_inbox, "_PRUNED_EVERY", 5)
    code, _ = await here(station)
    never = Made(identifier="never", code=code)
    for number in range(5):
        await take(station, Made(identifier=f"C-{number}", kind="Cancel", references=(never,), code=code))
    assert len(await station.desk.cap.inbox.latest(50)) == 2


async def test_an_update_that_one_commune_confirmed_takes_nothing_from_the_other(station: Station) -> None:
    first, _ = await station.speaker("Chợ")
    second, _ = await station.adopt("Xa", area="Thôn Tây")
    both = "".join(
        f"<area><areaDesc>{one}</areaDesc><geocode><valueName>code</valueName><value>{one}</value></geocode></area>"
        for one in (first.area_id, second.area_id)
    )
    made = Made(infos=(Info(area=both),))
    alert = await take(station, made)
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    alert = await until(station, alert, SendingState.SENT)
    update = await take(station, Made(identifier="A-2", kind="Update", references=(made,), infos=(Info(area=both),)))
    await station.desk.cap.inbox.confirm(update.alert_id, MAI, area_ids=[first.area_id])
    update = await until(station, update, SendingState.SENT)
    assert (update.state, update.sendings[0].corrects) == (AlertState.HELD, "")
    assert (await station.desk.cap.inbox.view(alert.alert_id)).alert.sendings[0].state is SendingState.SENT
    await station.desk.cap.inbox.confirm(update.alert_id, LAN, area_ids=[second.area_id])
    await until(station, alert, SendingState.REPLACED)


async def test_what_is_cancelled_while_its_sound_is_made_is_never_heard(station: Station) -> None:
    code, device = await here(station)
    made = Made(code=code)
    alert = await take(station, made)
    station.studio.hold = asyncio.Event()
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    await take(station, Made(identifier="A-2", kind="Cancel", references=(made,), code=code))
    alert = await until(station, alert, SendingState.DROPPED)
    station.studio.hold.set()

    async def withdrawn() -> bool:
        found = await station.desk.emergencies.book.latest(10)
        return all(one.state is EmergencyState.WITHDRAWN for one in found) and not station.desk.emergencies.open()

    await station.until(withdrawn)
    assert alert.state is AlertState.CANCELLED
    assert not [one for one in device.orders() if isinstance(one, Play)]


async def test_a_rule_takes_an_update_of_what_it_sent(station: Station) -> None:
    code, _ = await here(station)
    rule = Rule(
        rule_id="", area_id=AreaId(code), sender=SENDER, severity="Minor", urgency="Unknown", certainty="Unknown"
    )
    await station.desk.cap.settings.put_rule(rule, MAI)
    made = Made(code=code)
    first = await until(station, await take(station, made), SendingState.SENT)
    update = await take(station, Made(identifier="A-2", kind="Update", references=(made,), code=code))
    assert update.sendings[0].corrects == first.sendings[0].emergency_id
    await until(station, update, SendingState.SENT)
    await until(station, first, SendingState.REPLACED)


async def test_what_was_sent_in_the_future_is_not_sent_by_rule(station: Station) -> None:
    code, _ = await here(station)
    rule = Rule(
        rule_id="", area_id=AreaId(code), sender=SENDER, severity="Minor", urgency="Unknown", certainty="Unknown"
    )
    await station.desk.cap.settings.put_rule(rule, MAI)
    early = await take(station, Made(code=code, sent_us=T0_US + 50 * 60 * SECOND_US))
    assert (early.state, early.sendings) == (AlertState.HELD, ())
    assert "sent_in_future" in {one.code for one in early.reasons}
    await until(station, await take(station, Made(identifier="A-2", code=code)), SendingState.SENT)
