"""How boxes were, what was wrong, what they were made to do, and which hung where."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields, replace
from typing import Any, Final

from sqlalchemy import Row, and_, delete, func, insert, or_, tuple_, update
from sqlalchemy import select as sa_select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import AiringId, AreaId, DocumentId, SpeakerId
from agents.protocol.journal import ActionName, ActionResult, Heard
from controller.domain.airings import AiringState, PlayState
from controller.domain.errors import NotFound
from controller.domain.fault_watch import BY_FAULT
from controller.domain.faults import Fault, FaultDetail, FaultKind
from controller.domain.hands import AskedHand, SelfTestFound
from controller.domain.paging import Place
from controller.domain.speakers import Box
from controller.domain.telemetry import Reading
from controller.ports.boxes import Unsounded
from controller.store.box_rows import BoxRow, FaultRow, HandRow, SelfTestRow, TelemetryRow
from controller.store.bulk import after, upsert
from controller.store.rows import AiringRow, PlaybackRow

_TELEMETRY_COLUMNS: Final = tuple(TelemetryRow.__table__.columns)  # type: ignore[attr-defined]
_FAULT_COLUMNS: Final = tuple(FaultRow.__table__.columns)  # type: ignore[attr-defined]
_READING: Final = frozenset(one.name for one in fields(Reading))
_LONGEST_US: Final = 86_400_000_000
"""No airing is longer."""
_HEARD_OR_CUT: Final = (PlayState.FINISHED.value, PlayState.PREEMPTED.value, PlayState.STOPPED.value)
_BY_FAULT: Final = tuple(reason.value for reason in BY_FAULT)
_NOT_TO_PLAY: Final = (AiringState.STOPPED.value, AiringState.WITHDRAWN.value)


class SqlTelemetry:
    """`ports.Telemetry`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, readings: Sequence[Reading]) -> None:
        if readings:
            await self._session.execute(insert(TelemetryRow), [asdict(reading) for reading in readings])

    async def of(self, speaker_id: SpeakerId, from_us: int, until_us: int) -> tuple[Reading, ...]:
        at_us = col(TelemetryRow.at_us)
        rows = await self._session.execute(
            select(*_TELEMETRY_COLUMNS)
            .where(col(TelemetryRow.speaker_id) == speaker_id, at_us >= from_us, at_us < until_us)
            .order_by(at_us)
        )
        return tuple(_reading(row) for row in rows)

    async def last(self, speaker_id: SpeakerId, before_us: int) -> Reading | None:
        at_us = col(TelemetryRow.at_us)
        rows = await self._session.execute(
            select(*_TELEMETRY_COLUMNS)
            .where(col(TelemetryRow.speaker_id) == speaker_id, at_us < before_us)
            .order_by(at_us.desc())
            .limit(1)
        )
        row = rows.first()
        return None if row is None else _reading(row)

    async def drop(self, before_us: int, limit: int, *, hourly: bool) -> int:
        key = (col(TelemetryRow.speaker_id), col(TelemetryRow.at_us))
        old = select(*key).where(col(TelemetryRow.hourly) == hourly, key[1] < before_us).limit(limit)
        gone = await self._session.execute(delete(TelemetryRow).where(tuple_(*key).in_(old)))
        return int(gone.rowcount)  # type: ignore[attr-defined]


