"""A controller's side of the wire for tests: a real WebSocket server, a real channel, real keys; no desk behind it.

It adopts, pushes documents, collects journals and clock exchanges, and misbehaves on request. Everything that a test
waits for is waited for with `until`, which looks again whenever something arrived.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import WSMsgType, web
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agents.protocol import ids
from agents.protocol.channel import Channel, ClockAnswer, ClockAsk, Pattern, clock_tag, prologue
from agents.protocol.codec import clear_decoder, device_decoder, encode
from agents.protocol.documents import Action, Assignment, Audience, Document, Header, Order, SignedDocument
from agents.protocol.journal import JournalRecord
from agents.protocol.messages import (
    Adopt,
    Adopted,
    AdoptRefused,
    DeviceHello,
    DeviceState,
    DocumentPush,
    DocumentReply,
    Heartbeat,
    Hello,
    HelloReply,
    Identify,
    IdentifyReply,
    JournalAck,
    JournalBatch,
    Message,
    NewDevice,
    PairRefused,
    PairReply,
    PairStart,
    Reject,
    Welcome,
)
from agents.protocol.pairing import Binding, ControllerPairing, EnrolmentToken
from agents.protocol.signing import SigningKey, sign
from agents.protocol.values import AiringClass, DocumentKind, Profile, TrustedKey
from agents.protocol.version import CAPABILITIES, LINK_PATH, MAX_FRAME_BYTES

PATIENCE_S = 15.0
DAY_US = 86_400_000_000
T = TypeVar("T")


def wall_us() -> int:
    return time.time_ns() // 1000


@dataclass
class ServedLink:
    """One open link, as the server sees it."""

    hello: Hello
    socket: web.WebSocketResponse
    channel: Channel
    said: list[Message] = field(default_factory=list)
    deflated: int = 0
    """Messages that were longer than the frame they came in."""
    introduced: NewDevice | DeviceHello | None = None

    async def send(self, message: Message) -> None:
        for frame in self.channel.encrypt(encode(message)):
            await self.socket.send_bytes(frame)


@dataclass
class WireServer:
    """Set the fields before a device dials; look at them afterwards."""

    name: str = "Đài thử"
    private: bytes = field(default_factory=lambda: X25519PrivateKey.generate().private_bytes_raw())
    signing: SigningKey = field(default_factory=SigningKey.generate)
    clock_id: str = "t-1"
    clock_offset_us: int = 0
    clock_every_s: float = 0.5
    crowded_s: float = 0.0
    heartbeat_every_s: float = 0.2
    silence_limit_s: float = 15.0
    profile: Profile = Profile.LAN
    acknowledge: bool = True
    answer_clock: bool = True
    reject: Reject | None = None
    speak: Callable[["WireServer", web.WebSocketResponse], Any] | None = None
    """Takes a socket over before anything was said, to misbehave on it."""
    pinned: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, ServedLink] = field(default_factory=dict)
    journals: dict[str, dict[int, JournalRecord]] = field(default_factory=dict)
    heartbeats: list[Heartbeat] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    """When devices asked for the time."""
    dialled: list[float] = field(default_factory=list)
    problems: list[BaseException] = field(default_factory=list)
    counter: int = field(default_factory=wall_us)
    port: int = 0

    @property
    def public(self) -> bytes:
        return X25519PrivateKey.from_private_bytes(self.private).public_key().public_bytes_raw()

    @property
    def controller_id(self) -> str:
        return ids.controller_id(self.public)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}{LINK_PATH}"

    def now_us(self) -> int:
        return wall_us() + self.clock_offset_us

    # --- serving ------------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["WireServer"]:
        self._news = asyncio.Event()
        app = web.Application()
        app.router.add_get(LINK_PATH, self._serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            for link in [*self.links.values()]:
                await link.socket.close()
            await runner.cleanup()

    async def until(self, look: Callable[[], T | None], what: str = "it") -> T:
        """What ``look`` returns as soon as that is something."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self._news.clear()
                found = look()
                if found:
                    return found
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await self._news.wait()
        raise AssertionError(what)

    async def linked(self, state: DeviceState, device_id: str | None = None) -> ServedLink:
        """The link of a device in this state that has said who it is."""

        def look() -> ServedLink | None:
            for link in self.links.values():
                right = link.hello.state is state and device_id in (None, link.hello.device_id)
                if right and link.introduced is not None and not link.socket.closed:
                    return link
            return None

        return await self.until(look)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False, max_msg_size=MAX_FRAME_BYTES + 1, timeout=0.5)
        await socket.prepare(request)
        self.dialled.append(time.monotonic())
        link: ServedLink | None = None
        try:
            if self.speak is not None:
                await self.speak(self, socket)
                return socket
            link = await self._greet(socket)
            if link is not None:
                self.links[link.hello.device_id] = link
                await self._talk(link)
        except (ConnectionError, RuntimeError):
            pass
        except Exception as problem:
            self.problems.append(problem)
            raise
        finally:
            if link is not None and self.links.get(link.hello.device_id) is link:
                del self.links[link.hello.device_id]
            await socket.close()
            self._news.set()
        return socket

    async def _greet(self, socket: web.WebSocketResponse) -> ServedLink | None:
        first = await socket.receive()
        if first.type is not WSMsgType.TEXT:
            return None
        raw = str(first.data).encode()
        hello = clear_decoder().decode(raw)
        assert isinstance(hello, Hello)
        if self.reject is not None:
            await socket.send_str(encode(self.reject).decode())
            return None
        pattern = Pattern.XX if hello.state is DeviceState.NEW else Pattern.KK
        remote = self.pinned.get(hello.device_id)
        if pattern is Pattern.KK and remote is None:
            await socket.send_str(encode(Reject(reason="unknown_device", retry_after_s=0.0)).decode())
            return None
        reply = encode(HelloReply(protocol=1, controller_id=self.controller_id, handshake=pattern.value))
        await socket.send_str(reply.decode())
        channel = Channel.responder(
            pattern, self.private, remote if pattern is Pattern.KK else None, prologue(raw, reply)
        )
        while not channel.finished:
            if channel.my_turn:
                await socket.send_bytes(channel.write_handshake())
            else:
                message = await socket.receive()
                if message.type is not WSMsgType.BINARY:
                    return None
                channel.read_handshake(message.data)
        assert ids.device_id(channel.remote_static) == hello.device_id
        return ServedLink(hello, socket, channel)

    async def _talk(self, link: ServedLink) -> None:
        decoder = device_decoder()
        async for frame in link.socket:
            arrived_us = self.now_us()
            if frame.type is not WSMsgType.BINARY:
                break
            match link.channel.feed(frame.data):
                case bytes(raw):
                    link.deflated += len(raw) > len(frame.data)
                    message = decoder.decode(raw)
                    if message is not None:
                        await self._hear(link, message)
                        self._news.set()
                case ClockAsk() as ask:
                    await self._tell_time(link, ask, arrived_us)

    async def _tell_time(self, link: ServedLink, ask: ClockAsk, arrived_us: int) -> None:
        self.asked.append(arrived_us)
        if self.answer_clock:
            answer = ClockAnswer(ask.t1_us, arrived_us, self.now_us(), True, clock_tag(self.clock_id))
            await link.socket.send_bytes(link.channel.encrypt_clock(answer))
        self._news.set()

    async def _hear(self, link: ServedLink, message: Message) -> None:
        link.said.append(message)
        match message:
            case NewDevice():
                link.introduced = message
            case DeviceHello():
                await link.send(self._welcome())
                link.introduced = message
            case JournalBatch(journal_id=journal_id, records=records):
                self.journals.setdefault(journal_id, {}).update({record.seq: record for record in records})
                if self.acknowledge:
                    await link.send(JournalAck(journal_id=journal_id, committed_seq=records[-1].seq))
            case Heartbeat():
                self.heartbeats.append(message)

    def _welcome(self) -> Welcome:
        return Welcome(
            controller_name=self.name,
            software="wire server",
            capabilities=CAPABILITIES,
            clock_id=self.clock_id,
            clip_ticket="ticket",
            clock_every_s=self.clock_every_s,
            crowded_s=self.crowded_s,
            heartbeat_every_s=self.heartbeat_every_s,
            silence_limit_s=self.silence_limit_s,
            profile=self.profile,
        )

    # --- asking a device ----------------------------------------------------------------------------------------------

    async def ask(self, link: ServedLink, question: Message, *kinds: type[Message]) -> Message:
        """The first answer of one of these kinds that comes after the question."""
        before = len(link.said)
        await link.send(question)

        def look() -> Message | None:
            if link.socket.closed and len(link.said) == before:
                raise ConnectionError("the device hung up")
            return next((message for message in link.said[before:] if isinstance(message, kinds)), None)

        return await self.until(look)

    async def identify(self, link: ServedLink) -> IdentifyReply:
        reply = await self.ask(link, Identify(), IdentifyReply)
        assert isinstance(reply, IdentifyReply)
        return reply

    async def adopt_by_code(self, link: ServedLink, code: str) -> Message:
        """`Adopted`, or how it was refused. Raises `PairingFailed` where the code was wrong."""
        pairing = ControllerPairing(code, Binding.of_controller(link.channel))
        reply = await self.ask(link, PairStart(share=pairing.share), PairReply, PairRefused)
        if not isinstance(reply, PairReply):
            return reply
        return await self.hand_over(link, pairing.finish(reply.share, reply.confirmation))

    async def adopt_by_token(self, link: ServedLink, token: EnrolmentToken) -> Message:
        return await self.hand_over(link, token.controller_proof(Binding.of_controller(link.channel)))

    async def hand_over(self, link: ServedLink, proof: bytes, assignment: SignedDocument | None = None) -> Message:
        adopt = Adopt(
            confirmation=proof,
            controller_name=self.name,
            assignment=assignment or self.sign(self.assignment(link.hello.device_id)),
            signing_key=self.signing.public_bytes,
        )
        # From here on the device may have pinned this controller, even if its answer never arrives.
        before = self.pinned.get(link.hello.device_id)
        self.pinned[link.hello.device_id] = link.channel.remote_static
        answer = await self.ask(link, adopt, Adopted, AdoptRefused)
        if isinstance(answer, AdoptRefused):
            self.pinned.pop(link.hello.device_id)
            if before is not None:
                self.pinned[link.hello.device_id] = before
        await link.socket.close()
        return answer

    async def push(self, link: ServedLink, document: Document | SignedDocument) -> DocumentReply:
        signed = document if isinstance(document, SignedDocument) else self.sign(document)
        reply = await self.ask(link, DocumentPush(document=signed), DocumentReply)
        assert isinstance(reply, DocumentReply)
        return reply

    # --- documents ----------------------------------------------------------------------------------------------------

    def sign(self, document: Document) -> SignedDocument:
        return sign(self.signing, document)

    def header(self, document_id: str = "") -> Header:
        self.counter += 1
        now_us = self.now_us()
        return Header(
            document_id=document_id or f"doc-{self.counter}",
            key_id=self.signing.key_id,
            issued_at_us=now_us,
            not_after_us=now_us + DAY_US,
            counter=self.counter,
        )

    def assignment(self, device_id: str, **changes: Any) -> Assignment:
        own = TrustedKey(
            key_id=self.signing.key_id,
            public_key=self.signing.public_bytes,
            kinds=tuple(DocumentKind),
            classes=tuple(AiringClass),
            areas=("*",),
        )
        values: dict[str, Any] = {
            "header": self.header(),
            "device_id": device_id,
            "speaker_id": "s-1",
            "speaker_name": "Chợ xã",
            "area_path": ("vn", "xa"),
            "trusted_keys": (own,),
            **changes,
        }
        return Assignment(**values)

    def order(self, device_id: str, action: Action) -> Order:
        return Order(header=self.header(), to=Audience(devices=(device_id,)), action=action)
