"""What the pages of areas, speakers and groups show of places."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from agents.protocol.ids import AreaId
from controller.domain.rights import EVERYWHERE, Right
from controller.services.areabook import day_of
from controller.web.asking import Ask
from controller.web.languages import NAMES, language_name
from schedules.areas import Area, AreaTree, Origin

_LANGUAGES_SHOWN: Final = 3


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An area to choose."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Unplaced:
    """A speaker or an area that stands in one that is no more; ``choices`` begin with what that became."""

    id: str
    name: str
    stood_in: str
    choices: Sequence[Choice]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What whoever asks may place."""

    speakers: Sequence[Unplaced]
    areas: Sequence[Unplaced]


@dataclass(frozen=True, kw_only=True)
class PastLine:
    """What held of an area before the day ``until``; ``within`` is what it lay in, empty for none."""

    until: datetime
    name: str
    within: str


@dataclass(frozen=True, kw_only=True)
class AreaPage:
    """One area, what it was, and what may become of it. ``siblings`` are what it may be merged with or into.

    ``open`` is true while no last day is known and whoever asks may change it; ``official`` where it is of the
    country's list. Days are told as their noon.
    """

    id: str
    name: str
    level: str
    within: str
    parent_id: str
    official: bool
    open: bool
    valid_from: datetime | None
    valid_until: datetime | None
    ended: bool
    past: Sequence[PastLine]
    successors: Sequence[Choice]
    siblings: Sequence[Choice]
    parents: Sequence[Choice]
    speakers: int
    today: date


@dataclass(frozen=True, kw_only=True)
class AreaTyped:
    """What was typed to change an area and could not be done. ``what`` names the form that it stood in: rename, move,
    close, merge or split; empty where nothing was typed.
    """

    what: str = ""
    name: str = ""
    parent_id: str = ""
    on: str = ""
    into: str = ""
    names: str = ""
    together: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class HeardLanguages:
    """In which languages alerts are heard in an area: ``chosen`` are codes, the first first, as many as can be chosen,
    "" for none; ``choices`` are codes and names.
    """

    chosen: Sequence[str]
    choices: Sequence[Choice]


def whole_name(tree: AreaTree, area_id: str) -> str:
    """``Xã Ba Vì, Thành phố Hà Nội``."""
    return ", ".join(area.name for area in reversed(tree.path(area_id)))


async def places(ask: Ask, right: Right) -> list[Choice]:
    """Areas in use where ``right`` holds: where something can be put."""
    today = day_of(ask.parts.clock.now_us())
    used = await ask.parts.areas.in_use()
    return [
        Choice(id=area.area_id, name=area.name)
        for area in used
        if area.valid(today) and ask.may(right, AreaId(area.area_id))
    ]


async def waiting(ask: Ask) -> Waiting:
    """What has to be placed since the area that it stands in was split or closed. Raises `StoreFailed`."""
    found = await ask.parts.succession.to_be_placed()
    speakers = [one for one in found.speakers if ask.may(Right.TEND, one.area_id)]
    areas = [one for one in found.areas if ask.may(Right.MANAGE_AREAS, AreaId(one.area_id))]
    if not speakers and not areas:
        return Waiting(speakers=(), areas=())
    tree = ask.parts.areas.tree()
    tended, managed = await places(ask, Right.TEND), await places(ask, Right.MANAGE_AREAS)
    return Waiting(
        speakers=[
            Unplaced(
                id=one.speaker_id,
                name=one.name,
                stood_in=tree.get(ask.parts.areas.path(one.area_id)[-1]).name,
                choices=_successors_first(ask, tree, ask.parts.areas.path(one.area_id)[-1], tended),
            )
            for one in speakers
        ],
        areas=[
            Unplaced(
                id=one.area_id,
                name=one.name,
                stood_in=tree.get(one.parent_id).name,
                choices=_successors_first(ask, tree, one.parent_id, managed),
            )
            for one in areas
            if one.parent_id is not None
        ],
    )


def _successors_first(ask: Ask, tree: AreaTree, area_id: str, others: Sequence[Choice]) -> list[Choice]:
    first = [Choice(id=one, name=tree.get(one).name) for one in tree.get(area_id).successors]
    known = {one.id for one in first}
    return [*first, *(one for one in others if one.id not in known)]


async def area_page(ask: Ask, area_id: AreaId) -> AreaPage:
    """Raises `NotFound` (``area_unknown``), `StoreFailed`."""
    tree, today = ask.parts.areas.tree(), day_of(ask.parts.clock.now_us())
    known = ask.parts.areas.known(area_id)
    area = tree.get(area_id)
    official = area.origin is Origin.COUNTRY
    inside = tree.below(area_id)
    mine = [one for one in await places(ask, Right.MANAGE_AREAS) if one.id not in inside]
    beside = [
        one
        for one in tree.children(area.parent_id)
        if one.area_id != area_id and one.level == area.level and one.valid(today)
    ]
    standing = [one for one in await ask.parts.speakers.standing() if one.speaker.area_id in inside]
    return AreaPage(
        id=area_id,
        name=area.name,
        level=area.level,
        within="" if area.parent_id is None else whole_name(tree, area.parent_id),
        parent_id=area.parent_id or "",
        official=official,
        open=area.valid_until is None and (not official or ask.may(Right.MANAGE_AREAS, EVERYWHERE)),
        valid_from=_noon(ask, area.valid_from),
        valid_until=_noon(ask, area.valid_until),
        ended=area.closed(today),
        past=[
            PastLine(
                until=_at_noon(ask, past.until),
                name=past.name,
                within=_name_on(tree, past.parent_id, past.until - timedelta(days=1)),
            )
            for past in known.past
        ],
        successors=[Choice(id=one, name=tree.get(one).name) for one in area.successors],
        siblings=_choices(one for one in beside if ask.may(Right.MANAGE_AREAS, AreaId(one.area_id))),
        parents=mine,
        speakers=len(standing),
        today=today,
    )


async def heard_languages(ask: Ask, area_id: AreaId) -> HeardLanguages:
    """What is set on this area itself. Raises `StoreFailed`."""
    chosen = list((await ask.parts.cap_settings.languages()).get(area_id, ()))
    codes = [*NAMES, *(one for one in chosen if one not in NAMES)]
    return HeardLanguages(
        chosen=chosen + [""] * max(0, _LANGUAGES_SHOWN - len(chosen)),
        choices=[Choice(id=code, name=language_name(code, ask.say)) for code in codes],
    )


def _at_noon(ask: Ask, day: date) -> datetime:
    return datetime.combine(day, time(12), ask.say.zone)


def _noon(ask: Ask, day: date | None) -> datetime | None:
    return None if day is None else _at_noon(ask, day)


def _choices(areas: Iterable[Area]) -> list[Choice]:
    return [Choice(id=area.area_id, name=area.name) for area in areas]


def _name_on(tree: AreaTree, area_id: str | None, on: date) -> str:
    return "" if area_id is None else tree.as_of(on).get(area_id).name
