"""What was handed in from above, and how the station says words."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import ColumnElement, and_, delete, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import AreaId, BulletinId
from agents.protocol.values import AiringClass
from controller.domain.errors import NotFound
from controller.domain.handing_in import OPEN_STATES, Audio, HandIn, HandInId, HandInState, Sent, Written
from controller.domain.paging import Place
from controller.domain.pronunciations import Pronunciation
from controller.store.content_rows import HandInRow, PronunciationRow

_FRESH = {"populate_existing": True}
_OPEN = col(HandInRow.state).in_([state.value for state in OPEN_STATES])
_EMERGENCY = col(HandInRow.airing_class) == AiringClass.EMERGENCY.value


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

    async def senders(self, bulletin_ids: Sequence[BulletinId]) -> dict[str, str]:
        rows = await self._session.execute(
            select(HandInRow.bulletin_id, HandInRow.sender).where(col(HandInRow.bulletin_id).in_(bulletin_ids))
        )
        return {row.bulletin_id: row.sender for row in rows}

    async def put(self, hand_in: HandIn) -> None:
        values = asdict(hand_in) | {
            "airing_class": hand_in.airing_class.value,
            "state": hand_in.state.value,
            "area_ids": list(hand_in.area_ids),
        }
        await self._session.merge(HandInRow(**values))
        await self._session.flush()

    async def open(self) -> tuple[HandIn, ...]:
        return await self._chosen(_OPEN)

    async def open_emergencies(self) -> tuple[HandIn, ...]:
        return await self._chosen(_OPEN, _EMERGENCY)

    async def waiting_areas(self) -> tuple[tuple[AreaId, ...], ...]:
        rows = await self._session.scalars(select(HandInRow.area_ids).where(_OPEN, ~_EMERGENCY))
        return tuple(tuple(AreaId(area_id) for area_id in area_ids) for area_ids in rows)

    async def unheard(self, now_us: int) -> tuple[HandIn, ...]:
        return await self._chosen(
            col(HandInRow.state).in_([HandInState.TAKEN.value, HandInState.FAILED.value]),
            _EMERGENCY,
            col(HandInRow.valid_until_us) > now_us,
        )

    async def _chosen(self, *conditions: ColumnElement[bool]) -> tuple[HandIn, ...]:
        rows = await self._session.scalars(
            select(HandInRow).where(*conditions).order_by(col(HandInRow.received_at_us), col(HandInRow.hand_in_id)),
            execution_options=_FRESH,
        )
        return tuple(_hand_in(row) for row in rows)

    async def latest(self, limit: int) -> tuple[HandIn, ...]:
        rows = await self._session.scalars(
            select(HandInRow).order_by(col(HandInRow.received_at_us).desc(), col(HandInRow.hand_in_id)).limit(limit),
            execution_options=_FRESH,
        )
        return tuple(_hand_in(row) for row in rows)

    async def changed(self, limit: int, after: Place | None = None, token_id: str | None = None) -> tuple[HandIn, ...]:
        wanted = select(HandInRow).order_by(col(HandInRow.changed_at_us), col(HandInRow.hand_in_id)).limit(limit)
        if token_id is not None:
            wanted = wanted.where(col(HandInRow.token_id) == token_id)
        if after is not None:
            at_us, hand_in_id = col(HandInRow.changed_at_us), col(HandInRow.hand_in_id)
            wanted = wanted.where(or_(at_us > after.at_us, and_(at_us == after.at_us, hand_in_id > after.key)))
        rows = await self._session.scalars(wanted, execution_options=_FRESH)
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
        "sent": Sent(
            digest=row.sent["digest"],
            audio=tuple(Audio(**one) for one in row.sent["audio"]),
            written=tuple(Written(**one) for one in row.sent["written"]),
        ),
    }
    return HandIn(**values)
