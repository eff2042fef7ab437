"""One SQLite file, one writer, one thread.

Rules of the module: WAL with synchronous=FULL, so that what was committed is there after a power cut at any byte.
Every piece of work is one transaction, run to its end even where the one who asked is cancelled. The file is held
exclusively: a second agent on the same directory is refused. A damaged file is moved aside, never mended by guessing.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")

SCHEMA_VERSION: Final = 1
_ASIDE: Final = ".damaged"

_SCHEMA: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE pin (one INTEGER PRIMARY KEY CHECK (one = 1), pinned BLOB NOT NULL);
CREATE TABLE documents (
    place TEXT PRIMARY KEY, key_id TEXT NOT NULL, payload BLOB NOT NULL, signature BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE orders (
    position INTEGER PRIMARY KEY AUTOINCREMENT, document_id TEXT NOT NULL UNIQUE, key_id TEXT NOT NULL,
    payload BLOB NOT NULL, signature BLOB NOT NULL, not_after_us INTEGER NOT NULL, spent INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE counters (
    key_id TEXT NOT NULL, kind TEXT NOT NULL, counter INTEGER NOT NULL, PRIMARY KEY (key_id, kind)
) WITHOUT ROWID;
CREATE TABLE marks (
    airing_id TEXT PRIMARY KEY, stored INTEGER NOT NULL, armed INTEGER NOT NULL, starting INTEGER NOT NULL,
    begun INTEGER NOT NULL, ended INTEGER NOT NULL
);
CREATE TABLE journal (seq INTEGER PRIMARY KEY, record BLOB NOT NULL);
"""

# What came later: an agent that does not know of it does without.
_LATER: Final = (
    "CREATE TABLE IF NOT EXISTS airtime (airing_id TEXT PRIMARY KEY, began_us INTEGER NOT NULL,"
    " played_us INTEGER NOT NULL, slot INTEGER NOT NULL) WITHOUT ROWID"
)


class StateError(OSError):
    """The agent's state cannot be read or written. See that the disk is not full and the directory is the agent's."""


class StateInUse(StateError):
    """Another agent runs with this state directory. Stop it first, or give this one a directory of its own."""


class Database:
    """`open`, `run` as often as needed, `close`. All from one event loop."""

    def __init__(self, path: Path, look: Callable[[sqlite3.Connection], object] = lambda db: None) -> None:
        """``look`` reads at `open` what is read later, and raises what that would: what rotted is found once."""
        self.path = path
        self._look = look
        self.damaged = False
        """True where a damaged file was found at `open` and moved aside."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Opens or creates the file. Raises `StateError`."""
        await self._in_thread(self._open)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Runs ``work`` in one transaction, committed when this returns. Raises `StateError`; then nothing changed."""
        return await self._in_thread(lambda: self._transact(work))

    async def close(self) -> None:
        """Closes the file. Closing twice does nothing."""
        await self._in_thread(self._close)
        self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            future = self._thread.submit(work)
        except RuntimeError as error:
            raise StateError("the state is closed") from error
        waiting = asyncio.wrap_future(future)
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            waiting.add_done_callback(_look_at)  # it goes on; what becomes of it is nobody's question any more
            raise

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection
        if connection is None:
            raise StateError("the state is not open")
        try:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                return work(connection)
        except sqlite3.Error as error:
            raise StateError(f"{self.path} cannot be used: {error}.") from error

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = self._connect()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self._move_aside()
                self.damaged = True
                self._connection = self._connect()
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise StateInUse(f"Another agent runs with {self.path.parent}.") from error
            raise StateError(f"{self.path} cannot be opened: {error}.") from error
        except (OSError, sqlite3.Error) as error:
            raise StateError(f"{self.path} cannot be opened: {error}.") from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=1.0, isolation_level=None, check_same_thread=False)
        connection.text_factory = lambda raw: str(raw, "utf-8", "replace")
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(str(verdict))
            self._prepare(connection)
            connection.execute(_LATER)
            _looked(connection, self._look)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == SCHEMA_VERSION:
            return
        if version != 0:
            raise sqlite3.OperationalError(f"it was written by another version of the agent (schema {version})")
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def _move_aside(self) -> None:
        for ending in ("", "-wal", "-shm"):
            found = self.path.with_name(self.path.name + ending)
            if found.exists():
                found.replace(self.path.with_name(self.path.name + _ASIDE + ending))


def _looked(connection: sqlite3.Connection, look: Callable[[sqlite3.Connection], object]) -> None:
    """Raises `sqlite3.DatabaseError` where the content cannot be read."""
    try:
        look(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        raise sqlite3.DatabaseError(str(error)) from error  # a table or a column that is there by no other name
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise sqlite3.DatabaseError(f"what it holds cannot be read: {error}") from error


def _look_at(done: "asyncio.Future[T]") -> None:
    if not done.cancelled():
        done.exception()
