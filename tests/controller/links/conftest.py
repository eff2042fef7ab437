"""A controller's links with real sockets, services that remember what they were told, and devices of the wire."""

import asyncio
import dataclasses
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agents.protocol import codec, ids, messages
from agents.protocol.channel import Channel, ClockAnswer, ClockAsk, Pattern, prologue
from agents.protocol.documents import Assignment, Audience, Header, Order, ReleaseDevice, SignedDocument
from agents.protocol.ids import DeviceId, SpeakerId
from agents.protocol.journal import Armed, JournalRecord
from agents.protocol.messages import DeviceHello, DeviceState, Heartbeat, Hello, JournalBatch, LogReport, NewDevice
from agents.protocol.pairing import Binding, DeviceAnswer, EnrolmentToken, answer_pairing
from agents.protocol.signing import SigningKey, sign
from agents.protocol.values import ClockBasis, Profile, RenditionName
from agents.protocol.version import LINK_PATH
from controller.domain.speakers import PairedDevice, Speaker, SpeakerState
from controller.links.clips import ClipRoom
from controller.links.clock import ControllerClock
from controller.links.desk import DeviceDesk, LinkSettings
from controller.links.door import Door
from controller.links.hub import Hub
from controller.links.keys import Keys
from controller.links.routes import device_routes
from controller.services.foremost import Foremost

KEYS = Keys(static_private=bytes(range(32)), signing_private=bytes(range(32, 64)))
IDENTITY = KEYS.identity("Test station")


class Services:
    """What links call; ``told`` keeps the calls in their order."""

    def __init__(self) -> None:
        self.pinned: dict[str, bytes] = {}
        self.told: list[tuple[Any, ...]] = []
        self.new: list[DeviceId] = []
        self.commits = asyncio.Event()
        self.commits.set()
        self.delivering: Callable[[DeviceId], Awaitable[None]] | None = None
        self.failing: Exception | None = None
        self.tokens: dict[str, EnrolmentToken] = {}
        self.profile = Profile.LAN
        self.changed = asyncio.Event()

    def _tell(self, *what: Any) -> None:
        self.told.append(what)
        self.changed.set()
        self.changed = asyncio.Event()

    async def until(self, *what: Any) -> None:
        async with asyncio.timeout(5):
            while what not in self.told:
                await self.changed.wait()

    async def pinned_key(self, device_id: DeviceId) -> bytes | None:
        return self.pinned.get(device_id)

    async def dialled_as_new(self, device_id: DeviceId) -> None:
        self.new.append(device_id)

    async def enrolment_token(self, token_id: str) -> EnrolmentToken | None:
        return self.tokens.get(token_id)

    async def enrol(self, token_id: str, paired: PairedDevice, name: str) -> SignedDocument:
        self.pinned[paired.device_id] = paired.device_key
        self._tell("enrolled", token_id, paired.device_id, name)
        return assignment(paired)

    async def connected(self, device_id: DeviceId, hello: DeviceHello, address: str) -> Speaker:
        self._tell("connected", device_id)
        return Speaker(
            speaker_id=SpeakerId("s-1"),
            name="Chợ",
            area_id=ids.AreaId("a-1"),
            device_id=device_id,
            device_key=self.pinned[device_id],
            state=SpeakerState.ADOPTED,
            adopted_at_us=0,
            profile=self.profile,
        )

    def disconnected(self, device_id: DeviceId) -> None:
        self._tell("disconnected", device_id)

    async def journal(self, device_id: DeviceId, batch: JournalBatch) -> int:
        if self.failing is not None:
            raise self.failing
        await self.commits.wait()
        self._tell("committed", device_id, batch.records[-1].seq)
        return batch.records[-1].seq

    def heartbeat(self, device_id: DeviceId, heartbeat: Heartbeat) -> None:
        self._tell("heartbeat", device_id, heartbeat.clips)

    async def log_report(self, device_id: DeviceId, report: LogReport) -> None:
        self._tell("log_report", device_id, report.order_id)

    async def deliver(self, device_id: DeviceId) -> None:
        if self.delivering is not None:
            await self.delivering(device_id)
        self._tell("delivered", device_id)


def header(number: int = 1) -> Header:
    key = SigningKey.load(KEYS.signing_private)
    return Header(document_id=f"doc-{number}", key_id=key.key_id, issued_at_us=0, not_after_us=2**50, counter=number)


