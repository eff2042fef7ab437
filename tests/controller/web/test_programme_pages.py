"""Programmes are put together, listened to, kept and sent; tunes and pronunciations beside them."""

import re
from io import BytesIO

from controller.domain.bulletins import TuneId
from controller.domain.programmes import ProgrammeId
from tests.controller.web.browser import Answer, Browser
from tests.controller.web.station import Station

Fields = list[tuple[str, str]]


async def bulletin(browser: Browser, title: str) -> str:
    fields = {"source": "text", "title": title, "text": f"{title}.", "language": "vi", "rate_wpm": "120"}
    found = re.search(r'name="bulletin_id" value="([^"]+)"', (await browser.post("/broadcast/prepare", fields)).text)
    assert found
    return found[1]


def items(answer: Answer) -> list[str]:
    """What the editor holds, in order."""
    return re.findall(r'name="item"[^>]* value="([^"]+)"', answer.text)


async def test_it_is_put_together_press_by_press(station: Station) -> None:
    async with station.browser() as browser:
        one, two = await bulletin(browser, "Một"), await bulletin(browser, "Hai")
        page = await browser.get("/programmes/new")
        assert f'value="add:{one}"' in page.text
        held: list[str] = []
        for deed in (f"add:{one}", "silence", f"add:{two}", "up:2", "down:0", "remove:2"):
            fields: Fields = [("title", "Sáng"), *(("item", value) for value in held), ("do", deed)]
            page = await browser.post("/programmes/draft", fields)
            held = items(page)
        assert held == [two, one]
        assert "Sáng" in page.text
        assert "0:11" in page.says, "two bulletins of five seconds and the pause between them"


async def test_it_is_kept_changed_and_sent(station: Station) -> None:
    async with station.browser() as browser:
        one, two = await bulletin(browser, "Một"), await bulletin(browser, "Hai")
        await browser.get("/programmes/new")
        first: Fields = [("title", "Thời sự"), ("item", one), ("item", "3"), ("item", two), ("opening", "tune-chime")]
        page = await browser.post("/programmes", first)
        programme_id = ProgrammeId(re.search(r"/programmes/([^?]+)", page.url)[1])  # type: ignore[index]
        again: Fields = [*first, ("programme_id", programme_id), ("revision", "1"), ("item", one)]
        page = await browser.post(f"/programmes/{programme_id}", again)
        assert "Revision 2" in page.says
        nobody = await browser.post(f"/programmes/{programme_id}/send", {"when": "now"})
        assert "Choose at least one speaker." in nobody.says
        sent = await browser.post(f"/programmes/{programme_id}/send", {"when": "now", "areas": station.area_id})
        assert sent.url.startswith("/airings/")
        assert "Thời sự" in sent.says
        assert "Thời sự" in (await browser.get("/programmes")).says
    (airing,) = await station.airings()
    assert (airing.content_id, airing.revision) == (programme_id, 2)
    assert len(airing.sequence) == 1 + 1 + 1 + 1 + 1 + 1 + 1, "tune, three bulletins, a pause or silence between each"


async def test_a_relay_is_planned_beside_bulletins_and_said_to_be_silent(station: Station) -> None:
    async with station.browser() as browser:
        one = await bulletin(browser, "Một")
        page = await browser.post("/programmes/draft", [("title", "Sáng"), ("item", one), ("do", "relay")])
        assert items(page) == [one, "relay"]
        assert "A relay is heard as it comes: it cannot be listened to before." in page.says
        assert "30:06" in page.says, "the relay counts, and the pause before it"
        first: Fields = [("title", "Sáng"), ("item", "relay"), ("item", one), ("item", "relay")]
        vov = [("relay_name", "VOV1"), ("relay_source", "https://vov.example/1"), ("relay_minutes", "20.5")]
        province = [("relay_name", "Đài tỉnh"), ("relay_source", "dai.example"), ("relay_minutes", "1e300")]
        wrong = await browser.post("/programmes", [*first, *vov, *province])
        assert wrong.status == 422
        assert "It begins with http:// or https://" in wrong.says
        province[1:] = [("relay_source", "http://dai.example:8000/live"), ("relay_minutes", "0,5")]
        kept = await browser.post("/programmes", [*first, *vov, *province])
        assert items(await browser.get(kept.url.partition("?")[0])) == ["relay", one, "relay"]
        assert "2 relays" in (await browser.get("/programmes")).says
    (made,) = await station.desk.programmes.latest(10)
    assert [(relay.name, relay.source_url, relay.seconds) for relay in made.relays] == [
        ("VOV1", "https://vov.example/1", 1_230),
        ("Đài tỉnh", "http://dai.example:8000/live", 30),
    ]