class SqlFaults:
    """`ports.Faults`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def open_all(self) -> tuple[Fault, ...]:
        rows = await self._session.execute(
            select(*_FAULT_COLUMNS)
            .where(col(FaultRow.closed_at_us).is_(None))
            .order_by(col(FaultRow.opened_at_us), col(FaultRow.fault_id))
        )
        return tuple(_fault(row) for row in rows)

    async def get(self, fault_id: str) -> Fault:
        rows = await self._session.execute(select(*_FAULT_COLUMNS).where(col(FaultRow.fault_id) == fault_id))
        row = rows.first()
        if row is None:
            raise NotFound(f"no fault {fault_id}", code="fault_unknown")
        return _fault(row)

    async def put(self, faults: Sequence[Fault]) -> None:
        rows = [asdict(fault) | {"kind": fault.kind.value} for fault in faults]
        await upsert(self._session, FaultRow, rows)

    async def of_speaker(self, speaker_id: SpeakerId, limit: int, before: Place | None = None) -> tuple[Fault, ...]:
        query = select(*_FAULT_COLUMNS).where(col(FaultRow.speaker_id) == speaker_id)
        return await self._latest(query, limit, before)

    async def members(self, fault_id: str) -> tuple[Fault, ...]:
        rows = await self._session.execute(
            select(*_FAULT_COLUMNS)
            .where(col(FaultRow.group_id) == fault_id)
            .order_by(col(FaultRow.opened_at_us), col(FaultRow.fault_id))
        )
        return tuple(_fault(row) for row in rows)

    async def history(
        self,
        limit: int,
        before: Place | None = None,
        *,
        kinds: Collection[FaultKind] = (),
        area_ids: Collection[str] | None = None,
    ) -> tuple[Fault, ...]:
        query = select(*_FAULT_COLUMNS).where(col(FaultRow.group_id).is_(None))
        if kinds:
            query = query.where(col(FaultRow.kind).in_([kind.value for kind in kinds]))
        if area_ids is not None:
            query = query.where(col(FaultRow.area_id).in_(sorted(area_ids)))
        return await self._latest(query, limit, before)

    async def _latest(self, query: Any, limit: int, before: Place | None) -> tuple[Fault, ...]:
        if before is not None:
            query = query.where(after(before, col(FaultRow.opened_at_us), col(FaultRow.fault_id)))
        rows = await self._session.execute(
            query.order_by(col(FaultRow.opened_at_us).desc(), col(FaultRow.fault_id)).limit(limit)
        )
        return tuple(_fault(row) for row in rows)

    async def unsounded(self, from_us: int, until_us: int) -> tuple[Unsounded, ...]:
        start_us, state, reason = col(AiringRow.start_at_us), col(PlaybackRow.state), col(PlaybackRow.reason)
        end_us = start_us + col(AiringRow.duration_us)
        columns: list[Any] = [PlaybackRow.airing_id, PlaybackRow.speaker_id, start_us, end_us, state, reason]
        rows = await self._session.execute(
            sa_select(*columns)
            .where(
                col(AiringRow.airing_id) == col(PlaybackRow.airing_id),
                start_us >= from_us - _LONGEST_US,
                start_us < until_us,
                end_us >= from_us,
                end_us < until_us,
                col(AiringRow.state).not_in(_NOT_TO_PLAY),
                col(PlaybackRow.withdrawn).is_(False),
                state.not_in(_HEARD_OR_CUT),
                or_(state != PlayState.SKIPPED.value, reason.in_(_BY_FAULT)),
            )
            .order_by(end_us)
        )
        return tuple(_unsounded(row) for row in rows)


def _unsounded(row: Any) -> Unsounded:
    airing_id, speaker_id, start_us, end_us, state, reason = row
    return Unsounded(
        airing_id=AiringId(airing_id),
        speaker_id=SpeakerId(speaker_id),
        start_us=start_us,
        end_us=end_us,
        state=PlayState(state),
        reason=reason,
    )


class SqlHands:
    """`ports.Hands`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def put(self, hand: AskedHand) -> None:
        values = asdict(hand) | {"action": hand.action.value, "result": hand.result and hand.result.value}
        del values["has_log"]
        known = await self._session.execute(update(HandRow).where(_is(hand.order_id)).values(**values))
        if known.rowcount == 0:  # type: ignore[attr-defined]
            await self._session.execute(insert(HandRow).values(**values, log=None))

    async def get(self, order_id: DocumentId) -> AskedHand:
        found = await self._some(select(*_HAND_COLUMNS).where(_is(order_id)))
        if not found:
            raise NotFound(f"no action {order_id}", code="action_unknown")
        return found[0]

    async def of_speaker(self, speaker_id: SpeakerId, limit: int) -> tuple[AskedHand, ...]:
        return await self._some(
            select(*_HAND_COLUMNS)
            .where(col(HandRow.speaker_id) == speaker_id)
            .order_by(col(HandRow.asked_at_us).desc(), col(HandRow.order_id))
            .limit(limit)
        )

    async def waiting(self) -> tuple[AskedHand, ...]:
        return await self._some(
            select(*_HAND_COLUMNS).where(col(HandRow.ended_at_us).is_(None)).order_by(col(HandRow.asked_at_us))
        )

    async def put_log(self, order_id: DocumentId, text: str) -> None:
        await self._session.execute(update(HandRow).where(_is(order_id)).values(log=text))

    async def drop_logs(self, speaker_id: SpeakerId, kept: int) -> None:
        old = (
            sa_select(col(HandRow.order_id))
            .where(col(HandRow.speaker_id) == speaker_id, col(HandRow.log).is_not(None))
            .order_by(col(HandRow.asked_at_us).desc(), col(HandRow.order_id))
            .offset(kept)
        )
        found = list(await self._session.scalars(old))
        if found:
            await self._session.execute(update(HandRow).where(col(HandRow.order_id).in_(found)).values(log=None))

    async def log_of(self, order_id: DocumentId) -> str | None:
        return await self._session.scalar(select(HandRow.log).where(_is(order_id)))

    async def _some(self, query: Any) -> tuple[AskedHand, ...]:
        return tuple(_hand(row) for row in await self._session.execute(query))


