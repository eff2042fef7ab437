"""The areas in memory, for every page and every link: the country's list is too long to be read each time.

Whoever changes areas in the database puts the change here once it is committed. An area that another program added is
noticed when something first stands in it.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Final

from agents.protocol.ids import AreaId
from controller.domain.errors import NotFound, StoreFailed
from controller.ports import Transaction
from schedules.areanames import folded
from schedules.areas import Area, AreaTree, BrokenTree, Origin

HOME_KEY: Final = "home_area"
"""Under which the station's own area is kept among its settings."""
FORMER_ROOTS_KEY: Final = "former_root_areas"
"""Areas that lay in no other once, with spaces between them."""
_DAYS_BEGIN: Final = timezone(timedelta(hours=7))
"""Where the areas are, whatever zone the server is in."""


class AreaBook:
    """One `AreaTree`, replaced as a whole at every change, and which of its areas is the station's own."""

    def __init__(self) -> None:
        self._tree = AreaTree()
        self._home_id: AreaId | None = None
        self._roots: dict[AreaId, None] = {}

    def tree(self) -> AreaTree:
        """All areas as they are now; empty before `load`."""
        return self._tree

    def home(self) -> Area | None:
        """The station's own area."""
        known = self._home_id is not None and self._home_id in self._tree
        return self._tree.get(self._home_id) if known and self._home_id is not None else None

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

    def replace(self, tree: AreaTree, home_id: AreaId | None) -> None:
        """What was committed."""
        self._tree, self._home_id = tree, home_id
        self._roots.update(dict.fromkeys(AreaId(area.area_id) for area in tree.roots()))

    def put(self, area: Area) -> None:
        """An area that was added or changed, and committed."""
        self.replace(changed(self._tree, area), self._home_id)

    async def knowing(self, tx: Transaction, area_ids: Iterable[AreaId]) -> AreaTree:
        """The tree with these areas in it. Where one is missing, what the database has more is taken over, and only
        that: ``tx`` may have begun before the last change here. Not for a transaction that adds some itself. Raises
        `StoreFailed`.
        """
        if not all(area_id in self._tree for area_id in area_ids):
            stored = await stored_tree(tx)
            more = [area for area in stored if area.area_id not in self._tree]
            self.replace(AreaTree([*self._tree, *more]), self._home_id)
        return self._tree

    async def path(self, tx: Transaction, area_id: AreaId) -> tuple[AreaId, ...]:
        """From the widest area down to this one, which may have been added in ``tx``. Raises `NotFound`
        (``area_unknown``), `StoreFailed`.
        """
        if area_id in self._tree:
            return tuple(AreaId(area.area_id) for area in self._tree.path(area_id))
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
    chosen.update(area_id for area_id in standing if area_id in tree)
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
    return sorted((area for area in siblings if area.area_id in wanted), key=lambda one: folded(one.name), reverse=True)


def changed(tree: AreaTree, area: Area) -> AreaTree:
    """The tree with this area in the place of the one of its id, or added to it. Raises `BrokenTree`."""
    if area.area_id not in tree:
        return AreaTree([*tree, area])
    return AreaTree(area if one.area_id == area.area_id else one for one in tree)


async def stored_tree(tx: Transaction) -> AreaTree:
    """All areas of the database. Raises `StoreFailed`, also where they make no tree."""
    try:
        return AreaTree(await tx.areas.all())
    except BrokenTree as error:
        raise StoreFailed(f"the areas in the database make no tree: {error}") from error


def require(tree: AreaTree, area_id: str) -> Area:
    """Raises `NotFound` (``area_unknown``)."""
    if area_id not in tree:
        raise NotFound(f"no area {area_id}", code="area_unknown")
    return tree.get(area_id)


def day_of(instant_us: int) -> date:
    """The day of an instant where the areas are."""
    return datetime.fromtimestamp(instant_us / 1_000_000, _DAYS_BEGIN).date()
