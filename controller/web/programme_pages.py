"""The pages of programmes: the list, and one that is made, changed, listened to and sent.

The editor works as plain forms: each button sends the whole editor and gets it back changed. What is listened to is
what the editor holds; what is sent is what was kept.
"""

import math
from dataclasses import replace
from itertools import zip_longest
from typing import Any, Final

from aiohttp import web

from agents.protocol.ids import BulletinId
from agents.protocol.values import AiringClass
from controller.domain.bulletins import Frame, TuneId
from controller.domain.drafts import ProgrammeDraft
from controller.domain.errors import Invalid, LoaError, NotFound, Refused
from controller.domain.programmes import CLASSES, BulletinItem, Item, Programme, ProgrammeId, RelayItem, SilenceItem
from controller.domain.rights import Right
from controller.web import programmeoffers, programmeviews, subjects, targets, views
from controller.web.asking import Ask
from controller.web.broadcasting import send_content
from controller.web.bulletin_pages import desk_frame, to
from controller.web.composeviews import CLASS_NAMES, Option, tune_options
from controller.web.errors import problem_of
from controller.web.forms import Form, reading
from controller.web.moments import moment
from controller.web.pages import page
from controller.web.programmeviews import RELAY, ItemShown, ProgrammeForm, ProgrammeRevision, RelayTyped, relay_typed
from controller.web.sounding import programme_track
from controller.web.targets import Choice
from controller.web.targetviews import Where
from controller.web.usage import Usage, usage_of

SHOWN: Final = 200
USUAL_SILENCE_S: Final = 3.0
USUAL_RELAY_MINUTES: Final = 30.0
_MOST_S: Final = 1e6
"""Nothing that is typed counts for more."""


async def programmes(ask: Ask) -> web.StreamResponse:
    """GET /programmes"""
    found = await subjects.page_of_programmes(ask, SHOWN)
    rows = [programmeviews.programme_row(one) for one in found.items]
    return page(ask, "programmes.html", frame=await desk_frame(ask, "/programmes"), programmes=rows)


async def new_programme(ask: Ask) -> web.StreamResponse:
    """GET /programmes/new"""
    return await _page(ask, None, await _shown(ask, ProgrammeForm()))


async def programme(ask: Ask) -> web.StreamResponse:
    """GET /programmes/{id}"""
    found = await ask.parts.programmes.get(_id(ask))
    return await _page(ask, found, await _shown(ask, _of(found), found))


async def edit(ask: Ask) -> web.StreamResponse:
    """POST /programmes/draft: the editor with one thing done to it (``do``); nothing is kept."""
    async with reading(ask) as form:
        draft = _done(_read(form), form.text("do"))
        known = await _known(ask, form)
        shown = replace(await _shown(ask, draft, known, form.text("q")), focus=_focus(draft, form.text("do")))
        if ask.htmx:
            return page(ask, "_programme_editor.html", **await _editor(ask, shown))
        return await _page(ask, known, shown)


async def save(ask: Ask) -> web.StreamResponse:
    """POST /programmes, POST /programmes/{id}: keeps what the editor holds, as a new one or as the next revision."""
    async with reading(ask) as form:
        draft = _read(form)
        known = await ask.parts.programmes.get(_id(ask)) if "id" in ask.request.match_info else None
        try:
            kept = await _keep(ask, draft, known)
        except (Invalid, Refused, NotFound) as error:
            shown = replace(await _shown(ask, draft, known), problem=problem_of(error, ask.say).sentence)
            return await _page(ask, known, shown, status=422)
    return to(f"/programmes/{kept.programme_id}?done={'saved' if known else 'made'}")


async def withdraw(ask: Ask) -> web.StreamResponse:
    """POST /programmes/{id}/withdraw"""
    await ask.parts.programmes.withdraw(_id(ask), ask.by)
    return to("/programmes?done=removed")


async def send(ask: Ask) -> web.StreamResponse:
    """POST /programmes/{id}/send: now, or planned for a wall time of the station's zone."""
    if not await subjects.content_seen(ask, await ask.parts.programmes.get(_id(ask)), Right.SEE):
        raise NotFound(f"no programme {_id(ask)}")
    async with reading(ask) as form:
        try:
            where = await send_content(ask, form, _id(ask), at=form.text("when") == "at")
        except (Invalid, Refused, NotFound) as error:
            return await _not_sent(ask, form, error)
    return to(where)


async def _not_sent(ask: Ask, form: Form, error: LoaError) -> web.Response:
    found = await ask.parts.programmes.get(_id(ask))
    told = problem_of(error, ask.say)
    sending = views.Draft(when="at" if form.text("when") == "at" else "now", errors={"send": told.sentence})
    shown = await _shown(ask, _of(found), found)
    return await _page(ask, found, shown, sending=sending, choice=Choice.of(form.all), status=told.status)