def _is(order_id: DocumentId) -> Any:
    return col(HandRow.order_id) == order_id


class SqlSelfTests:
    """`ports.SelfTests`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, found: Sequence[SelfTestFound]) -> None:
        rows = [asdict(one) | {"heard": one.heard.value} for one in found]
        if rows:
            await self._session.execute(insert(SelfTestRow), rows)

    async def latest(self) -> dict[SpeakerId, SelfTestFound]:
        of = (
            sa_select(col(SelfTestRow.speaker_id).label("of"), func.max(col(SelfTestRow.at_us)).label("last_us"))
            .group_by(col(SelfTestRow.speaker_id))
            .subquery()
        )
        rows = await self._session.scalars(
            select(SelfTestRow)
            .join(of, and_(col(SelfTestRow.speaker_id) == of.c.of, col(SelfTestRow.at_us) == of.c.last_us))
            .order_by(col(SelfTestRow.self_test_id))
        )
        return {SpeakerId(row.speaker_id): _self_test(row) for row in rows}

    async def of_speaker(self, speaker_id: SpeakerId, limit: int) -> tuple[SelfTestFound, ...]:
        rows = await self._session.scalars(
            select(SelfTestRow)
            .where(col(SelfTestRow.speaker_id) == speaker_id)
            .order_by(col(SelfTestRow.at_us).desc(), col(SelfTestRow.self_test_id).desc())
            .limit(limit)
        )
        return tuple(_self_test(row) for row in rows)


class SqlBoxes:
    """`ports.Boxes`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def put(self, boxes: Sequence[Box]) -> None:
        await upsert(self._session, BoxRow, [asdict(box) for box in boxes])

    async def all(self) -> tuple[Box, ...]:
        return tuple(_box(row) for row in await self._session.scalars(select(BoxRow)))

    async def of_speaker(self, speaker_id: SpeakerId) -> tuple[Box, ...]:
        rows = await self._session.scalars(
            select(BoxRow)
            .where(col(BoxRow.speaker_id) == speaker_id)
            .order_by(col(BoxRow.from_us).desc())
            .execution_options(populate_existing=True)
        )
        return tuple(_box(row) for row in rows)


def _reading(row: Row[Any]) -> Reading:
    return Reading(**{name: value for name, value in row._mapping.items() if name in _READING})


def _fault(row: Row[Any]) -> Fault:
    values = dict(row._mapping)
    return Fault(
        **values
        | {
            "kind": FaultKind(row.kind),
            "speaker_id": None if row.speaker_id is None else SpeakerId(row.speaker_id),
            "area_id": None if row.area_id is None else AreaId(row.area_id),
            "detail": replace(FaultDetail(), **row.detail),
        }
    )


_HAND_COLUMNS: Final = (
    *(column for column in HandRow.__table__.columns if column.name != "log"),  # type: ignore[attr-defined]
    col(HandRow.log).is_not(None).label("has_log"),
)


def _hand(row: Row[Any]) -> AskedHand:
    result = None if row.result is None else ActionResult(row.result)
    return AskedHand(**dict(row._mapping) | {"action": ActionName(row.action), "result": result})


def _self_test(row: SelfTestRow) -> SelfTestFound:
    values = row.model_dump(exclude={"self_test_id"})
    return SelfTestFound(**values | {"heard": Heard(row.heard)})


def _box(row: BoxRow) -> Box:
    return Box(**row.model_dump())
