"""The parts of a simulated device that need no controller."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address

import pytest
from msgspec import structs

from agents.protocol.codec import encode
from agents.protocol.documents import Audience, ReleaseStop, SignedDocument, Stop
from agents.protocol.errors import MalformedMessage, TooLarge
from agents.protocol.guards import Stretch, WireGuards
from agents.protocol.journal import Armed, JournalEvent, RefusalReason
from agents.protocol.messages import DocumentPush
from agents.protocol.values import ClipRef, PlannedAiring, RenditionName, SilencePart
from firmware_stubs import frames
from firmware_stubs.faults import Dice, Fate, Fault, FaultName, FaultsUnreadable, parse_fault, parse_script
from firmware_stubs.journal import Journal
from firmware_stubs.obeying import Obedience
from firmware_stubs.playing import Player
from firmware_stubs.reading import Pushed, Reader
from firmware_stubs.shared import loopback_address
from firmware_stubs.state import Kept, new_device
from firmware_stubs.timers import Timer, Timers
from tests.agents.making import DEVICE, HOUR_US, SECOND_US, T0_US, Desk, airing

# --- frames -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 125, 126, 5_000, 65_535])
def test_a_masked_frame_reads_as_what_it_holds(size: int) -> None:
    payload = os.urandom(size)
    frame = frames.masked(frames.BINARY, payload, 0x01020304)
    head = 2 if size < 126 else 4
    mask, covered = frame[head : head + 4], frame[head + 4 :]
    assert frame[0] == 0x82
    assert mask == bytes((1, 2, 3, 4))
    assert bytes(byte ^ mask[i % 4] for i, byte in enumerate(covered)) == payload


def test_frames_are_taken_whole_however_they_arrive() -> None:
    stream = b"\x82\x03abc" + b"\x82\x7e\x01\x00" + bytes(256) + b"\x89\x00"
    for cut in range(len(stream)):
        first, left = frames.split(stream[:cut])
        rest, nothing = frames.split(left + stream[cut:])
        assert [*first, *rest] == [(frames.BINARY, b"abc"), (frames.BINARY, bytes(256)), (frames.PING, b"")]
        assert nothing == b""


@pytest.mark.parametrize(
    ("raw", "error"),
    [(b"\x82\x83abcdefg", MalformedMessage), (b"\x02\x01a", MalformedMessage), (b"\x82\x7f" + b"\x01" * 8, TooLarge)],
)
def test_frames_that_no_controller_sends_are_refused(raw: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        frames.split(raw)


def test_an_answer_that_is_not_for_this_request_opens_no_link() -> None:
    opening = frames.Opening()
    assert b"GET /link HTTP/1.1\r\nHost: here\r\n" in opening.request("here", "/link")
    assert opening.answered(b"HTTP/1.1 101 Switching") is None
    with pytest.raises(MalformedMessage):
        opening.answered(b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: nonsense\r\n\r\n")


# --- faults -----------------------------------------------------------------------------------------------------------


def test_the_same_seed_is_the_same_fate_and_another_is_not() -> None:
    faults = (Fault(FaultName.DROP, 0.3), Fault(FaultName.TEAR, 0.1), Fault(FaultName.SILENT, 0.5))

    def fates(seed: int) -> list[list[object]]:
        devices = [Fate(faults, seed, number) for number in range(40)]
        return [
            [one.holds(FaultName.SILENT, 0), one.lie_us, *(one.of_message(0) for _ in range(20))] for one in devices
        ]

    assert fates(1) == fates(1)
    assert fates(1) != fates(2)


def test_shares_are_shares() -> None:
    silent = [Fate([Fault(FaultName.SILENT, 0.25)], 7, number).holds(FaultName.SILENT, 0) for number in range(4_000)]
    dice = Dice(7)
    assert 0.22 < sum(silent) / len(silent) < 0.28
    assert 0.47 < sum(dice.draw() for _ in range(4_000)) / 4_000 < 0.53


def test_a_script_holds_at_its_times() -> None:
    (fault,) = parse_script("# rain\n\n 2 4.5 silent=1 # all of them\n")
    fate = Fate([fault], 0, 0)
    assert [fate.holds(FaultName.SILENT, at_s) for at_s in (1.9, 2.0, 4.4, 4.5)] == [False, True, True, False]


@pytest.mark.parametrize("text", ["drop", "drop=much", "drop=1.5", "thunder=0.1"])
def test_a_fault_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(FaultsUnreadable):
        parse_fault(text)
    with pytest.raises(FaultsUnreadable):
        parse_script(f"0 1 {text}")
    with pytest.raises(FaultsUnreadable):
        parse_script("0 drop=0.1")


# --- documents --------------------------------------------------------------------------------------------------------


def device() -> tuple[Desk, Kept, Obedience]:
    desk = Desk()
    kept = Kept(key=new_device().key, controller_key=bytes(32), signing_key=desk.key.public_bytes, areas=("a-1",))
    return desk, kept, Obedience(kept, DEVICE)


def stop(desk: Desk, number: int, area: str = "a-1", order_id: str = "") -> Pushed:
    order = desk.order(Stop(), to=Audience(areas=(area,)), counter=number, document_id=order_id or f"stop-{number}")
    return Pushed(desk.sign(order))


def test_a_document_is_obeyed_once_and_refused_for_its_reason() -> None:
    desk, kept, obedience = device()
    second = stop(desk, 2)
    assert obedience.judge(second, T0_US) is True
    assert obedience.judge(second, T0_US) is False  # the same bytes again
    assert obedience.judge(stop(desk, 1), T0_US) is RefusalReason.REPLAYED
    assert obedience.judge(stop(desk, 3, order_id="stop-2"), T0_US) is RefusalReason.REPLAYED
    assert obedience.judge(stop(desk, 4, area="a-2"), T0_US) is RefusalReason.NOT_FOR_ME
    assert obedience.judge(stop(desk, 5), T0_US + 24 * HOUR_US) is RefusalReason.EXPIRED
    assert obedience.judge(stop(desk, 6), T0_US - 24 * HOUR_US) is RefusalReason.NOT_YET_VALID
    assert obedience.judge(stop(Desk(), 7), T0_US) is RefusalReason.UNKNOWN_KEY
    forged = SignedDocument(key_id=desk.key.key_id, payload=stop(Desk(), 8).signed.payload, signature=bytes(64))
    assert obedience.judge(Pushed(forged), T0_US) is RefusalReason.BAD_SIGNATURE
    assert [mark.counter for mark in kept.marks] == [2]


def test_identical_bytes_are_read_once_and_others_are_not() -> None:
    desk, reader = Desk(), Reader()
    signed = desk.sign(desk.order(Stop(), to=Audience(areas=("a-1",))))
    message = encode(DocumentPush(document=signed))
    first = reader.read(message)
    other = reader.read(encode(DocumentPush(document=structs.replace(signed, signature=bytes(64)))))
    assert isinstance(first, Pushed)
    assert isinstance(other, Pushed)
    assert reader.read(bytes(message)) is first
    assert reader.shared == 1
    assert first.signed_by(desk.key.public_bytes)
    assert not first.signed_by(Desk().key.public_bytes)
    assert not other.signed_by(desk.key.public_bytes)


# --- journals and airings ---------------------------------------------------------------------------------------------


def test_a_journal_begins_again_with_the_first_record_that_is_not_acknowledged() -> None:
    kept = new_device()
    journal = Journal(kept)
    for number in range(250):
        journal.note(Armed(airing_id=f"a-{number}"), T0_US)
    sent = [journal.next_batch() for _ in range(4)]
    assert [(batch.records[0].seq, batch.records[-1].seq) for batch in sent if batch] == [
        (1, 100),
        (101, 200),
        (201, 250),
    ]
    assert journal.acknowledged("another", 250) == 0
    assert journal.acknowledged(kept.journal_id, 100) == 100
    journal.begin_again()
    again = journal.next_batch()
    assert again is not None
    assert again.records[0].seq == 101
    assert journal.acknowledged(kept.journal_id, 250) == 100  # no more than what was sent on this link


@dataclass
class Box:
    """A device whose time moves at once to whatever is waited for."""

    at_us: int = T0_US
    told: list[JournalEvent] = field(default_factory=list)
    calls: list[tuple[int, Timer]] = field(default_factory=list)

    def now_us(self) -> int:
        return self.at_us

    def note(self, event: JournalEvent) -> None:
        self.told.append(event)

    def after_us(self, delay_us: int, call: Callable[[], None]) -> Timer:
        self.calls.append((self.at_us + max(0, delay_us), Timer(call)))
        return self.calls[-1][1]

    def fetch(self, clips: tuple[ClipRef, ...], done: Callable[[int | None], None]) -> None:
        done(0)

    def run(self) -> list[str]:
        while self.calls:
            self.at_us, timer = self.calls.pop(0)
            if timer.call is not None:
                timer.call()
        return [type(event).__name__ for event in self.told]


def short(start_at_us: int | None) -> PlannedAiring:
    return airing(start_at_us=start_at_us, sequence=(SilencePart(frames=9_600),))


@pytest.mark.parametrize(
    ("quiet_from_s", "story"),
    [(-60, ["Skipped"]), (0.05, ["Sounding", "Gap", "Finished"]), (0.2, ["Sounding", "Finished"])],
)
def test_a_simulated_device_keeps_quiet_hours(quiet_from_s: float, story: list[str]) -> None:
    box = Box()
    player = Player(box, RenditionName.OPUS24, 0)
    start_us = T0_US + SECOND_US
    quiet = Stretch(from_us=start_us + round(quiet_from_s * 1e6), until_us=start_us + 60 * SECOND_US)
    player.guards = WireGuards(forbidden=(quiet,))
    player.take(short(start_us))
    assert box.run() == ["Stored", "Armed", *story]


def test_a_start_that_overtakes_its_airing_holds() -> None:
    box = Box()
    player = Player(box, RenditionName.OPUS24, 0)
    player.start("air-1", T0_US + SECOND_US)
    player.take(short(None))
    assert box.run() == ["Stored", "Armed", "Sounding", "Finished"]
    assert box.at_us == T0_US + SECOND_US + 200_000


def test_a_stop_silences_and_latches() -> None:
    box = Box()
    player = Player(box, RenditionName.OPUS24, 0)
    player.take(short(T0_US))
    box.calls.pop(0)[1].call()  # type: ignore[misc]
    player.stop("o-1", Stop(), T0_US + HOUR_US)
    player.take(airing("air-2", start_at_us=T0_US, sequence=(SilencePart(frames=9_600),)))
    assert box.run() == ["Stored", "Armed", "Sounding", "Stopped", "Stored", "Armed", "Skipped"]
    player.release(ReleaseStop(order_id="o-1"))
    assert not player.stopped


def test_a_new_rundown_withdraws_what_is_not_in_it() -> None:
    box = Box()
    player = Player(box, RenditionName.OPUS24, 0)
    player.plan([short(T0_US + SECOND_US)])
    player.plan([])
    assert box.run() == ["Stored", "Armed", "Skipped"]


# --- the rest ---------------------------------------------------------------------------------------------------------


async def test_timers_ring_in_their_order_and_not_when_they_were_cancelled() -> None:
    timers = Timers(asyncio.get_running_loop())
    rung: list[int] = []
    done = asyncio.Event()
    for number in (3, 1, 2):
        timers.after(number / 200, lambda number=number: rung.append(number))  # type: ignore[misc]
    timers.after(0.0125, lambda: rung.append(0)).cancel()
    timers.after(0.02, done.set)
    await asyncio.wait_for(done.wait(), 5)
    assert rung == [1, 2, 3]


def test_each_device_of_a_large_fleet_has_an_address_of_its_own() -> None:
    addresses = [loopback_address(number) for number in range(20_000)]
    assert len(set(addresses)) == len(addresses)
    assert all(ip_address(one).is_loopback for one in addresses)
