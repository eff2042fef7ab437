"""Write, listen, send: as a person does it, without scripts and with them."""

import json
import re
from datetime import datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest

from controller.domain.bulletins import BulletinState, Source
from schedules.schedule import Target
from tests.controller.web.browser import Answer, Browser
from tests.controller.web.station import Station

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
TEXT = "Đài truyền thanh xã.\nKính thưa bà con."
Fields = list[tuple[str, str]]


def typed(text: str = TEXT, **more: str) -> Fields:
    fields = {"source": "text", "title": "Tin sáng", "text": text, "language": "vi", "rate_wpm": "120", "when": "now"}
    return list((fields | more).items())


def bulletin_in(answer: Answer) -> str:
    found = re.search(r'name="bulletin_id" value="([^"]+)"', answer.text)
    assert found, answer.says
    return found[1]


async def heard(station: Station, browser: Browser, fields: Fields) -> Fields:
    """The form after its person has listened: the same fields and the bulletin."""
    answer = await browser.post("/broadcast/prepare", fields)
    if browser.scripts:
        prepared = re.search(r"/parts/prepared/([^\"]+)", answer.text)
        assert prepared, answer.says
        await station.wait_ready(prepared[1])
        answer = await browser.get(f"/parts/prepared/{prepared[1]}")
    return [*fields, ("bulletin_id", bulletin_in(answer))]


async def test_without_scripts_one_press_prepares_and_the_next_sends(station: Station) -> None:
    async with station.browser() as browser:
        page = await browser.post("/broadcast/prepare", typed())
        assert page.status == 200
        assert "This is exactly what will sound" in page.says
        for kept in ("Tin sáng", "Đài truyền thanh xã.", "<audio"):
            assert kept in page.text
        fields = [*typed(), ("bulletin_id", bulletin_in(page)), ("areas", station.area_id)]
        sent = await browser.post("/broadcast/send", fields)
        assert sent.status == 200
        assert re.fullmatch(r"/airings/[\w-]+", sent.url)
        assert "Tin sáng" in sent.says
    (airing,) = await station.airings()
    assert airing.now
    assert set(airing.speaker_ids) == set(station.speaker_ids)
    assert airing.planned_by == "admin"


async def test_with_scripts_the_part_asks_again_until_the_sound_is_ready(station: Station) -> None:
    async with station.browser(scripts=True) as browser:
        fields = await heard(station, browser, typed())
        sent = await browser.post("/broadcast/send", [*fields, ("targets", station.speaker_ids[0])])
        assert sent.status == 204
        assert sent.headers["HX-Redirect"].startswith("/airings/")
    (airing,) = await station.airings()
    assert airing.speaker_ids == (station.speaker_ids[0],)


async def test_a_wall_time_is_the_station_s(station: Station) -> None:
    at = (datetime.now(HANOI) + timedelta(days=1)).replace(hour=17, minute=0, second=0, microsecond=0)
    async with station.browser(scripts=True) as browser:
        fields = await heard(station, browser, typed(when="at", at=at.strftime("%Y-%m-%dT%H:%M")))
        sent = await browser.post("/broadcast/send", [*fields, ("areas", station.area_id)])
        assert sent.status == 204, sent.says
    (planned,) = await station.desk.schedules.all()
    assert planned.schedule.series.rule.start == at.replace(tzinfo=None)
    assert planned.schedule.target == Target(areas=(station.area_id,))
    assert sent.headers["HX-Redirect"] == f"/approvals/{planned.schedule_id}?done=planned", "alone, one may approve it"


async def test_pressing_plan_twice_plans_once(station: Station) -> None:
    at = datetime.now(HANOI) + timedelta(days=1)
    async with station.browser(scripts=True) as browser:
        fields = await heard(station, browser, typed(when="at", at=at.strftime("%Y-%m-%dT%H:%M")))
        one = await browser.post("/broadcast/send", [*fields, ("targets", station.speaker_ids[1])])
        other = await browser.post("/broadcast/send", [*fields, ("targets", station.speaker_ids[1])])
    assert one.headers["HX-Redirect"] == other.headers["HX-Redirect"]
    (planned,) = await station.desk.schedules.all()
    assert planned.schedule.target == Target(speakers=(station.speaker_ids[1],))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"when": "at", "at": ""}, "Choose the date and time."),
        ({"when": "at", "at": "2020-01-01T05:00"}, "That time has passed."),
        ({"text": "Something else altogether."}, "Listen to it again before you send it."),
        ({"bulletin_id": ""}, "The sound is not ready yet."),
        ({"bulletin_id": "b-unknown"}, "not there"),
        ({"areas": ""}, "Choose at least one speaker."),
        ({"targets": "s-unknown"}, "no longer there"),
    ],
)
@pytest.mark.parametrize("scripts", [True, False])
async def test_what_cannot_be_sent_says_why_and_keeps_what_was_typed(
    station: Station, change: dict[str, str], said: str, scripts: bool
) -> None:
    async with station.browser(scripts=scripts) as browser:
        fields = dict(await heard(station, browser, typed())) | {"areas": station.area_id} | change
        answer = await browser.post("/broadcast/send", {name: value for name, value in fields.items() if value})
        assert 400 <= answer.status < 500
        assert said in answer.says
        if not scripts:
            assert "Tin sáng" in answer.text
            assert fields["text"].splitlines()[0] in answer.text
    assert await station.airings() == []


