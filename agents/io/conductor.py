"""The live shell around the player: what the link, the engine and the clock talk to.

Rules of the module: it owns the performer (what the player decides is done), the reception (documents), the fetcher
(clips) and their tasks, which end with `run`. Everything happens on one event loop.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from agents.domain.clock import ControllerClock
from agents.domain.fetching import with_pinned
from agents.domain.now import Now
from agents.domain.player import PlayerSettings
from agents.domain.player import events as player_events
from agents.domain.player.effects import FetchClips
from agents.domain.player.events import ClipLost, ClipStored, ClockChanged, DocumentTaken, Restored
from agents.io.clips import ClipStore
from agents.io.fetch import ClipSource, Fetcher, FetchSettings
from agents.io.heard import HeardFile
from agents.io.journal import JournalStore
from agents.io.kept import Pinned
from agents.io.live import LiveRoom
from agents.io.local import LocalSounds
from agents.io.outgoing import Outgoing
from agents.io.output import events as engine_events
from agents.io.performer import Engine, Performer
from agents.io.reception import Reception
from agents.io.state import CRASHES_IN_A_ROW, StateStore
from agents.io.timeport import TimePort
from agents.protocol.documents import Assignment, Hand, Order, SignedDocument
from agents.protocol.ids import KeyId
from agents.protocol.journal import FailReason, JournalEvent, RecordsLost, StartedUp
from agents.protocol.messages import CounterMark, DocumentReply, Heartbeat
from agents.protocol.values import AiringClass, PlannedAiring, Profile

VOLUME_WHEN_NEW_PERCENT = 100

log = logging.getLogger(__name__)

_REASONS: dict[engine_events.FailReason, FailReason] = {
    "clip": FailReason.DECODE_FAILED,
    "output": FailReason.OUTPUT_FAILED,
    "engine": FailReason.OUTPUT_FAILED,
}


@dataclass(frozen=True, slots=True)
class ConductorSettings:
    """What the player and the fetcher go by."""

    player: PlayerSettings = field(default_factory=PlayerSettings)
    fetch: FetchSettings = field(default_factory=FetchSettings)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the conductor stands on. The engine's events are to be given to `Conductor.play_event`."""

    device_id: str
    software: str
    time: TimePort
    clock: ControllerClock
    engine: Engine
    state: StateStore
    clips: ClipStore
    settings: ConductorSettings = field(default_factory=ConductorSettings)
    standing: tuple[Order, ...] = ()
    """What holds on this box whatever was signed: the stop of its own button."""


