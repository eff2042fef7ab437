"""A whole controller in this process, with a real database and real sockets; only the studio is a fake one."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from agents.protocol.ids import SpeakerId
from agents.protocol.pairing import EnrolmentToken
from controller.domain.airings import Airing, Playback
from controller.links.clips import ClipRoom
from controller.links.clock import ControllerClock
from controller.links.desk import DeviceDesk, LinkSettings, ProfilePace
from controller.links.door import Door
from controller.links.hub import Hub
from controller.links.keys import FileSigner, Keys
from controller.links.routes import device_routes
from controller.services.desk import Desk
from controller.services.foremost import Foremost
from controller.services.settings import DeskSettings
from controller.store.database import SqlStore
from firmware_stubs.fleet import Fleet, Plan
from firmware_stubs.tally import Tally
from schedules.areas import Area
from tests.controller.drafts import text_draft
from tests.controller.fakes import FakeStudio

WITHIN_S = 30
KEYS = Keys(static_private=bytes(range(32)), signing_private=bytes(range(32, 64)))
PACE = ProfilePace(clock_every_s=0.2, clock_burst=2, heartbeat_every_s=0.3, silence_limit_s=1.5)
PATIENT = replace(PACE, silence_limit_s=WITHIN_S)
"""Where no device falls silent: a busy machine is not taken for one that did."""


@dataclass
class Whole:
    """The controller, and the fleets that dial it."""

    url: str
    database: str
    store: SqlStore
    desk: Desk
    hub: Hub
    clock: ControllerClock
    token: EnrolmentToken
    running: list["asyncio.Task[None]"] = field(default_factory=list)

    def fleet(self, count: int, **plan: Any) -> tuple[Fleet, Tally]:
        """Makes one, and lets it run until the test ends."""
        tally = Tally()
        fleet = Fleet(
            Plan(count=count, url=self.url, ramp_s=0, **{"token": self.token, **plan}), tally, lambda event: None
        )
        self.running.append(asyncio.create_task(fleet.run(WITHIN_S * 2)))
        return fleet, tally

    async def until(self, what: Callable[[], Awaitable[Any]]) -> Any:
        """Waits until it returns something true."""
        async with asyncio.timeout(WITHIN_S):
            while not (found := await what()):
                await asyncio.sleep(0.01)
        return found

    async def until_so(self, what: Callable[[], object]) -> None:
        async def look() -> object:
            return what()

        await self.until(look)

    async def send_to_all(self, words: str = "một") -> Airing:
        """A word is a second."""
        made = await self.desk.compose.make(text_draft("Thông báo", words), "admin")
        bulletin = await self.desk.compose.wait_ready(made.bulletin_id)
        return await self.desk.dispatch.send_now(bulletin.bulletin_id, await self.speaker_ids(), "admin")

    async def speaker_ids(self) -> list[SpeakerId]:
        async with self.store.reading() as tx:
            return [speaker.speaker_id for speaker in await tx.speakers.all()]

    async def ended(self, airing: Airing) -> list[Playback]:
        """All playbacks, once each has its end."""

        async def look() -> list[Playback] | None:
            async with self.store.reading() as tx:
                found = list(await tx.airings.playbacks(airing.airing_id))
            return found if all(one.ended_at_us is not None for one in found) else None

        return await self.until(look)

    async def journals(self) -> dict[str, list[int]]:
        """The numbers of the records that are stored, by journal."""
        engine = create_async_engine(self.database)
        try:
            async with engine.connect() as connection:
                rows = await connection.execute(text("SELECT journal_id, seq FROM journal_record ORDER BY seq"))
                found: dict[str, list[int]] = {}
                for journal_id, seq in rows:
                    found.setdefault(journal_id, []).append(seq)
                return found
        finally:
            await engine.dispose()


@pytest.fixture
async def whole(
    request: pytest.FixtureRequest, new_database: Path, unflushed: None, tmp_path: Path
) -> AsyncIterator[Whole]:
    shutil.copyfile(new_database, tmp_path / "loa.db")
    clips = tmp_path / "clips"
    clips.mkdir()
    url = f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}"
    store, clock = SqlStore(url), ControllerClock(trust_system_clock=True, changed=lambda: None)
    identity = KEYS.identity("Đài xã")
    hub = Hub(found_changed=lambda: None, push_limit_s=1.0)
    desk = Desk(
        store=store,
        links=hub,
        signer=FileSigner(KEYS),
        clock=clock,
        studio=FakeStudio(clips),
        identity=identity,
        settings=DeskSettings(recordings_folder=tmp_path / "recordings", now_wait_s=2.0, start_lead_s=0.5),
    )
    settings = LinkSettings(
        controller_id=identity.controller_id,
        controller_name=identity.name,
        software="loa test",
        static_private=KEYS.static_private,
        signing_public=identity.signing_key,
        lan=getattr(request, "param", PACE),
        push_limit_s=1.0,
    )
    door = Door(hub, DeviceDesk(desk.adoption, desk.ingest, desk.delivery, desk.hands), clock, settings)
    app = web.Application()
    app.add_routes(device_routes(door, ClipRoom(hub, FakeShelf(clips), Foremost())))
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    running = asyncio.create_task(desk.run())
    async with asyncio.timeout(WITHIN_S):
        await desk.started.wait()
    async with store.transaction() as tx:
        area = Area(area_id="a-thon", parent_id=None, level="village", name="Thôn Đông")
        await tx.areas.add(area)
    await desk.areas.load()
    made = await desk.adoption.create_token("a-thon", 1_000, 3_600, "admin")
    token = EnrolmentToken.parse(made.text)
    station = Whole(str(server.make_url("")).rstrip("/"), url, store, desk, hub, clock, token)
    yield station
    for fleet in station.running:
        fleet.cancel()
    await asyncio.gather(*station.running, return_exceptions=True)
    await hub.close()
    await server.close()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await store.close()


class FakeShelf:
    """Clips in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def clip_path(self, sha256: str) -> Path | None:
        path = self._folder / f"{sha256}.opus"
        return path if path.is_file() else None
