"""What leaves the clip store when something must fit."""

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
