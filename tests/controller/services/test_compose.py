"""Bulletins in the making."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.domain.bulletins import BulletinState
from controller.domain.errors import Invalid, NotFound, StoreFailed
from controller.domain.sounds import Source
from controller.services.events import BulletinChanged, Event, TunesChanged
from tests.controller.drafts import recording_draft, text_draft
from tests.controller.services.station import Station


async def test_a_text_becomes_clips_behind_the_page(station: Station) -> None:
    station.studio.hold = asyncio.Event()
    made = await station.desk.compose.make(text_draft("", "Mời bà con họp thôn", "vi", 125), "admin")
    assert (made.state, made.title, made.source) == (BulletinState.PREPARING, "Mời bà con họp thôn", Source.TEXT)
    await station.studio.began.wait()
    assert (await station.desk.compose.get(made.bulletin_id)).progress == 0.5
    station.studio.hold.set()
    ready = await station.desk.compose.wait_ready(made.bulletin_id)
    assert (ready.state, ready.progress) == (BulletinState.READY, 1.0)
    assert ready.clips is not None
    assert ready.clips.frames == 5 * 48_000
    assert ready.clips.peaks == (0, 50, 100)
    assert [finding.code for finding in ready.clips.findings] == ["very_quiet"]
    assert await station.desk.compose.latest(10) == (ready,)
    for clip in ready.clips.renditions.values():
        assert station.studio.clip_path(clip.sha256) is not None


async def test_a_recording_is_used_and_then_removed(station: Station, tmp_path: Path) -> None:
    upload = tmp_path / "Họp thôn.wav"
    upload.write_bytes(b"RIFF....")
    made = await station.desk.compose.make(recording_draft("", upload), "admin")
    ready = await station.desk.compose.wait_ready(made.bulletin_id)
    assert (ready.state, ready.title, ready.source) == (BulletinState.READY, "Họp thôn", Source.RECORDING)
    assert not upload.exists()


async def test_a_recording_that_is_none_fails_with_its_reason_and_leaves_nothing(
    station: Station, tmp_path: Path
) -> None:
    upload = tmp_path / "x.wav"
    upload.write_bytes(b"MZ")
    made = await station.desk.compose.make(recording_draft("x", upload), "admin")
    failed = await station.desk.compose.wait_ready(made.bulletin_id)
    assert (failed.state, failed.main.failure, failed.clips) == (BulletinState.FAILED, "recording_unreadable", None)
    assert not upload.exists()
    with pytest.raises(Invalid) as missing:
        await station.desk.compose.make(recording_draft("x", upload), "admin")
    assert missing.value.code == "recording_missing"


@pytest.mark.parametrize(
    ("text", "language", "rate", "code"),
    [
        ("a" * 100_000, "vi", 125, "text_too_long"),
        ("\x00\x07\x1b", "vi", 125, "text_empty"),
        ("Thông báo", "xx", 125, "language_unknown"),
        ("Thông báo", "vi", 400, "rate_out_of_range"),
    ],
)
async def test_a_text_that_cannot_be_read_out_is_refused_at_once(
    station: Station, text: str, language: str, rate: int, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await station.desk.compose.make(text_draft("", text, language, rate), "admin")
    assert refused.value.code == code
    assert await station.desk.compose.latest(10) == ()


async def test_a_person_can_end_the_work(station: Station, tmp_path: Path) -> None:
    station.studio.hold = asyncio.Event()
    upload = tmp_path / "x.wav"
    upload.write_bytes(b"RIFF....")
    made = await station.desk.compose.make(recording_draft("x", upload), "admin")
    at_once = await station.desk.compose.cancel(made.bulletin_id, "admin")
    assert at_once.state is BulletinState.CANCELLED
    assert not upload.exists()
    second = await station.desk.compose.make(text_draft("", "một", "vi", 125), "admin")
    await station.studio.began.wait()
    waiting = asyncio.create_task(station.desk.compose.wait_ready(second.bulletin_id))
    await station.desk.compose.cancel(second.bulletin_id, "admin")
    assert (await waiting).state is BulletinState.CANCELLED
    station.studio.hold.set()
    ready = await station.bulletin()
    assert await station.desk.compose.cancel(ready.bulletin_id, "admin") == ready
    with pytest.raises(NotFound):
        await station.desk.compose.cancel("b-nothing", "admin")


async def test_after_a_restart_texts_and_recordings_are_prepared_again(station: Station, tmp_path: Path) -> None:
    station.studio.hold = asyncio.Event()
    text = await station.desk.compose.make(text_draft("", "một hai", "vi", 125), "admin")
    upload = tmp_path / "x.wav"
    upload.write_bytes(b"RIFF....")
    recording = await station.desk.compose.make(recording_draft("x", upload), "admin")
    assert not upload.exists()
    await station.restart()
    for made in (text, recording):
        assert (await station.desk.compose.wait_ready(made.bulletin_id)).state is BulletinState.READY
    assert files(tmp_path / "recordings") == []


async def test_a_recording_whose_file_is_lost_fails_after_a_restart(station: Station, tmp_path: Path) -> None:
    station.studio.hold = asyncio.Event()
    upload = tmp_path / "x.wav"
    upload.write_bytes(b"RIFF....")
    recording = await station.desk.compose.make(recording_draft("x", upload), "admin")
    (tmp_path / "recordings" / recording.main.sound_id).unlink()
    await station.restart()
    failed = await station.desk.compose.wait_ready(recording.bulletin_id)
    assert (failed.state, failed.main.failure) == (BulletinState.FAILED, "upload_incomplete")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_bulletin_that_cannot_be_stored_is_prepared_again_at_the_next_start(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.studio.hold = asyncio.Event()
    made = await station.desk.compose.make(text_draft("", "một hai", "vi", 125), "admin")

    def full():
        raise StoreFailed("database or disk is full")

    monkeypatch.setattr(station.store, "transaction", full)
    station.studio.hold.set()
    assert (await station.desk.compose.wait_ready(made.bulletin_id)).state is BulletinState.PREPARING
    await station.restart()
    assert (await station.desk.compose.wait_ready(made.bulletin_id)).state is BulletinState.READY


async def test_progress_is_told_to_listeners(station: Station) -> None:
    async with station.desk.events.subscribe() as events:
        made = await station.bulletin()
        told = [event async for event in until(events, BulletinChanged(made.bulletin_id), 4)]
        assert set(told) <= {BulletinChanged(made.bulletin_id), TunesChanged()}


async def until(events: AsyncIterator[Event], wanted: Event, times: int) -> AsyncIterator[Event]:
    """What is told until ``wanted`` came so many times."""
    while times:
        event = await anext(events)
        times -= event == wanted
        yield event


async def test_clips_that_belong_to_nothing_are_removed_at_the_start(station: Station) -> None:
    ready = await station.bulletin()
    orphan = station.folder / f"{'0' * 64}.opus"
    orphan.write_bytes(b"nobody knows me")
    await station.restart()
    assert not orphan.exists()
    assert ready.clips is not None
    assert all(station.studio.clip_path(clip.sha256) for clip in ready.clips.renditions.values())
