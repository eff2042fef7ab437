"""Recordings of alerts: heard where they are whole and may be fetched, else the text is read."""

import base64
import hashlib

from aiohttp import web

from controller.domain.cap_alerts import CapAlert, Source, SourceKind
from controller.domain.rights import EVERYWHERE, Actor, Right
from controller.links.fetcher import HttpFetcher
from controller.services.cap.options import CapOptions
from controller.services.cap.sounds import CapSounds
from tests.controller.services.alerts import Info, Made
from tests.controller.services.servers import serving
from tests.controller.services.station import Station

SOUND = b"RIFF" + bytes(2_000)
SHA1 = hashlib.sha1(SOUND, usedforsecurity=False).hexdigest()
CENTRE = Source(kind=SourceKind.TOKEN, source_id="t-1", name="centre", trusted=True)
HANDED = Actor(name="token:centre", scopes=((EVERYWHERE, frozenset({Right.CAP})),), token_id="t-1")


def resource(*, uri: str = "", inline: bytes = b"", digest: str = "") -> str:
    size = f"<size>{len(SOUND)}</size>"
    where = f"<uri>{uri}</uri>" if uri else ""
    content = f"<derefUri>{base64.b64encode(inline).decode()}</derefUri>" if inline else ""
    sha1 = f"<digest>{digest}</digest>" if digest else ""
    kind = "<resourceDesc>Giọng đọc</resourceDesc><mimeType>audio/wav</mimeType>"
    return f"<resource>{kind}{size}{where}{content}{sha1}</resource>"


async def take(station: Station, identifier: str, written: str) -> CapAlert:
    speaker, _ = await station.adopt(identifier, area=f"Thôn {identifier}")
    made = Made(identifier=identifier, code=speaker.area_id, infos=(Info(resources=written),))
    (taken,) = await station.desk.cap.inbox.take(made.xml(), source=CENTRE, by=HANDED)
    return taken.alert


def sounds(station: Station, *hosts: str, inside: bool = True) -> CapSounds:
    options = CapOptions(audio_hosts=hosts, inside_hosts=("127.0.0.1",) if inside else ())
    return CapSounds(station.desk._office, station.studio, HttpFetcher(), options)


async def test_what_came_along_is_heard(station: Station) -> None:
    whole = await take(station, "A", resource(inline=SOUND, digest=SHA1))
    assert await sounds(station).find(whole, (0,)) is not None, whole.reasons
    broken = await take(station, "B", resource(inline=b"no sound"))
    assert await sounds(station).find(broken, (0,)) is None
    plain = await take(station, "C", "")
    assert await sounds(station).find(plain, (0,)) is None


async def test_what_is_elsewhere_is_fetched_from_where_it_may_be_and_checked(station: Station) -> None:
    async def sound(request: web.Request) -> web.Response:
        return web.Response(body=SOUND, content_type="audio/wav")

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<html>", content_type="text/html")

    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(bytes(1_000_000))

    async with serving(sound=sound, page=page, endless=endless) as url:
        there = await take(station, "A", resource(uri=f"{url}/sound", digest=SHA1))
        assert await sounds(station, "127.0.0.1").find(there, (0,)) is not None
        assert await sounds(station, "127.0.0.1", inside=False).find(there, (0,)) is None
        assert await sounds(station, "other.example").find(there, (0,)) is None
        for name, path, digest in (("B", "sound", "0" * 40), ("C", "page", ""), ("D", "endless", "")):
            bad = await take(station, name, resource(uri=f"{url}/{path}", digest=digest))
            assert await sounds(station, "127.0.0.1").find(bad, (0,)) is None, path
