"""Live: who opens a stream, where it is heard, and how it ends.

Rules of the module: what is live is an airing like every other, with a part that arrives while it sounds; precedence,
guards, stops, evidence are those of airings. The order that tells its speakers is stored before it is sent, its end is
sent before it is stored. A controller that was killed in the middle ends what it had opened, and keeps what went out.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from agents.protocol.documents import Audience, End, Order, Play, SignedDocument
from agents.protocol.ids import AiringId, AreaId, BulletinId, SpeakerId
from agents.protocol.live import PACKET_US
from agents.protocol.values import AiringClass, DocumentKind, LivePart, OnInterrupted
from agents.protocol.version import FRAMES_PER_SECOND
from controller.domain.airings import Airing, AiringState, Playback, PlayState
from controller.domain.audiences import FEW, audience
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.groups import latest_us
from controller.domain.live import LiveArchive, delay_us, live_from_us
from controller.domain.rights import Actor
from controller.domain.rundowns import planned_airing
from controller.domain.speakers import Speaker, SpeakerState
from controller.ports import Links, Studio, Transaction
from controller.services.board import OpenAiring
from controller.services.events import AiringChanged
from controller.services.gate import Gate
from controller.services.live.archive import LiveArchiving
from controller.services.live.cuts import Cuts
from controller.services.live.ends import LiveEnds
from controller.services.live.newcomers import Newcomers
from controller.services.live.stream import LiveCounters, LiveStream, Places, Workshop
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.secretary import fresh_id
from controller.services.stops import Stops
from controller.services.undisturbed import Undisturbed, quiet

_log = logging.getLogger(__name__)
LIVE_CONTENT: Final = BulletinId("live")
"""In place of a bulletin or programme."""
LEAST_US: Final = 60_000_000
"""Where guards leave less than this, nobody begins."""
_SECOND_US: Final = 1_000_000
_LOOK_EVERY_US: Final = 500_000
_LONGEST_TITLE: Final = 200
_CLASSES: Final = (AiringClass.LIVE, AiringClass.EMERGENCY)
_SPOKEN: Final = (AiringClass.EMERGENCY, AiringClass.DRILL)


class LiveDesk:
    """`resume` after the clockwork has taken up what was open, then `run`."""

    def __init__(self, office: Office, links: Links, outbox: Outbox, stops: Stops, studio: Studio) -> None:
        self._office = office
        self._store = office.store
        self._clock = office.clock
        self._board = office.board
        self._secretary = office.secretary
        self._outbox = outbox
        self._stops = stops
        self._studio = studio
        self._settings = office.settings
        self._gate = Gate(office)
        self._undisturbed = Undisturbed(partial(quiet, office.foremost, office.board, office.clock))
        self._ends = LiveEnds(office, outbox)
        self._newcomers = Newcomers(office, outbox)
        self.counters: Final = LiveCounters()
        self.archiving: Final = LiveArchiving(office, studio)
        self.cuts: Final = Cuts(office.board)
        self._workshop = Workshop(office, links, self.counters, self.cuts, self.archiving.tape, self._close)
        self._streams: dict[AiringId, LiveStream] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def stream(self, airing_id: AiringId) -> LiveStream | None:
        """The stream of an airing, while it is open."""
        return self._streams.get(airing_id)

    def open_streams(self) -> tuple[LiveStream, ...]:
        """The oldest first."""
        return tuple(self._streams.values())

    # --- the beginning ----------------------------------------------------------------------------------------------

    async def open(
        self,
        *,
        title: str,
        by: Actor,
        speaker_ids: Sequence[SpeakerId] = (),
        area_ids: Sequence[AreaId] = (),
        airing_class: AiringClass = AiringClass.LIVE,
        ends_after_s: float | None = None,
    ) -> LiveStream:
        """An airing that begins in a moment, and a stream to feed. Whether ``by`` may is for the caller to say.

        It ends by itself after ``ends_after_s`` (None: as the setting says), or as early as guards want it; nothing
        holds back an emergency.

        Raises `Invalid` (``no_speakers``, ``no_title``), `NotFound` (``speaker_unknown``), `Refused`
        (``stop_all_latched``, what `Gate` refuses), `StoreFailed`.
        """
        _require_sayable(title, airing_class)
        await self._secretary.stock(DocumentKind.ORDER, 2)
        async with self._store.transaction() as tx:
            speakers = await self._speakers(tx, speaker_ids, area_ids)
            airing = _airing(airing_class, title.strip(), speakers, by=by.name, now_us=self._clock.now_us())
            airing = await self._timed(tx, airing, speakers, ends_after_s)
            self._require_unstopped(speakers)
            order, signed = await self._ordered(tx, airing, await self._audience(tx, speakers, area_ids))
            tail_us = latest_us(speakers, await tx.groups.all())
        stream = self._begin(airing, speakers, order, signed, tail_us)
        self._newcomers.begin(stream, area_ids, order)
        try:
            self._require_unstopped(speakers)
        except Refused:
            # Stopped while it was being stored: it must not begin when the stop is released.
            await stream.close(by.name, "stopped")
            raise
        return stream

    async def _timed(
        self, tx: Transaction, airing: Airing, speakers: Sequence[Speaker], ends_after_s: float | None
    ) -> Airing:
        """As early as it can begin, and as long as it may last. Raises what `Gate.longest_within_guards` raises."""
        start_us = airing.planned_at_us + round(self._settings.start_lead_s * _SECOND_US)
        longest_s = self._settings.live_longest_s
        length_us = round(min(ends_after_s or longest_s, longest_s) * _SECOND_US)
        if airing.airing_class is not AiringClass.EMERGENCY:
            length_us = await self._gate.longest_within_guards(tx, speakers, start_us, length_us, LEAST_US)
        return replace(
            airing,
            sequence=(LivePart(frames=length_us * FRAMES_PER_SECOND // _SECOND_US),),
            start_at_us=start_us,
            duration_us=length_us,
            lateness_window_us=length_us,
            slot_ends_us=start_us + length_us,
        )

    async def _ordered(self, tx: Transaction, airing: Airing, to: Audience) -> tuple[Order, SignedDocument]:
        not_after_us = (airing.slot_ends_us or 0) + airing.duration_us
        order, signed = self._secretary.order(to, Play(airing=planned_airing(airing)), not_after_us)
        await tx.airings.add(airing)
        await tx.documents.put(order, signed)
        await tx.deeds.add(_deed(airing))
        return order, signed

    def _require_unstopped(self, speakers: Sequence[Speaker]) -> None:
        if self._stops.silences({speaker.area_id for speaker in speakers}):
            raise Refused("everything is stopped there", code="stop_all_latched")

    def _begin(
        self, airing: Airing, speakers: Sequence[Speaker], order: Order, signed: SignedDocument, tail_us: int
    ) -> LiveStream:
        devices = {speaker.speaker_id: speaker.device_id for speaker in speakers}
        playbacks = {
            one: Playback(airing_id=airing.airing_id, speaker_id=one, state=PlayState.PLANNED)
            for one in airing.speaker_ids
        }
        self._board.put(OpenAiring(airing, playbacks, devices, [order.header.document_id], order.to))
        self._outbox.push_all_behind(self._outbox.connected() & set(devices.values()), order, signed)
        start_us = airing.start_at_us or 0
        delay = self._delay_us(speakers)
        emergency = airing.airing_class is AiringClass.EMERGENCY  # which is heard everywhere at once
        places = Places(start_us, start_us + airing.duration_us, delay, tail_us=0 if emergency else tail_us)
        stream = self._add(airing, places, owned=True)
        self._office.planning.wake()  # it takes air and airtime that something else was to have
        self._office.events.publish(AiringChanged(airing.airing_id))
        return stream

    async def attach(
        self, airing: Airing, *, start_at_us: int, part: int | None = None, delay_s: float | None = None
    ) -> LiveStream:
        """A stream for the live part of an airing that exists and begins at ``start_at_us``; the stream's end is not
        the airing's. ``part`` is its number in the sequence, None the first that is live. ``delay_s`` None: that of SIM
        cards, since nobody hears the difference.

        Raises `ValueError` where nothing of it is live, `Refused` (``live_already``) where it has a stream.
        """
        live = live_from_us(airing.sequence, part)
        if live is None:
            raise ValueError(f"nothing of {airing.airing_id} is live")
        if airing.airing_id in self._streams:
            raise Refused(f"{airing.airing_id} has a stream", code="live_already")
        delay = round((self._settings.live_delay_sim_s if delay_s is None else delay_s) * _SECOND_US)
        before_us = start_at_us - airing.from_us
        # Above the numbers of a live part before, and of a controller before this one: no bundle is shorter.
        first = max(0, (self._clock.now_us() + delay - before_us) // PACKET_US)
        return self._add(airing, Places(before_us + live[0], before_us + live[1], delay, first), owned=False)

    async def spoken(self, airing_id: AiringId) -> LiveStream | None:
        """The stream into which a person speaks for an airing: one that was opened, or that of an emergency or drill on
        the air with a part that is spoken, which is attached when the first asks for it. Raises `StoreFailed`.
        """
        entry, opened = self._board.get(airing_id), self._streams.get(airing_id)
        if opened is not None:
            # Nobody speaks into a relay.
            return opened if opened.owned or opened.airing.airing_class in _SPOKEN else None
        if entry is None:
            return None
        airing = entry.airing
        if airing.airing_class not in _SPOKEN or airing.start_at_us is None or live_from_us(airing.sequence) is None:
            return None
        async with self._store.reading() as tx:
            speakers = await tx.speakers.several(airing.speaker_ids)
        opened = self._streams.get(airing_id)  # meanwhile
        if opened is None:
            delay_s = self._delay_us(list(speakers.values())) / _SECOND_US
            opened = await self.attach(airing, start_at_us=airing.start_at_us, delay_s=delay_s)
            self._office.crew.spawn(self._listen(opened), f"level of {airing_id}")
        return opened

    def _add(self, airing: Airing, places: Places, *, owned: bool) -> LiveStream:
        stream = LiveStream(self._workshop, airing, places, owned=owned)
        self._undisturbed.begin()
        self._streams[airing.airing_id] = stream
        if owned:
            self._office.crew.spawn(self._listen(stream), f"level of {airing.airing_id}")
        return stream

    async def _listen(self, stream: LiveStream) -> None:
        stream.meter = await self._studio.meter()

    def _delay_us(self, speakers: Sequence[Speaker]) -> int:
        settings = self._settings
        lan_us, sim_us = (round(one * _SECOND_US) for one in (settings.live_delay_lan_s, settings.live_delay_sim_s))
        return delay_us((speaker.profile for speaker in speakers), lan_us, sim_us)

    async def _speakers(
        self, tx: Transaction, speaker_ids: Sequence[SpeakerId], area_ids: Sequence[AreaId]
    ) -> list[Speaker]:
        adopted = {one.speaker_id: one for one in await tx.speakers.all() if one.state is SpeakerState.ADOPTED}
        unknown = [one for one in speaker_ids if one not in adopted]
        if unknown:
            raise NotFound(f"no speaker {unknown[0]}", code="speaker_unknown")
        wanted = dict.fromkeys(speaker_ids)
        within = set(area_ids)
        for speaker in adopted.values() if within else ():
            if not within.isdisjoint(await self._office.areas.path(tx, speaker.area_id)):
                wanted[speaker.speaker_id] = None
        if not wanted:
            raise Invalid("no speaker was chosen", code="no_speakers")
        return [adopted[one] for one in wanted]

    async def _audience(self, tx: Transaction, speakers: Sequence[Speaker], areas_too: Sequence[AreaId]) -> Audience:
        """Few by name, many by areas; ``areas_too`` as a whole, for who is adopted there while it lasts."""
        meant = tuple(speaker.device_id for speaker in speakers)
        if len(meant) <= FEW:
            return _with_areas(audience(meant, {}), areas_too)
        areas = self._office.areas
        standing = {one.device_id: await areas.path(tx, one.area_id) for one in await tx.speakers.all()}
        return _with_areas(audience(meant, standing), areas_too)

    # --- the end ----------------------------------------------------------------------------------------------------

    async def end(self, airing_id: AiringId, by: str) -> None:
        """Ends an open stream. Raises `NotFound` (``not_live``) where there is none, or it is that of a relay, which is
        stopped as its airing is.
        """
        stream = self._streams.get(airing_id)
        if stream is None or not stream.owned:
            raise NotFound(f"no stream of {airing_id}", code="not_live")
        await stream.close(by)

    async def _close(self, stream: LiveStream, by: str, reason: str) -> None:
        ended_us = stream.finish(reason)
        self._streams.pop(stream.airing.airing_id, None)
        self._newcomers.forget(stream.airing.airing_id)
        if stream.tape is not None:
            self._office.crew.spawn(self.archiving.keep(stream.tape), f"archive {stream.airing.airing_id}")
        entry = stream.entry
        try:
            if stream.owned and entry is not None:
                await self._ends.end(entry, max(ended_us, self._clock.now_us()), by)
        finally:
            if not self._streams:
                self._undisturbed.end()
        self._office.events.publish(AiringChanged(stream.airing.airing_id))

    async def leave(self, within_s: float) -> None:
        """The program ends: whoever speaks is told so, and so are the horns, which would wait for more. Returns when
        they have said that they know, also of what ended a moment before, or after ``within_s``; what the database does
        not take by then is ended at the next start.
        """
        until_s = asyncio.get_running_loop().time() + within_s
        for stream in self.open_streams():
            if stream.owned:
                self._close_behind(stream, stream.airing.planned_by, "closing")
        if self._closing:
            await asyncio.wait(self._closing, timeout=within_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until_s):
                await self._ends.told()

    # --- what goes on by itself -------------------------------------------------------------------------------------

    async def resume(self) -> None:
        """Ends what was spoken when the controller ended: its speakers hear so when they dial again. Raises
        `StoreFailed`.
        """
        async with self._store.reading() as tx:
            orders = await tx.documents.open_orders(self._clock.now_us())
        ended = {one for order, _ in orders if isinstance(order.action, End) for one in order.action.airing_ids}
        await self._secretary.stock(DocumentKind.ORDER, len(ended) + 1)
        for entry in self._board.all():
            airing = entry.airing
            if airing.now and airing.content_id == LIVE_CONTENT and airing.airing_id not in ended:
                await self._ends.end(entry, self._clock.now_us(), airing.planned_by)

    async def run(self) -> None:
        """Until cancelled. To be started when the studio has cleared away what nobody refers to: a clip that is made
        meanwhile of what was left would be gone.
        """
        self._office.crew.spawn(self.archiving.recover(), "what went out live before the start")
        while True:
            await self._clock.sleep_until(self._clock.now_us() + _LOOK_EVERY_US)
            for stream in self.open_streams():
                try:
                    self._look(stream)
                except Exception:
                    # One stream must not end the others, nor the desk, and with it every stop.
                    _log.exception("a stream could not be looked at", extra={"airing_id": stream.airing.airing_id})
            self._undisturbed.tidy()

    def _look(self, stream: LiveStream) -> None:
        """Never waits: while the database is slow the other streams are looked at all the same."""
        now_us, by = self._clock.now_us(), stream.airing.planned_by
        if stream.entry is None:
            self._close_behind(stream, "", "stopped")
        elif now_us >= stream.ends_us:
            self._close_behind(stream, by, "longest")
        elif stream.owned and stream.abandoned:
            self._close_behind(stream, by, "microphone_lost")
        else:
            self._newcomers.look(stream)
            stream.look()

    def _close_behind(self, stream: LiveStream, by: str, reason: str) -> None:
        task = self._office.crew.spawn(stream.close(by, reason), f"close {stream.airing.airing_id}")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def archives(self, airing_id: AiringId) -> Sequence[LiveArchive]:
        """What of an airing went out live, as clips. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            return await tx.live_archives.of_airing(airing_id)


