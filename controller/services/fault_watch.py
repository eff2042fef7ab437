"""What may be wrong, watched: `controller.domain.fault_book` decides, this feeds it and stores what it decided.

Rules of the module: the book in memory is what is shown; the database follows it. Evidence is looked at when it comes
and when a deadline is due, some hundred speakers at a time with a pause for others in between. A database that fails
delays what is stored, and ends nothing.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.journal import Heard, JournalRecord, RecordsLost, Refused, SelfTested, airing_of
from agents.protocol.messages import Heartbeat
from agents.protocol.values import Profile
from controller.domain.airings import PlayState
from controller.domain.errors import StoreFailed
from controller.domain.fault_book import FaultBook
from controller.domain.fault_subject import Known, Subject, happened, self_tested
from controller.domain.fault_watch import WORTH_TELLING, outcome
from controller.domain.faults import Fault, FaultDetail, FaultKind
from controller.domain.speakers import Speaker, SpeakerState
from controller.ports import Transaction
from controller.ports.boxes import Unsounded
from controller.services.events import FaultsChanged
from controller.services.office import Office
from controller.services.secretary import fresh_id
from controller.services.telemetry import TelemetryDesk
from controller.services.waiting import first_of
from schedules.areas import Origin

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_PAUSE_US: Final = _SECOND_US
_LOOK_EVERY_US: Final = 60 * _SECOND_US
_RETRY_US: Final = 5 * _SECOND_US
_AT_ONCE: Final = 300
"""So many speakers are looked at, and so many faults stored, before others have their turn."""
_LOOKED_KEY: Final = "faults_airings_until_us"
"""Until when airings were looked at, among the station's settings."""
_LOOKED_KEPT_US: Final = 600 * _SECOND_US
_LOOK_BACK_US: Final = 86_400 * _SECOND_US
_COUNTED_IN: Final = 60
"""In so many looks every SIM card is counted."""
_FEW: Final = 2
"""So many speakers at least must say that the controller's time is wrong."""


