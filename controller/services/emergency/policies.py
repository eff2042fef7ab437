"""What areas allow of emergencies, in memory: a confirmation asks no database."""

from collections.abc import Sequence

from agents.protocol.ids import AreaId
from controller.domain.deeds import Deed, DeedKind
from controller.domain.emergencies import AreaPolicy, Policy, policy_of, strictest
from controller.domain.errors import NotFound
from controller.domain.rights import Actor
from controller.services.office import Office


class EmergencyPolicies:
    """`load` before anything is asked."""

    def __init__(self, office: Office) -> None:
        self._store = office.store
        self._clock = office.clock
        self._areas = office.areas
        self._said: dict[AreaId, AreaPolicy] = {}

    async def load(self) -> None:
        """Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            self._said = dict(await tx.emergencies.policies())

    def of(self, area_ids: Sequence[AreaId]) -> Policy:
        """What holds in all of these areas together, and in all below them of which something else was said. Raises
        `NotFound` (``area_unknown``).
        """
        paths = [self.path(area_id) for area_id in area_ids]
        wanted = {path[-1] for path in paths}
        below = [path for path in map(self.path, self._said) if not wanted.isdisjoint(path)]
        return strictest(policy_of(path, self._said) for path in (*paths, *below))

    async def told(self, area_ids: Sequence[AreaId]) -> Policy:
        """The same, for whoever asks as of anything else. Raises `NotFound` (``area_unknown``)."""
        return self.of(area_ids)

    def said(self, area_id: AreaId) -> AreaPolicy:
        """What is set on this area itself."""
        return self._said.get(area_id, AreaPolicy())

    def path(self, area_id: AreaId) -> tuple[AreaId, ...]:
        """From the widest area down to this one, as it is today. Raises `NotFound` (``area_unknown``)."""
        tree = self._areas.tree()
        if area_id not in self._areas.history():
            raise NotFound(f"no area {area_id}", code="area_unknown")
        return tuple(AreaId(one.area_id) for one in tree.path(self._areas.standing(area_id).area_id))

    async def put(self, area_id: AreaId, said: AreaPolicy, by: Actor) -> Policy:
        """Returns what holds there now. Raises `NotFound` (``area_unknown``), `StoreFailed`."""
        self.path(area_id)
        detail = f"break glass: {said.break_glass}, second person: {said.second_person}"
        async with self._store.transaction() as tx:
            await tx.emergencies.put_policy(area_id, said)
            await tx.deeds.add(
                Deed(
                    at_us=self._clock.now_us(),
                    by=by.name,
                    what=DeedKind.SET_EMERGENCY_POLICY,
                    subject=area_id,
                    detail=detail,
                )
            )
        self._said[area_id] = said
        return self.of([area_id])
