"""HTTPS of the station's own: what is made is trusted by who trusts its authority, and by nobody else."""

import asyncio
import ssl
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509

from controller.certificates import CertificatesUnusable, Given, Https, Local, own_names
from controller.config import Config
from controller.datadir import CannotStart
from controller.listen import listen
from controller.web.parts import Secure

NAMES = ("localhost", "tram", "tram.local", "127.0.0.1", "192.168.1.10")


class Station:
    """What a machine is called, and what time it has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: tuple[str, ...] = NAMES
        self.now = datetime.now(UTC)

    def local(self) -> Local:
        return Local(self.folder / "https", "Đài xã Hoà Bình", lambda: self.names, lambda: self.now)

    def server(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.folder / "https" / "server.pem").read_bytes())


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


@asynccontextmanager
async def serving(https: Https) -> AsyncIterator[tuple[int, Secure]]:
    """The port of plain HTTP, and what pages are told of HTTPS."""

    async def scheme(request: web.Request) -> web.Response:
        return web.Response(text=request.scheme)

    app = web.Application()
    app.router.add_get("/", scheme)
    told = Secure(authority_pem=https.authority_pem)
    config = Config(host="127.0.0.1", port=0, tls_port=0)
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(listen(config, app, lambda: 0, listening, (https, told)))
    try:
        yield await listening, told
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def asked(url: str, trusted: bytes) -> str:
    """What ``url`` answers somebody who trusts this authority and no other."""
    context = ssl.create_default_context(cadata=trusted.decode("ascii"))
    async with aiohttp.ClientSession() as http, http.get(url, ssl=context) as answer:
        assert "Strict-Transport-Security" not in answer.headers
        return await answer.text()


async def test_who_trusts_the_station_reaches_it_by_every_name_beside_plain_http(station: Station) -> None:
    other = Station(station.folder / "other")
    stranger = Https(other.local()).authority_pem
    async with serving(Https(station.local())) as (plain, told):
        for host in ("localhost", "127.0.0.1"):
            assert await asked(f"https://{host}:{told.port}/", told.authority_pem) == "https"
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{plain}/") as answer:
            assert await answer.text() == "http"
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await asked(f"https://localhost:{told.port}/", stranger)


async def test_a_restart_keeps_both_and_keys_are_for_their_owner_alone(station: Station) -> None:
    first = Https(station.local()).authority_pem
    server = station.server()
    assert Https(station.local()).authority_pem == first
    assert station.server() == server
    for key in ("authority.key", "server.key"):
        assert stat.S_IMODE((station.folder / "https" / key).stat().st_mode) == 0o600


async def test_it_is_renewed_before_it_ends_and_when_the_machine_is_called_otherwise(station: Station) -> None:
    https = Https(station.local())
    first = station.server()
    assert first.not_valid_after_utc - first.not_valid_before_utc <= timedelta(days=397)
    async with serving(https) as (_, told):
        station.names = (*NAMES, "192.168.1.11")
        https.look()
        second = station.server()
        assert second != first
        station.now += timedelta(days=300)
        https.look()
        assert station.server() == second, "it holds for some weeks yet"
        station.now += timedelta(days=80)
        https.look()
        third = station.server()
        assert third.not_valid_after_utc > second.not_valid_after_utc
        station.now = datetime.now(UTC)
        https.look()  # not yet valid: made for the day that it is
        assert await asked(f"https://localhost:{told.port}/", told.authority_pem) == "https", "without a restart"


def test_the_authority_vouches_for_no_other_site(station: Station) -> None:
    station.names = ("localhost", "loa.example.vn", "203.0.113.7")
    local = station.local()
    local.renewed()
    station.names = ("localhost", "bank.example", "198.51.100.1", "new.local", "192.168.7.7", "loa.example.vn")
    local.renewed()
    told = station.server().extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert told.get_values_for_type(x509.DNSName) == ["localhost", "new.local", "loa.example.vn"]
    assert list(map(str, told.get_values_for_type(x509.IPAddress))) == ["192.168.7.7"]
    authority = x509.load_pem_x509_certificate(local.authority_pem)
    assert timedelta(days=3_650) <= authority.not_valid_after_utc - authority.not_valid_before_utc


async def test_a_certificate_of_somebody_else_is_taken_up_when_its_files_change(station: Station) -> None:
    """Half of it written, the old one is served on."""
    made = {}
    for name in ("old", "new"):
        other = Station(station.folder / name)
        local = other.local()
        local.renewed()
        made[name] = local
    certificate, key = station.folder / "full.pem", station.folder / "key.pem"

    def write(name: str, *paths: Path) -> None:
        for path in paths:
            path.write_bytes((made[name].certificate if path == certificate else made[name].key).read_bytes())

    write("old", certificate, key)
    https = Https(Given(certificate, key))
    assert https.authority_pem == b""
    async with serving(https) as (_, told):
        url = f"https://localhost:{told.port}/"
        assert await asked(url, made["old"].authority_pem) == "https"
        write("new", certificate)
        with pytest.raises(CertificatesUnusable):
            https.look()
        assert await asked(url, made["old"].authority_pem) == "https"
        write("new", key)
        https.look()
        assert await asked(url, made["new"].authority_pem) == "https"


async def test_what_cannot_be_served_with_is_said_in_a_sentence(station: Station, tmp_path: Path) -> None:
    with pytest.raises(CertificatesUnusable, match="cannot be read"):
        Https(Given(tmp_path / "none.pem", tmp_path / "none.key"))
    station.now = datetime(1970, 1, 1, tzinfo=UTC)
    with pytest.raises(CertificatesUnusable, match="clock of this machine says 1970"):
        Https(station.local())
    station.now = datetime.now(UTC)
    https = Https(station.local())
    async with serving(https) as (_, told):
        config = Config(host="127.0.0.1", port=0, tls_port=told.port)
        listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with pytest.raises(CannotStart, match=f"port {told.port} cannot be used"):
            await listen(config, web.Application(), lambda: 0, listening, (https, Secure()))


def test_a_machine_goes_by_its_names_its_addresses_and_what_it_is_reached_by() -> None:
    names = own_names(["https://loa.example.vn:8443/x"], ["192.168.1.10", "fe80::1%eth0"])
    assert {"localhost", "127.0.0.1", "::1", "loa.example.vn", "192.168.1.10"} <= set(names)
