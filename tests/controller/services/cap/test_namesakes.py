"""Alerts with the same sender, identifier and time that say different things: none swallows the other."""

from dataclasses import replace

import pytest

from agents.protocol.ids import AreaId
from controller.domain.cap_alerts import AlertState, CapAlert, SendingState, Source
from controller.domain.cap_following import MOST_NAMESAKES
from controller.domain.cap_rules import Rule
from controller.domain.rights import Right
from controller.services.cap.inbox import Taken
from tests.controller.services.alerts import SENDER, Info, Made
from tests.controller.services.cap.test_inbox import CENTRE, HANDED, LAN, MAI, take, until
from tests.controller.services.cap.test_reach import SMALL, again, both, small, two_areas
from tests.controller.services.station import Station

DOUBTED = replace(CENTRE, source_id="t-9", trusted=False)
OTHER = (Info(headline="Không có gì."),)


async def rule_for(station: Station, area_id: AreaId) -> None:
    rule = Rule(rule_id="", area_id=area_id, sender=SENDER, severity="Minor", urgency="Unknown", certainty="Unknown")
    await station.desk.cap.settings.put_rule(rule, MAI)


async def small_takes(station: Station, made: Made, area_id: AreaId, source: Source = SMALL) -> CapAlert:
    (taken,) = await station.desk.cap.inbox.take(
        made.xml(), source=source, by=small(area_id), right=Right.HAND_IN_ALERT
    )
    return taken.alert


async def handed(station: Station, made: Made, source: Source = CENTRE) -> Taken:
    (taken,) = await station.desk.cap.inbox.take(made.xml(), source=source, by=HANDED)
    return taken


def codes(alert: CapAlert) -> list[str]:
    return [one.code for one in alert.reasons]


@pytest.mark.parametrize("how", ["test", "elsewhere", "words"])
async def test_what_another_token_brought_first_under_its_name_swallows_no_alert(station: Station, how: str) -> None:
    here, there = await two_areas(station)
    await rule_for(station, here)
    poison = {
        "test": Made(infos=both(here, there), status="Test"),
        "elsewhere": Made(infos=both(there)),
        "words": Made(infos=(replace(both(here, there)[0], headline="Không có gì."),)),
    }[how]
    first = await small_takes(station, poison, there)
    genuine = await handed(station, Made(infos=both(here)))
    assert genuine.new
    assert genuine.alert.alert_id != first.alert_id
    assert (genuine.alert.state, codes(genuine.alert)) == (AlertState.HELD, ["says_otherwise"])
    assert ([one.area_id for one in genuine.alert.held], genuine.alert.sendings) == ([here], ())
    assert await station.desk.cap.inbox.raw(genuine.alert.alert_id) == Made(infos=both(here)).xml()
    assert "says_otherwise" in codes(await again(station, first)), "whoever looks at the first one is told too"
    await station.desk.cap.inbox.confirm(genuine.alert.alert_id, MAI)
    await until(station, genuine.alert, SendingState.SENT)


async def test_what_says_the_same_in_other_bytes_is_the_same(station: Station) -> None:
    here, _ = await two_areas(station)
    first = await handed(station, Made(code=here))
    spaced = Made(code=here).xml().replace(b"<status>", b"\n  <status>").replace(b"-00:00</sent>", b"+00:00</sent>")
    (second,) = await station.desk.cap.inbox.take(spaced, source=CENTRE, by=HANDED)
    assert (second.new, second.alert.alert_id) == (False, first.alert.alert_id)


async def test_what_came_by_rule_stays_and_a_second_one_waits(station: Station) -> None:
    here, _ = await two_areas(station)
    await rule_for(station, here)
    first = await until(station, await take(station, Made(code=here)), SendingState.SENT)
    second = await take(station, Made(code=here, infos=OTHER))
    assert (second.state, codes(second)) == (AlertState.HELD, ["says_otherwise"])
    assert (await again(station, first)).state is AlertState.DECIDED


