"""The new devices that are there: as their links show them, and as mDNS does.

Rules of the module: mDNS is hearsay, so it only adds to what a link shows and never replaces it, and there is a limit
to how much of it is kept. A device is told apart by its id, which comes from its key; a copied name is only a name.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from agents.protocol.ids import DeviceId
from controller.domain.speakers import FoundDevice
from controller.links.newcomers import NewcomerLink

_SIGHTINGS_AT_MOST: Final = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """What mDNS says of a device. Anyone on the network can say it."""

    device_id: DeviceId
    name: str
    model: str
    adopted: bool
    address: str
    seen_at_us: int


class Found:
    """The registry. ``changed`` is called whenever `all` gives something else."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._links: dict[DeviceId, NewcomerLink] = {}
        self._sightings: dict[DeviceId, Sighting] = {}

    def all(self) -> tuple[FoundDevice, ...]:
        """Everything that is linked as new or seen by mDNS, adopted devices included; the services tell them apart."""
        linked = (device for link in self._links.values() if (device := link.found()) is not None)
        return merge(linked, self._sightings.values())

    def link(self, device_id: DeviceId) -> NewcomerLink | None:
        """Its link, if it has dialled."""
        return self._links.get(device_id)

    def links(self) -> tuple[NewcomerLink, ...]:
        """Of every new device that has dialled."""
        return tuple(self._links.values())

    def introduce(self, link: NewcomerLink) -> None:
        """A new device can be shown. A second link of the same device replaces the first."""
        before = self._links.get(link.device_id)
        self._links[link.device_id] = link
        if before is not None:
            before.end("replaced")
        self._changed()

    def forget(self, link: NewcomerLink) -> None:
        """This new device's link is over."""
        if self._links.get(link.device_id) is link:
            del self._links[link.device_id]
            self._changed()
        link.gone.set()

    def sighted(self, sighting: Sighting) -> None:
        """mDNS shows a device."""
        before = self._sightings.get(sighting.device_id)
        if before is None and len(self._sightings) >= _SIGHTINGS_AT_MOST:
            return
        if before is not None:
            sighting = replace(sighting, seen_at_us=before.seen_at_us)
        self._sightings[sighting.device_id] = sighting
        if sighting != before:
            self._changed()

    def lost_sight(self, device_ids: Iterable[DeviceId]) -> None:
        """mDNS does not show these any more."""
        before = len(self._sightings)
        for device_id in device_ids:
            self._sightings.pop(device_id, None)
        if len(self._sightings) != before:
            self._changed()


def merge(linked: Iterable[FoundDevice], sightings: Iterable[Sighting]) -> tuple[FoundDevice, ...]:
    """Every device once, by name and id: as its link shows it, else as mDNS does."""
    merged = {device.device_id: device for device in linked}
    for seen in sightings:
        known = merged.get(seen.device_id)
        merged[seen.device_id] = _by_hearsay(seen) if known is None else replace(known, seen_by_mdns=True)
    return tuple(sorted(merged.values(), key=lambda device: (device.name, device.device_id)))


def _by_hearsay(seen: Sighting) -> FoundDevice:
    return FoundDevice(
        device_id=seen.device_id,
        name=seen.name,
        model=seen.model,
        software="",
        address=seen.address,
        linked=False,
        seen_by_mdns=True,
        adopted_elsewhere=seen.adopted,
        identifies_left=0,
        identify_until_us=None,
        found_at_us=seen.seen_at_us,
    )
