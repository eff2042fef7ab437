"""Where a rendition is cut to mend a moment of it."""

from audio.mend import PACKET_FRAMES, seams
from audio.plan import Dip

LEVELS = [1000] * 3000


def test_seams_lie_where_it_is_most_quiet() -> None:
    levels = list(LEVELS)
    levels[954:967] = [3] * 13  # pauses, 0.4 s before and 0.5 s after
    levels[1044:1057] = [4] * 13
    [cut] = seams([Dip(10.0, 3.0)], levels, 9600)
    assert cut.first == (960 * 480 + 9600 + 312) // PACKET_FRAMES
    assert cut.end == (1050 * 480 + 9600 + 312) // PACKET_FRAMES + 1
    assert cut.encode_from == cut.first - 75
    assert cut.changes(10.2)
    assert not cut.changes(9.0)
    assert not cut.changes(12.0)


def test_dips_near_each_other_share_their_seams() -> None:
    assert len(seams([Dip(10.0, 3.0), Dip(10.5, 3.0), Dip(20.0, 3.0)], LEVELS, 9600)) == 2


def test_a_dip_at_the_very_beginning_or_end_is_mended_too() -> None:
    first, last = seams([Dip(0.0, 3.0), Dip(29.99, 3.0)], LEVELS, 9600)
    assert first.encode_from == 0
    assert last.end > last.first
