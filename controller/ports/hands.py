"""Remote actions and self-tests, as they are kept."""

from typing import Protocol

from agents.protocol.ids import DocumentId, SpeakerId
from controller.domain.hands import AskedHand, SelfTestFound


class Hands(Protocol):
    """What speakers were asked to do. The text of a log is kept beside, because it is long."""

    async def put(self, hand: AskedHand) -> None:
        """A new one, or one that exists, changed; ``has_log`` is not written by this."""
        ...

    async def get(self, order_id: DocumentId) -> AskedHand | None: ...
    async def of_speaker(self, speaker_id: SpeakerId, limit: int) -> tuple[AskedHand, ...]:
        """The newest first, without texts."""
        ...

    async def waiting(self) -> tuple[AskedHand, ...]:
        """Those without a result, the oldest first."""
        ...

    async def put_log(self, order_id: DocumentId, text: str) -> None:
        """From here on ``has_log`` is true."""
        ...

    async def log_of(self, order_id: DocumentId) -> str | None: ...


class SelfTests(Protocol):
    """What devices heard of their own horns."""

    async def add(self, found: SelfTestFound) -> None: ...
    async def latest(self) -> tuple[SelfTestFound, ...]:
        """The newest of each speaker."""
        ...

    async def of_speaker(self, speaker_id: SpeakerId, limit: int) -> tuple[SelfTestFound, ...]:
        """The newest first."""
        ...
