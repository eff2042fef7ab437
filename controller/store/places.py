"""Areas, speakers, how speakers are, and what is set for the station."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, Final

from msgspec import structs
from sqlalchemy import Row, delete, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.values import ClockBasis, Profile, RenditionName
from controller.domain.errors import NotFound
from controller.domain.speakers import Move, Speaker, SpeakerHealth, SpeakerState
from controller.store.bulk import each, pieces, upsert
from controller.store.rows import (
    AreaPastRow,
    AreaRow,
    AreaSuccessorRow,
    SpeakerHealthRow,
    SpeakerMoveRow,
    SpeakerRow,
    StationSettingRow,
)
from controller.store.shelf import Shelf
from schedules.areas import Area, Origin, Past

_MANY: Final = 50


class SqlAreas:
    """`ports.Areas`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> tuple[Area, ...]:
        """As plain rows: thousands of mapped objects would cost more than the areas themselves."""
        found = await self._session.execute(select(*_COLUMNS).order_by(col(AreaRow.name), col(AreaRow.area_id)))
        past, successors = await self._past(), await self._successors()
        shared: dict[Any, Any] = {}
        return tuple(_area(row, shared, past.get(row[0], ()), successors.get(row[0], ())) for row in found)

    async def _past(self) -> dict[str, tuple[Past, ...]]:
        kept: dict[str, tuple[Past, ...]] = {}
        for row in await self._session.scalars(select(AreaPastRow).order_by(col(AreaPastRow.until))):
            past = Past(date.fromisoformat(row.until), row.name, row.parent_id)
            kept[row.area_id] = (*kept.get(row.area_id, ()), past)
        return kept

    async def _successors(self) -> dict[str, tuple[str, ...]]:
        kept: dict[str, tuple[str, ...]] = {}
        for row in await self._session.scalars(select(AreaSuccessorRow).order_by(col(AreaSuccessorRow.position))):
            kept[row.area_id] = (*kept.get(row.area_id, ()), row.successor_id)
        return kept

    async def add(self, area: Area) -> None:
        self._session.add(AreaRow(**_area_values(area)))
        await self._session.flush()
        await self._put_history(area)

    async def put(self, area: Area) -> None:
        await self._session.merge(AreaRow(**_area_values(area)))
        await self._session.flush()
        for table in (AreaPastRow, AreaSuccessorRow):
            await self._session.execute(delete(table).where(col(table.area_id) == area.area_id))
        await self._put_history(area)

    async def _put_history(self, area: Area) -> None:
        past = [
            {"area_id": area.area_id, "until": one.until.isoformat(), "name": one.name, "parent_id": one.parent_id}
            for one in area.past
        ]
        successors = [
            {"area_id": area.area_id, "position": position, "successor_id": successor_id}
            for position, successor_id in enumerate(area.successors)
        ]
        if past:
            await self._session.execute(insert(AreaPastRow), past)
        if successors:
            await self._session.execute(insert(AreaSuccessorRow), successors)

    async def standing(self) -> frozenset[AreaId]:
        rows = await self._session.scalars(
            select(SpeakerRow.area_id).where(col(SpeakerRow.state).not_in(_NOWHERE)).distinct()
        )
        return frozenset(AreaId(area_id) for area_id in rows)

    async def path(self, area_id: AreaId) -> tuple[AreaId, ...]:
        upwards: list[AreaId] = []
        current: str | None = area_id
        while current is not None and current not in upwards:
            row = await self._session.get(AreaRow, current)
            if row is None:
                raise NotFound(f"no area {current}", code="area_unknown")
            upwards.append(AreaId(row.area_id))
            current = row.parent_id
        return tuple(reversed(upwards))


