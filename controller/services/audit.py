"""Who did what, for those who may read it: each sees what touches the areas where they may.

A deed lies where the thing lies that it was done to (a speaker, an airing's speakers, the places of a schedule, a
person's roles, a token's area); where that cannot be told, it lies where whoever did it has roles. What lies nowhere is
for those who audit the whole station.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from agents.protocol.ids import AiringId, AreaId, BulletinId, SpeakerId
from controller.domain.accounts import Person
from controller.domain.cap_alerts import CapAlertId
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import NotFound
from controller.domain.programmes import ProgrammeId
from controller.domain.rights import Actor, Right
from controller.domain.schedules import ScheduleId
from controller.domain.tokens import BY_TOKEN, ApiToken
from controller.ports import Store, Transaction
from controller.services.planning.planned import areas_of_target

_PIECE: Final = 200
_MOST_READ: Final = 5_000


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditPage:
    """``next`` is where to go on, None at the end."""

    deeds: tuple[Deed, ...]
    next: int | None


class Audit:
    """Reads, and changes nothing. Raises `StoreFailed`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(
        self, by: Actor, limit: int, *, before: int | None = None, who: str | None = None, what: DeedKind | None = None
    ) -> AuditPage:
        """At most ``limit`` deeds that ``by`` may read, the newest first."""
        kept: list[Deed] = []
        async with self._store.reading() as tx:
            places = await _Places.read(tx)
            for _ in range(_MOST_READ // _PIECE):
                found = await tx.deeds.page(_PIECE, before=before, by=who, what=what)
                for number, deed in found:
                    if len(kept) == limit:
                        return AuditPage(deeds=tuple(kept), next=before)
                    before = number
                    if await places.may_read(by, deed):
                        kept.append(deed)
                if len(found) < _PIECE:
                    return AuditPage(deeds=tuple(kept), next=None)
        return AuditPage(deeds=tuple(kept), next=before)

    async def names(self, subjects: Sequence[str]) -> dict[str, str]:
        """What persons, tokens, speakers, schedules, bulletins, programmes, airings and alerts that came in are called,
        by their ids; others are left out.
        """
        wanted = [subject for subject in dict.fromkeys(subjects) if subject]
        async with self._store.reading() as tx:
            persons = {one.person_id: one.name for one in await tx.persons.all()}
            tokens = {one.token_id: one.name for one in await tx.api_tokens.all()}
            speakers = await tx.speakers.several([SpeakerId(subject) for subject in wanted])
            plans = await tx.schedules.several([ScheduleId(subject) for subject in wanted])
            named = {**persons, **tokens, **{str(key): one.name for key, one in speakers.items()}}
            named.update({str(key): one.title for key, one in plans.items()})
            alerts = await tx.cap_alerts.several([CapAlertId(one) for one in wanted if one.startswith("cap-")])
            named.update({str(one.alert_id): one.title for one in alerts if one.title})
            made = await tx.bulletins.several([BulletinId(one) for one in wanted if one.startswith("b-")])
            named.update({str(key): one.title for key, one in made.items()})
            of_parts = await tx.programmes.several([ProgrammeId(one) for one in wanted if one.startswith("pr-")])
            named.update({str(key): one.title for key, one in of_parts.items()})
            for subject in wanted:
                if subject.startswith("a-") and subject not in named:
                    with suppress(NotFound):
                        named[subject] = (await tx.airings.get(AiringId(subject))).title
        return {subject: named[subject] for subject in wanted if subject in named}


@dataclass(slots=True)
class _Places:
    """Where deeds lie; what was looked up once is kept for the page."""

    tx: Transaction
    persons: dict[str, Person]
    tokens: dict[str, ApiToken]
    areas: dict[str, tuple[AreaId, ...]] = field(default_factory=dict)
    paths: dict[AreaId, tuple[AreaId, ...]] = field(default_factory=dict)

    @classmethod
    async def read(cls, tx: Transaction) -> "_Places":
        persons = {key: one for one in await tx.persons.all() for key in (one.person_id, one.name)}
        tokens = {key: one for one in await tx.api_tokens.all() for key in (one.token_id, f"{BY_TOKEN}{one.name}")}
        return cls(tx, persons, tokens)

    async def may_read(self, by: Actor, deed: Deed) -> bool:
        if by.may(Right.AUDIT, ()):
            return True
        areas = await self._areas_of(deed.subject) or self._areas_of_somebody(deed.by)
        return await self._any_within(by, areas)

    async def _any_within(self, by: Actor, areas: Iterable[AreaId]) -> bool:
        return any([by.may(Right.AUDIT, await self._path(area_id)) for area_id in areas])

    async def _path(self, area_id: AreaId) -> tuple[AreaId, ...]:
        if area_id not in self.paths:
            try:
                self.paths[area_id] = await self.tx.areas.path(area_id)
            except NotFound:
                self.paths[area_id] = ()
        return self.paths[area_id]

    async def _areas_of(self, subject: str) -> Sequence[AreaId]:
        if not subject:
            return ()
        if subject not in self.areas:
            self.areas[subject] = self._areas_of_somebody(subject) or await self._areas_of_thing(subject)
        return self.areas[subject]

    def _areas_of_somebody(self, key: str) -> tuple[AreaId, ...]:
        if key in self.persons:
            return tuple(grant.area_id for grant in self.persons[key].grants)
        return (self.tokens[key].area_id,) if key in self.tokens else ()

    async def _areas_of_thing(self, subject: str) -> tuple[AreaId, ...]:
        plans = await self.tx.schedules.several([ScheduleId(subject)])
        if plans:
            return await areas_of_target(self.tx, plans[ScheduleId(subject)].schedule.target)
        speakers = await self.tx.speakers.several([SpeakerId(subject)])
        if not speakers:
            try:
                airing = await self.tx.airings.get(AiringId(subject))
            except NotFound:
                return ()
            speakers = await self.tx.speakers.several(airing.speaker_ids)
        return tuple({speaker.area_id for speaker in speakers.values()})
