"""One simulated device: enrols by token, keeps its link, obeys signed documents, fetches clips, keeps a journal.

Of the guards it keeps quiet hours alone; what airings take of a day it does not count.
"""

import asyncio
import hashlib
import random
import time
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp

from agents.protocol.codec import decode_document
from agents.protocol.documents import Assignment, Order, Play, ReleaseDevice, Rundown, SignedDocument, Start, Stop
from agents.protocol.errors import WireError
from agents.protocol.guards import GuardDetail, WireGuards
from agents.protocol.journal import (
    Armed,
    Failed,
    FailReason,
    Finished,
    Gap,
    JournalEvent,
    JournalRecord,
    Skipped,
    SkipReason,
    Sounding,
    Stopped,
    Stored,
)
from agents.protocol.messages import (
    Adopt,
    Adopted,
    ClockReply,
    ClockRequest,
    CounterMark,
    DeviceHello,
    DocumentPush,
    DocumentReply,
    Heartbeat,
    JournalAck,
    JournalBatch,
    NewDevice,
    Welcome,
)
from agents.protocol.pairing import Binding, EnrolmentToken, require_equal
from agents.protocol.signing import verify
from agents.protocol.values import AiringClass, ClockBasis, DocumentKind, PlannedAiring, RenditionName
from agents.protocol.version import CAPABILITIES, CLIP_PATH
from firmware_stubs.link import Keys, Link, LinkLost, dial

MODEL = "loa-fleet"
CLOCK_ERROR_US = 1_000
_MOST_WAIT_S = 60.0


@dataclass(slots=True)
class Tally:
    """What a whole fleet did so far."""

    enrolled: int = 0
    linked: int = 0
    links_lost: int = 0
    documents: int = 0
    fetched: int = 0
    sounded: int = 0
    acknowledged: int = 0
    problems: dict[str, int] = field(default_factory=dict)

    def problem(self, what: str) -> None:
        self.problems[what] = self.problems.get(what, 0) + 1


