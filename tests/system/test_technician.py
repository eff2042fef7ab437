"""A technician at the desk and real boxes: what they have a speaker do is done, and a dead box is replaced."""

import pytest
from playwright.async_api import Locator, expect

from controller.stage import Stage, command
from tests.system.person import SECONDS, Person, chromium, person

pytestmark = pytest.mark.system

NAME = "Chợ trung tâm"


async def done(somebody: Person, action: str, *, within_s: float = 20) -> Locator:
    """Presses the button, and waits for the line that tells how it ended, without looking for it."""
    await somebody.button(action).click()
    line = somebody.window.locator("#hands .hand-line").filter(has_text=somebody.reads(action)).first
    await expect(line).to_contain_text(somebody.reads("Done"), timeout=within_s * SECONDS)
    await expect(line).to_be_in_viewport()
    return line


async def test_a_technician_has_a_speaker_do_things_and_puts_a_new_box_in_the_place_of_a_dead_one(stage: Stage) -> None:
    old = await stage.start_agent(NAME, "--output", "wav")
    speaker = await stage.adopt(NAME, area="Thôn Đông")
    await stage.connected(1)
    async with chromium() as browser, person(browser, stage.url, stage.password) as somebody:
        await somebody.sign_in()
        await somebody.open(f"/speakers/{speaker['speaker_id']}")
        await done(somebody, "Test tone")
        line = await done(somebody, "Fetch the log")
        await line.get_by_role("link", name=somebody.reads("Read the log")).click()
        await expect(somebody.window.locator(".log-text")).to_contain_text("test_tone")

        await old.kill()
        await stage.start_agent("Bộ mới", "--output", "wav")
        new_id = (await stage.found("Bộ mới"))["device_id"]
        code = await stage.run(command("loa-agent"), "code", "--state-dir", str(stage.state_dir("Bộ mới")))
        await somebody.open(f"/speakers/{speaker['speaker_id']}/replace")
        await somebody.window.get_by_role("radio", name="Bộ mới").check()
        await somebody.window.locator("#replace-code").fill(code)
        await somebody.press("Replace the box", somebody.window.locator("#replace"))
        await somebody.press("Replace the box", somebody.window.locator("#confirm"))
        await somebody.sees(
            "The new box hangs there now. It fetches what is planned, and the old one is obeyed no more."
        )
        await expect(somebody.window.locator("#speaker-past")).to_contain_text(new_id)
        await expect(somebody.window.locator("#speaker")).to_contain_text(somebody.reads("Ready"), timeout=20 * SECONDS)
        await expect(somebody.window.get_by_role("heading", name=NAME, exact=True)).to_be_visible()
        await done(somebody, "Test tone")

        # The old box comes back from repair: it is told to forget the station, and is a new device.
        await stage.start_agent(NAME, "--output", "wav")
        assert (await stage.found(NAME))["device_id"] == speaker["device_id"]
