"""Whom an order names: few by device, many by the areas in which all are meant, and never anybody else."""

from agents.protocol.documents import Audience
from agents.protocol.ids import AreaId, DeviceId
from controller.domain.audiences import FEW, audience


def standing(villages: int, each: int) -> dict[DeviceId, tuple[AreaId, ...]]:
    """So many speakers in every village of two communes."""
    return {
        DeviceId(f"d-{commune}-{village}-{number}"): (AreaId(f"c-{commune}"), AreaId(f"v-{commune}-{village}"))
        for commune in range(2)
        for village in range(villages)
        for number in range(each)
    }


def reached(named: Audience, there: dict[DeviceId, tuple[AreaId, ...]]) -> set[DeviceId]:
    return {who for who, path in there.items() if who in named.devices or not set(path).isdisjoint(named.areas)}


def test_few_are_named_one_by_one() -> None:
    there = standing(1, FEW // 2)
    assert audience(list(there), there) == Audience(devices=tuple(there))


def test_all_are_named_by_the_widest_areas() -> None:
    there = standing(10, 100)
    assert set(audience(list(there), there).areas) == {"c-0", "c-1"}


def test_where_somebody_is_not_meant_the_narrower_areas_are_named_and_at_last_the_devices() -> None:
    there = standing(10, 100)
    meant = [who for who in there if who != "d-1-3-7"]
    named = audience(meant, there)
    assert set(named.areas) == {"c-0", *(f"v-1-{village}" for village in range(10) if village != 3)}
    assert len(named.devices) == 99
    assert reached(named, there) == set(meant)


def test_who_stands_nowhere_is_named() -> None:
    there = standing(1, FEW)
    lost = DeviceId("d-lost")
    assert audience([*there, lost], there).devices == (lost,)
