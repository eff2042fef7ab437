"""What went out live, by airing."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import AiringId
from controller.domain.live import LiveArchive
from controller.store.live_rows import LiveArchiveRow


class SqlLiveArchives:
    """`ports.LiveArchives`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, archive: LiveArchive) -> None:
        key = (archive.airing_id, archive.started_at_us)
        if await self._session.get(LiveArchiveRow, key) is not None:
            return
        self._session.add(
            LiveArchiveRow(
                airing_id=archive.airing_id,
                started_at_us=archive.started_at_us,
                sha256=archive.sha256,
                size_bytes=archive.size_bytes,
                from_us=archive.from_us,
                frames=archive.frames,
            )
        )
        await self._session.flush()

    async def of_airing(self, airing_id: AiringId) -> Sequence[LiveArchive]:
        rows = await self._session.scalars(
            select(LiveArchiveRow)
            .where(col(LiveArchiveRow.airing_id) == airing_id)
            .order_by(col(LiveArchiveRow.started_at_us))
        )
        return tuple(LiveArchive(**row.model_dump()) for row in rows)

    async def clips(self) -> frozenset[str]:
        return frozenset(await self._session.scalars(select(LiveArchiveRow.sha256)))