async def test_pressing_send_twice_sends_once(station: Station) -> None:
    async with station.browser(scripts=True) as browser:
        fields = [*await heard(station, browser, typed()), ("areas", station.area_id)]
        first = await browser.post("/broadcast/send", fields)
        again = await browser.post("/broadcast/send", fields)
        assert first.headers["HX-Redirect"] == again.headers["HX-Redirect"]
    assert len(await station.airings()) == 1


async def test_a_stopped_station_says_so_instead_of_sending(station: Station) -> None:
    async with station.browser(scripts=True) as browser:
        fields = [*await heard(station, browser, typed()), ("areas", station.area_id)]
        browser.scripts = False
        assert "Everything is stopped." in (await browser.post("/stop-all")).says
        browser.scripts = True
        answer = await browser.post("/broadcast/send", fields)
        assert answer.status == 422
        assert "Allow playing again before you send." in answer.says
        browser.scripts = False
        assert "Everything is stopped." not in (await browser.post("/stop-all/release")).says
    assert await station.airings() == []


async def test_a_recording_is_handed_in_by_the_page_s_script_and_prepared_by_its_id(station: Station) -> None:
    async with station.browser() as browser:
        handed_in = await browser.post_file("/recordings", "recording", BytesIO(station.recording))
        assert handed_in.status == 201
        told = json.loads(handed_in.text)
        assert told["name"] == "bản tin.wav"
        fields = typed("", source="recording", title="", recording_id=told["id"])
        for _ in range(2):  # the same recording again, as after a change of the title
            page = await browser.post("/broadcast/prepare", fields)
            assert "This is exactly what will sound" in page.says
    bulletin = await station.bulletin(bulletin_in(page))
    assert bulletin.source is Source.RECORDING
    assert bulletin.title == "bản tin"


async def test_without_scripts_the_file_comes_with_the_form(station: Station) -> None:
    async with station.browser() as browser:
        fields = dict(typed("", source="recording"))
        page = await browser.post_file("/broadcast/prepare", "recording", BytesIO(station.recording), fields)
        assert "This is exactly what will sound" in page.says
        sent = await browser.post(
            "/broadcast/send",
            [*fields.items(), ("bulletin_id", bulletin_in(page)), ("areas", station.area_id)],
        )
        assert sent.url.startswith("/airings/")


async def test_what_is_being_prepared_can_be_cancelled(station: Station) -> None:
    station.hold_studio()
    async with station.browser(scripts=True) as browser:
        answer = await browser.post("/broadcast/prepare", typed())
        prepared = re.search(r"/parts/prepared/([^\"]+)", answer.text)
        assert prepared
        cancelled = await browser.post(f"/broadcast/prepare/{prepared[1]}/cancel")
        assert cancelled.status == 200
        assert 'name="bulletin_id"' not in cancelled.text
    assert (await station.bulletin(prepared[1])).state is BulletinState.CANCELLED


async def test_the_sound_is_the_speakers_own_clip_whole_or_by_range(station: Station) -> None:
    async with station.browser(scripts=True) as browser:
        fields = dict(await heard(station, browser, typed()))
        path = f"/bulletins/{fields['bulletin_id']}/audio"
        async with browser.http.get(path) as whole:
            sound = await whole.read()
            assert whole.status == 200
            assert whole.headers["Content-Type"] == "audio/ogg; codecs=opus"
            assert whole.headers["Accept-Ranges"] == "bytes"
        async with browser.http.get(path, headers={"Range": "bytes=4-9"}) as part:
            assert part.status == 206
            assert await part.read() == sound[4:10]
            assert part.headers["Content-Range"] == f"bytes 4-9/{len(sound)}"
        async with browser.http.get(path, headers={"Range": f"bytes={len(sound)}-"}) as beyond:
            assert beyond.status == 416
    assert sound[:4] == b"OggS"


async def test_new_speakers_in_the_list_follow_what_was_chosen(station: Station) -> None:
    one, *others = station.speaker_ids
    async with station.browser(scripts=True) as browser:
        some = await browser.get(f"/parts/targets?targets={one}&known={one}&known={others[0]}")
        assert checked(some) == {one}
        everyone = await browser.get(f"/parts/targets?targets={one}&known={one}")
        assert checked(everyone) == set(station.speaker_ids)
        nobody = await browser.get(f"/parts/targets?known={one}&known={others[0]}")
        assert checked(nobody) == set()


def checked(answer: Answer) -> set[str]:
    return set(re.findall(r'name="targets" value="([^"]+)"[^>]* checked', answer.text))
