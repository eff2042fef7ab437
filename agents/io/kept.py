"""What the agent kept, as a run finds it: read once when it is opened, and again by whoever takes it up.

Rules of the module: a memory card rots, and SQLite notices only what breaks its own order. A document that is not what
was signed any more is left out and asked for again; anything else that cannot be read is raised as Python does it
(`ValueError`, `TypeError`, `LookupError`), and the whole file counts as damaged.
"""

import hashlib
import sqlite3
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from agents.domain.journal import Airtime, Mark
from agents.protocol.codec import decode_document
from agents.protocol.documents import Assignment, Order, SignedDocument, Stop
from agents.protocol.errors import WireError
from agents.protocol.ids import KeyId, key_id
from agents.protocol.signing import verify
from agents.protocol.values import Counters, DocumentKind, Key32

ASSIGNMENT_PLACE: Final = "assignment"
RUNDOWN_PLACE: Final = "rundown:"
"""Before the id of the key that signed it."""
PIN_DIGEST: Final = "pin_digest"
"""The name of the single value that `pin_digest` is kept as; a pin of an older program has none."""


class Pinned(msgspec.Struct, frozen=True, kw_only=True):
    """The controller this device obeys, and where it may be found. Keys: X25519 (static), Ed25519 (signing)."""

    controller_id: str
    static_key: Key32
    signing_key: Key32
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything but pins and journal, as it was committed last. ``orders`` in the order of their acceptance.

    ``spent`` names the orders that are remembered so that they cannot be used twice, and no longer obeyed. ``rotten``
    is how many documents were left out because they are not what was signed any more, or cannot be read; the counter
    of a rundown or an assignment is told as one less then, so that it is sent again.
    """

    assignment: SignedDocument | None = None
    rundowns: tuple[SignedDocument, ...] = ()
    orders: tuple[SignedDocument, ...] = ()
    spent: frozenset[str] = frozenset()
    counters: Counters = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    airtime: dict[str, Airtime] = field(default_factory=dict)
    refusals: int = 0
    rotten: int = 0


def load(db: sqlite3.Connection) -> Kept:
    """All of it."""
    rows = {
        str(place): SignedDocument(key_id=key, payload=payload, signature=signature)
        for place, key, payload, signature in db.execute("SELECT * FROM documents ORDER BY place")
    }
    keys = _keys(read_pin(db), rows.get(ASSIGNMENT_PLACE))
    sound = {place: signed for place, signed in rows.items() if _is_sound(signed, keys)}
    left_out = {(signed.key_id, _kind_at(place)) for place, signed in rows.items() if place not in sound}
    orders, spent, rotten = _orders(db, keys)
    return Kept(
        assignment=sound.get(ASSIGNMENT_PLACE),
        rundowns=tuple(signed for place, signed in sound.items() if place.startswith(RUNDOWN_PLACE)),
        orders=orders,
        spent=spent,
        counters={
            (KeyId(key), DocumentKind(kind)): int(counter) - ((key, kind) in left_out)
            for key, kind, counter in db.execute("SELECT * FROM counters")
        },
        marks={
            str(airing_id): Mark(*(bool(value) for value in values))
            for airing_id, *values in db.execute("SELECT * FROM marks ORDER BY rowid")
        },
        airtime={
            str(airing_id): Airtime(int(began_us), int(played_us), bool(slot))
            for airing_id, began_us, played_us, slot in db.execute("SELECT * FROM airtime")
        },
        refusals=int(get(db, "refusals", "0")),
        rotten=len(rows) - len(sound) + rotten,
    )


def without_plans(kept: Kept) -> Kept:
    """The same, but for everything that was to be played: for a program that ended at once, again and again, and may
    have done so for what it was to play. Stops hold. Rundowns are asked for again.
    """
    stops = tuple(one for one in kept.orders if _is_stop(one))
    keys = {signed.key_id for signed in kept.rundowns}
    counters = {
        (key, kind): counter - (kind is DocumentKind.RUNDOWN and key in keys)
        for (key, kind), counter in kept.counters.items()
    }
    left_out = len(kept.rundowns) + len(kept.orders) - len(stops)
    return replace(kept, rundowns=(), orders=stops, counters=counters, rotten=kept.rotten + left_out)


def _is_stop(signed: SignedDocument) -> bool:
    document = decode_document(signed.payload)
    return isinstance(document, Order) and isinstance(document.action, Stop)


def get(db: sqlite3.Connection, name: str, default: str) -> str:
    """A value of the table of single values."""
    row = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return default if row is None else str(row[0])


def read_pin(db: sqlite3.Connection) -> Pinned | None:
    """None where there is none, where it cannot be read, or is not what was written."""
    row = db.execute("SELECT pinned FROM pin").fetchone()
    if row is None or get(db, PIN_DIGEST, "") not in ("", pin_digest(row[0])):
        return None
    try:
        return msgspec.json.decode(row[0], type=Pinned)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def pin_digest(pinned: bytes) -> str:
    """What the pin is known by. A key of which one bit is another is a key too, and nobody's."""
    return hashlib.sha256(pinned).hexdigest()


def _orders(db: sqlite3.Connection, keys: dict[str, bytes]) -> tuple[tuple[SignedDocument, ...], frozenset[str], int]:
    """Those that are sound, the ids of the spent ones among them, and how many are not."""
    rows = db.execute("SELECT document_id, key_id, payload, signature, spent FROM orders ORDER BY position").fetchall()
    orders = {
        str(document_id): SignedDocument(key_id=key, payload=payload, signature=signature)
        for document_id, key, payload, signature, _ in rows
    }
    sound = {document_id: signed for document_id, signed in orders.items() if _is_sound(signed, keys)}
    spent = frozenset(str(document_id) for document_id, *_, is_spent in rows if is_spent and str(document_id) in sound)
    return tuple(sound.values()), spent, len(rows) - len(sound)


def _kind_at(place: str) -> str:
    return (DocumentKind.ASSIGNMENT if place == ASSIGNMENT_PLACE else DocumentKind.RUNDOWN).value


def _keys(pinned: Pinned | None, assignment: SignedDocument | None) -> dict[str, bytes]:
    """The public keys that are known, by their ids."""
    found = [] if pinned is None else [pinned.signing_key]
    try:
        document = None if assignment is None else decode_document(assignment.payload)
    except WireError:
        document = None
    if isinstance(document, Assignment):
        found += [key.public_key for key in document.trusted_keys]
    return {key_id(key): key for key in found}


def _is_sound(signed: SignedDocument, keys: dict[str, bytes]) -> bool:
    """Whether it is what was accepted. What a key that is not trusted any more signed is believed: it is not obeyed."""
    try:
        if (key := keys.get(signed.key_id)) is not None:
            verify(key, signed)
        decode_document(signed.payload)
    except WireError:
        return False
    return True
