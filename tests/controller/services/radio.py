"""A radio whose stations the test runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agents.protocol.live import PACKET_FRAMES
from agents.protocol.values import ClipPart, Part, RenditionName
from controller.domain.errors import StudioFailed
from controller.ports.relays import Reception
from tests.controller.services.station import Station

RECORDED = b"recorded"
STEP_S = 0.2


class _Listening:
    def __init__(self) -> None:
        self.quiet_s = 0.0
        self.coming: asyncio.Queue[bytes | StudioFailed] = asyncio.Queue()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        match await self.coming.get():
            case StudioFailed() as failure:
                raise failure
            case packet:
                return packet


@dataclass
class FakeRadio:
    """What is in ``on`` is on the air: its packets are its own address. ``quiet_s`` says how long it has been silent.
    ``tuned`` counts how often each was listened to.
    """

    on: set[str] = field(default_factory=set)
    quiet_s: dict[str, float] = field(default_factory=dict)
    tuned: dict[str, int] = field(default_factory=dict)
    listening: dict[str, _Listening] = field(default_factory=dict)

    @asynccontextmanager
    async def tune(self, source: str) -> AsyncIterator[Reception]:
        self.tuned[source] = self.tuned.get(source, 0) + 1
        self.listening[source] = listening = _Listening()
        try:
            yield listening
        finally:
            del self.listening[source]

    async def recorded(self, parts: tuple[Part, ...]) -> AsyncIterator[bytes]:
        for part in parts:
            frames = part.choose(RenditionName.OPUS24).frames if isinstance(part, ClipPart) else part.frames
            for _ in range(frames // PACKET_FRAMES):
                yield RECORDED

    def sends(self) -> None:
        """Every station that is on sends what it sends in a step."""
        for source, listening in self.listening.items():
            if source in self.on:
                listening.quiet_s = self.quiet_s.get(source, 0.0)
                for _ in range(round(STEP_S * 50)):
                    listening.coming.put_nowait(source.encode())

    def breaks(self, source: str, why: str) -> None:
        """The connection is lost."""
        self.on.discard(source)
        self.listening[source].coming.put_nowait(StudioFailed(why, code="source_unreachable"))


async def passes(station: Station, radio: FakeRadio, seconds: float) -> None:
    """Time passes, and stations send."""
    for _ in range(round(seconds / STEP_S)):
        radio.sends()
        await _quiet()
        station.clock.advance(STEP_S)
        await _quiet()


async def _quiet() -> None:
    # Nothing here waits for a disk: some turns of the loop are enough for what a packet sets going.
    for _ in range(12):
        await asyncio.sleep(0)
