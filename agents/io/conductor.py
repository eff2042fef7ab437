"""The live shell around the player: feeds it what happens, and does what it decides.

Skeleton: the signatures are final, the bodies follow.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from agents.io.clips import ClipStore
from agents.io.fetch import ClipSource
from agents.io.state import StateStore
from agents.io.timeport import TimePort
from agents.protocol.documents import Assignment, SignedDocument
from agents.protocol.messages import CounterMark, DocumentReply, Heartbeat, JournalBatch


@dataclass(frozen=True, slots=True)
class ConductorSettings:
    """Units in the names."""

    max_clock_error_us: int = 5_000_000


class JournalFeed(Protocol):
    """What the link reads: `Conductor.journal` is one."""

    journal_id: str
    last_seq: int

    async def next_batch(self) -> JournalBatch | None: ...
    async def acknowledge(self, journal_id: str, committed_seq: int) -> None: ...
    async def wait_changed(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What the conductor stands on. ``clock`` is the ControllerClock, ``engine`` the play engine."""

    device_id: str
    software: str
    time: TimePort
    clock: object
    engine: object
    state: StateStore
    clips: ClipStore
    settings: ConductorSettings = field(default_factory=ConductorSettings)


class Conductor:
    """Start `run` first, then call the rest from the same event loop."""

    journal: JournalFeed

    def __init__(self, parts: Parts) -> None: ...

    async def run(self) -> None:
        """Plays, fetches and journals until cancelled; on cancellation stops the sound and closes the journal clean."""

    async def wait_ready(self) -> None:
        """Returns when what was kept on disk is loaded and documents can be accepted."""

    async def accept_document(self, signed: SignedDocument) -> DocumentReply:
        """Verifies, keeps, obeys. The reply says accepted only once the document is on disk."""
        raise NotImplementedError

    def counters(self) -> tuple[CounterMark, ...]:
        raise NotImplementedError

    def assignment(self) -> Assignment | None:
        raise NotImplementedError

    def link_up(self, source: ClipSource) -> None:
        """Clips can be fetched from here from now on."""

    def link_down(self) -> None: ...

    def clock_changed(self) -> None:
        """The controller clock was fed: call it after every change (it is also looked at now and then)."""

    def heartbeat(self, unknown_messages: int = 0) -> Heartbeat:
        raise NotImplementedError

    async def wait_released(self) -> None:
        """Returns when a release order was accepted. The link then flushes the journal; the app calls `forget`."""

    async def forget(self) -> None:
        """Stops the sound and forgets controller, documents and clips. Counters stay: an old order is still old."""


Notify = Callable[[], None]
