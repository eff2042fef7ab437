"""Groups of speakers: what schedules are made for, and neighbours that speak one after another.

In a group with a stagger everything but emergencies begins ``turn`` times ``stagger_s`` later on a speaker.
"""

from typing import Annotated

from msgspec import Meta

from agents.protocol.ids import SpeakerId
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.groups import Group, GroupDraft, GroupId, Member
from controller.web import groups as group_pages
from controller.web.api.endpoint import Answer, Body, Created, raises
from controller.web.api.values import Told
from controller.web.asking import Ask


class MemberBody(Body):
    """A speaker and its turn; several may have the same."""

    speaker_id: SpeakerId
    turn: Annotated[int, Meta(description="Counts from 0.")] = 0


class GroupBody(Body):
    """All of a group. The last turn begins at most 600 s later."""

    name: str
    members: list[MemberBody]
    stagger_s: Annotated[int, Meta(description="Seconds between two turns; 0 is all at once.")] = 0


class MemberTold(Told):
    """A speaker of a group."""

    speaker_id: SpeakerId
    turn: int


class GroupTold(Told):
    """A group, its members by turn."""

    group_id: str
    name: str
    stagger_s: int
    members: list[MemberTold]


class GroupsTold(Told):
    """By name."""

    groups: list[GroupTold]


def group_told(group: Group) -> GroupTold:
    """All of it."""
    return GroupTold(
        group_id=group.group_id,
        name=group.name,
        stagger_s=group.stagger_s,
        members=[MemberTold(speaker_id=one.speaker_id, turn=one.turn) for one in group.members],
    )


async def list_groups(ask: Ask) -> GroupsTold:
    """Every group with a speaker that you may see."""
    return GroupsTold(groups=[group_told(group) for group in await group_pages.seen_groups(ask)])


@raises(NotFound, "group_unknown")
async def get_group(ask: Ask, group_id: str) -> GroupTold:
    """One group."""
    return group_told(await ask.parts.groups.get(GroupId(group_id)))


@raises(Invalid, "name_empty", "name_too_long", "group_name_taken", "group_empty", "group_too_large")
@raises(Invalid, "stagger_out_of_range", "speaker_staggers_twice", "speaker_unknown")
async def create_group(ask: Ask, body: GroupBody) -> Created[GroupTold]:
    """Make a group."""
    draft = await _draft(ask, body)
    group = await ask.parts.groups.add(draft, ask.by)
    return Created(told=group_told(group), location=f"/api/v1/groups/{group.group_id}")


@raises(NotFound, "group_unknown")
@raises(Invalid, "name_empty", "name_too_long", "group_name_taken", "group_empty", "group_too_large")
@raises(Invalid, "stagger_out_of_range", "speaker_staggers_twice", "speaker_unknown")
async def replace_group(ask: Ask, group_id: str, body: GroupBody) -> GroupTold:
    """Give a group another name, stagger and members."""
    draft = await _draft(ask, body)
    return group_told(await ask.parts.groups.change(GroupId(group_id), draft, ask.by))


@raises(NotFound, "group_unknown")
@raises(Refused, "group_in_use")
async def remove_group(ask: Ask, group_id: str) -> Answer[None]:
    """Remove a group for which nothing is planned."""
    await ask.parts.groups.remove(GroupId(group_id), ask.by)
    return Answer(told=None)


async def _draft(ask: Ask, body: GroupBody) -> GroupDraft:
    members = tuple(Member(one.speaker_id, one.turn) for one in body.members)
    await group_pages.require_members(ask, members)
    return GroupDraft(name=body.name, stagger_s=body.stagger_s, members=members)