def _id(ask: Ask) -> ProgrammeId:
    return ProgrammeId(ask.request.match_info["id"])


# --- the editor -------------------------------------------------------------------------------------------------------


def _read(form: Form) -> ProgrammeForm:
    pause = form.text("pause_s").replace(",", ".")
    return ProgrammeForm(
        id=form.text("programme_id"),
        title=form.text("title").strip(),
        revision=int(form.text("revision")) if form.text("revision").isdigit() else 0,
        items=_typed_items(form),
        opening=form.text("opening"),
        closing=form.text("closing"),
        pause_s=_seconds(pause, 1.0),
        airing_class=form.text("airing_class") or AiringClass.ORDINARY.value,
    )


def _typed_items(form: Form) -> list[ItemShown]:
    """The fields of the relays come in the order of the relays among the items."""
    names = ("relay_name", "relay_source", "relay_minutes", "relay_second", "relay_spare")
    fields = zip_longest(*(form.all(name) for name in names), fillvalue="")
    items: list[ItemShown] = []
    for value in form.all("item"):
        if value == RELAY:
            name, source_url, minutes, second_url, spare_id = (one.strip() for one in next(fields, ("",) * len(names)))
            typed = RelayTyped(
                name=name, source_url=source_url, minutes=minutes, second_url=second_url, spare_id=spare_id
            )
            items.append(_raw_relay(typed))
        else:
            items.append(_raw(value))
    return items


def _raw(value: str) -> ItemShown:
    seconds = _seconds(value.replace(",", "."), math.nan)
    return ItemShown(value=value, title="", duration_s=0.0, silence=not math.isnan(seconds))


def _raw_relay(typed: RelayTyped) -> ItemShown:
    return ItemShown(value=RELAY, title="", duration_s=0.0, relay=typed)


def _raw_of(item: Item) -> ItemShown:
    match item:
        case BulletinItem(bulletin_id=bulletin_id):
            return _raw(bulletin_id)
        case SilenceItem(seconds=seconds):
            return _raw(f"{seconds:g}")
        case RelayItem():
            return _raw_relay(relay_typed(item))


def _seconds(written: str, usual: float) -> float:
    try:
        seconds = float(written)
    except ValueError:
        return usual
    return max(-_MOST_S, min(seconds, _MOST_S)) if math.isfinite(seconds) else usual


def _of(found: Programme) -> ProgrammeForm:
    return ProgrammeForm(
        id=found.programme_id,
        title=found.title,
        revision=found.revision,
        items=[_raw_of(item) for item in found.items],
        opening=found.frame.opening or "",
        closing=found.frame.closing or "",
        pause_s=found.frame.pause_s,
        airing_class=found.airing_class.value,
    )


def _done(draft: ProgrammeForm, deed: str) -> ProgrammeForm:
    """The editor after one press: an item moved or taken out by its place, a bulletin, a silence or a relay added."""
    what, _, value = deed.partition(":")
    items = list(draft.items)
    place = int(value) if value.isascii() and value.isdigit() and len(value) < 4 else -1
    if what == "add" and value:
        items.append(_raw(value))
    elif what == "silence":
        items.append(_raw(f"{USUAL_SILENCE_S:g}"))
    elif what == "relay":
        items.append(_raw_relay(RelayTyped(minutes=f"{USUAL_RELAY_MINUTES:g}")))
    elif what == "remove" and 0 <= place < len(items):
        del items[place]
    elif what == "up" and 0 < place < len(items):
        items[place - 1 : place + 1] = [items[place], items[place - 1]]
    elif what == "down" and 0 <= place < len(items) - 1:
        items[place : place + 2] = [items[place + 1], items[place]]
    return replace(draft, items=items)


def _focus(draft: ProgrammeForm, deed: str) -> str:
    """The button that the hand goes on from, as its id ends: the one of the item that was moved."""
    what, _, value = deed.partition(":")
    place = int(value) if value.isascii() and value.isdigit() and len(value) < 4 else -1
    last = len(draft.items) - 1
    match what:
        case "up":
            return f"up-{place - 1}" if place > 1 else "down-0"
        case "down":
            return f"down-{place + 1}" if place + 1 < last else f"up-{last}"
        case "remove" if last >= 0:
            return f"remove-{min(place, last)}"
        case _:
            return ""


def _items(draft: ProgrammeForm) -> tuple[Item, ...]:
    return tuple(_item(one) for one in draft.items)


def _item(one: ItemShown) -> Item:
    if one.relay is not None:
        seconds = round(_seconds(one.relay.minutes.replace(",", "."), 0.0) * 60, 3)
        spare_id = one.relay.spare_id
        return RelayItem(
            name=one.relay.name,
            source_url=one.relay.source_url,
            seconds=seconds,
            second_url=one.relay.second_url,
            fallback_bulletin_id=BulletinId(spare_id) if spare_id else None,
        )
    if one.silence:
        return SilenceItem(seconds=_seconds(one.value.replace(",", "."), 0.0))
    return BulletinItem(bulletin_id=BulletinId(one.value))


