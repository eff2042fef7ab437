"""Bulletins and their variants, signature tunes, programmes, and what each was before."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import AreaId, BulletinId
from agents.protocol.values import AiringClass
from controller.domain.bulletins import Bulletin, Frame, Origin, Tune, TuneId, Variant
from controller.domain.errors import NotFound
from controller.domain.paging import Place
from controller.domain.programmes import Programme, ProgrammeId, item_from
from controller.domain.revisions import Revision
from controller.domain.sounds import SoundId
from controller.store.bulk import after, pieces
from controller.store.content_rows import BulletinRow, ProgrammeRow, RevisionRow, TuneRow, VariantRow
from controller.store.sounds import SqlSounds

_FRESH = {"populate_existing": True}


class SqlBulletins:
    """`ports.Bulletins`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, bulletin_id: BulletinId) -> Bulletin:
        found = await self.several([bulletin_id])
        if bulletin_id not in found:
            raise NotFound(f"no bulletin {bulletin_id}")
        return found[bulletin_id]

    async def put(self, bulletin: Bulletin) -> None:
        await self._session.merge(_bulletin_row(bulletin))
        await self._session.flush()
        await self._session.execute(delete(VariantRow).where(col(VariantRow.bulletin_id) == bulletin.bulletin_id))
        self._session.add_all(
            VariantRow(
                bulletin_id=bulletin.bulletin_id,
                position=position,
                language=variant.language,
                sound_id=variant.sound.sound_id,
            )
            for position, variant in enumerate(bulletin.variants)
        )
        await self._session.flush()

    async def latest(self, limit: int, before: Place | None = None) -> tuple[Bulletin, ...]:
        at_us, key = col(BulletinRow.changed_at_us), col(BulletinRow.bulletin_id)
        query = select(BulletinRow).where(~col(BulletinRow.withdrawn))
        if before is not None:
            query = query.where(after(before, at_us, key))
        rows = await self._session.scalars(query.order_by(at_us.desc(), key).limit(limit), execution_options=_FRESH)
        return tuple((await self._whole(rows.all())).values())

    async def several(self, bulletin_ids: Sequence[BulletinId]) -> dict[BulletinId, Bulletin]:
        found: dict[BulletinId, Bulletin] = {}
        for piece in pieces(list(dict.fromkeys(bulletin_ids))):
            rows = await self._session.scalars(
                select(BulletinRow).where(col(BulletinRow.bulletin_id).in_(piece)), execution_options=_FRESH
            )
            found.update(await self._whole(rows.all()))
        return found

    async def _whole(self, rows: Sequence[BulletinRow]) -> dict[BulletinId, Bulletin]:
        variants: list[tuple[str, str, SoundId]] = []
        for piece in pieces([row.bulletin_id for row in rows]):
            found = await self._session.execute(
                select(VariantRow.bulletin_id, VariantRow.language, VariantRow.sound_id)
                .where(col(VariantRow.bulletin_id).in_(piece))
                .order_by(col(VariantRow.bulletin_id), col(VariantRow.position))
            )
            variants += [(bulletin_id, language, SoundId(sound_id)) for bulletin_id, language, sound_id in found]
        sounds = await SqlSounds(self._session).several([sound_id for _, _, sound_id in variants])
        of: dict[str, list[Variant]] = {}
        for bulletin_id, language, sound_id in variants:
            of.setdefault(bulletin_id, []).append(Variant(language=language, sound=sounds[sound_id]))
        return {BulletinId(row.bulletin_id): _bulletin(row, tuple(of.get(row.bulletin_id, ()))) for row in rows}


