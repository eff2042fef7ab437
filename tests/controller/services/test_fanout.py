"""One order to hundreds of linked devices: every answer is stored, whatever some of them do.

The links, their channels and the database are the real ones; only the network between is a call.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from agents.protocol import ids
from agents.protocol.channel import Channel, Pattern
from agents.protocol.codec import controller_decoder, decode_document, encode
from agents.protocol.documents import Audience, Stop
from agents.protocol.ids import DeviceId, DocumentId
from agents.protocol.journal import RefusalReason
from agents.protocol.messages import DocumentPush, DocumentReply
from agents.protocol.values import DocumentKind
from controller.domain.errors import StoreFailed
from controller.links.desk import DeviceDesk, LinkSettings
from controller.links.device_link import DeviceLink, LinkRoom
from controller.links.frames import Frames, Kind, frame, unmasked
from controller.links.hub import Hub
from controller.links.link_socket import LinkSocket
from controller.links.sealed import SealedSocket
from controller.services.outbox import Outbox
from tests.controller.services.station import Station

OWN, THEIRS = bytes(range(32)), bytes(range(32, 64))
OWN_PUBLIC = Channel.initiator(Pattern.XX, OWN, None, b"").local_static
THEIRS_PUBLIC = Channel.initiator(Pattern.XX, THEIRS, None, b"").local_static
MASK = b"\x01\x02\x03\x04"
Answer = Callable[[DocumentReply], DocumentReply | None]


class Nothing:
    """Services that nobody needs here."""

    def disconnected(self, device_id: DeviceId) -> None: ...


class Line(asyncio.Transport):
    """A network that brings everything at once, to a device that answers by ``answer`` in a later turn."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer
        self.pushes = 0
        self.socket: LinkSocket | None = None
        self.device = Channel.initiator(Pattern.KK, THEIRS, OWN_PUBLIC, b"")
        self.frames = Frames()
        self._closing = False
        self._decoder = controller_decoder()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...
    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None: ...
    def resume_reading(self) -> None: ...
    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing and self.socket is not None:
            self._closing = True
            self.socket.connection_lost(None)

    abort = close

    def write(self, data: Any) -> None:
        kind, payload = _unframed(bytes(data))
        if kind is not Kind.BINARY:
            return
        plain = self.device.feed(payload)
        message = self._decoder.decode(plain) if isinstance(plain, bytes) else None
        if isinstance(message, DocumentPush):
            self.pushes += 1
            document_id = decode_document(message.document.payload).header.document_id
            reply = self.answer(DocumentReply(document_id=document_id, accepted=True))
            if reply is not None:
                asyncio.get_running_loop().call_soon(self.say, reply)

    def say(self, reply: DocumentReply) -> None:
        """The device's word arrives."""
        for sealed in self.device.encrypt(encode(reply)):
            raw = bytearray(frame(Kind.BINARY, b""))
            length = len(sealed)
            raw[1:] = bytes((0x80 | length,)) if length < 126 else bytes((0x80 | 126,)) + length.to_bytes(2, "big")
            raw += MASK + unmasked(sealed, MASK)
            if self.socket is not None and not self._closing:
                self.socket.get_buffer(-1)[: len(raw)] = raw
                self.socket.buffer_updated(len(raw))


def _unframed(raw: bytes) -> tuple[Kind, bytes]:
    length = raw[1]
    at = {126: 4, 127: 10}.get(length, 2)
    return Kind(raw[0] & 0x0F), raw[at:]


class Crowd:
    """Hundreds of devices with a link, and the desk's way to them."""

    def __init__(self, station: Station) -> None:
        self.hub = Hub(found_changed=lambda: None, push_limit_s=0.3)
        self.outbox = Outbox(station.desk._office, self.hub)
        settings = LinkSettings(
            controller_id=ids.controller_id(OWN_PUBLIC),
            controller_name="",
            software="",
            static_private=OWN,
            signing_public=b"",
        )
        nothing: Any = Nothing()
        self._room = LinkRoom(
            desk=DeviceDesk(nothing, nothing, nothing),
            clock=station.clock,
            settings=settings,
            counters=self.hub.counters,
            ended=lambda link, _: self.hub.roll.leave(link),
            crowded=lambda: False,
        )
        self.lines: dict[DeviceId, Line] = {}

    def add(self, answer: Answer) -> DeviceId:
        line = Line(answer)
        own = Channel.responder(Pattern.KK, OWN, THEIRS_PUBLIC, b"")
        own.read_handshake(line.device.write_handshake())
        line.device.read_handshake(own.write_handshake())
        line.socket = LinkSocket(line, asyncio.Protocol(), self.hub.sockets)
        device_id = DeviceId(f"d-{len(self.lines):04d}")
        sealed = SealedSocket(own, line.socket, self._room.clock, self.hub.counters.decoder)
        link = DeviceLink(device_id=device_id, address="", socket=sealed, room=self._room, clip_ticket="")
        self.hub.roll.claim(link)
        self.hub.roll.welcomed(link)
        link.begin()
        self.lines[device_id] = line
        return device_id


@pytest.fixture
async def crowd(station: Station) -> AsyncIterator[Crowd]:
    made = Crowd(station)
    running = asyncio.create_task(made.outbox.run())
    yield made
    running.cancel()
    for line in made.lines.values():
        line.close()


def obeys(reply: DocumentReply) -> DocumentReply:
    return reply


