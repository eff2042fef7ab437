"""Signature tunes, programmes, and what is sent of either and of a bulletin."""

from dataclasses import replace
from pathlib import Path

import pytest

from agents.protocol.ids import AreaId
from agents.protocol.values import AiringClass, ClipPart, LivePart, OnInterrupted
from controller.domain.bulletins import Bulletin, Frame, frames_of
from controller.domain.drafts import ProgrammeDraft
from controller.domain.programmes import BulletinItem, Item, Programme, RelayItem, SilenceItem
from controller.domain.sounds import SoundState
from controller.services.tunes import CHIME
from tests.controller.services.content import code_of, draft, kept, made, text, upload
from tests.controller.services.station import Station

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
        ((RelayItem(name=" ", source_url="https://vov.example/1", seconds=60),), "relay_name_missing"),
        ((RelayItem(name="VOV1", source_url="https://vov.example/1", seconds=10_801),), "relay_out_of_range"),
        ((RelayItem(name="VOV1", source_url="https://vov.example/1", seconds=10_800),) * 5, "programme_too_long"),
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


async def test_a_programme_may_be_a_relay_alone_and_is_live_for_its_length(station: Station) -> None:
    speaker, _ = await station.adopt("Chợ")
    relay = RelayItem(name=" VOV1 ", source_url=" HTTPS://vov.example/1#x ", seconds=1_800)
    evening = await programme(station, relay)
    assert evening.relays == (replace(relay, name="VOV1", source_url="https://vov.example/1"),)
    airing = await station.desk.dispatch.send_now(evening.programme_id, [speaker.speaker_id], "an")
    assert airing.sequence == (LivePart(frames=1_800 * 48_000),)
    assert airing.on_interrupted is OnInterrupted.REJOIN, "it cannot be heard later"
    assert airing.lateness_window_us == airing.duration_us == 1_800_000_000, "it is joined at any time while it lasts"
    changed = ProgrammeDraft(title="Tối", items=(SilenceItem(seconds=5), replace(relay, name="VOV2")))
    await station.desk.programmes.change(evening.programme_id, changed, "an")
    assert (await station.desk.programmes.restore(evening.programme_id, 1, "an")).items == evening.items


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
