"""Where the things are that a path names, for `Route.over`.

Rules: who reads needs the right in one of the areas of a thing; who changes it needs it in all of them, also who made
it. What is not there is `NotFound` to everybody.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from agents.protocol.ids import AiringId, AreaId, BulletinId, SpeakerId
from controller.domain.airings import Airing, ContentId
from controller.domain.bulletins import Bulletin, Frame, Tune, TuneId
from controller.domain.errors import Invalid, NotFound
from controller.domain.paging import Page, Place
from controller.domain.programmes import Programme, ProgrammeId
from controller.domain.rights import EVERYWHERE, Actor, Right
from controller.domain.schedules import PlannedSchedule, ScheduleId
from controller.ports import Transaction
from controller.services.reports import AiringReport, AiringSummary
from controller.web.asking import Ask
from controller.web.security import SAFE_METHODS

Listed = TypeVar("Listed")
Content = Bulletin | Programme
_SEARCHED: Final = 1_000
"""How far back something of one's own areas is looked for at once."""
_PIECE: Final = 200


def _named(ask: Ask, name: str) -> str:
    found = ask.request.match_info
    return found[name] if name in found else found["id"]


def _holds(ask: Ask, right: Right, area_ids: Iterable[AreaId]) -> bool:
    if ask.request.method in SAFE_METHODS:
        return any(ask.may(right, area_id) for area_id in area_ids)
    return ask.may_all(right, area_ids)


async def speaker(ask: Ask, right: Right) -> bool:
    """The speaker of the path. Raises `NotFound`."""
    async with ask.parts.store.reading() as tx:
        return _holds(ask, right, [(await tx.speakers.get(SpeakerId(_named(ask, "speaker_id")))).area_id])


async def speaker_or_none(ask: Ask, right: Right) -> bool:
    """The same for the part of a page whose speaker may just have been released."""
    try:
        return await speaker(ask, right)
    except NotFound:
        return True


async def airing(ask: Ask, right: Right) -> bool:
    """The airing of the path, which is where its speakers are. Raises `NotFound`."""
    async with ask.parts.store.reading() as tx:
        found = await tx.airings.get(AiringId(_named(ask, "airing_id")))
        return _holds(ask, right, await _areas_of(tx, found))


async def area(ask: Ask, right: Right) -> bool:
    """The area of the path."""
    return ask.may(right, AreaId(_named(ask, "area_id")))


async def bulletin(ask: Ask, right: Right) -> bool:
    """The bulletin of the path. Raises `NotFound`."""
    return await _content_held(ask, await ask.parts.compose.get(BulletinId(_named(ask, "bulletin_id"))), right)


async def programme(ask: Ask, right: Right) -> bool:
    """The programme of the path. Raises `NotFound`."""
    return await _content_held(ask, await ask.parts.programmes.get(ProgrammeId(_named(ask, "programme_id"))), right)


async def programme_seen(ask: Ask, right: Right) -> bool:
    """The programme of the path, to be sent: whoever sees it may, where ``right`` holds over the speakers. Raises
    `NotFound`.
    """
    return ask.may(right) and await content_seen(
        ask, await ask.parts.programmes.get(ProgrammeId(_named(ask, "programme_id"))), Right.SEE
    )


async def schedule(ask: Ask, right: Right) -> bool:
    """The schedule of the path. It is seen wherever something of it is heard, changed where the right holds over all of
    its places. Raises `NotFound` (``schedule_unknown``).
    """
    found = await ask.parts.schedules.get(ScheduleId(_named(ask, "schedule_id")))
    area_ids = await areas_of_schedule(ask, found)
    if ask.request.method in SAFE_METHODS:
        return schedule_seen(ask, area_ids, right)
    return ask.may_all(right, area_ids)


async def areas_of_schedule(ask: Ask, found: PlannedSchedule) -> tuple[AreaId, ...]:
    """Where a schedule is heard; where it is filed, if that is nowhere any more."""
    target = found.schedule.target
    if target.areas and not target.groups and not target.speakers:
        return tuple(AreaId(area_id) for area_id in target.areas)
    return await ask.parts.schedules.areas_of(target) or (found.area_id or EVERYWHERE,)


def schedule_seen(ask: Ask, area_ids: Iterable[AreaId], right: Right = Right.SEE) -> bool:
    """Whether something planned for these areas is heard where whoever asks has the right, or around it."""
    return any(ask.touches(right, area_id) for area_id in area_ids)


def about_area(ask: Ask, wanted: str | None, area_ids: Iterable[AreaId]) -> bool:
    """Whether one of these areas is the one wanted, around it, or within it; always where none is wanted."""
    if wanted is None or wanted == EVERYWHERE:
        return True
    path = ask.path_of(AreaId(wanted))
    return any(area_id in path or area_id == EVERYWHERE or wanted in ask.path_of(area_id) for area_id in area_ids)


