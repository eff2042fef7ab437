"""The store's part for the boxes on the poles: how they were, what was wrong, what they were made to do."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from agents.protocol.ids import AiringId, DocumentId, SpeakerId
from controller.domain.airings import PlayState
from controller.domain.faults import Fault, FaultKind
from controller.domain.hands import AskedHand, SelfTestFound
from controller.domain.paging import Place
from controller.domain.speakers import Box
from controller.domain.telemetry import Reading


class Telemetry(Protocol):
    async def add(self, readings: Sequence[Reading]) -> None:
        """New ones: no two of one speaker and one instant."""
        ...

    async def of(self, speaker_id: SpeakerId, from_us: int, until_us: int) -> tuple[Reading, ...]:
        """The earliest first, from ``from_us`` on and before ``until_us``."""
        ...

    async def last(self, speaker_id: SpeakerId, before_us: int) -> Reading | None:
        """The newest before an instant."""
        ...

    async def drop(self, before_us: int, limit: int, *, hourly: bool) -> int:
        """Forgets readings of an earlier instant, at most so many of them, either those that stand for an hour or the
        others; returns how many went.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsounded:
    """An airing that is over, and did not sound to its end on this speaker, as far as is known.

    ``state`` says what of it is known, and ``reason`` why it failed or was skipped.
    """

    airing_id: AiringId
    speaker_id: SpeakerId
    start_us: int
    end_us: int
    state: PlayState
    reason: str | None


class Faults(Protocol):
    async def open_all(self) -> tuple[Fault, ...]:
        """Those that are open, the earliest opened first; also those that are part of an area's."""
        ...

    async def get(self, fault_id: str) -> Fault:
        """Raises `NotFound` (``fault_unknown``)."""
        ...

    async def put(self, faults: Sequence[Fault]) -> None:
        """New ones and changed ones."""
        ...

    async def of_speaker(self, speaker_id: SpeakerId, limit: int, before: Place | None = None) -> tuple[Fault, ...]:
        """Open and closed, the last opened first."""
        ...

    async def members(self, fault_id: str) -> tuple[Fault, ...]:
        """Of an area's fault, open and closed, the earliest opened first."""
        ...

    async def history(
        self,
        limit: int,
        before: Place | None = None,
        *,
        kinds: Collection[FaultKind] = (),
        area_ids: Collection[str] | None = None,
    ) -> tuple[Fault, ...]:
        """Open and closed but for those that are part of an area's, the last opened first; of these kinds where some
        are given, and of these areas.
        """
        ...

    async def unsounded(self, from_us: int, until_us: int) -> tuple[Unsounded, ...]:
        """Of the airings whose last sample was due from ``from_us`` on and before ``until_us``, each speaker that was
        to play it and did not tell that it did, nor that a person or a rule kept it from it, the earliest end first.
        """
        ...


class Hands(Protocol):
    async def put(self, hand: AskedHand) -> None:
        """A new one, or one that changed; a log that is kept of it stays."""
        ...

    async def get(self, order_id: DocumentId) -> AskedHand:
        """Raises `NotFound` (``action_unknown``)."""
        ...

    async def of_speaker(self, speaker_id: SpeakerId, limit: int) -> tuple[AskedHand, ...]:
        """The last asked first."""
        ...

    async def waiting(self) -> tuple[AskedHand, ...]:
        """Those that have not ended, the first asked first."""
        ...

    async def put_log(self, order_id: DocumentId, text: str) -> None:
        """What it fetched. Does nothing where there is no such action."""
        ...

    async def drop_logs(self, speaker_id: SpeakerId, kept: int) -> None:
        """Forgets the logs of all its actions but those asked for last."""
        ...

    async def log_of(self, order_id: DocumentId) -> str | None: ...


class SelfTests(Protocol):
    async def add(self, found: Sequence[SelfTestFound]) -> None: ...
    async def latest(self) -> dict[SpeakerId, SelfTestFound]:
        """Of each speaker that was ever tested, the newest."""
        ...

    async def of_speaker(self, speaker_id: SpeakerId, limit: int) -> tuple[SelfTestFound, ...]:
        """The newest first."""
        ...


class Boxes(Protocol):
    """Which box hung on which pole, and when. The one that hangs there now is the speaker's own ``device_id``, and
    stands here once there was another before it.
    """

    async def put(self, boxes: Sequence[Box]) -> None: ...
    async def all(self) -> tuple[Box, ...]: ...
    async def of_speaker(self, speaker_id: SpeakerId) -> tuple[Box, ...]:
        """The newest first."""
        ...
