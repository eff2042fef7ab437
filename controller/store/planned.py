"""Airings that follow from schedules: many at once, with speakers that come and go."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, insert, or_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import AiringId, SpeakerId
from agents.protocol.values import AiringClass
from controller.domain.airings import OPEN_STATES, Airing, AiringState, Playback, PlayState
from controller.domain.evidence import ENDS
from controller.domain.planning import Due, Used
from controller.store.airings import airing_row, playback_values, whole
from controller.store.bulk import pieces
from controller.store.rows import AiringRow, PlaybackRow

_FRESH = {"populate_existing": True}
_AT_ONCE = 50
_HEARD = [one.value for one in (AiringState.PLANNED, AiringState.ON_AIR, AiringState.ENDED)]
_STOPPED = AiringState.STOPPED.value


class SqlPlannedAirings:
    """`ports.PlannedAirings`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, airings: Sequence[Airing]) -> None:
        # Piece by piece, for all that is written here is made on the loop that serves everything else.
        for start in range(0, len(airings), _AT_ONCE):
            piece = airings[start : start + _AT_ONCE]
            await self._session.execute(insert(AiringRow), [airing_row(airing).model_dump() for airing in piece])
        for airing in airings:
            await self._put(airing.airing_id, airing.speaker_ids, 0)

    async def join(self, airing_id: AiringId, speaker_ids: Sequence[SpeakerId]) -> None:
        last = await self._session.scalar(
            select(func.max(PlaybackRow.position)).where(col(PlaybackRow.airing_id) == airing_id)
        )
        await self._put(airing_id, speaker_ids, 0 if last is None else last + 1)

    async def _put(self, airing_id: AiringId, speaker_ids: Sequence[SpeakerId], first: int) -> None:
        rows = [
            playback_values(Playback(airing_id=airing_id, speaker_id=speaker_id, state=PlayState.PLANNED))
            | {"position": position}
            for position, speaker_id in enumerate(speaker_ids, first)
        ]
        if rows:
            await self._session.execute(insert(PlaybackRow), rows)

    async def leave(self, airing_id: AiringId, speaker_ids: Sequence[SpeakerId]) -> None:
        for piece in pieces(speaker_ids):
            await self._session.execute(
                update(PlaybackRow)
                .where(col(PlaybackRow.airing_id) == airing_id, col(PlaybackRow.speaker_id).in_(piece))
                .values(withdrawn=True)
                .execution_options(synchronize_session=False)
            )

    async def withdraw(self, airing_ids: Sequence[AiringId]) -> None:
        for piece in pieces(airing_ids):
            await self._session.execute(
                update(AiringRow)
                .where(col(AiringRow.airing_id).in_(piece))
                .values(state=AiringState.WITHDRAWN.value)
                .execution_options(synchronize_session=False)
            )

    async def states(self, airing_ids: Sequence[AiringId]) -> dict[AiringId, AiringState]:
        found: dict[AiringId, AiringState] = {}
        for piece in pieces(airing_ids):
            rows = await self._session.execute(
                select(AiringRow.airing_id, AiringRow.state).where(col(AiringRow.airing_id).in_(piece))
            )
            found.update({AiringId(airing_id): AiringState(state) for airing_id, state in rows})
        return found

    async def stopped(self, since_us: int) -> dict[Due, frozenset[SpeakerId]]:
        rows = await self._session.execute(
            select(AiringRow.schedule_id, AiringRow.original, AiringRow.due_us, PlaybackRow.speaker_id)
            .where(col(AiringRow.due_us) >= since_us, col(AiringRow.state) == _STOPPED)
            .where(col(PlaybackRow.airing_id) == col(AiringRow.airing_id), ~col(PlaybackRow.withdrawn))
        )
        found: dict[Due, set[SpeakerId]] = {}
        for schedule_id, original, due_us, speaker_id in rows:
            if schedule_id is not None and original is not None and due_us is not None:
                due = schedule_id, datetime.fromisoformat(original), due_us
                found.setdefault(due, set()).add(SpeakerId(speaker_id))
        return {due: frozenset(speakers) for due, speakers in found.items()}

    async def direct(self, since_us: int) -> tuple[Airing, ...]:
        sounded = exists().where(
            col(PlaybackRow.airing_id) == col(AiringRow.airing_id), col(PlaybackRow.started_at_us).is_not(None)
        )
        rows = await self._session.scalars(
            select(AiringRow)
            .where(col(AiringRow.schedule_id).is_(None), col(AiringRow.start_at_us) >= since_us)
            .where(or_(~col(AiringRow.now), col(AiringRow.airing_class) != AiringClass.EMERGENCY.value))
            .where(or_(col(AiringRow.state).in_(_HEARD), and_(col(AiringRow.state) == _STOPPED, sounded)))
            .order_by(col(AiringRow.start_at_us), col(AiringRow.airing_id)),
            execution_options=_FRESH,
        )
        found = await whole(self._session, rows.all())
        played = await self._played([one.airing_id for one in found if one.state is AiringState.STOPPED])
        return tuple(
            replace(one, duration_us=min(one.duration_us, max(1, played[one.airing_id])))
            if one.airing_id in played
            else one
            for one in found
        )

    async def _played(self, airing_ids: Sequence[AiringId]) -> dict[AiringId, int]:
        """How long each of them sounded where it sounded longest, 0 where no device has told yet."""
        found: dict[AiringId, int] = {}
        for piece in pieces(airing_ids):
            rows = await self._session.execute(
                select(PlaybackRow.airing_id, func.max(func.coalesce(col(PlaybackRow.played_us), 0)))
                .where(col(PlaybackRow.airing_id).in_(piece))
                .group_by(col(PlaybackRow.airing_id))
            )
            found.update({AiringId(airing_id): played_us for airing_id, played_us in rows})
        return found

    async def used(
        self,
        speaker_ids: Sequence[SpeakerId],
        from_us: int,
        until_us: int,
        giving_way: Collection[AiringClass] = (),
        now_us: int = 0,
    ) -> dict[SpeakerId, Used]:
        begins_us = func.coalesce(col(AiringRow.start_at_us), col(AiringRow.planned_at_us))
        gives_way = col(AiringRow.airing_class).in_([one.value for one in giving_way])
        found: dict[SpeakerId, Used] = {}
        for piece in pieces(speaker_ids):
            rows = await self._session.execute(
                select(*_HEARD_COLUMNS)
                .where(col(PlaybackRow.airing_id) == col(AiringRow.airing_id), ~col(PlaybackRow.withdrawn))
                .where(col(PlaybackRow.speaker_id).in_(piece), begins_us >= from_us, begins_us < until_us)
                .where(col(AiringRow.airing_class) != AiringClass.EMERGENCY.value)
                .where(~and_(gives_way, begins_us > now_us))
            )
            for name, offset_us, *heard in rows:
                sounds_us = _sounds_us(*heard)
                if sounds_us is not None:
                    before = found.get(SpeakerId(name), Used())
                    slots = before.slots + (0 if offset_us else 1)
                    found[SpeakerId(name)] = Used(slots, before.sounds_us + sounds_us)
        return found

    async def due(self, from_us: int, until_us: int) -> tuple[Airing, ...]:
        rows = await self._session.scalars(
            select(AiringRow)
            .where(col(AiringRow.due_us) >= from_us, col(AiringRow.due_us) < until_us)
            .order_by(col(AiringRow.due_us), col(AiringRow.start_at_us), col(AiringRow.airing_id)),
            execution_options=_FRESH,
        )
        return await whole(self._session, rows.all())


_HEARD_COLUMNS: tuple[Any, ...] = (
    col(PlaybackRow.speaker_id),
    col(AiringRow.from_us),
    col(AiringRow.duration_us),
    col(AiringRow.state),
    col(PlaybackRow.state),
    col(PlaybackRow.started_at_us),
    col(PlaybackRow.played_us),
)


def _sounds_us(
    duration_us: int, airing_state: str, state: str, started_at_us: int | None, played_us: int | None
) -> int | None:
    """How long an airing sounded, or will, on one speaker; None where it did not and will not."""
    ended = PlayState(state) in ENDS
    if started_at_us is not None and ended:
        return duration_us if played_us is None else played_us
    if AiringState(airing_state) in OPEN_STATES and not ended:
        return duration_us
    return duration_us if started_at_us is not None else None
