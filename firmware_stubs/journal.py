"""One device's journal: numbered records that are kept until the controller has committed them."""

from typing import Final

from agents.protocol.journal import JournalEvent, JournalRecord
from agents.protocol.messages import JournalBatch
from agents.protocol.values import ClockBasis
from firmware_stubs.state import Kept

CLOCK_ERROR_US: Final = 1_000
_RECORDS_A_BATCH: Final = 100
_BATCHES_AHEAD: Final = 4


class Journal:
    """Writes into what the fleet keeps of the device."""

    __slots__ = ("_ahead", "_kept", "_sent")

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._sent = 0
        self._ahead = 0

    @property
    def waiting(self) -> int:
        """Records that the controller has not yet."""
        return len(self._kept.waiting)

    def note(self, event: JournalEvent, at_us: int | None) -> None:
        """One more record. ``at_us`` is None while the time is unknown."""
        self._kept.last_seq += 1
        self._kept.waiting.append(
            JournalRecord(
                seq=self._kept.last_seq,
                at_us=at_us,
                clock_basis=ClockBasis.NONE if at_us is None else ClockBasis.LINK,
                clock_error_us=None if at_us is None else CLOCK_ERROR_US,
                event=event,
            )
        )

    def begin_again(self) -> None:
        """A new link: from the first record that is not acknowledged."""
        self._sent = self._ahead = 0

    def next_batch(self) -> JournalBatch | None:
        """What to send now; None where nothing waits, or four batches wait for their acknowledgement."""
        if self._ahead >= _BATCHES_AHEAD:
            return None
        waiting = self._kept.waiting
        if not waiting or waiting[-1].seq <= self._sent:
            return None
        first = waiting[0].seq
        begins = max(0, self._sent + 1 - first)
        records = tuple(waiting[begins : begins + _RECORDS_A_BATCH])
        self._sent = records[-1].seq
        self._ahead += 1
        return JournalBatch(journal_id=self._kept.journal_id, records=records)

    def acknowledged(self, journal_id: str, committed_seq: int) -> int:
        """Forgets what is committed; returns how many records that were."""
        if journal_id != self._kept.journal_id:
            return 0
        before = len(self._kept.waiting)
        limit = min(committed_seq, self._sent)
        self._kept.waiting = [record for record in self._kept.waiting if record.seq > limit]
        self._ahead = max(0, self._ahead - 1)
        return before - len(self._kept.waiting)
