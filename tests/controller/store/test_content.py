"""Content comes back from the database as it went in, and older databases keep theirs."""

from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import Connection, text

from agents.protocol.ids import AiringId, AreaId, BulletinId
from agents.protocol.values import AiringClass, ClipPart, RenditionName, SilencePart
from controller.domain.airings import Airing, AiringState
from controller.domain.bulletins import Frame, Origin, TuneId
from controller.domain.errors import NotFound, StoreFailed
from controller.domain.programmes import BulletinItem, RelayItem, SilenceItem
from controller.domain.pronunciations import Pronunciation
from controller.domain.revisions import Revision
from controller.domain.sounds import Profile, SoundId, SoundState, Source
from controller.store.database import SqlStore
from controller.store.engine import make_engine
from controller.store.migrate import alembic_config, upgrade_here
from schedules.areas import Area
from tests.controller.contents import T0_US, bulletin, programme, sound, tune

HOME = AreaId("x-1")
RECORDING = replace(
    sound("rec"), source=Source.RECORDING, reading=None, file_name="Họp thôn.wav", profile=Profile.PLAIN
)
FAILED = replace(
    sound("bad", state=SoundState.FAILED), failure="tool_failed", failure_detail="ffmpeg ended with exit code 1"
)


async def test_a_sound_comes_back_as_it_was(store: SqlStore) -> None:
    for made in (sound("one"), RECORDING, FAILED, sound("now", state=SoundState.PREPARING)):
        async with store.transaction() as tx:
            await tx.sounds.put(made)
        async with store.reading() as tx:
            assert await tx.sounds.get(made.sound_id) == made
    async with store.reading() as tx:
        assert [one.sound_id for one in await tx.sounds.preparing()] == ["sd-now"]
        assert len(await tx.sounds.clips()) == 2
        with pytest.raises(NotFound):
            await tx.sounds.get(SoundId("sd-nothing"))


async def test_a_bulletin_comes_back_with_its_variants_in_order(store: SqlStore) -> None:
    frame = Frame(opening=TuneId("tune-a"), closing=TuneId("tune-b"), times=3, pause_s=2.5)
    made = bulletin(
        "one",
        [sound("vi"), RECORDING, FAILED],
        frame,
        area_id=HOME,
        airing_class=AiringClass.EMERGENCY,
        origin=Origin.ABOVE,
        sender="Huyện",
        expires_at_us=T0_US + 1,
        revision=7,
        withdrawn=True,
        changed_at_us=T0_US + 2,
        changed_by="bình",
    )
    async with store.transaction() as tx:
        await tx.areas.add(Area(area_id=HOME, parent_id=None, level="commune", name="Xã"))
        for variant in made.variants:
            await tx.sounds.put(variant.sound)
        await tx.bulletins.put(made)
    async with store.reading() as tx:
        assert await tx.bulletins.get(made.bulletin_id) == made
        assert await tx.bulletins.latest(10) == (), "it is withdrawn"
        assert await tx.sounds.bulletins_with(RECORDING.sound_id) == (made.bulletin_id,)


async def test_a_bulletin_that_is_changed_keeps_no_variant_of_before(store: SqlStore) -> None:
    before, after = bulletin("one", [sound("vi"), sound("en")]), bulletin("one", [sound("en")], revision=2)
    async with store.transaction() as tx:
        for one in (sound("vi"), sound("en")):
            await tx.sounds.put(one)
        await tx.bulletins.put(before)
        await tx.bulletins.put(after)
    async with store.reading() as tx:
        assert await tx.bulletins.latest(10) == (after,)
        assert await tx.sounds.bulletins_with(SoundId("sd-vi")) == ()
        assert (await tx.sounds.get(SoundId("sd-vi"))).clips is not None, "history may bring it back"


