"""Lives of a speaker's core that are cut off: the real stores, reception, player and journal; only the horn is played.

A life first looks whether all that earlier lives acknowledged is there and whole, then works until it is killed: takes
documents, plays airings, stores clips while others have to make room, and hands its journal in. What it acknowledges
it says on a pipe, one line a fact, right after it was acknowledged; what may go from now on it says right before.
"""

import asyncio
import os
import random
from collections.abc import Callable
from pathlib import Path

from msgspec import structs

from agents.domain.clock import ControllerClock
from agents.domain.clock_burst import Exchange
from agents.domain.journal import is_last
from agents.domain.player.events import ClipStored
from agents.io.clips import ClipSettings, ClipStore
from agents.io.conductor import Conductor, Parts
from agents.io.decode import Source
from agents.io.journal import JournalSettings
from agents.io.output import events as engine_events
from agents.io.state import StateStore
from agents.io.timeport import SystemTime
from agents.io.waiting import first_of
from agents.protocol.documents import Document, Play, ReleaseStop, SignedDocument, Stop
from agents.protocol.journal import airing_of
from tests.agents.making import T0_US, Desk, airing, clip_part
from tests.agents.torture.said import (
    AIRING_S,
    DISK_BYTES,
    FLOOR_BYTES,
    KEY,
    MOST_RECORDS,
    ORDER_LIVES_US,
    PATIENCE_S,
    PINNED,
    PINNED_CLIPS,
    Said,
    all_records,
    clip_content,
    clip_ref,
    look,
    record_name,
    require,
)


