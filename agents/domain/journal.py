"""Rules of the journal: what is remembered of an airing, and how refusals are folded.

An airing's `Mark` outlives its records, which are deleted once the controller has them: it is what keeps one airing to
one record of each kind over restarts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agents.protocol.journal import (
    Armed,
    Ended,
    Failed,
    Finished,
    JournalEvent,
    Preempted,
    RefusalReason,
    Refused,
    Skipped,
    Sounding,
    Stopped,
    Stored,
)
from agents.protocol.values import DocumentKind

FOLD_REFUSALS_US = 600_000_000
"""Refusals of one kind within this long after the first make one more record, with their count."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What the journal has said about an airing.

    ``starting`` is the intent that is on disk before the first sample; it says nothing about whether it was heard.
    """

    stored: bool = False
    armed: bool = False
    starting: bool = False
    begun: bool = False
    ended: bool = False


def is_last(event: JournalEvent) -> bool:
    """Whether this record ends its airing: each airing has exactly one such record."""
    return isinstance(event, Finished | Skipped | Failed | Preempted | Stopped | Ended)


def mark_after(mark: Mark, event: JournalEvent) -> Mark:
    """The mark once this record is written."""
    match event:
        case Stored():
            return replace(mark, stored=True)
        case Armed():
            return replace(mark, armed=True)
        case Sounding():
            return replace(mark, begun=True)
        case Finished() | Skipped() | Failed() | Preempted() | Stopped() | Ended():
            return replace(mark, ended=True)
        case _:
            return mark


@dataclass(frozen=True, slots=True)
class Airtime:
    """What an airing took of its day: the controller instant that it was due at, how long it sounded (or may, while it
    does), and whether it took a slot.
    """

    began_us: int
    played_us: int
    slot: bool


AIRTIME_KEPT_US = 4 * 86_400_000_000
"""What began longer before another than this counts for no day any more."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How much of an airing was heard when somebody last looked: microseconds into it, and lost before that."""

    airing_id: str
    heard_us: int
    lost_us: int


FoldKey = tuple[str, str, RefusalReason]


@dataclass(frozen=True, slots=True)
class _Fold:
    first: Refused
    since_us: int
    unwritten: int


@dataclass(frozen=True, slots=True)
class RefusalFold:
    """Folds refusals, so that a flood of forged documents fills no disk. A value: methods return the next one.

    What an unknown key sends is one heap, whatever ids it makes up, so the number of heaps is bounded by the keys that
    are known. Times are local microseconds.
    """

    fold_us: int = FOLD_REFUSALS_US
    folds: Mapping[FoldKey, _Fold] = field(default_factory=dict)

    def add(self, refused: Refused, local_us: int) -> "tuple[RefusalFold, Refused | None]":
        """The record to write now: the first of its heap, or None where it was only counted."""
        key = _key(refused)
        known = self.folds.get(key)
        if known is None:
            return self._with(key, _Fold(refused, local_us, 0)), refused
        return self._with(key, replace(known, first=refused, unwritten=known.unwritten + refused.count)), None

    def due(self, local_us: int, everything: bool = False) -> "tuple[RefusalFold, tuple[Refused, ...]]":
        """Records for what was counted and whose time has come; ``everything`` before the program ends."""
        kept: dict[FoldKey, _Fold] = {}
        records: list[Refused] = []
        for key, fold in self.folds.items():
            if not everything and local_us - fold.since_us < self.fold_us:
                kept[key] = fold
            elif fold.unwritten:
                records.append(_counted(fold))
                kept[key] = _Fold(fold.first, local_us, 0)
        return replace(self, folds=kept), tuple(records)

    def next_us(self) -> int | None:
        """When `due` has something to do, in local microseconds."""
        return min((fold.since_us + self.fold_us for fold in self.folds.values()), default=None)

    def _with(self, key: FoldKey, fold: _Fold) -> "RefusalFold":
        return replace(self, folds={**self.folds, key: fold})


def _key(refused: Refused) -> FoldKey:
    # What is refused before its signature is verified may claim any key and kind.
    stranger = refused.reason in (RefusalReason.UNKNOWN_KEY, RefusalReason.TOO_LARGE)
    kind = refused.kind if refused.kind in set(DocumentKind) else ""
    return ("" if stranger else refused.key_id, "" if stranger else kind, refused.reason)


def _counted(fold: _Fold) -> Refused:
    return Refused(
        document_id=fold.first.document_id,
        kind=fold.first.kind,
        key_id=fold.first.key_id,
        reason=fold.first.reason,
        detail=fold.first.detail,
        count=fold.unwritten,
    )
