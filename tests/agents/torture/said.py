"""What cut-off lives said they had acknowledged, and whether it is there and whole."""

import hashlib
from dataclasses import dataclass, field
from typing import Final

from agents.io.clips import ClipStore
from agents.io.kept import Kept, Pinned
from agents.io.state import StateStore
from agents.protocol.codec import decode_document
from agents.protocol.journal import JournalRecord, RecordsLost, airing_of
from agents.protocol.signing import SigningKey
from agents.protocol.values import ClipRef
from tests.agents.making import clip_bytes, ref_of

PINNED_CLIPS: Final = 3
MOST_RECORDS: Final = 60
DISK_BYTES: Final = 40 * 4_096
FLOOR_BYTES: Final = 10 * 4_096
ORDER_LIVES_US: Final = 3_000_000
AIRING_S: Final = 0.02
PATIENCE_S: Final = 60.0
KEY: Final = SigningKey.load(b"torture!" * 4)
PINNED: Final = Pinned(controller_id="c-1", static_key=b"s" * 32, signing_key=KEY.public_bytes)


class Lost(AssertionError):
    """Something that was acknowledged is not as it was."""


def require(truth: object, sentence: str) -> None:
    """Raises `Lost`."""
    if not truth:
        raise Lost(sentence)


def clip_content(number: int) -> bytes:
    """Clips of many sizes."""
    return clip_bytes(f"clip-{number}", 2_000 + number * 7_919 % 14_000)


def clip_ref(number: int) -> ClipRef:
    return ref_of(clip_content(number), AIRING_S)


@dataclass
class Said:
    """What all lives said on the pipe. ``number`` goes on over lives, so that nothing has the name of another."""

    number: int = PINNED_CLIPS
    pinned: bool = False
    counters: dict[str, int] = field(default_factory=dict)
    signed: dict[str, str] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)
    now_us: int = 0
    records: dict[int, str] = field(default_factory=dict)
    has_seq: int = 0
    gone_seq: int = 0
    acts: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    clips: set[int] = field(default_factory=set)
    lives: int = 0

    def hear(self, line: str) -> None:
        """Raises `Lost` where two facts cannot both be."""
        match line.split():
            case ["life"]:
                self.lives += 1
            case ["number", number]:
                self.number = max(self.number, int(number))
            case ["pinned"]:
                self.pinned = True
            case ["doc", kind, document_id, counter]:
                self.counters[kind] = max(self.counters.get(kind, 0), int(counter))
                self.signed[kind] = document_id
            case ["order", document_id, not_after_us]:
                self.orders[document_id] = int(not_after_us)
            case ["now", now_us]:
                self.now_us = max(self.now_us, int(now_us))
            case ["record", seq, name]:
                known = self.records.setdefault(int(seq), name)
                # The oldest of a full journal give way to a record of that, in the place of the last of them.
                require(known == name or name == "recordslost", f"number {seq} was {known} and is {name}")
            case ["has", seq]:
                self.has_seq = max(self.has_seq, int(seq))
            case ["gone", seq]:
                self.gone_seq = max(self.gone_seq, int(seq))
            case ["act", airing_id]:
                require(airing_id not in self.ended, f"{airing_id} sounds again after its end")
                self.acts[airing_id] = self.acts.get(airing_id, 0) + 1
            case ["ended", airing_id, seq]:
                require(self.ended.setdefault(airing_id, int(seq)) == int(seq), f"{airing_id} ended twice")
            case ["clip", number]:
                self.clips.add(int(number))
            case ["may_go", number]:
                self.clips.discard(int(number))
            case words:
                raise Lost(f"nobody says {words}")


async def look(state: StateStore, clips: ClipStore, said: Said) -> None:
    """Whether all that was acknowledged is there. Raises `Lost`."""
    require(not state.was_damaged, "the state was damaged")
    require(not said.pinned or state.pinned() == PINNED, "the controller is not known any more")
    kept = await state.load()
    _look_at_documents(kept, said)
    await _look_at_journal(state, said)
    for airing_id in list(said.acts)[-20:]:
        mark = kept.marks.get(airing_id)
        require(mark is not None and mark.starting, f"{airing_id} sounded and is not marked")
    for airing_id in list(said.ended)[-20:]:
        require(kept.marks[airing_id].ended, f"{airing_id} ended and is not marked")
    for number in said.clips:
        require(clips.has(clip_ref(number)), f"clip {number} is lost")
    for path in clips.directory.glob("*.opus"):
        require(hashlib.sha256(path.read_bytes()).hexdigest() == path.stem, f"{path.name} is not whole")


def _look_at_documents(kept: Kept, said: Said) -> None:
    counters = {kind.value: counter for (_, kind), counter in kept.counters.items()}
    for kind, counter in said.counters.items():
        require(counters.get(kind, 0) >= counter, f"the counter {kind} went back")
    held = {
        "assignment": None if kept.assignment is None else kept.assignment.payload,
        "rundown": kept.rundowns[0].payload if kept.rundowns else None,
    }
    for name, payload in held.items():
        if name in said.counters:
            require(payload is not None, f"the {name} is lost")
            header = decode_document(payload or b"").header
            require(
                header.document_id == said.signed[name] or header.counter > said.counters[name],
                f"the {name} is older than what was accepted",
            )
    there = {decode_document(one.payload).header.document_id for one in kept.orders}
    for document_id, not_after_us in said.orders.items():
        require(document_id in there or not_after_us < said.now_us, f"the order {document_id} is lost")


async def _look_at_journal(state: StateStore, said: Said) -> None:
    records = await all_records(state)
    seqs = [record.seq for record in records]
    require(seqs == list(range(seqs[0], seqs[0] + len(seqs))) if seqs else True, f"holes in {seqs}")
    require(not seqs or seqs[0] > said.gone_seq, "what was handed in came back")
    require(state.journal.last_seq >= max(said.records, default=0), "numbers went back")
    require(len(seqs) <= MOST_RECORDS, "the journal has no bound")
    there = {record.seq: record_name(record) for record in records}
    first = seqs[0] if seqs else state.journal.last_seq + 1
    if records and isinstance(records[0].event, RecordsLost) and records[0].event.first_seq:
        first = min(first, records[0].event.first_seq)
    for seq, name in said.records.items():
        if seq > said.has_seq and seq in there:
            require(there[seq] in (name, "recordslost"), f"number {seq} was {name} and is {there[seq]}")
        require(seq <= said.has_seq or seq >= first, f"record {seq} is lost")


async def all_records(state: StateStore) -> list[JournalRecord]:
    """What the controller has not, in order."""
    records: list[JournalRecord] = []
    while batch := await state.journal.next_batch(records[-1].seq if records else 0):
        records += batch.records
    return records


def record_name(record: JournalRecord) -> str:
    """The same for the same record, and hardly for another."""
    if isinstance(record.event, RecordsLost):
        return "recordslost"
    return f"{type(record.event).__name__}/{airing_of(record.event) or ''}/{record.at_us}".lower()
