"""The list of speakers: what it is narrowed to, how it is sorted, and which page of it is shown. Pure.

Rules: whatever the number of speakers, a page holds at most `PAGE_LENGTH` of them, so that the list stays quick on an
old machine and on a phone. A search finds names and areas without their accents, ids of devices, and addresses.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.faults import Fault, FaultKind
from controller.domain.speakers import SpeakerOverview
from controller.web.faultpresent import by_weight
from controller.web.faultwords import WEIGHT, WORDS
from controller.web.i18n import N_, Translator
from controller.web.placeviews import Choice
from controller.web.present import speaker_state
from controller.web.views import SpeakerState
from schedules.areanames import folded as folded_anew

PAGE_LENGTH: Final = 100
MOST_CHOICES: Final = 400
"""A choice of areas that is longer is no help: the search finds areas too."""

ANY_FAULT: Final = "faulty"
_FAULT: Final = "fault:"
_NEVER: Final = -1

SORTS: Final[Mapping[str, str]] = {
    "name": N_("Name"),
    "offline": N_("Longest offline first"),
    "fault": N_("Heaviest fault first"),
    "area": N_("Area"),
}

STATES: Final[Mapping[SpeakerState, str]] = {
    SpeakerState.READY: N_("Ready"),
    SpeakerState.SOUNDING: N_("Sounding"),
    SpeakerState.OFFLINE: N_("Offline"),
    SpeakerState.TIME_UNKNOWN: N_("Time unknown"),
    SpeakerState.FAULT: N_("Fault"),
    SpeakerState.STOPPED: N_("Stopped"),
    SpeakerState.RELEASING: N_("Being released"),
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a list is narrowed to, as its address writes it; what is empty narrows nothing."""

    q: str = ""
    state: str = ""
    area: str = ""
    model: str = ""
    software: str = ""
    profile: str = ""
    sort: str = "name"
    page: int = 1

    @property
    def by_health(self) -> bool:
        """Whether it asks for what the devices said of themselves."""
        return any((self.q, self.model, self.software, self.sort == "offline"))

    @property
    def narrowed(self) -> bool:
        return any((self.q, self.state, self.area, self.model, self.software, self.profile))

    def address(self, path: str, **changes: object) -> str:
        """This list, with something changed, as a link."""
        written = {**self.__dict__, **changes}
        plain = {"sort": "name", "page": 1}
        query = urlencode({name: value for name, value in written.items() if value != plain.get(name, "")})
        return f"{path}?{query}" if query else path


def wanted(query: Mapping[str, str]) -> Wanted:
    """As an address writes it; what makes no sense narrows nothing."""
    number = query.get("page", "")
    sort = query.get("sort", "")
    return Wanted(
        q=query.get("q", "").strip()[:200],
        state=query.get("state", ""),
        area=query.get("area", ""),
        model=query.get("model", ""),
        software=query.get("software", ""),
        profile=query.get("profile", ""),
        sort=sort if sort in SORTS else "name",
        page=int(number) if number.isascii() and number.isdigit() and 0 < int(number[:6]) < 100_000 else 1,
    )


