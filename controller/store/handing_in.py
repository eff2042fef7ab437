"""What was handed in from above, and how the station says words."""

from dataclasses import asdict

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import AreaId, BulletinId
from agents.protocol.values import AiringClass
from controller.domain.errors import NotFound
from controller.domain.handing_in import OPEN_STATES, HandIn, HandInId, HandInState
from controller.domain.pronunciations import Pronunciation
from controller.store.content_rows import HandInRow, PronunciationRow

_FRESH = {"populate_existing": True}


class SqlHandIns:
    """`ports.HandIns`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, hand_in_id: HandInId) -> HandIn:
        row = await self._session.get(HandInRow, hand_in_id, populate_existing=True)
        if row is None:
            raise NotFound(f"nothing was handed in as {hand_in_id}")
        return _hand_in(row)

    async def referred(self, token_id: str, reference: str) -> HandIn | None:
        rows = await self._session.scalars(
            select(HandInRow).where(col(HandInRow.token_id) == token_id, col(HandInRow.reference) == reference),
            execution_options=_FRESH,
        )
        row = rows.first()
        return None if row is None else _hand_in(row)

    async def of_bulletin(self, bulletin_id: BulletinId) -> HandIn | None:
        rows = await self._session.scalars(
            select(HandInRow).where(col(HandInRow.bulletin_id) == bulletin_id), execution_options=_FRESH
        )
        row = rows.first()
        return None if row is None else _hand_in(row)

    async def put(self, hand_in: HandIn) -> None:
        values = asdict(hand_in) | {
            "airing_class": hand_in.airing_class.value,
            "state": hand_in.state.value,
            "area_ids": list(hand_in.area_ids),
        }
        await self._session.merge(HandInRow(**values))
        await self._session.flush()

    async def open(self) -> tuple[HandIn, ...]:
        rows = await self._session.scalars(
            select(HandInRow)
            .where(col(HandInRow.state).in_([state.value for state in OPEN_STATES]))
            .order_by(col(HandInRow.received_at_us), col(HandInRow.hand_in_id)),
            execution_options=_FRESH,
        )
        return tuple(_hand_in(row) for row in rows)

    async def latest(self, limit: int) -> tuple[HandIn, ...]:
        rows = await self._session.scalars(
            select(HandInRow).order_by(col(HandInRow.received_at_us).desc(), col(HandInRow.hand_in_id)).limit(limit),
            execution_options=_FRESH,
        )
        return tuple(_hand_in(row) for row in rows)


class SqlPronunciations:
    """`ports.Pronunciations`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> tuple[Pronunciation, ...]:
        rows = await self._session.scalars(
            select(PronunciationRow).order_by(col(PronunciationRow.language), col(PronunciationRow.written))
        )
        return tuple(Pronunciation(**row.model_dump()) for row in rows)

    async def put(self, pronunciation: Pronunciation) -> None:
        await self._session.merge(PronunciationRow(**asdict(pronunciation)))
        await self._session.flush()

    async def remove(self, language: str, written: str) -> None:
        await self._session.execute(
            delete(PronunciationRow).where(
                col(PronunciationRow.language) == language, col(PronunciationRow.written) == written
            )
        )


def _hand_in(row: HandInRow) -> HandIn:
    values = row.model_dump() | {
        "hand_in_id": HandInId(row.hand_in_id),
        "bulletin_id": BulletinId(row.bulletin_id),
        "airing_class": AiringClass(row.airing_class),
        "area_ids": tuple(AreaId(area_id) for area_id in row.area_ids),
        "state": HandInState(row.state),
    }
    return HandIn(**values)
