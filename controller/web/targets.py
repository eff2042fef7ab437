"""The choice of speakers in a form, however many there are.

Rules: up to `MOST_LISTED` speakers are all listed, and all chosen to begin with. Where there are more the form is
*folded*: it lists areas, nothing is chosen to begin with, and what lies in an area is fetched when the area is opened,
so many at a time. A folded form sends what it lists as ``known``, speakers and areas; what is chosen of that as
``targets`` and ``areas``, an area only where all in it is; and as ``rest`` the opened areas of which what is not listed
yet is chosen. So whoever has no scripts chooses areas, and gets what is in them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from aiohttp import web

from agents.protocol.ids import AiringId, AreaId, SpeakerId
from controller.domain.rights import Right
from controller.domain.speakers import NotReady, SpeakerOverview, Standing
from controller.web import present
from controller.web.asking import Ask
from controller.web.targetviews import FoldedArea, Inside, Where
from controller.web.views import TargetSpeaker
from schedules.areanames import counting

MOST_LISTED: Final = 200
PIECE: Final = 100
"""So many entries of an opened area are shown at once."""
_TOP: Final = ""

_THERE: Final = web.RequestKey("speakers", Sequence[Standing])

PathOf = Callable[[AreaId], Sequence[AreaId]]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a form says of the speakers, as it was sent. ``known`` are those that it listed, areas among them where it
    was folded.
    """

    folded: bool = False
    areas: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    rest: frozenset[str] = frozenset()

    @classmethod
    def of(cls, every: Callable[[str], Iterable[str]]) -> "Choice":
        """``every`` gives all values of a field."""
        return cls(
            folded="1" in every("folded"),
            areas=frozenset(every("areas")),
            targets=frozenset(every("targets")),
            known=frozenset(every("known")),
            rest=frozenset(every("rest")),
        )

    def wants(self, speaker_id: SpeakerId, path: Sequence[AreaId]) -> bool:
        """Of a folded form, for a speaker that stands in the last area of ``path``."""
        if speaker_id in self.targets or self.wants_all(path):
            return True
        return speaker_id not in self.known and self.wants_unlisted(path)

    def wants_all(self, path: Sequence[AreaId]) -> bool:
        """Whether everything in the last area of ``path`` is wanted, whatever is listed of it."""
        return _TOP in self.areas or not self.areas.isdisjoint(path)

    def wants_unlisted(self, path: Sequence[AreaId]) -> bool:
        """The same of what is not listed of it."""
        nearest = next((one for one in reversed(path) if one in self.known), _TOP)
        return nearest in self.rest

    def left_out(self, overviews: Sequence[SpeakerOverview], path_of: PathOf) -> frozenset[SpeakerId]:
        """Those of the speakers that whoever typed does not want."""
        if not self.folded:
            return present.unchecked_targets(overviews, tuple(self.areas), tuple(self.targets), tuple(self.known))
        ids = ((one.speaker.speaker_id, one.speaker.area_id) for one in overviews)
        return frozenset(speaker_id for speaker_id, area_id in ids if not self.wants(speaker_id, path_of(area_id)))


async def standing_for(ask: Ask, right: Right) -> list[Standing]:
    """Every speaker for which whoever asks has the right, by name; the same for all of one answer."""
    there = ask.request.get(_THERE)
    if there is None:
        there = ask.request[_THERE] = await ask.parts.speakers.standing()
    areas = {area_id for area_id in {one.speaker.area_id for one in there} if ask.may(right, area_id)}
    return [one for one in there if one.speaker.area_id in areas]


async def mine(ask: Ask, among: Collection[SpeakerId] | None = None) -> list[Standing]:
    """What whoever asks may send to, by name; with ``among`` those of them that stand, whatever the rights."""
    there = await (standing_for(ask, Right.BROADCAST) if among is None else ask.parts.speakers.standing())
    return [
        one
        for one in there
        if one.not_ready is not NotReady.RELEASING and (among is None or one.speaker.speaker_id in among)
    ]


async def where(ask: Ask, choice: Choice | None = None, among: Collection[SpeakerId] | None = None) -> Where:
    """All of `mine`, with what is chosen of it: to begin with, or by a form."""
    there = await mine(ask, among)
    if len(there) > MOST_LISTED:
        return Where(top=_tree(ask, there, choice or Choice(folded=True)).top())
    sounding = ask.parts.dispatch.sounding()
    overviews = [
        SpeakerOverview(
            speaker=one.speaker,
            area_name=one.area.name,
            health=None,
            not_ready=one.not_ready,
            sounding_airing_id=sounding.get(one.speaker.speaker_id),
        )
        for one in there
    ]
    left_out = choice.left_out(overviews, ask.path_of) if choice is not None else frozenset()
    around = {outer for area_id in {one.speaker.area_id for one in there} for outer in ask.path_of(area_id)[:-1]}
    areas = present.target_areas(overviews, left_out)
    return Where(areas=[replace(area, around=area.id in around) for area in areas])


def inside(ask: Ask, there: Sequence[Standing], area_id: str, shown: int, *, checked: bool) -> Inside:
    """What lies in an area that is opened, from the entry ``shown`` on; all of it chosen, or nothing."""
    choice = Choice(folded=True, areas=frozenset({area_id}) if checked else frozenset())
    return _tree(ask, there, choice).inside(area_id, shown, shown + PIECE)


def counts(ask: Ask, there: Sequence[Standing], opened: Iterable[str]) -> list[FoldedArea]:
    """The areas that a folded form lists where these are open, as they are now."""
    tree = _tree(ask, there, Choice(folded=True))
    return [*tree.top_areas(), *(area for area_id in dict.fromkeys(opened) for area in tree.areas_in(area_id))]