@dataclass(frozen=True, kw_only=True)
class Options:
    """What there is to choose from."""

    states: Sequence[Choice]
    faults: Sequence[Choice]
    areas: Sequence[Choice]
    models: Sequence[str]
    softwares: Sequence[str]
    sorts: Sequence[Choice]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One page of the list. ``found`` is how many speakers the whole list has, ``of`` how many there are at all."""

    overviews: Sequence[SpeakerOverview]
    found: int
    of: int
    page: int
    pages: int
    options: Options = field(repr=False)

    @property
    def first(self) -> int:
        """The number of the first that is shown, from one on."""
        return (self.page - 1) * PAGE_LENGTH + 1 if self.found else 0

    @property
    def last(self) -> int:
        return self.first + len(self.overviews) - 1 if self.found else 0


Faults = Callable[[SpeakerId], Sequence[Fault]]
folded: Final = lru_cache(maxsize=1 << 15)(folded_anew)
"""Thousands of names are compared for every page of the list, and they are the same each time."""


def listed(
    overviews: Sequence[SpeakerOverview],
    faults: Faults,
    want: Wanted,
    path_of: Callable[[AreaId], Sequence[AreaId]],
    say: Translator,
    *,
    makes: Iterable[tuple[str, str]] | None = None,
) -> Listed:
    """The page of the list that is wanted; the last one where that is beyond its end. ``makes`` are models and versions
    to choose from where ``overviews`` come without their health.
    """
    kept = [one for one in overviews if _matches(one, faults, want, path_of)]
    kept.sort(key=_order(want.sort, faults))
    pages = max(1, -(-len(kept) // PAGE_LENGTH))
    number = min(want.page, pages)
    return Listed(
        overviews=kept[(number - 1) * PAGE_LENGTH : number * PAGE_LENGTH],
        found=len(kept),
        of=len(overviews),
        page=number,
        pages=pages,
        options=_options(overviews, say, makes),
    )


def _matches(one: SpeakerOverview, faults: Faults, want: Wanted, path_of: Callable[[AreaId], Sequence[AreaId]]) -> bool:
    health = one.health
    return (
        (not want.profile or one.speaker.profile == want.profile)
        and (not want.model or (health is not None and health.model == want.model))
        and (not want.software or (health is not None and health.software == want.software))
        and (not want.state or _in_state(one, faults(one.speaker.speaker_id), want.state))
        and (not want.area or want.area in path_of(one.speaker.area_id))
        and (not want.q or _found(one, want.q.split()))
    )


def _in_state(one: SpeakerOverview, mine: Sequence[Fault], state: str) -> bool:
    if state == ANY_FAULT:
        return bool(mine)
    if state.startswith(_FAULT):
        return any(fault.kind == state.removeprefix(_FAULT) for fault in mine)
    return speaker_state(one) == state


def _found(one: SpeakerOverview, words: Sequence[str]) -> bool:
    names = f"{folded(one.speaker.name)} {folded(one.area_name)}"
    signs = f"{one.speaker.speaker_id} {one.speaker.device_id} {one.health.address if one.health else ''}"
    return all(word.lower() in signs or folded(word) in names for word in words)


def _order(sort: str, faults: Faults) -> Callable[[SpeakerOverview], tuple[object, ...]]:
    def by_name(one: SpeakerOverview) -> tuple[object, ...]:
        return (folded(one.speaker.name), one.speaker.name)

    def offline(one: SpeakerOverview) -> tuple[object, ...]:
        away = one.connected_since_us is None
        seen_us = one.health.seen_at_us if one.health else _NEVER
        return (not away, seen_us if away else 0, *by_name(one))

    def heaviest(one: SpeakerOverview) -> tuple[object, ...]:
        weights = [WEIGHT[fault.kind] for fault in faults(one.speaker.speaker_id)]
        return (min(weights, default=len(WEIGHT)), -len(weights), *by_name(one))

    def area(one: SpeakerOverview) -> tuple[object, ...]:
        return (folded(one.area_name), *by_name(one))

    return {"offline": offline, "fault": heaviest, "area": area}.get(sort, by_name)


def _options(overviews: Sequence[SpeakerOverview], say: Translator, makes: Iterable[tuple[str, str]] | None) -> Options:
    areas = {one.speaker.area_id: one.area_name for one in overviews}
    named = sorted(areas.items(), key=lambda pair: (folded(pair[1]), pair[0]))
    if makes is None:
        makes = {(one.health.model, one.health.software) for one in overviews if one.health is not None}
    made = list(makes)
    return Options(
        states=[
            Choice(id=ANY_FAULT, name=say.gettext(N_("With a fault"))),
            *(Choice(id=state, name=say.gettext(word)) for state, word in STATES.items()),
        ],
        faults=[
            Choice(id=f"{_FAULT}{kind}", name=say.gettext(words.word))
            for kind, words in WORDS.items()
            if kind not in {FaultKind.AREA_OFFLINE, FaultKind.CONTROLLER_CLOCK, FaultKind.DEVICE_TIME_DISAGREES}
        ],
        areas=[Choice(id=area_id, name=name) for area_id, name in named] if len(named) <= MOST_CHOICES else [],
        models=sorted({model for model, _ in made if model}),
        softwares=sorted({software for _, software in made if software}),
        sorts=[Choice(id=sort, name=say.gettext(word)) for sort, word in SORTS.items()],
    )


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A fault beside a speaker in the list."""

    icon: str
    tone: str
    word: str


def marks(mine: Sequence[Fault], state: SpeakerState, say: Translator) -> list[Mark]:
    """The faults of a speaker, the heaviest first; what its state says already is not said twice."""
    said = {
        SpeakerState.OFFLINE: FaultKind.OFFLINE,
        SpeakerState.TIME_UNKNOWN: FaultKind.TIME_UNKNOWN,
    }.get(state)
    return [_mark(one, say) for one in by_weight(mine) if one.kind is not said]


def _mark(fault: Fault, say: Translator) -> Mark:
    """One that was away and is there again is no bad news: its fault closes when it has stayed for a while."""
    if fault.kind is FaultKind.OFFLINE:
        return Mark(icon="history", tone="quiet", word=say.gettext(N_("Just back")))
    words = WORDS[fault.kind]
    return Mark(icon=words.icon, tone=words.tone, word=say.gettext(words.word))