def refuses(reply: DocumentReply) -> DocumentReply:
    return DocumentReply(document_id=reply.document_id, accepted=False, reason=RefusalReason.EXPIRED)


def is_dead(_: DocumentReply) -> None:
    return None


async def order(station: Station) -> tuple[Any, Any]:
    office = station.desk._office
    await office.secretary.stock(DocumentKind.ORDER)
    return office.secretary.order(Audience(areas=("a",)), Stop(), station.clock.now_us() + 3_600_000_000)


async def test_every_answer_is_stored_whatever_some_devices_do(station: Station, crowd: Crowd) -> None:
    good = {crowd.add(obeys) for _ in range(280)}
    refusing = {crowd.add(refuses) for _ in range(10)}
    dead = {crowd.add(is_dead) for _ in range(10)}
    leaving: dict[DeviceId, Line] = {}
    for _ in range(10):
        device_id = crowd.add(lambda _: None)
        leaving[device_id] = crowd.lines[device_id]
        leaving[device_id].answer = lambda _, line=leaving[device_id]: line.close()  # type: ignore[misc]
    away = DeviceId("d-nowhere")
    document, signed = await order(station)
    pushing = asyncio.create_task(
        crowd.outbox.push_all([*good, *refusing, *dead, *leaving, away], document, signed, overtaking=True)
    )
    order_id = DocumentId(document.header.document_id)

    async def told() -> bool:
        station.clock.advance(0.1)  # who is connected and does not answer is told again
        return all(crowd.lines[one].pushes > 1 for one in dead)

    await station.until(told)
    slow = dead.pop()
    crowd.lines[slow].say(DocumentReply(document_id=order_id, accepted=True))
    for one in dead:
        crowd.lines[one].close()
    async with asyncio.timeout(10):
        while not pushing.done():
            station.clock.advance(0.1)
            await asyncio.sleep(0)
    replies = await pushing
    async with station.store.reading() as tx:
        stored = {one.device_id: one for one in await tx.documents.delivered(order_id)}
    assert {who for who, one in stored.items() if one.accepted} == good | {slow}
    assert {who for who, one in stored.items() if one.reason is RefusalReason.EXPIRED} == refusing
    assert replies.keys() == stored.keys()
    assert all(crowd.lines[one].pushes == 1 for one in good | refusing), "who has answered is left alone"


async def test_who_was_overtaken_is_told_again_with_a_new_number_all_at_once(station: Station, crowd: Crowd) -> None:
    def late(reply: DocumentReply, seen: set[int]) -> DocumentReply:
        """Obeys when it comes for the second time."""
        seen.add(len(seen))
        reason = RefusalReason.REPLAYED if len(seen) == 1 else None
        return DocumentReply(document_id=reply.document_id, accepted=reason is None, reason=reason)

    devices = [crowd.add(lambda reply, seen=set(): late(reply, seen)) for _ in range(50)]  # type: ignore[misc]
    document, signed = await order(station)
    replies = await crowd.outbox.push_all(devices, document, signed)
    assert len(replies) == 50
    assert all(reply.accepted for reply in replies.values())
    assert all(line.pushes == 2 for line in crowd.lines.values())


async def test_who_does_not_know_yet_where_it_stands_is_told_by_name(station: Station) -> None:
    _, device = await station.speaker("Chợ")
    office, outbox = station.desk._office, station.desk.stops._outbox
    to = Audience(areas=("a-that-it-was-moved-to",))
    ends_us = station.clock.now_us() + 3_600_000_000
    for push_alone in (True, False):
        document, signed = office.secretary.order(to, Stop(), ends_us)
        if push_alone:
            reply = await outbox.push(device.device_id, document, signed)
        else:
            reply = (await outbox.push_all([device.device_id], document, signed))[device.device_id]
        assert reply is not None
        assert reply.accepted
        told = device.received[-1]
        assert told.header.document_id == document.header.document_id
        assert told.to == Audience(devices=(device.device_id,))


async def test_a_device_with_an_open_question_gets_the_next_document_when_it_has_answered(
    station: Station, crowd: Crowd
) -> None:
    device_id = crowd.add(is_dead)
    line = crowd.lines[device_id]
    first, first_signed = await order(station)
    asked = asyncio.create_task(crowd.outbox.push(device_id, first, first_signed))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second, second_signed = await order(station)
    more = asyncio.create_task(crowd.outbox.push_all([device_id], second, second_signed))
    stop, stop_signed = await order(station)
    stopped = asyncio.create_task(crowd.outbox.push_all([device_id], stop, stop_signed, overtaking=True))
    for _ in range(10):
        await asyncio.sleep(0)
    assert line.pushes == 2, "the stop overtakes, the other waits"
    line.answer = obeys
    for document in (stop, first):
        line.say(DocumentReply(document_id=document.header.document_id, accepted=True))
    async with asyncio.timeout(10):
        assert (await stopped)[device_id].accepted
        assert (await more)[device_id].accepted
    asked.cancel()


async def test_a_database_that_fails_keeps_the_document_from_nobody(
    station: Station, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise StoreFailed("disk full")

    devices = [crowd.add(obeys) for _ in range(20)]
    document, signed = await order(station)
    with monkeypatch.context() as broken:
        broken.setattr(station.store, "transaction", fails)
        replies = await crowd.outbox.push_all(devices, document, signed, overtaking=True)
    assert len(replies) == 20
    assert all(line.pushes == 1 for line in crowd.lines.values())
