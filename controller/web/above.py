"""Who may see and decide what came from above; for the pages and the API alike.

Rules: a sender sees what its own token handed in, and nothing else. A person sees what is meant for one of their areas,
for an area in one of them, or for one that one of them lies in: a bulletin for the whole province is meant for each of
its communes. Who takes it chooses among the speakers of its areas where they may decide; who declines it must be the
one who may decide for all of these.
"""

from collections.abc import Iterable, Sequence

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.errors import Invalid, NotFound
from controller.domain.handing_in import HandIn, HandInId, may_be_declined
from controller.domain.rights import Right
from controller.domain.speakers import Speaker
from controller.services.hand_ins.reports import Outcome
from controller.web.asking import Ask, NotAllowed


def sees(ask: Ask, hand_in: HandIn) -> bool:
    """Whether whoever asks may know of it."""
    if ask.person is None:
        return bool(hand_in.token_id) and ask.known_actor.token_id == hand_in.token_id
    return any(ask.touches(right, area_id) for right in (Right.SEE, Right.DECIDE) for area_id in hand_in.area_ids)


def decides(ask: Ask, hand_in: HandIn) -> bool:
    """Whether whoever asks is one of those who may take it."""
    return ask.person is not None and decides_in(ask, hand_in.area_ids)


def decides_in(ask: Ask, area_ids: Iterable[AreaId]) -> bool:
    """Whether whoever asks decides about what is meant for these areas."""
    return any(ask.touches(Right.DECIDE, area_id) for area_id in area_ids)


async def seen(ask: Ask, hand_in_id: HandInId) -> Outcome:
    """Raises `NotFound`, also where whoever asks may not know of it."""
    found = await ask.parts.hand_ins.reports.get(hand_in_id)
    if not sees(ask, found.hand_in):
        raise NotFound(f"nothing was handed in as {hand_in_id}")
    return found


async def hand_in(ask: Ask, right: Right) -> bool:
    """For `Route.over`: what the path names, to be seen, decided or withdrawn. Raises `NotFound`."""
    named = ask.request.match_info
    found = (await seen(ask, HandInId(named.get("hand_in_id", named.get("id", ""))))).hand_in
    return decides(ask, found) if right is Right.DECIDE else True


async def targets(ask: Ask, hand_in: HandIn) -> Sequence[Speaker]:
    """Those of its speakers that whoever asks may choose."""
    return [s for s in await ask.parts.hand_ins.reports.targets(hand_in.area_ids) if ask.may(Right.DECIDE, s.area_id)]


async def chosen(ask: Ask, hand_in: HandIn, speaker_ids: Iterable[SpeakerId]) -> list[SpeakerId]:
    """The speakers, each once. Raises `Invalid` (``speaker_unknown``) for one that is none of `targets`."""
    wanted = list(dict.fromkeys(speaker_ids))
    if not set(wanted) <= {one.speaker_id for one in await targets(ask, hand_in)}:
        raise Invalid("a speaker that is not in the areas of the bulletin", code="speaker_unknown")
    return wanted


async def may_decline(ask: Ask, hand_in: HandIn) -> bool:
    """Whether whoever asks may say for everybody that it is not played."""
    if not (decides(ask, hand_in) and may_be_declined(hand_in)):
        return False
    return await _for_all(ask, hand_in)


async def _for_all(ask: Ask, hand_in: HandIn) -> bool:
    standing = await ask.parts.hand_ins.reports.targets(hand_in.area_ids)
    return all(ask.may(Right.DECIDE, one.area_id) for one in standing)


async def require_for_all(ask: Ask, hand_in: HandIn) -> None:
    """Raises `NotAllowed`."""
    if not await _for_all(ask, hand_in):
        raise NotAllowed(Right.DECIDE)
