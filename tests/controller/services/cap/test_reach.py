"""A way in that reaches some areas neither takes alerts from others, nor keeps them from others."""

import pytest

from agents.protocol.ids import AreaId
from controller.domain.cap_alerts import AlertState, CapAlert, SendingState, Source, SourceKind
from controller.domain.cap_rules import Rule
from controller.domain.errors import Refused
from controller.domain.rights import Actor, Right
from tests.controller.services.alerts import Info, Made
from tests.controller.services.cap.test_inbox import HANDED, MAI, take, until
from tests.controller.services.station import Station

SMALL = Source(kind=SourceKind.TOKEN, source_id="t-2", name="small", trusted=True)


def small(area_id: AreaId) -> Actor:
    return Actor(name="token:small", scopes=((area_id, frozenset({Right.HAND_IN_ALERT})),), token_id="t-2")


def officer_of(area_id: AreaId) -> Actor:
    return Actor(name="tuan", scopes=((area_id, frozenset({Right.CAP})),), person_id="p-tuan")


def both(*codes: AreaId) -> tuple[Info, ...]:
    areas = (
        f"<area><areaDesc>Xã</areaDesc><geocode><valueName>code</valueName><value>{one}</value></geocode></area>"
        for one in codes
    )
    return (Info(area="".join(areas)),)


async def two_areas(station: Station) -> tuple[AreaId, AreaId]:
    one, _ = await station.speaker("Chợ")
    other, device = await station.adopt("Đình", area="Thôn Hạ")
    await station.connect(device)
    return one.area_id, other.area_id


async def again(station: Station, alert: CapAlert) -> CapAlert:
    return (await station.desk.cap.inbox.view(alert.alert_id)).alert


async def test_a_token_of_one_area_takes_nothing_off_the_air_elsewhere(station: Station) -> None:
    here, there = await two_areas(station)
    made = Made(infos=both(here, there))
    alert = await take(station, made)
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    await until(station, alert, SendingState.SENT)
    cancel = Made(identifier="A-2", kind="Cancel", references=(made,))
    (taken,) = await station.desk.cap.inbox.take(cancel.xml(), source=SMALL, by=small(here), right=Right.HAND_IN_ALERT)
    assert (taken.alert.state, taken.alert.reasons[-1].code) == (AlertState.HELD, "other_sender")
    assert (await again(station, alert)).state is AlertState.DECIDED
    with pytest.raises(Refused) as refused:
        await station.desk.cap.inbox.confirm(taken.alert.alert_id, officer_of(here))
    assert refused.value.code == "cap_others_areas"
    assert (await again(station, alert)).state is AlertState.DECIDED
    await station.desk.cap.inbox.confirm(taken.alert.alert_id, MAI)
    assert (await again(station, alert)).state is AlertState.CANCELLED


async def test_a_token_of_one_area_keeps_nothing_from_elsewhere_by_cancelling_it_before_it_came(
    station: Station,
) -> None:
    here, there = await two_areas(station)
    made = Made(infos=both(here, there))
    cancel = Made(identifier="A-2", kind="Cancel", references=(made,))
    await station.desk.cap.inbox.take(cancel.xml(), source=SMALL, by=small(here), right=Right.HAND_IN_ALERT)
    alert = await take(station, made)
    assert (alert.state, len(alert.held)) == (AlertState.HELD, 2)


async def test_an_update_by_a_token_of_one_area_leaves_what_is_heard_elsewhere(station: Station) -> None:
    here, there = await two_areas(station)
    made = Made(infos=both(here, there))
    alert = await take(station, made)
    await station.desk.cap.inbox.confirm(alert.alert_id, MAI)
    await until(station, alert, SendingState.SENT)
    update = Made(identifier="A-2", kind="Update", references=(made,), infos=both(here, there))
    (taken,) = await station.desk.cap.inbox.take(update.xml(), source=SMALL, by=small(here), right=Right.HAND_IN_ALERT)
    await station.desk.cap.inbox.confirm(taken.alert.alert_id, officer_of(here))
    await until(station, taken.alert, SendingState.SENT)
    before = await again(station, alert)
    assert (before.state, before.sendings[0].state) == (AlertState.DECIDED, SendingState.SENT)


async def test_what_came_for_one_area_first_is_held_in_the_others_when_it_comes_for_these(station: Station) -> None:
    here, there = await two_areas(station)
    made = Made(infos=both(here, there))
    (first,) = await station.desk.cap.inbox.take(made.xml(), source=SMALL, by=small(here), right=Right.HAND_IN_ALERT)
    assert [one.area_id for one in first.alert.areas] == [here]
    await station.desk.cap.inbox.confirm(first.alert.alert_id, MAI)
    await until(station, first.alert, SendingState.SENT)
    second = await take(station, made)
    assert second.alert_id == first.alert.alert_id
    assert ([one.area_id for one in second.held], second.state) == ([there], AlertState.HELD)
    third = await take(station, made)
    assert third == second, "nothing of it is new any more"


async def test_a_rule_sends_it_where_it_comes_second(station: Station) -> None:
    here, there = await two_areas(station)
    rule = Rule(
        rule_id="r-1",
        area_id=there,
        sender=Made().sender,
        severity="Severe",
        urgency="Expected",
        certainty="Possible",
    )
    async with station.store.transaction() as tx:
        await tx.cap_settings.put_rule(rule)
    made = Made(infos=both(here, there))
    for number, area_id in enumerate((here, there)):
        feed = Source(kind=SourceKind.FEED, source_id=f"f-{number}", name="feed", trusted=True)
        await station.desk.cap.inbox.take(made.xml(), source=feed, by=HANDED, within=area_id)
    (alert,) = await station.desk.cap.inbox.latest(5)
    sent = await until(station, alert, SendingState.SENT)
    assert (sent.sendings[0].area_ids, [one.area_id for one in sent.held]) == ((there,), [here])
