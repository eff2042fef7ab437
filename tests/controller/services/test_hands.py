"""Remote actions: signed for one speaker that is there, ended by what its device wrote."""

import pytest

from agents.protocol.documents import FetchLog, Identify, Order, Restart, SelfTest
from agents.protocol.ids import DocumentId
from agents.protocol.journal import ActionEnded, ActionName, ActionResult, Heard, JournalRecord, SelfTested
from agents.protocol.messages import JournalBatch, LogReport
from agents.protocol.values import ClockBasis
from controller.domain.deeds import DeedKind
from controller.domain.errors import NotFound, Unreachable
from controller.domain.hands import AskedHand
from controller.domain.speakers import Speaker
from controller.services.hands import LOGS_KEPT
from tests.controller.fakes import FakeDevice
from tests.controller.services.station import Station


async def result(station: Station, speaker: Speaker) -> AskedHand:
    """The last action, once it has ended."""

    async def ended() -> bool:
        return (await station.desk.hands.results(speaker.speaker_id))[0].result is not None

    await station.until(ended)
    return (await station.desk.hands.results(speaker.speaker_id))[0]


def ended(hand: AskedHand, how: ActionResult = ActionResult.DONE, detail: str = "It spoke.") -> ActionEnded:
    return ActionEnded(order_id=hand.order_id, action=hand.action, result=how, detail=detail)


async def took(station: Station, device: FakeDevice) -> Order:
    async def has() -> bool:
        return bool(device.orders())

    await station.until(has)
    return next(one for one in device.received if isinstance(one, Order))


async def test_an_action_is_a_signed_order_to_one_device_and_a_deed(station: Station) -> None:
    speaker, device = await station.speaker("Cụm 1")
    _, other = await station.speaker("Cụm 2")

    asked = await station.desk.hands.ask(speaker.speaker_id, Identify(), "tech")

    order = await took(station, device)
    assert (order.header.document_id, order.action) == (asked.order_id, Identify())
    assert order.to.devices == (device.device_id,)
    assert other.orders() == []
    async with station.store.reading() as tx:
        deed = (await tx.deeds.latest(1))[0]
    assert (deed.what, deed.by, deed.subject, deed.detail) == (DeedKind.ACT, "tech", speaker.speaker_id, "identify")


async def test_it_ends_with_what_the_device_wrote_of_it(station: Station) -> None:
    speaker, device = await station.speaker("Cụm 1")
    asked = await station.desk.hands.ask(speaker.speaker_id, Identify(), "tech")
    await took(station, device)

    await station.report(device, ended(asked, ActionResult.REFUSED, "A stop holds."))

    told = await result(station, speaker)
    assert (told.result, told.detail) == (ActionResult.REFUSED, "A stop holds.")
    assert told.ended_at_us is not None


async def test_no_other_device_can_end_it(station: Station) -> None:
    speaker, _ = await station.speaker("Cụm 1")
    _, other = await station.speaker("Cụm 2")
    asked = await station.desk.hands.ask(speaker.speaker_id, Identify(), "tech")

    await station.report(other, ended(asked))

    assert (await station.desk.hands.one(speaker.speaker_id, asked.order_id)).result is None


async def test_a_speaker_that_is_away_is_asked_nothing_and_nothing_is_kept_for_it(station: Station) -> None:
    speaker, device = await station.adopt("Cụm 1")

    with pytest.raises(Unreachable) as refused:
        await station.desk.hands.ask(speaker.speaker_id, Restart(), "tech")
    await station.connect(device)

    assert refused.value.code == "speaker_away"
    assert device.orders() == []
    assert await station.desk.hands.results(speaker.speaker_id) == ()


async def test_what_was_not_taken_is_not_brought_again_at_the_next_connect(station: Station) -> None:
    speaker, device = await station.speaker("Cụm 1")
    device.answers = False

    await station.desk.hands.ask(speaker.speaker_id, Restart(), "tech")
    told = await result(station, speaker)
    await station.disconnect(device)
    device.answers = True
    await station.connect(device)

    assert told.result is ActionResult.FAILED
    assert "did not answer" in told.detail
    assert device.orders() == []


