"""The link of one adopted device, from its first word to its last.

Rules of the module: a link has no task. What the device sends is taken in the call that brings it: questions for the
time, heartbeats and answers to documents at once; journals one after the other, because what is acknowledged must be
committed in its order. What goes to the device is written at once. Who hands in faster than the services can take, or
lets too much pile up that it does not take, is cut. The first thing that ends a link ends it for good.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

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
from controller.links.counters import LinkCounters
from controller.links.desk import DeviceDesk, LinkSettings
from controller.links.sealed import LinkEnded, SealedSocket
from controller.ports import Clock, Heard

_log = logging.getLogger(__name__)
_CROWDED_S: Final = (20.0, 40.0)
"""For so long devices that dial while many do ask for the time without bursts: they are served by then, and do not all
begin at once.
"""
_HandedIn = JournalBatch | LogReport


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message that goes to many, encoded once. ``document_id`` is what the device's reply will name."""

    document_id: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class LinkRoom:
    """What all links share. ``ended`` is called once for each link, with what ended it. ``crowded`` is true while many
    devices dial at once.
    """

    desk: DeviceDesk
    clock: Clock
    settings: LinkSettings
    counters: LinkCounters
    ended: "Callable[[DeviceLink, BaseException], None]"
    crowded: Callable[[], bool]


