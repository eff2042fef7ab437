"""What may become of an area: it opens, closes, gets another name or place, is merged with others, or is split.

Each function takes the tree of all days and says which areas have to be kept instead, without changing anything; they
raise `ChangeError` where that makes no sense. A change holds from a day on, which may lie in the past or the future. It
never comes before another change of the same area that is known already: who wants that takes the later one back first,
by giving the area on that later day what it had before, or by opening it again.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from schedules.areas import Area, AreaError, AreaTree, BrokenTree, Past


class ChangeError(AreaError):
    """``code`` says why: ``area_unknown``, ``area_closed`` (it is not valid on that day), ``area_name_taken`` (among
    those beside it), ``area_in_itself``, ``area_changed_later``, ``area_in_use`` (areas in it are open),
    ``area_not_closed``, ``parts_too_few``.
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


def opened(tree: AreaTree, area: Area, on: date) -> Area:
    """A new area from this day on. Raises `ChangeError` (``area_name_taken``, ``area_unknown`` or ``area_closed`` for
    its parent).
    """
    _require_parent(tree, area.parent_id, on)
    return _placed(tree, replace(area, valid_from=on), on)


def renamed(tree: AreaTree, area_id: str, name: str, on: date) -> Area:
    """With another name from this day on, before which it had the one that it has now. Raises `ChangeError`
    (``area_unknown``, ``area_closed``, ``area_changed_later``, ``area_name_taken``).
    """
    area = _open(tree, area_id, on)
    return _placed(tree, _since(area, on, name=name, parent_id=area.parent_id), on)


def moved(tree: AreaTree, area_id: str, parent_id: str | None, on: date) -> Area:
    """In another area from this day on, with all that lies in it. Raises `ChangeError` as `renamed` does, and with
    ``area_in_itself``.
    """
    area = _open(tree, area_id, on)
    if parent_id is not None and parent_id in tree.below(area_id):
        raise ChangeError(f"{parent_id} lies in {area_id}", code="area_in_itself")
    _require_parent(tree, parent_id, on)
    return _placed(tree, _since(area, on, name=area.name, parent_id=parent_id), on)


def closed(tree: AreaTree, area_id: str, on: date) -> Area:
    """No more from this day on, and nothing takes its place. Raises `ChangeError` (``area_unknown``, ``area_closed``,
    ``area_changed_later``, ``area_in_use``).
    """
    area = _ending(tree, area_id, on)
    if any(child.valid(on) for child in tree.as_of(on).children(area_id)):
        raise ChangeError(f"areas in {area_id} are open", code="area_in_use")
    return replace(area, valid_until=on)


def merged(tree: AreaTree, area_ids: Sequence[str], into: str | Area, on: date) -> tuple[Area, ...]:
    """Each of them goes into another from this day on, with all that stands in it: the areas as they end, then the one
    that they go into where it begins with that. Raises `ChangeError` (``area_unknown``, ``area_closed``,
    ``area_changed_later``, ``area_in_itself``, ``area_name_taken`` for one that begins, ``parts_too_few`` where there
    is nothing to merge).
    """
    ids = tuple(dict.fromkeys(area_ids))
    if not ids:
        raise ChangeError("nothing is merged", code="parts_too_few")
    ending = [_ending(tree, one, on) for one in ids]
    if isinstance(into, Area):
        new = [_begun(tree, into, on, ids, ())]
    else:
        _open(tree, into, on)
        new = []
    into_id = into.area_id if isinstance(into, Area) else into
    changes = (*(replace(one, valid_until=on, successors=(into_id,)) for one in ending), *new)
    _require_tree(tree, changes)
    return changes


def split(tree: AreaTree, area_id: str, parts: Sequence[Area], on: date) -> tuple[Area, ...]:
    """Several take its place from this day on: the area as it ends, then the parts, of which some may be there already.
    Who stands in it stays until somebody says in which part. Raises `ChangeError` (``area_unknown``, ``area_closed``,
    ``area_changed_later``, ``area_name_taken``, ``area_in_itself``, ``parts_too_few`` for fewer than two).
    """
    ids = tuple(dict.fromkeys(part.area_id for part in parts))
    if len(ids) < 2:
        raise ChangeError(f"{area_id} would have fewer than two parts", code="parts_too_few")
    ending = replace(_ending(tree, area_id, on), valid_until=on, successors=ids)
    new: list[Area] = []
    for part in parts:
        if part.area_id in tree:
            _open(tree, part.area_id, on)
        else:
            new.append(_begun(tree, part, on, (area_id,), [one.name for one in new]))
    changes = (ending, *new)
    _require_tree(tree, changes)
    return changes