async def test_tunes_programmes_pronunciations_and_history_come_back_as_they_were(store: SqlStore) -> None:
    added, gone = tune("b", built_in=True), tune("a", withdrawn=True)
    item = BulletinItem(bulletin_id=BulletinId("b-one"))
    relay = RelayItem(name="Đài tỉnh", source_url="http://dai.example:8000/live", seconds=1_800)
    spare = replace(relay, second_url="card:line", fallback_bulletin_id=item.bulletin_id)
    made = programme(
        "x", [item, SilenceItem(seconds=2.5), relay, spare, item], Frame(opening=added.tune_id, pause_s=0.5)
    )
    said = Pronunciation(language="vi", written="UBND", spoken="uỷ ban", changed_at_us=T0_US, changed_by="an")
    first = Revision(subject_id="pr-x", number=1, at_us=T0_US, by="an", content={"title": "Một", "items": []})
    async with store.transaction() as tx:
        for one in (added, gone):
            await tx.sounds.put(one.sound)
            await tx.tunes.put(one)
        await tx.programmes.put(made)
        await tx.pronunciations.put(replace(said, spoken="trước đó"))
        await tx.pronunciations.put(said)
        await tx.revisions.add(first)
        await tx.revisions.add(replace(first, number=2))
    async with store.reading() as tx:
        assert await tx.tunes.all() == (gone, added)
        assert await tx.programmes.get(made.programme_id) == made
        assert await tx.programmes.latest(10) == (made,)
        assert await tx.pronunciations.all() == (said,)
        assert await tx.revisions.of("pr-x") == (replace(first, number=2), first)
    async with store.transaction() as tx:
        await tx.pronunciations.remove("vi", "UBND")
        assert await tx.pronunciations.all() == ()


async def test_an_airing_keeps_what_it_consists_of(store: SqlStore) -> None:
    clips = sound("vi").clips
    assert clips is not None
    airing = Airing(
        airing_id=AiringId("a-1"),
        content_id=BulletinId("b-one"),
        revision=3,
        airing_class=AiringClass.PRIORITY,
        sequence=(clips.part, SilencePart(frames=48_000), clips.part),
        title="Tin",
        speaker_ids=(),
        state=AiringState.ENDED,
        planned_at_us=T0_US,
        planned_by="an",
        now=False,
        start_at_us=T0_US,
        duration_us=3_000_000,
        lateness_window_us=0,
    )
    async with store.transaction() as tx:
        await tx.airings.add(airing)
    async with store.reading() as tx:
        assert await tx.airings.get(airing.airing_id) == airing
        assert await tx.airings.of_content(BulletinId("b-one")) == (airing,)
        assert await tx.airings.clips() == {clip.sha256 for clip in clips.renditions.values()}


# --- from a database of before ----------------------------------------------------------------------------------------

OLD = f"""
INSERT INTO bulletin VALUES
 ('b-text', 'Tin', 'vi', 'text', 'Kính thưa bà con.', 130, 'priority', 'ready', {T0_US}, 'an', NULL, '',
  '[1, 2, 3]', '[]', -16.0),
 ('b-rec', 'Họp thôn', 'vi', 'recording', '', 125, 'ordinary', 'ready', {T0_US + 1}, 'bình', NULL, '',
  '[4]', '["very_quiet", "clipped"]', -15.5),
 ('b-bad', 'Hỏng', 'en', 'text', 'Broken.', 125, 'ordinary', 'failed', {T0_US + 2}, 'an', 'tool_failed', 'exit 1',
  '[]', '[]', NULL);
INSERT INTO bulletin_clip VALUES
 ('b-text', 'opus24', '{"a" * 64}', 1000, 48000), ('b-text', 'opus16', '{"b" * 64}', 700, 48000),
 ('b-rec', 'opus24', '{"c" * 64}', 2000, 96000), ('b-rec', 'opus16', '{"d" * 64}', 1400, 96000);
INSERT INTO airing VALUES
 ('a-1', 'b-text', 'Tin', 'planned', {T0_US + 5}, 'an', 0, {T0_US + 9}, 1000000, 60000000, 0),
 ('a-2', 'b-rec', 'Họp thôn', 'ended', {T0_US + 4}, 'bình', 1, {T0_US + 4}, 2000000, 60000000, 0);
INSERT INTO area (area_id, parent_id, level, name) VALUES ('x-1', NULL, 'commune', 'Xã');
INSERT INTO speaker VALUES
 ('s-1', 'Chợ', 'x-1', 'd-1', x'00', 'adopted', {T0_US}, 50, 100, 0, 'opus24');
INSERT INTO playback (airing_id, speaker_id, position, state, lost_us, underruns, restarts, detail) VALUES
 ('a-2', 's-1', 0, 'finished', 0, 0, 0, '')
"""


