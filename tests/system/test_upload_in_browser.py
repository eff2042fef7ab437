"""Handing in a recording in a real browser: with the microphone, over a line that breaks, and after coming back."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, CDPSession, Locator, Route, expect

from controller.stage import Stage
from tests.system.deeds import listen
from tests.system.person import OFFICE, PHONE, SOON, STREAM_ENDED, Person, chromium, person

MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
SIZE_BYTES = 12_000_000
SLOW_BYTES_PER_S = 3_000_000
NO_NETWORK = "Failed to load resource: net::ERR_"
REFUSE = """(name) => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", name); }; }"""
DENIED = "The browser may not use the microphone. Allow it beside the address of this page, then press Record again."
ESCAPED = """() => {
  const right = (one) => one.getBoundingClientRect().right;
  const outside = (one) => one.offsetParent && right(one) > right(one.closest("[data-drop]")) + 1;
  return [...document.querySelectorAll("[data-drop] *")].filter(outside).map((one) => one.outerHTML.slice(0, 80));
}"""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
RECORD = "Record with the microphone"
LOST = "The connection is lost. The upload goes on by itself as soon as it is back."

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One with a microphone that beeps, and that every page may use."""
    async with chromium(*MICROPHONE) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A station without speakers."""
    async with Stage(tmp_path_factory.mktemp("desk")) as stage:
        await stage.start_controller()
        await stage.sign_in()
        yield stage


@pytest_asyncio.fixture(params=["vi"], loop_scope="module")
async def somebody(request: pytest.FixtureRequest, browser: Browser, desk: Stage) -> AsyncIterator[Person]:
    """Signed in, on the first page, about to hand in a recording."""
    async with person(browser, desk.url, desk.password, request.param) as built:
        await built.sign_in()
        await choose_recording(built)
        yield built


async def choose_recording(somebody: Person) -> None:
    await somebody.window.get_by_role("radio", name=somebody.reads("Recording")).check()


def note(somebody: Person) -> Locator:
    return somebody.window.locator("[data-upload-note]").first


async def arrived(somebody: Person, name: str) -> None:
    said = somebody.filled("{name} has been uploaded.", name=name)
    await expect(note(somebody)).to_have_text(said, timeout=2 * SOON)


def begun(somebody: Person) -> list[str]:
    """Every upload that the page has begun, each with a POST."""
    return [url for url in somebody.asked if url.endswith("/api/v1/uploads")]


async def upload_id(somebody: Person) -> str:
    return await somebody.window.locator("[data-recording-id]").first.input_value()


async def on_the_way(somebody: Person) -> None:
    """Waits until part of it has arrived."""
    await somebody.window.wait_for_function(
        "() => { const bar = document.querySelector('[data-upload-bar]').value; return bar > 40 && bar < 95; }"
    )


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "bản tin dài.wav"
    path.write_bytes(Random(7).randbytes(SIZE_BYTES))
    return path


async def line(somebody: Person) -> CDPSession:
    """The line to the server, to be slowed down and cut."""
    session = await somebody.window.context.new_cdp_session(somebody.window)
    await session.send("Network.enable")
    await slow(session)
    return session


async def slow(session: CDPSession, *, cut: bool = False, bytes_per_s: int = SLOW_BYTES_PER_S) -> None:
    conditions = {"offline": cut, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_s}
    await session.send("Network.emulateNetworkConditions", conditions)


async def choose(somebody: Person, path: Path) -> None:
    await somebody.window.get_by_label(somebody.reads("Choose a recording")).set_input_files(path)


def on_disk(desk: Stage, upload: str) -> Path:
    return desk.data_dir / "uploads" / f"web-{upload}.data"


# --- uploading --------------------------------------------------------------------------------------------------------


async def test_an_upload_goes_on_where_it_was_after_the_network_was_away(
    somebody: Person, desk: Stage, large: Path
) -> None:
    session = await line(somebody)
    await choose(somebody, large)
    await on_the_way(somebody)
    await slow(session, cut=True)
    await expect(note(somebody)).to_have_text(somebody.reads(LOST))
    assert on_disk(desk, await upload_id(somebody)).stat().st_size > 0
    await slow(session, bytes_per_s=-1)
    await arrived(somebody, large.name)
    assert on_disk(desk, await upload_id(somebody)).read_bytes() == large.read_bytes()
    assert len(begun(somebody)) == 1, "it was not begun anew"
    somebody.forgive(NO_NETWORK, STREAM_ENDED)


async def test_an_upload_outlives_a_restart_of_the_controller(somebody: Person, desk: Stage, large: Path) -> None:
    session = await line(somebody)
    await choose(somebody, large)
    await on_the_way(somebody)
    assert desk.controller is not None
    await desk.controller.kill()
    await expect(note(somebody)).to_have_text(somebody.reads(LOST))
    await desk.start_controller()
    await slow(session, bytes_per_s=-1)
    await arrived(somebody, large.name)
    assert on_disk(desk, await upload_id(somebody)).read_bytes() == large.read_bytes()
    assert len(begun(somebody)) == 1
    somebody.forgive(NO_NETWORK, STREAM_ENDED)


