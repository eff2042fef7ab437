"""What the agent keeps between runs: whom it obeys, what it accepted, what it said.

Rules of the module: everything is in ``agent.db`` in the state directory (`database`), the journal's part in
`journal`. What was accepted is committed before it is answered. The pins are also kept in a file of their own: where
the database is found damaged, the device still knows its controller, which sends everything else again.
"""

import contextlib
import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from agents.io.database import Database, StateError
from agents.io.files import sync_directory, write_whole
from agents.io.journal import JournalSettings, JournalStore, new_journal_id, require_whole
from agents.io.kept import (
    ASSIGNMENT_PLACE,
    PIN_DIGEST,
    RUNDOWN_PLACE,
    Kept,
    Pinned,
    get,
    load,
    pin_digest,
    read_pin,
    without_plans,
)
from agents.protocol.codec import decode_document
from agents.protocol.documents import Assignment, Document, Order, ReleaseStop, Rundown, SignedDocument
from agents.protocol.values import DocumentKind

DATABASE_NAME: Final = "agent.db"
PIN_NAME: Final = "pinned.json"
AT_ONCE_S: Final = 60.0
CRASHES_IN_A_ROW: Final = 5
"""Then it is tried without what was to be played: a box that ends at every start can be mended by nobody from afar."""
_ORDERS_KEPT_US: Final = 86_400_000_000

log = logging.getLogger(__name__)


class StateStore:
    """The one keeper of ``agent.db``."""

    def __init__(self, directory: Path, journal: JournalSettings | None = None) -> None:
        self.directory = directory
        self._database = Database(directory / DATABASE_NAME, _look)
        self.journal = JournalStore(self._database, journal or JournalSettings())
        self._pinned: Pinned | None = None
        self._vanished = False
        self.crashes = 0
        """How often in a row the program ended at once by a fault of its own."""
        self.was_clean = True
        """Whether the run before this one ended with a shutdown; true for the first run."""

    @property
    def was_damaged(self) -> bool:
        """Whether the database was found damaged, or gone, at `open`, and begun anew."""
        return self._database.damaged or self._vanished

    async def open(self) -> None:
        """Raises `StateError`."""
        await self._database.open()
        was_clean = await self._begin_run()
        self.crashes = await self._database.run(lambda db: int(get(db, "crashes", "0")))
        self._pinned = await self._database.run(read_pin)
        self._vanished = await self._database.run(self._lacks_the_pin)
        self.was_clean = was_clean and not self.was_damaged
        await self.journal.open(begin_anew=self._vanished)
        await self._database.run(self._mend_pin)

    async def close(self, clean: bool = True, crashed_after_s: float | None = None) -> None:
        """Closes; ``clean`` says that this was a shutdown and no accident, ``crashed_after_s`` that the program ended
        by a fault of its own, and when. Closing twice does nothing.
        """

        def work(db: sqlite3.Connection) -> None:
            if clean:
                _set(db, "clean", "1")
                _set(db, "crashes", "0")
            elif crashed_after_s is not None:
                _set(db, "crashes", str(self.crashes + 1 if crashed_after_s < AT_ONCE_S else 1))

        with contextlib.suppress(StateError):
            await self._database.run(work)
        with contextlib.suppress(StateError):
            await self._database.close()

    def pinned(self) -> Pinned | None:
        """The controller this device belongs to, None for a device that is new."""
        return self._pinned

    async def pin(self, pinned: Pinned, assignment: SignedDocument | None = None) -> None:
        """Belong to this controller, from one moment to the next. ``assignment``: the one that adoption came with.

        Pinning again replaces keys and addresses. Raises `StateError`.
        """

        def work(db: sqlite3.Connection) -> None:
            _write_pin(db, pinned)
            if assignment is not None:
                _put_document(db, assignment, decode_document(assignment.payload))

        await self._database.run(work)
        self._pinned = pinned
        await self._database.run(self._mend_pin)

    async def load(self) -> Kept:
        """What was kept, see `Kept`; after many crashes in a row without what was to be played. Raises `StateError`."""
        kept = await self._database.run(load)
        return without_plans(kept) if self.crashes >= CRASHES_IN_A_ROW else kept

    async def accept(self, signed: SignedDocument, document: Document, now_us: int | None) -> None:
        """Keep an accepted document and its counter, and forget orders past their not-after. Raises `StateError`."""

        def work(db: sqlite3.Connection) -> None:
            _put_document(db, signed, document)
            if now_us is not None:
                _drop_orders(db, now_us)

        try:
            await self._database.run(work)
        except StateError:
            self.journal.stuck = True
            raise
        self.journal.stuck = False

    async def drop_rundowns(self, keys: Sequence[str]) -> None:
        """Forget the rundowns of these keys, which are trusted no more. Raises `StateError`."""
        places = [(RUNDOWN_PLACE + key,) for key in keys]
        await self._database.run(lambda db: db.executemany("DELETE FROM documents WHERE place = ?", places))

    async def count_refusals(self, total: int) -> None:
        """Keep how many documents were refused since the device was made. Raises `StateError`."""
        await self._database.run(lambda db: _set(db, "refusals", str(total)))

    async def forget(self) -> None:
        """Be new again. The counters stay, so that what was signed for the device before is still old."""
        await self._database.run(_forget)
        self._pinned = None
        await self._database.run(self._mend_pin)
        await self.journal.open()

    async def _begin_run(self) -> bool:
        """Whether the run before ended well. A disk that is full keeps nobody from playing what lies on it."""
        try:
            return await self._database.run(_begin_run)
        except StateError as error:
            if not await self._database.run(lambda db: get(db, "journal_id", "")):
                raise
            log.error("nothing can be kept: %s", error, extra={"event": "state_failed"})
            return False

    def _lacks_the_pin(self, db: sqlite3.Connection) -> bool:
        """Whether the disk has forgotten: the file of the pins is written after the database and removed after it, so
        it never is there alone.
        """
        return self._pinned is None and (self.directory / PIN_NAME).exists() and not get(db, "forgot", "")

    def _mend_pin(self, db: sqlite3.Connection) -> None:
        """Make the file of the pins agree with the database; a damaged database learns from the file instead."""
        path = self.directory / PIN_NAME
        try:
            on_file = msgspec.json.decode(path.read_bytes(), type=Pinned)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            on_file = None
        if self.was_damaged and self._pinned is None and on_file is not None and not get(db, "forgot", ""):
            _write_pin(db, on_file)
            self._pinned = on_file
            return
        try:
            if self._pinned is None:
                if path.exists():
                    path.unlink()
                    sync_directory(self.directory)
            elif self._pinned != on_file:
                write_whole(path, msgspec.json.encode(self._pinned))
        except OSError as error:
            raise StateError(f"{path} cannot be written: {error}.") from error


