"""One simulated device: dials, enrols by token, says who it is, obeys signed documents.

Rules of the module: no task, no socket and no timer of the event loop of its own; thousands of these share one loop.
"""

import zlib
from collections.abc import Sequence
from typing import Final
from uuid import uuid4

from agents.protocol import ids
from agents.protocol.codec import encode
from agents.protocol.documents import (
    Action,
    Assignment,
    Document,
    End,
    FetchLog,
    Hand,
    Header,
    Order,
    Play,
    ReleaseDevice,
    ReleaseStop,
    Restart,
    Rundown,
    Start,
    Stop,
)
from agents.protocol.errors import MalformedMessage, PairingFailed
from agents.protocol.journal import RefusalReason, Refused, StartedUp
from agents.protocol.messages import (
    Adopt,
    Adopted,
    CounterMark,
    DeviceHello,
    DocumentReply,
    JournalAck,
    LogReport,
    NewDevice,
    Reject,
    Welcome,
)
from agents.protocol.pairing import Binding, require_equal
from agents.protocol.version import CAPABILITIES, MAX_MESSAGE_BYTES
from firmware_stubs import hands
from firmware_stubs.faults import Dice, Fate, Fault, FaultName
from firmware_stubs.link import CLOCK_ANSWER, JSON_DEFLATED, JSON_LAST, JSON_MORE, Link
from firmware_stubs.live import LIVE_AUDIO
from firmware_stubs.noise import StaticKey
from firmware_stubs.obeying import Obedience
from firmware_stubs.reading import Pushed
from firmware_stubs.service import Service
from firmware_stubs.shared import Shared
from firmware_stubs.state import Kept
from firmware_stubs.timers import Timer

MODEL: Final = "loa-fleet"
_MOST_WAIT_S: Final = 60.0
_FIRST_WAIT_S: Final = 0.5
_SETTLED_AFTER_S: Final = 10.0
_LINK_WITHIN_S: Final = 30.0
"""The time that a device gives everything up to the welcome."""
_LOOK_AGAIN_S: Final = 0.5