async def test_one_that_is_vouched_for_goes_before_one_that_is_not(station: Station) -> None:
    here, _ = await two_areas(station)
    await rule_for(station, here)
    doubted = (await handed(station, Made(code=here, infos=OTHER), DOUBTED)).alert
    known = (await handed(station, Made(code=here))).alert
    assert (known.state, codes(known)) == (AlertState.DECIDED, [])
    after = await again(station, doubted)
    assert (after.state, after.followed_by) == (AlertState.SUPERSEDED, known.alert_id)
    late = (await handed(station, Made(code=here, infos=(Info(headline="Khác nữa."),)), DOUBTED)).alert
    assert (late.state, codes(late)) == (AlertState.HELD, ["says_otherwise"])
    assert "says_otherwise" not in codes(await again(station, known))


async def test_a_way_that_is_vouched_for_elsewhere_takes_nothing_from_here(station: Station) -> None:
    here, there = await two_areas(station)
    made = Made(infos=both(here))
    doubted = (await handed(station, made, DOUBTED)).alert
    assert (await small_takes(station, made, there)).state is AlertState.ELSEWHERE
    assert (await again(station, doubted)).state is AlertState.HELD


async def test_a_cancel_or_an_update_under_the_name_of_another_does_nothing_by_itself(station: Station) -> None:
    here, _ = await two_areas(station)
    made = Made(code=here)
    alert = await take(station, made)
    for number, kind in enumerate(("Cancel", "Update")):
        other = Made(identifier=f"B-{number}", status="Test", code=here)
        await take(station, other)
        second = await take(station, replace(other, status="Actual", kind=kind, references=(made,)))
        assert (second.state, codes(second)[-1]) == (AlertState.HELD, "says_otherwise")
        assert (await again(station, alert)).state is AlertState.HELD
    unheard = Made(identifier="C-1", code=here)
    await take(station, Made(identifier="B-9", status="Test", code=here))
    await take(station, Made(identifier="B-9", kind="Cancel", references=(unheard,), code=here))
    assert (await take(station, unheard)).state is AlertState.HELD, "nobody knows whether it is cancelled"


async def test_a_reference_means_the_one_that_it_may_change_and_finds_what_is_vouched_for_first(
    station: Station,
) -> None:
    here, there = await two_areas(station)
    made = Made(infos=both(here))
    doubted = (await handed(station, replace(made, infos=OTHER, code=here), DOUBTED)).alert
    await station.desk.cap.inbox.confirm(doubted.alert_id, MAI)
    doubted = await until(station, doubted, SendingState.PREPARED)
    await station.desk.emergencies.confirm(doubted.sendings[0].emergency_id, LAN)  # type: ignore[arg-type]
    await until(station, doubted, SendingState.SENT)
    poison = await small_takes(station, replace(made, infos=both(there)), there)
    known = (await handed(station, made)).alert
    await station.desk.cap.inbox.confirm(known.alert_id, MAI)
    known = await until(station, known, SendingState.SENT)
    update = Made(identifier="A-2", kind="Update", references=(made,), infos=both(here))
    found = await small_takes(station, update, here, replace(SMALL, source_id="t-3"))
    assert found.earlier[0] == known.alert_id
    assert poison.alert_id not in found.earlier
    assert "other_sender" not in codes(found)
    await station.desk.cap.inbox.confirm(found.alert_id, MAI)
    found = await until(station, found, SendingState.SENT)
    assert found.sendings[0].corrects == known.sendings[0].emergency_id


async def test_a_flood_under_one_name_is_bounded_and_keeps_nobody_else_from_it(station: Station) -> None:
    here, there = await two_areas(station)

    def variant(number: int) -> Made:
        return Made(infos=(replace(both(here, there)[0], headline=f"Tin số {number}"),))

    states = [(await small_takes(station, variant(number), there)).state for number in range(MOST_NAMESAKES + 4)]
    assert states == [AlertState.HELD] * MOST_NAMESAKES + [AlertState.REFUSED] * 4
    refused = await small_takes(station, variant(MOST_NAMESAKES), there)
    assert codes(refused) == ["too_many_namesakes"]
    genuine = await handed(station, variant(MOST_NAMESAKES))
    assert (genuine.new, genuine.alert.state) == (True, AlertState.HELD)
