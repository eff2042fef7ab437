"""The pages of emergencies and drills, as two officers use them; the studio is quick."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.alarm_board import Board, BoardLine, Reach, counted
from controller.domain.emergencies import AreaPolicy, Emergency, EmergencyId, EmergencyState
from controller.domain.rights import Role
from controller.web.deeds import plain
from controller.web.emergency.consoletree import MOST_ROWS, Count, Ground
from controller.web.emergency.present import LINES_A_PAGE, board
from controller.web.emergency.views import Lines
from controller.web.i18n import Language, load_translators
from schedules.areas import Area, AreaTree
from tests.controller.web.browser import Answer, Browser
from tests.controller.web.callers import HOME, OWN_PASSWORD, add_person
from tests.controller.web.station import Station

FLOOD = [
    ("kept_how", "template"),
    ("kept_template", "flood"),
    ("slot_river", "sông Hồng"),
    ("slot_place", "thôn Đông"),
    ("slot_time", "20 giờ"),
    ("areas", HOME),
    ("severity", "Severe"),
    ("siren", "1"),
]


@pytest.fixture
async def station_of_two(station: Station) -> Station:
    for name in ("duc", "lan"):
        await add_person(station, name, (Role.OFFICER, HOME))
    return station


@asynccontextmanager
async def officer(station: Station, name: str, *, scripts: bool = False) -> AsyncIterator[Browser]:
    async with Browser(station.url, language="en", scripts=scripts) as browser:
        await browser.sign_in(name, OWN_PASSWORD)
        yield browser


async def prepared(station: Station, browser: Browser, path: str = "/emergency") -> tuple[Emergency, Answer]:
    """One that waits for the second person, and the page that whoever prepared it sees."""
    await browser.get(path)
    answer = await browser.post(path, FLOOD)
    assert answer.status == 200, answer.says
    emergency_id = EmergencyId(answer.url.rpartition("/")[2])
    async with asyncio.timeout(10):
        one = await station.desk.emergencies.book.wait_ready(emergency_id)
    assert one.state is EmergencyState.PREPARED, one.failure
    return one, await browser.get(f"/emergency/{emergency_id}")


async def state(station: Station, one: Emergency) -> EmergencyState:
    return (await station.desk.emergencies.get(one.emergency_id)).state


async def test_the_console_shows_the_whole_text_before_it_is_complete(station_of_two: Station) -> None:
    async with officer(station_of_two, "duc", scripts=True) as duc:
        await duc.get("/emergency")
        what = await duc.post("/emergency/draft", [("template", "flood")], headers={"HX-Target": "what"})
        assert 'name="slot_river"' in what.text
        assert "[River]" in what.says or "[Sông]" in what.says
        typed = [("kept_how", "template"), ("kept_template", "flood"), ("slot_river", "sông Lô")]
        preview = await duc.post("/emergency/draft", typed, headers={"HX-Target": "preview"})
        assert "sông Lô" in preview.says
        assert "brackets" in preview.says
        assert "/sentences/audio?" in preview.text


async def test_nothing_typed_is_lost_when_something_is_missing(station_of_two: Station) -> None:
    async with officer(station_of_two, "duc") as duc:
        await duc.get("/emergency")
        answer = await duc.post("/emergency", [pair for pair in FLOOD if pair[0] != "slot_place"])
        assert answer.status == 422
        assert 'value="sông Hồng"' in answer.text
        assert "Fill in every field" in answer.says
        nowhere = await duc.post("/emergency", [pair for pair in FLOOD if pair[0] != "areas"])
        assert nowhere.status == 422
        assert await station_of_two.desk.emergencies.book.latest(5) == ()


async def test_a_form_that_is_sent_again_with_its_key_leads_to_what_it_made(station_of_two: Station) -> None:
    desk = station_of_two.desk.emergencies
    async with officer(station_of_two, "duc") as duc, officer(station_of_two, "lan") as lan:
        await duc.get("/emergency")
        keyed = [*FLOOD, ("once", "5f1c")]
        missing = await duc.post("/emergency", [pair for pair in keyed if pair[0] != "slot_place"])
        assert missing.status == 422
        first = await duc.post("/emergency", keyed)
        again = await duc.post("/emergency", keyed)
        assert first.status == again.status == 200
        assert again.url == first.url
        assert len(desk.open()) == 1
        await lan.get("/emergency")
        assert (await lan.post("/emergency", keyed)).url != first.url, "another person's key is another one"
        long = await duc.post("/emergency", [*FLOOD, ("once", "x" * 65)])
        assert long.status == 400
        assert 'value="sông Hồng"' in long.text
        assert len(desk.open()) == 2


async def test_a_second_person_sends_it_by_a_deed_that_is_no_click(station_of_two: Station) -> None:
    async with officer(station_of_two, "duc") as duc, officer(station_of_two, "lan") as lan:
        one, page = await prepared(station_of_two, duc)
        assert "another person confirms it" in page.says
        assert "/confirm" not in page.text
        address = f"/emergency/{one.emergency_id}"
        assert (await duc.post(f"{address}/confirm", {"word": "Xã Hoà Bình"})).status == 409

        desk = await lan.get("/")
        assert "An EMERGENCY waits for a second person" in desk.says
        assert address in desk.text
        seen = await lan.get(address)
        assert "0/3 speakers ready" in seen.says
        assert "sông Hồng" in seen.says
        click = await lan.post(f"{address}/confirm", {})
        assert click.status == 422
        assert await state(station_of_two, one) is EmergencyState.PREPARED

        board_page = await lan.post(f"{address}/confirm", {"word": "xa hoa binh"})
        assert board_page.url == address
        assert await state(station_of_two, one) is EmergencyState.SENT
        assert "0 of 3 speakers have it" in board_page.says
        assert "Not reached" in board_page.says
        assert "It is not connected now." in (await lan.get(f"/parts{address}/board")).says
        assert "EMERGENCY on the air" in (await duc.get("/speakers")).says

        corrected = await lan.get(f"{address}/correct")
        assert "The correction that stands ready" in corrected.says
        ended = await lan.post(f"{address}/end", {})
        assert "Ended" in ended.says
        assert "EMERGENCY on the air" not in (await duc.get("/speakers")).says


async def test_why_it_was_corrected_stands_on_both_pages(station_of_two: Station) -> None:
    async with officer(station_of_two, "duc") as duc, officer(station_of_two, "lan") as lan:
        one, _ = await prepared(station_of_two, duc)
        address = f"/emergency/{one.emergency_id}"
        await lan.get(address)
        await lan.post(f"{address}/confirm", {"word": "xa hoa binh"})
        reason = "Nước chỉ lên 20 cm, không phải 2 m."
        correction = await lan.post(f"{address}/correct", {"word": "xa hoa binh", "reason": reason})
        assert correction.url != address
        assert f"What was wrong {reason}" in correction.says
        assert f"What was wrong {reason}" in (await duc.get(address)).says
        assert "What was wrong" not in (await duc.get("/emergency")).says


async def test_held_down_is_a_deed_too_but_for_this_emergency_alone(station_of_two: Station) -> None:
    async with officer(station_of_two, "duc") as duc, officer(station_of_two, "lan") as lan:
        one, _ = await prepared(station_of_two, duc)
        address = f"/emergency/{one.emergency_id}"
        await lan.get(address)
        assert (await lan.post(f"{address}/confirm", {"held": "e-another"})).status == 422
        assert (await lan.post(f"{address}/confirm", {"held": one.emergency_id})).status == 200
        assert await state(station_of_two, one) is EmergencyState.SENT


async def test_one_alone_sends_it_only_where_the_area_allows_it_and_with_a_reason(station_of_two: Station) -> None:
    async with officer(station_of_two, "duc") as duc:
        one, page = await prepared(station_of_two, duc)
        address = f"/emergency/{one.emergency_id}"
        assert "send it alone" not in page.says
        said = {"word": "Xã Hoà Bình", "reason": "Mất điện thoại, nước đã vào nhà"}
        assert (await duc.post(f"{address}/break-glass", said)).status == 409

        async with station_of_two.browser() as admin:
            await admin.get("/emergency/policies")
            policy = {"area_id": HOME, "break_glass": "yes", "second_person": ""}
            assert "one alone may send" in (await admin.post("/emergency/policies", policy)).says
        assert station_of_two.desk.emergencies.policies.said(HOME) == AreaPolicy(break_glass=True)

        assert "send it alone" in (await duc.get(address)).says
        assert (await duc.post(f"{address}/break-glass", {**said, "reason": " "})).status == 422
        mistyped = await duc.post(f"{address}/break-glass", {**said, "word": "Xã Khác"})
        assert 'role="alert"' in mistyped.text
        assert 'id="alone" data-keep open' in mistyped.text  # not folded away over what was written
        assert "Mất điện thoại" in mistyped.says
        sent = await duc.post(f"{address}/break-glass", said)
        assert "Mất điện thoại" in sent.says
        assert await state(station_of_two, one) is EmergencyState.SENT


async def test_a_drill_is_never_the_page_the_colour_or_the_prompt_of_the_real_thing(station_of_two: Station) -> None:
    async with officer(station_of_two, "duc") as duc, officer(station_of_two, "lan") as lan:
        real, drill = await duc.get("/emergency"), await duc.get("/emergency/drill")
        assert 'class="alarm alarm-real"' in real.text
        assert 'class="alarm alarm-drill"' in drill.text
        assert "REAL" not in drill.says
        assert "Make the drill ready" not in real.says
        assert 'name="siren"' not in drill.text

        one, _ = await prepared(station_of_two, duc, "/emergency/drill")
        assert one.drill
        address = f"/emergency/{one.emergency_id}"
        page = await lan.get(address)
        assert 'class="alarm alarm-drill"' in page.text
        assert "data-hold=" not in page.text
        assert page.says.count("Đây là diễn tập. Xin nhắc lại, đây là diễn tập.") == 2, "as it is heard: first and last"
        # what the hands know from the real thing starts no drill, and the other way round
        for name, value in (("word", "Xã Hoà Bình"), ("held", str(one.emergency_id))):
            assert (await lan.post(f"{address}/confirm", [(name, value)])).status == 422
        assert "DRILL waits for a second person" in (await lan.get("/")).says
        assert (await lan.post(f"{address}/confirm", {"word": "diễn tập"})).status == 200
        assert await state(station_of_two, one) is EmergencyState.SENT


async def test_areas_are_stopped_and_let_go_on_purpose(station_of_two: Station) -> None:
    async with officer(station_of_two, "duc") as duc:
        await duc.get("/stops")
        assert (await duc.post("/stops", {})).status == 422
        stopped = await duc.post("/stops", {"areas": HOME})
        assert "Since" in stopped.says
        assert "Stopped in: Xã Hoà Bình." in (await duc.get("/calendar")).says
        (held,) = station_of_two.desk.stops.holding()
        released = await duc.post(f"/stops/{held.order_id}/release", {})
        assert "Nothing is stopped." in released.says
        assert station_of_two.desk.stops.holding() == ()


async def test_the_page_of_live_broadcasts_leads_to_trust_where_a_browser_gives_no_microphone(
    station_of_two: Station,
) -> None:
    async with officer(station_of_two, "duc") as duc:
        page = await duc.get("/live")
    assert 'href="/trust"' in page.text
    assert "Chợ xã" in page.says


# --- what is bounded --------------------------------------------------------------------------------------------------


def test_a_console_lists_some_hundred_areas_and_no_more() -> None:
    communes = [Area(area_id=f"x-{n}", parent_id="p", level="commune", name=f"Xã {n}") for n in range(100)]
    villages = [
        Area(area_id=f"v-{n}-{i}", parent_id=f"x-{n}", level="village", name=f"Thôn {i}")
        for n in range(100)
        for i in range(90)
    ]
    tree = AreaTree([Area(area_id="p", parent_id=None, level="province", name="Tỉnh"), *communes, *villages])
    counts = {area.area_id: Count(ready=1, speakers=2) for area in tree.walk()}
    below: dict[str, list[str]] = {}
    for area in tree.walk():
        below.setdefault(area.parent_id or "", []).append(area.area_id)
    ground = Ground(tree=tree, counts=counts, mine=frozenset(counts), below=below)
    rows = ground.rows(["v-7-3"])
    assert len(rows) <= MOST_ROWS
    assert {row.more for row in rows if row.depth == 1} == {90, 0}
    assert next(row for row in rows if row.id == "v-7-3").checked
    assert len(ground.rows((), "x-7", 2)) == 90
    assert ground.total(["x-7", "v-7-3"]).speakers == 2


def test_a_board_of_nine_thousand_speakers_is_counts_and_a_page() -> None:
    lines = tuple(
        BoardLine(
            speaker_id=SpeakerId(f"s-{n}"),
            speaker_name=f"Cụm {n}",
            area_id=AreaId(f"x-{n % 300}"),
            area_name=f"Xã {n % 300}",
            reach=Reach.SOUNDING if n % 9 else Reach.NOT_REACHED,
            connected=bool(n % 9),
            reason=None if n % 9 else "offline",
        )
        for n in range(9_000)
    )
    found = Board(emergency=None, lines=lines, counts=counted(lines), at_us=0)  # type: ignore[arg-type]
    say = load_translators()[Language.ENGLISH]
    shown = board(found, Lines(lines=(), state="not_reached", number=3), say)
    assert (shown.tally.total, shown.tally.sounding, shown.tally.not_reached) == (9_000, 8_000, 1_000)
    assert (len(shown.lines.lines), shown.lines.number, shown.lines.pages) == (LINES_A_PAGE, 3, 20)
    assert {line.reason_sentence for line in shown.lines.lines} == {"It is not connected now."}
    assert len(shown.areas) + shown.more_areas == 300
    assert len(shown.areas) <= 60


def test_a_word_is_known_without_accents_and_capitals() -> None:
    assert plain("Diễn  TẬP ") == plain("dien tap")
    assert plain("Xã Đông Hà") == "xadongha"
