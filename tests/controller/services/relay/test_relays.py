"""Relays: connected before their time, each source once, with something to fall back to."""

import logging
from dataclasses import replace

import pytest

from agents.protocol.live import Bundle
from controller.domain.airings import Airing
from controller.domain.drafts import ProgrammeDraft
from controller.domain.programmes import Item, RelayItem, SilenceItem
from controller.domain.relaying import RelayLimits, Rung
from controller.ports import Transaction
from controller.services.relay import relays as relay
from tests.controller.fakes import FakeDevice
from tests.controller.services.content import made
from tests.controller.services.radio import RECORDED, FakeRadio, passes
from tests.controller.services.station import Station

FIRST, SECOND = "http://vov.example/1", "http://vov.example/2"
VOV = RelayItem(name="VOV1", source_url=FIRST, seconds=60)
LIMITS = RelayLimits(lead_s=10, lost_s=2, dead_air_s=4, back_s=6, patience_s=4)
BEGINS_S = 30.0


@pytest.fixture
async def radio(station: Station) -> FakeRadio:
    made = FakeRadio(on={FIRST, SECOND})
    live_folder = station.folder.parent / "live"
    station.radio = made
    station.settings = replace(station.settings, relay_limits=LIMITS, live_folder=live_folder)
    await station.restart()
    return made


async def planned(station: Station, *items: Item, names: tuple[str, ...] = ("Chợ",)) -> list[Airing]:
    """One airing a speaker, all at the same time, of one programme."""
    draft = ProgrammeDraft(title="Sáng", items=items)
    programme = await station.desk.programmes.make(draft, "an")
    at_us = station.clock.now_us() + round(BEGINS_S * 1_000_000)
    speakers = [(await station.speaker(name))[0] for name in names]
    schedule = station.desk.dispatch.schedule
    return [await schedule(programme.programme_id, [one.speaker_id], at_us, "an") for one in speakers]


async def connected_to(station: Station, count: int = 1) -> None:
    """What a disk is asked for before a relay takes time that is none here."""

    async def look() -> bool:
        return len(station.desk.relays.states()) == count

    await station.until(look)


async def begins(station: Station, radio: FakeRadio, seconds: float) -> None:
    """So long after the relay has begun."""
    await passes(station, radio, BEGINS_S - LIMITS.lead_s + 0.2)
    await connected_to(station)
    await passes(station, radio, LIMITS.lead_s - 0.2 + seconds)


def device(station: Station, name: str = "Chợ") -> FakeDevice:
    return next(one for one in station.links.devices.values() if one.name == name)


def heard(bundles: list[Bundle]) -> list[bytes]:
    """What came, without repetition."""
    packets = [packet for bundle in bundles for packet in bundle.packets]
    return [one for at, one in enumerate(packets) if at == 0 or packets[at - 1] != one]


def rung(station: Station, airing: Airing) -> Rung:
    state = station.desk.relays.state(airing.airing_id)
    assert state is not None
    return state.rung


async def test_a_source_is_connected_to_before_its_time_once_for_all_and_heard_in_its_place(
    station: Station, radio: FakeRadio
) -> None:
    airings = await planned(station, SilenceItem(seconds=3), VOV, names=("Chợ", "Đình"))
    await passes(station, radio, BEGINS_S + 3 - LIMITS.lead_s - 1)
    assert radio.tuned == {}
    await passes(station, radio, 1.2)
    await connected_to(station, 2)
    await passes(station, radio, 0.8)
    assert radio.tuned == {FIRST: 1}
    state = station.desk.relays.state(airings[0].airing_id)
    assert state is not None
    assert (state.name, state.rung, state.connected, state.fallback) == ("VOV1", Rung.SILENCE, True, True)
    await passes(station, radio, LIMITS.lead_s + 20)
    assert [rung(station, one) for one in airings] == [Rung.FIRST] * 2
    await passes(station, radio, 60)
    assert radio.tuned == {FIRST: 1}
    assert radio.listening == {}, "nobody wants it any more"
    assert station.desk.relays.states() == ()
    begins_us = (airings[0].start_at_us or 0) + 3_000_000
    for name in ("Chợ", "Đình"):
        bundles = device(station, name).bundles
        assert heard(bundles) == [FIRST.encode()]
        instants = [bundle.at_us for bundle in bundles if bundle.packets]
        assert begins_us <= instants[0] < begins_us + 400_000
        assert begins_us + 59_000_000 < instants[-1] < begins_us + 60_000_000