class Device:
    """Lives from `start` until `stop`. Implements `link.Listener`."""

    __slots__ = (
        "_boot_id",
        "_dice",
        "_fate",
        "_key",
        "_link",
        "_number",
        "_obedience",
        "_parts",
        "_service",
        "_shared",
        "_stopped",
        "_tries",
        "_watch",
        "_welcomed_s",
        "kept",
    )

    def __init__(self, number: int, kept: Kept, shared: Shared, *, seed: int = 0, faults: Sequence[Fault] = ()) -> None:
        self.kept = kept
        self._number = number
        self._shared = shared
        self._key = StaticKey(kept.key)
        self._dice = Dice(seed, number, 0)
        self._fate = Fate(faults, seed, number) if faults else None
        device_id = ids.device_id(self._key.public)
        self._service = Service(kept, device_id, shared, self._fate)
        self._obedience = Obedience(kept, device_id)
        self._boot_id = uuid4().hex
        self._link: Link | None = None
        self._parts = b""
        self._tries = 0
        self._watch: Timer | None = None
        self._welcomed_s: float | None = None
        self._stopped = False
        if kept.controller_key is not None:
            self._service.note(StartedUp(software=MODEL, clean=True))

    @property
    def name(self) -> str:
        """What it calls itself."""
        return f"fleet-{self._number:05d}"

    @property
    def stopped(self) -> bool:
        """Whether a stop of everything holds here."""
        return self._service.player.stopped

    def start(self) -> None:
        """Dials; from then on it keeps its link, for ever."""
        if self._stopped:
            return
        shared = self._shared
        if self._fate is not None and self._fate.holds(FaultName.SILENT, shared.timers.elapsed_s()):
            shared.timers.after(_LOOK_AGAIN_S, self.start)
            return
        link = self._link = Link(shared.way, self._key, self.kept.controller_key, self)
        self._watch = shared.timers.after(_LINK_WITHIN_S, lambda: link.end("nothing came of the link in time"))
        shared.dial(lambda: link, self._number, link.end)

    def stop(self) -> None:
        """Hangs up, and dials no more."""
        self._stopped = True
        if self._link is not None:
            self._link.end("the fleet ends")

    # --- the link ---------------------------------------------------------------------------------------------------

    def opened(self, link: Link) -> None:
        """See `link.Listener`."""
        self._parts = b""
        first = self._introduction(link) if self.kept.controller_key is None else self._hello()
        link.send_plain(bytes((JSON_LAST,)) + encode(first))

    def heard(self, plain: bytes, arrived_us: int) -> None:
        """See `link.Listener`. Raises `WireError`."""
        kind = plain[0] if plain else 0
        if kind == LIVE_AUDIO:
            self._service.heard_live(self._shared.bundles.read(plain), arrived_us)
            return
        if kind == CLOCK_ANSWER:
            self._service.answered(plain, arrived_us)
            return
        self._service.heard_us = arrived_us
        if kind == JSON_MORE:
            self._parts += plain[1:]
        elif kind == JSON_LAST:
            message, self._parts = self._parts + plain[1:] if self._parts else plain[1:], b""
            self._read(message)
        elif kind == JSON_DEFLATED:
            self._read(_inflated(plain[1:]))
        else:
            self._shared.tally.problem(f"a frame of kind {kind}")

    def lost(self, reason: str, retry_after_s: float) -> None:
        """See `link.Listener`."""
        shared, enrolled = self._shared, self._tries < 0
        if self._watch is not None:
            self._watch.cancel()
        if self._service.linked:
            shared.tally.linked -= 1
            shared.tally.links_lost += not self._stopped
        if not enrolled and not self._stopped:
            shared.tally.problem(reason[:120])
            shared.tally.turned_away += reason.startswith("turned away")
        self._service.end()
        self._tally_bytes()
        self._link = None
        if not self._stopped:
            shared.timers.after(max(retry_after_s, self._pause_s()), self.start)

    def _pause_s(self) -> float:
        """Full jitter, doubling to a minute; none right after it was adopted."""
        if self._tries < 0:
            self._tries = 0
            return 0.0
        began_s, self._welcomed_s = self._welcomed_s, None
        if began_s is not None and self._shared.loop.time() - began_s >= _SETTLED_AFTER_S:
            self._tries = 0
        longest_s = min(_MOST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(self._tries, 10))
        self._tries += 1
        return self._dice.draw() * longest_s

    def _tally_bytes(self) -> None:
        if self._link is not None:
            self._shared.tally.sent_bytes += self._link.sent_bytes
            self._shared.tally.received_bytes += self._link.received_bytes

    # --- what it says of itself -------------------------------------------------------------------------------------

    def _introduction(self, link: Link) -> NewDevice:
        token = self._shared.token
        return NewDevice(
            model=MODEL,
            software=MODEL,
            name=self.name,
            identifies_left=0,
            identify_until_s=0,
            enrolment_token_id=None if token is None else token.token_id,
            enrolment_proof=None if token is None else token.device_proof(self._binding(link)),
        )

    def _binding(self, link: Link) -> Binding:
        transport = link.transport
        assert transport is not None
        return Binding(
            device_static=self._key.public,
            controller_static=transport.remote_static,
            handshake_hash=transport.handshake_hash,
        )

    def _hello(self) -> DeviceHello:
        return DeviceHello(
            model=MODEL,
            software=MODEL,
            name=self.name,
            boot_id=self._boot_id,
            capabilities=CAPABILITIES,
            rendition=self.kept.rendition,
            volume_percent=self.kept.volume_percent,
            counters=tuple(
                CounterMark(key_id=mark.key_id, kind=mark.kind, counter=mark.counter) for mark in self.kept.marks
            ),
            journal_id=self.kept.journal_id,
            journal_last_seq=self.kept.last_seq,
        )

    # --- what it is told --------------------------------------------------------------------------------------------

    def _read(self, message: bytes) -> None:
        fate = self._fate
        if fate is not None and self._service.linked and fate.loses(self._shared.timers.elapsed_s()):
            self._shared.tally.fault(FaultName.DROP)
            return
        match self._shared.reader.read(message):
            case Pushed() as pushed if self._service.linked:
                self._service.mouth.say_raw(self._judged(pushed))
            case JournalAck() as ack if self._service.linked:
                self._service.acknowledged(ack)
            case Welcome() as welcome if self.kept.controller_key is not None and not self._service.linked:
                self._welcomed(welcome)
            case Adopt() as adopt if self.kept.controller_key is None:
                self._adopt(adopt)
            case Reject(reason=reason, retry_after_s=retry_after_s) if self._link is not None:
                self._link.end(f"turned away: {reason}", retry_after_s)
            case None:
                pass
            case other:
                self._shared.tally.problem(f"{type(other).__name__} out of turn")

    def _welcomed(self, welcome: Welcome) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._welcomed_s = self._shared.loop.time()
        self._shared.tally.linked += 1
        self._shared.tally.links_opened += 1
        self._service.mouth.open(self._link)
        self._service.begin(welcome)
        self._shared.noticed()

    def _adopt(self, adopt: Adopt) -> None:
        link, token = self._link, self._shared.token
        if link is None or link.transport is None or token is None:
            raise MalformedMessage("an adoption that nobody asked for")
        try:
            require_equal(token.controller_proof(self._binding(link)), adopt.confirmation)
        except PairingFailed as error:
            raise MalformedMessage("the controller does not know the token") from error
        assignment = Pushed(adopt.assignment)
        if not assignment.signed_by(adopt.signing_key) or not isinstance(assignment.document, Assignment):
            raise MalformedMessage("an adoption without an assignment")
        self.kept.controller_key, self.kept.signing_key = link.transport.remote_static, adopt.signing_key
        self._obedience.adopted(assignment)
        self._assigned(assignment.document)
        self._service.note(StartedUp(software=MODEL, clean=True))
        self._shared.tally.enrolled += 1
        self._shared.changed()
        link.send_plain(bytes((JSON_LAST,)) + encode(Adopted()))
        self._tries = -1
        link.end("adopted")

    def _judged(self, pushed: Pushed) -> bytes:
        """Obeys it or not; returns the reply."""
        verdict = self._obedience.judge(pushed, self._service.now_us())
        if isinstance(verdict, RefusalReason):
            return self._refused(pushed, verdict)
        assert pushed.document is not None
        self._shared.tally.documents += 1
        if verdict:
            self._obey(pushed.document)
        return pushed.accepted

    def _refused(self, pushed: Pushed, reason: RefusalReason) -> bytes:
        document = pushed.document
        document_id = "" if document is None else document.header.document_id
        self._service.note(
            Refused(
                document_id=document_id,
                kind="" if pushed.kind is None else str(pushed.kind),
                key_id=pushed.signed.key_id,
                reason=reason,
                detail=pushed.fault[:200],
            )
        )
        return encode(DocumentReply(document_id=document_id, accepted=False, reason=reason))

    def _obey(self, document: Document) -> None:
        match document:
            case Assignment():
                self._assigned(document)
            case Rundown(airings=airings, guards=guards):
                self._service.player.guards = guards
                self._service.player.plan(airings)
            case Order(header=header):
                self._act(header, document.action)

    def _act(self, header: Header, action: Action) -> None:
        player = self._service.player
        match action:
            case Play(airing=airing, ends=ends):
                player.take(airing, header.document_id, ends)
            case Start(airing_id=airing_id, start_at_us=at_us):
                player.start(airing_id, at_us)
            case Stop():
                player.stop(header.document_id, action, header.not_after_us)
            case End(airing_ids=airing_ids, end_at_us=end_at_us):
                player.end_all(airing_ids, header.document_id, end_at_us)
            case ReleaseStop():
                player.release(action)
            case ReleaseDevice():
                self._release()
            case _:
                self._lend_a_hand(header.document_id, action)

    def _assigned(self, assignment: Assignment) -> None:
        kept = self.kept
        kept.speaker_id, kept.areas, kept.groups = assignment.speaker_id, assignment.area_path, assignment.groups
        kept.delay_us, kept.rendition = assignment.delay_us, assignment.rendition
        kept.volume_percent = min(assignment.volume_percent, assignment.max_volume_percent)

    def _lend_a_hand(self, order_id: str, hand: Hand) -> None:
        if isinstance(hand, FetchLog):
            self._service.mouth.say(LogReport(order_id=order_id, text=hands.LOG))
        for event in hands.results(order_id, hand):
            self._service.note(event)
        if isinstance(hand, Restart):
            self._boot_id = uuid4().hex
            self._shared.timers.after(0, lambda: self._hang_up("it was told to restart"))

    def _release(self) -> None:
        """It is new again, once it has answered."""
        kept = self.kept
        kept.controller_key = kept.signing_key = None
        kept.areas = kept.groups = ()
        kept.marks.clear()
        kept.waiting.clear()
        kept.journal_id, kept.last_seq = uuid4().hex, 0
        self._service.forget()
        self._shared.changed()
        self._shared.timers.after(0, lambda: self._hang_up("it was released"))

    def _hang_up(self, why: str) -> None:
        if self._link is not None:
            self._link.end(why)


def _inflated(deflated: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        message = inflater.decompress(deflated, MAX_MESSAGE_BYTES)
    except zlib.error as error:
        raise MalformedMessage("a message that cannot be inflated") from error
    if not inflater.eof or inflater.unused_data:
        raise MalformedMessage("a deflated message without an end, or too large")
    return message
