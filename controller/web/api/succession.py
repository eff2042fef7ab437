"""What areas become: mergers, splits, ends that are taken back, and what waits to be placed since.

An area of the country's list is changed only by whoever may change the areas of the whole station.
"""

from datetime import date

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import EVERYWHERE, Right
from controller.services.areabook import day_of
from controller.web import placeviews
from controller.web.api.areas import AreasTold, AreaTold, area_told
from controller.web.api.endpoint import Body, Created, raises
from controller.web.api.values import Told
from controller.web.asking import Ask


class MergeBody(Body):
    """Each of ``area_ids`` goes into ``into``, or into a new area called ``name`` beside the first of them: one of the
    two is given. ``on`` is the first day of it, today where it is left out; it may lie in the past or the future.
    """

    area_ids: list[AreaId]
    into: AreaId | None = None
    name: str | None = None
    on: date | None = None


class SplitBody(Body):
    """``names`` are of areas that begin on that day, ``into`` are areas that take part of it; two or more together."""

    names: tuple[str, ...] = ()
    into: tuple[AreaId, ...] = ()
    on: date | None = None


class WaitingSpeakerTold(Told):
    """A speaker whose area is no more. ``area_ids`` may be its place now, what its area became first."""

    speaker_id: SpeakerId
    name: str
    area_name: str
    area_ids: list[AreaId]


class WaitingAreaTold(Told):
    """An area whose wider area is no more."""

    area_id: AreaId
    name: str
    area_name: str
    area_ids: list[AreaId]


class WaitingTold(Told):
    """What somebody has to place: until then it stays where it was."""

    speakers: list[WaitingSpeakerTold]
    areas: list[WaitingAreaTold]


@raises(NotFound, "area_unknown")
@raises(Refused, "area_of_country")
@raises(Invalid, "parts_too_few", "successor_missing", "area_unknown", "area_closed", "area_changed_later")
@raises(Invalid, "area_in_itself", "area_name_taken", "name_empty", "name_too_long")
async def merge_areas(ask: Ask, body: MergeBody) -> Created[AreasTold]:
    """Merge areas: the areas as they end, then the new one where there is one.

    Speakers and areas in them stand in the successor from that day on. They keep their ids, and need not be changed.
    """
    if (body.into is None) == (body.name is None):
        raise Invalid("into or name", code="successor_missing")
    ask.require_all(Right.MANAGE_AREAS, body.area_ids if body.into is None else [*body.area_ids, body.into])
    made = await ask.parts.succession.merge(
        body.area_ids,
        body.into or body.name or "",
        _on(ask, body.on),
        ask.by,
        new=body.into is None,
        country=ask.may(Right.MANAGE_AREAS, EVERYWHERE),
    )
    return Created(
        told=AreasTold(areas=[area_told(ask, one) for one in made]),
        location=f"/api/v1/areas/{(made[-1].successors or (made[-1].area_id,))[0]}",
    )


@raises(NotFound, "area_unknown")
@raises(Refused, "area_of_country")
@raises(Invalid, "parts_too_few", "area_unknown", "area_closed", "area_changed_later", "area_in_itself")
@raises(Invalid, "area_name_taken", "name_empty", "name_too_long")
async def split_area(ask: Ask, area_id: AreaId, body: SplitBody) -> AreasTold:
    """Split an area: the area as it ends, then those that begin.

    Speakers and areas in it stay there until somebody places them.
    """
    if body.into:
        ask.require_all(Right.MANAGE_AREAS, body.into)
    country = ask.may(Right.MANAGE_AREAS, EVERYWHERE)
    made = await ask.parts.succession.split(area_id, body.names, body.into, _on(ask, body.on), ask.by, country=country)
    return AreasTold(areas=[area_told(ask, one) for one in made])


@raises(NotFound, "area_unknown")
@raises(Refused, "area_of_country")
@raises(Invalid, "area_not_closed", "area_closed", "area_name_taken")
async def reopen_area(ask: Ask, area_id: AreaId) -> AreaTold:
    """Take back the end of an area, as if it had not been closed, merged or split."""
    country = ask.may(Right.MANAGE_AREAS, EVERYWHERE)
    return area_told(ask, await ask.parts.succession.reopen(area_id, ask.by, country=country))


async def list_unplaced(ask: Ask) -> WaitingTold:
    """What stands in an area that is no more, and waits to be placed."""
    found = await placeviews.waiting(ask)
    return WaitingTold(
        speakers=[
            WaitingSpeakerTold(speaker_id=SpeakerId(one.id), name=one.name, area_name=one.stood_in, area_ids=_ids(one))
            for one in found.speakers
        ],
        areas=[
            WaitingAreaTold(area_id=AreaId(one.id), name=one.name, area_name=one.stood_in, area_ids=_ids(one))
            for one in found.areas
        ],
    )


def _ids(one: placeviews.Unplaced) -> list[AreaId]:
    return [AreaId(choice.id) for choice in one.choices]


def _on(ask: Ask, on: date | None) -> date:
    return day_of(ask.parts.clock.now_us()) if on is None else on