class SqlTunes:
    """`ports.Tunes`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, tune_id: TuneId) -> Tune:
        row = await self._session.get(TuneRow, tune_id, populate_existing=True)
        if row is None:
            raise NotFound(f"no signature tune {tune_id}")
        return (await self._whole([row]))[0]

    async def put(self, tune: Tune) -> None:
        await self._session.merge(
            TuneRow(
                tune_id=tune.tune_id,
                name=tune.name,
                sound_id=tune.sound.sound_id,
                area_id=tune.area_id,
                built_in=tune.built_in,
                withdrawn=tune.withdrawn,
            )
        )
        await self._session.flush()

    async def all(self) -> tuple[Tune, ...]:
        rows = await self._session.scalars(
            select(TuneRow).order_by(col(TuneRow.name), col(TuneRow.tune_id)), execution_options=_FRESH
        )
        return await self._whole(rows.all())

    async def _whole(self, rows: Sequence[TuneRow]) -> tuple[Tune, ...]:
        sounds = await SqlSounds(self._session).several([row.sound_id for row in rows])
        return tuple(
            Tune(
                tune_id=TuneId(row.tune_id),
                name=row.name,
                sound=sounds[SoundId(row.sound_id)],
                area_id=_area(row.area_id),
                built_in=row.built_in,
                withdrawn=row.withdrawn,
            )
            for row in rows
        )


class SqlProgrammes:
    """`ports.Programmes`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, programme_id: ProgrammeId) -> Programme:
        row = await self._session.get(ProgrammeRow, programme_id, populate_existing=True)
        if row is None:
            raise NotFound(f"no programme {programme_id}")
        return _programme(row)

    async def several(self, programme_ids: Sequence[ProgrammeId]) -> dict[ProgrammeId, Programme]:
        found: dict[ProgrammeId, Programme] = {}
        for piece in pieces(list(dict.fromkeys(programme_ids))):
            rows = await self._session.scalars(
                select(ProgrammeRow).where(col(ProgrammeRow.programme_id).in_(piece)), execution_options=_FRESH
            )
            found.update({ProgrammeId(row.programme_id): _programme(row) for row in rows})
        return found

    async def put(self, programme: Programme) -> None:
        values = _made_and_changed(programme)
        await self._session.merge(
            ProgrammeRow(
                programme_id=programme.programme_id,
                items=[asdict(item) for item in programme.items],
                opening=programme.frame.opening,
                closing=programme.frame.closing,
                pause_s=programme.frame.pause_s,
                **values,
            )
        )
        await self._session.flush()

    async def latest(self, limit: int, before: Place | None = None) -> tuple[Programme, ...]:
        at_us, key = col(ProgrammeRow.changed_at_us), col(ProgrammeRow.programme_id)
        query = select(ProgrammeRow).where(~col(ProgrammeRow.withdrawn))
        if before is not None:
            query = query.where(after(before, at_us, key))
        rows = await self._session.scalars(query.order_by(at_us.desc(), key).limit(limit), execution_options=_FRESH)
        return tuple(_programme(row) for row in rows)


class SqlRevisions:
    """`ports.Revisions`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, revision: Revision) -> None:
        self._session.add(RevisionRow(**asdict(revision)))
        await self._session.flush()

    async def of(self, subject_id: str) -> tuple[Revision, ...]:
        rows = await self._session.scalars(
            select(RevisionRow)
            .where(col(RevisionRow.subject_id) == subject_id)
            .order_by(col(RevisionRow.number).desc())
        )
        return tuple(Revision(**row.model_dump()) for row in rows)


def _made_and_changed(subject: Bulletin | Programme) -> dict[str, Any]:
    """The columns that a bulletin and a programme have in common."""
    return {
        "title": subject.title,
        "airing_class": subject.airing_class.value,
        "area_id": subject.area_id,
        "revision": subject.revision,
        "withdrawn": subject.withdrawn,
        "created_at_us": subject.created_at_us,
        "created_by": subject.created_by,
        "changed_at_us": subject.changed_at_us,
        "changed_by": subject.changed_by,
    }


def _bulletin_row(bulletin: Bulletin) -> BulletinRow:
    return BulletinRow(
        bulletin_id=bulletin.bulletin_id,
        origin=bulletin.origin.value,
        sender=bulletin.sender,
        opening=bulletin.frame.opening,
        closing=bulletin.frame.closing,
        times=bulletin.frame.times,
        pause_s=bulletin.frame.pause_s,
        expires_at_us=bulletin.expires_at_us,
        **_made_and_changed(bulletin),
    )


def _bulletin(row: BulletinRow, variants: tuple[Variant, ...]) -> Bulletin:
    return Bulletin(
        bulletin_id=BulletinId(row.bulletin_id),
        title=row.title,
        airing_class=AiringClass(row.airing_class),
        area_id=_area(row.area_id),
        variants=variants,
        origin=Origin(row.origin),
        sender=row.sender,
        frame=Frame(opening=_tune(row.opening), closing=_tune(row.closing), times=row.times, pause_s=row.pause_s),
        expires_at_us=row.expires_at_us,
        revision=row.revision,
        withdrawn=row.withdrawn,
        created_at_us=row.created_at_us,
        created_by=row.created_by,
        changed_at_us=row.changed_at_us,
        changed_by=row.changed_by,
    )


def _programme(row: ProgrammeRow) -> Programme:
    return Programme(
        programme_id=ProgrammeId(row.programme_id),
        title=row.title,
        airing_class=AiringClass(row.airing_class),
        area_id=_area(row.area_id),
        items=tuple(item_from(item) for item in row.items),
        frame=Frame(opening=_tune(row.opening), closing=_tune(row.closing), pause_s=row.pause_s),
        revision=row.revision,
        withdrawn=row.withdrawn,
        created_at_us=row.created_at_us,
        created_by=row.created_by,
        changed_at_us=row.changed_at_us,
        changed_by=row.changed_by,
    )


def _area(written: str | None) -> AreaId | None:
    return None if written is None else AreaId(written)


def _tune(written: str | None) -> TuneId | None:
    return None if written is None else TuneId(written)
