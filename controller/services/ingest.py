"""What devices report: links that come and go, heartbeats, journals.

Journals of many devices are committed together: what arrives while a commit runs waits for the next. A record and
the evidence that follows from it are one transaction, so that no crash can part them.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from agents.protocol.ids import AiringId, DeviceId, SpeakerId
from agents.protocol.journal import JournalRecord, airing_of
from agents.protocol.messages import DeviceHello, Heartbeat, JournalBatch
from controller.domain import evidence
from controller.domain.airings import OPEN_STATES, Playback
from controller.domain.errors import NotFound
from controller.domain.journals import JournalKey, ReceivedRecords, fresh
from controller.domain.speakers import Speaker, SpeakerHealth, SpeakerState
from controller.ports import Transaction
from controller.services.batcher import Batcher
from controller.services.delivery import Delivery
from controller.services.events import AiringChanged, SpeakersChanged
from controller.services.office import Office
from controller.services.replacing import Replacing, sources
from controller.services.roster import Present
from controller.services.together import Together

_log = logging.getLogger(__name__)
_SECOND_US = 1_000_000


class JournalObserver(Protocol):
    """Whoever wants to see what devices' journals hold besides the evidence of airings. Each record is shown once."""

    async def within(
        self, tx: Transaction, speaker_id: SpeakerId, device_id: DeviceId, records: Sequence[JournalRecord]
    ) -> None:
        """In the transaction that stores the records: what is written here is stored with them, or neither is. It may
        be asked again with the same records where that transaction failed.
        """
        ...

    def after(self, speaker_id: SpeakerId, device_id: DeviceId, records: Sequence[JournalRecord]) -> None:
        """The records are committed."""
        ...


class HealthObserver(Protocol):
    """Whoever wants to see who is there and how they are. Called from the link: it must not take long."""

    def beat(self, speaker_id: SpeakerId, device_id: DeviceId, heartbeat: Heartbeat, at_us: int) -> None:
        """A heartbeat came at this instant of controller time."""
        ...

    def arrived(self, speaker_id: SpeakerId, at_us: int) -> None:
        """Its device has a link."""
        ...

    def left(self, speaker_id: SpeakerId, at_us: int) -> None:
        """Its device has none any more."""
        ...


@dataclass(frozen=True, slots=True)
class _Work:
    """What one device handed in: records of its journal."""

    speaker_id: SpeakerId
    device_id: DeviceId
    journal_id: str
    records: tuple[JournalRecord, ...]
    at_us: int


