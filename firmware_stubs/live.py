"""Live sound as it arrives: what a bundle says, and whether it came in time.

Rules of the module: identical bytes are read once, and their signature is checked once, for the whole process. Whether
a bundle is in time each device judges by its own clock, at the moment in which its bytes were taken from the socket: it
is late where its sound was to leave the horn before.
"""

from collections import OrderedDict
from typing import Final

from agents.protocol.channel import LiveAudio
from agents.protocol.errors import BadSignature, MalformedMessage
from agents.protocol.live import PACKET_US, read, verify

LIVE_AUDIO: Final = 0x10
_HEAD_BYTES: Final = 9
_KEPT: Final = 64
_LEAST_MS: Final = -500
_MOST_MS: Final = 4_000


class HeardBundle:
    """A bundle, read. ``packets`` is how many it holds."""

    __slots__ = ("_audio", "_verified", "at_us", "number", "packets", "tag")

    def __init__(self, audio: LiveAudio) -> None:
        """Raises `MalformedMessage`."""
        bundle = read(audio)
        self._audio = audio
        self._verified: dict[bytes, bool] = {}
        self.at_us: Final = bundle.at_us
        self.tag: Final = bundle.tag
        self.number: Final = bundle.number
        self.packets: Final = len(bundle.packets)

    def signed_by(self, key: bytes) -> bool:
        """Whether the holder of this Ed25519 key signed it: reckoned once for each key."""
        known = self._verified.get(key)
        if known is None:
            try:
                verify(key, self._audio)
                known = True
            except BadSignature:
                known = False
            self._verified[key] = known
        return known


class Bundles:
    """Belongs to one process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, HeardBundle] = OrderedDict()

    def read(self, plain: bytes) -> HeardBundle:
        """What a frame holds. Raises `MalformedMessage`."""
        known = self._kept.get(plain)
        if known is not None:
            return known
        if len(plain) < _HEAD_BYTES:
            raise MalformedMessage("a live frame without its head")
        bundle = HeardBundle(LiveAudio(int.from_bytes(plain[1:_HEAD_BYTES], "big"), plain[_HEAD_BYTES:]))
        self._kept[plain] = bundle
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return bundle


class LiveTally:
    """What all devices of a process heard live. ``packets`` are of 20 ms; ``late`` is how many of them came after their
    instant, ``lost`` how many bundles never came, between others that did; ``stray`` bundles were for no airing that
    the device has, and ``refused`` not signed by its controller.
    """

    __slots__ = ("_margins", "late", "least_us", "lost", "packets", "refused", "stray")

    def __init__(self) -> None:
        self.packets = self.late = self.lost = self.stray = self.refused = 0
        self.least_us: int | None = None
        self._margins = [0] * (_MOST_MS - _LEAST_MS + 1)

    def heard(self, packets: int, margin_us: int) -> None:
        """A bundle came so long before its first instant. One that only says that it is the last is in no hurry."""
        if not packets:
            return
        self.packets += packets
        if self.least_us is None or margin_us < self.least_us:
            self.least_us = margin_us
        if margin_us < 0:
            self.late += sum(margin_us + number * PACKET_US < 0 for number in range(packets))
        self._margins[min(max(margin_us // 1_000, _LEAST_MS), _MOST_MS) - _LEAST_MS] += 1

    def margin_ms(self, share: float) -> int | None:
        """So many milliseconds before its instant came the bundle behind which this share of all lies."""
        wanted, seen = share * sum(self._margins), 0
        for index, count in enumerate(self._margins):
            seen += count
            if count and seen >= wanted:
                return index + _LEAST_MS
        return None

    def told(self) -> dict[str, object]:
        """As it is printed."""
        return {
            "packets": self.packets,
            "late": self.late,
            "lost": self.lost,
            "stray": self.stray,
            "refused": self.refused,
            "least_margin_ms": None if self.least_us is None else round(self.least_us / 1_000, 1),
            "margin_ms_1": self.margin_ms(0.01),
            "margin_ms_50": self.margin_ms(0.5),
        }
