"""mDNS on the controller's side: announces this controller, and looks for devices.

Rules of the module: what is heard is hearsay (`found`). Nothing here is ever needed, so nothing here ever stops the
controller: what fails is tried again, with one line in the log for each kind of failure. IPv4 alone. The instance is
named after the controller's id, which comes from its key. ``zeroconf`` is imported in this file alone on this side.
"""

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from agents.protocol.ids import DeviceId
from agents.protocol.messages import DeviceState
from agents.protocol.version import AGENT_SERVICE, CONTROLLER_SERVICE, PROTOCOL_VERSION
from controller.links.found import Sighting

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

_log = logging.getLogger(__name__)

_FIRST_RETRY_S: Final = 2.0
_LONGEST_RETRY_S: Final = 60.0
_LOOK_AGAIN_S: Final = 30.0
_RESOLVE_WITHIN_MS: Final = 3_000
_RESOLVERS: Final = 8
_NAMES_AT_MOST: Final = 2_000
_TEXT_LETTERS: Final = 200
_TXT_VALUE_BYTES: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Announcement:
    """What others read about this controller. ``run`` changes at every start, so that devices dial at once."""

    controller_id: str
    name: str
    port: int
    run: str

    def properties(self) -> dict[str, str]:
        """The TXT record: ``id, protocol, name, run``."""
        name = self.name.encode()[:_TXT_VALUE_BYTES].decode(errors="ignore")
        return {"id": self.controller_id, "protocol": str(PROTOCOL_VERSION), "name": name, "run": self.run}


def parse_interfaces(text: str) -> tuple[str, ...]:
    """The addresses in the setting ``mdns_interfaces``; none for ``default``. Raises `ValueError` with a sentence."""
    if text.strip() == "default":
        return ()
    addresses = tuple(part.strip() for part in text.split(",") if part.strip())
    for address in addresses:
        try:
            ipaddress.IPv4Address(address)
        except ValueError:
            raise ValueError(f"{address!r} is no IPv4 address; write default, or addresses such as 127.0.0.1") from None
    if not addresses:
        raise ValueError("write default, or IPv4 addresses with commas between")
    return addresses