class FaultWatch:
    """Watches every speaker and the controller itself. Both a journal and a health observer of `Ingest`."""

    def __init__(self, office: Office, telemetry: TelemetryDesk) -> None:
        self._telemetry = telemetry
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._areas = office.areas
        self._roster = office.roster
        self._fleet = office.fleet
        self._limits = office.settings.fault_limits
        self.book: Final = FaultBook(self._limits, office.clock.now_us(), lambda: fresh_id("f"))
        self._wake = asyncio.Event()
        self._unstored: dict[str, Fault] = {}
        self._looked_us = 0
        self._apart: dict[SpeakerId, int] = {}
        self._on_sim: set[SpeakerId] = set()
        self._to_count: list[SpeakerId] = []

    # --- evidence ---------------------------------------------------------------------------------------------------

    def beat(self, speaker_id: SpeakerId, device_id: DeviceId, heartbeat: Heartbeat, at_us: int) -> None:
        """See `HealthObserver`."""
        subject = self.book.subject(speaker_id)
        if subject is not None:
            subject.beat(heartbeat, at_us)
            told = heartbeat.telemetry
            if told is None or told.network_apart_us is None:
                self._apart.pop(speaker_id, None)
            else:
                self._apart[speaker_id] = told.network_apart_us
            self._woken()

    def arrived(self, speaker_id: SpeakerId, at_us: int) -> None:
        """See `HealthObserver`."""
        subject = self.book.subject(speaker_id)
        if subject is None:
            self._fleet.wake()  # it was adopted just now
        else:
            subject.arrived(at_us)
            self._woken()

    def left(self, speaker_id: SpeakerId, at_us: int) -> None:
        """See `HealthObserver`."""
        subject = self.book.subject(speaker_id)
        if subject is not None and subject.known is not None and self._roster.get(subject.known.device_id) is None:
            subject.left(at_us, subject.known.silence_us)
            self._apart.pop(speaker_id, None)
            self._woken()

    async def within(
        self, tx: Transaction, speaker_id: SpeakerId, device_id: DeviceId, records: Sequence[JournalRecord]
    ) -> None:
        """See `JournalObserver`: what faults follow from is read again where it is needed."""

    def after(self, speaker_id: SpeakerId, device_id: DeviceId, records: Sequence[JournalRecord]) -> None:
        """See `JournalObserver`."""
        subject = self.book.subject(speaker_id)
        if subject is not None:
            now_us = self._clock.now_us()
            for record in records:
                _told(subject, record, now_us)
            self._woken()

    def wake(self) -> None:
        """Something that is not told otherwise changed: the controller's own time."""
        self._wake.set()

    def _woken(self) -> None:
        if self.book.next_us() == 0:
            self._wake.set()

    # --- the watch --------------------------------------------------------------------------------------------------

    async def prepare(self) -> None:
        """Takes up what was open. To be called before the first device connects. Raises `StoreFailed`."""
        now_us = self._clock.now_us()
        async with self._store.reading() as tx:
            faults, speakers = await tx.faults.open_all(), await tx.speakers.all()
            await self._areas.knowing(tx, {speaker.area_id for speaker in speakers})
            looked = await tx.station_settings.get(_LOOKED_KEY)
            found = await tx.self_tests.latest()
        self._looked_us = max(int(looked or now_us), now_us - _LOOK_BACK_US)
        self.book.resume(faults, [self._known(one) for one in speakers if one.state is SpeakerState.ADOPTED], now_us)
        for speaker_id, test in found.items():
            subject = self.book.subject(speaker_id)
            if subject is not None and test.heard is not Heard.NO_SENSOR:
                self_tested(
                    subject,
                    test.heard is Heard.HEARD,
                    min(test.at_us, now_us),
                    FaultDetail(value=test.level_db, limit=test.reference_db),
                )

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_the_fleet())
            group.create_task(self._watch())

    async def _follow_the_fleet(self) -> None:
        while True:
            await self._fleet.wait()
            try:
                await self._enlist()
            except StoreFailed:
                _log.exception("whom to watch waits for the database")
                self._fleet.wake()
                await self._clock.sleep_until(self._clock.now_us() + _RETRY_US)
            self._wake.set()
            await self._clock.sleep_until(self._clock.now_us() + _PAUSE_US)

    async def _enlist(self) -> None:
        async with self._store.reading() as tx:
            speakers = [one for one in await tx.speakers.all() if one.state is SpeakerState.ADOPTED]
            await self._areas.knowing(tx, {speaker.area_id for speaker in speakers})
        now_us = self._clock.now_us()
        gone = set(self.book.speakers()) - {speaker.speaker_id for speaker in speakers}
        for speaker_id in gone:
            self._apart.pop(speaker_id, None)
            self._on_sim.discard(speaker_id)
            self.book.dismiss(speaker_id, now_us)
        for number, speaker in enumerate(speakers):
            if number % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)
            new = self.book.subject(speaker.speaker_id) is None
            self.book.enlist(self._known(speaker), now_us)
            present = self._roster.get(speaker.device_id)
            subject = self.book.subject(speaker.speaker_id)
            if new and present is not None and subject is not None:
                subject.arrived(present.since_us)
                if present.heartbeat is not None:
                    subject.beat(present.heartbeat, present.seen_at_us)

    def _known(self, speaker: Speaker) -> Known:
        (self._on_sim.add if speaker.profile is Profile.SIM else self._on_sim.discard)(speaker.speaker_id)
        area = self._areas.standing(speaker.area_id)
        return Known(
            speaker_id=speaker.speaker_id,
            device_id=speaker.device_id,
            area_id=AreaId(area.area_id),
            place_id=self._place_of(area.area_id),
            silence_us=self._limits.silence_of(speaker.profile),
        )

    def _place_of(self, area_id: str) -> AreaId:
        """The commune: of the official areas around it the narrowest that lies in another; where there is none, what
        the station's own area lies in.
        """
        path = self._areas.tree().path(area_id)
        official = [area for area in path if area.origin is Origin.COUNTRY and area.parent_id is not None]
        if official:
            return AreaId(official[-1].area_id)
        return AreaId(path[-2].area_id if len(path) > 1 else path[-1].area_id)

    async def _watch(self) -> None:
        look_us = 0
        while True:
            now_us = self._clock.now_us()
            self._wake.clear()
            self._look_at_itself(now_us)
            if now_us >= look_us:
                await self._look_at_airings(now_us)
                await self._look_at_data(now_us)
                look_us = now_us + _LOOK_EVERY_US
            if not await self._judged(now_us):
                look_us = min(look_us, now_us + _RETRY_US)
            await self._clock.sleep_until(now_us + _PAUSE_US)
            due_us = self.book.next_us()
            due_us = look_us if due_us is None else min(due_us, look_us)
            await first_of(self._wake.wait(), self._clock.sleep_until(due_us))

    async def _judged(self, now_us: int) -> bool:
        """Looks at all that is to be looked at; False where something could not be stored."""
        changed = False
        while (due_us := self.book.next_us()) is not None and due_us <= now_us:
            faults = self.book.judge(now_us, _AT_ONCE)
            self._unstored.update((fault.fault_id, fault) for fault in faults)
            changed = changed or bool(faults)
            await asyncio.sleep(0)
        if changed:
            self._events.publish(FaultsChanged())
        return await self._stored()

    async def _stored(self) -> bool:
        waiting = list(self._unstored.values())
        for start in range(0, len(waiting), _AT_ONCE):
            piece = waiting[start : start + _AT_ONCE]
            try:
                async with self._store.transaction() as tx:
                    await tx.faults.put(piece)
            except StoreFailed:
                _log.exception("faults wait for the database", extra={"waiting": len(self._unstored)})
                return False
            for fault in piece:
                if self._unstored.get(fault.fault_id) is fault:
                    del self._unstored[fault.fault_id]
        return True

    def _look_at_itself(self, now_us: int) -> None:
        step_us, trusted = self._clock.step_us, self._clock.synchronised()
        detail = FaultDetail(value=step_us / 1e6, reason="stepped" if step_us else "not_kept_true")
        self.book.own.tell(FaultKind.CONTROLLER_CLOCK, step_us != 0 or not trusted, now_us, detail)
        wrong = [apart_us for apart_us in self._apart.values() if abs(apart_us) >= self._limits.time_apart_us]
        disagree = len(wrong) >= _FEW and 2 * len(wrong) > len(self._apart)
        detail = FaultDetail(value=len(wrong), limit=self._limits.time_apart_us / 1e6)
        self.book.own.tell(FaultKind.DEVICE_TIME_DISAGREES, disagree, now_us, detail)

    async def _look_at_data(self, now_us: int) -> None:
        """What SIM cards carried this month, some cards a minute and all of them in an hour."""
        if not self._to_count:
            self._to_count = sorted(self._on_sim)
        quota = self._telemetry.quota_bytes
        some = len(self._on_sim) // _COUNTED_IN + 1
        for speaker_id in [self._to_count.pop() for _ in range(min(some, len(self._to_count)))]:
            subject = self.book.subject(speaker_id)
            if subject is None:
                continue
            try:
                used = await self._telemetry.month_bytes(speaker_id)
            except StoreFailed:
                _log.exception("what SIM cards carried waits for the database")
                return
            over = speaker_id in self._on_sim and used > quota
            subject.tell(FaultKind.DATA_QUOTA, over, now_us, FaultDetail(value=used, limit=quota))

    async def _look_at_airings(self, now_us: int) -> None:
        """Those whose speakers had time enough to tell how they went."""
        until_us = now_us - self._limits.word_us
        if until_us <= self._looked_us:
            return
        try:
            async with self._store.reading() as tx:
                found = await tx.faults.unsounded(self._looked_us, until_us)
            for one in found:
                subject = self.book.subject(one.speaker_id)
                if subject is not None:
                    _unsounded(subject, one)
            if found or until_us - self._looked_us >= _LOOKED_KEPT_US:
                async with self._store.transaction() as tx:
                    await tx.station_settings.put(_LOOKED_KEY, str(until_us))
                self._looked_us = until_us
        except StoreFailed:
            _log.exception("airings wait for the database")