def assignment(paired: PairedDevice) -> SignedDocument:
    document = Assignment(
        header=header(),
        device_id=paired.device_id,
        speaker_id="s-1",
        speaker_name="Chợ",
        area_path=("a-1",),
        trusted_keys=(),
    )
    return sign(SigningKey.load(KEYS.signing_private), document)


def order(number: int, padding: int = 0) -> SignedDocument:
    devices = tuple(f"d-{index:014d}" for index in range(padding))
    document = Order(header=header(number), to=Audience(devices=devices), action=ReleaseDevice())
    return sign(SigningKey.load(KEYS.signing_private), document)


class Device:
    """A device on the other end of a socket, as docs/protocol.md describes one."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.private = secrets.token_bytes(32)
        self.public = Channel.initiator(Pattern.XX, self.private, None, b"").local_static
        self.device_id = ids.device_id(self.public)
        self.socket: Any = None
        self.channel: Any = None
        self.capabilities: tuple[str, ...] = ()
        self._http = http
        self._url = url
        self._decoder = codec.controller_decoder()

    async def connect(self) -> "Device":
        self.socket = await self._http.ws_connect(self._url + LINK_PATH, max_msg_size=65_536)
        return self

    async def greet(self, **changes: Any) -> messages.Message:
        """Says hello and returns the answer, a `HelloReply` or a `Reject`."""
        values = {
            "protocol": 1,
            "oldest_protocol": 1,
            "device_id": self.device_id,
            "state": DeviceState.NEW,
            "controller_id": None,
        }
        self._hello = codec.encode(Hello(**{**values, **changes}))
        await self.socket.send_str(self._hello.decode())
        return await self.clear()

    async def clear(self) -> messages.Message:
        frame = await self.frame()
        assert frame.type is aiohttp.WSMsgType.TEXT, frame
        self._reply = frame.data.encode()
        return codec.clear_decoder().decode(self._reply)

    async def frame(self) -> aiohttp.WSMessage:
        async with asyncio.timeout(5):
            return await self.socket.receive()

    async def prove(self, pattern: Pattern) -> "Device":
        key = IDENTITY.static_key if pattern is Pattern.KK else None
        self.channel = Channel.initiator(pattern, self.private, key, prologue(self._hello, self._reply))
        while not self.channel.finished:
            if self.channel.my_turn:
                await self.socket.send_bytes(self.channel.write_handshake())
            else:
                self.channel.read_handshake((await self.frame()).data)
        return self

    async def link_as_new(self, name: str = "Loa chợ", token: EnrolmentToken | None = None) -> "Device":
        await self.connect()
        reply = await self.greet()
        assert reply.handshake == "XX"
        await self.prove(Pattern.XX)
        await self.send(
            NewDevice(
                model="Test box",
                software="1",
                name=name,
                identifies_left=5,
                identify_until_s=600.0,
                enrolment_token_id=token.token_id if token else None,
                enrolment_proof=token.device_proof(self.binding) if token else None,
            )
        )
        return self

    async def link_as_adopted(self) -> "Device":
        """Up to and with the welcome, which is kept in ``welcome``."""
        await self.connect()
        reply = await self.greet(state=DeviceState.ADOPTED, controller_id=IDENTITY.controller_id)
        assert isinstance(reply, messages.HelloReply), reply
        assert reply.handshake == "KK"
        await self.prove(Pattern.KK)
        await self.send(self.introduction())
        self.welcome = await self.receive()
        assert isinstance(self.welcome, messages.Welcome), self.welcome
        return self

    def introduction(self) -> DeviceHello:
        return DeviceHello(
            model="Test box",
            software="1",
            name="Loa chợ",
            boot_id="b",
            capabilities=self.capabilities,
            rendition=RenditionName.OPUS24,
            volume_percent=80,
            counters=(),
            journal_id="j",
            journal_last_seq=0,
        )

    @property
    def binding(self) -> Binding:
        return Binding.of_device(self.channel)

    async def send(self, message: messages.Message) -> None:
        for frame in self.channel.encrypt(codec.encode(message)):
            await self.socket.send_bytes(frame)

    async def ask_time(self, t1_us: int) -> None:
        await self.socket.send_bytes(self.channel.encrypt_clock(ClockAsk(t1_us)))

    async def receive(self) -> Any:
        while True:
            frame = await self.frame()
            assert frame.type is aiohttp.WSMsgType.BINARY, frame
            plain = self.channel.feed(frame.data)
            match plain:
                case bytes():
                    return self._decoder.decode(plain)
                case ClockAnswer():
                    return plain

    async def farewell(self) -> str | None:
        """Why the controller closed the link, as it said; None where it closed without a word."""
        said: str | None = None
        while True:
            frame = await self.frame()
            if frame.type is aiohttp.WSMsgType.BINARY:
                message = self._decoder.decode(self.channel.feed(frame.data))
                said = message.reason if isinstance(message, messages.Reject) else said
            elif frame.type is aiohttp.WSMsgType.TEXT:
                said = codec.clear_decoder().decode(frame.data.encode()).reason
            else:
                return said

    async def answer_pairing(self, code: str) -> DeviceAnswer:
        start = await self.receive()
        assert isinstance(start, messages.PairStart)
        answer = answer_pairing(code, self.binding, start.share)
        await self.send(messages.PairReply(share=answer.share, confirmation=answer.confirmation))
        return answer


@dataclasses.dataclass
class Station:
    """The controller's side, listening."""

    hub: Hub
    door: Door
    services: Services
    clock: ControllerClock
    clips: Path
    url: str
    http: aiohttp.ClientSession
    server: TestServer
    devices: list[Device] = dataclasses.field(default_factory=list)

    def device(self) -> Device:
        self.devices.append(Device(self.http, self.url))
        return self.devices[-1]

    async def adopted(self) -> Device:
        """A device that is pinned on both sides and linked."""
        device = self.device()
        self.services.pinned[device.device_id] = device.public
        await device.link_as_adopted()
        await self.services.until("delivered", device.device_id)
        return device

    async def found(self, device: Device) -> Any:
        async with asyncio.timeout(5):
            while True:
                for found in self.hub.found():
                    if found.device_id == device.device_id and found.linked:
                        return found
                await asyncio.sleep(0)


