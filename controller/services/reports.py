"""What the pages read: airings with their evidence, speakers with their journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agents.protocol.documents import Rundown
from agents.protocol.ids import AiringId, BulletinId, SpeakerId
from agents.protocol.journal import JournalRecord
from controller.domain.airings import OPEN_STATES, Airing, Playback
from controller.domain.bulletins import Bulletin
from controller.domain.deeds import Deed
from controller.domain.journals import JournalKey, JournalPlace, Refusals
from controller.domain.paging import Place
from controller.domain.speakers import Speaker, stood_in
from controller.ports import Store, Transaction
from controller.services.areabook import AreaBook, day_of
from schedules.areas import Area


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaybackReport:
    """One speaker of an airing, with what its device wrote about it. ``area_name`` is that of where it stood on the day
    of the airing, as it was called then.
    """

    speaker: Speaker
    area_name: str
    playback: Playback
    records: tuple[JournalRecord, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AiringReport:
    """One airing with everything known of it; speakers in the order of their names.

    ``bulletin`` is None for a programme; it may have been changed since: what was heard is ``airing.sequence``.
    ``spread_us`` is the largest difference between the start errors of speakers that began on time, None below two.
    """

    airing: Airing
    bulletin: Bulletin | None
    playbacks: tuple[PlaybackReport, ...]
    spread_us: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AiringSummary:
    """An airing in a list."""

    airing: Airing
    finished: int
    targets: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SpeakerReport:
    """What one speaker has done and will do.

    ``rundown`` is the last that was signed for it; ``open_airings`` also hold what was sent "now", the soonest first.
    """

    rundown: Rundown | None
    open_airings: tuple[tuple[Airing, Playback], ...]
    records: tuple[JournalRecord, ...]
    refusals: tuple[Refusals, ...]


class Reports:
    """Reads, and changes nothing. Every method raises `StoreFailed` too."""

    def __init__(self, store: Store, areas: AreaBook) -> None:
        self._store = store
        self._areas = areas

    async def airing(self, airing_id: AiringId) -> AiringReport:
        """Raises `NotFound`."""
        async with self._store.reading() as tx:
            airing = await tx.airings.get(airing_id)
            bulletins = await tx.bulletins.several([BulletinId(airing.content_id)])
            playbacks = [one for one in await tx.airings.playbacks(airing_id) if _concerned(one)]
            known = await tx.speakers.several([playback.speaker_id for playback in playbacks])
            speakers = [known[playback.speaker_id] for playback in playbacks]
            stood = await self._stood(tx, speakers, day_of(airing.start_at_us or airing.planned_at_us))
            journals = await tx.journals.of_airings([(airing_id, speaker.device_id) for speaker in speakers])
        reports = [
            PlaybackReport(
                speaker=speaker,
                area_name=stood[speaker.speaker_id].name,
                playback=playback,
                records=tuple(journals.get(JournalKey(airing_id, speaker.device_id), ())),
            )
            for speaker, playback in zip(speakers, playbacks, strict=True)
        ]
        reports.sort(key=lambda report: (report.speaker.name, report.speaker.speaker_id))
        return AiringReport(
            airing=airing,
            bulletin=next(iter(bulletins.values()), None),
            playbacks=tuple(reports),
            spread_us=_spread_us(playbacks),
        )

    async def _stood(self, tx: Transaction, speakers: Sequence[Speaker], on: date) -> dict[SpeakerId, Area]:
        """Where each speaker stood on a day."""
        await self._areas.knowing(tx, {speaker.area_id for speaker in speakers})
        moves = await tx.speakers.moves([speaker.speaker_id for speaker in speakers])
        return {
            one.speaker_id: self._areas.standing(stood_in(one, moves.get(one.speaker_id, ()), on), on)
            for one in speakers
        }

    async def latest_airings(self, limit: int, before: Place | None = None) -> tuple[AiringSummary, ...]:
        """The last planned first: of all, or of those that come after a place."""
        async with self._store.reading() as tx:
            airings = await tx.airings.latest(limit, before)
            finished = await tx.airings.finished([airing.airing_id for airing in airings])
        return tuple(
            AiringSummary(airing=airing, finished=finished.get(airing.airing_id, 0), targets=len(airing.speaker_ids))
            for airing in airings
        )

    async def speaker(self, speaker_id: SpeakerId, limit: int) -> SpeakerReport:
        """With at most ``limit`` airings and journal records, the newest first. Raises `NotFound`."""
        async with self._store.reading() as tx:
            speaker = await tx.speakers.get(speaker_id)
            airings = await tx.airings.of_speaker(speaker_id, limit)
            rundown = await tx.documents.latest_rundown(speaker.device_id)
            return SpeakerReport(
                rundown=None if rundown is None else rundown[0],
                open_airings=tuple(
                    sorted(
                        (pair for pair in airings if pair[0].state in OPEN_STATES and not pair[1].withdrawn),
                        key=lambda pair: (pair[0].start_at_us or 0, pair[0].airing_id),
                    )
                ),
                records=tuple(record for _, record in await tx.journals.latest(speaker.device_id, limit)),
                refusals=await tx.journals.refusals(speaker.device_id),
            )

    async def journal(
        self, speaker_id: SpeakerId, limit: int, before: JournalPlace | None = None
    ) -> tuple[tuple[JournalPlace, JournalRecord], ...]:
        """What its device wrote, each record with where it stands, the newest first. Raises `NotFound`."""
        async with self._store.reading() as tx:
            speaker = await tx.speakers.get(speaker_id)
            return await tx.journals.latest(speaker.device_id, limit, before)

    async def deeds(self, limit: int) -> tuple[Deed, ...]:
        """Who did what, the newest first."""
        async with self._store.reading() as tx:
            return await tx.deeds.latest(limit)


def _spread_us(playbacks: Sequence[Playback]) -> int | None:
    """Of those that began with the others; who joined later began at another instant by rule."""
    errors = [one.start_error_us for one in playbacks if one.start_error_us is not None and not one.joined_at_us]
    return max(errors) - min(errors) if len(errors) > 1 else None


def _concerned(playback: Playback) -> bool:
    """Whether a speaker is to play an airing; or was not to any more, and did."""
    return not playback.withdrawn or playback.started_at_us is not None
