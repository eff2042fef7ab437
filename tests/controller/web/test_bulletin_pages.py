"""Bulletins that are there: found, opened, changed into a next revision, brought back, withdrawn."""

import re

from controller.domain.bulletins import BulletinState
from tests.controller.web.browser import Browser
from tests.controller.web.station import Station


async def made(station: Station, browser: Browser, title: str, text: str, **more: str) -> str:
    """A bulletin that is ready; its id."""
    fields = {"source": "text", "title": title, "text": text, "language": "vi", "rate_wpm": "120"} | more
    page = await browser.post("/broadcast/prepare", fields)
    found = re.search(r'name="bulletin_id" value="([^"]+)"', page.text)
    assert found, page.says
    return found[1]


async def test_a_bulletin_is_found_by_its_title_or_its_words_without_accents(station: Station) -> None:
    async with station.browser() as browser:
        await made(station, browser, "Lịch tiêm phòng", "Mời bà con đưa trẻ đến trạm y tế.")
        await made(station, browser, "Tin bão", "Bão số 3 đang vào bờ.", airing_class="priority")
        for wanted in ("tiem phong", "TRAM Y TE", "Lịch"):
            page = await browser.get(f"/bulletins?q={wanted}")
            assert "Lịch tiêm phòng" in page.says, wanted
            assert "Tin bão" not in page.says, wanted
        assert "Tin bão" in (await browser.get("/bulletins?class=priority")).says
        assert "Lịch tiêm phòng" not in (await browser.get("/bulletins?class=priority")).says
        assert "Nothing found." in (await browser.get("/bulletins?whose=above")).says
        assert "Lịch tiêm phòng" in (await browser.get("/bulletins?whose=mine&state=ready")).says


async def test_its_page_tells_everything_of_it(station: Station) -> None:
    async with station.browser() as browser:
        bulletin = await made(
            station, browser, "Hai thứ tiếng", "Mời bà con.", variant="1", language_1="en", source_1="text",
            text_1="Dear residents.", opening="tune-chime", times="2",
        )  # fmt: skip
        page = await browser.get(f"/bulletins/{bulletin}")
    for shown in ("Hai thứ tiếng", "Mời bà con.", "Dear residents.", "Vietnamese", "English", "twice", "Revision 1"):
        assert shown in page.says, shown
    assert page.text.count("data-part ") == 1 + 1 + 4 + 3, "tune, pause, both languages twice with pauses between"


async def test_a_change_is_the_next_revision_and_shows_what_was_changed(station: Station) -> None:
    async with station.browser() as browser:
        bulletin = await made(station, browser, "Họp dân", "Họp lúc 7 giờ sáng mai.")
        again = await made(
            station, browser, "Họp dân", "Họp lúc 8 giờ sáng mai.", bulletin_id=bulletin, revision="1", times="2"
        )
        assert again == bulletin
        page = await browser.get(f"/bulletins/{bulletin}")
        assert '<del class="removed">7 </del>' in page.text
        assert '<ins class="inserted">8 </ins>' in page.text
        assert "Revision 2" in page.says
        restored = await browser.post(f"/bulletins/{bulletin}/restore", {"number": "1"})
        assert "in force again" in restored.says
    found = await station.bulletin(bulletin)
    assert found.revision == 3
    assert found.main.reading is not None
    assert found.main.reading.text == "Họp lúc 7 giờ sáng mai."
    assert found.frame.times == 1


async def test_listening_again_without_a_change_makes_no_revision(station: Station) -> None:
    async with station.browser() as browser:
        bulletin = await made(station, browser, "Họp dân", "Họp lúc 7 giờ.")
        await made(station, browser, "Họp dân", "Họp lúc  7 giờ.", bulletin_id=bulletin, revision="1")
    assert (await station.bulletin(bulletin)).revision == 1


async def test_a_pronunciation_that_changed_is_heard_when_one_listens_again(station: Station) -> None:
    async with station.browser() as browser:
        bulletin = await made(station, browser, "Họp dân", "UBND xã mời họp.")
        await browser.post("/pronunciations", {"language": "vi", "written": "UBND", "spoken": "ủy ban"})
        before = (await station.bulletin(bulletin)).main.sound_id
        await made(station, browser, "Họp dân", "UBND xã mời họp.", bulletin_id=bulletin, revision="1")
    assert (await station.bulletin(bulletin)).main.sound_id != before


async def test_two_who_change_the_same_bulletin_do_not_overwrite_each_other(station: Station) -> None:
    async with station.browser() as one, station.browser() as other:
        bulletin = await made(station, one, "Họp dân", "Họp lúc 7 giờ.")
        await made(station, one, "Họp dân", "Họp lúc 8 giờ.", bulletin_id=bulletin, revision="1")
        fields = {
            "source": "text",
            "text": "Họp lúc 9 giờ.",
            "language": "vi",
            "bulletin_id": bulletin,
            "revision": "1",
        }
        answer = await other.post("/broadcast/prepare", fields)
        assert answer.status == 409
        assert "Họp lúc 9 giờ." in answer.text, "what was typed is still there"
    assert (await station.bulletin(bulletin)).revision == 2


async def test_it_is_opened_for_a_change_or_a_copy_with_everything_it_holds(station: Station) -> None:
    async with station.browser() as browser:
        bulletin = await made(station, browser, "Tin", "Mời bà con.", times="3", airing_class="priority", horn="yes")
        change = await browser.get(f"/?bulletin={bulletin}")
        assert "Change a bulletin" in change.says
        assert "This is exactly what will sound" in change.says
        copy = await browser.get(f"/?copy={bulletin}")
        assert "New bulletin" in copy.says
        assert 'name="bulletin_id"' not in copy.text
        for page in (change, copy):
            assert "Mời bà con." in page.text
            assert '<option value="3" selected>' in page.text
            assert '<option value="priority" selected>' in page.text
            assert re.search(r'name="horn"[^>]*checked', page.text)


async def test_what_is_withdrawn_is_offered_no_more(station: Station) -> None:
    async with station.browser() as browser:
        bulletin = await made(station, browser, "Nhầm", "Nhầm rồi.")
        assert "withdrawn" in (await browser.post(f"/bulletins/{bulletin}/withdraw")).says
        assert "Nhầm" not in (await browser.get("/bulletins")).says
        page = await browser.get(f"/bulletins/{bulletin}")
        assert "Withdrawn" in page.says
        assert "/?bulletin=" not in page.text
    assert (await station.bulletin(bulletin)).withdrawn


async def test_what_failed_says_why_and_can_be_tried_again(station: Station) -> None:
    async with station.browser() as browser:
        station.studio.failing = "voice_failed"
        bulletin = await made(station, browser, "Hỏng", "Đọc đi.")
        page = await browser.get(f"/bulletins/{bulletin}")
        assert "The voice could not read this text." in page.says
        station.studio.failing = ""
        await browser.post(f"/bulletins/{bulletin}/retry")
        await station.wait_ready(bulletin)
    assert (await station.bulletin(bulletin)).state is BulletinState.READY


async def test_a_bulletin_that_is_not_there_is_not_found(station: Station) -> None:
    async with station.browser() as browser:
        for path in ("/bulletins/b-no", "/?bulletin=b-no", "/?copy=b-no", "/programmes/pr-no"):
            assert (await browser.get(path)).status == 404, path
