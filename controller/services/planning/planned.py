"""What is planned, as `schedules` sees it: read once, and the same for the planner, the approvals and the pages."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from agents.protocol.ids import AreaId, BulletinId, SpeakerId
from agents.protocol.values import AiringClass
from controller.domain.airings import ContentId
from controller.domain.bulletins import Bulletin, Origin
from controller.domain.errors import LoaError
from controller.domain.guarding import STATION, PlaceKind
from controller.domain.handing_in import HandInState
from controller.domain.planning import duration_us
from controller.domain.programmes import Programme, ProgrammeId
from controller.domain.schedules import Approval, PlannedSchedule, ScheduleId
from controller.ports import Transaction
from controller.services.contents import Content as HeardContent
from controller.services.contents import heard_of
from controller.services.tunes import ready_tunes
from schedules.areas import AreaTree
from schedules.guards import NO_GUARDS, Guards, tightened
from schedules.precedence import AirClass
from schedules.schedule import Choice, Content, Schedule, Target

_AT_ONCE: Final = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known of one content: its ``summary`` as `schedules` wants it; ``heard``, part by part, where it can be
    heard; who last changed it or a bulletin in it (``authors``), and who of them what is heard itself (``makers``: a
    bulletin, or a programme that relays); whether it came from above. ``sources`` are itself and the bulletins in it.
    """

    summary: Content
    airing_class: AiringClass | None = None
    above: bool = False
    authors: frozenset[str] = frozenset()
    makers: frozenset[str] = frozenset()
    heard: HeardContent | None = None
    sources: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Plans:
    """The live schedules: as the desk keeps them, and as they count now, with their approvals and the class that their
    content has by now. ``known`` has every content of them, ``approvals`` what was approved of them and not revoked.
    """

    planned: tuple[PlannedSchedule, ...]
    schedules: tuple[Schedule, ...]
    known: Mapping[str, Known]
    choices: frozenset[Choice]
    approvals: Mapping[ScheduleId, tuple[Approval, ...]]

    @property
    def contents(self) -> dict[str, Content]:
        """As `schedules.schedule.World` wants them."""
        return {content_id: one.summary for content_id, one in self.known.items()}

    async def each(self) -> AsyncIterator[tuple[PlannedSchedule, Schedule]]:
        """Every schedule both ways, in pieces: links and pages go on in between."""
        for number, pair in enumerate(zip(self.planned, self.schedules, strict=True), 1):
            yield pair
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)