def _airing(airing_class: AiringClass, title: str, speakers: Sequence[Speaker], *, by: str, now_us: int) -> Airing:
    """One whose time is not fixed yet."""
    return Airing(
        airing_id=AiringId(fresh_id("a")),
        content_id=LIVE_CONTENT,
        revision=1,
        airing_class=airing_class,
        sequence=(),
        title=title,
        speaker_ids=tuple(speaker.speaker_id for speaker in speakers),
        state=AiringState.PLANNED,
        planned_at_us=now_us,
        planned_by=by,
        now=True,
        start_at_us=None,
        duration_us=0,
        lateness_window_us=0,
        on_interrupted=OnInterrupted.REJOIN,
    )


def _deed(airing: Airing) -> Deed:
    return Deed(
        at_us=airing.planned_at_us,
        by=airing.planned_by,
        what=DeedKind.LIVE,
        subject=airing.airing_id,
        detail=f"{len(airing.speaker_ids)} speakers",
    )


def _with_areas(to: Audience, area_ids: Sequence[AreaId]) -> Audience:
    return Audience(areas=tuple(dict.fromkeys((*to.areas, *area_ids))), devices=to.devices)


def _require_sayable(title: str, airing_class: AiringClass) -> None:
    if not title.strip() or len(title) > _LONGEST_TITLE:
        raise Invalid("a title of 1 to 200 letters is needed", code="no_title")
    if airing_class not in _CLASSES:
        raise Invalid(f"{airing_class} is not spoken live", code="bad_request")
