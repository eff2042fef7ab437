"""The way into the database, and what is particular to one kind of it.

SQLite: one file, write-ahead log, foreign keys enforced. ``synchronous`` is FULL, not NORMAL: what is committed is
acknowledged to devices, which then delete it, and a counter that was given out must never be given out again; NORMAL
could lose the last commits in a power cut. A transaction that writes says so when it begins (``BEGIN IMMEDIATE``),
so that it never finds out half-way that another was faster.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from controller.domain.errors import StoreFailed
from controller.store import one_trip

READING: Final = "loa_reading"
READERS: Final = 3
"""How many may read at the same time, besides views."""
VIEWS: Final = 3
"""How many pages may be answered from one state each; more than these read piece by piece."""
BUSY_TIMEOUT_MS: Final = 5_000
_CACHE_KIB: Final = 2_048


def is_sqlite(url: str) -> bool:
    """True for the embedded database."""
    return make_url(url).get_backend_name() == "sqlite"


def make_engine(url: str, *, foreign_keys: bool = True) -> AsyncEngine:
    """An engine for ``url``, such as ``sqlite+aiosqlite:////var/lib/loa/loa.db``. Connects to nothing yet.

    Without ``foreign_keys`` SQLite does not enforce them: a table that others refer to can be replaced.
    """
    # One more for whoever writes, and one for `SqlStore.ready`.
    engine = create_async_engine(url, pool_size=READERS + VIEWS + 2, max_overflow=0)
    if is_sqlite(url):
        event.listen(engine.sync_engine, "do_connect", one_trip.connect)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        if not foreign_keys:
            event.listen(engine.sync_engine, "connect", _without_foreign_keys)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    finally:
        cursor.close()


def _without_foreign_keys(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA foreign_keys = OFF")
    finally:
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def failures() -> Iterator[None]:
    """What the database raises becomes `StoreFailed`."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = getattr(error, "orig", None) or error
        full = getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        raise StoreFailed(str(cause), code="out_of_space" if full else None) from error
