"""What leaves the clip store when something must fit."""

from hypothesis import given
from hypothesis import strategies as st

from agents.domain.cache import CachedClip, NoRoom, Room, make_room

OLD, MIDDLE, NEW = CachedClip("old", 100, 1.0), CachedClip("middle", 100, 2.0), CachedClip("new", 100, 3.0)
ALL = (NEW, OLD, MIDDLE)
NOTHING: frozenset[str] = frozenset()


def test_nothing_leaves_while_there_is_room() -> None:
    assert make_room(ALL, NOTHING, free_bytes=150, floor_bytes=100, incoming_bytes=50) == Room(())


def test_what_was_not_used_for_longest_goes_first_and_no_more_than_needed() -> None:
    assert make_room(ALL, NOTHING, free_bytes=0, floor_bytes=0, incoming_bytes=150) == Room(("old", "middle"))


def test_what_is_needed_stays() -> None:
    assert make_room(ALL, frozenset({"old"}), free_bytes=0, floor_bytes=0, incoming_bytes=100) == Room(("middle",))


def test_where_even_everything_is_not_enough_nothing_is_sacrificed() -> None:
    assert make_room(ALL, frozenset({"old"}), free_bytes=0, floor_bytes=64, incoming_bytes=200) == NoRoom(64)


def test_what_was_needed_before_goes_last() -> None:
    found = make_room(ALL, NOTHING, free_bytes=0, floor_bytes=0, incoming_bytes=250, spared=frozenset({"old"}))
    assert found == Room(("middle", "new", "old"))


NAMES = st.sampled_from([f"clip-{number}" for number in range(12)])
CLIPS = st.dictionaries(NAMES, st.tuples(st.integers(0, 1_000), st.integers(0, 5))).map(
    lambda found: [CachedClip(name, size, float(used)) for name, (size, used) in found.items()]
)
BYTES = st.integers(0, 5_000)


@given(clips=CLIPS, needed=st.frozensets(NAMES), spared=st.frozensets(NAMES), free=BYTES, floor=BYTES, incoming=BYTES)
def test_whatever_is_there_the_floor_is_kept_and_no_more_is_lost_than_must_be(
    clips: list[CachedClip], needed: frozenset[str], spared: frozenset[str], free: int, floor: int, incoming: int
) -> None:
    sizes = {clip.name: clip.size_bytes for clip in clips}
    mortal = [clip for clip in clips if clip.name not in needed]
    match make_room(clips, needed, free, floor, incoming, spared=spared):
        case NoRoom(missing_bytes=missing):
            assert missing == incoming + floor - free - sum(clip.size_bytes for clip in mortal) > 0
        case Room(evict=evicted):
            gained = sum(sizes[name] for name in evicted)
            assert not needed & set(evicted)
            assert free + gained - incoming >= floor
            assert not evicted or free + gained - sizes[evicted[-1]] - incoming < floor, "one more than needed"
            order = sorted(mortal, key=lambda clip: (clip.name in spared, clip.used_at_s, clip.name))
            assert list(evicted) == [clip.name for clip in order[: len(evicted)]]
