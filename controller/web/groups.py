"""The pages of groups of speakers: who is in one, and in which turn they speak."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.errors import Invalid, Refused
from controller.domain.groups import MOST_LATER_S, Group, GroupDraft, GroupId, Member
from controller.domain.rights import Right
from controller.web.asking import Ask
from controller.web.errors import problem_of
from controller.web.forms import Form, reading
from controller.web.frames import full_frame
from controller.web.i18n import N_
from controller.web.pages import page
from controller.web.security import SAFE_METHODS
from controller.web.views import Flash, Tone
from schedules.areanames import counting

PATH = "/groups"
DONE = {
    "added": N_("The group is made. Its speakers are being told."),
    "changed": N_("The group is changed. Its speakers are being told."),
    "removed": N_("The group is removed. Its speakers are being told."),
}


@dataclass(frozen=True, kw_only=True)
class MemberRow:
    """A speaker to choose. ``turn`` counts from 1, as people count."""

    id: str
    name: str
    area_name: str
    chosen: bool
    turn: int


@dataclass(frozen=True, kw_only=True)
class GroupRow:
    """A group in the list; ``latest_s`` is by how much its last turn begins later."""

    id: str
    name: str
    stagger_s: int
    latest_s: int
    members: Sequence[str]
    mine: bool


@dataclass(frozen=True, kw_only=True)
class GroupForm:
    """A group as the form shows it; ``id`` is empty for a new one."""

    id: str
    name: str
    stagger_s: int
    rows: Sequence[MemberRow]
    mine: bool = True
    most_s: int = MOST_LATER_S


async def group(ask: Ask, right: Right) -> bool:
    """The group of the path, for `Route.over`: read where one of its speakers is, changed where all are. Raises
    `NotFound`.
    """
    name = "group_id" if "group_id" in ask.request.match_info else "id"
    found = await ask.parts.groups.get(GroupId(ask.request.match_info[name]))
    area_ids = await _areas_of(ask, found)
    if ask.request.method in SAFE_METHODS:
        return not area_ids or any(ask.may(right, area_id) for area_id in area_ids)
    return ask.may_all(right, area_ids)


async def groups(ask: Ask) -> web.StreamResponse:
    """GET /groups"""
    done = DONE.get(ask.request.query.get("done", ""))
    flashes = (Flash(tone=Tone.OK, sentence=ask.say.gettext(done)),) if done else ()
    overviews = {one.speaker.speaker_id: one for one in await ask.parts.speakers.standing()}
    rows: list[GroupRow] = []
    for found in await seen_groups(ask):
        inside = [overviews[one.speaker_id] for one in found.members if one.speaker_id in overviews]
        rows.append(
            GroupRow(
                id=found.group_id,
                name=found.name,
                stagger_s=found.stagger_s,
                latest_s=max((found.later_us(one) for one in found.speaker_ids()), default=0) // 1_000_000,
                members=[one.speaker.name for one in inside if ask.may(Right.SEE, one.speaker.area_id)],
                mine=ask.may_all(Right.TEND, [one.speaker.area_id for one in inside]),
            )
        )
    frame = await full_frame(ask, path=PATH, flashes=flashes)
    return page(ask, "groups.html", frame=frame, groups=rows, may_add=ask.may(Right.TEND))


async def seen_groups(ask: Ask) -> list[Group]:
    """Groups with a speaker that whoever asks may see, and those with none."""
    areas = {one.speaker.speaker_id: one.speaker.area_id for one in await ask.parts.speakers.standing()}
    return [
        one
        for one in await ask.parts.groups.all()
        if not one.members
        or any(ask.may(Right.SEE, areas[it.speaker_id]) for it in one.members if it.speaker_id in areas)
    ]


async def new_group(ask: Ask) -> web.StreamResponse:
    """GET /groups/new"""
    return await _form(ask, await _shown(ask, "", GroupDraft(name="")))


async def one_group(ask: Ask) -> web.StreamResponse:
    """GET /groups/{id}"""
    found = await ask.parts.groups.get(_id(ask))
    draft = GroupDraft(name=found.name, stagger_s=found.stagger_s, members=found.members)
    mine = ask.may_all(Right.TEND, await _areas_of(ask, found))
    return await _form(ask, await _shown(ask, found.group_id, draft, mine=mine))


async def add_group(ask: Ask) -> web.StreamResponse:
    """POST /groups"""

    async def work(draft: GroupDraft) -> str:
        await ask.parts.groups.add(draft, ask.by)
        return "added"

    return await _changed(ask, "", work)


async def change_group(ask: Ask) -> web.StreamResponse:
    """POST /groups/{id}"""

    async def work(draft: GroupDraft) -> str:
        await ask.parts.groups.change(_id(ask), draft, ask.by)
        return "changed"

    return await _changed(ask, _id(ask), work)


async def remove_group(ask: Ask) -> web.StreamResponse:
    """POST /groups/{id}/remove"""
    try:
        await ask.parts.groups.remove(_id(ask), ask.by)
    except Refused as error:
        told = problem_of(error, ask.say)
        found = await ask.parts.groups.get(_id(ask))
        draft = GroupDraft(name=found.name, stagger_s=found.stagger_s, members=found.members)
        return await _form(ask, await _shown(ask, found.group_id, draft), told.sentence, told.status)
    return web.Response(status=303, headers={"Location": f"{PATH}?done=removed"})


async def require_members(ask: Ask, members: Sequence[Member]) -> None:
    """That whoever asks tends every one of them. Raises `NotAllowed`; who is not there is not refused here."""
    areas = {one.speaker.speaker_id: one.speaker.area_id for one in await ask.parts.speakers.standing()}
    ask.require_all(Right.TEND, [areas[one.speaker_id] for one in members if one.speaker_id in areas])


async def _areas_of(ask: Ask, found: Group) -> list[AreaId]:
    overviews = await ask.parts.speakers.standing()
    inside = found.speaker_ids()
    return [one.speaker.area_id for one in overviews if one.speaker.speaker_id in inside]


async def _shown(ask: Ask, group_id: str, draft: GroupDraft, *, mine: bool = True) -> GroupForm:
    turns = {member.speaker_id: member.turn for member in draft.members}
    rows = [
        MemberRow(
            id=one.speaker.speaker_id,
            name=one.speaker.name,
            area_name=one.area_name,
            chosen=one.speaker.speaker_id in turns,
            turn=turns.get(one.speaker.speaker_id, 0) + 1,
        )
        for one in await ask.parts.speakers.standing()
        if ask.may(Right.TEND if mine else Right.SEE, one.speaker.area_id)
    ]
    rows.sort(key=lambda row: (not row.chosen, row.turn, counting(row.area_name), counting(row.name)))
    return GroupForm(id=group_id, name=draft.name, stagger_s=draft.stagger_s, rows=rows, mine=mine)


async def _form(ask: Ask, shown: GroupForm, problem: str = "", status: int = 200) -> web.Response:
    frame = await full_frame(ask, path=PATH)
    return page(ask, "group.html", status=status, frame=frame, group=shown, problem=problem)


def _id(ask: Ask) -> GroupId:
    return GroupId(ask.request.match_info["id"])


async def _changed(ask: Ask, group_id: str, work: Callable[[GroupDraft], Awaitable[str]]) -> web.Response:
    async with reading(ask) as form:
        draft = GroupDraft(name=form.text("name"), members=_members(form, lenient=True))
        try:
            draft = GroupDraft(
                name=form.text("name"), stagger_s=_number(form, "stagger_s", 0), members=_members(form, lenient=False)
            )
            _require_turns(draft)
            await require_members(ask, draft.members)
            done = await work(draft)
        except (Invalid, Refused) as error:
            told = problem_of(error, ask.say)
            return await _form(ask, await _shown(ask, group_id, draft), told.sentence, told.status)
    return web.Response(status=303, headers={"Location": f"{PATH}?done={done}"})


def _require_turns(draft: GroupDraft) -> None:
    """That a stagger separates somebody: a form whose turns were left alone says 1 for each. Raises `Invalid`
    (``turns_all_same``).
    """
    if draft.stagger_s and len(draft.members) > 1 and len({one.turn for one in draft.members}) == 1:
        raise Invalid("every member has the same turn", code="turns_all_same")


def _members(form: Form, *, lenient: bool) -> tuple[Member, ...]:
    """Raises `Invalid` (``stagger_out_of_range``) for a turn that is no number, unless ``lenient``."""
    found: list[Member] = []
    for speaker_id in form.all("member"):
        try:
            turn = _number(form, f"turn-{speaker_id}", 1)
        except Invalid:
            if not lenient:
                raise
            turn = 1
        found.append(Member(SpeakerId(speaker_id), turn - 1))
    return tuple(found)


def _number(form: Form, name: str, otherwise: int) -> int:
    return form.number(name, "stagger_out_of_range") if form.text(name).strip() else otherwise
