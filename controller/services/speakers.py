"""What can be asked of and changed on adopted speakers."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Final

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.values import DocumentKind, Profile
from controller.domain import texts
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, NotFound
from controller.domain.faults import FaultKind
from controller.domain.speakers import (
    MOST_DELAY_US,
    Box,
    Move,
    NotReady,
    Speaker,
    SpeakerHealth,
    SpeakerOverview,
    SpeakerState,
    Standing,
)
from controller.services.adoption import require_free_name
from controller.services.areabook import day_of
from controller.services.assignments import Assignments
from controller.services.events import SpeakersChanged
from controller.services.faults import FaultDesk
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.roster import Present
from controller.services.stops import Stops
from schedules.areas import Area


class SpeakerDesk:
    """Volume, name, place, and how each speaker is."""

    def __init__(
        self, office: Office, outbox: Outbox, assignments: Assignments, stops: Stops, faults: FaultDesk
    ) -> None:
        self._store = office.store
        self._clock = office.clock
        self._secretary = office.secretary
        self._assignments = assignments
        self._outbox = outbox
        self._roster = office.roster
        self._areas = office.areas
        self._stops = stops
        self._faults = faults
        self._events = office.events
        self._planning = office.planning
        self._fleet = office.fleet

    async def standing(self) -> tuple[Standing, ...]:
        """Every speaker, by name, with no more than whether it is ready: quick, also for ten thousand of them. Raises
        `StoreFailed`.
        """
        async with self._store.reading() as tx:
            speakers = await tx.speakers.all()
            await self._areas.knowing(tx, {speaker.area_id for speaker in speakers})
        connected, present = self._outbox.connected(), self._roster.get
        areas, silent = self._places(speakers), self._faults.all_bad(_SILENT)
        found = []
        for one in speakers:
            area, stopped = areas[one.area_id]
            linked = present(one.device_id) if one.device_id in connected else None
            not_ready = _not_ready(one, linked, stopped, silent.get(one.speaker_id))
            found.append(Standing(one if one.area_id == area.area_id else _in_area(one, area), area, not_ready))
        return tuple(found)

    async def overview(self, speaker_ids: Collection[SpeakerId] | None = None) -> tuple[SpeakerOverview, ...]:
        """Every speaker, or these, by name, as it is now. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            speakers: Sequence[Speaker] = await tx.speakers.all()
            if speaker_ids is not None:
                speakers = [speaker for speaker in speakers if speaker.speaker_id in speaker_ids]
            # Of who is present is known what it says now.
            away = [one.speaker_id for one in speakers if self._roster.get(one.device_id) is None]
            stored = await tx.speakers.healths(away)
            await self._areas.knowing(tx, {speaker.area_id for speaker in speakers})
        connected = self._outbox.connected()
        areas = self._places(speakers)
        return tuple(
            self._seen(speaker, stored.get(speaker.speaker_id), connected, *areas[speaker.area_id])
            for speaker in speakers
        )

    async def makes(self) -> frozenset[tuple[str, str]]:
        """Model and version of every box that was heard of. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            return await tx.speakers.makes() | self._roster.makes()

    def _places(self, speakers: Sequence[Speaker]) -> dict[AreaId, tuple[Area, bool]]:
        """Where they stand, and whether everything there is stopped: asked once an area, of which there are few."""
        return {
            area_id: (self._areas.standing(area_id), self._stops.stopped(area_id))
            for area_id in {speaker.area_id for speaker in speakers}
        }

    async def names(self) -> frozenset[str]:
        """What speakers are called here, and what their devices that are connected call themselves. Raises
        `StoreFailed`.
        """
        async with self._store.reading() as tx:
            given = [speaker.name for speaker in await tx.speakers.all()]
        return frozenset([*given, *self._roster.names()])

    async def one(self, speaker_id: SpeakerId) -> SpeakerOverview:
        """Raises `NotFound`, also for one that is released; `StoreFailed`."""
        async with self._store.reading() as tx:
            speaker = await tx.speakers.get(speaker_id)
            if speaker.state not in {SpeakerState.ADOPTED, SpeakerState.RELEASING}:
                raise NotFound(f"the speaker {speaker_id} is released", code="speaker_unknown")
            stored = await tx.speakers.health_of(speaker_id)
            await self._areas.knowing(tx, [speaker.area_id])
        return self._seen(speaker, stored, self._outbox.connected(), *self._places([speaker])[speaker.area_id])

    def _seen(
        self,
        speaker: Speaker,
        stored: SpeakerHealth | None,
        connected: frozenset[DeviceId],
        area: Area,
        stopped: bool,
    ) -> SpeakerOverview:
        """Where its area was merged, the speaker as standing in what that became: in ``area``."""
        present = self._roster.get(speaker.device_id)
        linked = present is not None and speaker.device_id in connected
        return SpeakerOverview(
            speaker=_in_area(speaker, area),
            area_name=area.name,
            health=_health(present, stored),
            not_ready=_not_ready(
                speaker,
                present if linked else None,
                stopped,
                self._faults.first_bad(speaker.speaker_id, _SILENT),
            ),
            connected_since_us=present.since_us if present is not None and linked else None,
            sounding_airing_id=_sounding(present),
        )

    async def boxes(self, speaker_id: SpeakerId) -> tuple[Box, ...]:
        """Those that hung there, the newest first; none where it is the first still. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            return await tx.boxes.of_speaker(speaker_id)

    async def set_volume(self, speaker_id: SpeakerId, percent: int, by: str) -> Speaker:
        """A new assignment, pushed at once or at the next connect.

        Raises `NotFound`, `Invalid` (``volume_out_of_range``, ``volume_above_limit``), `StoreFailed`.
        """
        if not 0 <= percent <= 100:
            raise Invalid(f"{percent} %", code="volume_out_of_range")

        def changed(speaker: Speaker) -> Speaker:
            if percent > speaker.max_volume_percent:
                raise Invalid(f"at most {speaker.max_volume_percent} %", code="volume_above_limit")
            return replace(speaker, volume_percent=percent)

        return await self._change(speaker_id, changed, by, DeedKind.SET_VOLUME, f"{percent} %")

    async def set_profile(self, speaker_id: SpeakerId, profile: Profile, by: str) -> Speaker:
        """What its way to the controller costs; its device learns it with its assignment. Raises `NotFound`,
        `StoreFailed`.
        """
        return await self._change(
            speaker_id, lambda one: replace(one, profile=profile), by, DeedKind.SET_PROFILE, profile.value
        )

    async def set_delay(self, speaker_id: SpeakerId, delay_us: int, by: str) -> Speaker:
        """By how much all but emergencies begin later there, against echo; the turn in a group comes on top. Raises
        `NotFound`, `Invalid` (``delay_out_of_range``), `StoreFailed`.
        """
        if not 0 <= delay_us <= MOST_DELAY_US:
            raise Invalid(f"{delay_us} us", code="delay_out_of_range")
        delayed = await self._change(
            speaker_id, lambda one: replace(one, delay_us=delay_us), by, DeedKind.SET_DELAY, f"{delay_us // 1_000} ms"
        )
        self._planning.wake()
        return delayed

    async def rename(self, speaker_id: SpeakerId, name: str, by: str) -> Speaker:
        """Raises `NotFound`, `Invalid` (``name_empty``, ``name_too_long``, ``name_taken``), `StoreFailed`."""
        name = texts.name(name)
        async with self._store.reading() as tx:
            speaker = await tx.speakers.get(speaker_id)
            require_free_name(await tx.speakers.all(), name, speaker.device_id)
        return await self._change(speaker_id, lambda one: replace(one, name=name), by, DeedKind.RENAME, name)

    async def move(self, speaker_id: SpeakerId, area_id: AreaId, by: str) -> Speaker:
        """To another area, from today on; what is said of the days before stays with where it stood. Raises `NotFound`,
        `Invalid` (``area_unknown``), `StoreFailed`.
        """
        today = day_of(self._clock.now_us())
        async with self._store.reading() as tx:
            tree = await self._areas.knowing(tx, [area_id])
        if area_id not in tree or not tree.get(area_id).valid(today):
            raise Invalid(f"no area {area_id}", code="area_unknown")
        name = tree.get(area_id).name
        moved = await self._change(
            speaker_id, lambda one: replace(one, area_id=area_id), by, DeedKind.MOVE_SPEAKER, name
        )
        self._planning.wake()
        return moved

    async def _change(
        self, speaker_id: SpeakerId, change: Callable[[Speaker], Speaker], by: str, what: DeedKind, detail: str
    ) -> Speaker:
        await self._secretary.stock(DocumentKind.ASSIGNMENT)
        async with self._store.transaction() as tx:
            before = await tx.speakers.get(speaker_id)
            if before.state is not SpeakerState.ADOPTED:
                raise NotFound(f"the speaker {speaker_id} is released", code="speaker_unknown")
            speaker = change(before)
            await tx.speakers.put(speaker)
            if speaker.area_id != before.area_id:
                await tx.speakers.put_move(speaker_id, Move(day_of(self._clock.now_us()), before.area_id))
            document, signed = await self._assignments.current(tx, speaker)
            await tx.deeds.add(Deed(at_us=self._clock.now_us(), by=by, what=what, subject=speaker_id, detail=detail))
        if speaker.device_id in self._outbox.connected():
            self._outbox.push_behind(speaker.device_id, document, signed)
        self._events.publish(SpeakersChanged())
        if (speaker.area_id, speaker.profile) != (before.area_id, before.profile):
            self._fleet.wake()
        return speaker


