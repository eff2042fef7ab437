"""What cannot wait begins with what of it is here.

Rules: an emergency, and a drill of one, is armed shortly before its instant where the part whose turn it is then is on
the device; what is missing is fetched on, is silence where its turn comes first, and is heard from the next time on.
While the part whose turn it is is missing nothing is armed: its siren goes on, and the airing is joined in step later.
"""

from itertools import accumulate

from agents.domain.player.state import Item, frames_of, frames_us
from agents.protocol.values import AiringClass, ClipPart, Part

_CLASSES = (AiringClass.EMERGENCY, AiringClass.DRILL)


def may_be_in_part(item: Item) -> bool:
    """Whether something of it may be heard though a clip never comes."""
    if item.airing.airing_class not in _CLASSES:
        return False
    return _is_partly_here(item) or len(item.missing) > 1


def _is_partly_here(item: Item) -> bool:
    if not item.missing or item.airing.airing_class not in _CLASSES:
        return False
    return any(_is_here(item, part) for part in item.airing.sequence)


def turn_of_what_is_here(item: Item, now_us: int, lead_us: int) -> bool:
    """Whether it can be armed now: its instant is at most ``lead_us`` away and the part whose turn it is is here."""
    begins_us = item.begins_us
    if not _is_partly_here(item) or begins_us is None or now_us < begins_us - lead_us:
        return False
    found = _at(item, max(now_us, begins_us))
    return found is not None and found[0] is not None and _is_here(item, found[0])


def next_turn_us(item: Item, now_us: int) -> int | None:
    """The instant at which the next part has its turn, while one is waited for."""
    begins_us = item.begins_us
    if not _is_partly_here(item) or begins_us is None or begins_us > now_us:
        return None
    found = _at(item, now_us)
    return None if found is None else now_us + found[1]


def _is_here(item: Item, part: Part) -> bool:
    return not isinstance(part, ClipPart) or part.choose(item.rendition).sha256 not in item.missing


def _at(item: Item, instant_us: int) -> tuple[Part | None, int] | None:
    """The part that is heard then (None: a pause), and how many microseconds are left of it; None behind the end."""
    airing, span = item.airing, item.span
    frames = [
        part.choose(item.rendition).frames if isinstance(part, ClipPart) else part.frames for part in airing.sequence
    ]
    at = span.start + frames_of(max(0, instant_us - (item.due_us or 0)))
    if at >= span.stop:
        return None
    whole = sum(frames) + airing.pause_frames
    into = at % whole
    for part, ends in zip(airing.sequence, accumulate(frames), strict=True):
        if into < ends:
            return part, frames_us(ends - into) + 1
    return None, frames_us(whole - into) + 1