async def test_the_same_file_chosen_again_after_the_page_was_left_goes_on(
    somebody: Person, desk: Stage, large: Path
) -> None:
    session = await line(somebody)
    await choose(somebody, large)
    await on_the_way(somebody)
    before = await upload_id(somebody)
    await somebody.window.reload()
    await choose_recording(somebody)
    reminder = somebody.filled(
        "The upload of {name} stopped at {percent}. Choose the same file again to go on from there.", name=large.name
    )
    await expect(note(somebody)).to_have_text(re.compile(re.escape(reminder).replace(r"\{percent\}", r"\d+ %")))
    await slow(session, bytes_per_s=-1)
    await choose(somebody, large)
    await arrived(somebody, large.name)
    assert await upload_id(somebody) == before
    assert len(begun(somebody)) == 1
    assert on_disk(desk, before).read_bytes() == large.read_bytes()


async def test_an_upload_can_be_paused_gone_on_with_and_cancelled(somebody: Person, desk: Stage, large: Path) -> None:
    await line(somebody)
    await choose(somebody, large)
    await on_the_way(somebody)
    row = somebody.window.locator("[data-upload-row]")
    await expect(row).to_contain_text(re.compile(r"\d+ %, \d+,\d \S+ 12,0 MB"))
    await somebody.press("Pause", row)
    paused = somebody.filled("The upload of {name} is paused. What has arrived is kept for a day.", name=large.name)
    await expect(note(somebody)).to_have_text(paused)
    upload = await upload_id(somebody)
    await expect(somebody.button("Go on", row)).to_be_focused()
    await somebody.window.keyboard.press("Enter")
    await expect(somebody.button("Pause", row)).to_be_focused()
    await somebody.press("Cancel", row)
    await expect(note(somebody)).to_have_text(
        somebody.filled("The upload of {name} was cancelled. Nothing of it is kept.", name=large.name)
    )

    async def gone() -> bool | None:
        return True if not on_disk(desk, upload).exists() else None

    await desk.until("the upload to be removed", gone, within_s=10)
    assert await upload_id(somebody) == ""
    await choose(somebody, large)
    await on_the_way(somebody)
    assert await upload_id(somebody) != upload


async def test_what_was_chosen_before_the_script_was_there_goes_up_too(somebody: Person, tmp_path: Path) -> None:
    small = tmp_path / "b.wav"
    small.write_bytes(b"RIFF")
    script = asyncio.Event()

    async def late(route: Route) -> None:
        await script.wait()
        await route.continue_()

    await somebody.window.route("**/static/upload.js*", late)
    await somebody.window.goto(somebody.address, wait_until="commit")
    await choose_recording(somebody)
    await choose(somebody, small)
    script.set()
    await arrived(somebody, small.name)
    await expect(somebody.button(RECORD)).to_be_visible()


async def test_one_that_is_still_on_its_way_is_not_made_into_a_bulletin(somebody: Person, large: Path) -> None:
    await line(somebody)
    await choose(somebody, large)
    await on_the_way(somebody)
    await somebody.press("Listen first")
    sentence = "The recording has not arrived yet. Wait for the upload, or choose the file again."
    await somebody.sees(sentence, somebody.window.locator("#prepared"))


async def test_two_boxes_on_one_page_keep_apart(somebody: Person, tmp_path: Path) -> None:
    await somebody.window.evaluate(
        "() => { const box = document.querySelector('[data-drop]'); box.after(box.cloneNode(true)); }"
    )
    small = tmp_path / "b.wav"
    small.write_bytes(b"RIFF")
    second = somebody.window.locator("[data-drop]").nth(1)
    await second.locator("input[type=file]").set_input_files(small)
    await expect(second.locator("[data-upload-note]")).to_have_text(
        somebody.filled("{name} has been uploaded.", name=small.name)
    )
    assert await second.locator("[data-recording-id]").input_value()
    assert await upload_id(somebody) == ""


@pytest.mark.parametrize("screen", [OFFICE, PHONE])
async def test_every_state_of_it_is_readable_for_everyone(
    browser: Browser, desk: Stage, large: Path, screen: tuple[int, int]
) -> None:
    async with person(browser, desk.url, desk.password, "vi", screen) as somebody:
        await somebody.sign_in()
        await choose_recording(somebody)
        await content_with(somebody, "idle")
        await line(somebody)
        await choose(somebody, large)
        await on_the_way(somebody)
        await content_with(somebody, "uploading")
        recorder = await record(somebody, 1)
        await content_with(somebody, "recording")
        await somebody.press("End", recorder)
        await content_with(somebody, "review")


