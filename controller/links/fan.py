"""One bundle of live sound to many links.

Rules of the module: sealed for each link and written at once, some links at a time, so that orders, answers and clocks
go on in between. A device takes no bundle that a later one overtook: so where the loop is slow and several bundles of a
stream are on their way at once, each goes to a link only behind the one before it, and none waits for that to have gone
to all. More than a second of them are not kept. Nothing is kept for a device either: a link on which more than a second
of sound waits already, here or in the machine's own buffers, is left out until the network has taken it. So an order
has at most a second of sound before it, and who falls behind comes back in step.
"""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class _Sending:
    """One bundle on its way: ``head`` and ``plain`` are the same for all ``links``; the first ``done`` of them have it.
    Those that have their ``turn`` are looked at closely. ``behind``, where another bundle of the stream was on its way
    already: to how many links that one must have gone before each of these has its turn, never falling.
    """

    links: list[DeviceLink]
    head: bytes
    plain: bytes
    most_bytes: int
    turn: int
    behind: list[int] = field(default_factory=list)
    done: int = 0

    def follow(self, before: "_Sending") -> None:
        """Is to overtake that one nowhere."""
        place = {link: at for at, link in enumerate(before.links, 1)}
        self.links.sort(key=lambda link: place.get(link, 0))
        self.behind = [place.get(link, 0) for link in self.links]

    def reaches(self, before: "_Sending | None") -> int:
        """To how many links it may have gone after its next piece."""
        most = min(self.done + AT_A_TIME, len(self.links))
        return most if before is None else bisect_right(self.behind, before.done, self.done, most)


class Fan:
    """All live sound goes through here."""

    def __init__(self, roll: Roll, counters: LinkCounters) -> None:
        self._roll = roll
        self._counters = counters
        self._behind: set[DeviceLink] = set()
        self._turn = 0
        self._going: dict[bytes, deque[_Sending]] = {}

    def send(self, device_ids: Iterable[DeviceId], audio: LiveAudio) -> int:
        """Begins at once; returns to how many it goes. Raises `TooLarge`."""
        get = self._roll.get
        links = [link for device_id in device_ids if (link := get(device_id)) is not None]
        plain = live_plain(audio)
        if self._behind:
            self._forget_ended()
        head = frame_head(Kind.BINARY, len(plain) + SEAL_BYTES)
        most_bytes = max(LEAST_BYTES, BUNDLES_A_SECOND * (len(head) + len(plain) + SEAL_BYTES))
        self._turn = (self._turn + 1) % _LOOKED_AT
        self._begin(audio.payload[:_TAG_BYTES], _Sending(links, head, plain, most_bytes, self._turn))
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

    def _begin(self, stream: bytes, sending: _Sending) -> None:
        going = self._going.get(stream)
        if going is None:
            self._going[stream] = deque([sending])
            self._step(stream)
        elif len(going) < BUNDLES_A_SECOND:
            sending.follow(going[-1])
            going.append(sending)
        else:  # it would come too late everywhere
            self._counters.live_skipped += len(sending.links)

    def _step(self, stream: bytes) -> None:
        """A piece of every bundle of the stream that is on its way, the oldest first."""
        going, before = self._going[stream], None
        for sending in going:
            self._piece(sending, sending.reaches(before))
            before = sending
        while going and going[0].done == len(going[0].links):
            going.popleft()
        if going:
            asyncio.get_running_loop().call_soon(self._step, stream)
        else:
            del self._going[stream]

    def _piece(self, sending: _Sending, end: int) -> None:
        behind, left_out = self._behind, 0
        head, plain, most_bytes, turn = sending.head, sending.plain, sending.most_bytes, sending.turn
        start, sending.done = sending.done, end
        for at, link in enumerate(sending.links[start:end], start):
            if link.sound(head, plain, most_bytes, at % _LOOKED_AT == turn or link in behind):
                behind.discard(link)
            else:
                behind.add(link)
                left_out += 1
        self._counters.live_skipped += left_out
        self._counters.live_sent += end - start - left_out
