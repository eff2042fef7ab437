"""Who is linked as adopted: one link a device, the newest."""

import hmac

from agents.protocol.ids import DeviceId
from controller.links.device_link import DeviceLink
from controller.links.watch import Watch


class Roll:
    """The registry of adopted devices' links."""

    def __init__(self) -> None:
        self._claimed: dict[DeviceId, DeviceLink] = {}
        self._open: dict[DeviceId, DeviceLink] = {}
        self._watch = Watch()

    def connected(self) -> frozenset[DeviceId]:
        """Devices that are welcomed and can be pushed to."""
        return frozenset(self._open)

    def get(self, device_id: DeviceId) -> DeviceLink | None:
        """The link that can be pushed to."""
        return self._open.get(device_id)

    def links(self) -> tuple[DeviceLink, ...]:
        """Every link that has proven itself, welcomed or about to be."""
        return tuple(self._claimed.values())

    def claim(self, link: DeviceLink) -> None:
        """Makes this the device's link; the one before is over."""
        before = self._claimed.get(link.device_id)
        if before is not None:
            before.end("replaced")
        self._claimed[link.device_id] = link

    def welcomed(self, link: DeviceLink) -> None:
        """From now on the device counts as connected, and must not be silent for long."""
        self._open[link.device_id] = link
        self._watch.begin(link)

    def leave(self, link: DeviceLink) -> None:
        """This link is over."""
        for registry in (self._open, self._claimed):
            if registry.get(link.device_id) is link:
                del registry[link.device_id]

    def end(self, device_id: DeviceId, why: str) -> None:
        """Ends a device's link, if there is one."""
        link = self._claimed.get(device_id)
        if link is not None:
            link.end(why)

    def end_all(self, why: str) -> None:
        """The same for every device."""
        for device_id in tuple(self._claimed):
            self.end(device_id, why)

    def ticket_opens(self, device_id: DeviceId, ticket: str) -> bool:
        """Whether this clip ticket belongs to the live link of this device."""
        link = self._open.get(device_id)
        return link is not None and hmac.compare_digest(link.clip_ticket.encode(), ticket.encode())

    def queued(self) -> tuple[int, int]:
        """Bytes that wait for devices to take them: all together, and on the worst link."""
        waiting = [link.waiting_bytes for link in self._open.values()]
        return sum(waiting), max(waiting, default=0)
