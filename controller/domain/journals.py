"""Devices' journals as they arrive."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from agents.protocol.ids import AiringId, DeviceId
from agents.protocol.journal import JournalRecord, RefusalReason, Refused


class JournalKey(NamedTuple):
    """What one device wrote about one airing."""

    airing_id: AiringId
    device_id: DeviceId


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalPlace:
    """Where a record stands among all that were received of one device."""

    received_at_us: int
    journal_id: str
    seq: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedRecords:
    """Records of one journal that were not stored before. ``missing`` counts sequence numbers left out between them."""

    device_id: DeviceId
    journal_id: str
    records: tuple[JournalRecord, ...]
    received_at_us: int
    missing: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusals:
    """How often a device did not obey a signed document for one reason. ``last_at_us`` None: it knew no time."""

    reason: RefusalReason
    count: int
    last_at_us: int | None


def fresh(records: tuple[JournalRecord, ...], committed_seq: int) -> tuple[tuple[JournalRecord, ...], int]:
    """The records above ``committed_seq``, each once and in order, and how many numbers are missing before and
    between them.
    """
    by_seq = {record.seq: record for record in records if record.seq > committed_seq}
    if not by_seq:
        return (), 0
    ordered = tuple(by_seq[seq] for seq in sorted(by_seq))
    return ordered, ordered[-1].seq - committed_seq - len(ordered)


def count_refusals(records: Iterable[JournalRecord]) -> tuple[Refusals, ...]:
    """The refusals among ``records`` by reason, the most frequent first."""
    counted: dict[RefusalReason, Refusals] = {}
    for record in records:
        if not isinstance(record.event, Refused):
            continue
        reason = record.event.reason
        before = counted.get(reason, Refusals(reason=reason, count=0, last_at_us=None))
        known = [at_us for at_us in (before.last_at_us, record.at_us) if at_us is not None]
        last_at_us = max(known) if known else None
        counted[reason] = Refusals(reason=reason, count=before.count + record.event.count, last_at_us=last_at_us)
    return tuple(sorted(counted.values(), key=lambda one: (-one.count, one.reason)))
