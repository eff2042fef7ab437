"""Bulletins of several languages, what they were before, signature tunes, programmes, and what is sent of them."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from agents.protocol.ids import AreaId, SpeakerId
from agents.protocol.values import AiringClass
from controller.domain.bulletins import BulletinState, Frame, TuneId
from controller.domain.drafts import BulletinDraft, KeptVariant, RecordingVariant, TextVariant
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.sounds import Profile, SoundId, SoundState
from controller.services.making import Making
from tests.controller.drafts import reading, recording_draft
from tests.controller.services.content import WORDS, code_of, draft, kept, made, sounds, text, upload
from tests.controller.services.station import Station

# --- several languages ------------------------------------------------------------------------------------------------


async def test_a_bulletin_is_read_and_recorded_side_by_side(station: Station, tmp_path: Path) -> None:
    recording = RecordingVariant(language="tyz", path=upload(tmp_path), file_name="Tày.wav")
    bulletin = await made(station, text(), text("one two", "en"), recording, profile=Profile.HORN)
    assert bulletin.state is BulletinState.READY
    assert [(one.language, one.sound.source.value) for one in bulletin.variants] == [
        ("vi", "text"),
        ("en", "text"),
        ("tyz", "recording"),
    ]
    assert {one.sound.profile for one in bulletin.variants} == {Profile.HORN}
    assert kept(tmp_path) == [], "a file is removed when it was used"


async def test_a_bulletin_is_ready_when_its_last_variant_is(station: Station, tmp_path: Path) -> None:
    station.studio.hold = asyncio.Event()
    bulletin = await station.desk.compose.make(draft(text(), text("one", "en")), "an")
    assert bulletin.state is BulletinState.PREPARING
    assert await code_of(station.desk.dispatch.send_now(bulletin.bulletin_id, [SpeakerId("s")], "an")) == (
        "speaker_unknown"
    )
    station.studio.hold.set()
    assert (await station.desk.compose.wait_ready(bulletin.bulletin_id)).progress == 1.0


async def test_one_bad_recording_fails_the_bulletin_and_keeps_the_rest(station: Station, tmp_path: Path) -> None:
    bad = RecordingVariant(language="tyz", path=upload(tmp_path, content=b"MZ"), file_name="x.exe")
    bulletin = await made(station, text(), bad)
    assert (bulletin.state, bulletin.variants[0].sound.state) == (BulletinState.FAILED, SoundState.READY)
    assert bulletin.failed is not None
    assert bulletin.failed.failure == "recording_unreadable"
    assert kept(tmp_path) == [], "nothing can be made of it"
    assert await code_of(station.desk.compose.make_again(bulletin.bulletin_id, "an")) == "recording_gone"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"variants": ()}, "variant_missing"),
        ({"variants": (text(), text("khác"))}, "variant_twice"),
        ({"variants": tuple(text(language=f"a{one}") for one in "abcdefg")}, "too_many_variants"),
        ({"variants": (text(language="Việt"),)}, "language_unknown"),
        ({"frame": Frame(times=0)}, "times_out_of_range"),
        ({"frame": Frame(pause_s=30.1)}, "pause_out_of_range"),
        ({"frame": Frame(opening=TuneId("tune-x"))}, "tune_unknown"),
        ({"airing_class": AiringClass.DRILL}, "class_unknown"),
        ({"airing_class": AiringClass.EMERGENCY}, "class_reserved"),
        ({"expires_at_us": 1}, "expiry_passed"),
        ({"area_id": AreaId("x-nowhere")}, "area_unknown"),
    ],
)
async def test_what_cannot_be_made_leaves_nothing(
    station: Station, tmp_path: Path, wrong: dict[str, object], code: str
) -> None:
    recording = RecordingVariant(language="tyz", path=upload(tmp_path), file_name="x.wav")
    wanted = replace(draft(text(), recording), **wrong)  # type: ignore[arg-type]
    with pytest.raises((Invalid, NotFound)) as refused:
        await station.desk.compose.make(wanted, "an")
    assert refused.value.code == code
    assert await station.desk.compose.latest(10) == ()
    assert kept(tmp_path) == []
    assert recording.path.exists() is (recording not in wanted.variants), "files of a draft are ours"


# --- changes ----------------------------------------------------------------------------------------------------------


async def test_a_text_that_is_read_as_before_keeps_its_sound(station: Station) -> None:
    bulletin = await made(station, text(), text("one", "en"))
    wanted = draft(text(), text("one two", "en"), airing_class=AiringClass.PRIORITY)
    changed = await station.desk.compose.change(bulletin.bulletin_id, wanted, "bình")
    assert (changed.revision, changed.changed_by, changed.created_by) == (2, "bình", "an")
    assert sounds(changed)[0] == sounds(bulletin)[0]
    assert sounds(changed)[1] != sounds(bulletin)[1]


@pytest.mark.parametrize(
    "other",
    [
        draft(TextVariant(reading=reading(WORDS, words_per_minute=140))),
        draft(TextVariant(reading=replace(reading(WORDS), voice="fake-vi"))),
        draft(profile=Profile.HORN),
    ],
)
async def test_another_pace_voice_or_shape_is_another_sound(station: Station, other: BulletinDraft) -> None:
    bulletin = await made(station)
    changed = await station.desk.compose.change(bulletin.bulletin_id, other, "an")
    assert set(sounds(changed)).isdisjoint(sounds(bulletin))


async def test_a_word_that_is_said_otherwise_by_now_is_read_anew(station: Station) -> None:
    bulletin, other = await made(station), await made(station, text("mưa gió"))
    station.clock.advance(1.0)
    await station.desk.voices.pronounce("vi", "hai", "nhị", "an")
    changed = await station.desk.compose.change(bulletin.bulletin_id, draft(), "an")
    assert sounds(changed) != sounds(bulletin)
    untouched = await station.desk.compose.change(other.bulletin_id, draft(text("mưa gió")), "an")
    assert sounds(untouched) == sounds(other)


async def test_a_recording_is_kept_by_its_sound(station: Station, tmp_path: Path) -> None:
    bulletin = await made(station, RecordingVariant(language="tyz", path=upload(tmp_path), file_name="x.wav"))
    same = KeptVariant(language="tyz", sound_id=sounds(bulletin)[0])
    changed = await station.desk.compose.change(bulletin.bulletin_id, draft(text(), same), "an")
    assert sounds(changed)[1] == sounds(bulletin)[0]
    strange = KeptVariant(language="tyz", sound_id=SoundId("sd-of-somebody-else"))
    assert await code_of(station.desk.compose.change(bulletin.bulletin_id, draft(strange), "an")) == "recording_missing"


async def test_whoever_looked_at_an_older_state_is_told(station: Station, tmp_path: Path) -> None:
    bulletin = await made(station)
    change = station.desk.compose.change
    await change(bulletin.bulletin_id, draft(text("mới")), "an", revision=1)
    path = upload(tmp_path)
    late = recording_draft("cũ", path)
    assert await code_of(change(bulletin.bulletin_id, late, "bình", revision=1)) == "changed_meanwhile"
    assert not path.exists()
    assert kept(tmp_path) == []


async def test_of_two_changes_at_once_one_is_refused(station: Station) -> None:
    bulletin = await made(station)
    change = station.desk.compose.change
    ends = await asyncio.gather(
        change(bulletin.bulletin_id, draft(text("của an")), "an", revision=1),
        change(bulletin.bulletin_id, draft(text("của bình")), "bình", revision=1),
        return_exceptions=True,
    )
    refused = [one for one in ends if isinstance(one, Refused)]
    assert [one.code for one in refused] == ["changed_meanwhile"]
    assert len(await station.desk.compose.history(bulletin.bulletin_id)) == 2


async def test_what_was_being_prepared_and_is_not_wanted_any_more_ends(station: Station) -> None:
    station.studio.hold = asyncio.Event()
    bulletin = await station.desk.compose.make(draft(text(), text("one", "en")), "an")
    changed = await station.desk.compose.change(bulletin.bulletin_id, draft(text()), "an")
    assert changed.state is BulletinState.PREPARING, "what is wanted goes on"
    async with station.store.reading() as tx:
        assert (await tx.sounds.get(sounds(bulletin)[1])).state is SoundState.CANCELLED
    station.studio.hold.set()
    assert (await station.desk.compose.wait_ready(bulletin.bulletin_id)).state is BulletinState.READY


async def test_a_sound_that_somebody_brought_back_meanwhile_is_not_cancelled(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    compose, cancel = station.desk.compose, Making.cancel
    station.studio.hold = asyncio.Event()
    bulletin = await compose.make(draft(text("một")), "an")

    async def brought_back_first(self: Making, sound_ids: Iterable[SoundId], *, unused: bool = False) -> None:
        monkeypatch.setattr(Making, "cancel", cancel)
        await compose.restore(bulletin.bulletin_id, 1, "bình")
        await cancel(self, sound_ids, unused=unused)

    monkeypatch.setattr(Making, "cancel", brought_back_first)
    await compose.change(bulletin.bulletin_id, draft(text("hai")), "an")
    station.studio.hold.set()
    ended = await compose.wait_ready(bulletin.bulletin_id)
    assert (ended.state, ended.revision, sounds(ended)) == (BulletinState.READY, 3, sounds(bulletin))


# --- history ----------------------------------------------------------------------------------------------------------


async def test_a_bulletin_can_be_what_it_was_before(station: Station) -> None:
    compose = station.desk.compose
    bulletin = await made(station, frame=Frame(times=2, pause_s=3.0))
    await compose.change(bulletin.bulletin_id, draft(text("khác")), "bình")
    restored = await compose.restore(bulletin.bulletin_id, 1, "an")
    assert (restored.revision, restored.state) == (3, BulletinState.READY)
    assert (restored.variants, restored.frame) == (bulletin.variants, bulletin.frame)
    assert [one.number for one in await compose.history(bulletin.bulletin_id)] == [3, 2, 1]
    assert [one.by for one in await compose.history(bulletin.bulletin_id)] == ["an", "bình", "an"]
    assert await code_of(compose.restore(bulletin.bulletin_id, 4, "an")) == "not_found"


async def test_what_was_cancelled_on_the_way_is_made_when_it_is_brought_back(station: Station) -> None:
    compose = station.desk.compose
    station.studio.hold = asyncio.Event()
    bulletin = await compose.make(draft(text("chưa xong")), "an")
    await compose.change(bulletin.bulletin_id, draft(text("khác")), "an")
    station.studio.hold.set()
    restored = await compose.restore(bulletin.bulletin_id, 1, "an")
    assert (await compose.wait_ready(restored.bulletin_id)).state is BulletinState.READY
    assert restored.main.reading == bulletin.main.reading


async def test_an_expiry_that_has_passed_is_not_brought_back(station: Station) -> None:
    compose = station.desk.compose
    until_us = station.clock.now_us() + 10_000_000
    bulletin = await made(station, expires_at_us=until_us)
    await compose.change(bulletin.bulletin_id, draft(text("khác")), "an")
    assert (await compose.restore(bulletin.bulletin_id, 1, "an")).expires_at_us == until_us
    station.clock.advance(11.0)
    assert (await compose.restore(bulletin.bulletin_id, 1, "an")).expires_at_us is None
