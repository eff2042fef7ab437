"""The link of one adopted device, from its first word to its last.

Rules of the module: one task reads, one writes from a bounded queue, one brings what was read to the services, one
delivers what the device lacks, one waits to be told to end. The reader waits for none of the others: clock requests
are answered from it at once, and a device that hands in faster than the services can take, or takes more slowly than
we hand out, is cut. The first task to fail ends all of them.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from agents.protocol.codec import encode
from agents.protocol.errors import MalformedMessage
from agents.protocol.ids import DeviceId, SpeakerId
from agents.protocol.messages import (
    DeviceHello,
    DocumentReply,
    Heartbeat,
    JournalAck,
    JournalBatch,
    LogReport,
    Message,
    Welcome,
)
from agents.protocol.values import Profile
from agents.protocol.version import CAPABILITIES, DEFLATE
from controller.domain.errors import Unreachable
from controller.links.counters import LinkCounters
from controller.links.desk import DeviceDesk, LinkSettings, ProfilePace
from controller.links.sealed import LinkEnded, SealedSocket
from controller.ports import Clock

_log = logging.getLogger(__name__)


_HandedIn = JournalBatch | Heartbeat | LogReport


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message that goes to many, encoded once. ``document_id`` is what the device's reply will name."""

    document_id: str
    raw: bytes


