"""Every page and every part of one, with things to show, in both languages; and what their forms do."""

import re

import pytest

from controller.domain.airings import AiringState
from tests.controller.drafts import text_draft
from tests.controller.web.browser import Answer, Browser
from tests.controller.web.station import SPEAKERS, STATION, Station

TEXT = "Kính thưa bà con."


async def sent(station: Station, by: str = "admin") -> tuple[str, str]:
    """A bulletin on its way to all speakers: its id and the airing's."""
    desk = station.desk
    bulletin = await desk.compose.make(text_draft("Tin <sáng>", TEXT, "vi", 125), by)
    await station.wait_ready(bulletin.bulletin_id)
    speakers = [overview.speaker.speaker_id for overview in await desk.speakers.overview()]
    airing = await desk.dispatch.send_now(bulletin.bulletin_id, speakers, by)
    return bulletin.bulletin_id, airing.airing_id


PAGES = ("/", "/speakers", "/speakers/s-1", "/airings", "/airings/{airing}", "/password")
PARTS = (
    "/parts/on-air-light",
    "/parts/stop-all",
    "/parts/latest",
    "/parts/speakers",
    "/parts/speakers/s-1",
    "/parts/speaker-rows",
    "/parts/found",
    "/parts/targets",
    "/parts/prepared/{bulletin}",
    "/parts/airings",
    "/parts/airings/{airing}",
)


@pytest.mark.parametrize("language", ["vi", "en"])
async def test_every_page_and_part_can_be_had(station: Station, language: str) -> None:
    bulletin, airing = await sent(station)
    async with station.browser(language=language) as browser:
        for path in (*PAGES, *PARTS):
            answer = await browser.get(path.format(bulletin=bulletin, airing=airing))
            assert answer.status == 200, path
            assert ("<html" in answer.text) is (path in PAGES), path
            assert "<sáng>" not in answer.text, "what persons type is never markup"
            if path in PAGES:
                assert f'<html lang="{language}"' in answer.text
                assert STATION in answer.says


async def test_a_page_of_some_length_travels_compressed(station: Station) -> None:
    async with station.browser() as browser:
        assert (await browser.get("/")).headers["Content-Encoding"] in {"gzip", "deflate"}


async def test_an_airing_shows_its_evidence_speaker_by_speaker(station: Station) -> None:
    _, airing = await sent(station)
    async with station.browser() as browser:
        page = await browser.get(f"/airings/{airing}")
    for shown in (*SPEAKERS, "Tin <sáng>", TEXT, "Waiting for the speakers", "Sent by admin"):
        assert shown in page.says.replace("Sent by  admin", "Sent by admin")


@pytest.mark.parametrize("scripts", [True, False])
async def test_an_airing_is_stopped(station: Station, scripts: bool) -> None:
    _, airing = await sent(station)
    async with station.browser(scripts=scripts) as browser:
        answer = await browser.post(f"/airings/{airing}/stop")
        assert answer.status == (204 if scripts else 200)
        again = await browser.post(f"/airings/{airing}/stop")
        assert again.status == 409
        assert "already ended" in again.says
    assert (await station.airings())[0].state is AiringState.STOPPED


async def test_stopping_everything_comes_back_to_the_page_it_was_pressed_on(station: Station) -> None:
    async with station.browser() as browser:
        here = f"{station.url}speakers"
        page = await browser.post("/stop-all", headers={"Referer": here})
        assert page.url == "/speakers"
        assert "Everything is stopped." in page.says
        assert page.says.count("Stopped") >= len(SPEAKERS)
        page = await browser.post("/stop-all/release", headers={"Referer": "https://evil.example/speakers"})
        assert page.url == "/"
        assert "Everything is stopped." not in page.says


@pytest.mark.parametrize("scripts", [True, False])
async def test_the_volume_is_set_and_a_wrong_one_said(station: Station, scripts: bool) -> None:
    async with station.browser(scripts=scripts) as browser:
        answer = await browser.post("/speakers/s-1/volume", {"volume_percent": "45"})
        assert answer.status == 200
        assert "The volume is set to 45 percent." in answer.says
        for wrong in ("101", "-1", "loud", "", "9" * 30):
            answer = await browser.post("/speakers/s-1/volume", {"volume_percent": wrong})
            assert answer.status == 422, wrong
        assert 'value="45"' in answer.text
        assert (await browser.post("/speakers/s-9/volume", {"volume_percent": "45"})).status == 404


async def test_a_speaker_that_is_away_is_released_when_it_comes_back(station: Station) -> None:
    async with station.browser() as browser:
        page = await browser.post("/speakers/s-1/release")
        assert page.url == "/speakers?done=releasing"
        assert "it is released as soon as it connects again" in page.says
        assert "Being released" in page.says
        targets = await browser.get("/parts/targets")
        assert 'value="s-1"' not in targets.text


async def test_a_device_that_does_not_answer_is_said_beside_its_button(station: Station) -> None:
    async with station.browser(scripts=True) as browser:
        for path, fields in (
            ("/found/d-none/identify", {}),
            ("/found/d-none/adopt", {"code": "123456", "name": "Chợ", "area_id": "x-1"}),
            ("/found/d-none/adopt", {"code": "123456", "name": "", "area_id": "x-1"}),
            ("/found/d-none/adopt", {"code": "123456", "name": "Chợ", "area_id": "unknown"}),
        ):
            answer = await browser.post(path, fields)
            assert answer.status == 422
            assert 'class="flash flash-bad"' in answer.text


async def test_language_and_colours_are_remembered(station: Station) -> None:
    async with station.browser(language="vi") as browser:
        page = await browser.post("/preferences", {"language": "en", "theme": "dark", "next": "/speakers"})
        assert page.url == "/speakers"
        assert '<html lang="en" data-theme="dark"' in page.text
        page = await browser.post("/preferences", {"language": "tlh", "theme": "pink", "next": "//evil.example"})
        assert page.url == "/"
        assert '<html lang="en" data-theme="dark"' in page.text


async def test_files_of_the_pages_are_kept_for_ever_by_their_content(station: Station) -> None:
    async with Browser(station.url) as stranger:
        page = await stranger.get("/sign-in")
        named = re.findall(r'(?:href|src)="(/static/[^"#]+\?v=[^"#]+)', page.text)
        assert named
        for path in named:
            file = await head(stranger, path)
            assert file.status == 200, path
            assert "immutable" in file.headers["Cache-Control"], path
        plain = await head(stranger, "/static/loa.css")
        assert plain.headers["Cache-Control"] == "no-cache"
        known = await stranger.get("/static/loa.css", headers={"If-None-Match": plain.headers["ETag"]})
        assert known.status == 304
        for climbing in ("/static/..%2Fserver.py", "/static/%2e%2e/server.py", "/static/nothing.css"):
            assert (await head(stranger, climbing)).status in {303, 404}


async def head(browser: Browser, path: str) -> Answer:
    return await browser.ask("HEAD", path, follow=False)