async def content_with(somebody: Person, state: str) -> None:
    """Nothing that axe knows of is wrong, and nothing is wider than the screen."""
    found = await Axe().run(somebody.window, options=RULES)
    assert found.violations_count == 0, f"{state}: {found.generate_report()}"
    assert await somebody.window.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, state
    assert await somebody.window.evaluate(ESCAPED) == [], state


# --- recording --------------------------------------------------------------------------------------------------------


async def record(somebody: Person, seconds: int) -> Locator:
    recorder = somebody.window.locator("[data-recorder]")
    await somebody.press(RECORD, recorder)
    await somebody.window.wait_for_function("() => document.querySelector('[data-record-level]').value > 0")
    await expect(recorder.locator("[data-record-time]")).to_contain_text(re.compile(rf"^0:0{seconds}"))
    return recorder


async def test_what_is_recorded_is_listened_to_uploaded_and_made_into_a_bulletin(somebody: Person) -> None:
    recorder = await record(somebody, 2)
    await somebody.press("End", recorder)
    await expect(somebody.button("Use this recording", recorder)).to_be_focused()
    await somebody.window.wait_for_function("() => document.querySelector('[data-record-listen]').duration > 1")
    await somebody.press("Use this recording", recorder)
    await expect(note(somebody)).to_have_text(re.compile(r"Ghi âm \d{4}-\d\d-\d\d \d\d\.\d\d\.(webm|ogg|m4a)"))
    await expect(note(somebody)).to_contain_text("Đã tải lên")
    await expect(somebody.button(RECORD, recorder)).to_be_visible()
    await listen(somebody)


async def test_a_pause_is_not_counted_and_a_discarded_recording_is_gone(somebody: Person) -> None:
    recorder = await record(somebody, 1)
    await somebody.press("Pause", recorder)
    at = await recorder.locator("[data-record-time]").text_content()
    await somebody.sees("The recording is paused.", recorder)
    await somebody.press("Go on", recorder)
    await expect(recorder.locator("[data-record-time]")).not_to_have_text(str(at))
    await somebody.press("End", recorder)
    dialog = somebody.window.locator("#confirm")
    await somebody.press("Discard", recorder)
    await somebody.press("Go back", dialog)
    await expect(somebody.button("Use this recording", recorder)).to_be_visible()
    await somebody.press("Discard", recorder)
    await somebody.press("Discard", dialog)
    await somebody.sees("The recording was discarded.", recorder)
    await expect(somebody.button(RECORD, recorder)).to_be_focused()
    assert begun(somebody) == []


async def test_a_recording_is_not_lost_where_the_person_is_signed_out_meanwhile(somebody: Person) -> None:
    recorder = await record(somebody, 1)
    await somebody.press("End", recorder)
    await somebody.window.context.clear_cookies()
    await somebody.press("Use this recording", recorder)
    await somebody.sees("Sign in first.", note(somebody))
    other = Person(await somebody.window.context.new_page(), somebody.address, somebody.password, somebody.translator)
    await other.sign_in()
    await somebody.press("Go on", somebody.window.locator("[data-upload-row]"))
    await expect(note(somebody)).to_contain_text("Đã tải lên Ghi âm")
    somebody.forgive(STREAM_ENDED)


async def test_a_recording_ends_at_the_greatest_length_of_the_station(somebody: Person) -> None:
    recorder = somebody.window.locator("[data-recorder]")
    await recorder.evaluate("(box) => (box.dataset.maxS = '1')")
    await somebody.press(RECORD, recorder)
    await somebody.sees("The recording has reached the greatest length.", recorder)
    await expect(somebody.button("Use this recording", recorder)).to_be_visible()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NotAllowedError", DENIED),
        ("NotFoundError", "No microphone was found. Plug one in, then press Record again; or choose a file."),
        (
            "NotReadableError",
            "The microphone cannot be used. Another program may be using it; close that, then press Record again.",
        ),
        ("AbortError", "The microphone could not be started. Try again, or choose a file."),
    ],
)
async def test_where_the_microphone_cannot_be_had_the_page_says_what_to_do(
    somebody: Person, name: str, said: str
) -> None:
    recorder = somebody.window.locator("[data-recorder]")
    await somebody.window.evaluate(REFUSE, name)
    await somebody.press(RECORD, recorder)
    await expect(recorder.get_by_role("status")).to_have_text(somebody.reads(said))
    await expect(somebody.button(RECORD, recorder)).to_be_focused()


async def test_over_plain_http_the_page_says_that_https_is_needed(somebody: Person) -> None:
    await somebody.window.evaluate("() => Object.defineProperty(window, 'isSecureContext', { value: false })")
    recorder = somebody.window.locator("[data-recorder]")
    await somebody.press(RECORD, recorder)
    await expect(recorder.get_by_role("status")).to_contain_text("https")
    await expect(recorder.get_by_role("status")).to_contain_text(somebody.address)
