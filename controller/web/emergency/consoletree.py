"""Where an emergency or a live broadcast can be heard: the tree of areas, with how many speakers of each are ready.

Rules: a page holds some hundred areas and no more; what lies deeper is fetched when somebody opens it. What is chosen
always stands there.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from multidict import MultiMapping

from agents.protocol.ids import AreaId
from controller.domain.rights import Right
from controller.domain.speakers import NotReady, Standing
from controller.web.asking import Ask
from controller.web.emergency.views import AreaRow
from controller.web.ordering import downwards
from schedules.areas import AreaTree

MOST_ROWS: Final = 300


@dataclass
class Count:
    """Speakers in an area and below it."""

    ready: int = 0
    speakers: int = 0
    why: Counter[NotReady] = field(default_factory=Counter)
    """Why the others are not ready."""

    def add(self, not_ready: NotReady | None) -> None:
        self.speakers += 1
        self.ready += not_ready is None
        if not_ready is not None:
            self.why[not_ready] += 1


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where whoever asks has a right: the areas with speakers in them, and how many are ready."""

    tree: AreaTree
    counts: Mapping[str, Count]
    mine: frozenset[str]
    """Areas in which they have it; areas around these are not among them."""
    below: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def rows(self, chosen: Collection[str], under: str = "", depth: int = 0) -> list[AreaRow]:
        """The widest areas and as much below them as a page holds; those ``under`` an area, where one is named."""
        shown = self._shown(self.below.get(under, ()), chosen)
        return list(self._walk(self.below.get(under, ()), shown, chosen, depth))

    def _shown(self, top: Sequence[str], chosen: Collection[str]) -> set[str]:
        shown: set[str] = set()
        level = list(top)
        while level and (not shown or len(shown) + len(level) <= MOST_ROWS):
            shown.update(level)
            level = [inner for one in level for inner in self.below.get(one, ())]
        for one in chosen:
            if one in self.mine:
                shown.update(area.area_id for area in self.tree.path(one) if area.area_id in self.mine)
        return shown

    def _walk(self, level: Sequence[str], shown: set[str], chosen: Collection[str], depth: int) -> Iterable[AreaRow]:
        for one in level:
            if one not in shown:
                continue
            inner = self.below.get(one, ())
            count = self.counts[one]
            yield AreaRow(
                id=one,
                name=self.tree.get(one).name,
                depth=depth,
                ready=count.ready,
                speakers=count.speakers,
                path=[area.area_id for area in self.tree.path(one)[:-1]],
                checked=one in chosen,
                lacking=" ".join(f"{why.value}:{number}" for why, number in count.why.items()),
                more=0 if any(deeper in shown for deeper in inner) else len(inner),
            )
            yield from self._walk(inner, shown, chosen, depth + 1)

    def listed(self, query: MultiMapping[str]) -> list[AreaRow]:
        """The rows of a page on which the areas ``areas`` of the query are chosen and ``open`` are opened."""
        rows = {row.id: row for row in self.rows(query.getall("areas", []))}
        for opened in dict.fromkeys(query.getall("open", [])):
            rows |= {row.id: row for row in self.rows((), opened)}
        return list(rows.values())

    def names(self, area_id: str) -> list[str]:
        """Of an area and of those around it that are in the list too, the widest first."""
        return [area.name for area in self.tree.path(area_id) if area.area_id in self.mine]

    def total(self, chosen: Iterable[str]) -> Count:
        """Of the chosen areas together, each speaker once."""
        wanted = {one for one in chosen if one in self.counts}
        total = Count()
        for one in wanted:
            if not any(area.area_id in wanted for area in self.tree.path(one)[:-1]):
                total.ready += self.counts[one].ready
                total.speakers += self.counts[one].speakers
                total.why.update(self.counts[one].why)
        return total


def grounds(ask: Ask, standing: Iterable[Standing], right: Right) -> Ground:
    """What stands where whoever asks has ``right``."""
    tree = ask.parts.areas.tree()
    counts: dict[str, Count] = {}
    paths: dict[str, list[str]] = {}
    for one in standing:
        area_id = one.area.area_id
        if area_id not in paths:
            path = [area.area_id for area in tree.path(area_id)] if area_id in tree else []
            paths[area_id] = [around for around in path if ask.may(right, AreaId(around))]
        for around in paths[area_id]:
            counts.setdefault(around, Count()).add(one.not_ready)
    below: dict[str, list[str]] = {}
    for area in downwards(tree, map(tree.get, counts)):
        parent = area.parent_id if area.parent_id in counts else ""
        below.setdefault(parent or "", []).append(area.area_id)
    return Ground(tree=tree, counts=counts, mine=frozenset(counts), below=below)


async def ground(ask: Ask, right: Right) -> Ground:
    """The same of every speaker. Raises `StoreFailed`."""
    return grounds(ask, await ask.parts.speakers.standing(), right)
