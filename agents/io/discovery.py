"""Finding and being found by mDNS. It makes things quick and is never required.

Rules of the module: what is found here is a hint; only a key proves who somebody is. The agent listens on no port at
all, and mDNS wants one, so the discard port (9) is announced unless the settings name another. The instance is named
after the device's id, which comes from its key, so that a second device with a copied name cannot clash with it. Who
announces much, or never answers, holds up nobody else: names are bounded and asked for several at a time. IPv4 only.
``zeroconf`` is imported in this file alone, and only when mDNS is on.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from agents.io.timeport import TimePort
from agents.protocol.messages import DeviceState
from agents.protocol.version import AGENT_SERVICE, CONTROLLER_SERVICE, LINK_PATH, PROTOCOL_VERSION

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

DISCARD_PORT: Final = 9
_RETRY_AFTER_S: Final = 10.0
_LOOK_AGAIN_AFTER_S: Final = 30.0
_RESOLVE_WITHIN_MS: Final = 3_000
_RESOLVE_AGAIN_S: Final = 2.0
_TEXT_VALUE_BYTES: Final = 200
_NAMES_AT_MOST: Final = 64
_RESOLVED_AT_ONCE: Final = 4
_SEEN_AGAIN_WITHIN_S: Final = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Announcement:
    """What others read about this device in its TXT record."""

    device_id: str
    model: str
    name: str
    state: DeviceState

    def properties(self) -> dict[str, str]:
        """The TXT record: ``id, model, protocol, state, name``."""
        texts = {
            "id": self.device_id,
            "model": self.model,
            "protocol": str(PROTOCOL_VERSION),
            "state": self.state.value,
            "name": self.name,
        }
        return {key: _clipped(value) for key, value in texts.items()}


@dataclass(frozen=True, slots=True)
class FoundController:
    """A controller that somebody announced. ``run`` changes when it starts again."""

    controller_id: str
    urls: tuple[str, ...]
    run: str = ""


class Discovery:
    """Announces this device and keeps the list of controllers. `run` never ends by itself."""

    def __init__(
        self, announcement: Announcement, time: TimePort, interfaces: tuple[str, ...] = (), port: int = DISCARD_PORT
    ) -> None:
        """``interfaces`` are IPv4 addresses of this machine; empty means all but loopback."""
        self._announcement = announcement
        self._time = time
        self._interfaces = interfaces
        self._port = port
        self._instances: dict[str, FoundController] = {}
        self._changed = asyncio.Event()
        self._reannounce = asyncio.Event()
        self._announced: set[str] = set()
        self._resolving: asyncio.Queue[str] = asyncio.Queue()

    def controllers(self) -> tuple[FoundController, ...]:
        """What is announced now, each controller once."""
        merged: dict[str, FoundController] = {}
        for found in self._instances.values():
            merged[found.controller_id] = found
        return tuple(merged.values())

    def find(self, controller_id: str) -> FoundController | None:
        """The announcement of this controller, if there is one."""
        return next((found for found in self.controllers() if found.controller_id == controller_id), None)

    async def wait_changed(self) -> None:
        """Returns when a controller appears, changes or goes."""
        await self._changed.wait()

    def announce(self, announcement: Announcement) -> None:
        """From now on this is what others read."""
        if announcement != self._announcement:
            self._announcement = announcement
            self._reannounce.set()

    async def run(self) -> None:
        """Announces and browses until cancelled. Where the network is not there yet, tries again."""
        told = False
        while True:
            try:
                await self._run_once()
                told = False
            except* (OSError, RuntimeError, _zeroconf_error()) as errors:
                if not told:
                    why = errors.exceptions[0]
                    log.warning("mDNS does not work now; the agent goes on without it and tries again: %s", why)
                told = True
                await self._pause(_RETRY_AFTER_S)

    async def _run_once(self) -> None:
        """Returns when the machine's addresses have changed, to begin again with the new ones."""
        from zeroconf import IPVersion
        from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

        addresses = self._present()
        if not addresses:
            raise OSError("no network interface has such an address yet")
        zeroconf = AsyncZeroconf(interfaces=list(addresses), ip_version=IPVersion.V4Only)
        browser: AsyncServiceBrowser | None = None
        try:
            self._reannounce.clear()
            self._announced.clear()
            # No probing for a name that nobody else can rightly have: an impostor could keep us off the network by it.
            await (await zeroconf.async_register_service(self._info(addresses), cooperating_responders=True))
            browser = AsyncServiceBrowser(zeroconf.zeroconf, [CONTROLLER_SERVICE], handlers=[self._on_service])
            async with asyncio.TaskGroup() as group:
                services = [group.create_task(self._resolve(zeroconf)) for _ in range(_RESOLVED_AT_ONCE)]
                services.append(group.create_task(self._update(zeroconf, addresses)))
                self._doubt()
                while self._present() == addresses:
                    await self._pause(_LOOK_AGAIN_AFTER_S)
                for service in services:
                    service.cancel()
        finally:
            if browser is not None:
                await browser.async_cancel()
            await zeroconf.async_close()

    def _present(self) -> tuple[str, ...]:
        """The addresses to speak on that this machine has now."""
        own = _own_addresses()
        if self._interfaces:
            return tuple(address for address in self._interfaces if address in own)
        return tuple(address for address in own if not address.startswith("127."))

    def _info(self, addresses: tuple[str, ...]) -> "AsyncServiceInfo":
        from zeroconf.asyncio import AsyncServiceInfo

        return AsyncServiceInfo(
            AGENT_SERVICE,
            f"{self._announcement.device_id}.{AGENT_SERVICE}",
            port=self._port,
            properties=self._announcement.properties(),
            server=f"{self._announcement.device_id}.local.",
            parsed_addresses=list(addresses),
        )

    async def _update(self, zeroconf: "AsyncZeroconf", addresses: tuple[str, ...]) -> None:
        while True:
            await self._reannounce.wait()
            self._reannounce.clear()
            await (await zeroconf.async_update_service(self._info(addresses)))

    def _doubt(self) -> None:
        """Whoever was found on another network has to be seen again on this one."""
        for name in self._instances:
            asyncio.get_running_loop().call_later(_SEEN_AGAIN_WITHIN_S, self._resolving.put_nowait, name)

    def _on_service(self, zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
        from zeroconf import ServiceStateChange

        if state_change is ServiceStateChange.Removed:
            self._announced.discard(name)
        elif name in self._announced or len(self._announced) < _NAMES_AT_MOST:
            self._announced.add(name)
        else:
            return
        self._resolving.put_nowait(name)

    async def _resolve(self, zeroconf: "AsyncZeroconf") -> None:
        from zeroconf import BadTypeInNameException
        from zeroconf.asyncio import AsyncServiceInfo

        while True:
            name = await self._resolving.get()
            if name not in self._announced:
                self._replace(name, None)
                continue
            try:
                info = AsyncServiceInfo(CONTROLLER_SERVICE, name)
            except BadTypeInNameException as error:
                log.info("a name was passed over: %s", error, extra={"event": "mdns_refused"})
                continue
            if await info.async_request(zeroconf.zeroconf, _RESOLVE_WITHIN_MS):
                self._replace(name, _found(info))
            else:  # it is there and its answer was lost: nobody will tell us again
                asyncio.get_running_loop().call_later(_RESOLVE_AGAIN_S, self._resolving.put_nowait, name)

    def _replace(self, name: str, found: FoundController | None) -> None:
        before = self._instances.pop(name, None)
        if found is not None:
            self._instances[name] = found
        if found != before:
            self._changed.set()
            self._changed = asyncio.Event()

    async def _pause(self, seconds: float) -> None:
        await self._time.sleep_until(self._time.monotonic_us() + round(seconds * 1e6))


def _found(info: "AsyncServiceInfo") -> FoundController | None:
    texts = {key: value or "" for key, value in info.decoded_properties.items()}
    controller_id = texts.get("id", "")
    if not controller_id or len(controller_id) > 80 or not info.port:
        return None
    scheme = "wss" if texts.get("tls") == "1" else "ws"
    urls = tuple(
        f"{scheme}://{address}:{info.port}{LINK_PATH}" for address in info.parsed_addresses() if ":" not in address
    )
    return FoundController(controller_id=controller_id, urls=urls, run=texts.get("run", ""))


def _own_addresses() -> tuple[str, ...]:
    import ifaddr

    return tuple(
        sorted(
            address.ip for adapter in ifaddr.get_adapters() for address in adapter.ips if isinstance(address.ip, str)
        )
    )


def _zeroconf_error() -> type[Exception]:
    from zeroconf import Error

    return Error


def _clipped(text: str) -> str:
    return text.encode("utf-8")[:_TEXT_VALUE_BYTES].decode("utf-8", errors="ignore")
