"""The daily work at the desk, in a browser, on real speakers: recordings, planned times, volume, stopping everything,
letting a speaker go, and a server that goes away.
"""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from controller.stage import Stage
from tests.system.deeds import (
    adopt,
    box_number,
    ends,
    hand_in,
    listed,
    listen,
    run,
    send_now,
    speaker,
)
from tests.system.hearing import recorded, write_recording
from tests.system.person import SECONDS, SOON, STREAM_ENDED, Person, person

FIRST, SECOND = "Sân đình", "Trạm y tế"

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(params=["vi"], loop_scope="module")
async def somebody(request: pytest.FixtureRequest, browser: Browser, desk: Stage) -> AsyncIterator[Person]:
    """Signed in, on the first page, with nothing stopped and both speakers ready."""
    await desk.api("DELETE", "/api/v1/stop")
    await desk.connected(2)
    async with person(browser, desk.url, desk.password, request.param) as built:
        await built.sign_in()
        yield built


async def test_a_recording_is_uploaded_heard_and_sent_to_one_speaker(somebody: Person, tmp_path: Path) -> None:
    await hand_in(somebody, write_recording(tmp_path / "bản tin.wav", 2), "Nhạc hiệu")
    await listen(somebody)
    await somebody.window.get_by_role("checkbox", name=SECOND).uncheck()
    await expect(somebody.window.locator(".actions-row [data-targets-sum]")).to_have_text(
        somebody.filled("{n} of {total} speakers chosen, {ready} ready", n="1", total="2", ready="1")
    )
    await send_now(somebody)
    await ends(somebody, FIRST, "Finished", within_s=20)
    await expect(somebody.window.locator("li.run")).to_have_count(1)
    await expect(somebody.window.get_by_role("heading", name="Nhạc hiệu")).to_be_visible()


async def test_a_bulletin_waits_for_its_time_and_can_be_taken_back(somebody: Person, tmp_path: Path) -> None:
    window = somebody.window
    await hand_in(somebody, write_recording(tmp_path / "sáng mai.wav", 2), "Sáng mai")
    await listen(somebody)
    await window.get_by_role("radio", name=somebody.reads("At a date and time")).check()
    when = window.get_by_label(somebody.reads("Date and time"))
    await when.fill(f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT05:30}")
    await somebody.press("Schedule")
    await somebody.press("Approve my own, on the record")
    await somebody.sees("Approved", window.locator("#flash"))
    await somebody.open("/")
    await window.get_by_role("link", name=FIRST, exact=True).first.click()
    rundown = window.locator("section", has=window.get_by_role("heading", name=somebody.reads("What it plays next")))
    await expect(rundown).to_contain_text("05:30", timeout=15_000)
    await rundown.get_by_role("link", name="Sáng mai").click()
    await somebody.sees("Planned", window.locator(".airing-head"))
    await expect(window.locator(".airing-head")).to_contain_text("05:30:00")
    known = re.compile(f"{re.escape(somebody.reads('Pushed'))}|{re.escape(somebody.reads('Stored'))}")
    for name in (FIRST, SECOND):  # what is days ahead is fetched when there is time
        await expect(run(somebody, name).locator(".chip")).to_have_text(known, timeout=15 * SECONDS)

    await somebody.press("Stop")
    await somebody.sees("It was taken out of the plan before it began.", window.locator("#airing"))
    await window.get_by_role("link", name=FIRST, exact=True).click()
    await somebody.sees("Nothing is planned for this speaker.")


async def test_volume_changes_are_heard_at_once_and_shown(somebody: Person, desk: Stage, tmp_path: Path) -> None:
    window = somebody.window
    await hand_in(somebody, write_recording(tmp_path / "dài.wav", 20), "Thử âm lượng")
    await listen(somebody)
    airing_id = await send_now(somebody)
    await ends(somebody, FIRST, "Sounding", within_s=15)
    loud = await loudness(desk, FIRST, airing_id, 1.0)
    await window.get_by_role("link", name=FIRST, exact=True).click()
    slider = window.get_by_label(somebody.reads("Volume in percent"))
    await slider.focus()
    while int(await slider.input_value()) > 20:
        await slider.press("ArrowLeft")
    await somebody.press("Apply")
    await somebody.sees("The volume is set to %(percent)s percent.", percent=20)

    async def quiet() -> bool | None:
        return (await loudness(desk, FIRST, airing_id, 1.0)) < loud / 3 or None

    await desk.until("the speaker to play softly", quiet, within_s=8, every_s=0.2)
    await window.reload()
    await expect(slider).to_have_value("20")
    await window.get_by_role("link", name=re.compile("Thử âm lượng")).first.click()
    await somebody.press("Stop")
    await ends(somebody, FIRST, "Stopped", within_s=5)


