"""Which faults whoever asks may see."""

from controller.domain.faults import Fault
from controller.domain.rights import EVERYWHERE, Right
from controller.web.asking import Ask


def fault_seen(ask: Ask, fault: Fault, right: Right) -> bool:
    """Whether ``right`` holds where the fault is. Those of the controller itself concern everybody who has it anywhere;
    that of a whole area is seen by whoever has it in a part of it, too.
    """
    if fault.area_id is None:
        return ask.may(right)
    if right is Right.SEE and fault.speaker_id is None:
        return ask.touches(right, fault.area_id)
    return ask.may(right, fault.area_id)


async def fault(ask: Ask, right: Right) -> bool:
    """Whether ``right`` holds where the fault of the path is; for `Route.over`. Raises `NotFound`."""
    found, _ = await ask.parts.faults.one(ask.request.match_info["fault_id"])
    return fault_seen(ask, found, right)


def seen_faults(ask: Ask) -> list[Fault]:
    """Those that are open now; what is part of an area's is not among them."""
    there = ask.parts.faults.open()
    if ask.may(Right.SEE, EVERYWHERE):
        return list(there)
    # Asked once a place: when the power of a province is cut, there are thousands.
    places = {(one.area_id, one.speaker_id is None): one for one in there}
    mine = {place for place, one in places.items() if fault_seen(ask, one, Right.SEE)}
    return [one for one in there if (one.area_id, one.speaker_id is None) in mine]
