"""The store's part for emergencies."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from agents.protocol.ids import AreaId
from controller.domain.emergencies import AreaPolicy, Emergency, EmergencyId
from controller.domain.paging import Place


class Emergencies(Protocol):
    async def get(self, emergency_id: EmergencyId) -> Emergency:
        """Raises `NotFound` (``emergency_unknown``)."""
        ...

    async def put(self, emergency: Emergency) -> None: ...
    async def open(self) -> tuple[Emergency, ...]:
        """Those about which something is still to be done."""
        ...

    async def latest(self, limit: int, before: Place | None = None) -> tuple[Emergency, ...]:
        """The last changed first: of all, or of those that come after a place."""
        ...

    async def never_sent(self, limit: int, before: Place | None = None) -> tuple[Emergency, ...]:
        """The same of those that are over, and were never heard."""
        ...

    async def of_alerts(self, cap_ids: Sequence[str]) -> tuple[Emergency, ...]:
        """Those that CAP alerts began."""
        ...

    async def policies(self) -> Mapping[AreaId, AreaPolicy]:
        """What is said on which area."""
        ...

    async def put_policy(self, area_id: AreaId, said: AreaPolicy) -> None: ...