class SqlSpeakers:
    """`ports.Speakers`."""

    def __init__(self, session: AsyncSession, shelf: Shelf) -> None:
        self._session = session
        self._shelf = shelf

    async def all(self) -> tuple[Speaker, ...]:
        """As plain rows, like the areas: there may be twenty thousand. Pages ask for them again and again, and they
        seldom change.
        """
        speakers = self._shelf.speakers()
        if speakers is None:
            speakers = await self._all()
            self._shelf.put(speakers)
        return speakers

    async def _all(self) -> tuple[Speaker, ...]:
        shown = [SpeakerState.ADOPTED.value, SpeakerState.RELEASING.value]
        query = (
            select(*_SPEAKER_COLUMNS)
            .where(col(SpeakerRow.state).in_(shown))
            .order_by(col(SpeakerRow.name), col(SpeakerRow.speaker_id))
        )
        return await each(self._session, query, _speaker)

    async def get(self, speaker_id: SpeakerId) -> Speaker:
        row = await self._session.get(SpeakerRow, speaker_id)
        if row is None:
            raise NotFound(f"no speaker {speaker_id}", code="speaker_unknown")
        return _speaker(row)

    async def several(self, speaker_ids: Sequence[SpeakerId]) -> dict[SpeakerId, Speaker]:
        """Many are looked up among all, which are at hand: reading thousands would hold up what is spoken live."""
        found: dict[SpeakerId, Speaker] = {}
        if len(speaker_ids) > _MANY:
            wanted = set(speaker_ids)
            found = {one.speaker_id: one for one in await self.all() if one.speaker_id in wanted}
        for piece in pieces([one for one in speaker_ids if one not in found]):
            rows = await self._session.scalars(select(SpeakerRow).where(col(SpeakerRow.speaker_id).in_(piece)))
            found.update({SpeakerId(row.speaker_id): _speaker(row) for row in rows})
        return found

    async def by_device(self, device_id: DeviceId) -> Speaker | None:
        rows = await self._session.scalars(
            select(SpeakerRow)
            .where(col(SpeakerRow.device_id) == device_id, col(SpeakerRow.state) != SpeakerState.RELEASED.value)
            .order_by(col(SpeakerRow.adopted_at_us).desc())
            .limit(1)
        )
        row = rows.first()
        return None if row is None else _speaker(row)

    async def by_devices(self, device_ids: Sequence[DeviceId]) -> dict[DeviceId, Speaker]:
        """Where many dial at once, all are read: thousands more are about to come."""
        kept = self._shelf.by_device()
        if kept is None and len(device_ids) > _MANY:
            kept = {one.device_id: one for one in await each(self._session, _BY_DEVICE, _speaker)}
            self._shelf.put_by_device(kept)
        if kept is not None:
            return {device_id: kept[device_id] for device_id in device_ids if device_id in kept}
        found: dict[DeviceId, Speaker] = {}
        for piece in pieces(device_ids):
            rows = await self._session.execute(_BY_DEVICE.where(col(SpeakerRow.device_id).in_(piece)))
            found.update({DeviceId(row.device_id): _speaker(row) for row in rows})
        return found

    async def put(self, speaker: Speaker) -> None:
        self._shelf.spoil()
        await self._session.merge(
            SpeakerRow(
                speaker_id=speaker.speaker_id,
                name=speaker.name,
                area_id=speaker.area_id,
                device_id=speaker.device_id,
                device_key=speaker.device_key,
                state=speaker.state.value,
                adopted_at_us=speaker.adopted_at_us,
                volume_percent=speaker.volume_percent,
                max_volume_percent=speaker.max_volume_percent,
                delay_us=speaker.delay_us,
                rendition=speaker.rendition.value,
                profile=speaker.profile.value,
                replaces=speaker.replaces,
            )
        )
        await self._session.flush()

    async def put_move(self, speaker_id: SpeakerId, move: Move) -> None:
        until = move.until.isoformat()
        if await self._session.get(SpeakerMoveRow, (speaker_id, until)) is None:
            self._session.add(SpeakerMoveRow(speaker_id=speaker_id, until=until, area_id=move.area_id))
            await self._session.flush()

    async def moves(self, speaker_ids: Sequence[SpeakerId]) -> dict[SpeakerId, tuple[Move, ...]]:
        found: dict[SpeakerId, tuple[Move, ...]] = {}
        for piece in pieces(speaker_ids):
            rows = await self._session.scalars(
                select(SpeakerMoveRow)
                .where(col(SpeakerMoveRow.speaker_id).in_(piece))
                .order_by(col(SpeakerMoveRow.until))
            )
            for row in rows:
                move = Move(date.fromisoformat(row.until), AreaId(row.area_id))
                found[SpeakerId(row.speaker_id)] = (*found.get(SpeakerId(row.speaker_id), ()), move)
        return found

    async def health(self) -> dict[SpeakerId, SpeakerHealth]:
        found = await each(self._session, select(*_HEALTH_COLUMNS), _health)
        return {one.speaker_id: one for one in found}

    async def healths(self, speaker_ids: Sequence[SpeakerId]) -> dict[SpeakerId, SpeakerHealth]:
        found: dict[SpeakerId, SpeakerHealth] = {}
        for piece in pieces(speaker_ids):
            query = select(*_HEALTH_COLUMNS).where(col(SpeakerHealthRow.speaker_id).in_(piece))
            found.update({one.speaker_id: one for one in map(_health, await self._session.execute(query))})
        return found

    async def makes(self) -> frozenset[tuple[str, str]]:
        rows = await self._session.execute(
            select(col(SpeakerHealthRow.model), col(SpeakerHealthRow.software)).distinct()
        )
        return frozenset((model, software) for model, software in rows)

    async def health_of(self, speaker_id: SpeakerId) -> SpeakerHealth | None:
        row = await self._session.get(SpeakerHealthRow, speaker_id, populate_existing=True)
        return None if row is None else _health(row)

    async def put_health(self, healths: Sequence[SpeakerHealth]) -> None:
        rows = [structs.asdict(health) | {"clock_basis": health.clock_basis.value} for health in healths]
        await upsert(self._session, SpeakerHealthRow, rows)


