"""The line of the benches: what goes in at one end comes out at the other, counted; some of it is lost."""

import os
import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.bench.line import Line, read_counts

WAIT_S = 5.0


def packet(payload: bytes, *, source: int = 40_000, target: int = 8_080, flags: int = 0x18) -> bytes:
    """An IPv4 packet with a TCP segment, checksums left out: nobody here looks at them."""
    tcp = struct.pack(">HHIIBBHHH", source, target, 1, 1, 5 << 4, flags, 1_000, 0, 0) + payload
    ends = socket.inet_aton("10.99.0.2") + socket.inet_aton("10.99.0.1")
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + ends + tcp


@contextmanager
def laid(counts: Path, *, loss: float = 0.0, delay_s: float = 0.0) -> Iterator[tuple[socket.socket, socket.socket]]:
    """The two ends; sockets that keep packets apart stand in for the devices."""
    near, inner_near = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    far, inner_far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    until, end = os.pipe()
    line = Line(delay_s=delay_s, jitter_s=delay_s / 5, loss=loss, seed=1, counts=counts)
    thread = threading.Thread(target=line.run, args=(inner_near.fileno(), inner_far.fileno(), until))
    thread.start()
    near.settimeout(WAIT_S)
    far.settimeout(WAIT_S)
    try:
        yield near, far
    finally:
        os.close(end)
        thread.join(WAIT_S)
        os.close(until)
        for one in (near, inner_near, far, inner_far):
            one.close()


def test_packets_arrive_whole_and_every_byte_is_counted(tmp_path: Path) -> None:
    ask, answer = packet(bytes(31)), packet(bytes(48), source=8_080, target=40_000)
    with laid(tmp_path / "counts", delay_s=0.01) as (near, far):
        far.send(ask)
        assert near.recv(2_000) == ask
        near.send(answer)
        assert far.recv(2_000) == answer

    counts = read_counts(tmp_path / "counts")
    assert (counts.packets, counts.lost, counts.bytes) == (2, 0, len(ask) + len(answer))
    assert counts.sizes == {f"out {len(ask)}": 1, f"in {len(answer)}": 1}
    assert (counts.answers, counts.audio_bytes) == (1, 0)


def test_connections_that_fetch_clips_are_counted_as_audio(tmp_path: Path) -> None:
    fetch = packet(b"GET /device/clips/" + b"a" * 64 + b" HTTP/1.1\r\n", source=40_001)
    clip = packet(bytes(1_000), source=8_080, target=40_001)
    with laid(tmp_path / "counts") as (near, far):
        for one in (packet(b"", source=40_001, flags=0x02), fetch):
            far.send(one)
            near.recv(2_000)
        near.send(clip)
        far.recv(2_000)
        far.send(packet(b"on the link"))
        near.recv(2_000)

    counts = read_counts(tmp_path / "counts")
    assert counts.audio_bytes == 3 * 60 + len(fetch) + len(clip)
    assert counts.answers == 0


def test_some_are_lost_and_none_is_changed(tmp_path: Path) -> None:
    sent, heard = [packet(str(number).encode()) for number in range(400)], []
    with laid(tmp_path / "counts", loss=0.25) as (near, far):
        near.setblocking(False)
        for one in [*sent, None]:
            if one is not None:
                far.send(one)
            while select.select([near], [], [], 0.2 if one is None else 0)[0]:
                heard.append(near.recv(2_000))

    counts = read_counts(tmp_path / "counts")
    assert counts.packets == 400
    assert 60 < counts.lost < 140
    assert len(heard) == 400 - counts.lost
    assert set(heard) <= set(sent)
