"""The controller's composition root: from settings to a running station, and back down again in the opposite order.

It reads top to bottom: data directory, keys, store, clock, studio, links, services, pages, tasks. Every task belongs to
the group in `serve`, the web server is one of them; a service that returns by itself is a defect and ends the program,
and whoever started it starts it again.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from agents.protocol import systemd
from agents.protocol.memory import give_back, stay_small
from controller.collecting import collect_seldom
from controller.config import Config
from controller.configured import desk_settings, link_settings, radio_settings, version
from controller.datadir import CannotStart, database_url, only_one
from controller.domain.speakers import ControllerIdentity
from controller.links.clips import ClipRoom
from controller.links.clock import ControllerClock
from controller.links.desk import DeviceDesk
from controller.links.discovery import Announcement, Discovery, own_addresses, parse_interfaces
from controller.links.door import Door
from controller.links.fetcher import HttpFetcher
from controller.links.hub import Hub
from controller.links.keys import FileSigner, Keys, KeysUnusable, load_or_make
from controller.links.routes import device_routes
from controller.listen import CLOSE_WITHIN_S, listen
from controller.metrics import Figures
from controller.radio import AudioRadio
from controller.services.desk import Desk
from controller.services.events import FoundChanged
from controller.store.database import SqlStore
from controller.store.migrate import upgrade_to_head
from controller.studio import AudioStudio, VoicesUnusable
from controller.supervise import DiskWatch, LoopWatch, all_of, permanent

if TYPE_CHECKING:
    from aiohttp import web

    from controller.certificates import Https
    from controller.web.parts import Secure

_log = logging.getLogger(__name__)

_START_WITHIN_S: Final = 60.0
_LEAVE_WITHIN_S: Final = 2.0
_SWITCH_S: Final = 0.000_5
"""SQLite gives the interpreter up for each row, and waits so long for it while the event loop is busy: at the 5 ms of
Python itself a page waits seconds for its rows when thousands of devices connect.
"""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class House:
    """Everything that is open while the controller runs."""

    identity: ControllerIdentity
    store: SqlStore
    clock: ControllerClock
    studio: AudioStudio
    hub: Hub
    door: Door
    desk: Desk
    loop: LoopWatch
    disk: DiskWatch


async def serve(config: Config, say: Callable[[str], None]) -> None:
    """Runs until SIGTERM or SIGINT. ``say`` speaks to the terminal.

    Raises `CannotStart`, `StoreFailed`, `OSError`, or a group of what services raised.
    """
    stay_small()
    collect_seldom()
    sys.setswitchinterval(_SWITCH_S)
    folder, interfaces = config.data_folder(), _interfaces(config)
    with only_one(folder):
        stopping = _on_signals()
        async with _house(config, folder) as house:
            await _first_start(house, say)
            listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            async with asyncio.TaskGroup() as group:
                services = [
                    group.create_task(permanent("clock", house.clock.watch()), name="clock"),
                    group.create_task(permanent("loop watch", house.loop.run()), name="loop watch"),
                    group.create_task(permanent("disk watch", house.disk.run()), name="disk watch"),
                    group.create_task(permanent("desk", house.desk.run()), name="desk"),
                ]
                await _while_running(house.desk.started.wait(), services)
                https = _https(config, folder)
                app = _pages(config, folder, house, https[1] if https else None)
                pages = listen(config, app, lambda: house.hub.sockets.parted, listening, https)
                services.append(group.create_task(permanent("pages", pages), name="pages"))
                port = await _while_running(listening, services)
                if config.mdns:
                    discovery = _discovery(config, interfaces, house, port)
                    services.append(group.create_task(permanent("discovery", discovery.run()), name="discovery"))
                services.append(group.create_task(permanent("watchdog", systemd.keep_watched(lambda: True))))
                _announce(config, port, https[1] if https else None, say)
                give_back()
                systemd.notify("READY=1")
                await stopping.wait()
                systemd.notify("STOPPING=1")
                await _close(house)
                for service in reversed(services):
                    service.cancel()
    _log.info("stopped", extra={"event": "stopped"})


async def _first_start(house: House, say: Callable[[str], None]) -> None:
    """Prints the administrator's password, once: it is kept nowhere in the clear, and never logged: as a service what
    is printed goes into the machine's log.
    """
    password = await house.desk.accounts.first_administrator()
    if password is not None and os.environ.get("JOURNAL_STREAM"):
        say("This is the first start. For a password: sudo -u loa /opt/loa/bin/loa admin password admin")
    elif password is not None:
        say("")
        say("  This is the first start. Sign in with this account; the password is shown only now:")
        say("")
        say("    Account   admin")
        say(f"    Password  {password}")
        say("")


def _announce(config: Config, port: int, secure: "Secure | None", say: Callable[[str], None]) -> None:
    host = "localhost" if config.host in ("0.0.0.0", "::", "") else config.host  # noqa: S104 - compared, not bound
    say(f"  Open http://{host}:{port}")
    if secure is not None:
        say(f"  Open https://{host}:{secure.port}")
    if secure is not None and secure.authority_pem:
        say(f"  To trust it: http://{host}:{port}/trust, where this must stand:")
        say(f"    {secure.fingerprint}")
    _log.info("ready", extra={"event": "ready", "url": f"http://{host}:{port}"})


async def _while_running(event: Awaitable[_T], services: Sequence["asyncio.Task[NoReturn]"]) -> _T:
    """Waits for something that a service brings about. Raises what the service raised instead, or `CannotStart`."""
    waiting = asyncio.ensure_future(event)
    try:
        await asyncio.wait({waiting, *services}, timeout=_START_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        for service in services:
            if service.done():
                await service
        if not waiting.done():
            raise CannotStart(f"The controller did not start within {_START_WITHIN_S:.0f} s; see the log.")
        return waiting.result()
    finally:
        waiting.cancel()


async def _close(house: House) -> None:
    """Ends what is spoken live, then lets go of the devices, so that each is told and what they said last is kept."""
    try:
        await house.desk.live.leave(_LEAVE_WITHIN_S)
        async with asyncio.timeout(CLOSE_WITHIN_S):
            await house.hub.close()
    except TimeoutError:
        _log.warning("Some devices did not let go in time.")


def _on_signals() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, stopping.set)
    return stopping


# --- the parts --------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _house(config: Config, folder: Path) -> AsyncIterator[House]:
    keys = _keys(folder)
    identity = keys.identity(config.name)
    database = database_url(folder)
    (folder / "loa.db").touch(mode=0o600)  # for nobody else of this machine, also in a folder that is open
    (folder / "loa.db").chmod(0o600)
    await upgrade_to_head(database)
    async with contextlib.AsyncExitStack() as stack:
        store = SqlStore(database)
        stack.push_async_callback(store.close)
        studio = _studio(config, folder)
        # Clock and links tell the services what changed; those are made after them, and bound when first used.
        clock = ControllerClock(trust_system_clock=config.trust_system_clock, changed=lambda: desk.clock_changed())  # noqa: PLW0108
        hub = Hub(found_changed=lambda: desk.events.publish(FoundChanged()), push_limit_s=config.push_limit_s)
        desk = Desk(
            store=store,
            links=hub,
            signer=FileSigner(keys),
            clock=clock,
            studio=studio,
            identity=identity,
            settings=desk_settings(config, folder),
            radio=AudioRadio(studio, radio_settings(config)),
            fetcher=HttpFetcher(),
        )
        door = Door(
            hub, DeviceDesk(desk.adoption, desk.ingest, desk.delivery, desk.hands), clock, link_settings(config, keys)
        )
        yield House(
            identity=identity,
            store=store,
            clock=clock,
            studio=studio,
            hub=hub,
            door=door,
            desk=desk,
            loop=LoopWatch(),
            disk=DiskWatch(folder, config.min_free_disk_bytes),
        )


def _keys(folder: Path) -> Keys:
    try:
        return load_or_make(folder / "keys")
    except KeysUnusable as error:
        raise CannotStart(str(error)) from error


def _studio(config: Config, folder: Path) -> AudioStudio:
    voices, limit_s = config.voices_file or folder / "voices.toml", config.max_recording_s
    studio = AudioStudio(folder / "clips", ffmpeg=config.ffmpeg, duration_limit_s=limit_s, voices_file=voices)
    try:
        studio.open()
    except VoicesUnusable as error:
        raise CannotStart(f"The file of voices cannot be used: {error}.") from error
    return studio


def _pages(config: Config, folder: Path, house: House, secure: "Secure | None") -> "web.Application":
    from controller.web.parts import parts_of
    from controller.web.security import networks
    from controller.web.server import make_web_app

    parts = replace(
        parts_of(house.desk, house.clock, house.studio, folder / "uploads"),
        public_urls=config.public_urls,
        sim_quota_bytes=house.desk.settings.sim_quota_bytes,
        station_name=config.name,
        zone=config.time_zone,
        upload_limit_bytes=config.max_upload_bytes,
        secure_cookies=config.secure_cookies,
        device_routes=device_routes(house.door, ClipRoom(house.hub, house.studio, house.desk.foremost)),
        ready=partial(_ready, house),
        metrics=_figures(house).page,
        metrics_token=config.metrics_token,
        secure=secure,
        trusted_proxies=networks(config.trusted_proxies),
        max_text_letters=config.max_text_letters,
        max_recording_s=config.max_recording_s,
    )
    return make_web_app(parts)


async def _ready(house: House) -> bool:
    """The clock is not asked: without network time nothing can be planned, but everything can still be stopped."""
    return await all_of([("the database", house.store.ready), ("the folder of clips", house.studio.ready)])


def _figures(house: House) -> Figures:
    return Figures(
        version=version(),
        hub=house.hub,
        door=house.door,
        dispatch=house.desk.dispatch,
        live=house.desk.live,
        speakers=house.desk.speakers,
        faults=house.desk.faults,
        telemetry=house.desk.telemetry,
        clock=house.clock,
        loop=house.loop,
        disk=house.disk,
    )


def _https(config: Config, folder: Path) -> "tuple[Https, Secure] | None":
    """HTTPS, and what pages tell of it; nothing of it is loaded where it is not wanted."""
    if not config.serves_https:
        return None
    from controller.certificates import CertificatesUnusable, Given, Https, Local
    from controller.web.parts import Secure

    source: Given | Local
    if config.tls_certificate is not None and config.tls_key is not None:
        source = Given(config.tls_certificate, config.tls_key)
    else:
        names = partial(_names, config)
        source = Local(folder / "keys" / "https", config.name, names, lambda: datetime.now(UTC))
    try:
        https = Https(source)
    except CertificatesUnusable as error:
        raise CannotStart(str(error)) from error
    return https, Secure(authority_pem=https.authority_pem)


def _names(config: Config) -> tuple[str, ...]:
    from controller.certificates import own_names

    return own_names(config.public_urls, own_addresses())


def _discovery(config: Config, interfaces: tuple[str, ...], house: House, port: int) -> Discovery:
    announcement = Announcement(
        controller_id=house.identity.controller_id, name=config.name, port=port, run=secrets.token_hex(4)
    )
    return Discovery(
        announcement,
        interfaces,
        sighted=house.hub.newcomers.sighted,
        lost=house.hub.newcomers.lost_sight,
        now_us=house.clock.now_us,
    )


def _interfaces(config: Config) -> tuple[str, ...]:
    try:
        return parse_interfaces(config.mdns_interfaces)
    except ValueError as error:
        raise CannotStart(f"mdns_interfaces: {error}") from error
