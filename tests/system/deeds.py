"""What a person at the desk does in a few moves, and what they then watch: finding, adopting, writing, sending."""

import re
from pathlib import Path

from playwright.async_api import Locator, expect

from controller.stage import Stage, StageError, command
from tests.system.person import SECONDS, SOON, Person

SPEECH = 30 * SECONDS
"""A text becomes sound within this, also on a busy machine."""
STEPS = ("Planned", "Pushed", "Stored", "Armed", "Sounding", "Finished")


async def box_number(stage: Stage, name: str) -> str:
    """The device's own number, as its label or its command tells it."""

    async def told() -> str | None:
        try:
            status = await stage.run(command("loa-agent"), "status", "--state-dir", str(stage.state_dir(name)))
        except StageError:
            return None  # not yet running
        found = re.search(r"\bd-[a-z2-7]+", status)
        return found[0] if found else None

    return await stage.until(f"{name} to say its number", told, within_s=15, alive=[stage.agents[name]])


async def box_code(stage: Stage, name: str) -> str:
    """The code that the device speaks now, read at the box."""
    return await stage.run(command("loa-agent"), "code", "--state-dir", str(stage.state_dir(name)))


def listed(somebody: Person, device_id: str) -> Locator:
    """The entry of a device that belongs to nobody."""
    return somebody.window.locator("#found-panel li.list-item-tall", has_text=device_id)


async def open_adoption(somebody: Person, device_id: str) -> Locator:
    """Waits until the device was found and is connected, and opens its form."""
    entry = listed(somebody, device_id)
    await expect(entry.locator("summary")).to_be_visible(timeout=SOON)
    await entry.locator("summary").click()
    await expect(somebody.button("Identify", entry)).to_be_visible()
    return entry


async def identify(somebody: Person, entry: Locator) -> None:
    await somebody.press("Identify", entry)
    await somebody.sees("The device speaks its code now. Listen, then type the 6 digits.", entry)


async def type_code(somebody: Person, entry: Locator, code: str, name: str) -> None:
    await entry.get_by_label(somebody.reads("Type the 6 digits you hear.")).fill(code)
    await entry.get_by_label(somebody.reads("Name of the speaker")).fill(name)
    await entry.get_by_label(somebody.reads("Area")).select_option(index=0)
    await somebody.press("Adopt", entry)


async def adopt(somebody: Person, stage: Stage, name: str) -> None:
    """From a new device to a speaker that is ready."""
    entry = await open_adoption(somebody, await box_number(stage, name))
    await identify(somebody, entry)
    await type_code(somebody, entry, await box_code(stage, name), name)
    await expect(speaker(somebody, name)).to_contain_text(somebody.reads("Ready"), timeout=SOON)


def speaker(somebody: Person, name: str) -> Locator:
    """The line of an adopted speaker on the first page."""
    link = somebody.window.get_by_role("link", name=name, exact=True)
    return somebody.window.locator("#speakers-panel li", has=link)


async def write(somebody: Person, title: str, text: str) -> None:
    """A Vietnamese bulletin, to be read by a Vietnamese voice."""
    await somebody.window.get_by_role("radio", name="Tiếng Việt").check()
    await somebody.window.get_by_label(somebody.reads("Title")).fill(title)
    await somebody.window.get_by_label(somebody.reads("Text to be read out")).fill(text)


async def hand_in(somebody: Person, file: Path, title: str) -> None:
    """Chooses a recording and waits until it is uploaded."""
    await somebody.window.get_by_role("radio", name=somebody.reads("Recording")).check()
    await somebody.window.get_by_label(somebody.reads("Title")).fill(title)
    await somebody.window.get_by_label(somebody.reads("Choose a recording")).set_input_files(file)
    await expect(somebody.window.locator("[data-upload-note]")).to_have_text(
        somebody.filled("{name} has been uploaded.", name=file.name)
    )


async def listen(somebody: Person) -> None:
    """Presses "listen first", and waits until it plays."""
    await somebody.press("Listen first")
    await somebody.sees("This is exactly what will sound", within_ms=SPEECH)
    player = somebody.window.locator("#prepared audio")
    await expect(player).to_be_visible()
    await somebody.window.wait_for_function(
        "() => { const it = document.querySelector('#prepared audio'); return it.readyState >= 2 && it.duration > 0.5 }"
    )


async def send_now(somebody: Person) -> str:
    """Sends what was heard; returns the airing's id from the address of the page that opens."""
    await somebody.press("Send now")
    return await airing_page(somebody)


async def airing_page(somebody: Person) -> str:
    await expect(somebody.window).to_have_url(re.compile(r"/airings/[^/]+$"), timeout=SOON)
    return somebody.window.url.rsplit("/", 1)[1]


def run(somebody: Person, name: str) -> Locator:
    """What one speaker does with the airing that is open."""
    return somebody.window.locator("li.run", has=somebody.window.get_by_role("link", name=name, exact=True))


async def ends(somebody: Person, name: str, state: str, within_s: float) -> None:
    """Watches one speaker until its chip says ``state``."""
    await expect(run(somebody, name).locator(".chip")).to_have_text(somebody.reads(state), timeout=within_s * SECONDS)
