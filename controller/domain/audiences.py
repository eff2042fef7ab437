"""Whom an order names. Pure.

An order goes to every speaker it is for with the same bytes, so naming thousands of devices one by one would send the
whole list to each of them. Where many are meant it names areas instead: each the widest in which nobody stands who is
not meant.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from agents.protocol.documents import Audience
from agents.protocol.ids import AreaId, DeviceId

FEW: Final = 50
"""So many are named one by one."""


def audience(meant: Collection[DeviceId], standing: Mapping[DeviceId, tuple[AreaId, ...]]) -> Audience:
    """``standing`` is where every speaker of the station stands, meant or not: its areas from the widest on.

    Who is adopted later in an area that is named is meant as well.
    """
    if len(meant) <= FEW:
        return Audience(devices=tuple(meant))
    wanted = set(meant)
    everybody = Counter(area_id for path in standing.values() for area_id in path)
    ours = Counter(area_id for who in wanted for area_id in standing.get(who, ()))
    whole = {area_id for area_id, count in ours.items() if count == everybody[area_id]}
    areas: dict[AreaId, None] = {}
    devices: list[DeviceId] = []
    for who in meant:
        widest = next((area_id for area_id in standing.get(who, ()) if area_id in whole), None)
        if widest is None:
            devices.append(who)
        else:
            areas[widest] = None
    return Audience(areas=tuple(areas), devices=tuple(devices))