async def loudness(desk: Stage, name: str, airing_id: str, last_s: float) -> float:
    """How loud the speaker has been in the last second of what it played (RMS; full scale is 1)."""

    async def long_enough() -> float | None:
        files = sorted(desk.wav_dir(name).glob(f"*{airing_id}*.wav"))
        sound = recorded(files[-1]) if files else np.zeros(0)
        frames = round(last_s * 48_000)
        return float(np.sqrt(np.mean(sound[-frames:] ** 2))) if len(sound) > 2 * frames else None

    return await desk.until("something to be heard", long_enough, within_s=10)


@pytest.mark.parametrize("somebody", ["en"], indirect=True)
async def test_stopping_everything_silences_and_holds_until_it_is_allowed_again(
    somebody: Person, tmp_path: Path
) -> None:
    window = somebody.window
    dialog = window.locator("#confirm")
    await hand_in(somebody, write_recording(tmp_path / "dài.wav", 20), "Bị dừng")
    await listen(somebody)
    await send_now(somebody)
    await ends(somebody, FIRST, "Sounding", within_s=15)
    await somebody.press("Stop all")
    await somebody.press("Go back", dialog)
    await expect(dialog).to_be_hidden()
    await ends(somebody, FIRST, "Sounding", within_s=1)

    await somebody.press("Stop all")
    await somebody.press("Stop everything", dialog)
    await somebody.sees("Everything is stopped.", window.locator("#stop-all-banner"))
    await ends(somebody, FIRST, "Stopped", within_s=5)
    await ends(somebody, SECOND, "Stopped", within_s=5)

    await somebody.open()
    await expect(speaker(somebody, FIRST)).to_contain_text(somebody.reads("Stopped"))
    await hand_in(somebody, write_recording(tmp_path / "ngắn.wav", 2), "Sau khi dừng")
    await listen(somebody)
    await somebody.press("Send now")
    await somebody.sees("Everything is stopped. Allow playing again before you send.", window.locator("#prepared"))

    await somebody.press("Allow playing again")
    await somebody.press("Allow playing again", dialog)
    await expect(window.locator("#stop-all-banner")).to_be_empty()
    await expect(speaker(somebody, FIRST)).to_contain_text(somebody.reads("Ready"))


async def test_a_speaker_is_released_and_adopted_again(somebody: Person, desk: Stage) -> None:
    window = somebody.window
    name = "Bến đò"
    await desk.start_agent(name, "--output", "wav")
    await adopt(somebody, desk, name)
    device_id = await box_number(desk, name)
    await speaker(somebody, name).get_by_role("link").click()
    await somebody.press("Release this speaker")
    await somebody.press("Release", window.locator("#confirm"))
    await somebody.sees("The speaker is released. It can be adopted anew.")
    await expect(window.locator("tbody", has_text=name)).to_have_count(0)

    await somebody.open()
    await expect(listed(somebody, device_id)).to_be_visible(timeout=SOON)
    await adopt(somebody, desk, name)

    await speaker(somebody, name).get_by_role("link").click()
    await somebody.press("Release this speaker")
    await somebody.press("Release", window.locator("#confirm"))
    await somebody.sees("The speaker is released. It can be adopted anew.")
    await desk.agents.pop(name).stop()


async def test_a_device_with_a_copied_name_is_a_device_of_its_own(somebody: Person, desk: Stage) -> None:
    copy = Stage(desk.folder / "copy", port=desk.port)
    await copy.start_agent(FIRST, "--output", "wav")
    try:
        device_id = await box_number(copy, FIRST)
        assert device_id != await box_number(desk, FIRST)
        entry = listed(somebody, device_id)
        await expect(entry).to_contain_text(FIRST, timeout=SOON)
        await somebody.sees("Same name", entry)
        await expect(speaker(somebody, FIRST)).to_contain_text(somebody.reads("Ready"))
        await entry.locator("summary").click()
        await somebody.press("Identify", entry)
        await somebody.sees("The device speaks its code now. Listen, then type the 6 digits.", entry)
        await expect(speaker(somebody, FIRST)).to_have_count(1)
    finally:
        await copy.agents[FIRST].stop()


async def test_a_page_that_lost_its_server_says_so_and_catches_up_by_itself(somebody: Person, desk: Stage) -> None:
    window = somebody.window
    lost = window.get_by_text(
        somebody.reads("Connection to the server lost. What you see may be old; it is being restored.")
    )
    assert desk.controller is not None
    await expect(lost).to_be_hidden()
    await desk.controller.kill()
    await expect(lost).to_be_visible()
    await desk.start_controller()
    await expect(lost).to_be_hidden(timeout=15 * SECONDS)
    await expect(speaker(somebody, FIRST)).to_contain_text(somebody.reads("Ready"), timeout=SOON)
    somebody.forgive("Failed to load resource: net::ERR_", STREAM_ENDED)
    somebody.forgive("htmx:afterRequest", "htmx:sendError")  # of what was being asked as it was killed
