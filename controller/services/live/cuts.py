"""Which horns have something else on the air than what they are to sound, by what their devices wrote.

Rules of the module: an airing that was interrupted goes on where it can, so its evidence stays "sounding" until it has
ended; whoever counts who hears it now asks here too. Only what is on the board is remembered, and only in memory: what
is spoken does not outlive the program.
"""

from collections.abc import Sequence

from agents.protocol.ids import AiringId, DeviceId, SpeakerId
from agents.protocol.journal import Interrupted, JournalRecord, Sounding
from controller.ports import Transaction
from controller.services.board import Board


class Cuts:
    """An observer of journals, see `ingest.JournalObserver`."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._cut: dict[AiringId, set[SpeakerId]] = {}

    def has(self, airing_id: AiringId, speaker_id: SpeakerId) -> bool:
        """Whether this airing waits there for something else to be over."""
        return speaker_id in self._cut.get(airing_id, ())

    async def within(
        self, tx: Transaction, speaker_id: SpeakerId, device_id: DeviceId, records: Sequence[JournalRecord]
    ) -> None:
        """Nothing of it is stored beside the journal."""

    def after(self, speaker_id: SpeakerId, device_id: DeviceId, records: Sequence[JournalRecord]) -> None:
        """Remembers what was cut until it goes on: what has ended nobody counts any more."""
        for record in records:
            match record.event:
                case Interrupted(airing_id=airing_id) if self._board.get(AiringId(airing_id)) is not None:
                    self._forget_ended()
                    self._cut.setdefault(AiringId(airing_id), set()).add(speaker_id)
                case Sounding(airing_id=airing_id):
                    self._cut.get(AiringId(airing_id), set()).discard(speaker_id)
                case _:
                    pass

    def _forget_ended(self) -> None:
        self._cut = {one: cut for one, cut in self._cut.items() if cut and self._board.get(one) is not None}
