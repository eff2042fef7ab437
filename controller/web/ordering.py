"""The order in which areas are listed: each behind what it lies in, those beside each other as people look for them."""

from collections.abc import Iterable

from schedules.areanames import counting
from schedules.areas import Area, AreaTree, Origin

_Key = tuple[bool, tuple[tuple[str, int], ...]]


def downwards(tree: AreaTree, areas: Iterable[Area]) -> list[Area]:
    """Areas of the tree, parents before children; the country's own in the order of its codes, the others by name."""
    known: dict[str, _Key] = {}

    def key(area: Area) -> _Key:
        if area.area_id not in known:
            country = area.origin is Origin.COUNTRY
            known[area.area_id] = not country, counting(area.code or area.area_id) if country else counting(area.name)
        return known[area.area_id]

    return sorted(areas, key=lambda area: [(*key(one), one.area_id) for one in tree.path(area.area_id)])
