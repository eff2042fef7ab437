"""One device's journal: numbered records that are kept until the controller has committed them."""

from typing import Final

from agents.protocol.journal import JournalEvent, JournalRecord
from agents.protocol.messages import JournalBatch
from agents.protocol.values import ClockBasis
from firmware_stubs.state import Kept

CLOCK_ERROR_US: Final = 1_000
_RECORDS_A_BATCH: Final = 100
BATCHES_AHEAD: Final = 4


class Journal:
    """Writes into what the fleet keeps of the device. ``most_ahead`` batches go without waiting for their answer."""

    __slots__ = ("_ahead", "_kept", "_most_ahead", "_sent", "last")

    def __init__(self, kept: Kept, most_ahead: int = BATCHES_AHEAD) -> None:
        self._kept = kept
        self._most_ahead = most_ahead
        self._sent = 0
        self._ahead: list[int] = []
        self.last: JournalRecord | None = None

    @property
    def waiting(self) -> int:
        """Records that the controller has not yet."""
        return len(self._kept.waiting)

    def note(self, event: JournalEvent, at_us: int | None) -> None:
        """One more record. ``at_us`` is None while the time is unknown."""
        self._kept.last_seq += 1
        self.last = JournalRecord(
            seq=self._kept.last_seq,
            at_us=at_us,
            clock_basis=ClockBasis.NONE if at_us is None else ClockBasis.LINK,
            clock_error_us=None if at_us is None else CLOCK_ERROR_US,
            event=event,
        )
        self._kept.waiting.append(self.last)

    def again(self) -> JournalBatch | None:
        """The newest record once more; None before there is one."""
        return None if self.last is None else JournalBatch(journal_id=self._kept.journal_id, records=(self.last,))

    def begin_again(self) -> None:
        """A new link: from the first record that is not acknowledged."""
        self._sent = 0
        self._ahead.clear()

    def next_batch(self) -> JournalBatch | None:
        """What to send now; None where nothing waits, or enough batches wait for their acknowledgement."""
        if len(self._ahead) >= self._most_ahead:
            return None
        waiting = self._kept.waiting
        if not waiting or waiting[-1].seq <= self._sent:
            return None
        first = waiting[0].seq
        begins = max(0, self._sent + 1 - first)
        records = tuple(waiting[begins : begins + _RECORDS_A_BATCH])
        self._sent = records[-1].seq
        self._ahead.append(self._sent)
        return JournalBatch(journal_id=self._kept.journal_id, records=records)

    def acknowledged(self, journal_id: str, committed_seq: int) -> int:
        """Forgets what is committed; returns how many records that were."""
        if journal_id != self._kept.journal_id:
            return 0
        before = len(self._kept.waiting)
        limit = min(committed_seq, self._sent)
        self._kept.waiting = [record for record in self._kept.waiting if record.seq > limit]
        self._ahead = [seq for seq in self._ahead if seq > limit]
        return before - len(self._kept.waiting)
