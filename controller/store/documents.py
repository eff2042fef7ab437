"""What was signed: counters, documents, and which device has which."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.codec import decode_document
from agents.protocol.documents import Assignment, Document, Order, Rundown, SignedDocument, kind_of
from agents.protocol.ids import DeviceId, DocumentId
from agents.protocol.journal import RefusalReason
from agents.protocol.values import DocumentKind
from controller.domain.deliveries import Delivered
from controller.store.bulk import pieces, upsert_structs
from controller.store.rows import CounterRow, DeliveredRow, DocumentRow

_D = TypeVar("_D", Assignment, Rundown, Order)


class SqlDocuments:
    """`ports.Documents`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def reserve_counters(self, key_id: str, kind: DocumentKind, count: int, at_least: int) -> int:
        row = await self._session.get(CounterRow, (key_id, kind.value), populate_existing=True)
        if row is None:
            row = CounterRow(key_id=key_id, kind=kind.value, reserved=0)
            self._session.add(row)
        first = max(row.reserved, at_least) + 1
        row.reserved = first + count - 1
        await self._session.flush()
        return first

    async def put(self, document: Document, signed: SignedDocument) -> None:
        device_id = None if isinstance(document, Order) else document.device_id
        kind = kind_of(document).value
        header = document.header
        if device_id is not None:
            await self._session.execute(
                delete(DocumentRow)
                .where(col(DocumentRow.device_id) == device_id, col(DocumentRow.kind) == kind)
                .execution_options(synchronize_session="evaluate")
            )
        await self._session.merge(
            DocumentRow(
                document_id=header.document_id,
                kind=kind,
                key_id=header.key_id,
                counter=header.counter,
                device_id=device_id,
                issued_at_us=header.issued_at_us,
                not_after_us=header.not_after_us,
                open=True,
                payload=signed.payload,
                signature=signed.signature,
            )
        )
        await self._session.flush()

    async def latest_assignment(self, device_id: DeviceId) -> tuple[Assignment, SignedDocument] | None:
        return await self._latest(device_id, Assignment, DocumentKind.ASSIGNMENT)

    async def latest_rundown(self, device_id: DeviceId) -> tuple[Rundown, SignedDocument] | None:
        return await self._latest(device_id, Rundown, DocumentKind.RUNDOWN)

    async def _latest(
        self, device_id: DeviceId, form: type[_D], kind: DocumentKind
    ) -> tuple[_D, SignedDocument] | None:
        rows = await self._session.scalars(
            select(DocumentRow)
            .where(col(DocumentRow.device_id) == device_id, col(DocumentRow.kind) == kind.value)
            .order_by(col(DocumentRow.counter).desc())
            .limit(1)
        )
        row = rows.first()
        return None if row is None else _opened(row, form)

    async def latest_assignments(
        self, device_ids: Sequence[DeviceId]
    ) -> dict[DeviceId, tuple[Assignment, SignedDocument]]:
        found: dict[DeviceId, tuple[Assignment, SignedDocument]] = {}
        kind = DocumentKind.ASSIGNMENT.value
        for piece in pieces(device_ids):
            rows = await self._session.execute(
                select(DocumentRow.key_id, DocumentRow.payload, DocumentRow.signature)
                .where(col(DocumentRow.device_id).in_(piece), col(DocumentRow.kind) == kind)
                .order_by(col(DocumentRow.counter))
            )
            for key_id, payload, signature in rows:
                document = decode_document(payload)
                if isinstance(document, Assignment):
                    signed = SignedDocument(key_id=key_id, payload=payload, signature=signature)
                    found[DeviceId(document.device_id)] = document, signed
        return found

    async def latest_rundowns(self, device_ids: Sequence[DeviceId]) -> dict[DeviceId, Rundown]:
        found: dict[DeviceId, Rundown] = {}
        for piece in pieces(device_ids):
            payloads = await self._session.scalars(
                select(DocumentRow.payload)
                .where(col(DocumentRow.device_id).in_(piece), col(DocumentRow.kind) == DocumentKind.RUNDOWN.value)
                .order_by(col(DocumentRow.counter))
            )
            documents = (decode_document(payload) for payload in payloads)
            found.update({DeviceId(one.device_id): one for one in documents if isinstance(one, Rundown)})
        return found

    async def open_orders(self, now_us: int) -> tuple[tuple[Order, SignedDocument], ...]:
        rows = await self._session.scalars(
            select(DocumentRow)
            .where(col(DocumentRow.kind) == DocumentKind.ORDER.value, col(DocumentRow.open).is_(True))
            .where(col(DocumentRow.not_after_us) > now_us)
            .order_by(col(DocumentRow.counter)),
            execution_options={"populate_existing": True},
        )
        opened = (_opened(row, Order) for row in rows)
        return tuple(pair for pair in opened if pair is not None)

    async def close_orders(self, document_ids: Sequence[str]) -> None:
        for piece in pieces(document_ids):
            await self._session.execute(
                update(DocumentRow)
                .where(col(DocumentRow.document_id).in_(piece))
                .values(open=False)
                .execution_options(synchronize_session=False)
            )

    async def there(self, document_ids: Sequence[str]) -> frozenset[str]:
        found = await self._session.scalars(
            select(DocumentRow.document_id).where(col(DocumentRow.document_id).in_(document_ids))
        )
        return frozenset(found)

    async def put_delivered(self, delivered: Sequence[Delivered]) -> None:
        await upsert_structs(self._session, DeliveredRow, delivered, _delivered_values)

    async def delivered(self, document_id: str) -> tuple[Delivered, ...]:
        rows = await self._session.scalars(select(DeliveredRow).where(col(DeliveredRow.document_id) == document_id))
        return tuple(_delivered(row) for row in rows)

    async def delivered_to(self, device_id: DeviceId, document_ids: Sequence[str]) -> tuple[Delivered, ...]:
        found: list[Delivered] = []
        for piece in pieces(document_ids):
            rows = await self._session.scalars(
                select(DeliveredRow).where(
                    col(DeliveredRow.device_id) == device_id, col(DeliveredRow.document_id).in_(piece)
                )
            )
            found.extend(_delivered(row) for row in rows)
        return tuple(found)

    async def accepted(
        self, device_ids: Sequence[DeviceId], document_ids: Sequence[str]
    ) -> frozenset[tuple[DeviceId, str]]:
        found: set[tuple[DeviceId, str]] = set()
        for document_id in document_ids:
            for piece in pieces(device_ids):
                rows = await self._session.scalars(
                    select(DeliveredRow.device_id).where(
                        col(DeliveredRow.document_id) == document_id,
                        col(DeliveredRow.device_id).in_(piece),
                        col(DeliveredRow.accepted).is_(True),
                    )
                )
                found.update((DeviceId(device_id), document_id) for device_id in rows)
        return frozenset(found)

    async def forget_device(self, device_id: DeviceId) -> None:
        for table in (DocumentRow, DeliveredRow):
            await self._session.execute(
                delete(table).where(col(table.device_id) == device_id).execution_options(synchronize_session="fetch")
            )


def _opened(row: DocumentRow, form: type[_D]) -> tuple[_D, SignedDocument] | None:
    document = decode_document(row.payload)
    if not isinstance(document, form):
        return None
    return document, SignedDocument(key_id=row.key_id, payload=row.payload, signature=row.signature)


def _delivered_values(one: Delivered) -> dict[str, Any]:
    return {
        "document_id": one.document_id,
        "device_id": one.device_id,
        "at_us": one.at_us,
        "accepted": one.accepted,
        "reason": None if one.reason is None else one.reason.value,
        "detail": one.detail,
    }


def _delivered(row: DeliveredRow) -> Delivered:
    return Delivered(
        document_id=DocumentId(row.document_id),
        device_id=DeviceId(row.device_id),
        at_us=row.at_us,
        accepted=row.accepted,
        reason=None if row.reason is None else RefusalReason(row.reason),
        detail=row.detail,
    )
