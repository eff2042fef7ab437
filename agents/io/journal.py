"""The journal on disk: what this device says happened, kept until the controller has it.

Rules of the module: a record's number is given in the transaction that writes it, so numbers have no holes and no
doubles; the mark of an airing changes in the same transaction. Records are deleted up to the number the controller has
committed. A journal that nobody collects is bounded: the oldest are dropped, and a record in their place says so. Where
the controller has more than was ever written, the disk has forgotten: a new journal is begun, or its numbers would be
given twice.
"""

import asyncio
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from agents.domain.journal import AIRTIME_KEPT_US, Airtime, Mark, mark_after
from agents.domain.now import Now
from agents.io.database import Database, StateError
from agents.protocol.journal import ActionEnded, JournalEvent, JournalRecord, RecordsLost, airing_of
from agents.protocol.messages import JournalBatch
from agents.protocol.values import ClockBasis
from agents.protocol.version import MAX_JOURNAL_BATCH

MARKS_KEPT = 10_000
_MAX_BATCH_BYTES = 262_144
_TRIM_EVERY = 100


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """``most_records``: so many unacknowledged records are kept at most."""

    most_records: int = 50_000


@dataclass(frozen=True, slots=True)
class Entry:
    """An event and when it was, as the device knew the time."""

    event: JournalEvent
    now: Now


class JournalStore:
    """Part of `state.StateStore`, which opens it."""

    def __init__(self, database: Database, settings: JournalSettings) -> None:
        self._database = database
        self._settings = settings
        self._changed = asyncio.Event()
        self.journal_id = ""
        self.last_seq = 0
        self.waiting = 0
        """How many records the controller has not acknowledged."""
        self.version = 0
        """Grows whenever records were written."""
        self.stuck = False
        """Whether the disk took nothing when something was written last: it is full, or worn out."""

    async def open(self, *, begin_anew: bool = False) -> None:
        """Learn which journal this is; ``begin_anew`` where the disk is known to have forgotten, which others tell.

        Raises `StateError`.
        """
        if begin_anew:
            await self._database.run(lambda db: _begin_anew(db, None))
        self.journal_id, self.last_seq, self.waiting = await self._database.run(lambda db: (*_who(db), _waiting(db)))

    async def write(
        self,
        entries: Sequence[Entry],
        starting: Sequence[str] = (),
        airtime: Mapping[str, Airtime | None] | None = None,
    ) -> None:
        """Append records, mark the airings that are about to start, keep what airings take of their days (None: nothing
        after all); all of it is on disk when this returns.

        Raises `StateError`; then nothing was written.
        """
        if not entries and not starting and not airtime:
            return
        most = self._settings.most_records

        def work(db: sqlite3.Connection) -> tuple[int, int]:
            _put_airtime(db, airtime or {})
            return _write(db, entries, starting, most), _waiting(db)

        try:
            self.last_seq, self.waiting = await self._database.run(work)
        except StateError:
            self.stuck = True
            raise
        self.stuck = False
        if entries:
            self._wake()

    async def next_batch(self, after_seq: int = 0) -> JournalBatch | None:
        """The oldest records above ``after_seq`` not yet acknowledged, None where there are none.

        Raises `StateError`.
        """
        records = await self._database.run(lambda db: _oldest(db, after_seq))
        return JournalBatch(journal_id=self.journal_id, records=tuple(records)) if records else None

    async def acknowledge(self, journal_id: str, committed_seq: int) -> None:
        """The controller has committed up to here: delete. Another journal's number is nobody's here.

        Raises `StateError`.
        """

        def work(db: sqlite3.Connection) -> int:
            db.execute("DELETE FROM journal WHERE seq <= ?", (committed_seq,))
            return _waiting(db)

        if journal_id != self.journal_id:
            return
        if committed_seq <= self.last_seq:
            self.waiting = await self._database.run(work)
            return
        self.journal_id, self.last_seq = await self._database.run(
            lambda db: _begin_anew(db, "the disk had forgotten records")
        )
        self.waiting = self.last_seq
        self._wake()

    def _wake(self) -> None:
        self.version += 1
        written, self._changed = self._changed, asyncio.Event()
        written.set()

    async def wait_changed(self, version: int) -> None:
        """Returns when something was written since ``version`` was the journal's."""
        while self.version == version:
            await self._changed.wait()


# --- what runs in the database's thread -----------------------------------------------------------------------------


def _who(db: sqlite3.Connection) -> tuple[str, int]:
    meta = dict(db.execute("SELECT name, value FROM meta WHERE name IN ('journal_id', 'last_seq')").fetchall())
    return str(meta["journal_id"]), int(meta.get("last_seq", "0"))


def require_whole(db: sqlite3.Connection) -> None:
    """Raises `ValueError` or `LookupError` where it is as only damage makes it."""
    _, last_seq = _who(db)
    db.execute("SELECT seq, record FROM journal LIMIT 1").fetchone()
    if last_seq < _ends(db)[1]:
        raise ValueError("there are records behind the last one")


def _begin_anew(db: sqlite3.Connection, lost: str | None) -> tuple[str, int]:
    """Another journal, with what waits in this one; before it a record of what must have been ``lost``."""
    waiting = [_decoded(seq, raw) for seq, raw in db.execute("SELECT seq, record FROM journal ORDER BY seq")]
    db.execute("DELETE FROM journal")
    first = 1
    if lost is not None:
        _put_record(db, 1, RecordsLost(cause=lost), Now(0, None, None, ClockBasis.NONE))
        first = 2
    for seq, record in enumerate(waiting, first):
        moved = msgspec.structs.replace(record, seq=seq)
        db.execute("INSERT INTO journal VALUES (?, ?)", (seq, msgspec.json.encode(moved)))
    for name, value in (("journal_id", new_journal_id()), ("last_seq", str(first + len(waiting) - 1))):
        db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
    return _who(db)