async def tune(ask: Ask, right: Right) -> bool:
    """The signature tune of the path; whoever sees anything hears those of the whole station. Raises `NotFound`."""
    found = await ask.parts.tunes.get(TuneId(_named(ask, "tune_id")))
    if ask.request.method in SAFE_METHODS:
        return tune_seen(ask, found, right)
    return ask.may(right, found.area_id or EVERYWHERE)


def tune_seen(ask: Ask, found: Tune, right: Right) -> bool:
    """A tune is heard, and used, in its area and in all areas around it and within it."""
    area_id = found.area_id
    return area_id is None or ask.touches(right, area_id)


async def _content_held(ask: Ask, found: Content, right: Right) -> bool:
    if ask.request.method in SAFE_METHODS:
        return await content_seen(ask, found, right)
    async with ask.parts.store.reading() as tx:
        areas = (await _Makers.known(tx)).areas_of(found, right)
    return ask.may_all(right, areas)


async def require_changeable(ask: Ask, found: Content) -> None:
    """What a form changes, though its address does not name it. Raises `NotAllowed`."""
    async with ask.parts.store.reading() as tx:
        areas = (await _Makers.known(tx)).areas_of(found, Right.COMPOSE)
    ask.require_all(Right.COMPOSE, areas)


async def bulletin_seen(ask: Ask, found: Bulletin, right: Right) -> bool:
    """See `content_seen`."""
    return await content_seen(ask, found, right)


async def content_seen(ask: Ask, found: Content, right: Right) -> bool:
    """A bulletin or a programme is seen by whoever made it, where it belongs, and where it was sent."""
    if found.created_by == ask.by or ask.may(right, EVERYWHERE):
        return True
    content_id = found.bulletin_id if isinstance(found, Bulletin) else found.programme_id
    async with ask.parts.store.reading() as tx:
        if any(ask.touches(right, area_id) for area_id in (await _Makers.known(tx)).areas_of(found)):
            return True
        sent = await tx.airings.of_content(content_id)
        areas = {area_id for one in sent for area_id in await _areas_of(tx, one)}
    return any(ask.may(right, area_id) for area_id in areas)


async def require_bulletin(ask: Ask, bulletin_id: BulletinId) -> None:
    """One that is to be sent must be one that whoever asks may see. Raises `NotFound`."""
    if not await bulletin_seen(ask, await ask.parts.compose.get(bulletin_id), Right.BROADCAST):
        raise NotFound(f"no bulletin {bulletin_id}")


async def require_parts(ask: Ask, bulletin_ids: Iterable[BulletinId], frame: Frame, former: Content | None) -> None:
    """What something is made of, but for what is in it already, must be what whoever asks may see. Raises `NotFound`
    (``bulletin_unknown``), `Invalid` (``tune_unknown``).
    """
    there = former.needed_ids if isinstance(former, Programme) else ()
    wanted = set(bulletin_ids) - set(there)
    async with ask.parts.store.reading() as tx:
        found = await tx.bulletins.several(list(wanted))
    for bulletin_id in wanted:
        if bulletin_id not in found or not await bulletin_seen(ask, found[bulletin_id], Right.SEE):
            raise NotFound(f"no bulletin {bulletin_id}", code="bulletin_unknown")
    kept = {former.frame.opening, former.frame.closing} if former is not None else set()
    tunes = {frame.opening, frame.closing} - kept - {None}
    if tunes and not tunes <= {t.tune_id for t in await ask.parts.tunes.all() if tune_seen(ask, t, Right.COMPOSE)}:
        raise Invalid("no such signature tune", code="tune_unknown")


def area_of_new(ask: Ask) -> AreaId | None:
    """Where something belongs that is made without a word about where: in the area of whoever makes it, where that is
    one alone, so that it stays there whatever becomes of them; None for the whole station.
    """
    mine = ask.known_actor.areas_of(Right.COMPOSE)
    return next(iter(mine)) if len(mine) == 1 and EVERYWHERE not in mine else None


async def require_content(ask: Ask, content_id: ContentId) -> None:
    """The same of a bulletin or a programme. Raises `NotFound`."""
    async with ask.parts.store.reading() as tx:
        bulletins = await tx.bulletins.several([BulletinId(content_id)])
        found = bulletins.get(BulletinId(content_id)) or await tx.programmes.get(ProgrammeId(content_id))
    if not await content_seen(ask, found, Right.BROADCAST):
        raise NotFound(f"neither a bulletin nor a programme: {content_id}")


@dataclass(frozen=True, slots=True)
class _Makers:
    """Whoever can have made something, by the name that is recorded."""

    actors: Mapping[str, Actor]

    @classmethod
    async def known(cls, tx: Transaction) -> "_Makers":
        actors = [person.actor for person in await tx.persons.all()]
        actors += [token.actor for token in reversed(await tx.api_tokens.all())]
        return cls({actor.name: actor for actor in actors})

    def areas_of(self, found: Content, right: Right | None = None) -> tuple[AreaId, ...]:
        """Where a bulletin or a programme belongs. One that was made for no area belongs where its maker has roles
        (with ``right``), or to the whole station where that is not known.
        """
        if found.area_id is not None:
            return (found.area_id,)
        maker = self.actors.get(found.created_by)
        scopes = () if maker is None else maker.scopes
        return tuple(area_id for area_id, rights in scopes if right is None or right in rights) or (EVERYWHERE,)


