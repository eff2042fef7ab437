"""When what comes in live is heard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.protocol.live import PACKET_US
from agents.protocol.values import ClipPart, ClipRef, LivePart, Profile, RenditionName, SilencePart
from controller.domain.live import Bundler, Stamper, delay_us, is_packet, live_from_us

T0_US = 1_000_000_000
DELAY_US = 240_000
HOUR_US = 3_600_000_000


def stamper(ends_after_us: int = HOUR_US) -> Stamper:
    return Stamper(T0_US, T0_US + ends_after_us, DELAY_US)


def placed(one: Stamper, arrivals_us: list[int]) -> list[int | None]:
    return [one.place(arrived_us) for arrived_us in arrivals_us]


def test_packets_lie_beside_each_other_whatever_jitter_they_come_with() -> None:
    one = stamper()
    jitter_us = [0, 15_000, 40_000, 0, 60_000, 5_000, 0, 30_000]
    got = placed(one, [T0_US + number * PACKET_US + late_us for number, late_us in enumerate(jitter_us)])
    first = T0_US + DELAY_US
    assert got == [first + number * PACKET_US for number in range(len(jitter_us))]
    assert (one.moved, one.left_out) == (0, 0)


def test_a_packet_that_could_not_reach_the_horns_any_more_moves_what_follows() -> None:
    one = stamper()
    one.place(T0_US)
    assert one.place(T0_US + PACKET_US + 70_000) == T0_US + DELAY_US + 5 * PACKET_US
    assert one.moved == 4


def test_a_long_delay_bears_as_much_jitter() -> None:
    one = Stamper(T0_US, T0_US + HOUR_US, 1_500_000)
    first = one.place(T0_US)
    assert first is not None
    assert one.place(T0_US + PACKET_US + 1_300_000) == first + PACKET_US


def test_what_comes_before_the_beginning_is_left_out_and_the_rest_lies_on_the_grid() -> None:
    one = stamper()
    assert placed(one, [T0_US - DELAY_US - 30_000, T0_US - DELAY_US - 10_000]) == [None, T0_US]
    assert one.left_out == 1
    assert one.place(T0_US - DELAY_US + 11_000) == T0_US + PACKET_US


def test_a_source_that_pauses_goes_on_with_its_whole_delay() -> None:
    one = stamper()
    first = one.place(T0_US)
    later = one.place(T0_US + 1_000_000)
    assert first is not None
    assert later is not None
    assert later == T0_US + 1_000_000 + DELAY_US
    assert (later - first) % PACKET_US == 0
    assert one.moved == (later - first) // PACKET_US - 1


def test_what_was_held_back_comes_at_once_and_is_caught_up_a_tenth_at_a_time() -> None:
    one = stamper()
    arrivals = [T0_US + number * PACKET_US for number in range(50)]
    held = arrivals[-1] + 500_000
    arrivals += [held + number for number in range(25)]
    arrivals += [held + (number + 1) * PACKET_US for number in range(600)]
    got = placed(one, arrivals)
    assert one.moved == 24
    assert 20 <= one.left_out <= 25, "none was lost in the burst, and then one of ten to catch up"
    assert None not in got[:75]
    last = got[-1]
    assert last is not None
    assert last - arrivals[-1] - DELAY_US <= 3 * PACKET_US


def test_a_clock_that_runs_ahead_costs_a_packet_now_and_then() -> None:
    one = stamper()
    fast_us = PACKET_US - 20  # a thousandth: the worst sound card
    got = placed(one, [T0_US + number * fast_us for number in range(20_000)])
    kept = [at_us for at_us in got if at_us is not None]
    assert 12 <= one.left_out <= 22
    assert kept == [kept[0] + number * PACKET_US for number in range(len(kept))]


def test_a_flood_waits_at_most_a_second_ahead() -> None:
    one = stamper()
    got = [at_us for at_us in placed(one, [T0_US] * 1_000) if at_us is not None]
    assert got[-1] - T0_US - DELAY_US <= 1_000_000
    assert one.left_out == 1_000 - len(got)


def test_nothing_is_placed_behind_the_end() -> None:
    one = stamper(3 * PACKET_US)
    assert placed(one, [T0_US - DELAY_US + number * PACKET_US for number in range(5)]) == [
        T0_US,
        T0_US + PACKET_US,
        T0_US + 2 * PACKET_US,
        None,
        None,
    ]
    assert one.ended_us == T0_US + 3 * PACKET_US


@given(st.lists(st.integers(0, 2_000_000), max_size=60))
def test_places_only_grow_on_the_grid_and_none_is_late(pauses_us: list[int]) -> None:
    one, now_us, last_us = stamper(), T0_US, None
    for pause_us in pauses_us:
        now_us += pause_us
        at_us = one.place(now_us)
        if at_us is None:
            continue
        assert (at_us - T0_US) % PACKET_US == 0
        assert at_us >= now_us + DELAY_US - 100_000
        assert last_us is None or at_us > last_us
        last_us = at_us


def test_bundles_hold_three_packets_that_lie_beside_each_other() -> None:
    bundler = Bundler(b"12345678")
    made = [bundler.add(number * PACKET_US, bytes([number])) for number in range(4)]
    assert [len(one) for one in made] == [0, 0, 1, 0]
    [early] = bundler.add(10 * PACKET_US, b"x")
    last = bundler.last(0)
    bundles = [*made[2], early, last]
    assert [(one.at_us, one.number, one.packets, one.last) for one in bundles] == [
        (0, 0, (b"\0", b"\1", b"\2"), False),
        (3 * PACKET_US, 1, (b"\3",), False),
        (10 * PACKET_US, 2, (b"x",), True),
    ]
    assert bundler.rest() == []
    assert bundler.last(99).at_us == 99


def test_one_sim_card_gives_all_horns_its_delay() -> None:
    assert delay_us([Profile.LAN, Profile.LAN], 1, 2) == 1
    assert delay_us([Profile.LAN, Profile.SIM], 1, 2) == 2


def test_a_live_part_is_found_where_it_lies() -> None:
    clip = ClipPart(renditions={RenditionName.OPUS24: ClipRef(sha256="0" * 64, size_bytes=1, frames=48_000)})
    live, pause = LivePart(frames=96_000), SilencePart(frames=24_000)
    assert live_from_us([clip, pause, live, clip]) == (1_500_000, 3_500_000)
    assert live_from_us([clip, pause]) is None


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (b"\x48", True),  # SILK, wide band, 20 ms
        (b"\x78", True),  # hybrid, full band, 20 ms
        (b"\xf8\xff\xfe", True),  # CELT, 20 ms
        (b"\xf1", True),  # CELT, two of 10 ms
        (b"\xeb\x04", True),  # CELT, four of 5 ms
        (b"\xe3\x04", False),  # CELT, four of 2.5 ms
        (b"\xe3\x08", True),  # CELT, eight of 2.5 ms
        (b"\x40", False),  # SILK, 10 ms
        (b"\x58", False),  # SILK, 60 ms
        (b"\x4b", False),  # a count that is not there
        (b"", False),
        (b"\x48" + bytes(1_275), False),
    ],
)
def test_a_packet_is_told_by_its_head(head: bytes, is_one: bool) -> None:
    assert is_packet(head) is is_one
