"""The desk of the simulation: real services, a real database, real links on a real socket, in made-up time."""

import asyncio
import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.journal import JournalRecord
from controller.domain.speakers import Speaker, SpeakerState
from controller.links.clips import ClipRoom
from controller.links.clock import ControllerClock
from controller.links.desk import DeviceDesk, LinkSettings
from controller.links.door import Door
from controller.links.hub import Hub
from controller.links.keys import FileSigner, Keys
from controller.links.routes import device_routes
from controller.services.desk import Desk
from controller.services.foremost import Foremost
from controller.services.settings import DeskSettings
from controller.store.database import SqlStore
from schedules.areas import Area
from tests.controller.fakes import FakeStudio

T0_US = 1_795_402_800_000_000
"""A Monday in November 2026, 10 in the morning in Vietnam."""
KEYS = Keys(static_private=bytes(range(32)), signing_private=bytes(range(32, 64)))
IDENTITY = KEYS.identity("Đài xã")
AREA = AreaId("x-1")


@dataclass(frozen=True)
class TrueClocks:
    """The machine's clocks: both are true."""

    began_s: float

    def steady_us(self) -> int:
        return round((asyncio.get_running_loop().time() - self.began_s) * 1e6)

    def wall_us(self) -> int:
        return T0_US + self.steady_us()

    def synchronised(self) -> bool:
        return True


class Shelf(FakeStudio):
    """`FakeStudio` with a way to its files."""

    def clip_path(self, sha256: str) -> Path | None:
        path = self._folder / f"{sha256}.opus"
        return path if path.exists() else None


@dataclass
class Station:
    """``open`` and ``kill`` it as often as wanted: what it keeps is in ``folder``, another one after each kill."""

    folder: Path
    began_s: float
    port: int = 0
    kills: int = 0
    desk: Desk = field(init=False)
    _running: "asyncio.Task[None] | None" = None

    @classmethod
    async def make(cls, folder: Path, database: Path, began_s: float) -> "Station":
        folder.mkdir()
        (folder / "clips").mkdir()
        shutil.copyfile(database, folder / "loa.db")
        return cls(folder, began_s)

    @property
    def is_open(self) -> bool:
        return self._running is not None

    async def pin(self, devices: Sequence[tuple[DeviceId, bytes]]) -> None:
        """These devices hang in its area, as speakers named after them."""
        store = SqlStore(self._url)
        async with store.transaction() as tx:
            await tx.areas.add(Area(area_id=AREA, parent_id=None, level="commune", name="Xã Hoà Bình"))
            for device_id, key in devices:
                await tx.speakers.put(
                    Speaker(
                        speaker_id=SpeakerId(f"s-{device_id}"),
                        name=device_id,
                        area_id=AREA,
                        device_id=device_id,
                        device_key=key,
                        state=SpeakerState.ADOPTED,
                        adopted_at_us=T0_US,
                    )
                )
        await store.close()

    @property
    def _url(self) -> str:
        return f"sqlite+aiosqlite:///{self.folder / 'loa.db'}"

    async def open(self) -> None:
        self.store = SqlStore(self._url)
        studio = Shelf(self.folder / "clips")
        clock = ControllerClock(TrueClocks(self.began_s), changed=lambda: self.desk.clock_changed())  # noqa: PLW0108 - made later
        self.hub = Hub(found_changed=lambda: None)
        settings = DeskSettings(recordings_folder=self.folder / "recordings")
        self.desk = Desk(
            store=self.store,
            links=self.hub,
            signer=FileSigner(KEYS),
            clock=clock,
            studio=studio,
            identity=IDENTITY,
            settings=settings,
        )
        links = LinkSettings(
            controller_id=IDENTITY.controller_id,
            controller_name=IDENTITY.name,
            software="simulated",
            static_private=KEYS.static_private,
            signing_public=IDENTITY.signing_key,
        )
        desk = self.desk
        door = Door(self.hub, DeviceDesk(desk.adoption, desk.ingest, desk.delivery), clock, links)
        app = web.Application()
        app.add_routes(device_routes(door, ClipRoom(self.hub, studio, Foremost())))
        self._running = asyncio.create_task(desk.run())
        started = asyncio.ensure_future(desk.started.wait())
        await asyncio.wait({self._running, started}, return_when=asyncio.FIRST_COMPLETED)
        if self._running.done():
            await self._running
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def kill(self) -> None:
        """The process is gone: what goes on is what lies on the disk at this moment, whatever it still does here."""
        if self._running is None:
            return
        before, self.kills = self.folder, self.kills + 1
        self.folder = before.with_name(f"station-{self.kills}")
        shutil.copytree(before, self.folder)
        running, self._running = self._running, None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self.hub.close()
        await self._runner.cleanup()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await self.store.close()
        shutil.rmtree(before)

    async def journal_of(self, device_id: DeviceId) -> list[tuple[str, JournalRecord]]:
        """Every record that is stored of a device, each with the journal it is of, in the order of the journals."""
        from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
        from sqlmodel import col, select

        from controller.store.journals import _decoder
        from controller.store.rows import JournalRecordRow

        engine = create_async_engine(self._url)
        async with AsyncSession(engine) as session:
            rows = await session.scalars(
                select(JournalRecordRow)
                .where(col(JournalRecordRow.device_id) == device_id)
                .order_by(col(JournalRecordRow.journal_id), col(JournalRecordRow.seq))
            )
            found = [(row.journal_id, _decoder.decode(row.payload)) for row in rows]
        await engine.dispose()
        return found
