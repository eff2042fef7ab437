"""Bulletins and the clips they became."""

from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import BulletinId
from agents.protocol.values import AiringClass, ClipRef, RenditionName
from controller.domain.bulletins import Bulletin, BulletinState, PreparedClips, Source
from controller.domain.errors import NotFound
from controller.store.bulk import pieces
from controller.store.rows import BulletinClipRow, BulletinRow


class SqlBulletins:
    """`ports.Bulletins`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, bulletin_id: BulletinId) -> Bulletin:
        row = await self._session.get(BulletinRow, bulletin_id, populate_existing=True)
        if row is None:
            raise NotFound(f"no bulletin {bulletin_id}")
        return (await self._whole([row]))[0]

    async def put(self, bulletin: Bulletin) -> None:
        await self._session.merge(_row(bulletin))
        await self._session.flush()
        await self._session.execute(
            delete(BulletinClipRow).where(col(BulletinClipRow.bulletin_id) == bulletin.bulletin_id)
        )
        if bulletin.clips is not None:
            for rendition, clip in bulletin.clips.renditions.items():
                self._session.add(
                    BulletinClipRow(
                        bulletin_id=bulletin.bulletin_id,
                        rendition=rendition.value,
                        sha256=clip.sha256,
                        size_bytes=clip.size_bytes,
                        frames=clip.frames,
                    )
                )
            await self._session.flush()

    async def latest(self, limit: int) -> tuple[Bulletin, ...]:
        rows = await self._session.scalars(
            select(BulletinRow)
            .order_by(col(BulletinRow.created_at_us).desc(), col(BulletinRow.bulletin_id))
            .limit(limit)
        )
        return await self._whole(rows.all())

    async def preparing(self) -> tuple[Bulletin, ...]:
        rows = await self._session.scalars(
            select(BulletinRow)
            .where(col(BulletinRow.state) == BulletinState.PREPARING.value)
            .order_by(col(BulletinRow.created_at_us), col(BulletinRow.bulletin_id))
        )
        return await self._whole(rows.all())

    async def clips(self) -> frozenset[str]:
        return frozenset(await self._session.scalars(select(BulletinClipRow.sha256).distinct()))

    async def _whole(self, rows: Sequence[BulletinRow]) -> tuple[Bulletin, ...]:
        clips: dict[str, dict[RenditionName, ClipRef]] = {}
        for piece in pieces([row.bulletin_id for row in rows]):
            found = await self._session.scalars(
                select(BulletinClipRow).where(col(BulletinClipRow.bulletin_id).in_(piece))
            )
            for clip in found:
                ref = ClipRef(sha256=clip.sha256, size_bytes=clip.size_bytes, frames=clip.frames)
                clips.setdefault(clip.bulletin_id, {})[RenditionName(clip.rendition)] = ref
        return tuple(_bulletin(row, clips.get(row.bulletin_id, {})) for row in rows)


def _row(bulletin: Bulletin) -> BulletinRow:
    clips = bulletin.clips
    return BulletinRow(
        bulletin_id=bulletin.bulletin_id,
        title=bulletin.title,
        language=bulletin.language,
        source=bulletin.source.value,
        text=bulletin.text,
        words_per_minute=bulletin.words_per_minute,
        airing_class=bulletin.airing_class.value,
        state=bulletin.state.value,
        created_at_us=bulletin.created_at_us,
        created_by=bulletin.created_by,
        failure=bulletin.failure,
        failure_detail=bulletin.failure_detail,
        peaks=[] if clips is None else list(clips.peaks),
        findings=[] if clips is None else list(clips.findings),
        integrated_lufs=None if clips is None else clips.integrated_lufs,
    )


def _bulletin(row: BulletinRow, renditions: dict[RenditionName, ClipRef]) -> Bulletin:
    clips = None
    if renditions:
        clips = PreparedClips(
            renditions=renditions,
            peaks=tuple(row.peaks),
            findings=tuple(row.findings),
            integrated_lufs=row.integrated_lufs,
        )
    return Bulletin(
        bulletin_id=BulletinId(row.bulletin_id),
        title=row.title,
        language=row.language,
        source=Source(row.source),
        text=row.text,
        words_per_minute=row.words_per_minute,
        airing_class=AiringClass(row.airing_class),
        state=BulletinState(row.state),
        created_at_us=row.created_at_us,
        created_by=row.created_by,
        progress=1.0 if row.state == BulletinState.READY.value else 0.0,
        failure=row.failure,
        failure_detail=row.failure_detail,
        clips=clips,
    )
