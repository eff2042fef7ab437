"""What came from above on the pages: it is announced, taken, given its place, or declined; all see an emergency."""

import re
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from agents.protocol.ids import SpeakerId
from agents.protocol.values import AiringClass
from controller.domain.handing_in import HandInState
from controller.domain.schedules import ScheduleDraft
from controller.web.i18n import Language, load_translators
from controller.web.moments import instant_us, moment
from schedules.recurrence.rule import Rule
from schedules.schedule import Target
from tests.controller.drafts import text_draft
from tests.controller.web.above_samples import TEXT, handed, state
from tests.controller.web.browser import Browser
from tests.controller.web.station import NAME, Station


async def test_what_waits_is_announced_on_every_page(station: Station) -> None:
    async with station.browser() as browser:
        assert 'class="nav-count"' not in (await browser.get("/speakers")).text
        await handed(station)
        await handed(station, "Hai")
        assert "2 waiting" in (await browser.get("/speakers")).says
        assert "2 waiting" in (await browser.get("/parts/from-above-count")).says


async def test_the_most_urgent_stands_first_with_all_that_is_needed_to_decide(station: Station) -> None:
    now_us = station.parts.clock.now_us()
    await handed(station, "Tin thường")
    await handed(station, "Tin ưu tiên", AiringClass.PRIORITY, now_us + 20 * 60_000_000)
    async with station.browser() as browser:
        told = await browser.get("/from-above")
    assert told.says.index("Tin ưu tiên") < told.says.index("Tin thường")
    for said in ("Sở TTTT Hưng Yên", "Priority", "Ordinary", "Xã Hoà Bình", TEXT, "minutes left", "days left"):
        assert said in told.says
    assert told.text.count("<audio") == 2
    assert len(re.findall(r'href="/from-above/[^"]*#decline"', told.text)) == 1


async def test_it_is_taken_now_on_the_speakers_that_are_chosen(station: Station) -> None:
    made = await handed(station)
    async with station.browser() as browser:
        page = await browser.get(f"/from-above/{made.hand_in_id}")
        assert page.text.count('name="targets"') == 3
        answer = await browser.post(f"/from-above/{made.hand_in_id}/take", [("targets", "s-1"), ("when", "now")])
        assert answer.status == 200
        assert "It is taken." in answer.says
        assert "Give it a place" not in answer.says
    assert await state(station, made.hand_in_id) is HandInState.TAKEN
    (airing,) = await station.airings()
    assert (airing.speaker_ids, airing.now) == (("s-1",), True)


async def test_it_is_planned_for_a_time(station: Station) -> None:
    made = await handed(station, valid_until_us=station.parts.clock.now_us() + 300 * 86_400_000_000)
    async with station.browser() as browser:
        await browser.get(f"/from-above/{made.hand_in_id}")
        fields = [("targets", "s-0"), ("targets", "s-2"), ("when", "at"), ("at", "2020-01-01T06:00")]
        answer = await browser.post(f"/from-above/{made.hand_in_id}/take", fields)
        assert (answer.status, "2020-01-01T06:00" in answer.text) == (422, True)
        shown = re.findall(r'name="targets" value="(.*?)" (\w*)', answer.text)
        assert dict(shown) == {"s-0": "checked", "s-1": "", "s-2": "checked"}
        later = moment(station.parts.clock.now_us() + 7_200_000_000)
        at = load_translators()[Language.ENGLISH].input_datetime(later)
        answer = await browser.post(f"/from-above/{made.hand_in_id}/take", [*fields[:3], ("at", at)])
        assert answer.status == 200
    (airing,) = await station.airings()
    assert (airing.speaker_ids, airing.now) == (("s-0", "s-2"), False)


async def test_nothing_chosen_is_nothing_taken(station: Station) -> None:
    made = await handed(station)
    async with station.browser() as browser:
        await browser.get(f"/from-above/{made.hand_in_id}")
        for fields in ([("when", "now")], [("when", "now"), ("targets", "s-9")]):
            answer = await browser.post(f"/from-above/{made.hand_in_id}/take", fields)
            assert answer.status == 422
    assert await state(station, made.hand_in_id) is HandInState.WAITING


async def test_it_is_declined_with_a_reason(station: Station) -> None:
    made = await handed(station)
    async with station.browser() as browser:
        await browser.get(f"/from-above/{made.hand_in_id}")
        answer = await browser.post(f"/from-above/{made.hand_in_id}/decline", {"reason": " "})
        assert (answer.status, "Say why it is declined." in answer.says) == (422, True)
        answer = await browser.post(f"/from-above/{made.hand_in_id}/decline", {"reason": "Đã phát <hôm qua>"})
        assert "Reason: Đã phát <hôm qua>" in answer.says
    assert await state(station, made.hand_in_id) is HandInState.DECLINED


