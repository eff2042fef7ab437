"""Live packets between the link, which brings them, and the feed, which plays them each at its place.

Rules of the module: a place is a frame of the whole sequence that is on the air, pauses and repetitions counted. The
buffer is filled by one thread and emptied by another; what is kept is bounded. Nothing waits: what is not here when its
place is read is concealed by libopus, from the packet after it where that is here, falling to silence within 100 ms;
after that it is silent until packets come. What comes for a place that has been read is late, and dropped. No edge
clicks: sound that comes back rises within 10 ms.
"""

import threading
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Final

from agents.io import opus
from agents.io.decode import FRAME_BYTES, Hole
from agents.io.output.level import FADE_FRAMES, ramp
from agents.protocol.live import PACKET_FRAMES, PACKET_US

MAX_PACKETS: Final = 500
"""Ten seconds: more than any play delay. A horn that begins later than others keeps so much more."""
MOST_LATER_US: Final = 900_000_000
"""What is to be heard later than this is not kept whole: more than any turn and delay of a speaker."""
CONCEALED_FRAMES: Final = opus.RATE_HZ // 10
"""So long what is missing is made up, ever more quietly."""
AWAY_FRAMES: Final = 30 * opus.RATE_HZ
"""Where nothing came for so long, nobody speaks any more, or the link is lost."""
LEAST_HOLE_FRAMES: Final = opus.RATE_HZ // 10
"""A shorter one is concealed, and nobody is told."""


@dataclass(slots=True)
class LiveCounters:
    """Packets of 20 ms since the program began. ``refused`` counts bundles."""

    played: int = 0
    concealed: int = 0
    late: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class LivePacket:
    """One packet at its place. ``follows``: nothing before it was lost, so that silence before it was meant."""

    frame: int
    data: bytes
    follows: bool = True


class JitterBuffer:
    """The packets of one airing that have come and were not played yet."""

    def __init__(self, counters: LiveCounters) -> None:
        self.counters = counters
        self._lock = threading.Lock()
        self._packets: list[LivePacket] = []
        self._most = MAX_PACKETS
        self._read_to: int | None = None
        self._joined_at = 0
        self._came_to = 0
        self._broken = False
        self._over_from: int | None = None
        self._over_until: int | None = None

    def put_off(self, later_us: int) -> None:
        """It is read so much later than where nothing is put off: what comes meanwhile waits for that."""
        with self._lock:
            self._most = MAX_PACKETS + min(later_us, MOST_LATER_US) // PACKET_US

    def put(self, packet: LivePacket) -> bool:
        """Keep it until its place is read; False where that has been: it is late, unless nobody was to hear it."""
        with self._lock:
            if self._over_from is not None and self._over_until is None and packet.frame >= self._over_from:
                self._over_until = packet.frame  # another stream of the same airing
            self._came_to = max(self._came_to, packet.frame + PACKET_FRAMES)
            if packet.frame + PACKET_FRAMES <= self._joined_at:
                return False
            if self._read_to is not None and packet.frame + PACKET_FRAMES <= self._read_to:
                self.counters.late += 1
                self._broken = True
                return False
            if self._broken:
                packet = LivePacket(packet.frame, packet.data, follows=False)
                self._broken = False
            place = bisect_left(self._packets, packet.frame, key=lambda one: one.frame)
            if place < len(self._packets) and self._packets[place].frame == packet.frame:
                self._packets[place] = packet
            else:
                self._packets.insert(place, packet)
            del self._packets[: max(0, len(self._packets) - self._most)]
            return True

    def finish(self, frame: int) -> None:
        """Nothing comes for this frame and those behind it, until another stream begins: this one is over there."""
        with self._lock:
            self._over_from, self._over_until = frame, None

    def is_over(self, frame: int) -> bool:
        """Whether nothing comes for this frame any more, and nothing is missing there."""
        with self._lock:
            if self._over_from is None or frame < self._over_from:
                return False
            return self._over_until is None or frame < self._over_until

    @property
    def away(self) -> bool:
        """Whether somebody reads, and nothing has come for a long time."""
        with self._lock:
            if self._read_to is None:
                return False
            return self._read_to - max(self._came_to, self._joined_at) > AWAY_FRAMES

    def runs(self, frame: int) -> bool:
        """Whether something came lately, where this frame is the one whose turn it is, though nobody may read."""
        with self._lock:
            return self._came_to > frame - AWAY_FRAMES

    def lose(self) -> None:
        """A packet came when it should have been heard."""
        with self._lock:
            self.counters.late += 1
            self._broken = True

    def join(self, at: int) -> None:
        """Somebody reads, from this frame on."""
        with self._lock:
            self._read_to = self._joined_at = at

    def next(self, at: int) -> LivePacket | None:
        """The first packet of which something lies at ``at`` or behind it. What lies before is let go of, and counts as
        late if it comes.
        """
        with self._lock:
            self._read_to = at
            del self._packets[: bisect_right(self._packets, at - PACKET_FRAMES, key=lambda one: one.frame)]
            return self._packets[0] if self._packets else None

    def leave(self) -> None:
        """Nobody reads any more, for now."""
        with self._lock:
            self._read_to = None
            self._joined_at = 0
            self._over_from = self._over_until = None  # another live part has a stream of its own

    def clear(self) -> None:
        """What is kept belongs elsewhere."""
        with self._lock:
            self._packets.clear()
            self._came_to = 0