def _tree(ask: Ask, there: Sequence[Standing], choice: Choice) -> "_Tree":
    by_area: dict[AreaId, list[Standing]] = {}
    for one in there:
        by_area.setdefault(one.speaker.area_id, []).append(one)
    tree = _Tree(choice, ask.parts.dispatch.sounding())
    for place, speakers in by_area.items():
        tree.add(ask.path_of(place), speakers)
    names = ask.parts.areas.tree()
    for area_id, node in tree.nodes.items():
        node.name = names.get(area_id).name if area_id in names else area_id
    return tree


@dataclass(slots=True)
class _Node:
    """One area. Counts are of everything in it and below."""

    name: str = ""
    count: int = 0
    ready: int = 0
    wanted: int = 0
    areas: list[str] = field(default_factory=list)
    speakers: list[Standing] = field(default_factory=list)


class _Tree:
    """The areas with speakers, as a folded form lists them."""

    def __init__(self, choice: Choice, sounding: Mapping[SpeakerId, AiringId]) -> None:
        self._choice = choice
        self._sounding = sounding
        self._wanted: dict[str, tuple[bool, bool]] = {}
        self.nodes: dict[str, _Node] = {_TOP: _Node()}

    def add(self, path: Sequence[AreaId], speakers: list[Standing]) -> None:
        """All that stand in the last area of ``path``, by name."""
        for outer, inner in zip((_TOP, *path), path, strict=False):
            if inner not in self.nodes:
                self.nodes[inner] = _Node()
                self.nodes[outer].areas.append(inner)
        choice, place = self._choice, path[-1]
        self._wanted[place] = choice.wants_all(path), choice.wants_unlisted(path)
        if self._wanted[place][0] or not (choice.known or choice.targets):
            wanted = len(speakers) if any(self._wanted[place]) else 0
        else:
            wanted = sum(map(self._wants, speakers))
        ready = sum(one.not_ready is None for one in speakers)
        self.nodes[place].speakers = speakers
        for area_id in (_TOP, *path):
            node = self.nodes[area_id]
            node.count, node.ready, node.wanted = node.count + len(speakers), node.ready + ready, node.wanted + wanted

    def _wants(self, one: Standing) -> bool:
        """As `Choice.wants` says, with what is the same for all of an area asked once."""
        speaker_id = one.speaker.speaker_id
        everything, unlisted = self._wanted[one.speaker.area_id]
        return everything or speaker_id in self._choice.targets or (unlisted and speaker_id not in self._choice.known)

    def top(self) -> Inside:
        """What is listed to begin with, and in every area that the choice knows something of."""
        return self.inside(_TOP, 0, PIECE)

    def top_areas(self) -> list[FoldedArea]:
        """Those that lie in no other."""
        return self.areas_in(_TOP)

    def areas_in(self, area_id: str) -> list[FoldedArea]:
        """Those directly in an area, by name; none where it is unknown."""
        node = self.nodes.get(area_id, _Node())
        listed = [self._folded(one) for one in node.areas]
        return sorted(listed, key=lambda area: (counting(area.name), area.id))

    def _folded(self, area_id: str) -> FoldedArea:
        node = self.nodes[area_id]
        return FoldedArea(
            id=area_id, name=node.name, count=node.count, ready=node.ready, checked=node.wanted == node.count
        )

    def inside(self, area_id: str, first: int, shown: int) -> Inside:
        """The entries ``first`` to ``shown`` of an area: areas before speakers. One that stands alone is open, and
        so is every one of which the choice lists something.
        """
        node = self.nodes.get(area_id, _Node())
        areas, entries = self.areas_in(area_id), len(node.areas) + len(node.speakers)
        listed = [place for place, one in enumerate(self._entries(areas, node)) if one in self._choice.known]
        shown = max(shown, max(listed, default=-1) + 1)
        here = [self._opened(one, alone=entries == 1) for one in areas[first:shown]]
        there = max(first - len(areas), 0), max(shown - len(areas), 0)
        hidden, behind = areas[shown:], node.speakers[there[1] :]
        rest = sum(one.count for one in hidden) + len(behind)
        return Inside(
            area_id=area_id,
            areas=here,
            speakers=[self._speaker(one) for one in node.speakers[there[0] : there[1]]],
            shown=shown,
            rest=rest,
            rest_ready=sum(one.ready for one in hidden) + sum(one.not_ready is None for one in behind),
            rest_checked=area_id in self._choice.rest or area_id in self._choice.areas,
        )

    def _entries(self, areas: Sequence[FoldedArea], node: _Node) -> Iterable[str]:
        yield from (area.id for area in areas)
        yield from (one.speaker.speaker_id for one in node.speakers)

    def _opened(self, area: FoldedArea, *, alone: bool) -> FoldedArea:
        node = self.nodes[area.id]
        known = self._choice.known
        touched = any(one in known for one in node.areas) or any(
            one.speaker.speaker_id in known for one in node.speakers
        )
        if not (alone or touched):
            return area
        return FoldedArea(
            id=area.id,
            name=area.name,
            count=area.count,
            ready=area.ready,
            checked=area.checked,
            inside=self.inside(area.id, 0, PIECE),
        )

    def _speaker(self, one: Standing) -> TargetSpeaker:
        speaker_id = one.speaker.speaker_id
        return TargetSpeaker(
            id=speaker_id,
            name=one.speaker.name,
            state=present.state_of(one.not_ready, sounding=speaker_id in self._sounding),
            checked=self._wants(one),
        )
