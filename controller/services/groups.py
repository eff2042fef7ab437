"""Groups of speakers, as people make and change them."""

from collections.abc import Sequence

from agents.protocol.ids import SpeakerId
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, Refused
from controller.domain.groups import Group, GroupDraft, GroupId, Member, drafted
from controller.domain.speakers import SpeakerState
from controller.ports import Transaction
from controller.services.events import SpeakersChanged
from controller.services.office import Office
from controller.services.secretary import fresh_id
from controller.services.telling import Telling


class GroupDesk:
    """Every method raises `StoreFailed` too. Speakers whose groups or turns changed are told."""

    def __init__(self, office: Office, telling: Telling) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._planning = office.planning
        self._telling = telling

    async def all(self) -> tuple[Group, ...]:
        """By name. Members that were released are left out."""
        async with self._store.reading() as tx:
            there = {speaker.speaker_id for speaker in await tx.speakers.all()}
            groups = await tx.groups.all()
        return tuple(_among(group, there) for group in groups)

    async def get(self, group_id: GroupId) -> Group:
        """Raises `NotFound` (``group_unknown``)."""
        async with self._store.reading() as tx:
            there = {speaker.speaker_id for speaker in await tx.speakers.all()}
            return _among(await tx.groups.get(group_id), there)

    async def add(self, draft: GroupDraft, by: str) -> Group:
        """Raises `Invalid` as `domain.groups.drafted` does, and with ``speaker_unknown`` for a member."""
        return await self._put(GroupId(fresh_id("group")), draft, by, DeedKind.ADD_GROUP)

    async def change(self, group_id: GroupId, draft: GroupDraft, by: str) -> Group:
        """Everything of it anew. Raises `NotFound` (``group_unknown``), `Invalid` as `add` does."""
        async with self._store.reading() as tx:
            await tx.groups.get(group_id)
        return await self._put(group_id, draft, by, DeedKind.CHANGE_GROUP)

    async def remove(self, group_id: GroupId, by: str) -> None:
        """Raises `NotFound` (``group_unknown``), `Refused` (``group_in_use`` while something is planned for it)."""
        now_us = self._clock.now_us()
        async with self._store.transaction() as tx:
            group = await tx.groups.get(group_id)
            if any(group_id in one.schedule.target.groups for one in await tx.schedules.live(now_us)):
                raise Refused(f"something is planned for {group.name}", code="group_in_use")
            await tx.groups.remove(group_id)
            await tx.deeds.add(
                Deed(at_us=now_us, by=by, what=DeedKind.REMOVE_GROUP, subject=group_id, detail=group.name)
            )
        await self._changed(group.speaker_ids())

    async def _put(self, group_id: GroupId, draft: GroupDraft, by: str, what: DeedKind) -> Group:
        async with self._store.transaction() as tx:
            await _require_there(tx, draft.members)
            others = await tx.groups.all()
            group = drafted(group_id, draft, others)
            await tx.groups.put(group)
            await tx.deeds.add(Deed(at_us=self._clock.now_us(), by=by, what=what, subject=group_id, detail=group.name))
        before = next((other for other in others if other.group_id == group_id), None)
        await self._changed(group.speaker_ids() | (before.speaker_ids() if before is not None else frozenset()))
        return group

    async def _changed(self, speaker_ids: frozenset[SpeakerId]) -> None:
        self._events.publish(SpeakersChanged())
        self._planning.wake()
        await self._telling.speakers(sorted(speaker_ids))


def _among(group: Group, there: set[SpeakerId]) -> Group:
    members = tuple(member for member in group.members if member.speaker_id in there)
    return Group(group_id=group.group_id, name=group.name, stagger_s=group.stagger_s, members=members)


async def _require_there(tx: Transaction, members: Sequence[Member]) -> None:
    found = await tx.speakers.several([member.speaker_id for member in members])
    for member in members:
        speaker = found.get(member.speaker_id)
        if speaker is None or speaker.state is SpeakerState.RELEASED:
            raise Invalid(f"no speaker {member.speaker_id}", code="speaker_unknown")