class SqlStationSettings:
    """`ports.StationSettings`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, key: str) -> str | None:
        row = await self._session.get(StationSettingRow, key)
        return None if row is None else row.value

    async def put(self, key: str, value: str | None) -> None:
        if value is not None:
            await self._session.merge(StationSettingRow(key=key, value=value))
        elif (row := await self._session.get(StationSettingRow, key)) is not None:
            await self._session.delete(row)
        await self._session.flush()


_NOWHERE = (SpeakerState.RELEASED.value, SpeakerState.REPLACED.value)
_HISTORY = frozenset({"past", "successors"})
_COLUMNS = tuple(
    AreaRow.__table__.columns[field.name]  # type: ignore[attr-defined]
    for field in fields(Area)
    if field.name not in _HISTORY
)


_SPEAKER_COLUMNS = tuple(SpeakerRow.__table__.columns)  # type: ignore[attr-defined]
_BY_DEVICE: Final = (
    select(*_SPEAKER_COLUMNS)
    .where(col(SpeakerRow.state) != SpeakerState.RELEASED.value)
    .order_by(col(SpeakerRow.adopted_at_us))
)
"""Of several that a device had, the last counts."""
_HEALTH_COLUMNS = tuple(
    SpeakerHealthRow.__table__.columns[name]  # type: ignore[attr-defined]
    for name in SpeakerHealth.__struct_fields__
)


def _area(row: Iterable[Any], shared: dict[Any, Any], past: tuple[Past, ...], successors: tuple[str, ...]) -> Area:
    """``row`` in the order of `Area`'s fields; ``shared`` keeps one copy of what many areas have in common."""
    area_id, parent_id, level, name, code, latitude, longitude, valid_from, valid_until, origin = row
    return Area(
        area_id=area_id,
        parent_id=shared.setdefault(parent_id, parent_id),
        level=shared.setdefault(level, level),
        name=name,
        code=code or "",
        latitude=latitude,
        longitude=longitude,
        valid_from=_day(valid_from, shared),
        valid_until=_day(valid_until, shared),
        origin=Origin(origin),
        past=past,
        successors=successors,
    )


def _day(text: str | None, shared: dict[Any, Any]) -> date | None:
    if text is None:
        return None
    if (day := shared.get(text)) is None:
        day = shared[text] = date.fromisoformat(text)
    return day


def _area_values(area: Area) -> dict[str, Any]:
    days = {name: None if day is None else day.isoformat() for name, day in _days(area)}
    values = {field.name: getattr(area, field.name) for field in fields(Area) if field.name not in _HISTORY}
    return values | days | {"code": area.code or None, "origin": area.origin.value}


def _days(area: Area) -> tuple[tuple[str, date | None], ...]:
    return ("valid_from", area.valid_from), ("valid_until", area.valid_until)


def _speaker(row: SpeakerRow | Row[Any]) -> Speaker:
    return Speaker(
        speaker_id=SpeakerId(row.speaker_id),
        name=row.name,
        area_id=AreaId(row.area_id),
        device_id=DeviceId(row.device_id),
        device_key=row.device_key,
        state=SpeakerState(row.state),
        adopted_at_us=row.adopted_at_us,
        volume_percent=row.volume_percent,
        max_volume_percent=row.max_volume_percent,
        delay_us=row.delay_us,
        rendition=RenditionName(row.rendition),
        profile=Profile(row.profile),
        replaces=None if row.replaces is None else SpeakerId(row.replaces),
    )


def _health(row: SpeakerHealthRow | Row[Any]) -> SpeakerHealth:
    values = {name: getattr(row, name) for name in SpeakerHealth.__struct_fields__}
    return SpeakerHealth(**(values | {"clock_basis": ClockBasis(row.clock_basis)}))