async def read_plans(tx: Transaction, since_us: int, now_us: int) -> Plans:
    """Everything of which something may begin at ``since_us`` or later; in pieces: links and pages go on in between.
    Raises `StoreFailed`.
    """
    planned = await tx.schedules.live(since_us)
    approvals = await tx.approvals.in_force()
    approved = {schedule_id: frozenset(one.binding for one in some) for schedule_id, some in approvals.items()}
    known = await known_contents(tx, {one for each in planned for one in each.content_ids}, now_us)
    standing = await Standing.read(tx, [one.schedule.target for one in planned])
    counts: list[Schedule] = []
    for number, one in enumerate(planned, 1):
        counts.append(counting(one, known, approved.get(one.schedule_id, frozenset()), standing))
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return Plans(
        planned=planned,
        schedules=tuple(counts),
        known=known,
        choices=frozenset(chosen.choice for chosen in await tx.choices.all()),
        approvals=approvals,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """In which areas the speakers of groups, and single speakers, stand."""

    groups: Mapping[str, frozenset[AreaId]]
    speakers: Mapping[SpeakerId, AreaId]

    @classmethod
    async def read(cls, tx: Transaction, targets: Iterable[Target]) -> "Standing":
        """Of what these targets name. Raises `StoreFailed`."""
        wanted = list(targets)
        named = {group_id for target in wanted for group_id in target.groups}
        groups = [group for group in await tx.groups.all() if group.group_id in named] if named else []
        speaker_ids = {SpeakerId(one) for target in wanted for one in target.speakers}
        speaker_ids |= {member.speaker_id for group in groups for member in group.members}
        found = await tx.speakers.several(sorted(speaker_ids)) if speaker_ids else {}
        areas = {speaker_id: speaker.area_id for speaker_id, speaker in found.items()}
        members = {
            str(group.group_id): frozenset(areas[one.speaker_id] for one in group.members if one.speaker_id in areas)
            for group in groups
        }
        return cls(members, areas)

    def of(self, target: Target) -> tuple[AreaId, ...]:
        """The areas of a target's groups and named speakers, each once."""
        areas = {area_id for group_id in target.groups for area_id in self.groups.get(group_id, ())}
        areas |= {self.speakers[SpeakerId(one)] for one in target.speakers if SpeakerId(one) in self.speakers}
        return tuple(sorted(areas))


NOWHERE: Final = Standing({}, {})
"""For what is asked of schedules whose approval plays no part."""


def counting(
    planned: PlannedSchedule, known: Mapping[str, Known], approved: frozenset[str], standing: Standing = NOWHERE
) -> Schedule:
    """The schedule as it counts now. Where its content is of another class by now it goes by that, and where a speaker
    of its groups stands in an area more it is heard there; either is to be approved anew, being part of what was.
    """
    counts = replace(planned.schedule, approved=approved, standing=standing.of(planned.schedule.target))
    airing_class = known[planned.schedule.content_id].airing_class
    return counts if airing_class is None else replace(counts, air_class=AirClass(airing_class.value))


# --- contents ---------------------------------------------------------------------------------------------------------


async def known_contents(tx: Transaction, content_ids: Iterable[ContentId], now_us: int) -> dict[str, Known]:
    """Every content that was asked for, also one that is not there: its summary says why it cannot be heard, or not
    before when (where that is still to come). Raises `StoreFailed`.
    """
    wanted = list(dict.fromkeys(content_ids))
    found = await tx.bulletins.several([BulletinId(one) for one in wanted])
    programmes = await tx.programmes.several([ProgrammeId(one) for one in wanted if BulletinId(one) not in found])
    inside = [one for programme in programmes.values() for one in programme.needed_ids if one not in found]
    bulletins = {**found, **await tx.bulletins.several(inside)}
    closed = {one.bulletin_id: await _closed(tx, one) for one in bulletins.values() if one.origin is Origin.ABOVE}
    tunes = await ready_tunes(tx)
    known: dict[str, Known] = {}
    for content_id in wanted:
        subject = found.get(BulletinId(content_id)) or programmes.get(ProgrammeId(content_id))
        if subject is None:
            known[content_id] = Known(summary=_lacking(content_id, "", "content_unknown"))
            continue
        try:
            heard = heard_of(subject, bulletins, tunes)
        except LoaError as error:
            known[content_id] = _known(content_id, subject, bulletins, None, error.code)
        else:
            bounds = [closed[one] for one in _inside(subject) if one in closed]
            if any(one.open for one in bounds):
                known[content_id] = _known(content_id, subject, bulletins, None, "hand_in_open")
            else:
                begins_us = max((one.begins_us for one in bounds), default=0)
                one = _known(content_id, subject, bulletins, heard, "")
                known[content_id] = one if begins_us <= now_us else _from(one, begins_us)
    return known


def _from(known: Known, begins_us: int) -> Known:
    """The same, not before then."""
    return replace(known, summary=replace(known.summary, begins_us=begins_us))


async def summaries(tx: Transaction, content_ids: Iterable[ContentId], now_us: int) -> dict[str, Content]:
    """As `known_contents`, no more of it than `schedules` wants."""
    return {content_id: one.summary for content_id, one in (await known_contents(tx, content_ids, now_us)).items()}


@dataclass(frozen=True, slots=True)
class _Closed:
    """Whether a bulletin from above waits for a decision, and from when on it may be heard."""

    open: bool
    begins_us: int = 0


async def _closed(tx: Transaction, bulletin: Bulletin) -> _Closed:
    hand_in = await tx.hand_ins.of_bulletin(bulletin.bulletin_id)
    if hand_in is None or hand_in.state is not HandInState.TAKEN:
        return _Closed(open=True)
    return _Closed(open=False, begins_us=hand_in.valid_from_us or 0)


def _inside(subject: Bulletin | Programme) -> tuple[BulletinId, ...]:
    return (subject.bulletin_id,) if isinstance(subject, Bulletin) else tuple(subject.needed_ids)


def _known(
    content_id: str,
    subject: Bulletin | Programme,
    bulletins: Mapping[BulletinId, Bulletin],
    heard: HeardContent | None,
    why_not: str,
) -> Known:
    ids = _inside(subject)
    inside = [bulletins[one] for one in ids if one in bulletins]
    expiries = [one.expires_at_us for one in inside if one.expires_at_us is not None]
    if heard is None:
        summary = _lacking(content_id, subject.title, why_not)
    else:
        summary = Content(
            content_id=content_id,
            title=subject.title,
            master=heard.master,
            duration_us=duration_us(heard.sequence),
            expires_us=min(expiries, default=None),
        )
    makers = {one.changed_by for one in inside if one.origin is not Origin.ABOVE}
    relays = isinstance(subject, Programme) and heard is not None and heard.relays
    return Known(
        summary=summary,
        airing_class=subject.airing_class,
        above=isinstance(subject, Bulletin) and subject.origin is Origin.ABOVE,
        authors=frozenset({subject.changed_by, *makers}),
        makers=frozenset({subject.changed_by, *makers} if relays else makers),
        heard=heard,
        sources=frozenset({content_id, *ids}),
    )


def _lacking(content_id: str, title: str, why: str) -> Content:
    return Content(content_id=content_id, title=title, master="", duration_us=0, lacking=why)


# --- places -----------------------------------------------------------------------------------------------------------


async def guards_by_area(tx: Transaction, tree: AreaTree) -> dict[str, Guards]:
    """As `schedules.schedule.World.guards` wants them: what holds at the whole station is put on every area that is the
    widest of its path on any day, before a change of areas that is known or after it. Raises `StoreFailed`.
    """
    rows = await tx.guard_rows.all()
    found = {row.place.place_id: row.guards for row in rows if row.place.kind is PlaceKind.AREA}
    everywhere = found.pop(STATION.place_id, NO_GUARDS)
    if everywhere != NO_GUARDS:
        for area in tree:
            if area.parent_id is None or any(past.parent_id is None for past in area.past):
                found[area.area_id] = tightened(everywhere, found.get(area.area_id, NO_GUARDS))
    return {area_id: guards for area_id, guards in found.items() if guards != NO_GUARDS}


async def guards_by_speaker(tx: Transaction) -> dict[str, Guards]:
    """Guards of single speakers' own. Raises `StoreFailed`."""
    rows = await tx.guard_rows.all()
    return {
        row.place.place_id: row.guards
        for row in rows
        if row.place.kind is PlaceKind.SPEAKER and row.guards != NO_GUARDS
    }


async def own_holidays(tx: Transaction) -> frozenset[date]:
    """The station's own, to be joined with the public ones. Raises `StoreFailed`."""
    return frozenset(holiday.day for holiday in await tx.holidays.all())


async def areas_of_target(tx: Transaction, target: Target) -> tuple[AreaId, ...]:
    """The areas that a target touches: those named, those of its groups' speakers, and where its speakers stand.
    Whoever plans or approves needs the right in each. Raises `StoreFailed`.
    """
    standing = (await Standing.read(tx, [target])).of(target)
    return tuple(dict.fromkeys([*(AreaId(one) for one in target.areas), *standing]))