class DeviceLink:
    """One link. `run` lasts as long as it does; everything else may be called from other tasks meanwhile."""

    def __init__(
        self,
        *,
        device_id: DeviceId,
        address: str,
        socket: SealedSocket,
        desk: DeviceDesk,
        clock: Clock,
        settings: LinkSettings,
        counters: LinkCounters,
        clip_ticket: str,
    ) -> None:
        self.device_id: Final = device_id
        self.speaker_id: SpeakerId | None = None
        self.address: Final = address
        self.clip_ticket: Final = clip_ticket
        self.gone: Final = asyncio.Event()
        self._socket = socket
        self._desk = desk
        self._clock = clock
        self._settings = settings
        self._profile = Profile.LAN
        self._pace: ProfilePace = settings.pace(self._profile)
        self._counters = counters
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue(settings.outbox_messages)
        self._outbox_bytes = 0
        self._inbox: asyncio.Queue[_HandedIn] = asyncio.Queue(settings.inbox_messages)
        self._replies: dict[str, list[asyncio.Future[DocumentReply]]] = {}
        self._end: asyncio.Future[LinkEnded] = asyncio.get_running_loop().create_future()

    def log_fields(self) -> dict[str, object]:
        """Whom a log line speaks of."""
        return {"device_id": self.device_id, "speaker_id": self.speaker_id, "address": self.address}

    @property
    def queued(self) -> int:
        """Messages that wait for the device to take them."""
        return self._outbox.qsize()

    async def run(self, hello: Message | None, welcomed: Callable[[], None]) -> None:
        """``hello`` is the device's first word; ``welcomed`` is called when pushes may begin.

        Raises `LinkEnded`, a `WireError`, or what a service raised.
        """
        if not isinstance(hello, DeviceHello):
            raise MalformedMessage(f"an adopted device begins with device_hello, not {type(hello).__name__}")
        speaker = await self._desk.ingest.connected(self.device_id, hello, self.address)
        self.speaker_id = speaker.speaker_id
        self._profile = speaker.profile
        self._pace = self._settings.pace(self._profile)
        self._socket.channel.deflating = self._profile is Profile.SIM and DEFLATE in hello.capabilities
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._wait_for_end(), name=f"{self.device_id} end")
                await self._socket.send(self._welcome())
                welcomed()
                _log.info("Link up", extra={"event": "link_up", **self.log_fields()})
                group.create_task(self._read(), name=f"{self.device_id} read")
                group.create_task(self._write(), name=f"{self.device_id} write")
                group.create_task(self._hand_in(), name=f"{self.device_id} hand in")
                group.create_task(self._deliver(), name=f"{self.device_id} deliver")
        except BaseExceptionGroup as group_error:
            raise _first(group_error) from None
        finally:
            self._forget_replies()
            await self._desk.ingest.disconnected(self.device_id)

    def _welcome(self) -> Welcome:
        return Welcome(
            controller_name=self._settings.controller_name[:200],
            software=self._settings.software,
            capabilities=CAPABILITIES,
            clock_id=self._clock.clock_id,
            clip_ticket=self.clip_ticket,
            clock_every_s=self._pace.clock_every_s,
            clock_burst=self._pace.clock_burst,
            heartbeat_every_s=self._pace.heartbeat_every_s,
            silence_limit_s=self._pace.silence_limit_s,
            profile=self._profile,
        )

    # --- the tasks of the link --------------------------------------------------------------------------------------

    async def _wait_for_end(self) -> None:
        raise await self._end

    async def _read(self) -> None:
        while True:
            match await self._socket.receive(self._pace.silence_limit_s):
                case DocumentReply() as reply:
                    self._take_reply(reply)
                case JournalBatch() | Heartbeat() | LogReport() as handed_in:
                    self._take_in(handed_in)
                case None:
                    pass
                case other:
                    raise MalformedMessage(f"an adopted device does not say {type(other).__name__}")

    def _take_in(self, message: _HandedIn) -> None:
        try:
            self._inbox.put_nowait(message)
        except asyncio.QueueFull:
            raise LinkEnded("flooding", "the device hands in faster than it can be taken") from None

    async def _hand_in(self) -> None:
        while True:
            match await self._inbox.get():
                case JournalBatch() as batch:
                    committed_seq = await self._desk.ingest.journal(self.device_id, batch)
                    self.queue(encode(JournalAck(journal_id=batch.journal_id, committed_seq=committed_seq)))
                case Heartbeat() as heartbeat:
                    await self._desk.ingest.heartbeat(self.device_id, heartbeat)
                case LogReport() as report:
                    if self._desk.hands is not None:
                        await self._desk.hands.log_report(self.device_id, report)

    async def _deliver(self) -> None:
        try:
            await self._desk.delivery.deliver(self.device_id)
        except Unreachable as error:
            # It is connected, and may only be busy: what it lacks is brought at the next connect.
            _log.warning("Not everything could be delivered: %s", error, extra=self.log_fields())

    async def _write(self) -> None:
        while True:
            raw = await self._outbox.get()
            self._outbox_bytes -= len(raw)
            try:
                async with asyncio.timeout(self._pace.silence_limit_s):
                    await self._socket.send_encoded(raw)
            except TimeoutError:
                raise LinkEnded("slow", "the device does not take what is sent to it") from None

    # --- from outside -----------------------------------------------------------------------------------------------

    def end(self, why: str, detail: str = "") -> None:
        """Ends the link from outside; the first reason counts."""
        if not self._end.done():
            self._end.set_result(LinkEnded(why, detail))

    def queue(self, raw: bytes) -> None:
        """Puts an encoded message behind those that wait. A device that lets too much pile up is cut."""
        if self._outbox.full() or self._outbox_bytes + len(raw) > self._settings.outbox_bytes:
            self.end("slow", "too much waits for the device to take it")
            return
        self._outbox_bytes += len(raw)
        self._outbox.put_nowait(raw)

    async def push(self, prepared: Prepared) -> DocumentReply:
        """Sends a document and waits for the device's word on it. Raises `Unreachable`."""
        reply: asyncio.Future[DocumentReply] = asyncio.get_running_loop().create_future()
        waiting = self._replies.setdefault(prepared.document_id, [])
        waiting.append(reply)
        self._counters.documents_pushed += 1
        self.queue(prepared.raw)
        try:
            async with asyncio.timeout(self._settings.push_limit_s):
                return await reply
        except TimeoutError:
            raise Unreachable(f"{self.device_id} did not confirm {prepared.document_id}") from None
        finally:
            waiting.remove(reply)
            if not waiting and self._replies.get(prepared.document_id) is waiting:
                del self._replies[prepared.document_id]

    def _take_reply(self, reply: DocumentReply) -> None:
        if not reply.accepted:
            self._counters.documents_refused += 1
            fields = {"event": "document_refused", "document_id": reply.document_id, **self.log_fields()}
            _log.warning("A speaker refused a document: %s %s", reply.reason, reply.detail, extra=fields)
        for waiting in self._replies.get(reply.document_id, ()):
            if not waiting.done():
                waiting.set_result(reply)

    def _forget_replies(self) -> None:
        for waiting in self._replies.values():
            for reply in waiting:
                if not reply.done():
                    reply.set_exception(Unreachable(f"the link with {self.device_id} ended"))


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that says most of why a link ended: a fault before an ordinary end."""
    leaves: list[BaseException] = []
    waiting: list[BaseException] = [group]
    while waiting:
        error = waiting.pop()
        if isinstance(error, BaseExceptionGroup):
            waiting.extend(error.exceptions)
        else:
            leaves.append(error)
    return next((error for error in leaves if not isinstance(error, LinkEnded)), leaves[-1])
