"""What live sound needs from outside: a level, and where what went out is kept."""

from collections.abc import Sequence
from typing import Protocol

from agents.protocol.ids import AiringId
from controller.domain.live import LiveArchive


class Meter(Protocol):
    """Of one stream."""

    def __call__(self, packet: bytes) -> float | None:
        """How loud the packet is, in dB below full scale (RMS); None where it cannot be read."""
        ...


class LiveArchives(Protocol):
    """What went out live, by airing."""

    async def add(self, archive: LiveArchive) -> None:
        """Does nothing where it was added before."""
        ...

    async def of_airing(self, airing_id: AiringId) -> Sequence[LiveArchive]:
        """The earliest first: a stream that was broken off has several."""
        ...

    async def clips(self) -> frozenset[str]:
        """SHA-256 of every clip that is one."""
        ...
