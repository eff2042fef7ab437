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


class Recoder(Protocol):
    """What a browser records becomes packets of 20 ms."""

    async def feed(self, data: bytes) -> None:
        """The next piece of a recording that goes on; waits while the one before is not taken."""
        ...

    async def packets(self) -> list[bytes]:
        """The next ones, as soon as there are some; none where no more come. Raises `StudioFailed`."""
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
