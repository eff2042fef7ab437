"""Programmes: bulletins, silences and relays in order, between an opening and a closing signature tune."""

from typing import Any

import msgspec
from msgspec import Struct

from agents.protocol.ids import AreaId, BulletinId
from agents.protocol.values import AiringClass
from controller.domain.bulletins import TuneId
from controller.domain.drafts import ProgrammeDraft
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.programmes import BulletinItem, Item, Programme, ProgrammeId, RelayItem, SilenceItem
from controller.domain.rights import Right
from controller.web import subjects
from controller.web.api import content_values as content
from controller.web.api.content_values import Looked, MadeBody, PlaylistTold
from controller.web.api.endpoint import Created, raises
from controller.web.api.values import PageQuery, Told, following, place, told
from controller.web.asking import Ask, NotAllowed


class BulletinInProgramme(Struct, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="bulletin"):
    """A bulletin, as it is when the programme is sent. Its own signature tunes are left out."""

    bulletin_id: BulletinId


class SilenceInProgramme(Struct, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="silence"):
    """A silence of up to ten minutes, in place of the usual pause."""

    seconds: float


class RelayInProgramme(Struct, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="relay"):
    """A relay of another station (``name``, such as VOV1) for a fixed time, from 30 seconds to 3 hours. ``source_url``
    is where its stream is: an http or https address without a name and a password (MP3, AAC, Ogg or HLS), or ``card:``
    and the name of a sound card that the controller's settings know. Where it is away or silent too long,
    ``second_url`` is taken, else the bulletin ``fallback_bulletin_id`` is heard again and again, else nothing. What
    follows keeps its time.
    """

    name: str
    source_url: str
    seconds: float
    second_url: str = ""
    fallback_bulletin_id: BulletinId | None = None


_RELAY = (
    "relay_name_missing",
    "relay_name_too_long",
    "relay_source_malformed",
    "relay_source_has_password",
    "relay_second_same",
    "relay_out_of_range",
)
InProgramme = BulletinInProgramme | SilenceInProgramme | RelayInProgramme
Items = list[InProgramme]


class ProgrammeBody(MadeBody, kw_only=True):
    """A programme: at most 60 ``items``, at least one of them a bulletin or a relay, with ``pause_s`` between two, and
    12 hours in all.
    """

    items: Items
    airing_class: AiringClass = AiringClass.ORDINARY


class ChangedProgrammeBody(ProgrammeBody):
    """The programme as it is to be, whole; what is left out takes its default."""

    revision: Looked = None


class AroundTold(Told):
    """Signature tunes before and after, and the pause between."""

    opening: TuneId | None
    closing: TuneId | None
    pause_s: float


class ProgrammeTold(Told):
    """An ordered list of what is heard. ``area_id`` null is the whole station; ``revision`` counts from 1.
    ``relays``: how many of the items are.
    """

    programme_id: ProgrammeId
    title: str
    airing_class: AiringClass
    area_id: AreaId | None
    items: Items
    frame: AroundTold
    relays: int
    revision: int
    withdrawn: bool
    created_at_us: int
    created_by: str
    changed_at_us: int
    changed_by: str


class ProgrammesTold(Told):
    """The last changed first. ``next`` is what to give as ``before`` for more; null at the end."""

    programmes: list[ProgrammeTold]
    next: str | None


class ProgrammeRevisionTold(Told):
    """What the programme was from ``at_us`` on, when ``by`` changed it."""

    number: int
    at_us: int
    by: str
    title: str
    airing_class: AiringClass
    area_id: AreaId | None
    frame: AroundTold
    items: Items


class ProgrammeHistoryTold(Told):
    """The newest first: what it is now, and what it was."""

    revisions: list[ProgrammeRevisionTold]


def _path(programme: Programme) -> str:
    return f"/api/v1/programmes/{programme.programme_id}"


def _told(programme: Programme) -> ProgrammeTold:
    items = [_item_told(one) for one in programme.items]
    frame = told(AroundTold, programme.frame)
    return told(ProgrammeTold, programme, items=items, frame=frame, relays=len(programme.relays))


def _item_told(item: Item) -> InProgramme:
    match item:
        case BulletinItem(bulletin_id=bulletin_id):
            return BulletinInProgramme(bulletin_id=bulletin_id)
        case SilenceItem(seconds=seconds):
            return SilenceInProgramme(seconds=seconds)
        case RelayItem():
            return RelayInProgramme(
                name=item.name,
                source_url=item.source_url,
                seconds=item.seconds,
                second_url=item.second_url,
                fallback_bulletin_id=item.fallback_bulletin_id,
            )