# --- what runs in the database's thread -----------------------------------------------------------------------------


def _set(db: sqlite3.Connection, name: str, value: str) -> None:
    db.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value))


def _begin_run(db: sqlite3.Connection) -> bool:
    was_clean = get(db, "clean", "1") == "1"
    _set(db, "clean", "0")
    if not get(db, "journal_id", ""):
        _set(db, "journal_id", new_journal_id())
    return was_clean


def _write_pin(db: sqlite3.Connection, pinned: Pinned) -> None:
    raw = msgspec.json.encode(pinned)
    db.execute("INSERT OR REPLACE INTO pin VALUES (1, ?)", (raw,))
    _set(db, PIN_DIGEST, pin_digest(raw))
    db.execute("DELETE FROM meta WHERE name = 'forgot'")


def _put_document(db: sqlite3.Connection, signed: SignedDocument, document: Document) -> None:
    header = document.header
    body = (signed.key_id, signed.payload, signed.signature)
    match document:
        case Assignment():
            kind = DocumentKind.ASSIGNMENT
            db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)", (ASSIGNMENT_PLACE, *body))
        case Rundown():
            kind = DocumentKind.RUNDOWN
            db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)", (RUNDOWN_PLACE + signed.key_id, *body))
        case Order(action=action):
            kind = DocumentKind.ORDER
            db.execute(
                "INSERT OR IGNORE INTO orders (document_id, key_id, payload, signature, not_after_us)"
                " VALUES (?, ?, ?, ?, ?)",
                (header.document_id, *body, min(header.not_after_us, 2**63 - 1)),
            )
            if isinstance(action, ReleaseStop):
                _spend_stop(db, action.order_id)
    db.execute(
        "INSERT INTO counters VALUES (?, ?, ?)"
        " ON CONFLICT (key_id, kind) DO UPDATE SET counter = max(counter, excluded.counter)",
        (header.key_id, kind.value, header.counter),
    )


def _spend_stop(db: sqlite3.Connection, order_id: str) -> None:
    """A stop, and nothing else that has this id: a release ends no play."""
    row = db.execute("SELECT payload FROM orders WHERE document_id = ?", (order_id,)).fetchone()
    if row is not None and _action_of(row[0]).get("action") == "stop":
        db.execute("UPDATE orders SET spent = 1 WHERE document_id = ?", (order_id,))


def _drop_orders(db: sqlite3.Connection, now_us: int) -> None:
    """Those past their not-after, but for the order of an airing whose last record is not written: without it, nobody
    would ever say what became of that airing. A day later they go whatever was said.
    """
    for position, payload, not_after_us in db.execute(
        "SELECT position, payload, not_after_us FROM orders WHERE not_after_us < ?", (now_us,)
    ).fetchall():
        airing_id = _airing_of(payload)
        row = db.execute("SELECT ended FROM marks WHERE airing_id = ?", (airing_id,)).fetchone()
        over = not airing_id or (row is not None and row[0])
        if over or not_after_us + _ORDERS_KEPT_US < now_us:
            db.execute("DELETE FROM orders WHERE position = ?", (position,))


def _airing_of(payload: bytes) -> str:
    action = _action_of(payload)
    airing = action.get("airing")
    return str((airing.get("airing_id") if isinstance(airing, dict) else action.get("airing_id")) or "")


def _action_of(payload: bytes) -> dict[str, Any]:
    """As it was written; empty where the payload rotted so that nobody can read it: it keeps no other from the disk."""
    try:
        loose = msgspec.json.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
        return {}
    action = loose.get("action") if isinstance(loose, dict) else None
    return action if isinstance(action, dict) else {}


def _look(db: sqlite3.Connection) -> None:
    """Raises what reading it later would, where the file is whole and its content is not. A new file has none."""
    load(db)
    int(get(db, "crashes", "0"))
    if db.execute("SELECT name FROM meta").fetchone() is not None:
        require_whole(db)


def _forget(db: sqlite3.Connection) -> None:
    for table in ("pin", "documents", "orders", "marks", "journal", "airtime"):
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the line above
    _set(db, "journal_id", new_journal_id())
    _set(db, "last_seq", "0")
    _set(db, "forgot", "1")
