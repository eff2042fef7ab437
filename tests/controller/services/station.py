"""A desk on a real database, with fake devices and time that the test moves."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from agents.protocol.ids import AiringId
from agents.protocol.journal import Armed, Finished, JournalEvent, Sounding, Stored
from agents.protocol.values import ClockBasis, RenditionName
from controller.domain.airings import Airing, AiringState, Playback, PlayState
from controller.domain.bulletins import Bulletin
from controller.domain.sounds import SoundState
from controller.domain.speakers import Speaker
from controller.ports.relays import Radio
from controller.services.desk import Desk
from controller.services.settings import DeskSettings
from controller.store.database import SqlStore
from tests.controller.drafts import text_draft
from tests.controller.fakes import FakeClock, FakeDevice, FakeLinks, FakeStudio, KeySigner, identity

CODE = "123456"
_A = TypeVar("_A")


@dataclass
class Station:
    """Everything a test touches. ``restart`` is what a kill -9 and a start amount to."""

    url: str
    folder: Path
    clock: FakeClock
    signer: KeySigner
    settings: DeskSettings
    links: FakeLinks = field(default_factory=FakeLinks)
    radio: Radio | None = None

    async def open(self) -> None:
        self.store = SqlStore(self.url)
        self.studio = FakeStudio(self.folder)
        self.desk = Desk(
            store=self.store,
            links=self.links,
            signer=self.signer,
            clock=self.clock,
            studio=self.studio,
            identity=identity(self.signer),
            settings=self.settings,
            radio=self.radio,
        )
        self._running = asyncio.create_task(self.desk.run())
        started = asyncio.create_task(self.desk.started.wait())
        await asyncio.wait({self._running, started}, return_when=asyncio.FIRST_COMPLETED)
        if self._running.done():
            started.cancel()
            await self._running
        # Tune and siren are being made: a test that ends at once would cut them off in the database.
        await self.until(self._tunes_made)

    async def _tunes_made(self) -> bool:
        tunes = [tune for tune in await self.desk.tunes.all() if tune.area_id is None]
        ready = sum(tune.sound.state is SoundState.READY for tune in tunes)
        making = any(tune.sound.state is SoundState.PREPARING for tune in tunes)
        return not making and len(self.desk.pins.of((), RenditionName.OPUS24)) == ready + 1

    async def close(self) -> None:
        self._running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._running
        await self.store.close()

    async def restart(self) -> None:
        await self.close()
        self.links.devices.clear()
        await self.open()

    # --- devices ----------------------------------------------------------------------------------------------------

    async def adopt(self, name: str, area: str = "Thôn Đông") -> tuple[Speaker, FakeDevice]:
        device = FakeDevice(name, self.clock, self.signer.public_key)
        self.links.newcomers[device.device_id] = (device, CODE)
        speaker = await self.desk.adoption.adopt(
            device.device_id, CODE, name=name, area_id=None, new_area_name=area, by="admin"
        )
        # What the planner has to tell of it is told before the test listens.
        await self.desk.planner.look()
        return speaker, device

    async def connect(self, device: FakeDevice) -> None:
        await self.desk.ingest.connected(device.device_id, device.hello(), "127.0.0.1")
        self.links.devices[device.device_id] = device
        self.desk.ingest.heartbeat(
            device.device_id, device.heartbeat(ClockBasis.LINK if device.knows_time else ClockBasis.NONE)
        )
        await self.desk.delivery.deliver(device.device_id)

    async def disconnect(self, device: FakeDevice) -> None:
        self.links.devices.pop(device.device_id, None)
        self.desk.ingest.disconnected(device.device_id)

    async def speaker(self, name: str) -> tuple[Speaker, FakeDevice]:
        """Adopted and connected."""
        speaker, device = await self.adopt(name)
        await self.connect(device)
        return speaker, device

    async def report(self, device: FakeDevice, *events: JournalEvent) -> int:
        """The device writes these and hands its journal in, whole."""
        for event in events:
            device.write(event)
        return await self.desk.ingest.journal(device.device_id, device.batch())

    async def arm(self, device: FakeDevice, airing: Airing) -> None:
        await self.report(device, Stored(airing_id=airing.airing_id), Armed(airing_id=airing.airing_id))

    async def sound(self, device: FakeDevice, airing_id: str, start_at_us: int, error_us: int = 0) -> None:
        await self.report(device, sounding(airing_id, start_at_us, error_us))

    async def until_ordered(self, device: FakeDevice, kind: type[_A]) -> _A:
        """The first action of this kind that the device accepted."""

        async def look() -> _A | None:
            return next((action for action in device.orders() if isinstance(action, kind)), None)

        found = await self.until(look)
        assert isinstance(found, kind)
        return found

    # --- bulletins and airings --------------------------------------------------------------------------------------

    async def bulletin(self, text: str = "một hai ba bốn năm sáu bảy tám chín mười") -> Bulletin:
        made = await self.desk.compose.make(text_draft("Thông báo", text), "admin")
        return await self.desk.compose.wait_ready(made.bulletin_id)

    async def send(self, *speakers: Speaker) -> Airing:
        bulletin = await self.bulletin()
        return await self.desk.dispatch.send_now(bulletin.bulletin_id, [one.speaker_id for one in speakers], "admin")

    async def airing(self, airing_id: AiringId) -> Airing:
        async with self.store.reading() as tx:
            return await tx.airings.get(airing_id)

    async def playback(self, airing: Airing, speaker: Speaker) -> Playback:
        async with self.store.reading() as tx:
            found = await tx.airings.playbacks_of([(airing.airing_id, speaker.speaker_id)])
        return found[0]

    async def until(self, what: Callable[[], Awaitable[object]]) -> object:
        """Waits until ``what`` returns something true; time does not move by itself. A busy machine may take long."""
        async with asyncio.timeout(30):
            while True:
                found = await what()
                if found:
                    return found
                await asyncio.sleep(0.001)

    async def until_state(self, airing: Airing, state: AiringState) -> Airing:
        async def look() -> Airing | None:
            found = await self.airing(airing.airing_id)
            return found if found.state is state else None

        try:
            found = await self.until(look)
        except TimeoutError:
            now = await self.airing(airing.airing_id)
            raise AssertionError(f"the airing is {now.state}, not {state}") from None
        assert isinstance(found, Airing)
        return found

    async def until_played(self, airing: Airing, speaker: Speaker, state: PlayState) -> Playback:
        async def look() -> Playback | None:
            found = await self.playback(airing, speaker)
            return found if found.state is state else None

        try:
            found = await self.until(look)
        except TimeoutError:
            now = await self.playback(airing, speaker)
            raise AssertionError(f"the playback is {now.state}, not {state}") from None
        assert isinstance(found, Playback)
        return found


def sounding(airing_id: str, start_at_us: int, error_us: int = 0) -> Sounding:
    return Sounding(
        airing_id=airing_id,
        planned_start_us=start_at_us,
        actual_start_us=start_at_us + error_us,
        start_error_us=error_us,
    )


def finished(airing_id: str, ended_at_us: int, played_us: int) -> Finished:
    return Finished(airing_id=airing_id, ended_at_us=ended_at_us, played_us=played_us)
