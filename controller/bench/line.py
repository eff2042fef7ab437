"""A long, noisy, lossy line between two network namespaces, where the kernel has no netem.

Two TUN devices, one in the controller's namespace and one in the devices', and this process between them: it takes IP
packets out of one, loses some, holds each of the others for a while of its own, puts it into the other, and counts
every byte of it, headers included. Packets may overtake each other, as they do with netem; TCP sees real loss and sends
again.

Rules of the module: standard library only; run as ``python -m controller.bench.line`` inside the controller's
namespace; it says ``ready`` on its standard output, writes what it counted to ``--counts`` over and over, and ends when
its standard input does, and with it the two devices.
"""

import argparse
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

NEAR: Final = "10.99.0.1"
"""The controller's end of the line."""
FAR: Final = "10.99.0.2"
"""The devices' end."""

_TUNSETIFF: Final = 0x400454CA
_IFF_TUN_NO_PI: Final = 0x1001
_PACKET_BYTES: Final = 65_535
_WRITE_EVERY_S: Final = 0.1
_TCP: Final = 6
_CLIP: Final = b"GET /device/clips/"


@dataclass(slots=True)
class Counts:
    """Bytes of IP packets put onto the line, lost ones included; ``audio_bytes`` those of connections for clips."""

    packets: int = 0
    lost: int = 0
    bytes: int = 0
    audio_bytes: int = 0
    answers: int = 0
    """Packets from the controller that carry something, on connections that fetch no clips."""
    sizes: dict[str, int] = field(default_factory=dict)
    """How many packets of which size went which way: ``out 83`` from a device, ``in 100`` to it."""


class Line:
    """Holds and loses packets; `run` it."""

    def __init__(self, *, delay_s: float, jitter_s: float, loss: float, seed: int, counts: Path) -> None:
        self._delay_s, self._jitter_s, self._loss = delay_s, jitter_s, loss
        self._dice = random.Random(seed)  # noqa: S311 - not for secrets
        self._counts_file = counts
        self._counts = Counts()
        self._audio_ports: set[int] = set()
        self._held: list[tuple[float, int, int, bytes]] = []
        self._number = 0

    def run(self, near: int, far: int, until: int) -> None:
        """Between two TUN devices, until the third file ends."""
        written_s = 0.0
        poll = select.poll()
        for handle in (near, far, until):
            poll.register(handle, select.POLLIN)
        while True:
            now_s = time.monotonic()
            if now_s - written_s >= _WRITE_EVERY_S:
                self._write()
                written_s = now_s
            next_s = min([written_s + _WRITE_EVERY_S, *(held[0] for held in self._held[:1])])
            for handle, _ in poll.poll(max(0.0, (next_s - time.monotonic()) * 1000)):
                if handle == until:
                    if not os.read(until, 64):
                        self._write()
                        return
                else:
                    self._take(os.read(handle, _PACKET_BYTES), far if handle == near else near, out=handle == far)
            self._release()

    def _take(self, packet: bytes, into: int, *, out: bool) -> None:
        if packet[0] >> 4 != 4:
            return  # the kernel's own IPv6 chatter on a fresh device
        self._count(packet, out=out)
        if self._dice.random() < self._loss:
            self._counts.lost += 1
            return
        due_s = time.monotonic() + self._delay_s + self._dice.uniform(-self._jitter_s, self._jitter_s)
        self._number += 1
        heapq.heappush(self._held, (due_s, self._number, into, packet))

    def _release(self) -> None:
        now_s = time.monotonic()
        while self._held and self._held[0][0] <= now_s:
            _, _, into, packet = heapq.heappop(self._held)
            os.write(into, packet)

    def _count(self, packet: bytes, *, out: bool) -> None:
        counts = self._counts
        counts.packets += 1
        counts.bytes += len(packet)
        if packet[9] != _TCP:
            return
        header = (packet[0] & 0xF) * 4
        source, target = struct.unpack_from(">HH", packet, header)
        device_port = source if out else target
        payload = packet[header + (packet[header + 12] >> 4) * 4 :]
        if out and packet[header + 13] & 0x02:
            self._audio_ports.discard(device_port)
        if out and payload.startswith(_CLIP) and device_port not in self._audio_ports:
            self._audio_ports.add(device_port)
            counts.audio_bytes += 3 * 60  # its handshake, which has gone before
        if device_port in self._audio_ports:
            counts.audio_bytes += len(packet)
            return
        counts.answers += bool(payload) and not out
        name = f"{'out' if out else 'in'} {len(packet)}"
        counts.sizes[name] = counts.sizes.get(name, 0) + 1

    def _write(self) -> None:
        fresh = self._counts_file.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self._counts)))
        fresh.replace(self._counts_file)


def read_counts(path: Path) -> Counts:
    """What the line has counted so far, up to a tenth of a second ago."""
    return Counts(**json.loads(path.read_text()))


def _device(name: str) -> int:
    handle = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(handle, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN_NO_PI))
    return handle


def _ip(*words: str, inside: int | None = None) -> None:
    entering = [] if inside is None else ["nsenter", f"--net=/proc/{inside}/ns/net", "--"]
    subprocess.run([*entering, "ip", *words], check=True, stdin=subprocess.DEVNULL)


def main(argv: Sequence[str] | None = None) -> int:
    """Lays the line and keeps it. 0 when its standard input has ended."""
    parser = argparse.ArgumentParser(prog="python -m controller.bench.line")
    parser.add_argument("--holder", type=int, required=True, help="a process in the devices' namespace")
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--jitter-ms", type=float, default=0.0)
    parser.add_argument("--loss-percent", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--counts", type=Path, required=True)
    options = parser.parse_args(argv)
    near, far = _device("near"), _device("far")
    _ip("link", "set", "far", "netns", str(options.holder))
    _ip("addr", "add", f"{NEAR}/24", "dev", "near")
    _ip("link", "set", "near", "up")
    _ip("addr", "add", f"{FAR}/24", "dev", "far", inside=options.holder)
    _ip("link", "set", "far", "up", inside=options.holder)
    _ip("link", "set", "lo", "up", inside=options.holder)
    line = Line(
        delay_s=options.delay_ms / 1000,
        jitter_s=options.jitter_ms / 1000,
        loss=options.loss_percent / 100,
        seed=options.seed,
        counts=options.counts,
    )
    print("ready", flush=True)
    line.run(near, far, sys.stdin.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
