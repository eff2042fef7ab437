"""The guards that hold on each speaker, in memory, as rundowns carry them: nobody reads them for every signature."""

from datetime import date
from typing import Final

from agents.protocol.guards import WireGuards
from agents.protocol.ids import SpeakerId
from controller.domain.rundowns import DayGuards, wire_guards
from schedules.guards import NO_GUARDS, Guards, along, days
from schedules.schedule import Place, World

_WINDOWS_KEPT: Final = 64


class Limits:
    """Replaced as a whole by the planner, at every change. Before the first there are none."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._places: dict[str, Place] = {}
        self._made: dict[tuple[str, Guards, date, date], WireGuards | None] = {}
        self._windows: dict[tuple[int, int], tuple[tuple[date, int, int], ...]] = {}

    def replace(self, world: World) -> bool:
        """What holds from now on; whether anything of it is new."""
        old, self._world = self._world, world
        if old is not None and _same(old, world):
            return False
        self._places = {place.speaker_id: place for place in world.places}
        self._made.clear()
        self._windows.clear()
        return True

    def on_wire(self, speaker_id: SpeakerId, from_us: int, until_us: int) -> WireGuards | None:
        """What holds on a speaker on all days that a window touches, whole; None where nothing does."""
        world, place = self._world, self._places.get(speaker_id)
        if world is None or place is None or not (world.guards or place.guards != NO_GUARDS):
            return None
        window = self._days(world.zone, from_us, until_us)
        key = place.area_id, place.guards, window[0][0], window[-1][0]
        if key not in self._made:
            self._made[key] = wire_guards(
                [DayGuards(begin_us, end_us, _on(world, place, day)) for day, begin_us, end_us in window], world.zone
            )
        return self._made[key]

    def _days(self, zone: str, from_us: int, until_us: int) -> tuple[tuple[date, int, int], ...]:
        """Most speakers ask for the same window, one after another."""
        found = self._windows.get((from_us, until_us))
        if found is None:
            if len(self._windows) >= _WINDOWS_KEPT:
                self._windows.clear()
            found = self._windows[from_us, until_us] = days(zone, from_us, until_us)
        return found


def _same(old: World, new: World) -> bool:
    return (old.zone, old.guards) == (new.zone, new.guards) and old.tree is new.tree and old.places is new.places


def _on(world: World, place: Place, day: date) -> Guards:
    return along(world.guards, world.tree.path_on(place.area_id, day), place.guards)