class DeviceLink:
    """One link. `open`, then `begin`; from then on it lives by what the connection brings."""

    __slots__ = (
        "_asked",
        "_busy",
        "_inbox",
        "_present",
        "_room",
        "address",
        "clip_ticket",
        "device_id",
        "over",
        "silence_limit_s",
        "socket",
        "speaker_id",
    )

    def __init__(
        self, *, device_id: DeviceId, address: str, socket: SealedSocket, room: LinkRoom, clip_ticket: str
    ) -> None:
        self.device_id: Final = device_id
        self.speaker_id: SpeakerId | None = None
        self.address: Final = address
        self.clip_ticket: Final = clip_ticket
        self.socket: Final = socket
        self.over = False
        self._room = room
        self.silence_limit_s = room.settings.lan.silence_limit_s
        self._present = False
        self._asked: dict[str, tuple[Heard, ...]] = {}
        self._inbox: deque[_HandedIn] | None = None
        self._busy: asyncio.Future[Any] | None = None

    def log_fields(self) -> dict[str, object]:
        """Whom a log line speaks of."""
        return {"device_id": self.device_id, "speaker_id": self.speaker_id, "address": self.address}

    @property
    def waiting_bytes(self) -> int:
        """What was sent and the network has not taken yet."""
        return self.socket.socket.waiting_bytes

    # --- its beginning and its end --------------------------------------------------------------------------------

    async def open(self, hello: Message | None) -> None:
        """Tells the services that it is there, and welcomes it; ``hello`` is its first word.

        Raises `LinkEnded`, a `WireError`, or what a service raised: then it is to be ended by `failed`.
        """
        if not isinstance(hello, DeviceHello):
            raise MalformedMessage(f"an adopted device begins with device_hello, not {type(hello).__name__}")
        ingest = self._room.desk.ingest
        speaker = await ingest.connected(self.device_id, hello, self.address)
        if self.over:  # meanwhile
            ingest.disconnected(self.device_id)
            return
        self._present = True
        self.speaker_id = speaker.speaker_id
        self.socket.channel.deflating = speaker.profile is Profile.SIM and DEFLATE in hello.capabilities
        self.socket.send(self._welcome(speaker.profile))

    def begin(self) -> None:
        """From now on it takes what the device sends."""
        self.socket.socket.hand_to(self)

    def _welcome(self, profile: Profile) -> Welcome:
        settings = self._room.settings
        pace = settings.pace(profile)
        self.silence_limit_s = pace.silence_limit_s
        return Welcome(
            controller_name=settings.controller_name[:200],
            software=settings.software,
            capabilities=CAPABILITIES,
            clock_id=self._room.clock.clock_id,
            clip_ticket=self.clip_ticket,
            clock_every_s=pace.clock_every_s,
            clock_burst=pace.clock_burst,
            crowded_s=self._crowded_s(),
            heartbeat_every_s=pace.heartbeat_every_s,
            silence_limit_s=pace.silence_limit_s,
            profile=profile,
        )

    def _crowded_s(self) -> float:
        """Thousands that find the time together in bursts would keep each other from being served."""
        return random.uniform(*_CROWDED_S) if self._room.crowded() else 0.0  # noqa: S311 - it is no secret

    def end(self, why: str, detail: str = "") -> None:
        """Ends the link from outside; the first reason counts."""
        self.failed(LinkEnded(why, detail))

    def failed(self, error: BaseException) -> None:
        """Something ended it: tells everybody who counts on it, once."""
        if self.over:
            return
        self.over = True
        if self._busy is not None:
            self._busy.cancel()
        if self._present:
            self._room.desk.ingest.disconnected(self.device_id)
        asked, self._asked = self._asked, {}
        for heard in (one for waiting in asked.values() for one in waiting):
            heard(self.device_id, None)
        self._room.ended(self, error)

    @property
    def due_s(self) -> float:
        """When it is to be looked at, by the clock of the loop: not before it can have been silent for too long."""
        connection = self.socket.socket
        choked_s = connection.choked_since_s
        since_s = connection.heard_s if choked_s is None else min(connection.heard_s, choked_s)
        return since_s + self.silence_limit_s

    def look(self, now_s: float) -> None:
        """Ends the link where the device was silent, or took nothing, for too long. ``now_s`` is of the loop."""
        connection, limit_s = self.socket.socket, self.silence_limit_s
        if now_s - connection.heard_s >= limit_s:
            self.end("silent", f"nothing was heard for {limit_s:g} s")
        elif connection.choked_since_s is not None and now_s - connection.choked_since_s >= limit_s:
            self.end("slow", "the device does not take what is sent to it")

    # --- what the device says -------------------------------------------------------------------------------------

    def take(self, payload: bytes) -> None:
        """A frame. Raises `LinkEnded`, a `WireError`, or what a service raised."""
        match self.socket.opened(payload):
            case None:
                pass
            case DocumentReply() as reply:
                self._take_reply(reply)
            case Heartbeat() as heartbeat:
                self._room.desk.ingest.heartbeat(self.device_id, heartbeat)
            case JournalBatch() | LogReport() as handed_in:
                self._take_in(handed_in)
            case other:
                raise MalformedMessage(f"an adopted device does not say {type(other).__name__}")

    def _take_reply(self, reply: DocumentReply) -> None:
        if not reply.accepted:
            self._room.counters.documents_refused += 1
            fields = {"event": "document_refused", "document_id": reply.document_id, **self.log_fields()}
            _log.warning("A speaker refused a document: %s %s", reply.reason, reply.detail, extra=fields)
        for heard in self._asked.pop(reply.document_id, ()):
            heard(self.device_id, reply)

    def _take_in(self, handed_in: _HandedIn) -> None:
        if self._busy is None:
            self._work_on(handed_in)
            return
        if self._inbox is None:
            self._inbox = deque()
        if len(self._inbox) >= self._room.settings.inbox_messages:
            raise LinkEnded("flooding", "the device hands in faster than it can be taken")
        self._inbox.append(handed_in)

    def _work_on(self, handed_in: _HandedIn) -> None:
        desk = self._room.desk
        match handed_in:
            case JournalBatch() as batch:
                self._busy = asyncio.ensure_future(desk.ingest.journal(self.device_id, batch))
            case LogReport() as report if desk.hands is not None:
                self._busy = asyncio.ensure_future(desk.hands.log_report(self.device_id, report))
            case LogReport():
                return
        self._busy.add_done_callback(partial(self._worked, handed_in))

    def _worked(self, handed_in: _HandedIn, work: "asyncio.Future[Any]") -> None:
        self._busy = None
        if self.over or work.cancelled():
            return
        error = work.exception()
        if error is not None:
            self.failed(error)
            return
        try:
            if isinstance(handed_in, JournalBatch):
                self._post(encode(JournalAck(journal_id=handed_in.journal_id, committed_seq=work.result())))
            while self._inbox and self._busy is None and not self.over:
                self._work_on(self._inbox.popleft())
        except Exception as fault:
            self.failed(fault)

    # --- what goes to it ------------------------------------------------------------------------------------------

    def ask(self, prepared: Prepared, heard: Heard) -> None:
        """Sends a document; ``heard`` is called with the device's word on it, or with None when the link ends."""
        if self.over:
            heard(self.device_id, None)
            return
        asked = self._asked
        asked[prepared.document_id] = (*asked.get(prepared.document_id, ()), heard)
        self._room.counters.documents_pushed += 1
        self._post(prepared.raw)

    def give_up(self, document_id: str, heard: Heard) -> None:
        """The device's word on that document is not waited for any more."""
        left = tuple(one for one in self._asked.pop(document_id, ()) if one != heard)
        if left:
            self._asked[document_id] = left

    def sound(self, head: bytes, plain: bytes, most_bytes: int, look: bool) -> bool:
        """A piece of live sound, sealed for this link. False where more than ``most_bytes`` wait on it already: then it
        gets none. Asking the machine how much waits costs a call: with ``look``, and wherever something is known to
        wait. Never raises.
        """
        connection = self.socket.socket
        if (look or connection.choked_since_s is not None) and connection.held_bytes > most_bytes:
            return False
        try:
            connection.send_whole(head + self.socket.channel.seal_live(plain))
        except Exception as error:
            self.failed(error)
        return True

    def _post(self, raw: bytes) -> None:
        """Sends a message. A device that lets too much pile up is cut."""
        if self.waiting_bytes + len(raw) > self._room.settings.outbox_bytes:
            self.end("slow", "too much waits for the device to take it")
            return
        try:
            self.socket.send_encoded(raw)
        except Exception as error:
            self.failed(error)
