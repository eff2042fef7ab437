"""Whether a person may approve their own, and whether somebody may send at once without another's approval.

Author and approver differ. Where that was set otherwise for an area, or where nothing was set and exactly one active
person may approve there, a person may approve their own; that is recorded as such. What a wider area forbids no area in
it allows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agents.protocol.ids import AreaId
from controller.domain.accounts import Person
from controller.domain.errors import Refused
from controller.domain.guarding import STATION, GuardPlace
from controller.domain.rights import EVERYWHERE, Actor, Right
from controller.ports import Transaction
from controller.services.areabook import AreaBook


@dataclass(frozen=True, kw_only=True, slots=True)
class SelfApproval:
    """Whether persons may approve their own in an area. ``set_at`` is the place that says so; None is the rule of the
    house. ``approvers`` is how many active persons may approve there.
    """

    allowed: bool
    set_at: GuardPlace | None
    approvers: int


class Approvers:
    """Who may approve where, read once in a transaction."""

    def __init__(
        self, areas: AreaBook, tx: Transaction, persons: tuple[Person, ...], said: dict[GuardPlace, bool]
    ) -> None:
        self._areas = areas
        self._tx = tx
        self._actors = [person.actor for person in persons if person.active]
        self._said = said

    @classmethod
    async def read(cls, areas: AreaBook, tx: Transaction) -> "Approvers":
        """Raises `StoreFailed`."""
        rows = await tx.guard_rows.all()
        said = {row.place: row.self_approval for row in rows if row.self_approval is not None}
        return cls(areas, tx, await tx.persons.all(), said)

    async def may(self, by: Actor, area_ids: Sequence[AreaId]) -> bool:
        """Whether ``by`` may approve in all of these areas; in none of them is at the whole station."""
        return all([by.may(Right.APPROVE, await self._path(area_id)) for area_id in area_ids or (EVERYWHERE,)])

    async def own(self, area_ids: Sequence[AreaId]) -> bool:
        """Whether persons may approve their own in all of them."""
        return all([(await self.policy(area_id)).allowed for area_id in area_ids or (EVERYWHERE,)])

    async def policy(self, area_id: AreaId) -> SelfApproval:
        """What holds in an area, or at the whole station. Raises `NotFound`."""
        path = await self._path(area_id)
        approvers = sum(actor.may(Right.APPROVE, path) for actor in self._actors)
        said = [place for place in (STATION, *map(GuardPlace.area, path)) if place in self._said]
        if not said:
            return SelfApproval(allowed=approvers == 1, set_at=None, approvers=approvers)
        forbidding = next((place for place in said if not self._said[place]), None)
        if forbidding is not None:
            return SelfApproval(allowed=False, set_at=forbidding, approvers=approvers)
        return SelfApproval(allowed=True, set_at=said[-1], approvers=approvers)

    async def _path(self, area_id: AreaId) -> Sequence[AreaId]:
        return () if area_id == EVERYWHERE else await self._areas.path(self._tx, area_id)


async def require_approver(
    tx: Transaction, areas: AreaBook, by: Actor, area_ids: Sequence[AreaId], authors: Iterable[str]
) -> bool:
    """For what ``by`` sends at once, which approves it by that. Returns whether they approved their own.

    Raises `Refused` (``approval_needed``: no right to approve in one of the areas, or the only author of it where
    nobody may approve their own), `StoreFailed`.
    """
    approvers = await Approvers.read(areas, tx)
    if not await approvers.may(by, area_ids):
        raise Refused("no right to approve in all of these areas", code="approval_needed")
    own = set(authors) == {by.name}
    if own and not await approvers.own(area_ids):
        raise Refused("nobody else has looked at it", code="approval_needed")
    return own
