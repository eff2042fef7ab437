"""Groups of speakers."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from agents.protocol.ids import SpeakerId
from controller.domain.errors import NotFound
from controller.domain.groups import Group, GroupId, Grouping, Member, groupings
from controller.store.bulk import pieces
from controller.store.rows import GroupMemberRow, SpeakerGroupRow


class SqlGroups:
    """`ports.Groups`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, group_id: GroupId) -> Group:
        row = await self._session.get(SpeakerGroupRow, group_id, populate_existing=True)
        if row is None:
            raise NotFound(f"no group {group_id}", code="group_unknown")
        members = await self._session.scalars(_members().where(col(GroupMemberRow.group_id) == group_id))
        [group] = _groups([row], members)
        return group

    async def all(self) -> tuple[Group, ...]:
        rows = await self._session.scalars(
            select(SpeakerGroupRow).order_by(col(SpeakerGroupRow.name), col(SpeakerGroupRow.group_id))
        )
        return _groups(rows, await self._session.scalars(_members()))

    async def put(self, group: Group) -> None:
        await self._session.merge(SpeakerGroupRow(group_id=group.group_id, name=group.name, stagger_s=group.stagger_s))
        await self._session.flush()
        await self._drop_members(group.group_id)
        if group.members:
            rows = [
                {"group_id": group.group_id, "speaker_id": one.speaker_id, "turn": one.turn} for one in group.members
            ]
            await self._session.execute(insert(GroupMemberRow), rows)

    async def remove(self, group_id: GroupId) -> None:
        await self._drop_members(group_id)
        await self._session.execute(delete(SpeakerGroupRow).where(col(SpeakerGroupRow.group_id) == group_id))

    async def of(self, speaker_ids: Sequence[SpeakerId]) -> dict[SpeakerId, Grouping]:
        found: dict[SpeakerId, Grouping] = {}
        for piece in pieces(speaker_ids):
            rows = await self._session.execute(
                select(
                    SpeakerGroupRow.group_id, SpeakerGroupRow.stagger_s, GroupMemberRow.speaker_id, GroupMemberRow.turn
                )
                .join(GroupMemberRow, col(GroupMemberRow.group_id) == col(SpeakerGroupRow.group_id))
                .where(col(GroupMemberRow.speaker_id).in_(piece))
            )
            found |= groupings(
                Group(
                    group_id=GroupId(group_id),
                    name="",
                    stagger_s=stagger_s,
                    members=(Member(SpeakerId(speaker_id), turn),),
                )
                for group_id, stagger_s, speaker_id, turn in rows
            )
        return found

    async def _drop_members(self, group_id: GroupId) -> None:
        await self._session.execute(delete(GroupMemberRow).where(col(GroupMemberRow.group_id) == group_id))


def _members() -> SelectOfScalar[GroupMemberRow]:
    return select(GroupMemberRow).order_by(col(GroupMemberRow.turn), col(GroupMemberRow.speaker_id))


def _groups(rows: Iterable[SpeakerGroupRow], members: Iterable[GroupMemberRow]) -> tuple[Group, ...]:
    of: dict[str, list[Member]] = {}
    for one in members:
        of.setdefault(one.group_id, []).append(Member(SpeakerId(one.speaker_id), one.turn))
    return tuple(
        Group(
            group_id=GroupId(row.group_id),
            name=row.name,
            stagger_s=row.stagger_s,
            members=tuple(of.get(row.group_id, ())),
        )
        for row in rows
    )