class Discovery:
    """Run `run` for as long as the controller lives. ``sighted`` and ``lost`` are told what is heard."""

    def __init__(
        self,
        announcement: Announcement,
        interfaces: tuple[str, ...],
        *,
        sighted: Callable[[Sighting], None],
        lost: Callable[[Iterable[DeviceId]], None],
        now_us: Callable[[], int],
    ) -> None:
        """``interfaces`` are IPv4 addresses of this machine; none means all but loopback."""
        self._announcement = announcement
        self._interfaces = interfaces
        self._sighted = sighted
        self._lost = lost
        self._now_us = now_us
        self._names: dict[str, DeviceId] = {}
        self._to_resolve: asyncio.Queue[tuple[str, bool]] = asyncio.Queue(_NAMES_AT_MOST)
        self.working = False

    async def run(self) -> None:
        """Never returns."""
        retry_s = _FIRST_RETRY_S
        while True:
            try:
                await self._run_once()
                retry_s = _FIRST_RETRY_S
            except Exception as error:  # zeroconf raises its own and any of the socket's
                if retry_s == _FIRST_RETRY_S:
                    _log.warning("mDNS does not work now; it is tried again: %s", _sentence(error))
                await asyncio.sleep(retry_s)
                retry_s = min(retry_s * 2, _LONGEST_RETRY_S)
            finally:
                self.working = False
                self._forget_all()

    async def _run_once(self) -> None:
        """Returns when the addresses of this machine have changed."""
        from zeroconf import IPVersion
        from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

        addresses = self._addresses()
        if not addresses:
            raise OSError("no network interface has an address yet")
        zeroconf = AsyncZeroconf(interfaces=list(addresses), ip_version=IPVersion.V4Only)
        browser: AsyncServiceBrowser | None = None
        try:
            # No probing for a name that nobody else can rightly have: an impostor could keep us off the network by it.
            await (await zeroconf.async_register_service(self._info(addresses), cooperating_responders=True))
            browser = AsyncServiceBrowser(zeroconf.zeroconf, [AGENT_SERVICE], handlers=[self._on_service])
            self.working = True
            async with asyncio.TaskGroup() as group:
                resolvers = [group.create_task(self._resolve(zeroconf)) for _ in range(_RESOLVERS)]
                while addresses == self._addresses():  # noqa: ASYNC110 - nobody tells of a change
                    await asyncio.sleep(_LOOK_AGAIN_S)
                for resolver in resolvers:
                    resolver.cancel()
        finally:
            if browser is not None:
                await browser.async_cancel()
            await zeroconf.async_close()

    def _addresses(self) -> tuple[str, ...]:
        """Raises `OSError` where the settings name an address that this machine does not have now."""
        present = own_addresses()
        if not self._interfaces:
            return tuple(address for address in present if not address.startswith("127."))
        for wanted in self._interfaces:
            if wanted not in present and not wanted.startswith("127."):
                raise OSError(f"{wanted} is no address of this machine")
        return self._interfaces

    def _info(self, addresses: tuple[str, ...]) -> "AsyncServiceInfo":
        from zeroconf.asyncio import AsyncServiceInfo

        instance = self._announcement.controller_id
        return AsyncServiceInfo(
            CONTROLLER_SERVICE,
            f"{instance}.{CONTROLLER_SERVICE}",
            port=self._announcement.port,
            properties=self._announcement.properties(),
            server=f"{instance}.local.",
            parsed_addresses=list(addresses),
        )

    def _on_service(self, zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
        from zeroconf import ServiceStateChange

        if not self._to_resolve.full():
            self._to_resolve.put_nowait((name, state_change is not ServiceStateChange.Removed))

    async def _resolve(self, zeroconf: "AsyncZeroconf") -> None:
        from zeroconf import BadTypeInNameException
        from zeroconf.asyncio import AsyncServiceInfo

        while True:
            name, present = await self._to_resolve.get()
            sighting: Sighting | None = None
            if present:
                try:
                    info = AsyncServiceInfo(AGENT_SERVICE, name)
                except BadTypeInNameException as error:
                    _log.info("A name was passed over: %s", error)
                    continue
                if await info.async_request(zeroconf.zeroconf, _RESOLVE_WITHIN_MS):
                    sighting = sighting_of(info.decoded_properties, info.parsed_addresses(), self._now_us())
            self._note(name, sighting)

    def _note(self, name: str, sighting: Sighting | None) -> None:
        """Two instances may claim one device; it is lost when the last of them goes."""
        before = self._names.pop(name, None)
        if sighting is not None and len(self._names) < _NAMES_AT_MOST:
            self._names[name] = sighting.device_id
            self._sighted(sighting)
        if before is not None and before not in self._names.values():
            self._lost((before,))

    def _forget_all(self) -> None:
        self._lost(tuple(self._names.values()))
        self._names.clear()
        while not self._to_resolve.empty():
            self._to_resolve.get_nowait()


def sighting_of(texts: dict[str, str | None], addresses: Iterable[str], now_us: int) -> Sighting | None:
    """What a device's TXT record says; None where it is none of ours."""
    device_id = texts.get("id") or ""
    if not device_id.startswith("d-") or not device_id[2:].isalnum() or len(device_id) > 80:
        return None
    return Sighting(
        device_id=DeviceId(device_id),
        name=_clean(texts.get("name")),
        model=_clean(texts.get("model")),
        adopted=texts.get("state") == DeviceState.ADOPTED.value,
        address=next(iter(addresses), ""),
        seen_at_us=now_us,
    )


def _clean(text: str | None) -> str:
    return "".join(letter for letter in (text or "")[:_TEXT_LETTERS] if letter.isprintable())


def own_addresses() -> tuple[str, ...]:
    """The IPv4 addresses of this machine."""
    import ifaddr

    return tuple(
        sorted(
            address.ip for adapter in ifaddr.get_adapters() for address in adapter.ips if isinstance(address.ip, str)
        )
    )


def _sentence(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__