_SILENT: Final = {FaultKind.OUTPUT: NotReady.NO_OUTPUT, FaultKind.NOT_HEARD: NotReady.NOT_HEARD}
"""Faults of a box that is linked and silent all the same."""


def _not_ready(speaker: Speaker, present: Present | None, stopped: bool, silent: FaultKind | None) -> NotReady | None:
    """``present`` is its device where that is linked, ``silent`` what is wrong with its sound."""
    if speaker.state is not SpeakerState.ADOPTED:
        return NotReady.RELEASING
    if stopped:
        return NotReady.STOPPED
    if present is None:
        return NotReady.OFFLINE
    if present.stopped_here:
        return NotReady.STOPPED_HERE
    if not present.time_known:
        return NotReady.TIME_UNKNOWN
    return None if silent is None else _SILENT[silent]


def _in_area(speaker: Speaker, area: Area) -> Speaker:
    """The speaker as standing in what its area became."""
    return speaker if speaker.area_id == area.area_id else replace(speaker, area_id=AreaId(area.area_id))


def _health(present: Present | None, stored: SpeakerHealth | None) -> SpeakerHealth | None:
    """The link knows better than the database; what the database calls connected is from before a restart."""
    if present is not None:
        return present.health()
    return None if stored is None else stored.away()


def _sounding(present: Present | None) -> str | None:
    return None if present is None or present.heartbeat is None else present.heartbeat.sounding_airing_id