# --- lists ------------------------------------------------------------------------------------------------------------


async def seen_airings(ask: Ask, limit: int) -> Sequence[AiringSummary]:
    """The latest that whoever asks may see: those with a speaker in their areas."""
    return (await page_of_airings(ask, limit)).items


async def page_of_airings(ask: Ask, limit: int, before: Place | None = None) -> Page[AiringSummary]:
    """Those of `seen_airings` that come after a place."""

    async def seen(found: Sequence[AiringSummary]) -> Sequence[bool]:
        wanted = {speaker_id for summary in found for speaker_id in summary.airing.speaker_ids}
        async with ask.parts.store.reading() as tx:
            known = await tx.speakers.several(list(wanted))
        mine = {speaker_id for speaker_id, one in known.items() if ask.may(Right.SEE, one.area_id)}
        return [not mine.isdisjoint(summary.airing.speaker_ids) for summary in found]

    def place(one: AiringSummary) -> Place:
        return Place(one.airing.planned_at_us, one.airing.airing_id)

    return await _page(ask, limit, before, read=ask.parts.reports.latest_airings, seen=seen, place=place)


def seen_report(ask: Ask, report: AiringReport) -> AiringReport:
    """With those of its speakers that whoever asks may see."""
    seen = tuple(one for one in report.playbacks if ask.may(Right.SEE, one.speaker.area_id))
    return replace(report, playbacks=seen)


async def seen_bulletins(ask: Ask, limit: int) -> Sequence[Bulletin]:
    """The latest that whoever asks may see."""
    return (await page_of_bulletins(ask, limit)).items


async def page_of_bulletins(ask: Ask, limit: int, before: Place | None = None) -> Page[Bulletin]:
    """Those of `seen_bulletins` that come after a place."""
    async with ask.parts.store.reading() as tx:
        makers = await _Makers.known(tx)

    async def read(most: int, after: Place | None) -> Sequence[Bulletin]:
        return await ask.parts.compose.latest(most, before=after)

    async def seen(found: Sequence[Bulletin]) -> Sequence[bool]:
        return [
            one.created_by == ask.by or any(ask.touches(Right.SEE, area_id) for area_id in makers.areas_of(one))
            for one in found
        ]

    def place(one: Bulletin) -> Place:
        return Place(one.changed_at_us, one.bulletin_id)

    return await _page(ask, limit, before, read=read, seen=seen, place=place)


async def page_of_programmes(ask: Ask, limit: int, before: Place | None = None) -> Page[Programme]:
    """The latest programmes that whoever asks may see, those that come after a place."""
    async with ask.parts.store.reading() as tx:
        makers = await _Makers.known(tx)

    async def read(most: int, after: Place | None) -> Sequence[Programme]:
        return await ask.parts.programmes.latest(most, before=after)

    async def seen(found: Sequence[Programme]) -> Sequence[bool]:
        return [
            one.created_by == ask.by or any(ask.touches(Right.SEE, area_id) for area_id in makers.areas_of(one))
            for one in found
        ]

    def place(one: Programme) -> Place:
        return Place(one.changed_at_us, one.programme_id)

    return await _page(ask, limit, before, read=read, seen=seen, place=place)


async def _page(
    ask: Ask,
    limit: int,
    before: Place | None,
    *,
    read: Callable[[int, Place | None], Awaitable[Sequence[Listed]]],
    seen: Callable[[Sequence[Listed]], Awaitable[Sequence[bool]]],
    place: Callable[[Listed], Place],
) -> Page[Listed]:
    """Reads on until the page is full, the end is reached, or enough was looked through."""
    everywhere = ask.may(Right.SEE, EVERYWHERE)
    piece = limit + 1 if everywhere else _PIECE
    kept: list[Listed] = []
    looked_through = 0
    while looked_through < _SEARCHED:
        found = await read(piece, before)
        shown = [True] * len(found) if everywhere else await seen(found)
        for one, mine in zip(found, shown, strict=True):
            if mine and len(kept) == limit:
                return Page(tuple(kept), before)
            before = place(one)
            kept.extend([one] if mine else [])
        if len(found) < piece:
            return Page(tuple(kept), None)
        looked_through += len(found)
    return Page(tuple(kept), before)


async def _areas_of(tx: Transaction, one: Airing) -> set[AreaId]:
    return {found.area_id for found in (await tx.speakers.several(one.speaker_ids)).values()}


async def areas_of_speakers(ask: Ask, speaker_ids: Iterable[SpeakerId]) -> set[AreaId]:
    """Where these speakers stand, as far as they are known."""
    async with ask.parts.store.reading() as tx:
        return {one.area_id for one in (await tx.speakers.several(list(speaker_ids))).values()}
