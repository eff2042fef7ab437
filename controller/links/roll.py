"""Who is linked as adopted: one link a device, the newest."""

import asyncio
import hmac

from agents.protocol.ids import DeviceId
from controller.links.device_link import DeviceLink


class Roll:
    """The registry of adopted devices' links."""

    def __init__(self) -> None:
        self._claimed: dict[DeviceId, DeviceLink] = {}
        self._open: dict[DeviceId, DeviceLink] = {}

    def connected(self) -> frozenset[DeviceId]:
        """Devices that are welcomed and can be pushed to."""
        return frozenset(self._open)

    def get(self, device_id: DeviceId) -> DeviceLink | None:
        """The link that can be pushed to."""
        return self._open.get(device_id)

    def links(self) -> tuple[DeviceLink, ...]:
        """Every link that has proven itself, welcomed or about to be."""
        return tuple(self._claimed.values())

    async def claim(self, link: DeviceLink) -> bool:
        """Makes this the device's link; returns when the one before is gone. False where a newer one came meanwhile."""
        before = self._claimed.get(link.device_id)
        self._claimed[link.device_id] = link
        if before is not None:
            before.end("replaced")
            await before.gone.wait()
        return self._claimed.get(link.device_id) is link

    def welcomed(self, link: DeviceLink) -> None:
        """From now on the device counts as connected."""
        self._open[link.device_id] = link

    def leave(self, link: DeviceLink) -> None:
        """This link is over."""
        for registry in (self._open, self._claimed):
            if registry.get(link.device_id) is link:
                del registry[link.device_id]
        link.gone.set()

    async def end(self, device_id: DeviceId, why: str) -> None:
        """Ends a device's link, if there is one, and waits until it is gone."""
        link = self._claimed.get(device_id)
        if link is not None:
            link.end(why)
            await link.gone.wait()

    async def end_all(self, why: str) -> None:
        """The same for every device."""
        await asyncio.gather(*(self.end(device_id, why) for device_id in tuple(self._claimed)))

    def ticket_opens(self, device_id: DeviceId, ticket: str) -> bool:
        """Whether this clip ticket belongs to the live link of this device."""
        link = self._open.get(device_id)
        return link is not None and hmac.compare_digest(link.clip_ticket.encode(), ticket.encode())

    def queued(self) -> tuple[int, int]:
        """Messages that wait for devices: all together, and on the worst link."""
        waiting = [link.queued for link in self._open.values()]
        return sum(waiting), max(waiting, default=0)