class LiveReader:
    """Sound of a buffer from frame ``at`` on, without end. Belongs to one thread."""

    def __init__(self, buffer: JitterBuffer, at: int) -> None:
        """Raises `opus.NoOpus`."""
        self._buffer = buffer
        self._decoder = opus.Decoder()
        self._sound = bytearray()
        self._holes: list[Hole] = []
        self.seek(at)

    def seek(self, at: int) -> None:
        """Go on reading at this frame."""
        self._buffer.join(at)
        self._sound.clear()
        self._at = at  # the frame behind what lies in ``_sound``
        self._missing = 0  # frames in a row that were not here
        self._gain = 0.0
        self._warm = False  # the decoder has heard what comes just before

    def read(self, frames: int) -> bytes:
        """The next frames, all of them."""
        wanted = frames * FRAME_BYTES
        while len(self._sound) < wanted:
            self._fill()
        out = bytes(self._sound[:wanted])
        del self._sound[:wanted]
        return out

    def end(self) -> None:
        """What is read next is no longer live: a stretch that nothing came in ends here."""
        behind = len(self._sound) // FRAME_BYTES
        self._note_hole(self._at - behind, self._missing - behind)
        self._missing = 0
        self._buffer.leave()

    def pending(self) -> Hole | None:
        """The stretch up to here that nothing came in, while nobody knows whether something will. For any thread."""
        frames, at = self._missing, self._at
        if frames < LEAST_HOLE_FRAMES or self._buffer.is_over(at - frames):
            return None
        return Hole(at - frames, frames, "live")

    def holes(self) -> tuple[Hole, ...]:
        """What has been found missing since this was asked last."""
        found, self._holes = tuple(self._holes), []
        return found

    def _fill(self) -> None:
        packet = self._buffer.next(self._at)
        if packet is None:
            self._conceal(PACKET_FRAMES, None)
        elif packet.frame > self._at:
            gap = packet.frame - self._at
            self._conceal(min(gap, PACKET_FRAMES), packet.data if gap == PACKET_FRAMES else None)
        else:
            self._play(packet)

    def _play(self, packet: LivePacket) -> None:
        if self._missing > CONCEALED_FRAMES or not self._warm:
            self._decoder.reset()
        try:
            sound = self._decoder.decode(packet.data)
        except opus.BadPacket:
            sound = b""
        passed = self._at - packet.frame
        if len(sound) != PACKET_FRAMES * FRAME_BYTES:
            self._conceal(PACKET_FRAMES - passed, None)
            return
        if not packet.follows:
            self._note_hole(self._at, self._missing)
        sound = sound[passed * FRAME_BYTES :]
        if self._gain < 1.0:
            edge = FADE_FRAMES * FRAME_BYTES
            sound = ramp(sound[:edge], self._gain, 1.0) + sound[edge:]
        self._gain, self._warm, self._missing = 1.0, True, 0
        self._buffer.counters.played += 1
        self._add(sound)

    def _conceal(self, frames: int, following: bytes | None) -> None:
        over = self._buffer.is_over(self._at)
        longest = PACKET_FRAMES if over else CONCEALED_FRAMES
        sound = bytes(frames * FRAME_BYTES)
        if self._warm and self._missing < longest:
            # What goes on before a whole packet is over does not fit what was made up.
            gain = 0.0 if frames < PACKET_FRAMES else max(0.0, 1.0 - (self._missing + frames) / longest)
            try:
                sound = self._decoder.conceal(PACKET_FRAMES, following)[: frames * FRAME_BYTES]
            except opus.BadPacket:
                gain = 0.0
            sound = ramp(sound, self._gain, gain)
            self._gain = gain
            if not over:
                self._buffer.counters.concealed += 1
        self._missing += frames
        self._add(sound)

    def _add(self, sound: bytes) -> None:
        self._sound += sound
        self._at += len(sound) // FRAME_BYTES

    def _note_hole(self, until: int, frames: int) -> None:
        over = self._buffer.is_over(until - frames)
        if frames >= LEAST_HOLE_FRAMES and not over:
            self._holes.append(Hole(until - frames, frames, "live"))
