"""When what comes in live is heard. Pure.

Rules of the module: the sound of a stream lies on a grid of 20 ms that begins with the live part of its airing; a
packet has its place on it, and what follows without a gap lies beside it, whatever jitter it arrived with. The delay of
a stream, from the arrival of a packet to every horn, is fixed. Only where a source pauses, or its clock runs away from
ours, are later packets moved by whole places, or one of ten left out, and that is counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from agents.protocol.live import MAX_PACKET_BYTES, MAX_PACKETS, PACKET_FRAMES, PACKET_US, Bundle
from agents.protocol.values import ClipPart, LivePart, Part, Profile, RenditionName
from agents.protocol.version import FRAMES_PER_SECOND

ON_ITS_WAY_US: Final = 180_000
"""So much of the delay is for what follows its arrival: a bundle is filled, sent, checked, and waits in the output. By
the rest a packet may come later than its turn and still have its place."""
EARLY_AT_MOST_US: Final = 1_000_000
"""What comes earlier than this before its turn is a flood, and left out."""
_DRIFTED_US: Final = 2 * PACKET_US
_WINDOW: Final = 50
"""Packets over which is judged whether a source runs ahead."""
_ONE_OF: Final = 10


def delay_us(profiles: Iterable[Profile], lan_us: int, sim_us: int) -> int:
    """One delay for all horns of a stream: that of SIM cards as soon as one of them has one."""
    return sim_us if any(profile is Profile.SIM for profile in profiles) else lan_us


def live_from_us(sequence: Iterable[Part], number: int | None = None) -> tuple[int, int] | None:
    """Where the first live part of a sequence begins and ends, or the part of that ``number`` from 0, in microseconds
    into it; None where that is not live.
    """
    before = 0
    for at, part in enumerate(sequence):
        if isinstance(part, LivePart) and number in (None, at):
            return _us(before), _us(before + part.frames)
        before += part.choose(RenditionName.OPUS24).frames if isinstance(part, ClipPart) else part.frames
    return None


def _us(frames: int) -> int:
    return frames * 1_000_000 // FRAMES_PER_SECOND


@dataclass(slots=True)
class Stamper:
    """Places packets. ``begins_us`` is the first instant of the live part, ``ends_us`` where it is over.

    ``moved`` counts the places that were left empty because the source paused or was slow, ``left_out`` the packets
    that got none: before the beginning, behind the end, in a flood, or because the source runs ahead.
    """

    begins_us: int
    ends_us: int
    delay_us: int
    moved: int = 0
    left_out: int = 0
    _following: int | None = None
    _seen: int = 0
    _least_early_us: int = 0
    _ahead: int = 0

    @property
    def ended_us(self) -> int:
        """Where the sound ends that got a place."""
        return self.begins_us + (self._following or 0) * PACKET_US

    def place(self, arrived_us: int) -> int | None:
        """When a packet that arrived then is heard; None where it is left out."""
        due_us = arrived_us + self.delay_us
        place = -(-(due_us - self.begins_us) // PACKET_US)
        if place < 0:
            self.left_out += 1
            return None
        following = self._following
        if following is not None:
            early_us = self.begins_us + following * PACKET_US - due_us
            if early_us > EARLY_AT_MOST_US or self._runs_ahead(early_us):
                self.left_out += 1
                return None
            if early_us >= -max(PACKET_US, self.delay_us - ON_ITS_WAY_US):
                place = following
            else:
                self.moved += place - following
                self._forget()
        at_us = self.begins_us + place * PACKET_US
        if at_us + PACKET_US > self.ends_us:
            self.left_out += 1
            return None
        self._following = place + 1
        return at_us

    def _runs_ahead(self, early_us: int) -> bool:
        """Whether this packet makes room: in the last second none came later than two places before its turn."""
        self._seen += 1
        self._least_early_us = early_us if self._seen == 1 else min(self._least_early_us, early_us)
        if self._seen >= _WINDOW:
            self._ahead = max(0, self._least_early_us // PACKET_US) if self._least_early_us > _DRIFTED_US else 0
            self._seen = 0
        if self._ahead and self._seen % _ONE_OF == 1:
            self._ahead -= 1
            return True
        return False

    def _forget(self) -> None:
        self._seen, self._ahead = 0, 0


@dataclass(slots=True)
class Bundler:
    """Puts packets that lie beside each other into bundles with growing numbers."""

    tag: bytes
    number: int = 0
    _at_us: int = 0
    _packets: list[bytes] = field(default_factory=list)

    def add(self, at_us: int, packet: bytes) -> list[Bundle]:
        """The bundles that are whole with this packet."""
        whole: list[Bundle] = []
        if self._packets and at_us != self._at_us + len(self._packets) * PACKET_US:
            whole += self.rest()
        if not self._packets:
            self._at_us = at_us
        self._packets.append(packet)
        if len(self._packets) == MAX_PACKETS:
            whole += self.rest()
        return whole

    @property
    def waiting(self) -> bool:
        """Whether something waits for more."""
        return bool(self._packets)

    def rest(self) -> list[Bundle]:
        """What waits, if anything."""
        if not self._packets:
            return []
        return [self._bundle(last=False)]

    def last(self, ended_us: int) -> Bundle:
        """The end of the stream, with what waits."""
        if not self._packets:
            self._at_us = ended_us
        return self._bundle(last=True)

    def _bundle(self, *, last: bool) -> Bundle:
        bundle = Bundle(self._at_us, self.tag, self.number, tuple(self._packets), last)
        self.number += 1
        self._packets = []
        return bundle


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveArchive:
    """What of an airing went out, as one Ogg Opus clip: from ``from_us`` into its live part on, which was heard at
    ``started_at_us``, ``frames`` long; where nothing came it is silent.
    """

    airing_id: str
    sha256: str
    size_bytes: int
    from_us: int
    frames: int
    started_at_us: int


def is_packet(packet: bytes) -> bool:
    """Whether this can be an Opus packet of 20 ms, by its first bytes (RFC 6716, 3.1 and 3.2)."""
    if not 0 < len(packet) <= MAX_PACKET_BYTES:
        return False
    head = packet[0]
    match head & 0x03:
        case 0:
            count = 1
        case 3:
            count = packet[1] & 0x3F if len(packet) > 1 else 0
        case _:
            count = 2
    return count * _frame_us(head >> 3) == PACKET_US


def _frame_us(config: int) -> int:
    """How long one frame of a configuration is: SILK 10 to 60 ms, hybrid 10 or 20, CELT 2.5 to 20."""
    if config < 12:
        return (10_000, 20_000, 40_000, 60_000)[config & 3]
    if config < 16:
        return (10_000, 20_000)[config & 1]
    return (2_500, 5_000, 10_000, 20_000)[config & 3]


SILENT_PACKET: Final = b"\xf8\xff\xfe"
"""20 ms of silence as an Opus packet, mono (RFC 6716: CELT, full band, nothing coded)."""
FRAMES: Final = PACKET_FRAMES
