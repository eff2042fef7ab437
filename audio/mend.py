"""Pure: where a finished rendition is encoded anew because a few moments of it burst.

Nothing else is encoded again: the packets around a burst are taken from a second encoding of some seconds, in which
the burst has a dip. A decoder's state is nearly the same on both sides of a seam, because both encodings are of the
same sound: the second one begins early enough to have settled, and seams lie where it is most quiet.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from audio.clip import SAMPLE_RATE_HZ
from audio.measure import BLOCK_FRAMES
from audio.plan import Dip

PACKET_FRAMES = SAMPLE_RATE_HZ // 50
PRE_SKIP_FRAMES = 312  # of libopus at 48 kHz (RFC 7845, 4.2: 6.5 ms)
_SETTLING_PACKETS = 75
_AFTER_PACKETS = 6
_STILL_BLOCKS = 6
_NEAREST_BLOCKS, _FARTHEST_BLOCKS = 12, 80
# A decoder has converged after 80 ms (RFC 7845, 4.6).
HEARD_AFTER_PACKETS = 25


@dataclass(frozen=True, slots=True)
class Seams:
    """Packets `first` up to but without `end` are replaced."""

    first: int
    end: int

    @property
    def encode_from(self) -> int:
        """The packet with which the second encoding begins."""
        return max(0, self.first - _SETTLING_PACKETS)

    @property
    def frames(self) -> tuple[int, int]:
        """What is encoded a second time, in frames of the rendition."""
        return self.encode_from * PACKET_FRAMES, (self.end + _AFTER_PACKETS) * PACKET_FRAMES

    def changes(self, at_s: float) -> bool:
        """Whether what is heard at this time, in seconds of the rendition, may be another than before."""
        packet = at_s * SAMPLE_RATE_HZ / PACKET_FRAMES
        return self.first - 1 <= packet <= self.end + HEARD_AFTER_PACKETS


def seams(dips: Sequence[Dip], levels: Sequence[int], preroll_frames: int) -> tuple[Seams, ...]:
    """Where to cut around each dip: in the most quiet part nearby; `levels` are those of the kept part."""
    found: list[Seams] = []
    for dip in sorted(dips, key=lambda each: each.at_s):
        at = min(len(levels) - 1, max(0, round(dip.at_s * SAMPLE_RATE_HZ / BLOCK_FRAMES)))
        before = range(max(0, at - _FARTHEST_BLOCKS), max(1, at - _NEAREST_BLOCKS))
        after = range(min(len(levels) - 1, at + _NEAREST_BLOCKS), min(len(levels), at + _FARTHEST_BLOCKS))
        first, end = (min(blocks, key=lambda at: _around(levels, at)) for blocks in (before, after))
        cut = Seams(_packet(first, preroll_frames), _packet(end, preroll_frames) + 1)
        if found and cut.first <= found[-1].end + HEARD_AFTER_PACKETS:
            cut = Seams(found.pop().first, max(cut.end, cut.first + 1))
        found.append(cut)
    return tuple(found)


def _around(levels: Sequence[int], at: int) -> int:
    # The middle of a pause, not its beginning, where the word before still rings.
    return sum(levels[max(0, at - _STILL_BLOCKS) : at + _STILL_BLOCKS + 1])


def _packet(block: int, preroll_frames: int) -> int:
    return (block * BLOCK_FRAMES + preroll_frames + PRE_SKIP_FRAMES) // PACKET_FRAMES