async def test_two_who_change_the_same_programme_do_not_overwrite_each_other(station: Station) -> None:
    async with station.browser() as browser:
        one = await bulletin(browser, "Một")
        page = await browser.post("/programmes", [("title", "Thời sự"), ("item", one)])
        path = page.url.partition("?")[0]
        fields: Fields = [("title", "Khác"), ("item", one), ("revision", "1")]
        assert (await browser.post(path, fields)).status == 200
        late = await browser.post(path, [("title", "Muộn"), ("item", one), ("revision", "1")])
        assert late.status == 422
        assert "Muộn" in late.text


async def test_what_cannot_be_kept_says_why_and_keeps_what_was_typed(station: Station) -> None:
    async with station.browser() as browser:
        one = await bulletin(browser, "Một")
        for fields in ([("title", "Không có gì")], [("title", ""), ("item", one)], [("title", "x"), ("item", "b-no")]):
            answer = await browser.post("/programmes", fields)
            assert answer.status == 422, fields
            assert fields[0][1] in answer.text
        assert "There is no programme yet." in (await browser.get("/programmes")).says


async def test_a_bulletin_that_cannot_be_heard_is_told_in_its_programme(station: Station) -> None:
    async with station.browser() as browser:
        one = await bulletin(browser, "Một")
        page = await browser.post("/programmes", [("title", "Thời sự"), ("item", one)])
        await browser.post(f"/bulletins/{one}/withdraw")
        page = await browser.get(page.url.partition("?")[0])
        assert "This bulletin is withdrawn. Take it out." in page.says


async def test_a_tune_is_added_renamed_and_withdrawn(station: Station) -> None:
    async with station.browser() as browser:
        await browser.get("/tunes")
        empty = await browser.post("/tunes", {"name": "Nhạc"})
        assert empty.status == 422
        assert "Choose a recording first." in empty.says
        page = await browser.post_file("/tunes", "recording", BytesIO(station.recording), {"name": "Nhạc xã"})
        assert "Nhạc xã" in page.says
        tune = next(one for one in await station.desk.tunes.all() if one.name == "Nhạc xã")
        await browser.post(f"/tunes/{tune.tune_id}/rename", {"name": "Nhạc mới"})
        assert "Nhạc mới" in (await browser.get("/tunes")).says
        gone = await browser.post(f"/tunes/{tune.tune_id}/withdraw")
        assert "Nhạc mới" not in gone.says
    assert (await station.desk.tunes.get(TuneId(tune.tune_id))).withdrawn


async def test_a_pronunciation_is_added_changed_heard_and_removed(station: Station) -> None:
    async with station.browser() as browser:
        await browser.get("/pronunciations")
        word = {"language": "vi", "written": "UBND", "spoken": "ủy ban"}
        page = await browser.post("/pronunciations", word)
        assert "ủy ban" in page.says
        async with browser.http.get("/pronunciations/audio", params=word) as wav:
            assert wav.content_type == "audio/wav"
        opened = await browser.get("/pronunciations?language=vi&written=UBND")
        assert 'name="former" value="UBND"' in opened.text
        renamed = {"language": "vi", "written": "ubnd", "spoken": "ủy ban nhân dân"}
        await browser.post("/pronunciations", {**renamed, "former": "UBND", "former_language": "vi"})
        (kept,) = await station.desk.voices.pronunciations()
        assert (kept.written, kept.spoken) == ("ubnd", "ủy ban nhân dân")
        bad = await browser.post("/pronunciations", {"language": "km", "written": "a", "spoken": "b"})
        assert bad.status == 422
        await browser.post("/pronunciations/remove", {"language": "vi", "written": "ubnd"})
    assert await station.desk.voices.pronunciations() == ()
