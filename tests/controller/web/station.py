"""A station for the pages: real services on a real database, behind a real server; only the studio is quick.

Its three speakers are adopted and away: no device is connected.
"""

import asyncio
import functools
import json
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Self
from unittest import mock

from aiohttp import web, web_app
from aiohttp.test_utils import TestServer
from jinja2 import Environment
from yarl import URL

from agents.protocol.ids import AreaId, BulletinId, DeviceId, SpeakerId
from agents.protocol.values import ClipRef, RenditionName
from controller.domain.airings import Airing
from controller.domain.bulletins import Bulletin
from controller.domain.errors import StudioFailed
from controller.domain.sounds import PreparedClips, Profile, Reading, SpokenSentence, VoiceInfo
from controller.domain.speakers import Speaker, SpeakerState
from controller.domain.stops import ActiveStop
from controller.links.clock import ControllerClock
from controller.links.hub import Hub
from controller.links.keys import FileSigner, load_or_make
from controller.ports import Meter, Progress, Recoder
from controller.services.desk import Desk
from controller.services.settings import DeskSettings
from controller.store.database import SqlStore
from controller.store.migrate import upgrade_to_head
from controller.web import server
from controller.web.asking import SIGN_IN_COOKIE
from controller.web.i18n import Language, Translator, load_translators
from controller.web.parts import WebParts, parts_of
from controller.web.security import csrf_token
from controller.web.statics import Statics
from controller.web.templating import STATIC_FOLDER, make_environments
from schedules.areas import Area
from tests.controller.web.browser import Browser

NAME, PASSWORD = "admin", "the right password"
STATION = "Đài xã Hoà Bình"
SPEAKERS = ("Chợ xã", "Nhà văn hoá", "Đầu làng")
SOUND = b"OggS" + bytes(range(256)) * 8
SHA256 = "5" * 64


class QuickRecoder:
    """What begins as a packet does is one; of the rest nothing is heard."""

    def __init__(self) -> None:
        self._made: asyncio.Queue[bytes] = asyncio.Queue()

    async def feed(self, data: bytes) -> None:
        if data.startswith(b"\x48"):
            self._made.put_nowait(data)

    async def packets(self) -> list[bytes]:
        return [await self._made.get()]


class QuickStudio:
    """Makes the same clip of everything at once, or waits as long as it is held; fails with the code in ``failing``."""

    failing = ""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{SHA256}.opus"
        self._path.write_bytes(SOUND)
        self.free = asyncio.Event()
        self.free.set()

    async def from_text(
        self, reading: Reading, pronunciations: Mapping[str, str], profile: Profile, progress: Progress
    ) -> PreparedClips:
        return await self._made(progress)

    async def _made(self, progress: Progress) -> PreparedClips:
        progress(0.5)
        await self.free.wait()
        if self.failing:
            raise StudioFailed(code=self.failing)
        clip = ClipRef(sha256=SHA256, size_bytes=len(SOUND), frames=5 * 48_000)
        return PreparedClips(
            renditions=dict.fromkeys(RenditionName, clip), peaks=tuple(range(100)), integrated_lufs=-16.0
        )

    async def chime(self) -> PreparedClips:
        return await self._made(lambda _: None)

    async def siren(self) -> PreparedClips:
        return await self._made(lambda _: None)

    async def say(self, reading: Reading, pronunciations: Mapping[str, str]) -> bytes:
        return b"RIFF" + reading.text.encode()

    async def sentences(self, reading: Reading, pronunciations: Mapping[str, str]) -> tuple[SpokenSentence, ...]:
        written = [one.strip() for one in reading.text.split(".") if one.strip()]
        return tuple(SpokenSentence(written=one, spoken=one.lower()) for one in written)

    def voices(self) -> tuple[VoiceInfo, ...]:
        return (
            VoiceInfo(voice_id="quick-vi", name="Quick", languages=("vi",)),
            VoiceInfo(voice_id="quick-en", name="Quick", languages=("en",)),
        )

    async def from_recording(self, source: Path, file_name: str, profile: Profile, progress: Progress) -> PreparedClips:
        if not source.read_bytes().startswith(b"RIFF"):
            raise StudioFailed(code="unreadable_recording")
        return await self._made(progress)

    def clip_path(self, sha256: str) -> Path | None:
        return self._path if sha256 == SHA256 else None

    async def keep_stream(self, packets: Iterable[bytes]) -> ClipRef:
        return ClipRef(sha256=SHA256, size_bytes=len(SOUND), frames=sum(1 for _ in packets) * 960)

    def recoder(self) -> AbstractAsyncContextManager[Recoder]:
        return nullcontext(QuickRecoder())

    async def meter(self) -> Meter:
        return lambda packet: -20.0

    async def keep_only(self, wanted: AbstractSet[str]) -> None:
        """The one clip stays, whatever refers to it."""


async def furnish(folder: Path) -> None:
    """A database with an administrator, one area and three speakers; copied for each test."""
    url = f"sqlite+aiosqlite:///{folder / 'loa.db'}"
    await upgrade_to_head(url)
    store = SqlStore(url)
    desk = _desk(folder, store, QuickStudio(folder), Hub(lambda: None))
    await desk.accounts.first_administrator()
    await desk.accounts.set_password(NAME, PASSWORD, NAME)
    async with store.transaction() as transaction:
        await transaction.areas.add(Area(area_id=AreaId("x-1"), parent_id=None, level="commune", name="Xã Hoà Bình"))
        for number, name in enumerate(SPEAKERS):
            await transaction.speakers.put(_speaker(number, name))
    await store.close()


