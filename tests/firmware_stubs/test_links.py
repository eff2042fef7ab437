"""Simulated devices against a whole controller over real sockets: what they keep, and what each fault does to it."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from agents.protocol.telemetry import LinkKind
from agents.protocol.values import Profile
from controller.domain.airings import PlayState
from firmware_stubs.faults import Fault, FaultName, parse_script
from firmware_stubs.fleet import Fleet
from firmware_stubs.state import load
from tests.firmware_stubs.conftest import PATIENT, Whole

COUNT = 10


async def linked(whole: Whole, count: int = COUNT) -> None:
    await whole.until_so(lambda: len(whole.hub.connected()) == count)


async def test_it_enrols_obeys_reports_and_is_the_same_fleet_in_its_second_run(whole: Whole, tmp_path: Path) -> None:
    file = tmp_path / "fleet.json"
    first, tally = whole.fleet(COUNT, state_file=file)
    await linked(whole)
    airing = await whole.send_to_all()
    assert {one.state for one in await whole.ended(airing)} == {PlayState.FINISHED}
    await whole.until_so(lambda: not any(device.kept.waiting for device in first.devices))
    whole.running[0].cancel()
    await asyncio.gather(*whole.running, return_exceptions=True)
    before = {device.kept.key for device in first.devices}
    assert (tally.enrolled, tally.fetched, tally.sounded, tally.linked) == (COUNT,) * 4
    assert tally.shared >= COUNT - 1  # one order to all is read once
    assert file.stat().st_mode & 0o077 == 0
    assert {kept.key for kept in load(file)} == before

    second, again = whole.fleet(COUNT, state_file=file, token=None)
    await linked(whole)
    stop = await whole.desk.dispatch.stop_all("admin")

    async def obeyed() -> bool:
        words = await whole.desk.dispatch.acknowledgements(stop)
        return all(word.at_us is not None and word.reason is None for word in words)

    await whole.until(obeyed)
    assert again.enrolled == again.refused == 0
    assert {device.kept.key for device in second.devices} == before
    assert len(await whole.speaker_ids()) == COUNT


@pytest.mark.parametrize("whole", [PATIENT], indirect=True, ids=["patient"])
@pytest.mark.parametrize("names", [("drop", "duplicate"), ("delay", "reorder"), ("tear",)])
async def test_faults_of_messages_cost_time_and_nothing_else(whole: Whole, names: tuple[str, ...]) -> None:
    share = 0.02 if "tear" in names else 0.1
    fleet, tally = whole.fleet(COUNT, faults=[Fault(FaultName(name), share) for name in names], seed=1)
    await whole.until_so(lambda: tally.enrolled == COUNT)
    airing = await whole.send_to_all()

    assert {one.state for one in await whole.ended(airing)} == {PlayState.FINISHED}
    await whole.until_so(lambda: not any(device.kept.waiting for device in fleet.devices))
    await whole.until_so(lambda: all(tally.faults.get(name, 0) > 3 for name in names))
    await whole.until(partial(stored_once, whole, fleet))
    assert (tally.links_lost > 0) == ("tear" in names)


async def stored_once(whole: Whole, fleet: Fleet) -> bool:
    """Every record that a device wrote is in the database, none twice and none out of its order, and acknowledged."""
    stored = await whole.journals()
    return not any(device.kept.waiting for device in fleet.devices) and all(
        stored[device.kept.journal_id] == list(range(1, device.kept.last_seq + 1)) for device in fleet.devices
    )


async def test_those_that_fall_silent_are_let_go_and_come_back(whole: Whole) -> None:
    fleet, tally = whole.fleet(COUNT, faults=parse_script("100 103 silent=0.4"), seed=2)
    await linked(whole)
    fleet.jump(100)
    await whole.until_so(lambda: whole.hub.counters.ended["silent"] > 0)
    quiet = COUNT - len(whole.hub.connected())
    await linked(whole)

    assert 0 < quiet < COUNT
    assert tally.links_lost == whole.hub.counters.ended["silent"]


async def test_those_that_flood_are_cut_off_and_the_others_are_not(whole: Whole) -> None:
    fleet, tally = whole.fleet(COUNT, faults=parse_script("100 102 flood=0.2"), seed=2)
    await linked(whole)
    fleet.jump(100)
    await whole.until_so(lambda: whole.hub.counters.ended["flooding"] > 0)
    airing = await whole.send_to_all()

    assert PlayState.FINISHED in {one.state for one in await whole.ended(airing)}
    await linked(whole)
    assert tally.faults["flood"] > 0
    assert tally.links_lost == sum(whole.hub.counters.ended.values()) - COUNT  # each was adopted once


async def test_those_that_lie_about_the_time_mislead_nobody_else(whole: Whole) -> None:
    fleet, tally = whole.fleet(COUNT, faults=[Fault(FaultName.LIE, 0.3)], seed=3)
    await linked(whole)
    airing = await whole.send_to_all()

    playbacks = await whole.ended(airing)
    assert {one.state for one in playbacks} == {PlayState.FINISHED}
    assert all(abs(one.start_error_us or 0) < 1_000_000 for one in playbacks)
    assert whole.clock.synchronised()
    assert tally.faults["lie"] > 0
    await whole.until(partial(stored_once, whole, fleet))


async def test_a_stop_latches_until_it_is_released(whole: Whole) -> None:
    fleet, _ = whole.fleet(3)
    await linked(whole, 3)
    stop = await whole.desk.dispatch.stop_all("admin")
    await whole.until_so(lambda: all(device.stopped for device in fleet.devices))
    await whole.desk.dispatch.release_stop("admin")
    await whole.until_so(lambda: not any(device.stopped for device in fleet.devices))
    airing = await whole.send_to_all()

    assert stop
    assert {one.state for one in await whole.ended(airing)} == {PlayState.FINISHED}


async def test_a_device_on_a_sim_says_and_reads_deflated_messages(whole: Whole) -> None:
    fleet, tally = whole.fleet(1)
    await linked(whole, 1)
    (speaker_id,) = await whole.speaker_ids()
    await whole.desk.speakers.set_profile(speaker_id, Profile.SIM, "admin")
    await whole.hub.disconnect(next(iter(whole.hub.connected())))
    await linked(whole, 1)
    await whole.desk.dispatch.stop_all("admin")
    await whole.until_so(lambda: fleet.devices[0].stopped)

    async def told() -> bool:
        telemetry = whole.desk.telemetry.latest(speaker_id)
        return telemetry is not None and telemetry.link_kind is LinkKind.CELLULAR

    await whole.until(told)
    assert whole.hub.counters.garbage == 0
    assert tally.links_lost == 1
