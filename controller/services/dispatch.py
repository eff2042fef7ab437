"""From a ready bulletin or programme to horns that sound.

"Now": one play order without an instant is signed once and pushed to all connected speakers at the same time. They
fetch, arm and report; as soon as each is armed (or has given up, or the wait is over) one start order gives all of them
the same instant. Who connects later gets both orders and joins in step.

Planned: the airing travels in each speaker's rundown, and needs nobody at its instant.

Everything that is decided follows from stored evidence, so that a restart at any moment goes on where it was.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from agents.protocol.documents import Audience, Play
from agents.protocol.ids import AiringId, AreaId, DeviceId, DocumentId, SpeakerId
from agents.protocol.values import AiringClass, DocumentKind, OnInterrupted
from controller.domain.airings import Airing, AiringState, ContentId, Playback, PlayState
from controller.domain.audiences import FEW, audience
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, NotFound, Refused, StoreFailed
from controller.domain.planning import if_interrupted, lateness_of
from controller.domain.rights import Actor
from controller.domain.rundowns import planned_airing
from controller.domain.speakers import Speaker, SpeakerState
from controller.domain.stops import Acknowledgement, ActiveStop
from controller.ports import Transaction
from controller.services.board import OpenAiring
from controller.services.contents import Content, content_of
from controller.services.events import AiringChanged
from controller.services.gate import Gate
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.pins import Pins
from controller.services.planning.rundowns import Rundowns
from controller.services.secretary import fresh_id
from controller.services.stops import Stops
from schedules.precedence import AirClass
from schedules.rundown.items import UNLESS_STATED

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_GOES_ON_WITHIN_US: Final = 3_600_000_000
"""What was cut goes on so long after it was to be over, at the latest."""
Within = Callable[[Transaction], Awaitable[None]]
_FARTHEST_US: Final = 366 * 86_400_000_000


class Dispatch:
    """Sends, schedules and stops airings."""

    def __init__(self, office: Office, outbox: Outbox, rundowns: Rundowns, stops: Stops, pins: Pins) -> None:
        self._store = office.store
        self._outbox = outbox
        self._secretary = office.secretary
        self._clock = office.clock
        self._board = office.board
        self._events = office.events
        self._crew = office.crew
        self._rundowns = rundowns
        self._stops = stops
        self._pins = pins
        self._settings = office.settings
        self._planning = office.planning
        self._areas = office.areas
        self._gate = Gate(office)

    async def send_now(
        self,
        content_id: ContentId,
        speaker_ids: Sequence[SpeakerId],
        by: str,
        *,
        approver: Actor | None = None,
        within: Within | None = None,
    ) -> Airing:
        """An airing in state waiting; it starts when the connected speakers are armed. ``within`` writes what is to be
        kept with it, or neither is; it is asked before the content is looked at. ``approver`` is whoever approves it
        by sending it; None where it was decided on otherwise.

        Raises `Invalid` (``no_speakers``), `NotFound` (``speaker_unknown``), `Refused` (``stop_all_latched``), what
        `contents.content_of` and `Gate` raise, `StoreFailed`.
        """
        if self._stops.active() is not None:
            raise Refused("everything is stopped", code="stop_all_latched")
        await self._secretary.stock(DocumentKind.ORDER)
        async with self._store.transaction() as tx:
            if within is not None:
                await within(tx)
            now_us = self._clock.now_us()
            content, speakers = await _checked(tx, content_id, speaker_ids, now_us)
            _require_way(content, within)
            own = await self._passed(tx, content, speakers, now_us, approver)
            if self._stops.active() is not None:  # meanwhile
                raise Refused("everything is stopped", code="stop_all_latched")
            airing = self._unwaiting(self._airing(content, speakers, by, None))
            to = await self._audience(tx, speakers)
            not_after_us = airing.planned_at_us + self._longest_us(airing)
            order, signed = self._secretary.order(to, self._play(airing), not_after_us)
            await tx.airings.add(airing)
            await tx.documents.put(order, signed)
            await tx.deeds.add(_deed(airing, DeedKind.SEND, own=own))
        devices = {speaker.speaker_id: speaker.device_id for speaker in speakers}
        self._board.put(_entry(airing, devices, [order.header.document_id], to))
        self._outbox.push_all_behind(
            self._outbox.connected() & set(devices.values()),
            order,
            signed,
            overtaking=airing.airing_class is AiringClass.EMERGENCY,
        )
        self._events.publish(AiringChanged(airing.airing_id))
        return airing

    def _unwaiting(self, airing: Airing) -> Airing:
        """An emergency waits for nobody: its siren sounds on arrival, its words begin at an instant that is known.
        Who comes later joins in step.
        """
        if airing.airing_class is not AiringClass.EMERGENCY:
            return airing
        start_at_us = airing.planned_at_us + round(self._settings.emergency_lead_s * _SECOND_US)
        return replace(
            airing,
            state=AiringState.PLANNED,
            start_at_us=start_at_us,
            slot_ends_us=start_at_us + airing.duration_us,
            lateness_window_us=max(airing.lateness_window_us, airing.duration_us),
        )

    def _play(self, airing: Airing) -> Play:
        emergency = airing.airing_class is AiringClass.EMERGENCY
        return Play(airing=planned_airing(airing), siren=self._pins.siren if emergency else None)

    async def schedule(
        self,
        content_id: ContentId,
        speaker_ids: Sequence[SpeakerId],
        start_at_us: int,
        by: str,
        *,
        approver: Actor | None = None,
        within: Within | None = None,
    ) -> Airing:
        """An airing in state planned, in the rundown of each speaker. The rest is as for `send_now`.

        Raises what `send_now` raises but ``stop_all_latched``, and `Invalid` (``start_in_past``,
        ``too_far_ahead``), `Refused` (``clock_not_synchronised``).
        """
        now_us = self._clock.now_us()
        if not self._rundowns.time_trusted:
            raise Refused("the clock is not synchronised", code="clock_not_synchronised")
        if start_at_us <= now_us:
            raise Invalid("the start is in the past", code="start_in_past")
        if start_at_us > now_us + _FARTHEST_US:
            raise Invalid("the start is more than a year ahead", code="too_far_ahead")
        async with self._store.transaction() as tx:
            if within is not None:
                await within(tx)
            content, speakers = await _checked(tx, content_id, speaker_ids, start_at_us)
            _require_way(content, within)
            own = await self._passed(tx, content, speakers, start_at_us, approver)
            airing = self._airing(content, speakers, by, start_at_us)
            await tx.airings.add(airing)
            await tx.deeds.add(_deed(airing, DeedKind.SCHEDULE, own=own))
        devices = {speaker.speaker_id: speaker.device_id for speaker in speakers}
        self._board.put(_entry(airing, devices, []))
        self._planning.wake()
        try:
            await self._rundowns.refresh(airing.speaker_ids)
        except StoreFailed:
            _log.exception("an airing is planned, its rundowns come later", extra={"airing_id": airing.airing_id})
        self._events.publish(AiringChanged(airing.airing_id))
        return airing

    async def stop(self, airing_id: AiringId, by: str) -> Airing:
        """Ends one airing on all its speakers. Raises `NotFound`, `Refused` (``already_ended``), `StoreFailed`."""
        entry = self._board.get(airing_id)
        if entry is None:
            async with self._store.reading() as tx:
                await tx.airings.get(airing_id)
            raise Refused("the airing is over", code="already_ended")
        await self._stops.stop_airing(entry.airing, entry.devices.values(), by)
        if not entry.airing.now:
            self._crew.spawn(self._rundowns.refresh(entry.airing.speaker_ids), f"withdraw {airing_id}")
        async with self._store.reading() as tx:
            return await tx.airings.get(airing_id)

    async def stop_all(self, by: str) -> DocumentId:
        """Silence everywhere, latched. Pushed before anything else is done; works on a full disk."""
        return await self._stops.stop_all(by)

    async def stop_areas(self, area_ids: Sequence[AreaId], by: str) -> DocumentId:
        """Silence in these areas and below them, latched, whatever else holds. Raises `Invalid` (``areas_missing``),
        `NotFound` (``area_unknown``).
        """
        return await self._stops.stop_areas(area_ids, by)

    def holding(self) -> tuple[ActiveStop, ...]:
        """Every stop that holds now, of everything or of some areas, the oldest first."""
        return self._stops.holding()

    async def release(self, order_id: DocumentId, by: str) -> None:
        """This stop does not hold any more; others may. Raises `NotFound` (``stop_unknown``), `StoreFailed`."""
        await self._stops.release(order_id, by)

    async def release_stop(self, by: str) -> None:
        """Speakers may sound again. Does nothing where nothing is stopped. Raises `StoreFailed`."""
        await self._stops.release_all(by)

    async def active_stop(self) -> ActiveStop | None:
        """The stop of everything that holds now."""
        return self._stops.active()

    def open_airings(self) -> tuple[Airing, ...]:
        """Those that are waiting, planned or on the air, as last stored; asks nobody, so that every page can ask."""
        return tuple(entry.airing for entry in self._board.all())

    def sounding(self) -> dict[SpeakerId, AiringId]:
        """Which airing sounds from which speaker, by what devices reported."""
        return {
            speaker_id: entry.airing.airing_id
            for entry in self._board.all()
            if entry.airing.state is AiringState.ON_AIR
            for speaker_id, playback in entry.playbacks.items()
            if playback.state is PlayState.SOUNDING
        }

    async def acknowledgements(self, order_id: DocumentId) -> tuple[Acknowledgement, ...]:
        """Each adopted speaker's word on an order, by name of the speaker. Raises `StoreFailed`."""
        return await self._stops.acknowledgements(order_id)

    async def _audience(self, tx: Transaction, speakers: Sequence[Speaker]) -> Audience:
        meant = tuple(speaker.device_id for speaker in speakers)
        if len(meant) <= FEW:
            return audience(meant, {})
        standing = {one.device_id: await self._areas.path(tx, one.area_id) for one in await tx.speakers.all()}
        return audience(meant, standing)

    async def _passed(
        self, tx: Transaction, content: Content, speakers: Sequence[Speaker], start_us: int, approver: Actor | None
    ) -> bool:
        """Guards and approval; returns whether somebody approved their own."""
        if content.airing_class is AiringClass.EMERGENCY:
            return False
        await self._gate.require_within_guards(tx, content, speakers, start_us)
        if approver is None:
            return False
        return await self._gate.require_approval(tx, content, speakers, approver, self._clock.now_us())

    def _airing(self, content: Content, speakers: Sequence[Speaker], by: str, start_at_us: int | None) -> Airing:
        now_us = self._clock.now_us()
        return Airing(
            airing_id=AiringId(fresh_id("a")),
            content_id=content.content_id,
            revision=content.revision,
            airing_class=content.airing_class,
            sequence=content.sequence,
            title=content.title,
            speaker_ids=tuple(speaker.speaker_id for speaker in speakers),
            state=AiringState.WAITING if start_at_us is None else AiringState.PLANNED,
            planned_at_us=now_us,
            planned_by=by,
            now=start_at_us is None,
            start_at_us=start_at_us,
            duration_us=content.frames * _SECOND_US // 48_000,
            lateness_window_us=lateness_of(content.sequence, round(self._settings.lateness_window_s * _SECOND_US)),
            on_interrupted=if_interrupted(_if_interrupted(content.airing_class), content.sequence),
            slot_ends_us=(start_at_us or now_us) + content.frames * _SECOND_US // 48_000 + _GOES_ON_WITHIN_US,
        )

    def _longest_us(self, airing: Airing) -> int:
        """The longest a "now" can go on, from the moment it was sent."""
        waited_s = max(self._settings.now_wait_s, self._settings.lateness_window_s)
        return round(waited_s * _SECOND_US) + airing.duration_us + airing.lateness_window_us


