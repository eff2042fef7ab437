"""Which speakers stand where, in memory: a stop and an emergency ask no database whom they are for."""

from collections.abc import Callable, Iterable

from agents.protocol.ids import DeviceId
from controller.domain.speakers import Speaker, SpeakerState

Around = Callable[[str], frozenset[str]]
"""The areas by which what is recorded in one can be meant today, see `AreaBook.around`."""


class Whereabouts:
    """What was last read of all speakers. `EmergencyWatch` reads again whenever something about them changed."""

    def __init__(self) -> None:
        self._fleet: tuple[Speaker, ...] = ()
        self._by_device: dict[DeviceId, Speaker] = {}

    def stand(self, fleet: tuple[Speaker, ...]) -> None:
        """These are all speakers now."""
        if fleet is not self._fleet:
            self._fleet = fleet
            self._by_device = {one.device_id: one for one in fleet}

    def of(self, device_id: DeviceId) -> Speaker | None:
        """The speaker on which a device hangs."""
        return self._by_device.get(device_id)

    def meant(self, area_ids: Iterable[str], around: Around) -> tuple[Speaker, ...]:
        """The adopted ones that stand in one of these areas, or below one."""
        return standing_in(self._fleet, area_ids, around)


def standing_in(speakers: Iterable[Speaker], area_ids: Iterable[str], around: Around) -> tuple[Speaker, ...]:
    """Those adopted that stand in one of these areas, or below one: many stand in few areas."""
    wanted = frozenset(area_ids)
    meant: dict[str, bool] = {}
    found: list[Speaker] = []
    for one in speakers:
        if one.state is not SpeakerState.ADOPTED:
            continue
        if one.area_id not in meant:
            meant[one.area_id] = not wanted.isdisjoint(around(one.area_id))
        if meant[one.area_id]:
            found.append(one)
    return tuple(found)
