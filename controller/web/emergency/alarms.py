"""Emergencies and stops for whoever looks: what they may see and do, and what every page shows of them.

Rules: an emergency is seen wherever something of it is heard, or around that; who sends, ends or withdraws it needs the
right in all of its areas, and in those of what it takes off the air.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence

from agents.protocol.ids import AreaId
from controller.domain.emergencies import Emergency, EmergencyId, EmergencyState, EndKind
from controller.domain.errors import NotFound, StoreFailed
from controller.domain.rights import Right
from controller.web.asking import Ask
from controller.web.emergency.alarmviews import Alarm, AreaStop, Stage
from controller.web.moments import moment
from controller.web.security import SAFE_METHODS

MOST_NAMED = 4
"""Areas that a banner or a line names; of more it says how many."""

STAGES = {
    EmergencyState.PREPARING: Stage.PREPARING,
    EmergencyState.PREPARED: Stage.WAITING,
    EmergencyState.FAILED: Stage.FAILED,
    EmergencyState.SENT: Stage.SENT,
    EmergencyState.ENDED: Stage.ENDED,
    EmergencyState.WITHDRAWN: Stage.WITHDRAWN,
    EmergencyState.EXPIRED: Stage.EXPIRED,
}


def emergency_id(ask: Ask) -> EmergencyId:
    """The emergency of the path."""
    named = ask.request.match_info
    return EmergencyId(named.get("emergency_id", named.get("id", "")))


def sees(ask: Ask, one: Emergency, right: Right = Right.SEE) -> bool:
    """Whether whoever asks may know of it."""
    return any(ask.touches(right, area_id) for area_id in one.draft.area_ids)


def holds(ask: Ask, one: Emergency, right: Right) -> bool:
    """Whether ``right`` holds in all of its areas, and in all of what it replaces."""
    return ask.may_all(right, (*one.draft.area_ids, *areas_replaced(ask, one.draft.references)))


def areas_replaced(ask: Ask, references: Iterable[EmergencyId]) -> Sequence[AreaId]:
    """Where those of them are heard, or would be, that are not over."""
    known = map(ask.parts.emergencies.book.known, references)
    return [area_id for one in known if one is not None for area_id in one.draft.area_ids]


async def emergency(ask: Ask, right: Right) -> bool:
    """The emergency of the path, for `Route.over`. Raises `NotFound`."""
    one = await ask.parts.emergencies.get(emergency_id(ask))
    return sees(ask, one, right) if ask.request.method in SAFE_METHODS else holds(ask, one, right)


async def seen(ask: Ask) -> Emergency:
    """The emergency of the path. Raises `NotFound`, also where whoever asks may not know of it."""
    one = await ask.parts.emergencies.get(emergency_id(ask))
    if not sees(ask, one):
        raise NotFound(f"no emergency {one.emergency_id}", code="emergency_unknown")
    return one


def area_names(ask: Ask, area_ids: Iterable[AreaId], most: int | None = None) -> list[str]:
    """As people call them, those that whoever asks may know of; of what is left, and of more than ``most``, the last
    says how many others there are.
    """
    tree, every = ask.parts.areas.tree(), list(area_ids)
    names = [tree.get(one).name if one in tree else str(one) for one in every if ask.touches(Right.SEE, one)]
    if len(names) < len(every) or (most is not None and len(every) > most):
        names = names if most is None else names[: most - 1]
        left = len(every) - len(names)
        names.append(ask.say.ngettext("%(num)s other area", "%(num)s other areas", left))
    return names


def alarm(ask: Ask, one: Emergency) -> Alarm:
    """A line about it."""
    begun = one.confirmed or one.prepared
    return Alarm(
        id=one.emergency_id,
        drill=one.drill,
        kind=one.kind.value,
        stage=STAGES[one.state],
        title=one.title,
        area_names=area_names(ask, one.draft.area_ids, MOST_NAMED),
        by=begun.whom,
        since=moment(begun.at_us),
        mine=ask.person is not None and one.prepared.person_id == ask.known_actor.person_id,
        stopped=one.end is EndKind.STOPPED,
        may_confirm=holds(ask, one, Right.CONFIRM_EMERGENCY),
    )


def alarms_of(ask: Ask) -> Sequence[Alarm]:
    """Those that wait for somebody or are on the air, for the banner."""
    there = (one for one in ask.parts.emergencies.open() if one.state is not EmergencyState.FAILED)
    return [alarm(ask, one) for one in there if sees(ask, one)]


async def called(ask: Ask, names: Iterable[str]) -> Mapping[str, str]:
    """What persons are called who sign in with these names; the name itself where nothing else is known, or the
    database cannot say.
    """
    found = dict.fromkeys(names)
    known: dict[str, str] = {}
    if found:
        with contextlib.suppress(StoreFailed):
            async with ask.parts.store.reading() as tx:
                known = {one.name: one.full_name for one in await tx.persons.all()}
    return {name: known.get(name) or name for name in found}


async def area_stops(ask: Ask) -> Sequence[AreaStop]:
    """The stops that hold and concern whoever asks, that of everything first."""
    found = []
    holding = ask.parts.stops.holding()
    whom = await called(ask, (one.by for one in holding))
    for one in holding:
        everywhere = one.everything
        if everywhere or any(ask.touches(Right.SEE, area_id) for area_id in one.area_ids):
            found.append(
                AreaStop(
                    order_id=one.order_id,
                    since=moment(one.since_us),
                    until=moment(one.not_after_us),
                    by=whom[one.by],
                    area_names=area_names(ask, one.area_ids),
                    everywhere=everywhere,
                    may_release=not everywhere and ask.may_all(Right.STOP, one.area_ids),
                )
            )
    return found
