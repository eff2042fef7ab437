"""What every page asks for and what seldom changes, kept between transactions.

Rules: only what was committed is kept. A transaction that changes speakers reads past the shelf from then on, and when
it ends, well or not, what is kept is dropped. A reader that began before such an end puts nothing there: what it sees
may be older. What another program writes is not noticed; no command of ours writes speakers beside a running station.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.protocol.ids import DeviceId
from controller.domain.speakers import Speaker


@dataclass(slots=True)
class Kept:
    """Of one store. ``changes`` counts the transactions that ended after they had changed something."""

    speakers: tuple[Speaker, ...] | None = None
    by_device: Mapping[DeviceId, Speaker] | None = None
    changes: int = 0

    def drop(self) -> None:
        """Nothing of it may be relied on any more."""
        self.changes += 1
        self.speakers = self.by_device = None


class Shelf:
    """What one transaction sees of it. To be made before its first statement."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._since = kept.changes
        self._spoilt = False

    def speakers(self) -> tuple[Speaker, ...] | None:
        """All that are shown, by name; None where they have to be read."""
        return self._kept.speakers if self._holds else None

    def by_device(self) -> Mapping[DeviceId, Speaker] | None:
        """Whoever hangs at each device, also what is being adopted; None where that has to be read."""
        return self._kept.by_device if self._holds else None

    def put(self, speakers: tuple[Speaker, ...]) -> None:
        """They were read by this transaction."""
        if self._holds:
            self._kept.speakers = speakers

    def put_by_device(self, speakers: Mapping[DeviceId, Speaker]) -> None:
        """All of them were read by this transaction."""
        if self._holds:
            self._kept.by_device = speakers

    @property
    def _holds(self) -> bool:
        return not self._spoilt and self._since == self._kept.changes

    def spoil(self) -> None:
        """This transaction changes some."""
        self._spoilt = True

    def end(self) -> None:
        """The transaction is over, whatever became of it."""
        if self._spoilt:
            self._kept.drop()