def _unsounded(subject: Subject, one: Unsounded) -> None:
    if one.state in {PlayState.FAILED, PlayState.REFUSED}:
        subject.aired(one.airing_id, one.end_us, one.reason or one.state.value)
    elif one.state is not PlayState.SKIPPED:
        subject.awaits(one.airing_id, one.end_us)
    elif subject.linked_us is not None and subject.linked_us <= one.start_us:
        subject.aired(one.airing_id, one.end_us, one.reason or one.state.value)


def _told(subject: Subject, record: JournalRecord, now_us: int) -> None:
    """What one record of a journal says of faults."""
    match record.event:
        case RecordsLost(records=count, cause=cause):
            happened(subject, FaultKind.JOURNAL_LOST, now_us, FaultDetail(value=count or None, reason=cause))
        case Refused(reason=refused, count=count) if refused in WORTH_TELLING:
            happened(subject, FaultKind.REFUSALS, now_us, FaultDetail(value=count, reason=refused.value))
        case SelfTested(heard=heard) as test if heard is not Heard.NO_SENSOR:
            at_us = now_us if record.at_us is None else min(record.at_us, now_us)
            self_tested(subject, heard is Heard.HEARD, at_us, FaultDetail(value=test.level_db, limit=test.reference_db))
        case event:
            airing_id, how = airing_of(event), outcome(event)
            if airing_id is None or how is None:
                return
            at_us = now_us if record.at_us is None else min(record.at_us, now_us)
            away = subject.linked_us is None or record.at_us is None or record.at_us < subject.linked_us
            reason = None if away and how.excusable else how.reason
            if subject.concerned_with(airing_id) or (how.sounded and subject.is_bad(FaultKind.AIRING_MISSED)):
                subject.aired(airing_id, at_us, reason)
