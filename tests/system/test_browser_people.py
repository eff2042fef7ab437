"""Accounts as people meet them in a browser: somebody is added, comes in with a password of their own, sees what they
may, and is out the moment the account is closed.
"""

from pathlib import Path

import pytest
from playwright.async_api import expect

from controller.stage import Stage
from tests.system.person import PHONE, Person, chromium, first_password, person

pytestmark = pytest.mark.system

SIGNED_OUT = (
    "You are no longer signed in, so this page stands still. Sign in again in another window, or load this page anew."
)
OWN = "một mật khẩu của riêng Lan"


async def sign_in(somebody: Person, name: str, password: str) -> None:
    await somebody.open("/sign-in")
    await somebody.window.get_by_label(somebody.reads("Name to sign in with"), exact=True).fill(name)
    await somebody.window.get_by_label(somebody.reads("Password"), exact=True).fill(password)
    await somebody.press("Sign in")


async def add_lan(admin: Person) -> str:
    """An announcer of the whole station; returns the password as it was copied."""
    await admin.open("/people")
    await admin.window.get_by_role("link", name=admin.reads("Add a person")).click()
    await admin.window.get_by_label(admin.reads("Name to sign in with")).fill("Lan")
    await admin.window.get_by_label(admin.reads("Announcer"), exact=True).check()
    await admin.press("Add the person")
    shown = await admin.window.locator(".secret").inner_text()
    await admin.press("Copy the password")
    await expect(admin.button("Copied")).to_be_visible()
    assert await admin.window.evaluate("navigator.clipboard.readText()") == shown
    return shown


async def choose_a_password(lan: Person, given: str) -> None:
    await sign_in(lan, "lan", given)
    await lan.sees("Your password was given to you by somebody else. Choose one of your own; then you can go on.")
    for label, value in (("Present password", given), ("New password", OWN), ("New password once more", OWN)):
        await lan.window.get_by_label(lan.reads(label), exact=True).fill(value)
    await lan.press("Change the password")
    await expect(lan.window.get_by_role("heading", name=lan.reads("New bulletin"))).to_be_visible()


async def test_somebody_comes_and_goes(tmp_path: Path) -> None:
    async with Stage(tmp_path / "station") as stage:
        await stage.start_controller()
        password = first_password(stage.folder / "controller.log")
        async with (
            chromium() as browser,
            person(browser, stage.url, password) as admin,
            person(browser, stage.url, "", screen=PHONE) as lan,
        ):
            await admin.window.context.grant_permissions(["clipboard-read", "clipboard-write"])
            await admin.sign_in()
            await choose_a_password(lan, await add_lan(admin))
            await expect(lan.window.get_by_role("link", name=lan.reads("Administration"))).to_have_count(0)
            await expect(lan.button("Listen first")).to_be_visible()
            await expect(lan.window.locator("#send-button")).to_have_count(0)
            await admin.open("/people")
            await admin.window.get_by_role("link", name="Lan", exact=True).click()
            await admin.press("Close the account")
            await admin.press("Close the account", admin.window.get_by_role("dialog"))
            await admin.sees("The account is closed. Every sign-in of it has ended.")
            await lan.sees(SIGNED_OUT)
            await sign_in(lan, "lan", OWN)
            await lan.sees("This account is closed. Ask an administrator to open it again.")
            await admin.window.get_by_role("link", name=admin.reads("What this person did")).click()
            await admin.sees("signed in")
            lan.forgive("[object Event]")