class Device:
    """Runs until it is cancelled."""

    def __init__(
        self, name: str, base_url: str, token: EnrolmentToken, http: aiohttp.ClientSession, tally: Tally
    ) -> None:
        self._name, self._base_url, self._token, self._http, self._tally = name, base_url, token, http, tally
        self._keys = Keys()
        self._controller_key: bytes | None = None
        self._signing_key = b""
        self._counters: dict[tuple[str, DocumentKind], int] = {}
        self._journal_id = uuid4().hex
        self._records: list[JournalRecord] = []
        self._last_seq = 0
        self._offset_us = 0
        self._ticket = ""
        self._airings: dict[str, PlannedAiring] = {}
        self._guards: WireGuards | None = None
        self._playing: dict[str, asyncio.Task[None]] = {}
        self._more = asyncio.Event()
        self._in_time = asyncio.Event()

    async def run(self) -> None:
        """Dials for ever, with full jitter."""
        tries = 0
        while True:
            began = time.monotonic()
            try:
                await self._one_link()
            except (LinkLost, WireError, aiohttp.ClientError, OSError) as problem:
                self._tally.links_lost += 1
                self._tally.problem(type(problem).__name__ + ": " + str(problem)[:80])
                asked = getattr(problem, "retry_after_s", 0.0)
                tries = 0 if time.monotonic() - began > 10 else tries + 1
                pause = random.uniform(0, min(_MOST_WAIT_S, 0.5 * 2**tries))  # noqa: S311 - not for secrets
                await asyncio.sleep(max(asked, pause))

    async def _one_link(self) -> None:
        async with dial(self._http, self._base_url, self._keys, self._controller_key) as link:
            if self._controller_key is None:
                await self._enrol(link)
            else:
                await self._serve(link)

    async def _enrol(self, link: Link) -> None:
        binding = Binding.of_device(link.channel)
        await link.send(
            NewDevice(
                model=MODEL,
                software=MODEL,
                name=self._name,
                identifies_left=0,
                identify_until_s=0,
                enrolment_token_id=self._token.token_id,
                enrolment_proof=self._token.device_proof(binding),
            )
        )
        message, _ = await link.receive()
        if not isinstance(message, Adopt):
            raise LinkLost(f"{type(message).__name__} came where an adoption was due")
        require_equal(self._token.controller_proof(binding), message.confirmation)
        self._signing_key = message.signing_key
        self._accept(message.assignment)
        self._controller_key = link.channel.remote_static
        self._tally.enrolled += 1
        await link.send(Adopted())

    async def _serve(self, link: Link) -> None:
        await link.send(
            DeviceHello(
                model=MODEL,
                software=MODEL,
                name=self._name,
                boot_id=self._journal_id,
                capabilities=CAPABILITIES,
                rendition=RenditionName.OPUS24,
                volume_percent=80,
                counters=tuple(
                    CounterMark(key_id=key, kind=kind, counter=counter)
                    for (key, kind), counter in self._counters.items()
                ),
                journal_id=self._journal_id,
                journal_last_seq=self._last_seq,
            )
        )
        welcome, _ = await link.receive()
        if not isinstance(welcome, Welcome):
            raise LinkLost(f"{type(welcome).__name__} came where a welcome was due")
        self._ticket = welcome.clip_ticket
        self._tally.linked += 1
        # In a task of its own: before 3.13 a group that breaks forgets that its task was cancelled.
        together = asyncio.ensure_future(self._together(link, welcome))
        try:
            await asyncio.wait([together])
            together.result()
        except* (LinkLost, WireError, aiohttp.ClientError, OSError) as problems:
            raise LinkLost(str(problems.exceptions[0])) from problems
        finally:
            self._tally.linked -= 1
            together.cancel()
            await asyncio.gather(together, return_exceptions=True)

    async def _together(self, link: Link, welcome: Welcome) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(link, group))
            group.create_task(self._keep_time(link, welcome.clock_every_s))
            group.create_task(self._beat(link, welcome.heartbeat_every_s))
            group.create_task(self._upload(link))

    async def _read(self, link: Link, group: asyncio.TaskGroup) -> None:
        while True:
            message, arrived_us = await link.receive()
            match message:
                case ClockReply():
                    self._offset_us = ((message.t2_us - message.t1_us) + (message.t3_us - arrived_us)) // 2
                    self._in_time.set()
                case DocumentPush():
                    await link.send(self._answer(message.document, group))
                case JournalAck():
                    before = len(self._records)
                    self._records = [r for r in self._records if r.seq > message.committed_seq]
                    self._tally.acknowledged += before - len(self._records)
                    self._more.set()
                case _:
                    self._tally.problem(f"unexpected {type(message).__name__}")

    async def _keep_time(self, link: Link, every_s: float) -> None:
        while True:
            await link.send(ClockRequest(t1_us=time.monotonic_ns() // 1000))
            await asyncio.sleep(every_s)

    async def _beat(self, link: Link, every_s: float) -> None:
        await self._in_time.wait()
        while True:
            await link.send(
                Heartbeat(
                    clock_basis=ClockBasis.LINK,
                    clock_error_us=CLOCK_ERROR_US,
                    clock_offset_us=self._offset_us,
                    volume_percent=80,
                    sounding_airing_id=None,
                    clips=len(self._airings),
                    disk_free_bytes=1 << 30,
                    refusals=0,
                    unknown_messages=0,
                )
            )
            await asyncio.sleep(every_s)

    async def _upload(self, link: Link) -> None:
        sent = 0
        while True:
            fresh = tuple(r for r in self._records if r.seq > sent)[:100]
            if fresh:
                await link.send(JournalBatch(journal_id=self._journal_id, records=fresh))
                sent = fresh[-1].seq
                continue
            self._more.clear()
            await self._more.wait()

    def _answer(self, signed: SignedDocument, group: asyncio.TaskGroup) -> DocumentReply:
        try:
            document = self._accept(signed)
        except WireError as error:
            self._tally.problem(type(error).__name__)
            return DocumentReply(document_id="", accepted=False, detail=str(error))
        self._tally.documents += 1
        match document:
            case Rundown(airings=airings, guards=guards):
                self._guards = guards
                for airing in airings:
                    self._take(airing, group)
            case Order(action=Play(airing=airing)):
                self._take(airing, group)
            case Order(action=Start(airing_id=airing_id, start_at_us=at_us)) if airing_id in self._airings:
                self._play_at(self._airings[airing_id], at_us, group)
            case Order(action=Stop(airing_ids=wanted), header=header):
                for airing_id in list(self._playing) if wanted is None else wanted:
                    self._stop(airing_id, header.document_id)
            case Order(action=ReleaseDevice()):
                self._controller_key = None
        return DocumentReply(document_id=document.header.document_id, accepted=True)

    def _accept(self, signed: SignedDocument) -> Assignment | Rundown | Order:
        verify(self._signing_key, signed)
        document = decode_document(signed.payload)
        kind = DocumentKind(type(document).__name__.lower())
        mark = (document.header.key_id, kind)
        self._counters[mark] = max(self._counters.get(mark, 0), document.header.counter)
        return document

    def _take(self, airing: PlannedAiring, group: asyncio.TaskGroup) -> None:
        if airing.airing_id not in self._airings:
            self._airings[airing.airing_id] = airing
            group.create_task(self._prepare(airing, group))

    async def _prepare(self, airing: PlannedAiring, group: asyncio.TaskGroup) -> None:
        fetched = 0
        for clip in airing.clips(RenditionName.OPUS24):
            url = self._base_url.rstrip("/") + CLIP_PATH.format(sha256=clip.sha256)
            headers = {"Authorization": f"Loa-Device {self._keys.device_id}:{self._ticket}"}
            async with self._http.get(url, headers=headers) as answer:
                body = await answer.read()
            if hashlib.sha256(body).hexdigest() != clip.sha256:
                self._note(Failed(airing_id=airing.airing_id, reason=FailReason.CLIP_CORRUPT))
                return
            fetched += len(body)
            self._tally.fetched += 1
        self._note(Stored(airing_id=airing.airing_id, fetched_bytes=fetched))
        self._note(Armed(airing_id=airing.airing_id))
        if airing.start_at_us is not None:
            self._play_at(airing, airing.start_at_us, group)

    def _play_at(self, airing: PlannedAiring, start_at_us: int, group: asyncio.TaskGroup) -> None:
        if airing.airing_id not in self._playing:
            self._playing[airing.airing_id] = group.create_task(self._play(airing, start_at_us))

    async def _play(self, airing: PlannedAiring, start_at_us: int) -> None:
        await asyncio.sleep(max(0, start_at_us - self._now_us()) / 1e6)
        whole_us = airing.duration_us(RenditionName.OPUS24)
        plays_us = self._until_quiet_us(airing, start_at_us, whole_us)
        if plays_us <= 0:
            detail = GuardDetail.QUIET_HOURS.value
            self._note(Skipped(airing_id=airing.airing_id, reason=SkipReason.GUARDED, detail=detail))
            return
        late_us = self._now_us() - start_at_us
        self._tally.sounded += 1
        self._note(
            Sounding(
                airing_id=airing.airing_id,
                planned_start_us=start_at_us,
                actual_start_us=start_at_us + late_us,
                start_error_us=late_us,
            )
        )
        await asyncio.sleep(plays_us / 1e6)
        lost_us = whole_us - plays_us
        if lost_us:
            self._note(Gap(airing_id=airing.airing_id, from_us=plays_us, lost_us=lost_us, cause="guarded"))
        self._note(
            Finished(airing_id=airing.airing_id, ended_at_us=self._now_us(), played_us=plays_us, lost_us=lost_us)
        )

    def _until_quiet_us(self, airing: PlannedAiring, start_at_us: int, whole_us: int) -> int:
        """How much of it may sound before quiet hours begin; nothing where they hold at its start."""
        if self._guards is None or airing.airing_class is AiringClass.EMERGENCY:
            return whole_us
        begins = [one.from_us - start_at_us for one in self._guards.forbidden if start_at_us < one.until_us]
        return min([whole_us, *begins])

    def _stop(self, airing_id: str, order_id: str) -> None:
        task = self._playing.get(airing_id)
        if task is not None and not task.done():
            task.cancel()
            self._note(Stopped(airing_id=airing_id, order_id=order_id, at_us=0))

    def _note(self, event: JournalEvent) -> None:
        self._last_seq += 1
        self._records.append(
            JournalRecord(
                seq=self._last_seq,
                at_us=self._now_us(),
                clock_basis=ClockBasis.LINK,
                clock_error_us=CLOCK_ERROR_US,
                event=event,
            )
        )
        self._more.set()

    def _now_us(self) -> int:
        return time.monotonic_ns() // 1000 + self._offset_us
