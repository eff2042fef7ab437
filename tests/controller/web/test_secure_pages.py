"""How people get from plain HTTP to HTTPS."""

import pytest

from controller.web.parts import Secure
from tests.controller.web.browser import Browser
from tests.controller.web.station import Station

PEM = b"-----BEGIN CERTIFICATE-----\nbG9h\n-----END CERTIFICATE-----\n"
OWN = {"secure": Secure(authority_pem=PEM, port=8443)}
BOUGHT = {"secure": Secure(port=443)}


@pytest.mark.parametrize("station", [OWN], indirect=True)
async def test_a_stranger_gets_the_certificate_its_fingerprint_and_how_to_trust_it(station: Station) -> None:
    for language, word in (("vi", "Dấu vân tay"), ("en", "fingerprint")):
        async with Browser(station.url, language=language) as browser:
            shown = await browser.get("/trust?to=/live")
            assert shown.status == 200
            assert word.lower() in shown.says.lower()
            assert OWN["secure"].fingerprint in shown.text
            assert "https://127.0.0.1:8443/live" in shown.text
            for system in ("Windows", "Android", "iPhone", "Firefox", "Linux"):
                assert system in shown.says
    async with Browser(station.url) as browser:
        fetched = await browser.get("/trust/loa-ca.crt")
        assert fetched.headers["Content-Type"] == "application/x-x509-ca-cert"
        assert fetched.text.encode() == PEM
        assert (await browser.get("/trust/loa-ca.cer")).text == "loa"
        assert "Tiếng Việt" in (await browser.get("/trust?language=en")).says


@pytest.mark.parametrize("station", [OWN, BOUGHT], indirect=True)
async def test_a_page_that_needs_a_microphone_leads_there(station: Station) -> None:
    async with station.browser() as browser:
        named = {"Host": "loa.example.vn:8080"}
        led = await browser.ask("GET", "/live", follow=False, headers=named)
        own = bool(station.parts.secure and station.parts.secure.authority_pem)
        assert led.status == 303
        assert led.headers["Location"] == ("/trust?to=/live" if own else "https://loa.example.vn/live")
        assert "/trust?to=%2F" in (await browser.ask("GET", "/", headers=named)).text
        here = await browser.ask("GET", "/", follow=False)
        assert "/trust?to" not in here.text, "this machine itself is trusted as it is"


async def test_without_https_there_is_nothing_to_trust(station: Station) -> None:
    async with Browser(station.url) as browser:
        assert (await browser.get("/trust")).status == 404
        assert (await browser.get("/trust/loa-ca.crt")).status == 404
