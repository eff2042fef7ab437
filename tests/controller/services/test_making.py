"""Sounds in the making: ended, made again, and nothing left of what is not wanted."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.protocol.values import AiringClass
from controller.domain.bulletins import BulletinState, Origin
from controller.domain.drafts import RecordingVariant
from controller.domain.errors import StoreFailed
from controller.domain.sounds import PreparedClips, Reading, SoundId, SoundState
from tests.controller.drafts import reading, recording_draft
from tests.controller.fakes import FakeStudio
from tests.controller.services.content import code_of, draft, kept, made, sounds, text, upload
from tests.controller.services.station import Station


async def test_a_withdrawn_bulletin_is_kept_out_of_sight(station: Station) -> None:
    compose = station.desk.compose
    bulletin = await made(station)
    assert (await compose.withdraw(bulletin.bulletin_id, "an")).withdrawn
    assert await compose.latest(10) == ()
    speaker, _ = await station.adopt("Chợ")
    send = station.desk.dispatch.send_now(bulletin.bulletin_id, [speaker.speaker_id], "an")
    assert await code_of(send) == "withdrawn"
    assert await code_of(compose.change(bulletin.bulletin_id, draft(), "an")) == "withdrawn"
    assert await code_of(compose.make_again(bulletin.bulletin_id, "an")) == "withdrawn"


async def test_withdrawing_ends_the_work_on_it(station: Station, tmp_path: Path) -> None:
    station.studio.hold = asyncio.Event()
    bulletin = await station.desk.compose.make(recording_draft("x", upload(tmp_path)), "an")
    assert (await station.desk.compose.withdraw(bulletin.bulletin_id, "an")).state is BulletinState.CANCELLED
    assert kept(tmp_path) == []


async def test_what_failed_for_the_station_s_sake_is_made_again(station: Station, tmp_path: Path) -> None:
    station.studio.failing = "out_of_space"
    bulletin = await made(station, text(), RecordingVariant(language="tyz", path=upload(tmp_path), file_name="x.wav"))
    assert bulletin.state is BulletinState.FAILED
    assert len(kept(tmp_path)) == 1, "nothing is wrong with the recording"
    station.studio.failing = None
    await station.desk.compose.make_again(bulletin.bulletin_id, "an")
    again = await station.desk.compose.wait_ready(bulletin.bulletin_id)
    assert (again.state, sounds(again), again.revision) == (BulletinState.READY, sounds(bulletin), 1)
    assert kept(tmp_path) == []


async def test_making_again_leaves_alone_what_is_ready(station: Station) -> None:
    bulletin = await made(station)
    station.studio.failing = "tool_failed"
    assert await station.desk.compose.make_again(bulletin.bulletin_id, "an") == bulletin


async def test_files_that_nothing_is_made_of_any_more_are_removed_at_the_start(
    station: Station, tmp_path: Path
) -> None:
    station.studio.failing = "tool_failed"
    bulletin = await made(station, RecordingVariant(language="tyz", path=upload(tmp_path), file_name="x.wav"))
    await station.restart()
    assert kept(tmp_path) == []
    assert await code_of(station.desk.compose.make_again(bulletin.bulletin_id, "an")) == "recording_gone"


async def test_a_full_disk_keeps_nothing_of_what_was_handed_in(
    station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> object:
        raise StoreFailed("database or disk is full", code="out_of_space")

    path = upload(tmp_path)
    monkeypatch.setattr(station.store, "transaction", full)
    assert await code_of(station.desk.compose.make(recording_draft("x", path), "an")) == "out_of_space"
    assert not path.exists()
    assert kept(tmp_path) == []


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_emergency_waits_for_no_other_sound(
    station: Station, monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    from_text, may_begin = FakeStudio.from_text, asyncio.Event()

    async def slowly(studio: FakeStudio, said: Reading, *others: Any) -> PreparedClips:
        await (asyncio.Event() if said.text.startswith("chữ") else may_begin).wait()
        return await from_text(studio, said, *others)

    monkeypatch.setattr(FakeStudio, "from_text", slowly)
    ordinary = [await station.desk.compose.make(draft(text(f"chữ {number}")), "an") for number in range(5)]
    wanted = draft(text("lũ"), airing_class=AiringClass.EMERGENCY)
    urgent = await station.desk.compose.make(wanted, "an", origin=Origin.ABOVE)
    if restarted:
        await station.restart()
    assert await station.desk.voices.say(reading("chữ")), "nor does somebody who listens to a sentence"
    may_begin.set()
    compose = station.desk.compose
    assert (await compose.wait_ready(urgent.bulletin_id)).state is BulletinState.READY
    assert {(await compose.get(one.bulletin_id)).state for one in ordinary} == {BulletinState.PREPARING}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["change", "cancel", "restore", "again", "finish", "restart"]),
        st.integers(0, 2),
    ),
    max_size=8,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=STEPS)
async def test_whatever_is_done_in_whatever_order_a_bulletin_ends_ready_and_whole(
    station: Station, steps: list[tuple[str, int]]
) -> None:
    compose = station.desk.compose
    station.studio.hold = asyncio.Event()
    bulletin_id = (await compose.make(draft(text("không")), "an")).bulletin_id
    ready: dict[SoundId, object] = {}
    for step, number in steps:
        compose = station.desk.compose
        match step:
            case "change":
                wanted = draft(*(text(f"chữ {number}", language) for language in ("vi", "en")[: 1 + number % 2]))
                await compose.change(bulletin_id, wanted, "an")
            case "cancel":
                await compose.cancel(bulletin_id, "an")
            case "restore":
                history = await compose.history(bulletin_id)
                await compose.restore(bulletin_id, history[number % len(history)].number, "an")
            case "again":
                await compose.make_again(bulletin_id, "an")
            case "finish":
                station.studio.hold.set()
                await compose.wait_ready(bulletin_id)
                station.studio.hold = asyncio.Event()
            case "restart":
                await station.restart()
                station.studio.hold = asyncio.Event()
        for variant in (await station.desk.compose.get(bulletin_id)).variants:
            if variant.sound.state is SoundState.READY:
                assert ready.setdefault(variant.sound.sound_id, variant.sound) == variant.sound, "it never changes"
    station.studio.hold.set()
    station.studio.hold = None
    compose = station.desk.compose
    await compose.wait_ready(bulletin_id)
    await compose.make_again(bulletin_id, "an")
    ended = await compose.wait_ready(bulletin_id)
    assert ended.state is BulletinState.READY
    history = await compose.history(bulletin_id)
    assert [one.number for one in history] == list(range(ended.revision, 0, -1))
    assert [one["sound_id"] for one in history[0].content["variants"]] == sounds(ended)
