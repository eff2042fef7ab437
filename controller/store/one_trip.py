"""SQLite's statements, each in one trip to the connection's thread.

As it comes, the driver goes to that thread four times for a statement: for a cursor, to execute, to fetch, to close.
Each time the event loop goes round before the answer is taken up, and while thousands of devices connect one round
takes tens of milliseconds: most of what a page waits for then. Rows that are asked for piece by piece (`bulk.each`) go
the usual way.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor


class _Told(NamedTuple):
    """What one statement left behind."""

    description: Any = None
    rowcount: int = -1
    lastrowid: Any = None
    rows: Sequence[Any] = ()


class OneTripCursor(AsyncAdapt_aiosqlite_cursor):
    """What SQLAlchemy takes for a cursor."""

    __slots__ = ("_told",)

    def __init__(self, adapt_connection: Any) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows = deque()
        self._told = _Told()

    @property
    def description(self) -> Any:
        return self._told.description

    @property
    def rowcount(self) -> int:
        return self._told.rowcount

    @property
    def lastrowid(self) -> Any:
        return self._told.lastrowid

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._go(lambda connection: connection.execute(operation, parameters or ()))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._go(lambda connection: connection.executemany(operation, seq_of_parameters))

    async def _go(self, run: Callable[[Any], Any]) -> None:
        driver: Any = self._connection
        async with self._adapt_connection._execute_mutex:
            self._told = await driver._execute(_told_by, driver._conn, run)
        self._rows = deque(self._told.rows)

    async def _async_soft_close(self) -> None:
        """Nothing is open."""

    def close(self) -> None:
        self._rows.clear()


class OneTripConnection(AsyncAdapt_aiosqlite_connection):
    """What SQLAlchemy takes for a connection."""

    __slots__ = ()

    _cursor_cls = OneTripCursor

    def rollback(self) -> None:
        """The pool asks for it once more when all is over: then there is nothing to go for."""
        if self._connection._connection and self._connection.in_transaction:
            super().rollback()


def connect(dialect: Any, _record: Any, arguments: Any, named: Any) -> OneTripConnection:
    """Listens to ``do_connect`` of an engine."""
    usual = dialect.connect(*arguments, **named)
    return OneTripConnection(usual.dbapi, usual._connection)


def _told_by(connection: Any, run: Callable[[Any], Any]) -> _Told:
    cursor = run(connection)
    try:
        rows = cursor.fetchall() if cursor.description else ()
        return _Told(cursor.description, cursor.rowcount, cursor.lastrowid, rows)
    finally:
        cursor.close()
