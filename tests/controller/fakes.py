"""Fakes of the controller's ports. They keep the same contracts as the real parts: see tests/contract."""

import asyncio
import hashlib
import heapq
import itertools
from collections.abc import Awaitable, Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from agents.domain.now import Now
from agents.domain.trust import Accepted, Refusal, Repeated, Trust, judge
from agents.protocol import ids, live, signing
from agents.protocol.channel import LiveAudio
from agents.protocol.codec import decode_document
from agents.protocol.documents import Assignment, Document, Order, Play, SignedDocument
from agents.protocol.ids import DeviceId
from agents.protocol.journal import JournalEvent, JournalRecord, RefusalReason
from agents.protocol.messages import CounterMark, DeviceHello, DocumentReply, Heartbeat, JournalBatch
from agents.protocol.values import ClipRef, ClockBasis, RenditionName
from controller.domain.errors import Refused, StudioFailed, Unreachable
from controller.domain.sounds import Finding, PreparedClips, Profile, Reading, SpokenSentence, VoiceInfo
from controller.domain.speakers import ControllerIdentity, FoundDevice, PairedDevice
from controller.ports import Heard, Meter, Progress, Recoder

T0_US = 1_800_000_000_000_000
SECOND_US = 1_000_000


class FakeClock:
    """Controller time that moves when it is told to."""

    def __init__(self, start_us: int = T0_US) -> None:
        self.clock_id = "clock-1"
        self.step_us = 0
        self.trusted = True
        self._now_us = start_us
        self._order = itertools.count()
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []

    def now_us(self) -> int:
        return self._now_us

    def synchronised(self) -> bool:
        return self.trusted

    async def sleep_until(self, instant_us: int) -> None:
        if instant_us <= self._now_us:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (instant_us, next(self._order), woken))
        await woken

    def advance(self, seconds: float) -> None:
        """Time passes; who slept until then wakes."""
        self._now_us += round(seconds * SECOND_US)
        while self._sleepers and self._sleepers[0][0] <= self._now_us:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)


class KeySigner:
    """A signer with a key of its own."""

    def __init__(self, seed: int = 7) -> None:
        self._key = signing.SigningKey.load(bytes([seed]) * 32)
        self.key_id = self._key.key_id
        self.public_key = self._key.public_bytes

    def sign(self, document: Document) -> SignedDocument:
        return signing.sign(self._key, document)

    def sign_live(self, bundle: live.Bundle) -> LiveAudio:
        return live.sign(self._key, bundle)


def identity(signer: KeySigner) -> ControllerIdentity:
    static_key = bytes(range(32))
    return ControllerIdentity(
        controller_id=ids.controller_id(static_key),
        name="Đài xã",
        static_key=static_key,
        signing_key=signer.public_key,
    )


