"""The compose form: prepare, listen, send. Nothing is sent that could not be heard before.

Rules: whatever is wrong with the input, the form comes back with everything that was typed. A bulletin whose text was
changed after it was made is not sent. Pressing "send" twice sends once.
"""

import asyncio
from dataclasses import replace

from aiohttp import web

from agents.protocol.ids import BulletinId, SpeakerId
from controller.domain.airings import Airing, ContentId
from controller.domain.bulletins import Bulletin, BulletinState
from controller.domain.errors import Invalid, LoaError, NotFound, Refused, StoreFailed, StudioFailed
from controller.domain.rights import Right
from controller.domain.sounds import Source
from controller.domain.speakers import Speaker
from controller.web import drafting, views
from controller.web.asking import Ask
from controller.web.errors import problem_of
from controller.web.forms import Form, reading
from controller.web.moments import wall_time
from controller.web.pages import broadcast_page, prepared_answer
from controller.web.planning_once import plan_once
from controller.web.subjects import require_bulletin, require_changeable, require_parts
from controller.web.targets import Choice

WAIT_WITHOUT_SCRIPTS_S = 20.0
SAME_PRESS_US = 3_000_000
_LISTENABLE = {BulletinState.READY, BulletinState.PREPARING}

FIELD_OF_CODE = {
    "title_too_long": "title",
    "text_empty": "text",
    "text_too_long": "text",
    "text_unspeakable": "text",
    "recording_missing": "recording",
    "recording_unfinished": "recording",
    "recording_empty": "recording",
    "too_large_recording": "recording",
    "time_missing": "at",
    "time_passed": "at",
    "start_in_past": "at",
    "too_far_ahead": "at",
    "expiry_passed": "expires_at",
    "expiry_malformed": "expires_at",
    "pause_out_of_range": "pause_s",
}


async def prepare(ask: Ask) -> web.StreamResponse:
    """POST /broadcast/prepare: makes the bulletin that the form describes, or changes the one that it made before."""
    async with reading(ask) as form:
        draft = drafting.with_files(ask, form, drafting.draft_of(ask, form))
        try:
            bulletin = await _make(ask, form, draft)
        except (Invalid, Refused, StudioFailed) as error:
            return await _wrong(ask, form, draft, error)
        draft = replace(draft, bulletin_id=bulletin.bulletin_id, revision=bulletin.revision)
        taken = _taken(draft, bulletin)
        if ask.htmx:
            return await prepared_answer(ask, bulletin, draft=draft, taken=taken)
        bulletin = await _wait_a_little(ask, bulletin)
        choice = Choice.of(form.all)
        return await broadcast_page(ask, draft, bulletin=bulletin, choice=choice, taken=taken, changed=True)


async def cancel(ask: Ask) -> web.StreamResponse:
    """POST /broadcast/prepare/{id}/cancel"""
    await ask.parts.compose.cancel(BulletinId(ask.request.match_info["id"]), ask.by)
    if ask.htmx:
        return await prepared_answer(ask, None)
    return web.Response(status=303, headers={"Location": "/"})


async def send(ask: Ask) -> web.StreamResponse:
    """POST /broadcast/send: now, or planned for a wall time of the station's zone."""
    async with reading(ask) as form:
        draft = drafting.with_files(ask, form, drafting.draft_of(ask, form))
        bulletin: Bulletin | None = None
        try:
            bulletin = await _heard(ask, form, draft)
            where = await send_content(ask, form, bulletin.bulletin_id, at=draft.when == "at")
        except (Invalid, Refused, NotFound) as error:
            return await _wrong(ask, form, draft, error, bulletin)
    if ask.htmx:
        return web.Response(status=204, headers={"HX-Redirect": where})
    return web.Response(status=303, headers={"Location": where})


async def _make(ask: Ask, form: Form, draft: views.Draft) -> Bulletin:
    """Raises what `drafting.wanted` and `Compose.change` raise, and `NotAllowed`."""
    former = await _former(ask, draft)
    if former is None:
        await require_parts(ask, (), drafting.frame_of(draft), None)
        return await ask.parts.compose.make(drafting.wanted(ask, form, draft, None), ask.by)
    same = former.state in _LISTENABLE and drafting.is_same(draft, former, drafting.taken_of(form))
    if same and not drafting.is_read_anew(former, await ask.parts.voices.pronunciations()):
        return former
    await require_changeable(ask, former)
    await require_parts(ask, (), drafting.frame_of(draft), former)
    wanted = drafting.wanted(ask, form, draft, former)
    return await ask.parts.compose.change(former.bulletin_id, wanted, ask.by, revision=draft.revision or None)


async def _former(ask: Ask, draft: views.Draft) -> Bulletin | None:
    """The bulletin that the form changes. Raises `NotFound`."""
    if not draft.bulletin_id:
        return None
    bulletin_id = BulletinId(draft.bulletin_id)
    await require_bulletin(ask, bulletin_id)
    former = await ask.parts.compose.get(bulletin_id)
    if former.state is BulletinState.CANCELLED and not draft.editing:
        return None
    return former


