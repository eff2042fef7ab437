"""Devices' journals, each record once."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import insert, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import AiringId, DeviceId
from agents.protocol.journal import JournalRecord, Refused, airing_of
from controller.domain.journals import JournalKey, JournalPlace, ReceivedRecords, Refusals, count_refusals
from controller.store.bulk import pieces, upsert
from controller.store.rows import JournalRecordRow, JournalRow

_decoder = msgspec.json.Decoder(JournalRecord)
_encoder = msgspec.json.Encoder()


class SqlJournals:
    """`ports.Journals`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def committed(self, device_id: DeviceId, journal_id: str) -> int:
        row = await self._session.get(JournalRow, (device_id, journal_id), populate_existing=True)
        return 0 if row is None else row.committed_seq

    async def committed_of(self, journals: Sequence[tuple[DeviceId, str]]) -> dict[tuple[DeviceId, str], int]:
        found: dict[tuple[DeviceId, str], int] = {}
        for piece in pieces(list(dict.fromkeys(device_id for device_id, _ in journals))):
            rows = await self._session.execute(
                select(JournalRow.device_id, JournalRow.journal_id, JournalRow.committed_seq).where(
                    col(JournalRow.device_id).in_(piece)
                )
            )
            found.update({(DeviceId(device_id), journal_id): seq for device_id, journal_id, seq in rows})
        return found

    async def add(self, received: Sequence[ReceivedRecords]) -> None:
        rows = [
            {
                "device_id": batch.device_id,
                "journal_id": batch.journal_id,
                "seq": record.seq,
                "airing_id": airing_of(record.event),
                "kind": str(type(record.event).__struct_config__.tag),
                "received_at_us": batch.received_at_us,
                "payload": _encoder.encode(record).decode(),
            }
            for batch in received
            for record in batch.records
        ]
        if rows:
            await self._session.execute(insert(JournalRecordRow), rows)
        await self._advance([batch for batch in received if batch.records])

    async def _advance(self, received: Sequence[ReceivedRecords]) -> None:
        known: dict[tuple[str, str], dict[str, Any]] = {}
        for piece in pieces(list(dict.fromkeys(batch.device_id for batch in received))):
            rows = await self._session.scalars(
                select(JournalRow).where(col(JournalRow.device_id).in_(piece)),
                execution_options={"populate_existing": True},
            )
            known.update({(row.device_id, row.journal_id): row.model_dump() for row in rows})
        changed: dict[tuple[str, str], dict[str, Any]] = {}
        for batch in received:
            key = (batch.device_id, batch.journal_id)
            before = changed.get(key) or known.get(key) or _new_journal(batch)
            changed[key] = before | {
                "committed_seq": max(before["committed_seq"], batch.records[-1].seq),
                "missing": before["missing"] + batch.missing,
            }
        await upsert(self._session, JournalRow, list(changed.values()))

    async def latest(
        self, device_id: DeviceId, limit: int, before: JournalPlace | None = None
    ) -> tuple[tuple[JournalPlace, JournalRecord], ...]:
        places = (col(JournalRecordRow.received_at_us), col(JournalRecordRow.journal_id), col(JournalRecordRow.seq))
        query = select(JournalRecordRow).where(col(JournalRecordRow.device_id) == device_id)
        if before is not None:
            query = query.where(tuple_(*places) < (before.received_at_us, before.journal_id, before.seq))
        rows = await self._session.scalars(query.order_by(*(place.desc() for place in places)).limit(limit))
        return tuple((_place(row), _decoder.decode(row.payload)) for row in rows)

    async def of_airings(self, pairs: Sequence[tuple[AiringId, DeviceId]]) -> dict[JournalKey, list[JournalRecord]]:
        by_airing: dict[AiringId, list[DeviceId]] = {}
        for airing_id, device_id in dict.fromkeys(pairs):
            by_airing.setdefault(airing_id, []).append(device_id)
        found: dict[JournalKey, list[JournalRecord]] = {}
        for airing_id, device_ids in by_airing.items():
            for piece in pieces(device_ids):
                rows = await self._session.execute(
                    select(JournalRecordRow.device_id, JournalRecordRow.payload)
                    .where(col(JournalRecordRow.device_id) == col(JournalRow.device_id))
                    .where(col(JournalRecordRow.journal_id) == col(JournalRow.journal_id))
                    .where(col(JournalRecordRow.airing_id) == airing_id)
                    .where(col(JournalRecordRow.device_id).in_(piece))
                    .order_by(
                        col(JournalRow.first_seen_us), col(JournalRecordRow.journal_id), col(JournalRecordRow.seq)
                    )
                )
                for writer, payload in rows:
                    found.setdefault(JournalKey(airing_id, DeviceId(writer)), []).append(_decoder.decode(payload))
        return found

    async def refusals(self, device_id: DeviceId) -> tuple[Refusals, ...]:
        rows = await self._session.scalars(
            select(JournalRecordRow.payload)
            .where(col(JournalRecordRow.device_id) == device_id)
            .where(col(JournalRecordRow.kind) == Refused.__struct_config__.tag)
        )
        return count_refusals(_decoder.decode(payload) for payload in rows)


def _new_journal(batch: ReceivedRecords) -> dict[str, Any]:
    return {
        "device_id": batch.device_id,
        "journal_id": batch.journal_id,
        "first_seen_us": batch.received_at_us,
        "committed_seq": 0,
        "missing": 0,
    }


def _place(row: JournalRecordRow) -> JournalPlace:
    return JournalPlace(received_at_us=row.received_at_us, journal_id=row.journal_id, seq=row.seq)
