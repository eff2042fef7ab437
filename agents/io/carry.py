"""What one link of an adopted device carries, from the device's hello to the end of the link.

Rules of the module: every task belongs to the link and ends with it. Reading does nothing slow: documents and journal
acknowledgements are handed to tasks of their own, so that clock answers never wait for a disk. Messages that do not
belong to an adopted device's link are left out and counted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Final

from msgspec import structs

from agents.domain.clock import ControllerClock
from agents.domain.news import is_awaited
from agents.io.addresses import base_url
from agents.io.conductor import Conductor
from agents.io.fetch import ClipSource
from agents.io.heartbeat import Heart
from agents.io.timekeeper import Timekeeper
from agents.io.timeport import TimePort
from agents.io.upload import Gathering, Uploader
from agents.io.waiting import first_of
from agents.io.wire import LinkLost, Wire
from agents.protocol.channel import ClockAnswer, LiveAudio
from agents.protocol.documents import SignedDocument
from agents.protocol.errors import MalformedMessage, WireError
from agents.protocol.messages import DeviceHello, DocumentPush, Heartbeat, JournalAck, Welcome
from agents.protocol.telemetry import Telemetry
from agents.protocol.values import Profile, RenditionName
from agents.protocol.version import CAPABILITIES, DEFLATE, LINK_SILENCE_LIMIT_S

_DOCUMENTS_WAITING_AT_MOST: Final = 64
_FLUSH_WITHIN_S: Final = 5.0
_GATHER_US: Final = 30_000_000
_FIRST_HEARTBEAT_S: Final = 15.0


class Released(Exception):
    """This device is no longer anybody's: it was released by a signed order."""


@dataclass(frozen=True, slots=True)
class About:
    """What a device says of itself. ``boot_id`` changes whenever power came back."""

    model: str
    software: str
    name: str
    boot_id: str


class Carrier:
    """One link's life. Make one a link; `run` it once."""

    def __init__(  # noqa: PLR0917 - what a link stands on
        self,
        wire: Wire,
        about: About,
        conductor: Conductor,
        clock: ControllerClock,
        time: TimePort,
        telemetry: Callable[[str | None], Awaitable[Telemetry]] | None = None,
    ) -> None:
        """``telemetry`` is asked with the address of the other end."""
        self._wire = wire
        self._about = about
        self._conductor = conductor
        self._clock = clock
        self._time = time
        self._telemetry = telemetry
        self._documents: asyncio.Queue[SignedDocument] = asyncio.Queue(_DOCUMENTS_WAITING_AT_MOST)
        self._gathering = Gathering(_GATHER_US, lambda event: is_awaited(event, conductor.airing_of))
        self._unexpected = 0

    async def run(self) -> None:
        """Until the link ends, which is always by an exception: `LinkLost`, a `WireError` or `Released`."""
        welcome = await self._introduce()
        thrifty = welcome.profile is Profile.SIM
        self._wire.channel.deflating = thrifty and DEFLATE in welcome.capabilities
        uploader = Uploader(self._conductor.journal, self._time, self._wire.send, self._gathering if thrifty else None)
        problem: Exception | None = None
        self._conductor.fetch_from(ClipSource(base_url=base_url(self._wire.url), ticket=welcome.clip_ticket))
        try:
            # In a task of its own: before 3.13 a group that breaks forgets that its task was cancelled.
            with self._conductor.outgoing.through(self._wire.send):
                await first_of(self._together(welcome, uploader))
        except* (LinkLost, WireError, Released) as problems:
            problem = _worst(problems)
        finally:
            self._clock.hold()
            self._conductor.fetch_from(None)
        raise problem or LinkLost("the link ended")

    async def _introduce(self) -> Welcome:
        conductor, journal = self._conductor, self._conductor.journal
        assignment = conductor.assignment()
        await self._wire.send(
            DeviceHello(
                model=self._about.model,
                software=self._about.software,
                name=self._about.name,
                boot_id=self._about.boot_id,
                capabilities=CAPABILITIES,
                rendition=RenditionName.OPUS24 if assignment is None else assignment.rendition,
                volume_percent=conductor.heartbeat().volume_percent,
                counters=conductor.counters(),
                journal_id=journal.journal_id,
                journal_last_seq=journal.last_seq,
            )
        )
        match (await self._wire.receive(LINK_SILENCE_LIMIT_S)).content:
            case Welcome() as welcome:
                return welcome
            case other:
                raise MalformedMessage(f"{type(other).__name__} came where a welcome was due")

    async def _together(self, welcome: Welcome, uploader: Uploader) -> None:
        timekeeper = Timekeeper(self._wire, self._clock, self._time, welcome)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(timekeeper, uploader, welcome.silence_limit_s))
            group.create_task(timekeeper.run())
            group.create_task(self._obey(group))
            group.create_task(self._upload(uploader))
            group.create_task(self._beat(welcome, timekeeper))
            group.create_task(self._leave_when_released(uploader))

    async def _read(self, timekeeper: Timekeeper, uploader: Uploader, silence_limit_s: float) -> None:
        while True:
            received = await self._wire.receive(silence_limit_s)
            match received.content:
                case ClockAnswer() as answer:
                    timekeeper.answer(answer, received.arrived_local_us)
                case DocumentPush(document=document):
                    await self._documents.put(document)
                case JournalAck() as ack:
                    uploader.acknowledged(ack)
                case LiveAudio() as audio:
                    self._conductor.live.take(audio)
                case _:
                    self._unexpected += 1

    async def _obey(self, group: asyncio.TaskGroup) -> None:
        """None waits for the disk of the one before it: a stop and an emergency act while another is being kept."""
        under_way = asyncio.Semaphore(_DOCUMENTS_WAITING_AT_MOST)
        while True:
            document = await self._documents.get()
            await under_way.acquire()
            group.create_task(self._answer(document, under_way))

    async def _answer(self, document: SignedDocument, under_way: asyncio.Semaphore) -> None:
        try:
            await self._wire.send(await self._conductor.accept_document(document))
        finally:
            under_way.release()
            self._documents.task_done()

    async def _upload(self, uploader: Uploader) -> None:
        await uploader.run()
        raise Released

    async def _beat(self, welcome: Welcome, timekeeper: Timekeeper) -> None:
        await first_of(timekeeper.fed.wait(), self._sleep(min(welcome.heartbeat_every_s, _FIRST_HEARTBEAT_S)))
        await Heart(self._time, welcome, self._look, self._wire.send).run()

    async def _look(self) -> Heartbeat:
        telemetry = None if self._telemetry is None else await self._telemetry(self._wire.peer_address)
        heartbeat = self._conductor.heartbeat(unknown_messages=self._wire.unknown_count + self._unexpected)
        return structs.replace(heartbeat, telemetry=telemetry)

    async def _sleep(self, seconds: float) -> None:
        await self._time.sleep_until(self._time.monotonic_us() + round(seconds * 1e6))

    async def _leave_when_released(self, uploader: Uploader) -> None:
        """The controller is told of the release by the reply to the order, and gets what the journal still holds."""
        await self._conductor.released.wait()
        await self._documents.join()
        uploader.leave()
        await self._sleep(_FLUSH_WITHIN_S)
        raise Released


def _worst(problems: ExceptionGroup[Exception]) -> Exception:
    """Being released outweighs a fault, a fault outweighs a lost link."""
    found = list(_flat(problems))
    for kind in (Released, WireError):
        for problem in found:
            if isinstance(problem, kind):
                return problem
    return found[0]


def _flat(problems: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for problem in problems.exceptions:
        if isinstance(problem, ExceptionGroup):
            yield from _flat(problem)
        else:
            yield problem
