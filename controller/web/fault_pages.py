"""The pages of faults: what is wrong now, the heaviest first, and what was."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.errors import Invalid, NotFound
from controller.domain.faults import Fault, FaultKind
from controller.domain.paging import Place
from controller.domain.rights import EVERYWHERE, Right
from controller.web import placeviews
from controller.web.asking import Ask
from controller.web.faultpresent import Names, by_weight, card, kind_of, kinds
from controller.web.faultviews import FaultCard, FaultFilter, FaultsShown
from controller.web.forms import reading
from controller.web.frames import full_frame
from controller.web.pages import frame_of, page
from controller.web.security import local_path
from controller.web.watched import fault_seen, seen_faults

SHOWN: Final = 100
HISTORY_SHOWN: Final = 50
MOST_LOOKS: Final = 20
"""So often at most the history is asked for one page: of a whole province, one may see little."""


# --- the lists --------------------------------------------------------------------------------------------------------


async def faults(ask: Ask) -> web.StreamResponse:
    """GET /faults, narrowed by ``?kind=`` and ``?area=``."""
    return page(ask, "faults.html", frame=await frame_of(ask), faults=await _open_now(ask))


async def faults_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/faults"""
    return page(ask, "_faults.html", frame=await full_frame(ask, path="/faults"), faults=await _open_now(ask))


async def faults_count_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/faults-count"""
    return page(ask, "_faults_count.html", frame=await full_frame(ask))


async def faults_history(ask: Ask) -> web.StreamResponse:
    """GET /faults/history, narrowed in the same way; ``?before=`` is where the page before it ended."""
    chosen = await _chosen(ask)
    kind, before = kind_of(chosen.kind), _place(ask.request.query.get("before", ""))
    listed: list[Fault] = []
    more, looks = True, 0
    while more and len(listed) < HISTORY_SHOWN and looks < MOST_LOOKS:
        looks += 1
        found = await ask.parts.faults.history(
            HISTORY_SHOWN, before, kinds=[kind] if kind else (), area_ids=_areas_within(ask, chosen.area)
        )
        listed += [one for one in found if not one.open and fault_seen(ask, one, Right.SEE)]
        more = len(found) == HISTORY_SHOWN
        before = Place(found[-1].opened_at_us, found[-1].fault_id) if found else None
    older = ""
    if more and before is not None:
        query = urlencode({"kind": chosen.kind, "area": chosen.area, "before": f"{before.at_us}.{before.key}"})
        older = f"/faults/history?{query}"
    shown = FaultsShown(cards=await cards_of(ask, listed), older=older, history=True, chosen=chosen)
    return page(ask, "faults.html", frame=await frame_of(ask, path="/faults/history"), faults=shown)


async def _open_now(ask: Ask) -> FaultsShown:
    chosen = await _chosen(ask)
    kind = kind_of(chosen.kind)
    there = [
        one
        for one in seen_faults(ask)
        if kind in {None, one.kind} and (not chosen.area or chosen.area in ask.path_of(one.area_id or EVERYWHERE))
    ]
    return FaultsShown(
        cards=await cards_of(ask, by_weight(there)[:SHOWN]),
        total=len(there),
        unnoted=sum(1 for one in there if one.seen_by is None),
        chosen=chosen,
    )


async def _chosen(ask: Ask) -> FaultFilter:
    query = ask.request.query
    areas = await placeviews.places(ask, Right.SEE)
    kind, area = query.get("kind", ""), query.get("area", "")
    kind = kind if kind_of(kind) else ""
    area = area if any(one.id == area for one in areas) else ""
    written = urlencode({name: value for name, value in (("kind", kind), ("area", area)) if value})
    return FaultFilter(kind=kind, area=area, kinds=kinds(ask.say), areas=areas, query=f"?{written}" if written else "")


def _areas_within(ask: Ask, area_id: str) -> Collection[AreaId] | None:
    """The area and all within it; None where none was chosen."""
    return frozenset(AreaId(one) for one in ask.parts.areas.tree().below(area_id)) if area_id else None


def _place(written: str) -> Place | None:
    """Raises `Invalid` (``bad_request``)."""
    if not written:
        return None
    at_us, _, key = written.partition(".")
    if not (at_us.isascii() and at_us.isdigit() and len(at_us) < 19 and key):
        raise Invalid("no such place in the list", code="bad_request")
    return Place(int(at_us), key)


# --- cards ------------------------------------------------------------------------------------------------------------


async def cards_of(ask: Ask, listed: Sequence[Fault]) -> list[FaultCard]:
    """These faults with everything that is shown of them, in the same order."""
    members = {
        one.fault_id: (await ask.parts.faults.one(one.fault_id))[1]
        for one in listed
        if one.kind is FaultKind.AREA_OFFLINE
    }
    whole = {one.fault_id: one for one in ask.parts.faults.open()} if any(one.group_id for one in listed) else {}
    listed = [_as_part(one, whole.get(one.group_id or "")) for one in listed]
    named = [one.speaker_id for one in listed] + [one.speaker_id for part in members.values() for one in part]
    names = await _names(ask, (one for one in named if one is not None))
    return [
        card(
            one,
            names,
            lambda area_id: _area_name(ask, area_id),
            ask.say,
            members=members.get(one.fault_id, ()),
            may_note=fault_seen(ask, one, Right.TEND),
        )
        for one in listed
    ]


def _as_part(one: Fault, whole: Fault | None) -> Fault:
    """Who looks after an area's fault looks after what is part of it."""
    if whole is None:
        return one
    return replace(one, fault_id=whole.fault_id, seen_by=whole.seen_by, seen_at_us=whole.seen_at_us)


async def _names(ask: Ask, speaker_ids: Iterable[SpeakerId]) -> Names:
    wanted = list(dict.fromkeys(speaker_ids))
    if not wanted:
        return {}
    async with ask.parts.store.reading() as tx:
        known = await tx.speakers.several(wanted)
    return {
        speaker_id: (one.name, _area_name(ask, one.area_id))
        for speaker_id, one in known.items()
        if ask.may(Right.SEE, one.area_id)
    }


def _area_name(ask: Ask, area_id: AreaId) -> str:
    """What it is called now, or what it became."""
    try:
        return ask.parts.areas.known(ask.parts.areas.path(area_id)[-1]).name
    except NotFound:
        return ""


# --- seen -------------------------------------------------------------------------------------------------------------


async def note(ask: Ask) -> web.StreamResponse:
    """POST /faults/{fault_id}/seen: somebody looks after it. Every page that shows it learns it by itself."""
    async with reading(ask) as form:
        back = local_path(form.text("back"))
    await ask.parts.faults.acknowledge(ask.request.match_info["fault_id"], ask.by)
    if ask.htmx:
        return web.Response(status=204)
    return web.Response(status=303, headers={"Location": back})
