"""Whoever changes what is planned is told first which schedules are to be approved again because of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agents.protocol.ids import BulletinId
from controller.domain.drafts import ProgrammeDraft
from controller.domain.programmes import BulletinItem
from controller.domain.rights import Actor, Right, Role
from controller.domain.schedules import PlannedSchedule, ScheduleDraft, content_id_of
from schedules.recurrence.rule import Frequency, Rule
from schedules.schedule import Target
from tests.controller.drafts import text_draft
from tests.controller.web.browser import Browser
from tests.controller.web.callers import HOME, person
from tests.controller.web.station import Station

AUTHOR = Actor(name="an", scopes=((HOME, frozenset(Right)),), person_id="p-an")
APPROVER = Actor(name="bình", scopes=((HOME, frozenset(Right)),), person_id="p-bình")
ONE_DAY = timedelta(days=1)


async def bulletin(station: Station, title: str = "Bản tin chiều") -> BulletinId:
    draft = replace(text_draft(title, "Kính mời bà con đi họp."), area_id=HOME)
    made = await station.desk.compose.make(draft, "an")
    await station.wait_ready(made.bulletin_id)
    return made.bulletin_id


async def planned(station: Station, content_id: str) -> PlannedSchedule:
    """Every day at 17:10 from tomorrow on, approved, and known to the planner."""
    start = datetime.now(ZoneInfo(station.parts.zone)).replace(hour=17, minute=10, second=0, microsecond=0, tzinfo=None)
    rule = Rule(zone="", start=start + ONE_DAY, frequency=Frequency.DAILY)
    draft = ScheduleDraft(content_id=content_id_of(content_id), target=Target(areas=("x-1",)), rule=rule)
    made = await station.desk.schedules.plan(draft, AUTHOR)
    asked = await station.desk.approvals.request(made.schedule_id, None, APPROVER)
    await station.desk.approvals.approve(made.schedule_id, None, asked.binding, APPROVER)
    await station.desk.planner.look()
    return made


@pytest.fixture
async def editor(station: Station) -> AsyncIterator[Browser]:
    async with person(station, "biên tập", (Role.EDITOR, HOME)) as browser:
        yield browser


async def test_before_a_change_it_says_where_a_bulletin_is_heard_and_after_it_what_waits(
    station: Station, editor: Browser
) -> None:
    content = await bulletin(station)
    schedule = await planned(station, content)
    page = await editor.get(f"/?bulletin={content}")
    assert "This bulletin is in 1 schedule, heard next at 17:10 tomorrow." in page.says
    assert "must be approved again" in page.says
    assert f'href="/schedules/{schedule.schedule_id}"' in page.text
    assert "1 schedule waits for approval now" not in page.says
    fields = {"source": "text", "title": "Bản tin chiều", "text": "Kính mời bà con đi họp.", "language": "vi"}
    fields |= {"rate_wpm": "125", "times": "2", "editing": content, "revision": "1"}
    changed = await editor.post("/broadcast/prepare", fields)
    assert "1 schedule waits for approval now, and is not heard before:" in changed.says
    assert "wait for approval now" not in (await editor.get("/")).says


async def test_it_counts_in_a_programme_that_is_planned(station: Station, editor: Browser) -> None:
    inside, alone = await bulletin(station), await bulletin(station, "Tin thể thao")
    draft = ProgrammeDraft(title="Thời sự", items=(BulletinItem(bulletin_id=inside),), area_id=HOME)
    programme = await station.desk.programmes.make(draft, "an")
    schedule = await planned(station, programme.programme_id)
    for address in (f"/?bulletin={inside}", f"/programmes/{programme.programme_id}"):
        page = await editor.get(address)
        assert "is in 1 schedule, heard next at 17:10 tomorrow." in page.says, address
        assert f'href="/schedules/{schedule.schedule_id}"' in page.text
    assert 'id="usage"' not in (await editor.get(f"/?bulletin={alone}")).text
    kept = await editor.post(
        f"/programmes/{programme.programme_id}", [("title", "Thời sự"), ("item", inside), ("item", alone)]
    )
    assert "This programme is in 1 schedule" in kept.says
    assert "1 schedule waits for approval now" in kept.says


async def test_who_sends_what_others_wrote_begins_with_what_waits(station: Station) -> None:
    content = await bulletin(station)
    async with person(station, "người duyệt", (Role.APPROVER, HOME)) as approver:
        assert (await approver.get("/")).url == "/approvals"
        page = await approver.get(f"/?bulletin={content}")
        assert 'id="send-button"' in page.text
        assert 'id="listen-button"' not in page.text