class Conductor:
    """`run` it, wait until it is ready, then call the rest. ``journal`` is for the link to empty."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._heard = HeardFile(parts.state.directory)
        self.live = LiveRoom(items=lambda: self._performer.state.items, key_of=self._key_of, now=self._now)
        """Where live sound goes that arrives over a link."""
        self._performer = Performer(
            time=parts.time,
            clock=parts.clock,
            engine=parts.engine,
            clips=parts.clips,
            journal=parts.state.journal,
            heard=self._heard,
            fetch=self._fetch,
            live=self.live.buffer,
            settings=parts.settings.player,
        )
        self.performer: Performer = self._performer
        """For whoever acts on the box itself: what the player knows, and what it may be told besides documents."""
        self.local = LocalSounds(parts.engine, self._performer)
        """Sounds of the device's own, below all airings."""
        self.outgoing = Outgoing()
        """What is sent to the controller besides the link's own messages."""
        self.open_hands: tuple[Order, ...] = ()
        """Orders for remote actions of which the run before this one had not told the end; known once it is ready."""
        self._fetcher = self._made_fetcher(parts)
        self._planned = FetchClips((), frozenset())
        self._reception = self._made_reception(parts)
        self.hands: Callable[[Order], None] = lambda order: None
        """Called with every order for a remote action, once, when it is on disk. Whoever does them sets this."""
        parts.clips.on_evicted = self._clip_evicted
        self._ready = asyncio.Event()
        self._pinned_changed = asyncio.Event()
        self._clock_version = -1
        self.journal: JournalStore = parts.state.journal
        self.airing_of: Callable[[str], PlannedAiring | None] = self._airing
        """Finds an airing that this device still knows."""
        self.released: asyncio.Event = self._reception.released
        """Set once a release order was accepted: empty the journal if there is a way, then `forget`."""

    async def run(self) -> None:
        """Until cancelled; then the journal is complete. Raises `StateError` where nothing can be loaded."""
        await self._restore()
        self._ready.set()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._performer.run())
                group.create_task(self._reception.run())
                group.create_task(self._make_ready())
                group.create_task(self._fetcher.run())
                group.create_task(self._write_refusals())
        finally:
            self._ready.clear()
            await self._reception.write_folded(everything=True)
            await self._performer.finish()

    async def wait_ready(self) -> None:
        """Returns when what was kept is loaded and documents can be accepted."""
        await self._ready.wait()

    # --- for the link -----------------------------------------------------------------------------------------------

    async def accept_document(self, signed: SignedDocument) -> DocumentReply:
        """Verifies, keeps, obeys. Accepted means that it is on disk."""
        before = self.assignment()
        reply = await self._reception.accept(signed)
        if self.assignment() is not before:
            self._as_assigned()
        return reply

    async def adopt(self, pinned: Pinned, assignment: SignedDocument) -> DocumentReply:
        """Pins the controller and takes its first assignment in one moment; refused, nothing has changed.

        Raises `StateError`; then nothing has changed either.
        """
        reply = await self._reception.adopt(pinned, assignment)
        self._as_assigned()
        return reply

    def counters(self) -> tuple[CounterMark, ...]:
        """The highest counters accepted, for the hello."""
        counters = self._reception.trust.counters
        return tuple(CounterMark(key_id=key, kind=kind, counter=top) for (key, kind), top in counters.items())

    def assignment(self) -> Assignment | None:
        """What this device is, None while it is new."""
        return self._reception.trust.assignment

    def fetch_from(self, source: ClipSource | None) -> None:
        """Where clips come from while a link lives; None: from nowhere, the link is down."""
        if source is None:
            self._fetcher.link_down()
        else:
            self._fetcher.link_up(source)

    def heartbeat(self, unknown_messages: int = 0) -> Heartbeat:
        """How the device is, at this moment."""
        now = self._performer.now()
        sounding = self._performer.state.sounding()
        return Heartbeat(
            clock_basis=now.basis,
            clock_error_us=now.clock_error_us,
            clock_offset_us=None if now.controller_us is None else now.controller_us - now.local_us,
            volume_percent=min(self._volume_percent(), self._guarded_percent()),
            sounding_airing_id=None if sounding is None else sounding.airing_id,
            clips=len(self._parts.clips.names()),
            disk_free_bytes=self._parts.clips.disk_free_bytes(),
            refusals=self._reception.refusals,
            unknown_messages=unknown_messages,
        )

    async def forget(self) -> None:
        """Silence; forgets controller, documents, journal and clips. Counters stay: what is old stays old.

        Raises `StateError` or `OSError`.
        """
        await self._reception.settled()
        self.local.stop()
        self._performer.reset()
        self._fetcher.want(())
        await self._parts.state.forget()
        await self._parts.clips.clear()
        kept = await self._parts.state.load()
        self._reception.released.clear()
        self._reception.restore(kept)
        self._planned = FetchClips((), frozenset())
        self._as_assigned()

    # --- for the clock and the engine -------------------------------------------------------------------------------

    def clock_changed(self) -> None:
        """The controller clock was fed, or lost. To be called after every change."""
        if self._ready.is_set() and self._parts.clock.version != self._clock_version:
            self._clock_version = self._parts.clock.version
            self._performer.clock_moved()
            self._performer.tell(ClockChanged())

    def play_event(self, event: engine_events.PlayEvent) -> None:
        """What the engine says. To be given to it."""
        if self._ready.is_set() and not self.local.hears(event):
            self._performer.tell(_translated(event))

    # --- inside -----------------------------------------------------------------------------------------------------

    def _made_fetcher(self, parts: Parts) -> Fetcher:
        return Fetcher(
            parts.device_id,
            parts.clips,
            parts.time,
            self._tell,
            controller_us=lambda: self._performer.now().controller_us,
            settings=parts.settings.fetch,
        )

    def _made_reception(self, parts: Parts) -> Reception:
        return Reception(
            device_id=parts.device_id,
            state=parts.state,
            now=self._performer.now,
            tell=self._tell,
            record=self._performer.record,
            class_of=self._class_of,
            hands=lambda order: self.hands(order),  # noqa: PLW0108 - set later
        )

    async def _restore(self) -> None:
        state = self._parts.state
        kept = await state.load()
        documents = self._reception.restore(kept)
        self.open_hands = tuple(one for one in documents if isinstance(one, Order) and isinstance(one.action, Hand))
        first: list[JournalEvent] = [StartedUp(software=self._parts.software[:200], clean=state.was_clean)]
        if state.was_damaged:
            first.append(RecordsLost(cause="the device's state was damaged, and begun anew"))
        self._performer.record(first)
        heard = await asyncio.to_thread(self._heard.read)
        complete = kept.rotten == 0
        if not complete:
            crashed = f"after {state.crashes} crashes in a row"
            why = crashed if state.crashes >= CRASHES_IN_A_ROW else "they are not what was signed"
            log.error("%s documents are left out: %s", kept.rotten, why, extra={"event": "state_left_out"})
        told = (*documents, *self._parts.standing)
        self._performer.tell(
            Restored(told, kept.marks, heard, self._parts.clips.names(), kept.airtime, complete=complete)
        )
        self._as_assigned()

    async def _write_refusals(self) -> None:
        time, reception = self._parts.time, self._reception
        while True:
            await reception.folded.wait()
            due_us = reception.next_fold_us()
            if due_us is None:
                reception.folded.clear()
                continue
            await time.sleep_until(due_us)
            await reception.write_folded()

    async def _make_ready(self) -> None:
        """Verifies what is pinned, once a run: it must not have rotted, and an emergency will not have the time."""
        while True:
            self._pinned_changed.clear()
            assignment = self.assignment()
            await self._performer.make_ready(() if assignment is None else assignment.pinned)
            await self._pinned_changed.wait()

    def _tell(self, event: player_events.Event) -> None:
        self._performer.tell(event)
        if isinstance(event, ClipStored) or (
            isinstance(event, DocumentTaken) and isinstance(event.document, Assignment)
        ):
            self._pinned_changed.set()

    def _fetch(self, effect: FetchClips) -> None:
        self._planned = effect
        self._want()

    def _want(self) -> None:
        """What the player wants, and what is always to be kept."""
        assignment, clips = self.assignment(), self._parts.clips
        everything = with_pinned(self._planned, () if assignment is None else assignment.pinned, clips.has)
        clips.need(everything.needed)
        self._fetcher.want(everything.wants)

    def _clip_evicted(self, sha256: str) -> None:
        """Or an airing that comes to need it later would be told to have it."""
        self._performer.tell(ClipLost(sha256, FailReason.CLIP_MISSING, "The clip had to make room for others."))

    def _class_of(self, airing_id: str) -> AiringClass | None:
        airing = self._airing(airing_id)
        return None if airing is None else airing.airing_class

    def _now(self) -> Now:
        return self._performer.now()

    def _key_of(self, key_id: str) -> bytes | None:
        key = self._reception.trust.keys().get(KeyId(key_id))
        return None if key is None else key.public_key

    def _airing(self, airing_id: str) -> PlannedAiring | None:
        item = self._performer.state.items.get(airing_id)
        return None if item is None else item.airing

    def _volume_percent(self) -> int:
        assignment = self.assignment()
        if assignment is None:
            return VOLUME_WHEN_NEW_PERCENT
        return min(assignment.volume_percent, assignment.max_volume_percent)

    def _guarded_percent(self) -> int:
        """What guards leave to everything but emergencies."""
        limit = self._performer.state.max_volume_percent
        return VOLUME_WHEN_NEW_PERCENT if limit is None else limit

    def _as_assigned(self) -> None:
        """What the assignment says, and the player does not decide."""
        assignment = self.assignment()
        self._fetcher.profile = Profile.LAN if assignment is None else assignment.profile
        self._want()
        self._parts.engine.set_volume(self._volume_percent())


def _translated(event: engine_events.PlayEvent) -> player_events.PlayEvent:
    play_id = event.play_id
    match event:
        case engine_events.Armed():
            told: player_events.PlayEvent = player_events.PlayArmed(play_id)
        case engine_events.Sounding():
            told = player_events.PlaySounding(play_id, event.actual_start_local_us, event.error_us, event.first_frame)
        case engine_events.Underrun():
            told = player_events.PlayUnderrun(play_id, event.lost_frames)
        case engine_events.Missing():
            told = player_events.PlayMissing(play_id, event.first_frame, event.lost_frames, event.cause)
        case engine_events.Finished():
            told = player_events.PlayFinished(play_id, event.played_frames, event.lost_frames, event.underruns)
        case engine_events.Stopped():
            told = player_events.PlayStopped(play_id, event.at_frame)
        case engine_events.Failed():
            told = player_events.PlayFailed(play_id, _REASONS[event.reason], event.detail)
    return told
