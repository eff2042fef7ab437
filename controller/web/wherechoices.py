"""Where something can be planned for: areas with what stands in them, groups, single speakers."""

from collections import Counter
from collections.abc import Mapping, Sequence

from agents.protocol.ids import AreaId
from controller.domain.rights import Right
from controller.domain.speakers import NotReady, Standing
from controller.web.asking import Ask
from controller.web.ordering import downwards
from controller.web.scheduleviews import AreaBox, ScheduleForm, SpeakerOption, WhereChoices
from schedules.areanames import counting
from schedules.areas import Area, AreaTree

MOST_SINGLE = 300
"""So many speakers can be chosen one by one; where there are more, by area and group."""


async def where_choices(ask: Ask, typed: ScheduleForm) -> WhereChoices:
    """What whoever asks may plan for, with what is chosen already."""
    standing = [one for one in await ask.parts.speakers.standing() if one.not_ready is not NotReady.RELEASING]
    allowed = {area_id for area_id in {one.speaker.area_id for one in standing} if ask.may(Right.BROADCAST, area_id)}
    mine = [one for one in standing if one.speaker.area_id in allowed]
    return WhereChoices(
        areas=_areas(ask, mine, typed.areas),
        groups=await _groups(ask, {one.speaker.speaker_id for one in mine}, typed.groups),
        speakers=_speakers(mine, typed.speakers),
    )


def _areas(ask: Ask, mine: Sequence[Standing], chosen: Sequence[str]) -> list[AreaBox]:
    """Every area around one of the speakers in which one may plan, and those that are chosen."""
    tree, history = ask.parts.areas.tree(), ask.parts.planner.world().tree
    counts: dict[str, int] = {}
    for place, count in Counter(one.speaker.area_id for one in mine).items():
        for area_id in ask.path_of(place):
            counts[area_id] = counts.get(area_id, 0) + count
    wanted = {one for one in counts if ask.may(Right.BROADCAST, AreaId(one))} | {one for one in chosen if one in tree}
    listed = downwards(tree, (tree.get(one) for one in wanted if one in tree))
    boxes = [_box(area, tree, wanted, counts, chosen) for area in listed]
    gone = [one for one in chosen if one not in tree]
    names = {one: history.get(one).name if one in history else one for one in gone}
    return [*boxes, *(AreaBox(id=one, name=names[one], depth=0, speakers=0, checked=True, gone=True) for one in gone)]


def _box(area: Area, tree: AreaTree, wanted: set[str], counts: Mapping[str, int], chosen: Sequence[str]) -> AreaBox:
    path = [one.area_id for one in tree.path(area.area_id)][:-1]
    return AreaBox(
        id=area.area_id,
        name=area.name,
        depth=sum(1 for one in path if one in wanted),
        speakers=counts.get(area.area_id, 0),
        checked=area.area_id in chosen,
        path=path,
    )


async def _groups(ask: Ask, mine: set[str], chosen: Sequence[str]) -> list[AreaBox]:
    """Groups of which every speaker is one's own."""
    found = []
    for group in await ask.parts.groups.all():
        members = {str(one) for one in group.speaker_ids()}
        if group.group_id in chosen or (members and members <= mine):
            checked = group.group_id in chosen
            found.append(AreaBox(id=group.group_id, name=group.name, depth=0, speakers=len(members), checked=checked))
    return found


def _speakers(mine: Sequence[Standing], chosen: Sequence[str]) -> list[SpeakerOption]:
    listed = [one for one in mine if len(mine) <= MOST_SINGLE or one.speaker.speaker_id in chosen]
    options = [
        SpeakerOption(
            id=one.speaker.speaker_id,
            name=one.speaker.name,
            area_name=one.area_name,
            checked=one.speaker.speaker_id in chosen,
        )
        for one in listed
    ]
    return sorted(options, key=lambda one: (counting(one.area_name), counting(one.name)))