async def upgraded_from(url: str, version: str, rows: str) -> SqlStore:
    """A database as that version left it, brought to what this program knows."""

    def make(connection: Connection) -> None:
        command.upgrade(alembic_config(connection), version)
        for statement in rows.split(";"):
            connection.execute(text(statement.replace(":", "\\:")))

    engine = make_engine(url, foreign_keys=False)
    async with engine.begin() as connection:
        await connection.run_sync(make)
    await engine.dispose()
    await upgrade_here(url)
    return SqlStore(url)


@pytest.mark.parametrize("version", ["0001", "0004"])
async def test_bulletins_of_before_become_bulletins_of_one_variant(url: str, version: str) -> None:
    store = await upgraded_from(url, version, OLD)
    async with store.reading() as tx:
        spoken, recorded, failed = [await tx.bulletins.get(BulletinId(f"b-{one}")) for one in ("text", "rec", "bad")]
    await store.close()
    assert (spoken.title, spoken.airing_class, spoken.revision) == ("Tin", AiringClass.PRIORITY, 1)
    assert (spoken.changed_at_us, spoken.changed_by, spoken.area_id) == (T0_US, "an", None)
    assert spoken.frame == Frame()
    (variant,) = spoken.variants
    reading = variant.sound.reading
    assert reading is not None
    assert (variant.language, reading.text, reading.words_per_minute) == ("vi", "Kính thưa bà con.", 130)
    assert variant.sound.clips is not None
    assert variant.sound.clips.renditions[RenditionName.OPUS16].sha256 == "b" * 64
    assert variant.sound.clips.peaks == (1, 2, 3)
    assert (recorded.source, recorded.main.reading, recorded.main.file_name) == (Source.RECORDING, None, "Họp thôn")
    assert recorded.clips is not None
    assert [one.code for one in recorded.clips.findings] == ["very_quiet", "clipped"]
    assert recorded.clips.integrated_lufs == -15.5
    assert (failed.main.failure, failed.main.failure_detail, failed.clips) == ("tool_failed", "exit 1", None)


@pytest.mark.parametrize("version", ["0001", "0004"])
async def test_airings_of_before_know_what_they_consist_of(url: str, version: str) -> None:
    store = await upgraded_from(url, version, OLD)
    async with store.reading() as tx:
        planned, ended = await tx.airings.latest(10)
        clips = await tx.airings.clips()
    await store.close()
    assert (planned.content_id, planned.revision, planned.airing_class) == ("b-text", 1, AiringClass.PRIORITY)
    (part,) = planned.sequence
    assert isinstance(part, ClipPart)
    assert {name: one.frames for name, one in part.renditions.items()} == dict.fromkeys(RenditionName, 48_000)
    assert (ended.content_id, ended.airing_class, ended.state) == ("b-rec", AiringClass.ORDINARY, AiringState.ENDED)
    assert ended.speaker_ids == ("s-1",), "the evidence is still there"
    assert clips == {letter * 64 for letter in "abcd"}


async def test_an_upgrade_that_would_leave_something_hanging_is_not_kept(url: str) -> None:
    hanging = OLD.replace("'a-2', 's-1'", "'a-9', 's-1'")
    with pytest.raises(StoreFailed, match="refer to nothing"):
        await upgraded_from(url, "0004", hanging)
