"""Airings, and the evidence of each on each speaker."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

import msgspec
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import AiringId, BulletinId, SpeakerId
from agents.protocol.values import AiringClass, ClipPart, OnInterrupted, Part
from controller.domain.airings import OPEN_STATES, Airing, AiringState, ContentId, Playback, PlayState
from controller.domain.errors import NotFound
from controller.domain.paging import Place
from controller.store.bulk import after, change, pieces, upsert
from controller.store.rows import AiringRow, PlaybackRow

_FRESH = {"populate_existing": True}
_PLAYBACK_FIELDS: Final = Playback.__struct_fields__
_PLAYBACK_VALUES: Final = attrgetter(*_PLAYBACK_FIELDS)


class SqlAirings:
    """`ports.Airings`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, airing_id: AiringId) -> Airing:
        row = await self._session.get(AiringRow, airing_id, populate_existing=True)
        if row is None:
            raise NotFound(f"no airing {airing_id}")
        return (await whole(self._session, [row]))[0]

    async def add(self, airing: Airing) -> None:
        self._session.add(airing_row(airing))
        await self._session.flush()
        planned = [
            playback_values(Playback(airing_id=airing.airing_id, speaker_id=speaker_id, state=PlayState.PLANNED))
            | {"position": position}
            for position, speaker_id in enumerate(airing.speaker_ids)
        ]
        if planned:
            await upsert(self._session, PlaybackRow, planned)

    async def add_playbacks(self, playbacks: Sequence[Playback]) -> None:
        rows = [playback_values(one) | {"position": position} for position, one in enumerate(playbacks)]
        if rows:
            await upsert(self._session, PlaybackRow, rows)

    async def set_state(self, airing_id: AiringId, state: AiringState) -> None:
        await self._change(airing_id, {"state": state.value})

    async def begin(self, airing_id: AiringId, start_at_us: int) -> None:
        await self._change(airing_id, {"state": AiringState.PLANNED.value, "start_at_us": start_at_us})

    async def shorten(self, airing_id: AiringId, duration_us: int) -> None:
        await self._change(airing_id, {"duration_us": duration_us})

    async def _change(self, airing_id: AiringId, values: dict[str, Any]) -> None:
        await self._session.execute(
            update(AiringRow)
            .where(col(AiringRow.airing_id) == airing_id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )

    async def latest(self, limit: int, before: Place | None = None) -> tuple[Airing, ...]:
        at_us, key = col(AiringRow.planned_at_us), col(AiringRow.airing_id)
        query = select(AiringRow) if before is None else select(AiringRow).where(after(before, at_us, key))
        rows = await self._session.scalars(query.order_by(at_us.desc(), key).limit(limit), execution_options=_FRESH)
        return await whole(self._session, rows.all())

    async def of_content(self, content_id: ContentId) -> tuple[Airing, ...]:
        rows = await self._session.scalars(
            select(AiringRow)
            .where(col(AiringRow.content_id) == content_id)
            .order_by(col(AiringRow.planned_at_us).desc(), col(AiringRow.airing_id)),
            execution_options=_FRESH,
        )
        return await whole(self._session, rows.all())

    async def clips(self) -> frozenset[str]:
        wanted: set[str] = set()
        for sequence in await self._session.scalars(select(AiringRow.sequence)):
            clips = (part for part in _parts(sequence) if isinstance(part, ClipPart))
            wanted.update(clip.sha256 for part in clips for clip in part.renditions.values())
        return frozenset(wanted)

    async def open(self) -> tuple[Airing, ...]:
        rows = await self._session.scalars(
            select(AiringRow)
            .where(col(AiringRow.state).in_([state.value for state in OPEN_STATES]))
            .order_by(col(AiringRow.planned_at_us), col(AiringRow.airing_id)),
            execution_options=_FRESH,
        )
        return await whole(self._session, rows.all())

    async def playbacks(self, airing_id: AiringId) -> tuple[Playback, ...]:
        rows = await self._session.scalars(
            select(PlaybackRow).where(col(PlaybackRow.airing_id) == airing_id).order_by(col(PlaybackRow.position)),
            execution_options=_FRESH,
        )
        return tuple(_playback(row) for row in rows)

    async def finished(self, airing_ids: Sequence[AiringId]) -> dict[AiringId, int]:
        counted: dict[AiringId, int] = {}
        for piece in pieces(airing_ids):
            rows = await self._session.execute(
                select(PlaybackRow.airing_id, func.count())
                .where(col(PlaybackRow.airing_id).in_(piece), col(PlaybackRow.state) == PlayState.FINISHED.value)
                .group_by(col(PlaybackRow.airing_id))
            )
            counted.update({AiringId(airing_id): count for airing_id, count in rows})
        return counted

    async def playbacks_of(self, pairs: Sequence[tuple[AiringId, SpeakerId]]) -> tuple[Playback, ...]:
        by_airing: dict[AiringId, list[SpeakerId]] = {}
        for airing_id, speaker_id in dict.fromkeys(pairs):
            by_airing.setdefault(airing_id, []).append(speaker_id)
        found: list[Playback] = []
        for airing_id, speaker_ids in by_airing.items():
            for piece in pieces(speaker_ids):
                rows = await self._session.scalars(
                    select(PlaybackRow).where(
                        col(PlaybackRow.airing_id) == airing_id, col(PlaybackRow.speaker_id).in_(piece)
                    ),
                    execution_options=_FRESH,
                )
                found.extend(_playback(row) for row in rows)
        return tuple(found)

    async def put_playbacks(self, playbacks: Sequence[Playback]) -> None:
        await change(self._session, PlaybackRow, [playback_values(playback) for playback in playbacks])

    async def of_speaker(self, speaker_id: SpeakerId, limit: int) -> tuple[tuple[Airing, Playback], ...]:
        rows = await self._session.execute(
            select(AiringRow, PlaybackRow)
            .where(col(AiringRow.airing_id) == col(PlaybackRow.airing_id))
            .where(col(PlaybackRow.speaker_id) == speaker_id)
            .order_by(col(AiringRow.planned_at_us).desc(), col(AiringRow.airing_id))
            .limit(limit),
            execution_options=_FRESH,
        )
        pairs = rows.all()
        airings = await whole(self._session, [airing for airing, _ in pairs])
        return tuple((airing, _playback(row)) for airing, (_, row) in zip(airings, pairs, strict=True))


async def whole(session: AsyncSession, rows: Sequence[AiringRow]) -> tuple[Airing, ...]:
    """Airings with the speakers that are to play them."""
    speakers: dict[str, list[SpeakerId]] = {}
    for piece in pieces([row.airing_id for row in rows]):
        found = await session.execute(
            select(PlaybackRow.airing_id, PlaybackRow.speaker_id)
            .where(col(PlaybackRow.airing_id).in_(piece), ~col(PlaybackRow.withdrawn))
            .order_by(col(PlaybackRow.airing_id), col(PlaybackRow.position))
        )
        for airing_id, speaker_id in found:
            speakers.setdefault(airing_id, []).append(SpeakerId(speaker_id))
    return tuple(_airing(row, tuple(speakers.get(row.airing_id, ()))) for row in rows)


def airing_row(airing: Airing) -> AiringRow:
    """An airing without its speakers."""
    return AiringRow(
        airing_id=airing.airing_id,
        content_id=airing.content_id,
        revision=airing.revision,
        airing_class=airing.airing_class.value,
        sequence=msgspec.to_builtins(airing.sequence, str_keys=True),
        title=airing.title,
        state=airing.state.value,
        planned_at_us=airing.planned_at_us,
        planned_by=airing.planned_by,
        now=airing.now,
        start_at_us=airing.start_at_us,
        duration_us=airing.duration_us,
        lateness_window_us=airing.lateness_window_us,
        rank=airing.rank,
        from_us=airing.from_us,
        play_us=airing.play_us,
        fade_us=airing.fade_us,
        schedule_id=airing.schedule_id,
        original=None if airing.original is None else airing.original.isoformat(),
        due_us=airing.due_us,
        on_interrupted=airing.on_interrupted.value,
        slot_ends_us=airing.slot_ends_us,
        times=airing.times,
        pause_us=airing.pause_us,
        referred=list(airing.references) or None,
    )


def _airing(row: AiringRow, speaker_ids: tuple[SpeakerId, ...]) -> Airing:
    return Airing(
        airing_id=AiringId(row.airing_id),
        content_id=BulletinId(row.content_id),
        revision=row.revision,
        airing_class=AiringClass(row.airing_class),
        sequence=_parts(row.sequence),
        title=row.title,
        speaker_ids=speaker_ids,
        state=AiringState(row.state),
        planned_at_us=row.planned_at_us,
        planned_by=row.planned_by,
        now=row.now,
        start_at_us=row.start_at_us,
        duration_us=row.duration_us,
        lateness_window_us=row.lateness_window_us,
        rank=row.rank,
        from_us=row.from_us,
        play_us=row.play_us,
        fade_us=row.fade_us,
        schedule_id=row.schedule_id,
        original=None if row.original is None else datetime.fromisoformat(row.original),
        due_us=row.due_us,
        on_interrupted=OnInterrupted(row.on_interrupted),
        slot_ends_us=row.slot_ends_us,
        times=row.times,
        pause_us=row.pause_us,
        references=tuple(AiringId(one) for one in row.referred or ()),
    )


def _parts(written: Any) -> tuple[Part, ...]:
    return msgspec.convert(written, tuple[Part, ...])


def playback_values(playback: Playback) -> dict[str, Any]:
    """The columns of a playback; all but ``position`` bear the names of its fields."""
    return dict(zip(_PLAYBACK_FIELDS, _PLAYBACK_VALUES(playback), strict=True)) | {"state": playback.state.value}


def _playback(row: PlaybackRow) -> Playback:
    values = row.model_dump(exclude={"position"})
    return Playback(**(values | {"state": PlayState(row.state)}))
