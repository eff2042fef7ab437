"""The choice of speakers where there are thousands: areas, opened one by one."""

import re

import pytest

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from controller.domain.speakers import Speaker, SpeakerState
from controller.web import targets
from controller.web.targets import Choice
from schedules.areas import Area
from tests.controller.web.browser import Browser
from tests.controller.web.station import Station
from tests.controller.web.test_broadcasting import heard, typed

HOME = AreaId("x-1")
PATH = (AreaId("province"), AreaId("commune"), AreaId("village"))


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, False),  # nothing is chosen to begin with
        ({"known": ["commune"], "areas": ["commune"]}, True),
        ({"known": ["commune"]}, False),
        (
            {"known": ["province", "commune"], "areas": ["province"]},
            True,
        ),  # without scripts: all that is in it
        ({"known": ["province", "commune"], "areas": ["elsewhere"]}, False),
        ({"known": ["s", "village"], "targets": ["s"]}, True),
        ({"known": ["s", "village"], "rest": ["village"]}, False),  # left out, among others that are wanted
        ({"known": ["s-2", "village"], "rest": ["village"]}, True),
        ({"known": ["s-2", "village", "commune"], "rest": ["commune"]}, False),  # the rest of the commune, not of this
    ],
)
def test_what_is_not_listed_is_wanted_if_what_it_lies_in_is(fields: dict[str, list[str]], wanted: bool) -> None:
    choice = Choice.of(lambda name: {"folded": ["1"], **fields}.get(name, []))
    assert choice.wants(SpeakerId("s"), PATH) is wanted


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "MOST_LISTED", 3)
    monkeypatch.setattr(targets, "PIECE", 2)


async def villages(station: Station) -> None:
    """Beside the three speakers of the commune: a village with three, and one with one."""
    async with station.parts.store.transaction() as tx:
        for village, count in (("v-1", 3), ("v-2", 1)):
            await tx.areas.add(Area(area_id=village, parent_id=HOME, level="village", name=f"Thôn {village}"))
            for number in range(count):
                await tx.speakers.put(
                    Speaker(
                        speaker_id=SpeakerId(f"{village}-{number}"),
                        name=f"Loa {village} {number}",
                        area_id=AreaId(village),
                        device_id=DeviceId(f"d-{village}-{number}"),
                        device_key=bytes(32),
                        state=SpeakerState.ADOPTED,
                        adopted_at_us=0,
                    )
                )


def boxes(text: str, name: str) -> dict[str, bool]:
    """The boxes of this name, and which are ticked."""
    found = re.findall(rf'type="checkbox"[^>]*name="{name}" value="([^"]*)"([^>]*)>', text)
    return {value: "checked" in more.split() for value, more in found}


async def test_of_an_area_around_others_that_are_listed_too_it_is_said_that_it_counts_without_them(
    station: Station,
) -> None:
    async with station.browser() as browser:
        assert "without the areas within it" not in (await browser.get("/")).says
        await villages(station)
        page = await browser.get("/")
        assert "Xã Hoà Bình without the areas within it 0/3 ready" in page.says
        assert page.says.count("without the areas within it") == 1
        assert re.search(r"Thôn v-1 +0/3 ready", page.says)
        assert "0/7 ready" in (await browser.get("/emergency")).says, "there a village counts for its commune, too"


@pytest.mark.usefixtures("few")
async def test_many_are_shown_as_areas_and_what_lies_in_one_comes_when_it_is_opened(station: Station) -> None:
    await villages(station)
    async with station.browser(scripts=True) as browser:
        first = await browser.get("/")
        assert boxes(first.text, "areas") == {HOME: False, "v-1": False, "v-2": False}
        assert boxes(first.text, "targets") == {}, "what stands in the commune itself comes after its villages"
        assert "0/7 ready" in first.says
        assert "3 more speakers" in first.says
        assert 'name="folded" value="1"' in first.text

        opened = await browser.get("/parts/targets/inside?area=v-1&areas=v-1")
        assert boxes(opened.text, "targets") == {"v-1-0": True, "v-1-1": True}
        assert boxes(opened.text, "rest") == {"v-1": True}
        more = await browser.get("/parts/targets/inside?area=v-1&shown=2&rest=v-1")
        assert boxes(more.text, "targets") == {"v-1-2": True}
        assert boxes(more.text, "rest") == {}
        unchosen = await browser.get("/parts/targets/inside?area=v-2")
        assert boxes(unchosen.text, "targets") == {"v-2-0": False}
        counted = await browser.get(f"/parts/targets/counts?open={HOME}")
        assert re.findall(r'id="count-([^"]+)" data-n="(\d+)"', counted.text) == [
            (HOME, "7"),
            ("v-1", "3"),
            ("v-2", "1"),
        ]


async def sent(station: Station, browser: Browser, *fields: tuple[str, str]) -> set[str]:
    listened = await heard(station, browser, typed())
    answer = await browser.post("/broadcast/send", [*listened, ("folded", "1"), *fields])
    assert answer.status == 200, answer.says
    newest = max(await station.airings(), key=lambda one: one.planned_at_us)
    return set(newest.speaker_ids)


@pytest.mark.usefixtures("few")
async def test_an_area_is_sent_to_whole_and_an_opened_one_without_who_was_left_out(station: Station) -> None:
    await villages(station)
    async with station.browser() as browser:
        assert await sent(station, browser, ("known", "v-1"), ("known", "v-2"), ("areas", "v-1")) == {
            "v-1-0",
            "v-1-1",
            "v-1-2",
        }
        listed = [("known", "v-1"), ("known", "v-1-0"), ("known", "v-1-1"), ("known", "v-2")]
        chosen = [("targets", "v-1-1"), ("rest", "v-1"), ("areas", "v-2")]
        assert await sent(station, browser, *listed, *chosen) == {"v-1-1", "v-1-2", "v-2-0"}
        nobody = await browser.post("/broadcast/send", [*await heard(station, browser, typed()), ("folded", "1")])
        assert nobody.status == 422


@pytest.mark.usefixtures("few")
async def test_without_scripts_what_was_ticked_comes_back(station: Station) -> None:
    await villages(station)
    async with station.browser() as browser:
        chosen = [("folded", "1"), ("known", HOME), ("known", "v-1"), ("known", "v-2"), ("areas", "v-2")]
        page = await browser.post("/broadcast/prepare", [*typed(), *chosen])
        assert boxes(page.text, "areas") == {HOME: False, "v-1": False, "v-2": True}
