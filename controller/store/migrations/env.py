"""Alembic's way in: runs on the connection that `controller.store.migrate` hands over."""

from alembic import context
from sqlalchemy import Connection

from controller.store import box_rows, content_rows, emergency_rows, live_rows, planning_rows
from controller.store.rows import Row

__all__ = ["box_rows", "content_rows", "emergency_rows", "live_rows", "planning_rows"]


def _run() -> None:
    connection = context.config.attributes.get("connection")
    if not isinstance(connection, Connection):
        raise SystemExit("Migrations run when the controller starts: loa serve")
    context.configure(connection=connection, target_metadata=Row.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


_run()
