"""An emergency on its way to the horns.

Rules: nothing that is slow stands between a confirmation and the first device. It is signed from counters in memory and
pushed past whatever else devices are being sent. Its own record may take a moment (`_RECORD_FIRST_S`) to be written, so
that a controller that is killed while it sends goes on with it afterwards; where the database takes longer, or fails,
the push goes out all the same, and the record is tried again until it is there. It names areas, not devices, so that
who is adopted or comes back while it lasts gets it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agents.protocol.documents import Audience, End, Order, Play, SignedDocument
from agents.protocol.ids import AiringId, BulletinId, DeviceId, SpeakerId
from agents.protocol.values import DocumentKind, OnInterrupted
from controller.domain import emergency_sound, evidence
from controller.domain.airings import Airing, AiringState, Playback, PlayState
from controller.domain.deeds import Deed
from controller.domain.emergencies import Emergency, EmergencyId, EmergencyKind
from controller.domain.errors import StoreFailed
from controller.domain.journals import JournalKey
from controller.domain.rundowns import planned_airing
from controller.domain.speakers import Speaker
from controller.ports import Transaction
from controller.services.beside import Unwritten, write
from controller.services.board import OpenAiring
from controller.services.events import AiringChanged
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.pins import Pins

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_RECORD_FIRST_S: Final = 0.05
_ANSWERED_WITHIN_S: Final = 2.0
_LINES_WITHIN_S: Final = 3.0
_RETRY_US: Final = _SECOND_US
_TRIED_AFTER_US: Final = 86_400 * _SECOND_US
"""So long after it was over its record is still tried: who sent what must not be forgotten with a full disk."""
_ANSWER_LEAD_US: Final = 1_500_000
"""A correction or an all clear has nothing to be fetched: all of it is on the devices."""


@dataclass(frozen=True, slots=True)
class Signed:
    """An order and its signature."""

    order: Order
    signed: SignedDocument


Step = Callable[[Transaction], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sending:
    """An emergency as it goes out: ``play``, and for what it replaces an ``end`` for devices that missed it."""

    emergency: Emergency
    airing: Airing
    play: Signed
    end: Signed | None
    replaced: tuple[Emergency, ...]


@dataclass(frozen=True, slots=True)
class _Storing:
    """Something on its way into the database; ``tried`` once it was stored, or could not be; ``safe`` once a restart
    would know of it.
    """

    task: "asyncio.Task[None]"
    tried: asyncio.Event
    safe: asyncio.Event

    async def tried_within(self, seconds: float) -> None:
        """Waits that long at most."""
        await _within(self.tried, seconds)

    async def safe_within(self, seconds: float) -> None:
        """Waits that long at most."""
        await _within(self.safe, seconds)


class Alarm:
    """Signs, pushes and records. Who may send what is decided before."""

    def __init__(self, office: Office, outbox: Outbox, pins: Pins) -> None:
        self._store = office.store
        self._outbox = outbox
        self._secretary = office.secretary
        self._clock = office.clock
        self._board = office.board
        self._events = office.events
        self._crew = office.crew
        self._settings = office.settings
        self._planning = office.planning
        self._pins = pins
        self._orders = office.unstored
        self._beside = office.beside
        self._unstored: dict[EmergencyId, asyncio.Task[None]] = {}

    # --- sending ------------------------------------------------------------------------------------------------------

    @property
    def lead_us(self) -> int:
        """So long after it was confirmed its words begin."""
        return round(self._settings.emergency_lead_s * _SECOND_US)

    def sign(
        self, emergency: Emergency, speakers: Sequence[Speaker], replaced: Sequence[Emergency]
    ) -> tuple[Emergency, Callable[[Deed], Awaitable[None]]]:
        """The emergency with its instants, and what sends it: to be awaited, with the deed that it is. ``speakers``
        are those of its areas, ``replaced`` are over with it, as they have ended. Nothing can fail from here on.
        """
        sending = self._signed(emergency, speakers, replaced)

        async def send(deed: Deed) -> None:
            await self._send(sending, speakers, deed)

        return sending.emergency, send

    async def _send(self, sending: _Sending, speakers: Sequence[Speaker], deed: Deed) -> None:
        """On its way when this returns, whatever the database does."""
        until_us, name = sending.emergency.until_us or 0, sending.emergency.emergency_id
        orders = [one for one in (sending.play, sending.end) if one is not None]
        what = Unwritten(
            deed=deed,
            orders=tuple(one.signed for one in orders),
            emergencies=(sending.emergency,),
            over=sending.replaced,
            airing=replace(sending.airing, speaker_ids=()),
        )
        first = self._storing(
            [sending.emergency, *sending.replaced], self._first(sending, what), until_us, orders, what
        )
        entry = _entry(sending, speakers)
        self._board.put(entry)
        await first.tried_within(_RECORD_FIRST_S)
        connected = self._outbox.connected()
        there = [one.device_id for one in speakers if one.device_id in connected]
        pushed = [self._push(there, what) for what in orders]
        self._forget(sending.replaced)
        self._events.publish(AiringChanged(sending.airing.airing_id))
        self._crew.spawn(self._recorded([first.task, *pushed], entry), f"record speakers {name}")
        await first.safe_within(_ANSWERED_WITHIN_S)

    def _signed(self, emergency: Emergency, speakers: Sequence[Speaker], replaced: Sequence[Emergency]) -> _Sending:
        now_us = self._clock.now_us()
        answers = emergency.kind is not EmergencyKind.ALARM
        lead_us = _ANSWER_LEAD_US if answers else self.lead_us
        starts_at_us = now_us + lead_us
        often = emergency_sound.repetition(
            emergency,
            starts_at_us,
            pause_us=round(self._settings.emergency_pause_s * _SECOND_US),
            longest_us=round(self._settings.emergency_hours * 3_600 * _SECOND_US),
        )
        sent = replace(
            emergency,
            starts_at_us=starts_at_us,
            until_us=starts_at_us + often.whole_us,
            times=often.times,
            pause_us=often.pause_us,
        )
        over = tuple(one.airing_id for one in replaced)
        airing = _airing(sent, speakers, over, now_us)
        siren = self._pins.siren if emergency.draft.siren and not (emergency.drill or answers) else None
        action = Play(airing=planned_airing(airing), siren=siren, ends=over)
        to = Audience(areas=emergency.draft.area_ids)
        until_us = starts_at_us + often.whole_us
        play = Signed(*self._secretary.order(to, action, until_us, document_id=emergency.order_id))
        end = self._end_order(replaced, starts_at_us) if replaced else None
        return _Sending(emergency=sent, airing=airing, play=play, end=end, replaced=tuple(replaced))

    async def end(self, ended: Emergency, speakers: Sequence[Speaker], deed: Deed) -> None:
        """It is over at once, without a word. On its way when this returns, whatever the database does."""
        now_us = self._clock.now_us()
        order = self._end_order([ended], now_us)
        connected = self._outbox.connected()
        self._push([one.device_id for one in speakers if one.device_id in connected], order)
        self._forget([ended])

        what = Unwritten(deed=deed, orders=(order.signed,), over=(ended,))

        async def step(tx: Transaction) -> None:
            await write(tx, what)

        stored = self._storing([ended], step, order.order.header.not_after_us, [order], what)
        self._planning.wake()
        await stored.safe_within(_ANSWERED_WITHIN_S)

    def _end_order(self, ended: Sequence[Emergency], at_us: int) -> Signed:
        areas = tuple(dict.fromkeys(area_id for one in ended for area_id in one.draft.area_ids))
        until_us = max([at_us, *(one.until_us or 0 for one in ended)])
        action = End(airing_ids=tuple(one.airing_id for one in ended), end_at_us=at_us)
        return Signed(*self._secretary.order(Audience(areas=areas), action, until_us + _SECOND_US))

    def _push(self, device_ids: Sequence[DeviceId], what: Signed) -> "asyncio.Task[None]":
        return self._crew.spawn(self._pushed(device_ids, what), f"alarm {what.order.header.document_id}")

    async def _pushed(self, device_ids: Sequence[DeviceId], what: Signed) -> None:
        def still() -> bool:
            # What was ended or stopped meanwhile must not begin on one that was slow to answer.
            match what.order.action:
                case Play(airing=airing):
                    return self._board.get(AiringId(airing.airing_id)) is not None
                case _:
                    return True

        await self._outbox.push_all(device_ids, what.order, what.signed, overtaking=True, still=still)

    def _forget(self, ended: Iterable[Emergency]) -> None:
        for one in ended:
            self._board.remove(one.airing_id)
            self._events.publish(AiringChanged(one.airing_id))

    # --- what is kept -------------------------------------------------------------------------------------------------

    def _first(self, sending: _Sending, what: Unwritten) -> Step:
        """What a restart needs to go on."""

        async def first(tx: Transaction) -> None:
            # What was stopped before it could be stored must not begin when the stop is released.
            gone = self._board.get(sending.airing.airing_id) is None
            state = AiringState.STOPPED if gone else sending.airing.state
            await write(tx, replace(what, airing=replace(sending.airing, speaker_ids=(), state=state)))
            if gone:
                await tx.documents.close_orders([sending.emergency.order_id])

        return first

    async def _recorded(self, before: "Sequence[asyncio.Task[None]]", entry: OpenAiring) -> None:
        """The speakers' own lines, of which there may be thousands, come after what a restart needs, and after the
        answers: until then the board has them.
        """
        first, *pushed = before
        await asyncio.wait(pushed, timeout=_LINES_WITHIN_S)
        await first
        self._board.stored(entry)
        until_us = entry.airing.slot_ends_us or 0
        written: dict[SpeakerId, Playback] = {}

        async def lines(tx: Transaction) -> None:
            written.clear()
            written.update(entry.playbacks)
            await tx.airings.add_playbacks(tuple(written.values()))

        async def meanwhile(tx: Transaction) -> None:
            changed = [one for one in entry.playbacks.values() if written.get(one.speaker_id) is not one]
            await tx.airings.put_playbacks(changed)

        await self._until_stored(lines, until_us)
        entry.unwritten = False
        await self._until_stored(meanwhile, until_us)
        self._planning.wake()
        await self._secretary.stock(DocumentKind.ORDER)

    def _storing(
        self,
        emergencies: Iterable[Emergency],
        step: Step,
        until_us: int,
        orders: Sequence[Signed],
        what: Unwritten,
    ) -> "_Storing":
        """Begins to store ``step``, behind what is still to be stored of these emergencies: none of them ends in the
        database before it began there.
        """
        names = [one.emergency_id for one in emergencies]
        before = {self._unstored[name] for name in names if name in self._unstored}
        tried = asyncio.Event()
        for one in orders:
            self._orders.hold(one.order, one.signed)

        async def store() -> None:
            if before:
                await asyncio.wait(before)
            await self._until_stored(step, until_us, tried)
            for one in orders:
                self._orders.drop(one.order.header.document_id)

        task = self._crew.spawn(store(), f"record {names[0]}")
        self._unstored.update(dict.fromkeys(names, task))
        task.add_done_callback(lambda _: self._stored(names, task))
        return _Storing(task, tried, self._beside.guard(task, tried, what))

    def _stored(self, names: Iterable[EmergencyId], task: "asyncio.Task[None]") -> None:
        for name in names:
            if self._unstored.get(name) is task:
                del self._unstored[name]

    async def _until_stored(self, step: Step, until_us: int, tried: asyncio.Event | None = None) -> None:
        while True:
            try:
                async with self._store.transaction() as tx:
                    await step(tx)
                return
            except StoreFailed:
                _log.exception("an emergency is in force, and is not stored yet")
            finally:
                if tried is not None:
                    tried.set()
            if self._clock.now_us() > until_us + _TRIED_AFTER_US:
                return
            await self._clock.sleep_until(self._clock.now_us() + _RETRY_US)

    async def joined(self, emergency: Emergency, speakers: Sequence[Speaker]) -> tuple[DeviceId, ...]:
        """Adds the speakers that stand in its areas and are not on its board yet; returns their devices. Raises
        `StoreFailed`.
        """
        entry = self._board.get(emergency.airing_id)
        if entry is None:
            return ()
        new = [one for one in speakers if one.speaker_id not in entry.playbacks]
        if not new:
            return ()
        async with self._store.transaction() as tx:
            playbacks = await self._evidence(tx, emergency, new)
            await tx.airings.add_playbacks(playbacks)
        entry = self._board.get(emergency.airing_id)
        if entry is None:
            return ()
        entry.playbacks.update({one.speaker_id: one for one in playbacks})
        entry.devices.update({one.speaker_id: one.device_id for one in new})
        entry.airing = replace(entry.airing, speaker_ids=tuple(entry.playbacks))
        self._board.put(entry)
        return tuple(one.device_id for one in new)

    async def _evidence(
        self, tx: Transaction, emergency: Emergency, speakers: Sequence[Speaker]
    ) -> tuple[Playback, ...]:
        """What is known of these already: the controller may have been killed before it wrote their lines."""
        words = {one.device_id: one for one in await tx.documents.delivered(emergency.order_id) if one.accepted}
        journals = await tx.journals.of_airings([(emergency.airing_id, one.device_id) for one in speakers])
        found = []
        for one in speakers:
            playback = _playback(emergency.airing_id, one.speaker_id)
            if (word := words.get(one.device_id)) is not None:
                playback = evidence.pushed(playback, word.at_us)
            records = journals.get(JournalKey(emergency.airing_id, one.device_id), ())
            found.append(evidence.fold(playback, records))
        return tuple(found)


async def _within(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _airing(emergency: Emergency, speakers: Sequence[Speaker], references: tuple[AiringId, ...], now_us: int) -> Airing:
    starts_at_us, until_us = emergency.starts_at_us or now_us, emergency.until_us or now_us
    return Airing(
        airing_id=emergency.airing_id,
        content_id=BulletinId(emergency.emergency_id),
        revision=1,
        airing_class=emergency.airing_class,
        sequence=emergency.sequence,
        title=emergency.airing_title,
        speaker_ids=tuple(one.speaker_id for one in speakers),
        state=AiringState.PLANNED,
        planned_at_us=now_us,
        planned_by=emergency.confirmed.name if emergency.confirmed is not None else emergency.prepared.name,
        now=True,
        start_at_us=starts_at_us,
        duration_us=until_us - starts_at_us,
        # Who comes late joins in step, as long as it lasts.
        lateness_window_us=until_us - starts_at_us,
        rank=emergency.draft.severity.rank,
        on_interrupted=OnInterrupted.REJOIN,
        slot_ends_us=until_us,
        times=emergency.times,
        pause_us=emergency.pause_us,
        references=references,
    )


def _playback(airing_id: AiringId, speaker_id: SpeakerId) -> Playback:
    return Playback(airing_id=airing_id, speaker_id=speaker_id, state=PlayState.PLANNED)


def _entry(sending: _Sending, speakers: Sequence[Speaker]) -> OpenAiring:
    airing_id = sending.airing.airing_id
    return OpenAiring(
        unstored=True,
        unwritten=True,
        airing=sending.airing,
        playbacks={one.speaker_id: _playback(airing_id, one.speaker_id) for one in speakers},
        devices={one.speaker_id: one.device_id for one in speakers},
        orders=[sending.play.order.header.document_id],
        to=sending.play.order.to,
    )