async def _draft(ask: Ask, body: ProgrammeBody, former: Programme | None = None) -> ProgrammeDraft:
    """Raises `NotFound` (``bulletin_unknown``) for one that whoever asks does not see, `Invalid`, `NotAllowed`."""
    items = [_item(one) for one in body.items]
    kept = set() if former is None else set(former.needed_ids)
    wanted = {one.bulletin_id for one in items if isinstance(one, BulletinItem)}
    wanted |= {
        one.fallback_bulletin_id for one in items if isinstance(one, RelayItem) and one.fallback_bulletin_id is not None
    }
    wanted -= kept
    async with ask.parts.store.reading() as tx:
        found = await tx.bulletins.several(list(wanted))
    for bulletin_id in wanted:
        if bulletin_id not in found or not await subjects.bulletin_seen(ask, found[bulletin_id], Right.SEE):
            raise NotFound(f"no bulletin {bulletin_id}", code="bulletin_unknown")
    area_id = (
        content.area_of(ask, body.area_id) if former is None else content.area_after(ask, body.area_id, former.area_id)
    )
    return ProgrammeDraft(
        title=body.title,
        items=tuple(items),
        airing_class=body.airing_class,
        area_id=area_id,
        frame=await content.frame_of(ask, body, former=None if former is None else former.frame),
    )


def _item(body: InProgramme) -> Item:
    match body:
        case BulletinInProgramme(bulletin_id=bulletin_id):
            return BulletinItem(bulletin_id=bulletin_id)
        case SilenceInProgramme(seconds=seconds):
            return SilenceItem(seconds=seconds)
        case RelayInProgramme():
            return RelayItem(
                name=body.name,
                source_url=body.source_url,
                seconds=body.seconds,
                second_url=body.second_url,
                fallback_bulletin_id=body.fallback_bulletin_id or None,
            )


async def list_programmes(ask: Ask, query: PageQuery) -> ProgrammesTold:
    """The latest programmes."""
    page = await subjects.page_of_programmes(ask, query.limit, place(query.before))
    return ProgrammesTold(programmes=[_told(one) for one in page.items], next=following(page.next))


@raises(Invalid, "items_missing", "too_many_items", "silence_out_of_range", "class_unknown")
@raises(Invalid, *_RELAY, "programme_too_long")
@raises(Invalid, "pause_out_of_range", "tune_unknown", "title_empty", "title_too_long")
@raises(NotFound, "bulletin_unknown", "area_unknown")
@raises(Refused, "withdrawn")
@raises(NotAllowed)
async def create_programme(ask: Ask, body: ProgrammeBody) -> Created[ProgrammeTold]:
    """Make a programme."""
    made = await ask.parts.programmes.make(await _draft(ask, body), ask.by)
    return Created(told=_told(made), location=_path(made))


@raises(NotFound)
async def get_programme(ask: Ask, programme_id: ProgrammeId) -> ProgrammeTold:
    """One programme."""
    return _told(await ask.parts.programmes.get(programme_id))


@raises(Invalid, "items_missing", "too_many_items", "silence_out_of_range", "class_unknown")
@raises(Invalid, *_RELAY, "programme_too_long")
@raises(Invalid, "pause_out_of_range", "tune_unknown", "title_empty", "title_too_long")
@raises(NotFound, "not_found", "bulletin_unknown", "area_unknown")
@raises(Refused, "changed_meanwhile", "withdrawn")
@raises(NotAllowed)
async def change_programme(ask: Ask, programme_id: ProgrammeId, body: ChangedProgrammeBody) -> ProgrammeTold:
    """Change a programme.

    What it was stays readable. What was sent or planned already stays as it was.
    """
    draft = await _draft(ask, body, await ask.parts.programmes.get(programme_id))
    return _told(await ask.parts.programmes.change(programme_id, draft, ask.by, revision=body.revision))


@raises(NotFound)
async def withdraw_programme(ask: Ask, programme_id: ProgrammeId) -> ProgrammeTold:
    """Withdraw a programme.

    It is not listed any more and cannot be sent. What was sent or planned already stays as it was.
    """
    return _told(await ask.parts.programmes.withdraw(programme_id, ask.by))


@raises(NotFound)
async def get_programme_history(ask: Ask, programme_id: ProgrammeId) -> ProgrammeHistoryTold:
    """What a programme is and was."""
    revisions = []
    for one in await ask.parts.programmes.history(programme_id):
        written: dict[str, Any] = {**one.content, "number": one.number, "at_us": one.at_us, "by": one.by}
        revisions.append(msgspec.convert(written, ProgrammeRevisionTold))
    return ProgrammeHistoryTold(revisions=revisions)


@raises(NotFound, "not_found", "bulletin_unknown", "area_unknown")
@raises(Invalid, "tune_unknown")
@raises(Refused, "changed_meanwhile", "withdrawn")
async def restore_programme(ask: Ask, programme_id: ProgrammeId, number: int) -> ProgrammeTold:
    """Make a programme again what it was in a revision.

    That becomes its next revision. It stays in the area where it is.
    """
    return _told(await ask.parts.programmes.restore(programme_id, number, ask.by))


@raises(NotFound)
@raises(Refused, "bulletin_not_ready", "tune_not_ready", "withdrawn")
@raises(Invalid, "too_many_items", "programme_too_long")
async def get_programme_playlist(ask: Ask, programme_id: ProgrammeId) -> PlaylistTold:
    """What will be heard of a programme, in order, with its bulletins as they are now."""
    return await content.playlist(ask, programme_id)