class Ingest:
    """Takes in what devices say. The link calls it; one call at a time for one device."""

    def __init__(
        self,
        office: Office,
        delivery: Delivery,
        journal_observers: Sequence[JournalObserver] = (),
        health_observers: Sequence[HealthObserver] = (),
    ) -> None:
        self._journal_observers = tuple(journal_observers)
        self._health_observers = tuple(health_observers)
        self._store = office.store
        self._clock = office.clock
        self._roster = office.roster
        self._board = office.board
        self._delivery = delivery
        self._events = office.events
        self._planning = office.planning
        self._crew = office.crew
        self._foremost = office.foremost
        self._boxes = office.boxes
        self._replacing = Replacing(office)
        self._health_every_us = round(office.settings.health_every_s * _SECOND_US)
        self._committed: dict[DeviceId, dict[str, int]] = {}
        self._journals: Batcher[_Work, int] = Batcher(self._commit)
        self._healths: Batcher[SpeakerHealth, None] = Batcher(self._save_health)
        self._arrivals: Together[tuple[DeviceId, str], tuple[Speaker, int]] = Together(
            office.crew, "devices that connect", self._look_up
        )

    async def run_journals(self) -> None:
        """Commits journals until cancelled."""
        await self._journals.run()

    async def run_healths(self) -> None:
        """Stores what is known of speakers until cancelled."""
        await self._healths.run()

    async def connected(self, device_id: DeviceId, hello: DeviceHello, address: str) -> Speaker:
        """After the device's hello, before it is welcomed; then `Delivery.deliver`. Raises `NotFound` where it is no
        speaker of ours, `StoreFailed`.
        """
        known = await self._arrivals.get((device_id, hello.journal_id))
        if known is None:
            raise NotFound(f"no speaker has the device {device_id}", code="speaker_unknown")
        speaker, committed = known
        if speaker.state is SpeakerState.ADOPTING:
            speaker = await self._adopted(speaker)
        journals = self._committed.setdefault(device_id, {})
        journals[hello.journal_id] = max(committed, journals.get(hello.journal_id, 0))
        present = self._roster.arrive(speaker, hello, address, self._clock.now_us())
        self._save_behind(present.health())
        for observer in self._health_observers:
            if present.former_of is None:
                observer.arrived(speaker.speaker_id, present.since_us)
        self._board.links_changed()
        self._events.publish(SpeakersChanged())
        return speaker

    async def _look_up(
        self, journals: Sequence[tuple[DeviceId, str]]
    ) -> dict[tuple[DeviceId, str], tuple[Speaker, int]]:
        async with self._store.reading() as tx:
            speakers = await tx.speakers.by_devices([device_id for device_id, _ in journals])
            committed = await tx.journals.committed_of(journals)
        return {key: (speakers[key[0]], committed.get(key, 0)) for key in journals if key[0] in speakers}

    async def _adopted(self, speaker: Speaker) -> Speaker:
        """That it dials with our keys pinned proves that it took the adoption."""
        if speaker.replaces is not None:
            return await self._replacing.take_place(speaker)
        async with self._store.transaction() as tx:
            now = await tx.speakers.get(speaker.speaker_id)
            if now.state is SpeakerState.ADOPTING:
                now = replace(now, state=SpeakerState.ADOPTED)
                await tx.speakers.put(now)
        self._planning.wake()
        return now

    def disconnected(self, device_id: DeviceId) -> None:
        """Its link has ended."""
        present = self._roster.leave(device_id)
        if present is None:
            return
        self._committed.pop(device_id, None)
        self._save_behind(present.health(connected=False))
        for observer in self._health_observers:
            if present.former_of is None:
                observer.left(present.speaker_id, self._clock.now_us())
        self._board.links_changed()
        self._events.publish(SpeakersChanged())

    def heartbeat(self, device_id: DeviceId, heartbeat: Heartbeat) -> None:
        """How the device is. What changed is shown at once, and stored now and then."""
        present = self._roster.get(device_id)
        if present is None:
            return
        before, knew_time, stood_still = present.health(), present.time_known, present.stopped_here
        present.heartbeat = heartbeat
        present.seen_at_us = self._clock.now_us()
        for observer in self._health_observers if present.former_of is None else ():
            observer.beat(present.speaker_id, device_id, heartbeat, present.seen_at_us)
        if present.unsure and present.time_known:
            # What a device without time could not judge, it is sent again.
            present.unsure = False
            self._crew.spawn(self._delivery.deliver(device_id), f"deliver {device_id}")
        seen_anew = _shown(before) != _shown(present.health())
        if seen_anew or (present.time_known, present.stopped_here) != (knew_time, stood_still):
            self._events.publish(SpeakersChanged())
        if present.seen_at_us - present.saved_at_us >= self._health_every_us:
            self._mark_saved(present)

    def _mark_saved(self, present: Present) -> None:
        present.saved_at_us = present.seen_at_us
        self._save_behind(present.health())

    def _save_behind(self, health: SpeakerHealth) -> None:
        self._healths.put(health).add_done_callback(_tell_unsaved)

    async def _save_health(self, healths: Sequence[SpeakerHealth]) -> Sequence[None]:
        async with self._store.transaction() as tx:
            await tx.speakers.put_health(healths)
        return [None] * len(healths)

    def journal(self, device_id: DeviceId, batch: JournalBatch) -> "asyncio.Future[int]":
        """Commits the records, each once, with the evidence they are; returns the sequence number to acknowledge.

        Raises `StoreFailed`: then nothing may be acknowledged, and the device sends it again. Raises `NotFound` for a
        device that is not connected as a speaker.
        """
        present = self._roster.get(device_id)
        if present is None:
            raise NotFound(f"the device {device_id} is not connected", code="speaker_unknown")
        speaker_id = present.speaker_id if present.former_of is None else present.former_of
        work = _Work(speaker_id, device_id, batch.journal_id, batch.records, self._clock.now_us())
        return self._journals.put(work)

    async def _commit(self, works: Sequence[_Work]) -> Sequence[int]:
        await self._foremost.wait()
        committed: dict[tuple[DeviceId, str], int] = {}
        pairs: dict[JournalKey, SpeakerId] = {}
        received: list[tuple[SpeakerId, ReceivedRecords]] = []
        async with self._store.transaction() as tx:
            for work in works:
                key = (work.device_id, work.journal_id)
                if key not in committed:
                    known = self._committed.get(work.device_id, {}).get(work.journal_id)
                    committed[key] = await tx.journals.committed(*key) if known is None else known
                new = _received(work, committed[key])
                if new is None:
                    continue
                committed[key] = new.records[-1].seq
                received.append((work.speaker_id, new))
                pairs.update((JournalKey(one, work.device_id), work.speaker_id) for one in _airings_in(new.records))
            await tx.journals.add([new for _, new in received])
            changed = await self._folded(tx, pairs)
            for observer in self._journal_observers:
                for speaker_id, new in received:
                    await observer.within(tx, speaker_id, new.device_id, new.records)
        self._note_committed(committed)
        self._tell(changed)
        for observer in self._journal_observers:
            for speaker_id, new in received:
                observer.after(speaker_id, new.device_id, new.records)
        return [committed[(work.device_id, work.journal_id)] for work in works]

    def _note_committed(self, committed: dict[tuple[DeviceId, str], int]) -> None:
        for (device_id, journal_id), seq in committed.items():
            journals = self._committed.get(device_id)
            if journals is None:
                # It hung up, and may be about to be back with what was read of it before this commit.
                self._committed[device_id] = {journal_id: seq}
            elif journal_id in journals:
                journals[journal_id] = seq

    async def _folded(self, tx: Transaction, pairs: dict[JournalKey, SpeakerId]) -> list[Playback]:
        """The playbacks that changed by the records just added, stored."""
        if not pairs:
            return []
        told_by = await sources(tx, self._boxes, pairs.items())
        journals = await tx.journals.of_airings([key for keys in told_by.values() for key in keys])
        changed = []
        for playback in await self._playbacks(tx, tuple(told_by)):
            keys = told_by[(playback.airing_id, playback.speaker_id)]
            after = evidence.fold(playback, [record for key in keys for record in journals.get(key, ())])
            if after != playback:
                changed.append(after)
        await tx.airings.put_playbacks([one for one in changed if not self._board.unwritten(one)])
        for airing_id in dict.fromkeys(playback.airing_id for playback in changed):
            if self._board.get(airing_id) is None:
                await self._late(tx, airing_id, [one for one in changed if one.airing_id == airing_id])
        return changed

    async def _playbacks(self, tx: Transaction, pairs: Sequence[tuple[AiringId, SpeakerId]]) -> list[Playback]:
        """Those of the pairs that exist; of what was sent to thousands a moment ago the board alone has them."""
        here: list[Playback] = []
        stored: list[tuple[AiringId, SpeakerId]] = []
        for airing_id, speaker_id in pairs:
            entry = self._board.get(airing_id)
            if entry is None or not entry.unwritten:
                stored.append((airing_id, speaker_id))
            elif (playback := entry.playbacks.get(speaker_id)) is not None:
                here.append(playback)
        return here + list(await tx.airings.playbacks_of(stored))

    async def _late(self, tx: Transaction, airing_id: AiringId, changed: Sequence[Playback]) -> None:
        """Evidence of an airing that is over: a speaker was away, and tells now. What others told counts already."""
        airing = await tx.airings.get(airing_id)
        if airing.state in OPEN_STATES:
            return
        state = evidence.reported_state(airing, changed)
        if state is not airing.state:
            await tx.airings.set_state(airing_id, state)

    def _tell(self, changed: Sequence[Playback]) -> None:
        self._board.advanced(changed)
        for airing_id in dict.fromkeys(playback.airing_id for playback in changed):
            self._events.publish(AiringChanged(airing_id))


def _tell_unsaved(saving: "asyncio.Future[None]") -> None:
    if not saving.cancelled() and (error := saving.exception()) is not None:
        _log.warning("what a speaker says of itself could not be stored: %s", error)


def _received(work: _Work, committed_seq: int) -> ReceivedRecords | None:
    """What of it is new, None where nothing is."""
    records, missing = fresh(work.records, committed_seq)
    if not records:
        return None
    if missing:
        _log.warning("a journal has a gap", extra={"device_id": work.device_id, "missing": missing})
    return ReceivedRecords(
        device_id=work.device_id,
        journal_id=work.journal_id,
        records=records,
        received_at_us=work.at_us,
        missing=missing,
    )


def _airings_in(records: Sequence[JournalRecord]) -> set[AiringId]:
    return {airing_id for airing_id in (airing_of(record.event) for record in records) if airing_id is not None}


def _shown(health: SpeakerHealth) -> tuple[object, ...]:
    """What a page shows of it without a figure that always moves."""
    return (health.connected, health.clock_basis, health.volume_percent, health.clips, health.refusals)
