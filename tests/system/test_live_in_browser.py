"""Speaking live in a real browser: press, count down, be heard, end; with and without WebCodecs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from controller.stage import Json, Stage, station
from tests.system.hearing import recorded
from tests.system.person import PHONE, SOON, Person, chromium, person

MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
NO_WEBCODECS = "delete window.AudioEncoder"
HORN = "Sân đình"
LOUD = 0.02

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One with a microphone that beeps, and that every page may use."""
    async with chromium(*MICROPHONE) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with station(tmp_path_factory.mktemp("desk"), (HORN,), "--output", "wav") as running:
        yield running


@pytest_asyncio.fixture(params=["", NO_WEBCODECS], ids=["packets", "pieces"], loop_scope="module")
async def somebody(request: pytest.FixtureRequest, browser: Browser, desk: Stage) -> AsyncIterator[Person]:
    async with person(browser, desk.url, desk.password, "vi", PHONE) as built:
        await built.window.add_init_script(request.param)
        await built.sign_in()
        yield built


def heard(desk: Stage, before: set[Path]) -> bool:
    """Whether something was heard from the horn that was not there before."""
    found = [path for path in desk.wav_dir(HORN).glob("*.wav") if path not in before]
    return any(abs(recorded(path)).max(initial=0) > LOUD for path in found)


async def test_who_presses_is_heard_until_they_end_it_and_sees_so(somebody: Person, desk: Stage) -> None:
    window, before = somebody.window, set(desk.wav_dir(HORN).glob("*.wav"))
    await window.goto(f"{desk.url}/live")
    await window.locator("#title").fill("Thông báo của xã")
    await window.locator("input[name=areas]").first.check()
    await window.locator("[data-mic-press]").click()
    studio = window.locator("[data-microphone]")
    await expect(studio).to_have_attribute("data-mic-state", "counting", timeout=SOON)
    await expect(studio).to_have_attribute("data-mic-state", "speaking", timeout=SOON)
    await expect(window.locator("[data-mic-hearing]")).to_have_text(
        somebody.filled("{n} of {of}", n="1", of="1"), timeout=SOON
    )
    await window.wait_for_function("document.querySelector('[data-mic-level]').value > 30")

    async def sounds() -> bool | None:
        return True if heard(desk, before) else None

    await desk.until("the horn to sound", sounds, within_s=20)
    await window.locator("[data-mic-end]").click()
    await expect(window.locator("[data-mic-note]")).to_have_text(somebody.reads("The broadcast has ended."))
    await expect(studio).to_have_attribute("data-mic-state", "idle")
    airing_id = await studio.get_attribute("data-airing")

    async def kept() -> Json | None:
        found = (await desk.api("GET", f"/api/v1/airings/{airing_id}/archives"))["archives"]
        return dict(found[0]) if found else None

    archive = await desk.until("what was said to be kept", kept, within_s=20)
    assert archive["frames"] > 24_000
    assert somebody.complaints == []