async def test_an_end_that_is_never_told_is_a_failure_also_over_a_restart_of_the_desk(station: Station) -> None:
    speaker, device = await station.speaker("Cụm 1")
    asked = await station.desk.hands.ask(speaker.speaker_id, Identify(), "tech")
    await took(station, device)
    await station.restart()

    station.clock.advance(601)

    told = await result(station, speaker)
    assert (told.result, told.order_id) == (ActionResult.FAILED, asked.order_id)
    await station.connect(device)
    await station.report(device, ended(asked))
    assert (await station.desk.hands.one(speaker.speaker_id, asked.order_id)).result is ActionResult.DONE


async def test_a_log_is_kept_for_who_asked_for_it_and_no_other(station: Station) -> None:
    speaker, device = await station.speaker("Cụm 1")
    neighbour, other = await station.speaker("Cụm 2")
    hands = station.desk.hands
    asked = await hands.ask(speaker.speaker_id, FetchLog(lines=10), "tech")

    await hands.log_report(other.device_id, LogReport(order_id=asked.order_id, text="forged"))
    with pytest.raises(NotFound) as missing:
        await hands.log_text(speaker.speaker_id, asked.order_id)
    await hands.log_report(device.device_id, LogReport(order_id=asked.order_id, text="a\nb"))
    await hands.log_report(device.device_id, LogReport(order_id=asked.order_id, text="again"))
    await hands.log_report(device.device_id, LogReport(order_id="o-never", text="unasked"))

    assert missing.value.code == "log_not_there"
    assert await hands.log_text(speaker.speaker_id, asked.order_id) == "a\nb"
    assert (await hands.one(speaker.speaker_id, asked.order_id)).has_log
    with pytest.raises(NotFound):
        await hands.log_text(neighbour.speaker_id, asked.order_id)


async def test_so_many_logs_of_a_speaker_are_kept_and_no_more(station: Station) -> None:
    speaker, device = await station.speaker("Cụm 1")
    hands, asked = station.desk.hands, []
    for number in range(LOGS_KEPT + 2):
        station.clock.advance(1)
        asked.append(await hands.ask(speaker.speaker_id, FetchLog(lines=10), "tech"))
        await hands.log_report(device.device_id, LogReport(order_id=asked[-1].order_id, text=f"log {number}"))
    kept = {one.order_id for one in await hands.results(speaker.speaker_id) if one.has_log}
    assert kept == {one.order_id for one in asked[2:]}


async def test_a_box_that_is_ahead_of_time_does_not_hide_its_later_self_tests(station: Station) -> None:
    speaker, device = await station.speaker("Cụm 1")
    far = JournalRecord(
        seq=1,
        at_us=2**53 - 1,
        clock_basis=ClockBasis.LINK,
        clock_error_us=0,
        event=SelfTested(heard=Heard.HEARD),
    )
    await station.desk.ingest.journal(device.device_id, JournalBatch(journal_id=device.journal_id, records=(far,)))
    (found,) = await station.desk.hands.self_tests(speaker.speaker_id)
    assert found.at_us <= station.clock.now_us()


async def test_what_self_tests_found_is_kept_the_asked_and_the_daily(station: Station) -> None:
    speaker, device = await station.speaker("Cụm 1")
    asked = await station.desk.hands.ask(speaker.speaker_id, SelfTest(), "tech")
    await took(station, device)

    await station.report(
        device,
        SelfTested(heard=Heard.NOT_HEARD, airing_id="air-1", level_db=-80.0, reference_db=-20.0),
        SelfTested(heard=Heard.HEARD, order_id=asked.order_id, level_db=-21.0, reference_db=-20.0),
        ended(asked),
    )

    found = {one.order_id: one for one in await station.desk.hands.self_tests(speaker.speaker_id)}
    assert found[None].heard is Heard.NOT_HEARD
    assert found[asked.order_id].level_db == -21.0


async def test_each_action_has_its_name() -> None:
    assert {name.value for name in ActionName} == {
        "identify",
        "test_tone",
        "restart",
        "fetch_log",
        "self_test",
        "calibrate",
    }


async def test_a_released_speaker_is_asked_nothing(station: Station) -> None:
    speaker, _ = await station.speaker("Cụm 1")
    await station.desk.adoption.release(speaker.speaker_id, "tech", force=True)

    with pytest.raises(NotFound):
        await station.desk.hands.ask(speaker.speaker_id, Identify(), "tech")
    with pytest.raises(NotFound):
        await station.desk.hands.one(speaker.speaker_id, DocumentId("o-none"))
