"""The board of an emergency, and how many speakers would sound before anything is sent.

Only what devices said moves a speaker on a board. That a siren sounds is remembered while it may: it is over within
seconds, and no playback tells of it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from agents.protocol.ids import AiringId, AreaId, DeviceId, SpeakerId
from agents.protocol.journal import JournalRecord, SirenSounding
from controller.domain.airings import Playback
from controller.domain.alarm_board import Board, BoardLine, Reach, Readiness, counted, reach_of, worst_first
from controller.domain.emergencies import Emergency
from controller.domain.speakers import NotReady, Speaker, Standing
from controller.ports import Transaction
from controller.services.events import AiringChanged
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.speakers import SpeakerDesk
from controller.services.whereabouts import standing_in

_MOST_SIRENS: Final = 100_000


class AlarmBoards:
    """Reads; it observes journals for sirens."""

    def __init__(self, office: Office, outbox: Outbox, speakers: SpeakerDesk) -> None:
        self._store = office.store
        self._clock = office.clock
        self._board = office.board
        self._areas = office.areas
        self._events = office.events
        self._outbox = outbox
        self._roster = office.roster
        self._speakers = speakers
        self._sirens: set[tuple[str, SpeakerId]] = set()

    async def of(self, emergency: Emergency) -> Board:
        """Speaker by speaker what devices said. Raises `StoreFailed`."""
        standing = {one.speaker.speaker_id: one for one in await self._speakers.standing()}
        playbacks = await self._playbacks(emergency)
        if playbacks is None:  # it was not sent yet: those that it would go to
            meant = self._meant(standing, emergency.draft.area_ids)
            playbacks = {one.speaker_id: None for one in meant}
        connected = self._outbox.connected()
        lines = [
            self._line(emergency, speaker_id, playback, standing.get(speaker_id), connected)
            for speaker_id, playback in playbacks.items()
        ]
        return Board(emergency=emergency, lines=worst_first(lines), counts=counted(lines), at_us=self._clock.now_us())

    async def readiness(self, area_ids: Sequence[AreaId]) -> Readiness:
        """How many speakers of these areas would sound now. Raises `StoreFailed`."""
        standing = {one.speaker.speaker_id: one for one in await self._speakers.standing()}
        meant = [standing[one.speaker_id] for one in self._meant(standing, area_ids)]
        missing = tuple(one for one in meant if one.not_ready is not None)
        why = Counter(one.not_ready for one in missing if one.not_ready is not None)
        empty = sum(one.not_ready is None and self._empty(one.speaker) for one in meant)
        return Readiness(
            ready=len(meant) - len(missing), speakers=len(meant), not_ready=dict(why), missing=missing, empty=empty
        )

    def _empty(self, speaker: Speaker) -> bool:
        present = self._roster.get(speaker.device_id)
        return present is not None and present.heartbeat is not None and present.heartbeat.clips == 0

    async def last_seen_us(self, speaker_ids: Sequence[SpeakerId]) -> Mapping[SpeakerId, int]:
        """When those of them were heard of last that ever were. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            healths = await tx.speakers.healths(speaker_ids)
        return {speaker_id: one.seen_at_us for speaker_id, one in healths.items()}

    def _meant(self, standing: Mapping[SpeakerId, Standing], area_ids: Sequence[AreaId]) -> tuple[Speaker, ...]:
        return standing_in([one.speaker for one in standing.values()], area_ids, self._areas.around)

    async def _playbacks(self, emergency: Emergency) -> Mapping[SpeakerId, Playback | None] | None:
        entry = self._board.get(emergency.airing_id)
        if entry is not None:
            return dict(entry.playbacks)
        if emergency.confirmed is None:
            return None
        async with self._store.reading() as tx:
            return {one.speaker_id: one for one in await tx.airings.playbacks(emergency.airing_id)}

    def _line(
        self,
        emergency: Emergency,
        speaker_id: SpeakerId,
        playback: Playback | None,
        standing: Standing | None,
        connected: frozenset[DeviceId],
    ) -> BoardLine:
        reach = reach_of(playback, (emergency.airing_id, speaker_id) in self._sirens)
        not_ready = None if standing is None else standing.not_ready
        linked = standing is not None and standing.speaker.device_id in connected
        reason = None if playback is None else playback.reason
        if reason is None and reach in {Reach.NOT_REACHED, Reach.RECEIVED} and not_ready is not None:
            reason = not_ready.value
        return BoardLine(
            speaker_id=speaker_id,
            speaker_name=speaker_id if standing is None else standing.speaker.name,
            area_id=AreaId("") if standing is None else AreaId(standing.area.area_id),
            area_name="" if standing is None else standing.area.name,
            reach=reach,
            connected=linked,
            received_at_us=None if playback is None else playback.pushed_at_us,
            sounding_at_us=None if playback is None else playback.started_at_us,
            reason=reason or (None if standing is not None else NotReady.RELEASING.value),
            detail="" if playback is None else playback.detail,
        )

    # --- sirens -------------------------------------------------------------------------------------------------------

    async def within(
        self, tx: Transaction, speaker_id: SpeakerId, device_id: DeviceId, records: Sequence[JournalRecord]
    ) -> None:
        """Nothing of it is stored beside the journal."""

    def after(self, speaker_id: SpeakerId, device_id: DeviceId, records: Sequence[JournalRecord]) -> None:
        """See `ingest.JournalObserver`."""
        for record in records:
            match record.event:
                case SirenSounding(airing_id=airing_id):
                    if len(self._sirens) >= _MOST_SIRENS:
                        self._sirens.clear()
                    self._sirens.add((airing_id, speaker_id))
                    self._events.publish(AiringChanged(AiringId(airing_id)))
                case _:
                    pass
