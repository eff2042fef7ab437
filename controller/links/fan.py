"""One bundle of live sound to many links.

Rules of the module: sealed for each link and written at once, some links at a time, so that orders, answers and clocks
go on in between. A bundle begins when the one before it of its stream has gone to all: a device takes none that another
overtook. Nothing is kept for a device, and nothing waits: a link on which more than a second of sound waits already,
here or in the machine's own buffers, is left out until the network has taken it. So an order has at most a second of
sound before it, and who falls behind comes back in step.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from agents.protocol.channel import SEAL_BYTES, LiveAudio, live_plain
from agents.protocol.ids import DeviceId
from controller.links.counters import LinkCounters
from controller.links.device_link import DeviceLink
from controller.links.frames import Kind, frame_head
from controller.links.roll import Roll

AT_A_TIME: Final = 200
BUNDLES_A_SECOND: Final = 17
LEAST_BYTES: Final = 4_096
"""So much may always wait: where hardly anything is said, a document alone is more than a second of sound."""
_TAG_BYTES: Final = 8
"""With so many every bundle says of which stream it is: see `agents.protocol.live`."""
_LOOKED_AT: Final = 4
"""Every so many bundles the machine is asked how much waits on a link that seemed to take everything."""


@dataclass(frozen=True, slots=True)
class _Sending:
    """One bundle of a ``stream`` on its way: ``head`` and ``plain`` are the same for all. Those of ``links`` that have
    their ``turn`` are looked at closely.
    """

    stream: bytes
    links: list[DeviceLink]
    head: bytes
    plain: bytes
    most_bytes: int
    turn: int


class Fan:
    """All live sound goes through here."""

    def __init__(self, roll: Roll, counters: LinkCounters) -> None:
        self._roll = roll
        self._counters = counters
        self._behind: set[DeviceLink] = set()
        self._turn = 0
        self._going: dict[bytes, deque[_Sending]] = {}

    def send(self, device_ids: Iterable[DeviceId], audio: LiveAudio) -> int:
        """Begins at once, or behind the bundle before it; returns to how many it goes. Raises `TooLarge`."""
        get = self._roll.get
        links = [link for device_id in device_ids if (link := get(device_id)) is not None]
        plain = live_plain(audio)
        if self._behind:
            self._forget_ended()
        head = frame_head(Kind.BINARY, len(plain) + SEAL_BYTES)
        most_bytes = max(LEAST_BYTES, BUNDLES_A_SECOND * (len(head) + len(plain) + SEAL_BYTES))
        self._turn = (self._turn + 1) % _LOOKED_AT
        self._begin(_Sending(audio.payload[:_TAG_BYTES], links, head, plain, most_bytes, self._turn))
        return len(links) - sum(link in self._behind for link in links) if self._behind else len(links)

    @property
    def idle(self) -> bool:
        """Whether everything has gone out."""
        return not self._going

    def behind(self) -> frozenset[DeviceId]:
        """Whose link is left out now."""
        self._forget_ended()
        return frozenset(link.device_id for link in self._behind)

    def _forget_ended(self) -> None:
        self._behind = {link for link in self._behind if not link.over}

    def _begin(self, sending: _Sending) -> None:
        waiting = self._going.get(sending.stream)
        if waiting is None:
            self._going[sending.stream] = deque()
            self._piece(sending, 0)
        else:
            waiting.append(sending)

    def _piece(self, sending: _Sending, start: int) -> None:
        behind, left_out = self._behind, 0
        links, head, plain = sending.links, sending.head, sending.plain
        most_bytes, turn = sending.most_bytes, sending.turn
        end = start + AT_A_TIME
        for at, link in enumerate(links[start:end], start):
            if link.sound(head, plain, most_bytes, at % _LOOKED_AT == turn or link in behind):
                behind.discard(link)
            else:
                behind.add(link)
                left_out += 1
        self._counters.live_skipped += left_out
        self._counters.live_sent += min(end, len(links)) - start - left_out
        if end < len(links):
            asyncio.get_running_loop().call_soon(self._piece, sending, end)
        elif following := self._going[sending.stream]:
            asyncio.get_running_loop().call_soon(self._piece, following.popleft(), 0)
        else:
            del self._going[sending.stream]