def _if_interrupted(airing_class: AiringClass) -> OnInterrupted:
    """As what is planned; but an emergency that a newer one cuts was overtaken by it, and must not come back."""
    if airing_class is AiringClass.EMERGENCY:
        return OnInterrupted.DROP
    return OnInterrupted(UNLESS_STATED[AirClass(airing_class.value)].value)


def _entry(
    airing: Airing, devices: dict[SpeakerId, DeviceId], orders: list[str], to: Audience | None = None
) -> OpenAiring:
    playbacks = {
        speaker_id: Playback(airing_id=airing.airing_id, speaker_id=speaker_id, state=PlayState.PLANNED)
        for speaker_id in airing.speaker_ids
    }
    return OpenAiring(airing=airing, playbacks=playbacks, devices=devices, orders=orders, to=to)


async def _checked(
    tx: Transaction, content_id: ContentId, speaker_ids: Sequence[SpeakerId], now_us: int
) -> tuple[Content, list[Speaker]]:
    if not speaker_ids:
        raise Invalid("no speaker was chosen", code="no_speakers")
    adopted = {one.speaker_id: one for one in await tx.speakers.all() if one.state is SpeakerState.ADOPTED}
    unknown = [speaker_id for speaker_id in speaker_ids if speaker_id not in adopted]
    if unknown:
        raise NotFound(f"no speaker {unknown[0]}", code="speaker_unknown")
    content = await content_of(tx, content_id, now_us)
    return content, [adopted[speaker_id] for speaker_id in dict.fromkeys(speaker_ids)]


def _require_way(content: Content, within: Within | None) -> None:
    """An emergency is sent by what decides on it, in one with the airing; not by whoever may send."""
    if content.airing_class is AiringClass.EMERGENCY and within is None:
        raise Refused("an emergency is not sent as a bulletin", code="class_reserved")


def _deed(airing: Airing, what: DeedKind, *, own: bool) -> Deed:
    return Deed(
        at_us=airing.planned_at_us,
        by=airing.planned_by,
        what=what,
        subject=airing.airing_id,
        detail=f"{len(airing.speaker_ids)} speakers" + (", self-approved" if own else ""),
    )
