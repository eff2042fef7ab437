"""Alerts in the database."""

from dataclasses import replace

from sqlalchemy import event

from controller.domain.cap_alerts import (
    AlertState,
    CapAlert,
    CapAlertId,
    Key,
    MessageType,
    Source,
    SourceKind,
    Status,
)
from controller.store.database import SqlStore

OTHERS = tuple(Key("tram@thuyvan.example", f"A-{number}", 1_000_000) for number in range(500))


def update() -> CapAlert:
    return CapAlert(
        alert_id=CapAlertId("cap-1"),
        key=Key("tram@thuyvan.example", "B-1", 2_000_000),
        message_type=MessageType.UPDATE,
        status=Status.ACTUAL,
        scope="Public",
        source=Source(kind=SourceKind.UPLOAD, source_id="p-1", name="mai"),
        signature="none",
        signed_by="",
        trusted=False,
        digest="0" * 64,
        received_at_us=3_000_000,
        changed_at_us=3_000_000,
        state=AlertState.HELD,
        references=OTHERS,
    )


async def test_hundreds_of_references_are_kept_in_few_steps_and_found(store: SqlStore) -> None:
    steps: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        steps.append(statement)

    event.listen(store._engine.sync_engine, "before_cursor_execute", note)
    alert = update()
    async with store.transaction() as tx:
        await tx.cap_alerts.put_raw(alert.digest, b"<alert/>")
        await tx.cap_alerts.put(alert)
    async with store.transaction() as tx:
        await tx.cap_alerts.put(replace(alert, state=AlertState.DECLINED))
    assert len(steps) < 30
    async with store.reading() as tx:
        for key in (OTHERS[0], OTHERS[-1]):
            (found,) = await tx.cap_alerts.referring(key)
            assert (found.alert_id, found.state) == (alert.alert_id, AlertState.DECLINED)
