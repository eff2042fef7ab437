"""Does what the player decides.

Rules of the module: a step is taken at once, on the event loop, whatever the disk is doing; stops, sirens and
emergencies act in the same moment. Everything else goes through the writer: first the records are on the disk, then the
acts follow, in their order, unless they have been overtaken. Where the disk fails, records wait in memory and the sound
goes on.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, Protocol

from agents.domain.clock import ControllerClock, TimeUnknown
from agents.domain.journal import Airtime, Heard
from agents.domain.now import Now
from agents.domain.player import PlayerSettings, PlayerState, step
from agents.domain.player.effects import (
    ArmSource,
    Effect,
    FetchClips,
    Journal,
    NoteAirtime,
    Retarget,
    SoundSiren,
    StartAt,
    StopSound,
    WakeAt,
)
from agents.domain.player.events import ClipLost, Event, LiveAway, Tick
from agents.domain.player.state import Stage, frames_of
from agents.io.arming import Armoury, ClipGone
from agents.io.clips import ClipStore
from agents.io.database import StateError
from agents.io.decode import Source
from agents.io.heard import HeardFile
from agents.io.jitter import JitterBuffer
from agents.io.journal import Entry, JournalStore
from agents.io.live import is_away
from agents.io.timeport import TimePort
from agents.protocol import journal
from agents.protocol.journal import FailReason, JournalEvent, RecordsLost
from agents.protocol.values import ClipRef, ClockBasis

_LONGEST_NAP_US: Final = 600_000_000
_HEARD_EVERY_US: Final = 1_000_000
_HEARD_FORCED_EVERY: Final = 10
_IN_STEP_EVERY_US: Final = 1_000_000
"""Crystals that are 200 ppm apart part by 0.2 ms in it."""
_RETRY_WRITE_US: Final = 5_000_000
_UNWRITTEN_AT_MOST: Final = 10_000

log = logging.getLogger(__name__)


class Engine(Protocol):
    """The part of `agents.io.output.engine.PlayEngine` that is used here."""

    def arm(self, play_id: str, source: Source) -> None: ...

    def start(
        self,
        play_id: str,
        start_local_us: int,
        *,
        from_frame: int = 0,
        gain_db: float = 0.0,
        max_volume_percent: float = 100.0,
    ) -> None: ...

    def start_now(self, play_id: str, *, gain_db: float = 0.0, max_volume_percent: float = 100.0) -> None: ...

    def retarget(self, play_id: str, start_local_us: int) -> None: ...

    def stop(self, play_id: str) -> None: ...

    def set_volume(self, percent: float) -> None: ...


class Performer:
    """Tell it events; `run` it. Everything on one event loop."""

    def __init__(
        self,
        *,
        time: TimePort,
        clock: ControllerClock,
        engine: Engine,
        clips: ClipStore,
        journal: JournalStore,
        heard: HeardFile,
        fetch: Callable[[FetchClips], None],
        live: Callable[[str], JitterBuffer],
        settings: PlayerSettings,
    ) -> None:
        self._time = time
        self._clock = clock
        self._engine = engine
        self._armoury = Armoury(clips, live)
        self._live = live
        self._journal = journal
        self._heard = heard
        self._fetch = fetch
        self._settings = settings
        self.after_step: Callable[[], None] = lambda: None
        """Called whenever the player has decided something."""
        self.state = PlayerState(settings=settings)
        self._events: deque[Event] = deque()
        self._stepping = False
        self._entries: list[Entry] = []
        self._starting: list[str] = []
        self._airtime: dict[str, Airtime | None] = {}
        self._acts: list[ArmSource | SoundSiren | StartAt] = []
        self._group: asyncio.TaskGroup | None = None
        self._work = asyncio.Event()
        self._trying_again = False
        self._dropped = 0
        self._wakes = WakeAt(None)
        self._wake_changed = asyncio.Event()

    def now(self) -> Now:
        """This instant, as the device knows it."""
        local_us = self._time.monotonic_us()
        known = self._clock.estimate(local_us)
        if known is None:
            return Now(local_us, None, None, ClockBasis.NONE)
        return Now(local_us, local_us + known.offset_us, known.error_us, known.basis)

    def tell(self, event: Event) -> None:
        """Take a step, at once. What is told while a step is taken follows it."""
        self._events.append(event)
        if self._stepping:
            return
        self._stepping = True
        try:
            while self._events:
                now = self.now()
                self.state, effects = step(self.state, self._events.popleft(), now)
                for effect in effects:
                    self._take(effect, now)
        finally:
            self._stepping = False
        self.after_step()

    def record(self, events: Iterable[JournalEvent]) -> None:
        """Write records that are not the player's."""
        now = self.now()
        self._entries += [Entry(event, now) for event in events]
        self._work.set()

    def reset(self) -> None:
        """Silence, and know nothing any more."""
        for item in self.state.items.values():
            for play_id in (item.play_id, None if item.siren is None else item.siren.play_id):
                if play_id is not None:
                    self._engine.stop(play_id)
        self.state = PlayerState(settings=self._settings)
        self._entries.clear()
        self._starting.clear()
        self._airtime.clear()
        self._acts.clear()
        self._wakes = WakeAt(None)

    async def run(self) -> None:
        """Until cancelled; call `finish` then."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(self._write_and_act(group))
                group.create_task(self._wake())
                group.create_task(self._note_heard())
                group.create_task(self._stay_in_step())
        finally:
            self._group = None

    async def finish(self) -> None:
        """Write what is still to be written."""
        self._hear(force=True)
        with contextlib.suppress(StateError):
            await self._flush()

    # --- effects ----------------------------------------------------------------------------------------------------

    def _take(self, effect: Effect, now: Now) -> None:
        match effect:
            case Journal(event=event):
                self._entries.append(Entry(event, now))
                log.info("%s", type(event).__name__, extra=_words(event))
                self._work.set()
            case StopSound(play_id=play_id):
                self._engine.stop(play_id)
            case Retarget(play_id=play_id, due_us=due_us):
                self._engine.retarget(play_id, self._in_step(due_us))
            case StartAt(airing_id=airing_id):
                self._starting.append(airing_id)
                if effect.before_disk:
                    self._act_start(effect)
                else:
                    self._acts.append(effect)
                self._work.set()
            case ArmSource() | SoundSiren():
                self._begin_to_prepare(effect)
            case FetchClips():
                self._fetch(effect)
            case NoteAirtime(airing_id=airing_id, airtime=airtime):
                self._airtime[airing_id] = airtime
                self._work.set()
            case WakeAt():
                if effect != self._wakes:
                    self._wakes = effect
                    self._wake_changed.set()

    def _begin_to_prepare(self, act: ArmSource | SoundSiren) -> None:
        """Nothing is heard of arming, and a siren waits for nothing: neither waits for the disk."""
        if self._group is not None:
            preparing = self._prepare(act)
            try:
                self._group.create_task(preparing)
            except RuntimeError:  # this run is ending: nothing is heard any more
                preparing.close()
        else:
            self._acts.append(act)
            self._work.set()

    def _local(self, controller_us: int) -> int:
        try:
            return self._clock.to_local(controller_us)
        except TimeUnknown:
            now = self.now()
            return controller_us if now.controller_us is None else now.local_us + controller_us - now.controller_us

    def _in_step(self, controller_us: int) -> int:
        """See `ControllerClock.in_step`."""
        try:
            return self._clock.in_step(controller_us, self._time.monotonic_us())
        except TimeUnknown:
            return self._local(controller_us)

    def _act_start(self, start: StartAt) -> None:
        item = self.state.items.get(start.airing_id)
        if item is not None and item.play_id == start.play_id and item.stage is Stage.STARTING:
            due_us = start.due_us if item.due_us is None else item.due_us
            limit = 100.0 if start.max_volume_percent is None else float(start.max_volume_percent)
            from_frame = frames_of(start.from_us)
            local_us = self._local(due_us + start.from_us)
            self._engine.start(start.play_id, local_us, from_frame=from_frame, max_volume_percent=limit)

    # --- the writer -------------------------------------------------------------------------------------------------

    async def _write_and_act(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            acts, self._acts = self._acts, []
            for act in acts:  # from before there was a group
                if not isinstance(act, StartAt):
                    group.create_task(self._prepare(act))
            try:
                await self._flush()
            except StateError as error:
                if not self._trying_again:
                    self._trying_again = True
                    log.error("the journal cannot be written: %s", error, extra={"event": "journal_failed"})
                    group.create_task(self._try_again())
            for act in acts:
                if isinstance(act, StartAt):
                    self._act_start(act)

    async def _flush(self) -> None:
        entries, self._entries = self._entries, []
        starting, self._starting = self._starting, []
        airtime, self._airtime = self._airtime, {}
        dropped, self._dropped = self._dropped, 0
        told = [Entry(RecordsLost(cause=f"{dropped} records found no room"), self.now())] if dropped else []
        try:
            await self._journal.write([*told, *entries], starting, airtime)
        except StateError:
            unwritten = [*entries, *self._entries]
            self._dropped += dropped + max(0, len(unwritten) - _UNWRITTEN_AT_MOST)
            self._entries = unwritten[-_UNWRITTEN_AT_MOST:]
            self._starting = [*starting, *self._starting][-_UNWRITTEN_AT_MOST:]
            self._airtime = {**airtime, **self._airtime}
            raise

    async def _try_again(self) -> None:
        await self._time.sleep_until(self._time.monotonic_us() + _RETRY_WRITE_US)
        self._trying_again = False
        self._work.set()

    # --- arming -----------------------------------------------------------------------------------------------------

    async def _prepare(self, act: ArmSource | SoundSiren) -> None:
        try:
            if isinstance(act, ArmSource):
                await self._arm(act)
            else:
                await self._sound_siren(act)
        except ClipGone as gone:
            self._lose(gone)

    async def _arm(self, arm: ArmSource) -> None:
        source = await self._armoury.source(arm)
        item = self.state.items.get(arm.airing_id)
        if item is not None and item.play_id == arm.play_id and item.stage is Stage.ARMING:
            self._engine.arm(arm.play_id, source)
        else:
            source.close()

    async def _sound_siren(self, siren: SoundSiren) -> None:
        source = await self._armoury.siren(siren)
        item = self.state.items.get(siren.airing_id)
        if item is not None and item.siren is not None and item.siren.play_id == siren.play_id:
            self._engine.arm(siren.play_id, source)
            self._engine.start_now(siren.play_id)
        else:
            source.close()

    async def make_ready(self, refs: Iterable[ClipRef]) -> None:
        """Verify these clips, as far as they are here: an emergency that needs one will not have the time."""
        for ref in refs:
            try:
                await self._armoury.make_ready(ref)
            except ClipGone as gone:
                self._lose(gone)

    def _lose(self, gone: ClipGone) -> None:
        log.warning("a clip is damaged: %s", gone, extra={"event": "clip_damaged"})
        self.tell(ClipLost(gone.sha256, FailReason.CLIP_CORRUPT, f"The kept clip is damaged: {gone}."))

    # --- time -------------------------------------------------------------------------------------------------------

    def clock_moved(self) -> None:
        """The mapping to controller time changed: wake at another local instant."""
        self._wake_changed.set()

    async def _wake(self) -> None:
        while True:
            self._wake_changed.clear()
            at_us = self._wake_local_us()
            if at_us is None:
                await self._wake_changed.wait()
            elif not await _first(self._time.sleep_until(at_us), self._wake_changed.wait()):
                self.tell(Tick())

    def _wake_local_us(self) -> int | None:
        now, wakes = self.now(), self._wakes
        if wakes.controller_us is None or now.controller_us is None:
            return wakes.local_us
        at_us = now.local_us + min(wakes.controller_us - now.controller_us, _LONGEST_NAP_US)
        return at_us if wakes.local_us is None else min(at_us, wakes.local_us)

    async def _stay_in_step(self) -> None:
        """What sounds follows the controller's clock, not the crystal of this device, however long it sounds."""
        while True:
            await self._time.sleep_until(self._time.monotonic_us() + _IN_STEP_EVERY_US)
            item = self.state.sounding()
            known = self.now().controller_us is not None
            if known and item is not None and item.play_id is not None and item.begins_us is not None:
                self._engine.retarget(item.play_id, self._in_step(item.begins_us))
            for one in [one for one in self.state.items.values() if one.spoken]:
                if is_away(one, self._live(one.airing_id), self.now().controller_us) is not one.away:
                    self.tell(LiveAway(one.airing_id, not one.away))

    # --- what was heard ---------------------------------------------------------------------------------------------

    async def _note_heard(self) -> None:
        count = 0
        while True:
            count += 1
            await asyncio.to_thread(self._hear, count % _HEARD_FORCED_EVERY == 0)
            await self._time.sleep_until(self._time.monotonic_us() + _HEARD_EVERY_US)

    def _hear(self, force: bool) -> None:
        item = self.state.sounding()
        if item is None or item.sounding_since_us is None:
            return
        heard_us = min(max(0, self._time.monotonic_us() - item.sounding_since_us), item.duration_us)
        self._heard.write(Heard(item.airing_id, heard_us, item.lost_us), force)


async def _first(sleep: Coroutine[Any, Any, object], change: Coroutine[Any, Any, object]) -> bool:
    """Waits for either; true where it was the change."""
    tasks = (asyncio.ensure_future(sleep), asyncio.ensure_future(change))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return tasks[1].done()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _words(event: JournalEvent) -> dict[str, str]:
    airing_id = journal.airing_of(event)
    words = {"event": type(event).__name__.lower()}
    return words if airing_id is None else {**words, "airing_id": airing_id}
