"""What must leave the clip store so that something else fits.

Rules: what the rundown or an open order needs is never evicted; of the rest the least recently used goes first, but
what was needed until a moment ago goes last of all, because what takes its place may not be here yet. A floor of free
disk stays, so that the journal can always be written.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CachedClip:
    """A whole clip or a part of one. ``used_at_s`` is when it was last of use, by any clock that only grows."""

    name: str
    size_bytes: int
    used_at_s: float


@dataclass(frozen=True, slots=True)
class Room:
    """There is room once these are gone."""

    evict: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoRoom:
    """Even with everything evicted that may go, this many bytes are missing."""

    missing_bytes: int


def make_room(
    clips: Iterable[CachedClip],
    needed: frozenset[str],
    free_bytes: int,
    floor_bytes: int,
    incoming_bytes: int,
    *,
    spared: frozenset[str] = frozenset(),
) -> Room | NoRoom:
    """What to evict so that ``incoming_bytes`` fit above the floor: nothing where that would not be enough, nothing
    ``needed``, and ``spared`` only after everything else.
    """
    missing_bytes = incoming_bytes + floor_bytes - free_bytes
    evict: list[str] = []
    for clip in sorted(clips, key=lambda clip: (clip.name in spared, clip.used_at_s, clip.name)):
        if missing_bytes <= 0:
            break
        if clip.name not in needed:
            evict.append(clip.name)
            missing_bytes -= clip.size_bytes
    return Room(tuple(evict)) if missing_bytes <= 0 else NoRoom(missing_bytes)