def _begun(tree: AreaTree, area: Area, on: date, ending: Sequence[str], names: Sequence[str]) -> Area:
    """A new area that takes the place of those that end: it often keeps the name of one of them."""
    _require_parent(tree, area.parent_id, on)
    begun = replace(area, valid_from=on)
    _require_name(area.name, names)
    _require_names(tree, begun, on, ending)
    return begun


def reopened(tree: AreaTree, area_id: str) -> Area:
    """As if it had not ended: for a change that was a mistake. Raises `ChangeError` (``area_unknown``,
    ``area_not_closed``, ``area_name_taken``, ``area_closed`` where what it lies in has ended).
    """
    area = _known(tree, area_id)
    if area.valid_until is None:
        raise ChangeError(f"{area_id} has no last day", code="area_not_closed")
    _require_parent(tree, _parent_on(tree, area, area.valid_until), area.valid_until)
    return _placed(tree, replace(area, valid_until=None, successors=()), area.valid_until)


def _since(area: Area, on: date, *, name: str, parent_id: str | None) -> Area:
    """``area`` with these from a day on; days on which it had them already need no past."""
    if area.past and on < area.past[-1].until:
        raise ChangeError(f"{area.area_id} changes on {area.past[-1].until}", code="area_changed_later")
    past = area.past
    if not (past and past[-1].until == on) and (area.valid_from is None or area.valid_from < on):
        past = (*past, Past(on, area.name, area.parent_id))
    if past and (past[-1].name, past[-1].parent_id) == (name, parent_id):
        past = past[:-1]
    return replace(area, name=name, parent_id=parent_id, past=past)


def _known(tree: AreaTree, area_id: str) -> Area:
    if area_id not in tree:
        raise ChangeError(f"no area {area_id}", code="area_unknown")
    return tree.get(area_id)


def _open(tree: AreaTree, area_id: str, on: date) -> Area:
    """The area, where it is valid on that day and has no last day."""
    area = _known(tree, area_id)
    if not area.valid(on) or area.valid_until is not None:
        raise ChangeError(f"{area_id} is not open on {on}", code="area_closed")
    return area


def _ending(tree: AreaTree, area_id: str, on: date) -> Area:
    area = _open(tree, area_id, on)
    if area.past and on < area.past[-1].until:
        raise ChangeError(f"{area_id} changes on {area.past[-1].until}", code="area_changed_later")
    return area


def _placed(tree: AreaTree, area: Area, on: date) -> Area:
    """``area``, where no other beside it has its name, and the tree remains one."""
    _require_names(tree, area, on)
    _require_tree(tree, [area])
    return area


def _require_parent(tree: AreaTree, parent_id: str | None, on: date) -> None:
    if parent_id is not None and not _known(tree, parent_id).valid(on):
        raise ChangeError(f"{parent_id} is not open on {on}", code="area_closed")


def _parent_on(tree: AreaTree, area: Area, on: date) -> str | None:
    """What it lies in then, by what is said of ``area`` itself and of all others."""
    parent_id = area.parent_on(on)
    return None if parent_id is None else tree.path_on(parent_id, on)[-1]


def _beside(tree: AreaTree, area: Area, on: date, but: Sequence[str] = ()) -> list[str]:
    """The names of those that lie beside an area on a day."""
    mine = {area.area_id, *but}
    siblings = tree.as_of(on).children(_parent_on(tree, area, on))
    return [one.name for one in siblings if one.area_id not in mine and one.valid(on)]


def _require_names(tree: AreaTree, area: Area, on: date, but: Sequence[str] = ()) -> None:
    """From that day on: what lies beside it may change, and be called otherwise, later."""
    for day in (on, *tree.turns(on, date.max)):
        if area.valid(day):
            _require_name(area.name_on(day), _beside(tree, area, day, but))


def _require_name(name: str, taken: Sequence[str]) -> None:
    if any(other.casefold() == name.casefold() for other in taken):
        raise ChangeError(f"the name {name} is taken there", code="area_name_taken")


def _require_tree(tree: AreaTree, areas: Sequence[Area]) -> None:
    try:
        with_changes(tree, areas)
    except BrokenTree as error:
        raise ChangeError(str(error), code="area_in_itself") from error


def with_changes(tree: AreaTree, areas: Sequence[Area]) -> AreaTree:
    """The tree of all days with these areas in the place of those of their ids, or added to it. Raises `BrokenTree`."""
    new = {area.area_id: area for area in areas}
    kept = [new.pop(one.area_id, one) for one in tree]
    return AreaTree([*kept, *new.values()])
