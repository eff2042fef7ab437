"""What changed at the desk, told to whoever listens (pages, above all). An event names what to read again, no more.

Every listener has a bounded queue. One that is too slow gets `Lagged` in place of what it missed, and reads
everything again; nobody waits for it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from agents.protocol.ids import AiringId, BulletinId, SpeakerId
from controller.domain.cap_alerts import CapAlertId
from controller.domain.emergencies import EmergencyId
from controller.domain.handing_in import HandInId
from controller.domain.programmes import ProgrammeId

QUEUE_LENGTH: Final = 256


@dataclass(frozen=True, slots=True)
class SpeakersChanged:
    """A speaker was adopted, released, renamed, connected, lost, or is heard differently."""


@dataclass(frozen=True, slots=True)
class FoundChanged:
    """A device that belongs to nobody appeared, went, or changed."""


@dataclass(frozen=True, slots=True)
class BulletinChanged:
    """The bulletin's state or progress changed."""

    bulletin_id: BulletinId


@dataclass(frozen=True, slots=True)
class ProgrammeChanged:
    """The programme was made, changed or withdrawn."""

    programme_id: ProgrammeId


@dataclass(frozen=True, slots=True)
class TunesChanged:
    """A signature tune came, went, or came nearer to being ready."""


@dataclass(frozen=True, slots=True)
class HandInChanged:
    """Something was handed in from above, or what becomes of it changed."""

    hand_in_id: HandInId


@dataclass(frozen=True, slots=True)
class AiringChanged:
    """The airing or the evidence of it changed."""

    airing_id: AiringId


@dataclass(frozen=True, slots=True)
class StopChanged:
    """A stop of everything began, was acknowledged by a speaker, or ended."""


@dataclass(frozen=True, slots=True)
class EmergencyChanged:
    """An emergency was prepared, sent, ended, or anything else became of it."""

    emergency_id: EmergencyId


@dataclass(frozen=True, slots=True)
class CapChanged:
    """A CAP alert came in, or what becomes of it changed; None for a feed or a rule."""

    alert_id: CapAlertId | None = None


@dataclass(frozen=True, slots=True)
class PlansChanged:
    """What is planned changed, or what it depends on: schedules, approvals, choices, guards, holidays."""


@dataclass(frozen=True, slots=True)
class HandsChanged:
    """A remote action was asked of a speaker, or ended, or its log came; or a self-test found something."""

    speaker_id: SpeakerId


@dataclass(frozen=True, slots=True)
class FaultsChanged:
    """A fault opened, closed, became part of an area's, or somebody looks after it."""


@dataclass(frozen=True, slots=True)
class SignInsEnded:
    """A person's sign-ins are over: the password was changed, or the account closed. Named by their token hashes."""

    token_hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lagged:
    """Events were missed: read everything again."""


Event = (
    SpeakersChanged
    | FoundChanged
    | BulletinChanged
    | ProgrammeChanged
    | TunesChanged
    | HandInChanged
    | AiringChanged
    | StopChanged
    | EmergencyChanged
    | CapChanged
    | PlansChanged
    | HandsChanged
    | FaultsChanged
    | SignInsEnded
    | Lagged
)


class _Listener:
    def __init__(self, length: int) -> None:
        self._queue: asyncio.Queue[Event] = asyncio.Queue(length)

    def offer(self, event: Event) -> None:
        if self._queue.full():
            while not self._queue.empty():
                self._queue.get_nowait()
            event = Lagged()
        self._queue.put_nowait(event)

    async def stream(self) -> AsyncIterator[Event]:
        while True:
            yield await self._queue.get()


class Events:
    """One to many, inside this process. `publish` never waits and never fails."""

    def __init__(self, queue_length: int = QUEUE_LENGTH) -> None:
        self._queue_length = queue_length
        self._listeners: set[_Listener] = set()

    def publish(self, event: Event) -> None:
        """Tell all that listen now."""
        for listener in self._listeners:
            listener.offer(event)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[Event]]:
        """What is published from here on, until the block is left."""
        listener = _Listener(self._queue_length)
        self._listeners.add(listener)
        try:
            yield listener.stream()
        finally:
            self._listeners.discard(listener)