def _frame(draft: ProgrammeForm) -> Frame:
    return Frame(
        opening=TuneId(draft.opening) if draft.opening else None,
        closing=TuneId(draft.closing) if draft.closing else None,
        pause_s=draft.pause_s,
    )


async def _known(ask: Ask, form: Form) -> Programme | None:
    """The programme that the editor changes. Raises `NotFound` where whoever asks may not."""
    named = form.text("programme_id")
    if not named:
        return None
    found = await ask.parts.programmes.get(ProgrammeId(named))
    if not await subjects.content_seen(ask, found, Right.SEE):
        raise NotFound(f"no programme {named}")
    return found


async def _keep(ask: Ask, draft: ProgrammeForm, known: Programme | None) -> Programme:
    wanted = ProgrammeDraft(
        title=draft.title,
        items=_items(draft),
        airing_class=AiringClass(draft.airing_class) if draft.airing_class in set(CLASSES) else AiringClass.ORDINARY,
        area_id=known.area_id if known else subjects.area_of_new(ask),
        frame=_frame(draft),
    )
    ids = [item.bulletin_id for item in wanted.items if isinstance(item, BulletinItem)]
    ids += [one.fallback_bulletin_id for one in wanted.items if isinstance(one, RelayItem) and one.fallback_bulletin_id]
    await subjects.require_parts(ask, ids, wanted.frame, known)
    if known is None:
        return await ask.parts.programmes.make(wanted, ask.by)
    revision = draft.revision or None
    return await ask.parts.programmes.change(known.programme_id, wanted, ask.by, revision=revision)


# --- what is shown ----------------------------------------------------------------------------------------------------


async def _shown(ask: Ask, draft: ProgrammeForm, known: Programme | None = None, searched: str = "") -> ProgrammeForm:
    """The editor with everything that is heard of it, and bulletins to add."""
    now_us = ask.parts.clock.now_us()
    items = _items(draft)
    ids = [item.bulletin_id for item in items if isinstance(item, BulletinItem)]
    async with ask.parts.store.reading() as tx:
        found = await tx.bulletins.several(ids)
    seen = {
        key: one
        for key, one in found.items()
        if key in _ids(known) or await subjects.bulletin_seen(ask, one, Right.SEE)
    }
    imagined = Programme(
        programme_id=ProgrammeId(draft.id),
        title=draft.title,
        airing_class=AiringClass.ORDINARY,
        area_id=None,
        items=items,
        created_at_us=now_us,
        created_by=ask.by,
        changed_at_us=now_us,
        changed_by=ask.by,
        frame=_frame(draft),
    )
    return replace(
        draft,
        items=programmeviews.items_shown(items, seen, ask.say, now_us),
        track=await programme_track(ask, imagined, seen.values()) if ids or imagined.relays else views.Track(),
        searched=searched,
        offered=await programmeoffers.offered(ask, searched, now_us),
        spares=await programmeoffers.spares(ask, imagined, now_us),
    )


def _ids(known: Programme | None) -> frozenset[BulletinId]:
    return frozenset(known.bulletin_ids) if known else frozenset()


async def _editor(ask: Ask, shown: ProgrammeForm) -> dict[str, Any]:
    return {
        "programme": shown,
        "tunes": await tune_options(ask, {shown.opening, shown.closing}),
        "classes": [Option(id=one.value, name=ask.say.gettext(CLASS_NAMES[one])) for one in CLASSES],
    }


async def _page(
    ask: Ask,
    known: Programme | None,
    shown: ProgrammeForm,
    *,
    sending: views.Draft | None = None,
    choice: Choice | None = None,
    status: int = 200,
) -> web.Response:
    may_send = known is not None and not known.withdrawn and ask.may(Right.BROADCAST)
    return page(
        ask,
        "programme.html",
        status=status,
        frame=await desk_frame(ask, f"/programmes/{known.programme_id}" if known else "/programmes/new"),
        may_send=may_send,
        may_change=ask.may(Right.COMPOSE) and not (known and known.withdrawn),
        usage=await usage_of(ask, known.programme_id, programme=True) if known else Usage(),
        sending=sending or views.Draft(),
        where=await targets.where(ask, choice) if may_send else Where(),
        revisions=await _revisions(ask, known),
        **await _editor(ask, shown),
    )


async def _revisions(ask: Ask, known: Programme | None) -> list[ProgrammeRevision]:
    found = await ask.parts.programmes.history(known.programme_id) if known else ()
    return [
        ProgrammeRevision(
            number=one.number,
            at=moment(one.at_us),
            by=one.by,
            title=str(one.content["title"]),
            items=len(one.content["items"]),
        )
        for one in found
    ]