def new_journal_id() -> str:
    """One that no journal had."""
    return "j-" + secrets.token_hex(8)


def _waiting(db: sqlite3.Connection) -> int:
    """From the first to the last, since there are no holes: to count them would take a moment."""
    first, last = _ends(db)
    return last - first + 1


def _ends(db: sqlite3.Connection) -> tuple[int, int]:
    """The first and the last number that are there; one and zero where none is."""
    # Asked for one by one, because SQLite reads the whole table for both at once.
    (first, last) = db.execute("SELECT (SELECT min(seq) FROM journal), (SELECT max(seq) FROM journal)").fetchone()
    return (1, 0) if first is None else (int(first), int(last))


def _write(db: sqlite3.Connection, entries: Sequence[Entry], starting: Sequence[str], most: int) -> int:
    _, seq = _who(db)
    for started in starting:
        _put_mark(db, started, _mark(db, started, starting=True))
    for entry in entries:
        seq += 1
        _put_record(db, seq, entry.event, entry.now)
        airing_id = airing_of(entry.event)
        if airing_id is not None:
            _put_mark(db, airing_id, mark_after(_mark(db, airing_id), entry.event))
        if isinstance(entry.event, ActionEnded):
            # In one transaction with the record of its end: no action ends twice, or is taken up again.
            db.execute("UPDATE orders SET spent = 1 WHERE document_id = ?", (entry.event.order_id,))
    db.execute(
        "INSERT INTO meta VALUES ('last_seq', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (str(seq),)
    )
    _trim(db, most)
    return seq


def _put_airtime(db: sqlite3.Connection, airtime: Mapping[str, Airtime | None]) -> None:
    for airing_id, taken in airtime.items():
        if taken is None:
            db.execute("DELETE FROM airtime WHERE airing_id = ?", (airing_id,))
        else:
            db.execute("DELETE FROM airtime WHERE began_us < ?", (taken.began_us - AIRTIME_KEPT_US,))
            values = (airing_id, taken.began_us, taken.played_us, taken.slot)
            db.execute("INSERT OR REPLACE INTO airtime VALUES (?, ?, ?, ?)", values)


def _put_record(db: sqlite3.Connection, seq: int, event: JournalEvent, now: Now) -> None:
    at_us = None if now.controller_us is None or now.controller_us < 0 else now.controller_us
    record = JournalRecord(
        seq=seq,
        at_us=at_us,
        clock_basis=now.basis,
        clock_error_us=None if at_us is None else now.clock_error_us,
        event=event,
    )
    db.execute("INSERT OR REPLACE INTO journal VALUES (?, ?)", (seq, msgspec.json.encode(record)))


def _mark(db: sqlite3.Connection, airing_id: str, starting: bool = False) -> Mark:
    row = db.execute(
        "SELECT stored, armed, starting, begun, ended FROM marks WHERE airing_id = ?", (airing_id,)
    ).fetchone()
    mark = Mark() if row is None else Mark(*(bool(value) for value in row))
    return Mark(mark.stored, mark.armed, True, mark.begun, mark.ended) if starting else mark


def _put_mark(db: sqlite3.Connection, airing_id: str, mark: Mark) -> None:
    values = (airing_id, mark.stored, mark.armed, mark.starting, mark.begun, mark.ended)
    db.execute(
        "INSERT INTO marks VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (airing_id) DO UPDATE SET stored = excluded.stored,"
        " armed = excluded.armed, starting = excluded.starting, begun = excluded.begun, ended = excluded.ended",
        values,
    )
    (newest,) = db.execute("SELECT max(rowid) FROM marks").fetchone()
    db.execute("DELETE FROM marks WHERE ended = 1 AND rowid <= ?", (newest - MARKS_KEPT,))


def _trim(db: sqlite3.Connection, most: int) -> None:
    """Drop the oldest, somewhat more than needed, and put the record of it in the place of the last one dropped."""
    first, last = _ends(db)
    if last - first + 1 <= most:
        return
    place = min(last, last - most + max(1, min(_TRIM_EVERY, most // 10)))
    (head,) = db.execute("SELECT record FROM journal WHERE seq = ?", (first,)).fetchone()
    event = _decoded(first, head).event
    if isinstance(event, RecordsLost) and event.first_seq:
        first = event.first_seq
    lost = RecordsLost(first_seq=first, records=place - first + 1, cause="the journal was full")
    db.execute("DELETE FROM journal WHERE seq < ?", (place,))
    _put_record(db, place, lost, Now(0, None, None, ClockBasis.NONE))


def _oldest(db: sqlite3.Connection, after_seq: int) -> list[JournalRecord]:
    records: list[JournalRecord] = []
    size = 0
    rows = db.execute(
        "SELECT seq, record FROM journal WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, MAX_JOURNAL_BATCH)
    )
    for seq, raw in rows:
        size += len(raw)
        if records and size > _MAX_BATCH_BYTES:
            break
        records.append(_decoded(seq, raw))
    return records


def _decoded(seq: int, raw: bytes) -> JournalRecord:
    try:
        return msgspec.json.decode(raw, type=JournalRecord)
    except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
        lost = RecordsLost(first_seq=seq, records=1, cause="the record was damaged")
        return JournalRecord(seq=seq, at_us=None, clock_basis=ClockBasis.NONE, clock_error_us=None, event=lost)