def _taken(draft: views.Draft, bulletin: Bulletin) -> list[str]:
    """Which sound was made of which upload, so that it is not made again."""
    typed = drafting.typed_variants(draft)
    return [
        f"{one.recording_id}={variant.sound.sound_id}"
        for one, variant in zip(typed, bulletin.variants, strict=False)
        if one.source is Source.RECORDING and one.recording_id and not one.recording_id.startswith(drafting.KEPT)
    ]


async def _wait_a_little(ask: Ask, bulletin: Bulletin) -> Bulletin:
    """Without scripts nobody asks again, so the page waits for the sound, within reason."""
    try:
        async with asyncio.timeout(WAIT_WITHOUT_SCRIPTS_S):
            return await ask.parts.compose.wait_ready(bulletin.bulletin_id)
    except TimeoutError:
        return await ask.parts.compose.get(bulletin.bulletin_id)


async def _heard(ask: Ask, form: Form, draft: views.Draft) -> Bulletin:
    """The bulletin that the person could listen to. Raises `Refused` where it is not what the form says now."""
    bulletin_id = form.text("bulletin_id")
    if not bulletin_id:
        raise Refused(code="bulletin_not_ready")
    await require_bulletin(ask, BulletinId(bulletin_id))
    bulletin = await ask.parts.compose.get(BulletinId(bulletin_id))
    if bulletin.state is not BulletinState.READY:
        raise Refused(code="bulletin_not_ready")
    if not drafting.is_heard(draft, bulletin, drafting.taken_of(form)):
        raise Refused("it was changed after it was made", code="changed_since_heard")
    return bulletin


async def send_content(ask: Ask, form: Form, content_id: ContentId, *, at: bool) -> str:
    """To the speakers that the form chose, now, or planned for ``at`` its time: the address of what became of it. A
    second press gets what the first one got.

    Raises `Invalid` (``no_targets``, ``time_missing``) and what `Dispatch.send_now` and `plan_once` raise.
    """
    speaker_ids = await _chosen(ask, form)
    if not speaker_ids:
        raise Invalid(code="no_targets")
    if at:
        return await plan_once(ask, content_id, speaker_ids, wall_time(form.text("at"), ask.say.zone))
    async with ask.house.sending:
        airing = _just_sent(ask, content_id, speaker_ids)
        if airing is None:
            airing = await ask.parts.dispatch.send_now(content_id, speaker_ids, ask.by, approver=ask.known_actor)
    return f"/airings/{airing.airing_id}"


def _just_sent(ask: Ask, content_id: ContentId, speaker_ids: list[SpeakerId]) -> Airing | None:
    """The airing that the same press of the button made a moment ago, if there is one."""
    now_us = ask.parts.clock.now_us()
    for airing in ask.parts.dispatch.open_airings():
        same = (
            airing.content_id == content_id
            and airing.planned_by == ask.by
            and airing.now
            and set(airing.speaker_ids) == set(speaker_ids)
        )
        if same and 0 <= now_us - airing.planned_at_us < SAME_PRESS_US:
            return airing
    return None


async def _chosen(ask: Ask, form: Form) -> list[SpeakerId]:
    """The speakers that are checked, and all of the areas that are checked; a released one is nobody's choice. Of a
    folded form, areas are what one may send to in them.
    """
    choice, there = Choice.of(form.all), await ask.parts.speakers.standing()
    if choice.targets - {one.speaker.speaker_id for one in there}:
        raise Invalid(code="speaker_unknown")
    paths = {area_id: ask.path_of(area_id) for area_id in {one.speaker.area_id for one in there}}
    mine = {area_id for area_id in paths if choice.folded and ask.may(Right.BROADCAST, area_id)}

    def wanted(one: Speaker) -> bool:
        if one.area_id in mine:
            return choice.wants(one.speaker_id, paths[one.area_id])
        return one.speaker_id in choice.targets or (not choice.folded and one.area_id in choice.areas)

    chosen = [one.speaker for one in there if wanted(one.speaker)]
    ask.require_all(Right.BROADCAST, [one.area_id for one in chosen])
    return [one.speaker_id for one in chosen]


async def _wrong(
    ask: Ask, form: Form, draft: views.Draft, error: LoaError, bulletin: Bulletin | None = None
) -> web.Response:
    """The form again, with everything typed and the sentence where it belongs."""
    if isinstance(error, StoreFailed):
        raise error
    told = problem_of(error, ask.say)
    if ask.htmx:
        taken = form.all("taken")
        return await prepared_answer(ask, bulletin, problem=told.sentence, draft=draft, taken=taken, status=422)
    place = FIELD_OF_CODE.get(error.code)
    if place:
        draft = replace(draft, errors={place: told.sentence})
    return await broadcast_page(
        ask,
        draft,
        bulletin=bulletin,
        taken=form.all("taken"),
        problem="" if place else told.sentence,
        choice=Choice.of(form.all),
        status=told.status,
    )
