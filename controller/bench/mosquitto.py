"""The peer of `fanout`: mosquitto, the same message, and acknowledgements from as many connections.

The broker is Debian's, on the loopback address, with a configuration of its own: one listener, anonymous, no limit on
what is in flight or queued, and nothing on disk (`persistence false`, its default: ours commits every answer, it keeps
none).

The subscribers live in one process of their own, like our fleet: MQTT 3.1.1 over raw sockets, one asyncio protocol a
connection, one buffer for all. Each has subscribed at QoS 1. Two kinds of rounds take turns:

- **acknowledged**: each client answers with its PUBACK alone, which ends at the broker; the clock stops when the last
  of them is written. The broker takes it a moment later; that is left in its favour.
- **answered**: each client sends its PUBACK and publishes an answer of the size of our fleet's, at QoS 1 too; whoever
  published the order has subscribed to the answers, and the clock stops when it has the last. That is what our
  controller has when it commits: the word of every device, at the one who gave the order.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from controller.bench.figures import CannotMeasure
from controller.stage import LOOPBACK, Program, StageError, free_port

ACKNOWLEDGED_TOPIC: Final = b"loa/order"
"""What is published here is acknowledged by the clients, and no more."""
ANSWERED_TOPIC: Final = b"loa/order/answered"
"""What is published here is answered as well."""
_ORDERS: Final = b"loa/order/#"
ANSWER_TOPIC: Final = b"loa/answer"
ANSWER_BYTES: Final = 90
_BINARY: Final = "mosquitto"
_CONNECTED_WITHIN_S: Final = 120.0
_ANSWERED_WITHIN_S: Final = 60.0
_DIALLING_AT_ONCE: Final = 100
_CONNACK, _PUBLISH, _SUBACK = 0x20, 0x30, 0x90
_QOS_1: Final = 0x02
CONFIGURATION: Final = """listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_inflight_messages 0
max_queued_messages 0
set_tcp_nodelay true
log_type error
log_type warning
"""


# --- MQTT 3.1.1 -------------------------------------------------------------------------------------------------------


def packet(head: int, body: bytes) -> bytes:
    """One control packet: the length in groups of seven bits."""
    size, left = b"", len(body)
    while True:
        left, group = left >> 7, left & 0x7F
        size += bytes((group | (0x80 if left else 0),))
        if not left:
            return bytes((head,)) + size + body


def text(raw: bytes) -> bytes:
    """A string with its length before it."""
    return len(raw).to_bytes(2, "big") + raw


def connect(client_id: str) -> bytes:
    """A clean session without a keep-alive."""
    return packet(0x10, text(b"MQTT") + bytes((4, 2, 0, 0)) + text(client_id.encode()))


def subscribe(topic: bytes) -> bytes:
    """At QoS 1."""
    return packet(0x82, b"\x00\x01" + text(topic) + b"\x01")


def publish(topic: bytes, number: int, payload: bytes) -> bytes:
    """At QoS 1; ``number`` from 1 to 65,535."""
    return packet(_PUBLISH | _QOS_1, text(topic) + number.to_bytes(2, "big") + payload)


def split(received: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole packets in what was received, each its head and its body, and what is left over."""
    packets, at, end = [], 0, len(received)
    while at + 2 <= end:
        size, shift, begins = 0, 0, at + 1
        while begins < end:
            group = received[begins]
            size |= (group & 0x7F) << shift
            begins, shift = begins + 1, shift + 7
            if not group & 0x80:
                break
        else:
            break
        if begins + size > end:
            break
        packets.append((received[at], received[begins : begins + size]))
        at = begins + size
    return packets, received[at:]


def number_of(body: bytes) -> bytes:
    """The packet identifier of a PUBLISH at QoS 1."""
    begins = 2 + int.from_bytes(body[:2], "big")
    return body[begins : begins + 2]


_ANSWERED: Final = text(ANSWERED_TOPIC)


class Client(asyncio.BufferedProtocol):
    """One connection. ``heard`` gets each packet; it answers with what is to be sent back, all in one write."""

    __slots__ = ("_buffer", "_heard", "_left", "transport")

    def __init__(self, buffer: memoryview, heard: Callable[["Client", int, bytes], bytes]) -> None:
        self._buffer = buffer
        self._heard = heard
        self._left = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        packets, self._left = split(self._left + bytes(self._buffer[:nbytes]))
        answer = b"".join([self._heard(self, head, body) for head, body in packets])
        if answer:
            self.send(answer)

    def send(self, raw: bytes) -> None:
        """Bytes as they are."""
        assert self.transport is not None
        self.transport.write(raw)


# --- the subscribers, a process of their own --------------------------------------------------------------------------


