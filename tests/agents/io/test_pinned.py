"""What is pinned is fetched first, kept whatever happens, and mended; what can wait waits for its time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import structs

from agents.io.clips import ClipStore
from agents.protocol.values import ClipRef, Profile
from tests.agents.io.core import Agent, Station, adopt, eventually, push, running, serving_clips
from tests.agents.making import HOUR_US, T0_US, airing, clip_bytes, clip_part, ref_of

SIREN = clip_bytes("siren", 8_192)
REF = ref_of(SIREN)


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    async with serving_clips() as built:
        yield built


async def assign(agent: Agent, station: Station, *pinned: ClipRef, profile: Profile = Profile.LAN) -> None:
    document = station.desk.assignment()
    await push(agent, station, structs.replace(document, pinned=pinned, profile=profile))


async def until_here(agent: Agent, *refs: ClipRef) -> None:
    clips = clips_of(agent)

    async def here() -> bool:
        return all(clips.has(ref) for ref in refs)

    await eventually(here)


def clips_of(agent: Agent) -> ClipStore:
    return agent.conductor._parts.clips


async def test_what_is_pinned_is_fetched_without_any_airing_that_needs_it(tmp_path: Path, station: Station) -> None:
    station.offer(SIREN)
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await assign(agent, station, REF)
        await until_here(agent, REF)


async def test_what_is_pinned_is_fetched_after_a_restart_where_it_was_missing(tmp_path: Path, station: Station) -> None:
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await assign(agent, station, REF)
    station.offer(SIREN)
    async with running(tmp_path) as agent:
        agent.conductor.fetch_from(station.source)
        await until_here(agent, REF)


async def test_what_is_pinned_makes_room_for_nothing_also_after_a_restart(tmp_path: Path, station: Station) -> None:
    station.offer(SIREN, clip_bytes("old", 8_192), clip_bytes("air-1", 8_192))
    old, fresh = ref_of(clip_bytes("old", 8_192)), ref_of(clip_bytes("air-1", 8_192))
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await assign(agent, station, REF, old)
        await until_here(agent, REF, old)
    async with running(tmp_path) as agent:
        agent.know_time()
        agent.conductor.fetch_from(station.source)
        await assign(agent, station, REF)
        clips = clips_of(agent)
        clips._free = lambda folder: 8_192 * (2 - sum(1 for _ in folder.iterdir()))
        await push(
            agent,
            station,
            station.desk.rundown(
                airing(start_at_us=T0_US + HOUR_US, sequence=(clip_part(clip_bytes("air-1", 8_192)),))
            ),
        )

        await until_here(agent, fresh)

        assert clips.names() == {REF.sha256, fresh.sha256}


async def test_a_pinned_clip_that_rotted_is_found_at_the_next_start_and_fetched_again(
    tmp_path: Path, station: Station
) -> None:
    station.offer(SIREN)
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await assign(agent, station, REF)
        await until_here(agent, REF)
        path = clips_of(agent).path(REF.sha256)
    path.write_bytes(bytes(len(SIREN)))
    async with running(tmp_path) as agent:
        agent.conductor.fetch_from(station.source)

        async def mended() -> bool:
            return path.exists() and path.read_bytes() == SIREN

        await eventually(mended)


async def test_without_a_link_too_every_pinned_clip_that_rotted_is_found(tmp_path: Path, station: Station) -> None:
    tune = clip_bytes("tune")
    station.offer(SIREN, tune)
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await assign(agent, station, REF, ref_of(tune))
        await until_here(agent, REF, ref_of(tune))
        paths = [clips_of(agent).path(ref.sha256) for ref in (REF, ref_of(tune))]
    for path in paths:
        path.write_bytes(bytes(path.stat().st_size))

    async with running(tmp_path):

        async def found() -> bool:
            return not any(path.exists() for path in paths)

        await eventually(found)


async def test_on_a_sim_card_what_is_days_ahead_waits_and_what_is_near_does_not(
    tmp_path: Path, station: Station
) -> None:
    near, far = clip_bytes("near"), clip_bytes("far")
    station.offer(near, far, SIREN)
    async with running(tmp_path) as agent:
        await adopt(agent, station)
        await assign(agent, station, REF, profile=Profile.SIM)
        await push(
            agent,
            station,
            station.desk.rundown(
                airing("far", start_at_us=T0_US + 48 * HOUR_US), airing("near", start_at_us=T0_US + HOUR_US)
            ),
        )
        await until_here(agent, REF, ref_of(near))
        fetcher = agent.conductor._fetcher

        async def only_one_left() -> bool:
            return len(fetcher._wants) == 1

        await eventually(only_one_left)
        assert not clips_of(agent).has(ref_of(far))
        now_us = agent.time.monotonic_us()
        (left,) = fetcher._wants.values()
        assert fetcher._begins_us(left, now_us) - now_us > 7 * HOUR_US  # at 15:00 in Vietnam
