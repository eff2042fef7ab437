"""The whole job as a person does it on their first day: a browser, real speakers, nothing else.

Password in, devices found, one heard saying its code, all adopted, a text written, heard, sent, watched to its end with
the proof of it, and a long one stopped in the middle; once in each language.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.async_api import expect

from controller.stage import Stage
from tests.system.deeds import (
    STEPS,
    adopt,
    box_code,
    box_number,
    ends,
    identify,
    listed,
    listen,
    open_adoption,
    run,
    send_now,
    speaker,
    type_code,
    write,
)
from tests.system.hearing import digits_heard, recorded
from tests.system.person import SECONDS, Person, chromium, first_password, person

SPEAKERS = ("Chợ xã", "Nhà văn hoá", "Đầu làng")
TEXT = "Kính thưa bà con, 17h30 chiều nay, trạm y tế tiêm chủng cho trẻ em."
LONG_TEXT = f"{TEXT} Đề nghị các gia đình đưa các cháu đến đúng giờ và mang theo sổ tiêm chủng. " * 3

pytestmark = pytest.mark.system


@pytest.mark.parametrize("language", ["vi", "en"])
async def test_a_person_does_the_whole_job(language: str, tmp_path: Path) -> None:
    async with Stage(tmp_path / "station") as stage:
        await stage.start_controller()
        for name in SPEAKERS:
            await stage.start_agent(name, "--output", "wav")
        password = first_password(stage.folder / "controller.log")
        async with chromium() as browser, person(browser, stage.url, password, language) as somebody:
            await somebody.sign_in()
            await expect(somebody.window.locator("html")).to_have_attribute("lang", language)
            await adopt_by_ear(somebody, stage, SPEAKERS[0])
            await adopt_after_a_slip(somebody, stage, SPEAKERS[1])
            await adopt(somebody, stage, SPEAKERS[2])
            await broadcast_to_the_end(somebody, SPEAKERS)
            await broadcast_and_stop(somebody, SPEAKERS)
            await read_the_log(somebody)


async def adopt_by_ear(somebody: Person, stage: Stage, name: str) -> None:
    """Types what was heard from the speaker itself."""
    device_id = await box_number(stage, name)
    entry = await open_adoption(somebody, device_id)
    await identify(somebody, entry)
    await type_code(somebody, entry, await hear_code(stage, name), name)
    await expect(speaker(somebody, name)).to_contain_text(somebody.reads("Ready"))
    await expect(listed(somebody, device_id)).to_have_count(0)


async def hear_code(stage: Stage, name: str) -> str:
    """Listens to what the speaker says until six digits are heard."""

    async def listened() -> str | None:
        files = list(stage.wav_dir(name).glob("*.wav"))
        heard = digits_heard(recorded(files[0])) if files else ""
        return heard[:6] if len(heard) >= 6 else None

    return await stage.until("the code to be heard", listened, within_s=20, every_s=0.3)


async def adopt_after_a_slip(somebody: Person, stage: Stage, name: str) -> None:
    """A wrong code is used up, and the right one with it: the speaker has to say a new one."""
    entry = await open_adoption(somebody, await box_number(stage, name))
    await identify(somebody, entry)
    code = await box_code(stage, name)
    await type_code(somebody, entry, f"{(int(code) + 1) % 1_000_000:06}", name)
    await somebody.sees(
        "The code was wrong, and it is used up now. Let the device identify itself again for a new code.", entry
    )
    await type_code(somebody, entry, code, name)
    await somebody.sees("The device has no code yet. Let it identify itself first.", entry)
    await identify(somebody, entry)
    await type_code(somebody, entry, await box_code(stage, name), name)
    await expect(speaker(somebody, name)).to_contain_text(somebody.reads("Ready"))


async def broadcast_to_the_end(somebody: Person, names: Sequence[str]) -> None:
    window = somebody.window
    await expect(somebody.button("Send now")).to_be_disabled()
    await write(somebody, "Tiêm chủng", TEXT)
    await listen(somebody)
    await send_now(somebody)
    await window.evaluate("window.neverReloaded = true")
    for name in names:
        await ends(somebody, name, "Sounding", within_s=15)
    await expect(window.locator(".bar .on-air")).to_contain_text("Tiêm chủng")
    for name in names:
        await ends(somebody, name, "Finished", within_s=30)
        steps = run(somebody, name).locator(".step")
        await expect(steps).to_have_count(len(STEPS))
        for number, step in enumerate(STEPS):
            await expect(steps.nth(number)).to_contain_text(re.compile(rf"{somebody.reads(step)}\s*\d\d:\d\d:\d\d"))
    await somebody.sees("%(done)s of %(total)s speakers", done=len(names), total=len(names))
    await expect(window.locator(".bar .on-air")).to_have_count(0)
    await read_evidence(somebody, names[0])
    assert await window.evaluate("window.neverReloaded"), "all this was seen live"


async def read_evidence(somebody: Person, name: str) -> None:
    await run(somebody, name).locator("summary").click()
    region = somebody.window.get_by_role("region", name=somebody.reads("Evidence of %(speaker)s", speaker=name))
    await expect(region).to_be_visible()
    for record in ("Stored, hash verified", "Armed", "Started sounding", "Finished"):
        await somebody.sees(record, region)


async def broadcast_and_stop(somebody: Person, names: Sequence[str]) -> None:
    await somebody.window.get_by_role("link", name=somebody.reads("Broadcast"), exact=True).click()
    await write(somebody, "Bản tin dài", LONG_TEXT)
    await listen(somebody)
    await send_now(somebody)
    for name in names:
        await ends(somebody, name, "Sounding", within_s=15)
    await somebody.press("Stop")
    for name in names:
        await ends(somebody, name, "Stopped", within_s=5)
    await somebody.sees("Stopped by hand", somebody.window.locator("#airing"))
    await expect(somebody.button("Stop")).to_have_count(0)


async def read_the_log(somebody: Person) -> None:
    await somebody.window.get_by_role("link", name=somebody.reads("Log"), exact=True).first.click()
    rows = somebody.window.locator("tbody tr")
    await expect(rows).to_have_count(2, timeout=5 * SECONDS)
    await expect(rows.nth(0)).to_contain_text("Bản tin dài")
    await somebody.sees("Stopped by hand", rows.nth(0))
    await expect(rows.nth(1)).to_contain_text("Tiêm chủng")
    await somebody.sees("Finished", rows.nth(1))