def _speaker(number: int, name: str) -> Speaker:
    return Speaker(
        speaker_id=SpeakerId(f"s-{number}"),
        name=name,
        area_id=AreaId("x-1"),
        device_id=DeviceId(f"d-{number}"),
        device_key=bytes([number]) * 32,
        state=SpeakerState.ADOPTED,
        adopted_at_us=1_767_225_600_000_000,
    )


def _desk(folder: Path, store: SqlStore, studio: QuickStudio, hub: Hub) -> Desk:
    keys = load_or_make(folder / "keys")
    return Desk(
        store=store,
        links=hub,
        signer=FileSigner(keys),
        clock=ControllerClock(trust_system_clock=True),
        studio=studio,
        identity=keys.identity(STATION),
        settings=DeskSettings(trust_system_clock=True),
    )


class Station:
    """The station while a test runs."""

    area_id = "x-1"
    speaker_ids = tuple(f"s-{number}" for number in range(len(SPEAKERS)))
    recording = b"RIFF" + bytes(20_000)

    def __init__(self, folder: Path, store: SqlStore, changes: dict[str, Any]) -> None:
        self.uploads = folder / "uploads"
        self.studio = QuickStudio(folder)
        self.desk = _desk(folder, store, self.studio, Hub(lambda: None))
        self.parts = replace(
            parts_of(self.desk, ControllerClock(trust_system_clock=True), self.studio, self.uploads),
            **{
                "station_name": STATION,
                "metrics": _metrics,
                "device_routes": [web.get("/link", _device), web.get("/device/clips/{sha256}", _device)],
                **changes,
            },
        )
        self.app = _app(self.parts)
        self.server = TestServer(self.app)

    @classmethod
    @asynccontextmanager
    async def open(cls, furnished: Path, folder: Path, changes: dict[str, Any]) -> AsyncIterator[Self]:
        """In ``folder``, a copy of what `furnish` made."""
        shutil.copytree(furnished, folder, dirs_exist_ok=True)
        store = SqlStore(f"sqlite+aiosqlite:///{folder / 'loa.db'}")
        station = cls(folder, store, changes)
        running = asyncio.create_task(station.desk.run())
        try:
            await station.desk.started.wait()
            await station.server.start_server()
            yield station
        finally:
            await station.server.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await store.close()
            # aiohttp remembers the last thousand ways to a handler, and with them a hundred whole stations.
            web_app._cached_build_middleware.cache_clear()

    @property
    def url(self) -> str:
        return str(self.server.make_url("/"))

    @asynccontextmanager
    async def browser(
        self, *, language: str = "en", scripts: bool = False, name: str = NAME, password: str = PASSWORD
    ) -> AsyncIterator[Browser]:
        """A person who is signed in. Not with the form: that has tests of its own, and takes longer than most of the
        others.
        """
        signed_in = await self.desk.accounts.sign_in(name, password, "127.0.0.1")
        token = csrf_token(signed_in.token)
        async with Browser(self.url, language=language, scripts=scripts, token=token) as browser:
            browser.http.cookie_jar.update_cookies({SIGN_IN_COOKIE: signed_in.token}, URL(self.url))
            yield browser

    @asynccontextmanager
    async def program(self) -> AsyncIterator[Browser]:
        """A program that is signed in."""
        async with Browser(self.url) as program:
            answer = await program.ask("POST", "/api/v1/sign-in", json={"name": NAME, "password": PASSWORD})
            program.program_token = json.loads(answer.text)["csrf"]
            yield program

    def hold_studio(self) -> None:
        """From here on nothing gets ready."""
        self.studio.free.clear()

    async def wait_ready(self, bulletin_id: str) -> None:
        async with asyncio.timeout(10):
            await self.desk.compose.wait_ready(BulletinId(bulletin_id))

    async def bulletin(self, bulletin_id: str) -> Bulletin:
        return await self.desk.compose.get(BulletinId(bulletin_id))

    async def airings(self) -> list[Airing]:
        return [summary.airing for summary in await self.desk.reports.latest_airings(100)]

    async def active_stop(self) -> ActiveStop | None:
        return await self.desk.dispatch.active_stop()


def _app(parts: WebParts) -> web.Application:
    """What it reads and compiles is the same for all of them, and takes longer than most tests."""
    with mock.patch.multiple(
        server,
        load_translators=_translators,
        make_environments=lambda _: _environments(parts.zone),
        Statics=lambda _: _statics(),
    ):
        return server.make_web_app(parts)


@functools.cache
def _translators(zone: str) -> Mapping[Language, Translator]:
    return load_translators(zone)


@functools.cache
def _environments(zone: str) -> Mapping[Language, Environment]:
    return make_environments(_translators(zone))


@functools.cache
def _statics() -> Statics:
    return Statics(STATIC_FOLDER)


async def _device(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPUnauthorized


async def _metrics() -> str:
    return "loa_speakers 3\n"