async def test_what_fails_is_left_for_the_next_best_and_gone_back_to_when_it_is_well(
    station: Station, radio: FakeRadio
) -> None:
    spare = await made(station)
    relay = replace(VOV, second_url=SECOND, fallback_bulletin_id=spare.bulletin_id, seconds=120)
    (airing,) = await planned(station, relay)
    await begins(station, radio, 2)
    assert (rung(station, airing), radio.tuned) == (Rung.FIRST, {FIRST: 1})
    radio.breaks(FIRST, "The host does not answer.")
    await passes(station, radio, LIMITS.lost_s + 2)
    assert rung(station, airing) is Rung.SECOND
    radio.quiet_s[SECOND] = 5.0
    await passes(station, radio, 1)
    assert rung(station, airing) is Rung.RECORDED, "dead air"
    state = station.desk.relays.state(airing.airing_id)
    assert state is not None
    assert (state.connected, state.problem) == (False, "The host does not answer.")
    await passes(station, radio, 10)
    radio.on.add(FIRST)
    await passes(station, radio, LIMITS.back_s - 2)
    assert rung(station, airing) is Rung.RECORDED
    await passes(station, radio, 20)
    assert rung(station, airing) is Rung.FIRST
    said = [FIRST.encode(), SECOND.encode(), RECORDED, FIRST.encode()]
    assert heard(device(station).bundles) == said
    assert list(radio.listening) == [FIRST], "the second source is not wanted any more"


async def test_without_anything_to_fall_back_to_it_is_silent_and_the_airing_goes_on(
    station: Station, radio: FakeRadio
) -> None:
    radio.on.clear()
    (airing,) = await planned(station, VOV)
    await begins(station, radio, 10)
    assert rung(station, airing) is Rung.SILENCE
    assert device(station).bundles == []
    radio.on.add(FIRST)
    await passes(station, radio, 3)
    assert rung(station, airing) is Rung.FIRST, "one that was never heard is taken as soon as it is there"


async def test_two_relays_of_one_programme_follow_each_other(station: Station, radio: FakeRadio) -> None:
    other = replace(VOV, name="VOV2", source_url=SECOND)
    await planned(station, replace(VOV, seconds=30), other)
    await begins(station, radio, 30 - LIMITS.lead_s + 0.2 + 1)
    await connected_to(station, 2)
    await passes(station, radio, 80)
    bundles = device(station).bundles
    assert heard(bundles) == [FIRST.encode(), SECOND.encode()]
    numbers = [bundle.number for bundle in bundles]
    assert numbers == sorted(set(numbers)), "devices believe growing numbers alone"


async def test_a_controller_that_starts_in_the_middle_goes_on(
    station: Station, radio: FakeRadio, caplog: pytest.LogCaptureFixture
) -> None:
    (airing,) = await planned(station, VOV)
    await begins(station, radio, 20)
    market = device(station)
    before = len(market.bundles)
    assert before > 300
    await station.restart()
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []
    await station.connect(market)
    await connected_to(station)
    await passes(station, radio, 10)
    assert rung(station, airing) is Rung.FIRST
    numbers = [bundle.number for bundle in market.bundles]
    assert len(numbers) > before + 100
    assert numbers == sorted(set(numbers))


async def test_a_relay_that_cannot_be_read_ends_no_other(
    station: Station, radio: FakeRadio, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, well = await planned(station, VOV, names=("Chợ", "Đình"))
    read = relay._relays_of

    async def unreadable(tx: Transaction, airing: Airing) -> dict[int, RelayItem]:
        if airing.airing_id == broken.airing_id:
            raise KeyError("what a later version wrote")
        return await read(tx, airing)

    monkeypatch.setattr(relay, "_relays_of", unreadable)
    await begins(station, radio, 2)
    assert rung(station, well) is Rung.FIRST
    assert station.desk.relays.state(broken.airing_id) is None


async def test_an_airing_that_is_stopped_lets_go_of_its_source(station: Station, radio: FakeRadio) -> None:
    (airing,) = await planned(station, VOV)
    await begins(station, radio, 5)
    await station.desk.dispatch.stop(airing.airing_id, "an")
    await passes(station, radio, 1)
    assert radio.listening == {}
    assert station.desk.live.open_streams() == ()
