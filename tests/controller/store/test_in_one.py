"""Many rows in one statement are stored exactly as row by row."""

import pytest

from agents.protocol.ids import DeviceId, DocumentId
from agents.protocol.journal import RefusalReason
from controller.domain.deliveries import Delivered
from controller.store import bulk
from controller.store.database import SqlStore

TEXTS = ("", "Đài xã", 'quo"ted \\ {"json": [1, null]}', "[1, 2]", "a\nb\t\u2028", "null", "12")
ORDER = DocumentId("o-1")


def answers(count: int, at_us: int = 2**53 + 1) -> list[Delivered]:
    return [
        Delivered(
            document_id=ORDER,
            device_id=DeviceId(f"d-{number:04d}"),
            at_us=at_us + number,
            accepted=number % 2 == 0,
            reason=None if number % 2 == 0 else RefusalReason.EXPIRED,
            detail=TEXTS[number % len(TEXTS)],
        )
        for number in range(count)
    ]


async def stored(store: SqlStore) -> list[Delivered]:
    async with store.reading() as tx:
        return sorted(await tx.documents.delivered(ORDER), key=lambda one: one.device_id)


@pytest.mark.parametrize("few", [1, 10_000], ids=["in one statement", "row by row"])
async def test_rows_are_kept_as_they_are_and_those_that_come_again_replace_them(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(bulk, "FEW", few)
    async with store.transaction() as tx:
        await tx.documents.put_delivered(answers(40))
    assert await stored(store) == answers(40)
    again = answers(60, at_us=5)
    async with store.transaction() as tx:
        await tx.documents.put_delivered([*answers(60, at_us=3), *again])
    assert await stored(store) == again, "of a key that comes twice the last is kept"


async def test_who_accepted_what_is_told_for_many_at_once(store: SqlStore) -> None:
    async with store.transaction() as tx:
        await tx.documents.put_delivered(answers(40))
    async with store.reading() as tx:
        found = await tx.documents.accepted(
            [DeviceId("d-0002"), DeviceId("d-0003"), DeviceId("d-9999")], [ORDER, "o-2"]
        )
    assert found == {("d-0002", ORDER)}