class Subscribers:
    """All of them; says in JSON lines when all have subscribed, and when the last PUBACK of a round was taken."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._ready = 0
        self._taken = 0
        self._answer = publish(ANSWER_TOPIC, 1, bytes(ANSWER_BYTES))
        self._clients: list[Client] = []

    async def run(self, port: int) -> None:
        """Connects, then stays until it is ended."""
        loop, buffer = asyncio.get_running_loop(), memoryview(bytearray(131_072))
        gate = asyncio.Semaphore(_DIALLING_AT_ONCE)

        async def dial(number: int) -> None:
            async with gate:
                own = (f"127.2.{number // 250}.{1 + number % 250}", 0)
                _, client = await loop.create_connection(
                    lambda: Client(buffer, self._heard), LOOPBACK, port, local_addr=own
                )
                client.send(connect(f"loa-{number}"))
                self._clients.append(client)

        await asyncio.gather(*(dial(number) for number in range(self._count)))
        await asyncio.Event().wait()

    def _heard(self, client: Client, head: int, body: bytes) -> bytes:
        match head & 0xF0:
            case kind if kind == _PUBLISH:
                taken = b"\x40\x02" + number_of(body)
                if body.startswith(_ANSWERED):
                    return taken + self._answer
                client.send(taken)
                self._taken += 1
                if self._taken == self._count:
                    self._taken = 0
                    self._say("acknowledged", time.monotonic())
            case kind if kind == _CONNACK:
                return subscribe(_ORDERS)
            case kind if kind == _SUBACK:
                self._ready += 1
                if self._ready == self._count:
                    self._say("all_linked", time.monotonic())
        return b""

    def _say(self, event: str, at_s: float) -> None:
        print(json.dumps({"event": event, "at_s": at_s}), flush=True)  # the clock is one for all processes


# --- the measurement --------------------------------------------------------------------------------------------------


class Peer:
    """A running broker with all its subscribers, and whoever publishes the order."""

    def __init__(self, publisher: Client, subscribers: Program, count: int) -> None:
        self._publisher = publisher
        self._subscribers = subscribers
        self._count = count
        self._answers = 0
        self._last = asyncio.Event()

    async def acknowledged(self, order: bytes) -> float:
        """Seconds until the last subscriber has acknowledged. Raises `CannotMeasure`."""
        rounds = len(said(self._subscribers, "acknowledged"))
        began_s = time.monotonic()
        self._publisher.send(publish(ACKNOWLEDGED_TOPIC, 1, order))
        while len(instants := said(self._subscribers, "acknowledged")) == rounds:
            if time.monotonic() > began_s + _ANSWERED_WITHIN_S:
                raise CannotMeasure("mosquitto did not bring the message to everybody")
            await asyncio.sleep(0.05)
        return instants[-1] - began_s

    async def answered(self, order: bytes) -> float:
        """Seconds until the publisher has the last answer. Raises `CannotMeasure`."""
        self._answers = 0
        self._last.clear()
        began_s = time.monotonic()
        self._publisher.send(publish(ANSWERED_TOPIC, 1, order))
        try:
            await asyncio.wait_for(self._last.wait(), _ANSWERED_WITHIN_S)
        except TimeoutError:
            raise CannotMeasure(f"mosquitto brought {self._answers} of {self._count} answers") from None
        return time.monotonic() - began_s

    def heard(self, client: Client, head: int, body: bytes) -> bytes:
        """The publisher's end: counts answers and acknowledges them."""
        if head & 0xF0 != _PUBLISH:
            return subscribe(ANSWER_TOPIC) if head & 0xF0 == _CONNACK else b""
        self._answers += 1
        if self._answers == self._count:
            self._last.set()
        return b"\x40\x02" + number_of(body)


def said(program: Program, event: str) -> list[float]:
    """The instants at which the subscribers said so."""
    lines = [json.loads(line) for line in program.last_words(1_000).splitlines() if line.startswith("{")]
    return [line["at_s"] for line in lines if line["event"] == event]


@contextlib.asynccontextmanager
async def peer(folder: Path, count: int) -> AsyncIterator[Peer]:
    """A broker and so many subscribers. Raises `CannotMeasure`."""
    folder.mkdir(parents=True, exist_ok=True)
    binary = shutil.which(_BINARY, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if binary is None:
        raise CannotMeasure("mosquitto is not installed (Debian: mosquitto)")
    port, configuration = free_port(), folder / "mosquitto.conf"
    configuration.write_text(CONFIGURATION.format(port=port))
    environment = dict(os.environ)
    broker = Program("mosquitto", [binary, "-c", str(configuration)], folder / "mosquitto.log", environment)
    child = [sys.executable, "-m", "controller.bench.mosquitto", str(port), str(count)]
    subscribers = Program("subscribers", child, folder / "subscribers.log", environment)
    subscribers.log.unlink(missing_ok=True)
    await broker.start()
    try:
        await _listening(broker, port)
        await subscribers.start()
        try:
            await _all_there(subscribers, count)
            yield await _publisher(port, subscribers, count)
        finally:
            await subscribers.stop()
    finally:
        await broker.stop()


async def _publisher(port: int, subscribers: Program, count: int) -> Peer:
    made: list[Peer] = []

    def hear(client: Client, head: int, body: bytes) -> bytes:
        return made[0].heard(client, head, body)

    _, client = await asyncio.get_running_loop().create_connection(
        lambda: Client(memoryview(bytearray(131_072)), hear), LOOPBACK, port
    )
    made.append(Peer(client, subscribers, count))
    client.send(connect("loa-publisher"))
    await asyncio.sleep(0.5)
    return made[0]


async def _listening(broker: Program, port: int) -> None:
    give_up_s = time.monotonic() + 10
    while True:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
        except OSError:
            if not broker.running or time.monotonic() > give_up_s:
                raise CannotMeasure(f"mosquitto did not start:\n{broker.last_words()}") from None
            await asyncio.sleep(0.05)
            continue
        writer.close()
        await writer.wait_closed()
        return


async def _all_there(subscribers: Program, count: int) -> None:
    give_up_s = time.monotonic() + _CONNECTED_WITHIN_S
    while not said(subscribers, "all_linked"):
        if not subscribers.running or time.monotonic() > give_up_s:
            raise StageError(f"{count} subscribers did not connect:\n{subscribers.last_words()}")
        await asyncio.sleep(0.1)


def main() -> None:
    """The subscribers: ``PORT COUNT``."""
    port, count = (int(word) for word in sys.argv[1:])
    from controller.web.crowd import raise_file_limit

    raise_file_limit()
    asyncio.run(Subscribers(count).run(port))


if __name__ == "__main__":
    main()
