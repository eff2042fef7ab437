"""The pages of faults: the heaviest first, a power cut as one, seen by whoever looks after it, where they may."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.faults import Fault, FaultDetail, FaultKind
from controller.domain.rights import Role
from controller.store.database import SqlStore
from controller.web.faultpresent import by_weight
from controller.web.faultwords import WORDS, figure, seen_sentence, time_span
from controller.web.i18n import Language, load_translators
from tests.controller.web.callers import SIBLING, person, second_area
from tests.controller.web.station import SPEAKERS, Station

ENGLISH = load_translators()[Language.ENGLISH]
HERE = AreaId("x-1")
SECOND_US = 1_000_000


def fault(kind: FaultKind, number: int = 0, **more: object) -> Fault:
    values: dict[str, object] = {
        "fault_id": f"f-{kind}-{number}",
        "kind": kind,
        "opened_at_us": (1_772_000_000 + number) * SECOND_US,
        "speaker_id": SpeakerId(f"s-{number}"),
        "area_id": HERE,
    }
    return Fault(**(values | more))  # type: ignore[arg-type]


CUT = fault(FaultKind.AREA_OFFLINE, speaker_id=None, detail=FaultDetail(members=2))
PARTS = [fault(FaultKind.OFFLINE, number, group_id=CUT.fault_id) for number in range(2)]
HOT = fault(FaultKind.HOT, 2, detail=FaultDetail(value=83.4, limit=80))
OVER = fault(FaultKind.DISK_SHORT, 1, closed_at_us=1_772_007_300 * SECOND_US)


@pytest.fixture
async def troubled(furnished: Path, tmp_path: Path) -> AsyncIterator[Station]:
    """A station that knew of these faults before it was started again."""
    before = tmp_path / "before"
    shutil.copytree(furnished, before)
    store = SqlStore(f"sqlite+aiosqlite:///{before / 'loa.db'}")
    async with store.transaction() as tx:
        await tx.faults.put([CUT, *PARTS, HOT, OVER])
    await store.close()
    async with Station.open(before, tmp_path / "after", {}) as station:
        yield station


def read(says: str) -> str:
    """One space between words."""
    return " ".join(says.split())


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FaultKind)
@pytest.mark.parametrize("language", Language)
def test_every_kind_says_what_was_seen_and_what_to_do(kind: FaultKind, language: Language) -> None:
    say = load_translators()[language]
    words = WORDS[kind]
    said = [say.gettext(words.word), seen_sentence(kind, FaultDetail(), say), say.gettext(words.advice)]
    assert all(said)
    assert said[1].endswith(".")
    assert said[2].endswith(".")
    if language is Language.VIETNAMESE:
        assert said != [words.word, words.seen, words.advice]


def test_the_heaviest_comes_first_and_among_equals_the_earliest() -> None:
    later, earlier = fault(FaultKind.OFFLINE, 2), fault(FaultKind.OFFLINE, 1)
    assert by_weight([HOT, later, CUT, earlier]) == [CUT, earlier, later, HOT]


def test_why_is_said_where_it_is_known() -> None:
    missed = seen_sentence(FaultKind.AIRING_MISSED, FaultDetail(reason="no_word"), ENGLISH)
    assert missed.endswith("It never told how it went.")
    assert "60 speakers say so." in seen_sentence(FaultKind.DEVICE_TIME_DISAGREES, FaultDetail(value=60), ENGLISH)
    unheard = seen_sentence(FaultKind.NOT_HEARD, FaultDetail(value=-61.2, limit=-18.0), ENGLISH)
    assert unheard.endswith("Heard at −61.2 dB; its reference is −18.0 dB.")
    assert seen_sentence(FaultKind.OFFLINE, FaultDetail(reason="of tomorrow"), ENGLISH).endswith("already has.")


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (FaultKind.HOT, 83.4, "83 °C"),
        (FaultKind.CLOCK_ERROR, 48_000.0, "48.0 ms"),
        (FaultKind.CLOCK_ERROR, 480_000.0, "480 ms"),
        (FaultKind.DISK_SHORT, 1.2e8, "120.0 MB"),
        (FaultKind.REFUSALS, 3.0, "3"),
    ],
)
def test_a_figure_has_the_unit_of_its_kind(kind: FaultKind, value: float, said: str) -> None:
    assert figure(kind, value, ENGLISH) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.002, "2.0 ms"), (7, "7 seconds"), (90, "1 minute"), (7_300, "2 hours"), (200_000, "2 days")],
)
def test_a_span_is_told_in_its_largest_unit(seconds: float, said: str) -> None:
    assert time_span(seconds, ENGLISH) == said


# --- pages ------------------------------------------------------------------------------------------------------------


async def test_a_power_cut_is_one_fault_with_its_speakers_and_stands_before_the_lighter_ones(troubled: Station) -> None:
    async with troubled.browser() as browser:
        page = read((await browser.get("/faults")).says)
    assert "2 faults are open. 2 of them nobody has seen yet." in page
    cut, hot = page.index("Power or line cut: Xã Hoà Bình"), page.index("Too hot: Đầu làng")
    assert cut < page.index("2 speakers Chợ xã Xã Hoà Bình Nhà văn hoá") < hot
    assert "Measured: 83 °C; the limit is 80 °C." in page
    assert "Shade the box from the sun" in page
    assert "Storage short" not in page.partition("2 faults are open")[2]


async def test_faults_are_narrowed_and_what_is_over_is_history(troubled: Station) -> None:
    async with troubled.browser() as browser:
        assert "1 fault is open." in (await browser.get("/faults?kind=hot&area=x-1")).says
        assert "No fault of this kind is open here." in (await browser.get("/faults?kind=output")).says
        assert "2 faults are open." in (await browser.get("/faults?kind=nonsense&area=nowhere")).says
        past = read((await browser.get("/faults/history")).says)
        assert "1 fault is listed." in past
        assert "Storage short: Nhà văn hoá" in past
        assert "2 hours" in past
        assert "No fault that is over" in (await browser.get("/faults/history?kind=hot")).says
        assert (await browser.get("/faults/history?before=nonsense")).status == 400


@pytest.mark.parametrize("scripts", [True, False])
async def test_who_looks_after_a_fault_says_so(troubled: Station, scripts: bool) -> None:
    async with troubled.browser(scripts=scripts) as browser:
        await browser.get("/speakers/s-2")
        answer = await browser.post(f"/faults/{HOT.fault_id}/seen", {"back": "/speakers/s-2"})
        assert (answer.status, answer.url) == (
            (204, f"/faults/{HOT.fault_id}/seen") if scripts else (200, "/speakers/s-2")
        )
        assert re.search(r"Seen\s+admin", (await browser.get("/parts/speakers/s-2/faults")).says)
        assert (await browser.post("/faults/f-nothing/seen", {"back": "/"})).status == 404


async def test_a_speaker_of_a_power_cut_says_so_and_is_looked_after_with_the_others(troubled: Station) -> None:
    async with troubled.browser() as browser:
        page = (await browser.get("/speakers/s-0")).says
        assert "Most speakers of its area went at the same time." in page
        assert "Ask whether the power is cut there" in page
        await browser.post(f"/faults/{CUT.fault_id}/seen", {"back": "/"})
        assert re.search(r"Seen\s+admin", (await browser.get("/parts/speakers/s-0/faults")).says)


async def test_the_number_of_faults_stands_in_the_bar_and_on_the_first_page(troubled: Station) -> None:
    async with troubled.browser() as browser:
        first = (await browser.get("/")).says
        assert "Speakers 2 open faults" in first
        assert "2 faults" in (await browser.get("/parts/speakers")).says
        assert (await browser.get("/parts/faults-count")).says.strip() == "2 open faults"


async def test_nobody_sees_or_notes_faults_of_another_area(troubled: Station) -> None:
    await second_area(troubled)
    async with person(troubled, "kỹ thuật", (Role.TECHNICIAN, SIBLING)) as next_door:
        assert "No fault is open." in (await next_door.get("/faults")).says
        assert "No fault that is over" in (await next_door.get("/faults/history")).says
        assert (await next_door.post(f"/faults/{HOT.fault_id}/seen", {"back": "/"})).status == 403
    async with person(troubled, "biên tập", (Role.EDITOR, HERE)) as editor:
        page = (await editor.get("/faults")).says
        assert "Not seen yet" in page
        assert "I have seen it" not in page


async def test_a_list_finds_speakers_by_their_faults(troubled: Station) -> None:
    async with troubled.browser() as browser:
        page = (await browser.get("/speakers?state=fault%3Ahot")).says
        assert "Đầu làng" in page
        assert SPEAKERS[0] not in page
        assert "Too hot" in (await browser.get("/parts/speaker-rows?sort=fault")).says
