"""Emergencies, and what areas allow of them."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import AreaId
from controller.domain.emergencies import NEVER_SENT, OPEN_STATES, AreaPolicy, Emergency, EmergencyId
from controller.domain.errors import NotFound
from controller.domain.paging import Place
from controller.store.bulk import after
from controller.store.emergency_rows import EmergencyPolicyRow, EmergencyRow

_FRESH = {"populate_existing": True}


class SqlEmergencies:
    """`ports.Emergencies`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, emergency_id: EmergencyId) -> Emergency:
        row = await self._session.get(EmergencyRow, emergency_id, populate_existing=True)
        if row is None:
            raise NotFound(f"no emergency {emergency_id}", code="emergency_unknown")
        return _emergency(row)

    async def put(self, emergency: Emergency) -> None:
        await self._session.merge(
            EmergencyRow(
                emergency_id=emergency.emergency_id,
                state=emergency.state.value,
                airing_id=emergency.airing_id,
                cap_id=emergency.draft.cap_id,
                changed_at_us=emergency.changed_at_us,
                body=msgspec.to_builtins(emergency, str_keys=True),
            )
        )
        await self._session.flush()

    async def open(self) -> tuple[Emergency, ...]:
        rows = await self._session.scalars(
            select(EmergencyRow)
            .where(col(EmergencyRow.state).in_([state.value for state in OPEN_STATES]))
            .order_by(col(EmergencyRow.changed_at_us), col(EmergencyRow.emergency_id)),
            execution_options=_FRESH,
        )
        return tuple(map(_emergency, rows))

    async def latest(self, limit: int, before: Place | None = None) -> tuple[Emergency, ...]:
        at_us, key = col(EmergencyRow.changed_at_us), col(EmergencyRow.emergency_id)
        query = select(EmergencyRow) if before is None else select(EmergencyRow).where(after(before, at_us, key))
        rows = await self._session.scalars(query.order_by(at_us.desc(), key).limit(limit), execution_options=_FRESH)
        return tuple(map(_emergency, rows))

    async def never_sent(self, limit: int, before: Place | None = None) -> tuple[Emergency, ...]:
        at_us, key = col(EmergencyRow.changed_at_us), col(EmergencyRow.emergency_id)
        query = select(EmergencyRow).where(col(EmergencyRow.state).in_([state.value for state in NEVER_SENT]))
        query = query if before is None else query.where(after(before, at_us, key))
        rows = await self._session.scalars(query.order_by(at_us.desc(), key).limit(limit), execution_options=_FRESH)
        return tuple(map(_emergency, rows))

    async def of_alerts(self, cap_ids: Sequence[str]) -> tuple[Emergency, ...]:
        rows = await self._session.scalars(
            select(EmergencyRow).where(col(EmergencyRow.cap_id).in_(cap_ids)), execution_options=_FRESH
        )
        return tuple(map(_emergency, rows))

    async def policies(self) -> dict[AreaId, AreaPolicy]:
        rows = await self._session.scalars(select(EmergencyPolicyRow), execution_options=_FRESH)
        return {AreaId(row.area_id): AreaPolicy(row.break_glass, row.second_person) for row in rows}

    async def put_policy(self, area_id: AreaId, said: AreaPolicy) -> None:
        if said == AreaPolicy():
            await self._session.execute(delete(EmergencyPolicyRow).where(col(EmergencyPolicyRow.area_id) == area_id))
            return
        await self._session.merge(
            EmergencyPolicyRow(area_id=area_id, break_glass=said.break_glass, second_person=said.second_person)
        )
        await self._session.flush()


def _emergency(row: EmergencyRow) -> Emergency:
    return msgspec.convert(row.body, Emergency)
