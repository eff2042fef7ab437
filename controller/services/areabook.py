"""The areas in memory, for every page and every link: the country's list is too long to be read each time.

Whoever changes areas in the database puts the change here once it is committed. An area that another program added is
noticed when something first stands in it.

Kept is what holds of the areas on every day (`AreaBook.history`); what is asked without a day is answered for today.
What is recorded as standing in an area that was merged stands in its successor: see `AreaTree.path_on`.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta, timezone
from typing import Final

from agents.protocol.ids import AreaId
from controller.domain.errors import NotFound, StoreFailed
from controller.ports import Transaction
from schedules.areanames import counting
from schedules.areas import Area, AreaTree, BrokenTree, Origin
from schedules.succession import with_changes

HOME_KEY: Final = "home_area"
"""Under which the station's own area is kept among its settings."""
FORMER_ROOTS_KEY: Final = "former_root_areas"
"""Areas that lay in no other once, with spaces between them."""
_DAYS_BEGIN: Final = timezone(timedelta(hours=7))
"""Where the areas are, whatever zone the server is in."""


class AreaBook:
    """One `AreaTree`, replaced as a whole at every change, and which of its areas is the station's own."""

    def __init__(self, today: Callable[[], date]) -> None:
        """``today`` is the day where the areas are, see `day_of`."""
        self._today = today
        self._history = AreaTree()
        self._home_id: AreaId | None = None
        self._roots: dict[AreaId, None] = {}

    def tree(self) -> AreaTree:
        """All areas with today's names, each in what it lies in today; empty before `load`."""
        return self._history.as_of(self._today())

    def history(self) -> AreaTree:
        """The areas with all that is known of their past and their future: what changes are made to."""
        return self._history

    def home(self) -> Area | None:
        """The station's own area, or what it was merged into."""
        if self._home_id is None or self._home_id not in self._history:
            return None
        return self.standing(self._home_id)

    def standing(self, area_id: str, on: date | None = None) -> Area:
        """Where something stands on a day that is recorded in this area, by the names of that day; today where none is
        given. Raises `UnknownArea`.
        """
        on = self._today() if on is None else on
        return self._history.as_of(on).get(self._history.path_on(area_id, on)[-1])

    def roots(self) -> tuple[AreaId, ...]:
        """Every area that is or ever was the widest of its path: a device that was away when its area moved still
        goes by where it was, and must obey a stop all the same.
        """
        return tuple(self._roots)

    async def load(self, tx: Transaction) -> None:
        """Reads everything again. Raises `StoreFailed`."""
        home_id = await tx.station_settings.get(HOME_KEY)
        former = (await tx.station_settings.get(FORMER_ROOTS_KEY) or "").split()
        self.replace(await stored_tree(tx), None if home_id is None else AreaId(home_id))
        self._roots.update(dict.fromkeys(AreaId(area_id) for area_id in former))

    def around(self, area_id: str) -> frozenset[str]:
        """Every area by which something that is recorded in this one can be meant today: those that it stands in, and
        those that it stood in until they were merged.
        """
        today = self._today()
        return self._history.former_on(area_id, today).union(self._history.path_on(area_id, today))

    def replace(self, history: AreaTree, home_id: AreaId | None) -> None:
        """What was committed: the areas of all days."""
        self._history, self._home_id = history, home_id
        once = (area for area in history if any(past.parent_id is None for past in area.past))
        self._roots.update(dict.fromkeys(AreaId(area.area_id) for area in (*history.roots(), *once)))

    def put(self, *areas: Area) -> None:
        """Areas that were added or changed, and committed."""
        self.replace(with_changes(self._history, areas), self._home_id)

    async def knowing(self, tx: Transaction, area_ids: Iterable[AreaId]) -> AreaTree:
        """Today's tree with these areas in it. Where one is missing, what the database has more is taken over, and only
        that: ``tx`` may have begun before the last change here. Not for a transaction that adds some itself. Raises
        `StoreFailed`.
        """
        if not all(area_id in self._history for area_id in area_ids):
            stored = await stored_tree(tx)
            more = [area for area in stored if area.area_id not in self._history]
            self.replace(AreaTree([*self._history, *more]), self._home_id)
        return self.tree()

    async def path(self, tx: Transaction, area_id: AreaId) -> tuple[AreaId, ...]:
        """From the widest area down to this one, or to what it was merged into; it may have been added in ``tx``.
        Raises `NotFound` (``area_unknown``), `StoreFailed`.
        """
        if area_id in self._history:
            return tuple(AreaId(one) for one in self._history.path_on(area_id, self._today()))
        path = await tx.areas.path(area_id)
        self._roots[path[0]] = None
        return path

    async def in_use(self, tx: Transaction, now_us: int, *, wider: bool = True) -> tuple[Area, ...]:
        """See `in_use`. Raises `StoreFailed`."""
        standing = await tx.areas.standing()
        tree = await self.knowing(tx, standing)
        return in_use(tree, self.home(), standing, day_of(now_us), wider=wider)


def in_use(
    tree: AreaTree, home: Area | None, standing: Iterable[AreaId], today: date, *, wider: bool = True
) -> tuple[Area, ...]:
    """What matters to a station: its own area and all below it, what its people added, where its speakers stand, and
    every ``wider`` area of these where asked for. Parents before children, siblings by name. What is no longer valid is
    left out, unless a speaker stands in it or below it.
    """
    own = [] if home is None else list(tree.walk(home.area_id))
    added = [area for area in tree if area.origin is Origin.STATION]
    chosen = {area.area_id for area in (*own, *added) if area.valid(today)}
    chosen.update(tree.path_on(area_id, today)[-1] for area_id in standing if area_id in tree)
    wanted = {area.area_id for area_id in chosen for area in tree.path(area_id)}
    listed: list[Area] = []
    waiting = _last_first(tree.roots(), wanted)
    while waiting:
        area = waiting.pop()
        if wider or area.area_id in chosen:
            listed.append(area)
        waiting.extend(_last_first(tree.children(area.area_id), wanted))
    return tuple(listed)


def _last_first(siblings: Iterable[Area], wanted: set[str]) -> list[Area]:
    listed = (area for area in siblings if area.area_id in wanted)
    return sorted(listed, key=lambda one: counting(one.name), reverse=True)


async def stored_tree(tx: Transaction) -> AreaTree:
    """All areas of the database, on all days. Raises `StoreFailed`, also where they make no tree."""
    try:
        return AreaTree(await tx.areas.all())
    except BrokenTree as error:
        raise StoreFailed(f"the areas in the database make no tree: {error}") from error


def require(tree: AreaTree, area_id: str) -> Area:
    """Raises `NotFound` (``area_unknown``)."""
    if area_id not in tree:
        raise NotFound(f"no area {area_id}", code="area_unknown")
    return tree.get(area_id)


def start_of(day: date) -> int:
    """The instant at which a day begins where the areas are."""
    return int(datetime.combine(day, time.min, _DAYS_BEGIN).timestamp()) * 1_000_000


def day_of(instant_us: int) -> date:
    """The day of an instant where the areas are."""
    return datetime.fromtimestamp(instant_us / 1_000_000, _DAYS_BEGIN).date()