class Horn:
    """An engine that arms and plays at once, without a sound."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.tell: Callable[[engine_events.PlayEvent], None] = lambda event: None
        self._say = say
        self._frames: dict[str, int] = {}

    def arm(self, play_id: str, source: Source) -> None:
        self._frames[play_id] = source.total_frames
        source.close()
        self._soon(engine_events.Armed(play_id, source.total_frames))

    def start(
        self,
        play_id: str,
        start_local_us: int,
        *,
        from_frame: int = 0,
        gain_db: float = 0.0,
        max_volume_percent: float = 100.0,
    ) -> None:
        self._say(f"act {play_id.rpartition('.')[0]}")
        self._soon(engine_events.Sounding(play_id, start_local_us, 0, from_frame))
        self._soon(engine_events.Finished(play_id, self._frames.get(play_id, 0), 0, 0), after_s=0.003)

    def start_now(self, play_id: str, *, gain_db: float = 0.0, max_volume_percent: float = 100.0) -> None:
        raise NotImplementedError("there are no sirens here")

    def retarget(self, play_id: str, start_local_us: int) -> None:
        pass

    def stop(self, play_id: str) -> None:
        self._soon(engine_events.Stopped(play_id, 0))

    def set_volume(self, percent: float) -> None:
        pass

    def _soon(self, event: engine_events.PlayEvent, after_s: float = 0.0) -> None:
        asyncio.get_running_loop().call_later(after_s, lambda: self.tell(event))


def open_stores(directory: Path) -> tuple[StateStore, ClipStore]:
    """A speaker with a small journal, on a small disk."""
    clips = ClipStore(
        directory / "clips",
        ClipSettings(FLOOR_BYTES),
        free=lambda folder: DISK_BYTES - sum(path.stat().st_blocks * 512 for path in folder.iterdir()),
    )
    return StateStore(directory, JournalSettings(MOST_RECORDS)), clips


class Life:
    """From the opening of the stores to the kill. ``epoch_us`` is when the monotonic clock showed T0."""

    def __init__(self, directory: Path, said: Said, epoch_us: int, chance: random.Random, pipe: int) -> None:
        self._said, self._chance, self._epoch_us, self._pipe = said, chance, epoch_us, pipe
        self._state, self._clips = open_stores(directory)
        self._time, self._clock = SystemTime(), ControllerClock()
        self._desk = Desk(key=KEY)
        self._number = said.number
        self._horn = Horn(self._say)
        self._conductor = Conductor(
            Parts(
                device_id="d-pole",
                software="torture",
                time=self._time,
                clock=self._clock,
                engine=self._horn,
                state=self._state,
                clips=self._clips,
            )
        )
        self._horn.tell = self._conductor.play_event
        self._clock.subscribe(self._conductor.clock_changed)
        self._clips.on_evicted = lambda sha256: None

    async def open(self) -> None:
        """Opens and looks. Raises `Lost`."""
        await self._state.open()
        await self._clips.open()
        await look(self._state, self._clips, self._said)
        kept = await self._state.load()
        for (_, kind), counter in kept.counters.items():
            self._desk.counters[kind] = counter

    async def work(self, steps: int | None) -> None:
        """Goes on until it is killed; with ``steps`` it ends after so many, without tidying up."""
        await first_of(self._conductor.run(), self._act(steps))

    async def _act(self, steps: int | None) -> None:
        await self._ready()
        self._say("life")
        await self._begin()
        acts = (self._play, self._play, self._play, self._rundown, self._assign, self._stop, self._store, self._hand_in)
        while steps is None or steps > 0:
            self._number += 1
            self._say(f"number {self._number}")
            async with asyncio.timeout(PATIENCE_S):
                await self._chance.choice(acts)()
            steps = None if steps is None else steps - 1
        os._exit(0)

    async def _ready(self) -> None:
        await self._conductor.wait_ready()
        now_us = self._time.monotonic_us()
        at_us = T0_US + now_us - self._epoch_us
        self._clock.feed("clock-1", [Exchange(now_us - 20, at_us - 10, at_us - 10, now_us)])

    async def rest(self) -> None:
        """The last life: it plays what is open, and then every airing that was accepted has ended, once."""
        async with asyncio.timeout(PATIENCE_S):
            await first_of(self._conductor.run(), self._play_on())
            await self._read_out()
            marks = (await self._state.load()).marks
        planned = {one.replace("o-", "p-") for one in self._said.orders if one.startswith("o-")}
        for airing_id in {*self._said.acts, *planned}:
            mark = marks.get(airing_id)
            require(mark is not None and mark.ended, f"{airing_id} has no end: {mark}")

    async def _play_on(self) -> None:
        await self._ready()
        while self._conductor._performer.state.items:
            await asyncio.sleep(0.002)

    async def close(self) -> None:
        """For a life that is not killed."""
        await self._state.close()

    # --- what it does -----------------------------------------------------------------------------------------------

    def _say(self, line: str) -> None:
        self._said.hear(line)
        os.write(self._pipe, line.encode() + b"\n")

    async def _begin(self) -> None:
        if not self._said.pinned:
            await self._state.pin(PINNED)
            self._say("pinned")
        if "assignment" not in self._said.counters:
            await self._assign()
        for number in range(PINNED_CLIPS):
            if number not in self._said.clips:
                await self._fetch(number)

    def _header(self) -> dict[str, int]:
        now_us = T0_US + self._time.monotonic_us() - self._epoch_us
        return {"issued_at_us": now_us, "not_after_us": now_us + ORDER_LIVES_US}

    async def _push(self, document: Document) -> SignedDocument:
        signed = self._desk.sign(document)
        self._say(f"now {document.header.issued_at_us + 100_000}")
        reply = await self._conductor.accept_document(signed)
        require(reply.accepted, f"{reply.document_id} was refused: {reply.reason} {reply.detail}")
        return signed

    async def _assign(self) -> None:
        document = structs.replace(
            self._desk.assignment(document_id=f"a-{self._number}", **self._header()),
            pinned=tuple(clip_ref(number) for number in range(PINNED_CLIPS)),
        )
        await self._push(document)
        self._say(f"doc assignment {document.header.document_id} {document.header.counter}")

    async def _rundown(self) -> None:
        header = self._header()
        start_us = header["issued_at_us"] + 20_000
        planned = airing(
            f"r-{self._number}",
            start_at_us=start_us,
            seconds=AIRING_S,
            sequence=(clip_part(clip_content(1), AIRING_S),),
        )
        document = self._desk.rundown(planned, document_id=f"r-{self._number}", **header)
        await self._push(document)
        self._say(f"doc rundown {document.header.document_id} {document.header.counter}")

    async def _play(self) -> None:
        header = self._header()
        start_us = header["issued_at_us"] + self._chance.choice((-5_000, 5_000, 30_000))
        planned = airing(
            f"p-{self._number}",
            start_at_us=start_us,
            seconds=AIRING_S,
            sequence=(clip_part(clip_content(0), AIRING_S),),
        )
        document = self._desk.order(Play(airing=planned), document_id=f"o-{self._number}", **header)
        signed = await self._push(document)
        self._say(f"order o-{self._number} {header['not_after_us']}")
        self._say(f"doc order o-{self._number} {document.header.counter}")
        if self._chance.random() < 0.2:
            again = await self._conductor.accept_document(signed)
            require(again.accepted, "what was accepted is not known again")
        await asyncio.sleep(self._chance.choice((0, 0, 0.001, 0.005)))

    async def _stop(self) -> None:
        stop = self._desk.order(Stop(airing_ids=("nothing",)), document_id=f"s-{self._number}", **self._header())
        await self._push(stop)
        self._say(f"order s-{self._number} {stop.header.not_after_us}")
        action = ReleaseStop(order_id=stop.header.document_id)
        await self._push(self._desk.order(action, document_id=f"q-{self._number}", **self._header()))

    async def _store(self) -> None:
        for number in [one for one in self._said.clips if one >= PINNED_CLIPS]:
            self._say(f"may_go {number}")
        await self._fetch(self._number)

    async def _fetch(self, number: int) -> None:
        content = clip_content(number)
        partial = await self._clips.begin(clip_ref(number))
        for begin in range(partial.offset, len(content), 4_096):
            await asyncio.to_thread(partial.write, content[begin : begin + 4_096])
        await self._clips.finish(partial)
        self._say(f"clip {number}")
        self._conductor._performer.tell(ClipStored(clip_ref(number).sha256, len(content)))

    async def _hand_in(self) -> None:
        last_seq = await self._read_out()
        if last_seq and self._chance.random() < 0.7:
            self._say(f"has {last_seq}")
            await self._state.journal.acknowledge(self._state.journal.journal_id, last_seq)
            self._say(f"gone {last_seq}")

    async def _read_out(self) -> int:
        """What was read was written: it is there for good. Returns the last number."""
        records = await all_records(self._state)
        for record in records:
            self._say(f"record {record.seq} {record_name(record)}")
            airing_id = airing_of(record.event)
            if airing_id is not None and is_last(record.event):
                self._say(f"ended {airing_id} {record.seq}")
        return records[-1].seq if records else 0