Open = Callable[..., Awaitable[Station]]


@pytest.fixture
async def open_station(tmp_path: Path) -> AsyncIterator[Open]:
    """Opens a station; keyword arguments change its `LinkSettings`."""
    servers: list[TestServer] = []
    stations: list[Station] = []

    async def open_one(**changes: Any) -> Station:
        hub = Hub(found_changed=lambda: None, push_limit_s=changes.get("push_limit_s", 10.0))
        services = Services()
        clock = ControllerClock(trust_system_clock=True)
        settings = LinkSettings(
            controller_id=IDENTITY.controller_id,
            controller_name=IDENTITY.name,
            software="loa test",
            static_private=KEYS.static_private,
            signing_public=IDENTITY.signing_key,
            **changes,
        )
        door = Door(hub, DeviceDesk(services, services, services, services), clock, settings)
        clips = tmp_path / "clips"
        clips.mkdir(exist_ok=True)
        app = web.Application()
        app.add_routes(device_routes(door, ClipRoom(hub, Shelf(clips), Foremost())))
        server = TestServer(app, host="127.0.0.1")
        await server.start_server()
        servers.append(server)
        station = Station(hub, door, services, clock, clips, str(server.make_url("")), aiohttp.ClientSession(), server)
        stations.append(station)
        return station

    yield open_one
    for station in stations:
        async with asyncio.timeout(5):
            closing = asyncio.create_task(station.hub.close())
            await asyncio.sleep(0)  # the links end first; then their sockets, which wait for the devices' goodbye
            for device in station.devices:
                if device.socket is not None:
                    await device.socket.close()
            await closing
        await station.http.close()
    for server in servers:
        await server.close()


@pytest.fixture
async def station(open_station: Open) -> Station:
    return await open_station()


class Shelf:
    """Clips in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def clip_path(self, sha256: str) -> Path | None:
        path = self._folder / f"{sha256}.opus"
        return path if path.is_file() else None


@pytest.fixture
def armed() -> Callable[[int], JournalRecord]:
    """A journal record with this sequence number."""
    return lambda seq: JournalRecord(
        seq=seq, at_us=1, clock_basis=ClockBasis.LINK, clock_error_us=1, event=Armed(airing_id="x")
    )


@pytest.fixture
def make_order() -> Callable[..., SignedDocument]:
    return order


@pytest.fixture
def make_assignment() -> Callable[[PairedDevice], SignedDocument]:
    return assignment


@pytest.fixture
def controller_identity() -> Any:
    return IDENTITY
