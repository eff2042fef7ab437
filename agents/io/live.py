"""Live bundles from the link to the airing they belong to.

Rules of the module: a bundle is believed when the key that planned or ordered its airing has signed it, when its number
is above that of every bundle of that airing before, and when it is to be heard inside the airing and not yet over. What
is not believed is counted, and told in one line of the log for a stretch of it. A bundle may overtake the order that
its airing comes with, which goes to the disk first: some of those that name no airing are kept for a moment. Nothing
that a bundle says ends the link.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from agents.domain.now import Now
from agents.domain.player.state import Item, frames_of, frames_us
from agents.io.jitter import JitterBuffer, LiveCounters, LivePacket
from agents.protocol.channel import LiveAudio
from agents.protocol.errors import BadSignature, MalformedMessage
from agents.protocol.live import PACKET_FRAMES, PACKET_US, Bundle, read, tag_of, verify
from agents.protocol.version import FRAMES_PER_SECOND

_AHEAD_US: Final = 10_000_000
"""A bundle is not kept for longer than this."""
_EARLY_US: Final = 2_000_000
_EARLY_AT_MOST: Final = 64
_TOLD_EVERY_US: Final = 10_000_000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Stream:
    """What came for one airing. ``number`` is the highest that was believed; ``origin_us`` is the controller instant
    at which frame 0 of its sequence is heard, or would be.
    """

    buffer: JitterBuffer
    number: int = -1
    origin_us: int | None = None


@dataclass(slots=True)
class _Complaints:
    """Refusals that were not told yet."""

    reasons: Counter[str] = field(default_factory=Counter)
    told_us: int | None = None


class _Refused(Exception):
    """Not believed; the words are the reason."""


def is_away(item: Item, buffer: JitterBuffer, now_us: int | None) -> bool:
    """Whether nothing has come for an airing for long: one that sounds, or waits to go on. As it was, where nobody can
    tell.
    """
    if item.sounding_since_us is not None:
        return buffer.away
    if item.interruption is None or item.in_engine or item.due_us is None or now_us is None:
        return item.away
    return not buffer.runs(frames_of(now_us - item.due_us))


class LiveRoom:
    """Takes bundles, and holds the buffers that airings are played from. Belongs to the event loop.

    ``items`` are the player's airings, ``key_of`` gives the public key of a trusted key by its id.
    """

    def __init__(
        self,
        *,
        items: Callable[[], Mapping[str, Item]],
        key_of: Callable[[str], bytes | None],
        now: Callable[[], Now],
    ) -> None:
        self.counters = LiveCounters()
        self._items = items
        self._key_of = key_of
        self._now = now
        self._streams: dict[str, _Stream] = {}
        self._seen: Mapping[str, Item] | None = None
        self._tags: dict[bytes, str] = {}
        self._early: deque[tuple[int, LiveAudio]] = deque()
        self._complaints = _Complaints()

    def buffer(self, airing_id: str) -> JitterBuffer:
        """Where the packets of this airing lie."""
        return self._stream(airing_id).buffer

    def take(self, audio: LiveAudio) -> None:
        """A live frame arrived. Does not raise."""
        now = self._now()
        early, self._early = self._early, deque()
        for arrived_us, one in early:
            self._try(one, arrived_us, now)
        self._try(audio, now.local_us, now)

    def _try(self, audio: LiveAudio, arrived_us: int, now: Now) -> None:
        try:
            self._take(audio, arrived_us, now)
        except (_Refused, MalformedMessage, BadSignature) as reason:
            self.counters.refused += 1
            self._complain(str(reason), now)

    def _take(self, audio: LiveAudio, arrived_us: int, now: Now) -> None:
        bundle = read(audio)
        item = self._item(bundle.tag)
        if item is None:
            if now.local_us - arrived_us < _EARLY_US and len(self._early) < _EARLY_AT_MOST:
                self._early.append((arrived_us, audio))
                return
            raise _Refused("live sound of an airing that is not known here")
        stream = self._stream(item.airing_id)
        if bundle.number <= stream.number:
            raise _Refused("live sound that came before")
        key = self._key_of(item.key_id)
        if key is None:
            raise _Refused("live sound of an airing whose key is not trusted any more")
        verify(key, audio)
        if stream.number < 0:
            log.info("live sound arrives", extra={"event": "live_begins", "airing_id": item.airing_id})
        follows, stream.number = bundle.number == stream.number + 1 or bundle.number == 0, bundle.number
        arrived = None if now.controller_us is None else now.controller_us - (now.local_us - arrived_us)
        self._keep(bundle, item, stream, arrived, follows=follows)

    def _keep(self, bundle: Bundle, item: Item, stream: _Stream, arrived_us: int | None, *, follows: bool) -> None:
        """``arrived_us`` is when it came, in controller time; None where that is not known."""
        if item.start_at_us is None:
            raise _Refused("live sound of an airing that has no start yet")
        span = item.airing.span(item.rendition)
        origin_us = item.start_at_us - frames_us(span.start)
        if stream.origin_us not in (None, origin_us):
            stream.buffer.clear()
        stream.origin_us = origin_us
        first = round((bundle.at_us - origin_us) * FRAMES_PER_SECOND / 1_000_000)
        if not span.start - PACKET_FRAMES < first < span.stop:
            raise _Refused("live sound outside its airing")
        if arrived_us is not None and bundle.at_us > arrived_us + _AHEAD_US:
            raise _Refused("live sound that is far ahead")
        later_us = 0 if item.emergency else item.delay_us
        stream.buffer.put_off(later_us)
        for index, packet in enumerate(bundle.packets):
            heard_us = bundle.at_us + (index + 1) * PACKET_US + later_us
            kept = LivePacket(first + index * PACKET_FRAMES, packet, follows)
            if arrived_us is not None and heard_us <= arrived_us:
                stream.buffer.lose()
            else:
                stream.buffer.put(kept)
            follows = True
        if bundle.last:
            stream.buffer.finish(first + len(bundle.packets) * PACKET_FRAMES)

    def _stream(self, airing_id: str) -> _Stream:
        if airing_id not in self._streams:
            self._streams[airing_id] = _Stream(JitterBuffer(self.counters))
        return self._streams[airing_id]

    def _item(self, tag: bytes) -> Item | None:
        items = self._items()
        if items is not self._seen:
            self._seen = items
            live = {name for name, item in items.items() if item.airing.live}
            self._tags = {tag_of(name): name for name in live}
            self._streams = {name: stream for name, stream in self._streams.items() if name in live}
        airing_id = self._tags.get(tag)
        return None if airing_id is None else items.get(airing_id)

    def _complain(self, reason: str, now: Now) -> None:
        """At once, and then again with how many there were meanwhile."""
        complaints = self._complaints
        complaints.reasons[reason] += 1
        if complaints.told_us is not None and now.local_us < complaints.told_us + _TOLD_EVERY_US:
            return
        complaints.told_us = now.local_us
        words = ", ".join(f"{reason} ({count})" for reason, count in complaints.reasons.items())
        complaints.reasons.clear()
        log.warning("refused: %s", words, extra={"event": "live_refused", "refused": self.counters.refused})
