"""Bulletins of several languages, what they were before, signature tunes, programmes, and what is sent of them."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.protocol.ids import AreaId, SpeakerId
from agents.protocol.values import AiringClass, ClipPart
from controller.domain.bulletins import Bulletin, BulletinState, Frame, TuneId, frames_of
from controller.domain.drafts import BulletinDraft, KeptVariant, ProgrammeDraft, RecordingVariant, TextVariant
from controller.domain.errors import Invalid, LoaError, NotFound, Refused, StoreFailed
from controller.domain.programmes import BulletinItem, Item, Programme, SilenceItem
from controller.domain.sounds import Profile, SoundId, SoundState
from controller.services.making import Making
from controller.services.tunes import CHIME
from tests.controller.drafts import reading, recording_draft
from tests.controller.services.station import Station

WORDS = "một hai ba bốn năm"


def upload(tmp_path: Path, name: str = "x.wav", content: bytes = b"RIFF....") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def text(words: str = WORDS, language: str = "vi") -> TextVariant:
    return TextVariant(reading=reading(words, language))


def draft(*variants: TextVariant | RecordingVariant | KeptVariant, **more: object) -> BulletinDraft:
    return BulletinDraft(title="Tin", variants=variants or (text(),), **more)  # type: ignore[arg-type]


async def made(station: Station, *variants: TextVariant | RecordingVariant, **more: object) -> Bulletin:
    compose = station.desk.compose
    return await compose.wait_ready((await compose.make(draft(*variants, **more), "an")).bulletin_id)


def sounds(bulletin: Bulletin) -> list[SoundId]:
    return [variant.sound.sound_id for variant in bulletin.variants]


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "recordings").glob("*"))


async def code_of(what: object) -> str:
    with pytest.raises(LoaError) as refused:
        await what  # type: ignore[misc]
    return refused.value.code


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


# --- the end of it ----------------------------------------------------------------------------------------------------


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


# --- signature tunes --------------------------------------------------------------------------------------------------


async def chime_ready(station: Station) -> None:
    async def look() -> bool:
        return (await station.desk.tunes.get(CHIME)).sound.state is SoundState.READY

    await station.until(look)


async def test_the_tune_that_comes_with_loa_is_there_after_the_first_start(station: Station) -> None:
    await chime_ready(station)
    (chime,) = await station.desk.tunes.all()
    assert (chime.built_in, chime.area_id) == (True, None)
    await station.restart()
    assert await station.desk.tunes.all() == (chime,), "it is made once"


async def test_a_tune_that_was_renamed_stays_so_when_it_is_made_again(station: Station) -> None:
    await chime_ready(station)
    await station.desk.tunes.rename(CHIME, "Chuông", "an")
    async with station.store.transaction() as tx:
        chime = await tx.tunes.get(CHIME)
        await tx.sounds.put(replace(chime.sound, state=SoundState.FAILED, failure="tool_failed", clips=None))
    await station.restart()
    await chime_ready(station)
    assert (await station.desk.tunes.get(CHIME)).name == "Chuông"


async def test_a_tune_is_added_renamed_and_withdrawn(station: Station, tmp_path: Path) -> None:
    tunes = station.desk.tunes
    tune = await tunes.add("", upload(tmp_path), "Nhạc hiệu xã.wav", "an")
    assert tune.name == "Nhạc hiệu xã"

    async def look() -> bool:
        return (await tunes.get(tune.tune_id)).sound.state is SoundState.READY

    await station.until(look)
    assert (await tunes.rename(tune.tune_id, "Mới", "an")).name == "Mới"
    bulletin = await made(station, frame=Frame(opening=tune.tune_id))
    await tunes.withdraw(tune.tune_id, "an")
    assert tune.tune_id not in {one.tune_id for one in await tunes.all()}
    changed = await station.desk.compose.change(bulletin.bulletin_id, draft(text("khác"), frame=bulletin.frame), "an")
    assert changed.frame == bulletin.frame, "what uses it keeps it"
    new = station.desk.compose.make(draft(frame=bulletin.frame), "an")
    assert await code_of(new) == "tune_unknown"


async def test_a_tune_for_an_area_that_is_not_there_leaves_nothing(station: Station, tmp_path: Path) -> None:
    path = upload(tmp_path)
    assert await code_of(station.desk.tunes.add("x", path, "x.wav", "an", AreaId("x-no"))) == "area_unknown"
    assert not path.exists()
    assert kept(tmp_path) == []


# --- programmes -------------------------------------------------------------------------------------------------------


async def programme(station: Station, *items: Item, **more: object) -> Programme:
    wanted = ProgrammeDraft(title="Tối", items=items, **more)  # type: ignore[arg-type]
    return await station.desk.programmes.make(wanted, "an")


def play(bulletin: Bulletin) -> BulletinItem:
    return BulletinItem(bulletin_id=bulletin.bulletin_id)


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ((), "items_missing"),
        ((SilenceItem(seconds=5),), "items_missing"),
        ((SilenceItem(seconds=601),), "items_missing"),
        ((BulletinItem(bulletin_id="b-no"), SilenceItem(seconds=601)), "silence_out_of_range"),  # type: ignore[arg-type]
        ((BulletinItem(bulletin_id="b-no"), SilenceItem(seconds=float("nan"))), "silence_out_of_range"),  # type: ignore[arg-type]
        ((BulletinItem(bulletin_id="b-no"),) * 61, "too_many_items"),  # type: ignore[arg-type]
        ((BulletinItem(bulletin_id="b-no"),), "bulletin_unknown"),  # type: ignore[arg-type]
    ],
)
async def test_a_programme_that_cannot_be_is_refused(station: Station, items: tuple[Item, ...], code: str) -> None:
    assert await code_of(programme(station, *items)) == code
    assert await station.desk.programmes.latest(10) == ()


async def test_a_programme_can_be_what_it_was_before(station: Station) -> None:
    bulletin = await made(station)
    first = await programme(station, play(bulletin), SilenceItem(seconds=2))
    programmes = station.desk.programmes
    wanted = ProgrammeDraft(title="Sáng", items=(play(bulletin),))
    await programmes.change(first.programme_id, wanted, "bình", revision=1)
    assert await code_of(programmes.change(first.programme_id, wanted, "an", revision=1)) == "changed_meanwhile"
    restored = await programmes.restore(first.programme_id, 1, "an")
    assert (restored.revision, restored.items, restored.title) == (3, first.items, "Tối")
    assert [one.number for one in await programmes.history(first.programme_id)] == [3, 2, 1]


async def test_a_programme_takes_no_withdrawn_bulletin_and_cannot_be_sent_with_one(station: Station) -> None:
    bulletin = await made(station)
    first = await programme(station, play(bulletin))
    await station.desk.compose.withdraw(bulletin.bulletin_id, "an")
    assert await code_of(programme(station, play(bulletin))) == "withdrawn"
    speaker, _ = await station.adopt("Chợ")
    send = station.desk.dispatch.send_now(first.programme_id, [speaker.speaker_id], "an")
    assert await code_of(send) == "withdrawn"


# --- what is sent -----------------------------------------------------------------------------------------------------


async def test_an_airing_keeps_what_it_consists_of(station: Station) -> None:
    speaker, _ = await station.adopt("Chợ")
    bulletin = await made(station, text(), text("one", "en"), frame=Frame(times=2, pause_s=2.0))
    start_us = station.clock.now_us() + 3_600_000_000
    airing = await station.desk.dispatch.schedule(bulletin.bulletin_id, [speaker.speaker_id], start_us, "an")
    assert (airing.revision, airing.duration_us) == (1, (2 * (5 + 1) + 3 * 2) * 1_000_000)
    await station.desk.compose.change(bulletin.bulletin_id, draft(text("khác hẳn")), "an")
    await station.desk.compose.withdraw(bulletin.bulletin_id, "an")
    await station.restart()
    assert (await station.airing(airing.airing_id)).sequence == airing.sequence
    for part in airing.sequence:
        if isinstance(part, ClipPart):
            assert all(station.studio.clip_path(clip.sha256) for clip in part.renditions.values())


async def test_a_programme_is_sent_with_its_bulletins_as_they_are(station: Station) -> None:
    await chime_ready(station)
    speaker, _ = await station.adopt("Chợ")
    one, other = await made(station), await made(station, text("sáu bảy"))
    evening = await programme(
        station,
        play(one),
        SilenceItem(seconds=4),
        play(other),
        frame=Frame(opening=CHIME, pause_s=1.0),
        airing_class=AiringClass.PRIORITY,
    )
    airing = await station.desk.dispatch.send_now(evening.programme_id, [speaker.speaker_id], "an")
    assert (airing.content_id, airing.title) == (evening.programme_id, "Tối")
    assert airing.airing_class is AiringClass.PRIORITY
    assert frames_of(airing.sequence) == (3 + 1 + 5 + 4 + 2) * 48_000
    assert airing.duration_us == (3 + 1 + 5 + 4 + 2) * 1_000_000


async def test_what_has_expired_is_not_sent_alone_or_in_a_programme(station: Station) -> None:
    speaker, _ = await station.adopt("Chợ")
    bulletin = await made(station, expires_at_us=station.clock.now_us() + 1_000_000)
    evening = await programme(station, play(bulletin))
    station.clock.advance(1.0)
    for content_id in (bulletin.bulletin_id, evening.programme_id):
        send = station.desk.dispatch.send_now(content_id, [speaker.speaker_id], "an")
        assert await code_of(send) == "bulletin_expired"


async def test_a_programme_of_too_many_parts_is_refused(station: Station) -> None:
    speaker, _ = await station.adopt("Chợ")
    long = await made(station, text(), text("one", "en"), frame=Frame(times=3))
    evening = await programme(station, *([play(long)] * 20))
    send = station.desk.dispatch.send_now(evening.programme_id, [speaker.speaker_id], "an")
    assert await code_of(send) == "too_many_items"


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