async def test_a_priority_one_offers_no_declining(station: Station) -> None:
    made = await handed(station, airing_class=AiringClass.PRIORITY)
    async with station.browser() as browser:
        assert 'id="decline"' not in (await browser.get(f"/from-above/{made.hand_in_id}")).text
        answer = await browser.post(f"/from-above/{made.hand_in_id}/decline", {"reason": "x"})
        assert answer.status == 409


async def test_whoever_comes_second_is_told_so(station: Station) -> None:
    made = await handed(station)
    async with station.browser() as browser:
        await browser.get(f"/from-above/{made.hand_in_id}")
        await station.desk.hand_ins.decline(made.hand_in_id, "không", "lan")
        answer = await browser.post(f"/from-above/{made.hand_in_id}/take", [("targets", "s-1"), ("when", "now")])
        assert (answer.status, "decided already" in answer.says) == (409, True)


async def test_an_emergency_stands_on_every_page_and_asks_nothing(station: Station) -> None:
    made = await handed(station, "Xả lũ", AiringClass.EMERGENCY)
    async with station.browser() as browser:
        for path in ("/speakers", "/parts/from-above-emergencies"):
            said = (await browser.get(path)).says
            assert "Emergency from Sở TTTT Hưng Yên: Xả lũ" in said
            assert "No speaker of these areas can be reached" in said
        assert "/take" not in (await browser.get(f"/from-above/{made.hand_in_id}")).text
        await station.desk.dispatch.stop_all("admin")
        assert "as soon as you allow playing" in (await browser.get("/parts/from-above-emergencies")).says


async def test_open_pages_are_told_at_once(station: Station) -> None:
    async with station.browser() as browser:
        page = await browser.get("/")
        where = re.search(r'sse-connect="([^"]+)"', page.text)
        assert where is not None
        async with browser.http.get(where[1]) as stream:
            await handed(station)
            async for line in stream.content:
                if line == b"event: hand_ins\n":
                    break


async def test_it_reads_in_vietnamese(station: Station) -> None:
    made = await handed(station)
    async with station.browser(language="vi") as browser:
        said = (await browser.get("/from-above")).says + (await browser.get(f"/from-above/{made.hand_in_id}")).says
    for word in ("Từ cấp trên", "Từ chối", "Thông thường", "Nhận phát"):
        assert word in said


async def test_nobody_decides_without_the_right(station: Station) -> None:
    made = await handed(station)
    async with Browser(station.url) as stranger:
        assert (await stranger.get("/from-above")).url.startswith("/sign-in")
        assert (await stranger.post(f"/from-above/{made.hand_in_id}/take", [("when", "now")])).url.startswith(
            "/sign-in"
        )
    assert await state(station, made.hand_in_id) is HandInState.WAITING


async def test_the_log_says_where_it_is_from(station: Station) -> None:
    made = await handed(station)
    airing = await station.desk.hand_ins.take(made.hand_in_id, [SpeakerId("s-1")], None, "lan")
    async with station.browser() as browser:
        for path in ("/airings", f"/airings/{airing.airing_id}"):
            assert re.search("From above:? Sở TTTT Hưng Yên", (await browser.get(path)).says), path


async def test_what_it_would_give_way_to_is_told_before_it_is_taken(station: Station) -> None:
    made = await handed(station, "Dự báo rét đậm", AiringClass.PRIORITY)
    wanted = replace(text_draft("Cắt điện", "Mai cắt điện."), airing_class=AiringClass.PRIORITY)
    own = await station.desk.compose.make(wanted, NAME)
    await station.wait_ready(own.bulletin_id)
    async with station.browser() as browser:
        tomorrow = moment(station.parts.clock.now_us()).astimezone(ZoneInfo(station.parts.zone)) + timedelta(days=1)
        at = tomorrow.replace(hour=17, minute=0)
        rule = Rule(zone=station.parts.zone, start=at.replace(tzinfo=None, second=0, microsecond=0))
        async with station.parts.store.reading() as tx:
            me = (await tx.persons.all())[0].actor
        draft = ScheduleDraft(content_id=own.bulletin_id, target=Target(areas=(station.area_id,)), rule=rule)
        await station.desk.schedules.plan(draft, me)
        await station.desk.planner.look()
        await browser.get(f"/from-above/{made.hand_in_id}")
        fields = [("targets", "s-1"), ("when", "at"), ("at", f"{at:%Y-%m-%dT17:00}")]
        told = await browser.post(f"/from-above/{made.hand_in_id}/take", fields)
        assert told.status == 409
        assert "“Cắt điện” (17:00–17:01) has the air on 1 of these speakers and goes first." in told.says
        assert f'name="at" type="datetime-local" value="{at:%Y-%m-%dT17:01}"' in told.text, "the next free time"
        assert await station.airings() == []
        kept = [("targets", "s-1"), ("when", "kept"), ("met", fields[2][1])]
        taken = await browser.post(f"/from-above/{made.hand_in_id}/take", kept)
        assert "It is taken." in taken.says
    (airing,) = await station.airings()
    assert airing.start_at_us == instant_us(at.replace(second=0, microsecond=0))