class FakeStudio:
    """Makes clips of one second a word, without sound. ``hold`` keeps it from finishing, ``failing`` makes it fail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.failing: str | None = None
        self.hold: asyncio.Event | None = None
        self.began = asyncio.Event()

    async def from_text(
        self, reading: Reading, pronunciations: Mapping[str, str], profile: Profile, progress: Progress
    ) -> PreparedClips:
        self._check(reading)
        said = " ".join(pronunciations.get(word, word) for word in reading.text.split())
        content = f"{reading.language} {reading.words_per_minute} {profile} {said}".encode()
        return await self._made(content, len(reading.text.split()), progress)

    def _check(self, reading: Reading) -> None:
        if not any(letter.isalnum() for letter in reading.text):
            raise StudioFailed("nothing to read", code="text_empty")

    async def chime(self) -> PreparedClips:
        return self._clips(b"chime", 3)

    async def siren(self) -> PreparedClips:
        return self._clips(b"siren", 8)

    async def say(self, reading: Reading, pronunciations: Mapping[str, str]) -> bytes:
        self._check(reading)
        return b"RIFF" + reading.text.encode()

    async def sentences(self, reading: Reading, pronunciations: Mapping[str, str]) -> tuple[SpokenSentence, ...]:
        self._check(reading)
        written = [one.strip() for one in reading.text.split(".") if one.strip()]
        return tuple(SpokenSentence(written=one, spoken=pronunciations.get(one, one)) for one in written)

    def voices(self) -> tuple[VoiceInfo, ...]:
        return (
            VoiceInfo(voice_id="fake-vi", name="Fake", languages=("vi",)),
            VoiceInfo(voice_id="fake-en", name="Fake", languages=("en",)),
        )

    async def from_recording(self, source: Path, file_name: str, profile: Profile, progress: Progress) -> PreparedClips:
        content = source.read_bytes()
        if not content.startswith(b"RIFF"):
            raise StudioFailed("not a recording", code="recording_unreadable")
        return await self._made(content, 60, progress)

    async def _made(self, content: bytes, seconds: int, progress: Progress) -> PreparedClips:
        progress(0.0)
        self.began.set()
        progress(0.5)
        if self.hold is not None:
            await self.hold.wait()
        if self.failing is not None:
            raise StudioFailed("made to fail", code=self.failing)
        made = self._clips(content, seconds)
        progress(1.0)
        return made

    def _clips(self, content: bytes, seconds: int) -> PreparedClips:
        renditions = {}
        for name in RenditionName:
            made = name.value.encode() + content
            sha256 = hashlib.sha256(made).hexdigest()
            (self._folder / f"{sha256}.opus").write_bytes(made)
            renditions[name] = ClipRef(sha256=sha256, size_bytes=len(made), frames=seconds * 48_000)
        return PreparedClips(
            renditions=renditions,
            peaks=(0, 50, 100),
            findings=(Finding(code="very_quiet", remedy="amplified", values={"gain_db": 20.0}),),
            integrated_lufs=-16.0,
        )

    async def keep_stream(self, packets: Iterable[bytes]) -> ClipRef:
        kept = list(packets)
        sha256 = hashlib.sha256(b"".join(kept)).hexdigest()
        (self._folder / f"{sha256}.opus").write_bytes(b"".join(kept))
        return ClipRef(sha256=sha256, size_bytes=sum(map(len, kept)), frames=len(kept) * 960)

    def recoder(self) -> AbstractAsyncContextManager[Recoder]:
        raise NotImplementedError

    async def meter(self) -> Meter:
        return lambda packet: -20.0

    async def keep_only(self, wanted: AbstractSet[str]) -> None:
        for path in self._folder.glob("*.opus"):
            if path.stem not in wanted:
                path.unlink()

    def clip_path(self, sha256: str) -> Path | None:
        path = self._folder / f"{sha256}.opus"
        return path if ids.is_sha256(sha256) and path.is_file() else None


class FakeDevice:
    """A device that judges documents as the real one does, and writes a journal when the test says so."""

    def __init__(self, name: str, clock: FakeClock, signing_key: bytes) -> None:
        self.name = name
        self.key = hashlib.sha256(name.encode()).digest()
        self.device_id = ids.device_id(self.key)
        self.journal_id = "journal-1"
        self.journal: list[JournalRecord] = []
        self.received: list[Document] = []
        self.pushes = 0
        self.answers = True
        self.knows_time = True
        self.bundles: list[live.Bundle] = []
        self._clock = clock
        self._trust = Trust(device_id=self.device_id, pinned_key=signing_key)

    def receive(self, signed: SignedDocument) -> DocumentReply:
        self.pushes += 1
        now_us = self._clock.now_us() if self.knows_time else None
        verdict = judge(signed, self._trust, Now(now_us or 0, now_us, None if now_us is None else 0, ClockBasis.LINK))
        match verdict:
            case Accepted(document=document):
                self._trust = self._trust.after(verdict, now_us)
                self.received.append(document)
                return DocumentReply(document_id=document.header.document_id, accepted=True)
            case Repeated(document_id=document_id):
                return DocumentReply(document_id=document_id, accepted=True)
            case Refusal(document_id=document_id, reason=reason, detail=detail):
                return DocumentReply(document_id=document_id, accepted=False, reason=reason, detail=detail)

    @property
    def assignment(self) -> Assignment | None:
        return self._trust.assignment

    def orders(self) -> list[object]:
        """The actions of accepted orders, in the order they came."""
        return [document.action for document in self.received if isinstance(document, Order)]

    def plays(self) -> list[str]:
        return [action.airing.airing_id for action in self.orders() if isinstance(action, Play)]

    def write(self, event: JournalEvent) -> JournalRecord:
        record = JournalRecord(
            seq=len(self.journal) + 1,
            at_us=self._clock.now_us(),
            clock_basis=ClockBasis.LINK,
            clock_error_us=150,
            event=event,
        )
        self.journal.append(record)
        return record

    def batch(self, first_seq: int = 1) -> JournalBatch:
        return JournalBatch(journal_id=self.journal_id, records=tuple(self.journal[first_seq - 1 :]))

    def hello(self) -> DeviceHello:
        counters = tuple(
            CounterMark(key_id=key_id, kind=kind, counter=counter)
            for (key_id, kind), counter in self._trust.counters.items()
        )
        return DeviceHello(
            model="Test box",
            software="1.0",
            name=self.name,
            boot_id="boot-1",
            capabilities=("live-v1",),
            rendition=RenditionName.OPUS24,
            volume_percent=80,
            counters=counters,
            journal_id=self.journal_id,
            journal_last_seq=len(self.journal),
        )

    def heartbeat(self, basis: ClockBasis = ClockBasis.LINK) -> Heartbeat:
        return Heartbeat(
            clock_basis=basis,
            clock_error_us=150,
            clock_offset_us=0,
            volume_percent=80,
            sounding_airing_id=None,
            clips=1,
            disk_free_bytes=1_000_000_000,
            refusals=0,
            unknown_messages=0,
        )


class FakeLinks:
    """Devices at the other end of nothing: a push is a call."""

    def __init__(self) -> None:
        self.devices: dict[DeviceId, FakeDevice] = {}
        self.newcomers: dict[DeviceId, tuple[FakeDevice, str]] = {}
        self.ended: list[DeviceId] = []
        self.on_push: Callable[[FakeDevice, SignedDocument], Awaitable[None]] | None = None
        self.loses_adoptions = False
        self._telling: set[asyncio.Future[None]] = set()

    def connected(self) -> frozenset[DeviceId]:
        return frozenset(self.devices)

    def found(self) -> tuple[FoundDevice, ...]:
        return tuple(
            FoundDevice(
                device_id=device.device_id,
                name=device.name,
                model="Test box",
                software="1.0",
                address="127.0.0.1",
                linked=True,
                seen_by_mdns=True,
                adopted_elsewhere=False,
                identifies_left=5,
                identify_until_us=None,
                found_at_us=T0_US,
            )
            for device, _ in self.newcomers.values()
        )

    async def push(self, device_id: DeviceId, document: SignedDocument) -> DocumentReply:
        device = self.devices.get(device_id)
        if device is None:
            raise Unreachable(f"{device_id} is not connected")
        if self.on_push is not None:
            await self.on_push(device, document)
        await asyncio.sleep(0)
        if not device.answers or device_id not in self.devices:
            raise Unreachable(f"{device_id} does not answer")
        return device.receive(document)

    def broadcast(self, device_ids: Iterable[DeviceId], document: SignedDocument, heard: Heard) -> None:
        for device_id in device_ids:
            task = asyncio.ensure_future(self._told(device_id, document, heard))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _told(self, device_id: DeviceId, document: SignedDocument, heard: Heard) -> None:
        try:
            reply = await self.push(device_id, document)
        except Unreachable:
            heard(device_id, None)
        else:
            heard(device_id, reply)

    def live(self, device_ids: Iterable[DeviceId], audio: LiveAudio) -> int:
        reached = [device for one in device_ids if (device := self.devices.get(one)) is not None]
        for device in reached:
            device.bundles.append(live.read(audio))
        return len(reached)

    def behind(self) -> frozenset[DeviceId]:
        return frozenset(device_id for device_id, device in self.devices.items() if not device.answers)

    async def identify(self, device_id: DeviceId) -> int:
        if device_id not in self.newcomers:
            raise Refused(f"{device_id} is not linked", code="device_gone")
        return 4

    async def adopt(
        self, device_id: DeviceId, code: str, assign: Callable[[PairedDevice], Awaitable[SignedDocument]]
    ) -> PairedDevice:
        if device_id not in self.newcomers:
            raise Refused(f"{device_id} is not linked", code="device_gone")
        device, expected = self.newcomers[device_id]
        if code != expected:
            raise Refused("wrong", code="code_wrong")
        paired = PairedDevice(device_id=device_id, device_key=device.key)
        reply = device.receive(await assign(paired))
        if not reply.accepted:
            raise Refused(str(reply.reason), code="device_refused")
        del self.newcomers[device_id]
        if self.loses_adoptions:
            raise Unreachable("the link broke before the device answered")
        return paired

    async def disconnect(self, device_id: DeviceId) -> None:
        self.ended.append(device_id)
        self.devices.pop(device_id, None)


def decoded(signed: SignedDocument) -> Document:
    """What was signed."""
    return decode_document(signed.payload)


__all__ = ["SECOND_US", "T0_US", "FakeClock", "FakeDevice", "FakeLinks", "FakeStudio", "KeySigner", "RefusalReason"]
