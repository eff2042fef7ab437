"""The compose form: prepare, listen, send. Nothing is sent that could not be heard before.

Rules: whatever is wrong with the input, the form comes back with everything that was typed. A bulletin whose text was
changed after it was made is not sent. Pressing "send" twice sends once.
"""

import asyncio
import unicodedata
from dataclasses import replace

from aiohttp import web

from agents.protocol.ids import BulletinId, SpeakerId
from controller.domain.airings import Airing
from controller.domain.bulletins import Bulletin, BulletinState
from controller.domain.drafts import BulletinDraft, RecordingVariant, TextVariant
from controller.domain.errors import Invalid, LoaError, NotFound, Refused, StoreFailed, StudioFailed
from controller.domain.rights import Right
from controller.domain.sounds import Reading, Source
from controller.web import present, views
from controller.web.asking import Ask
from controller.web.errors import problem_of
from controller.web.forms import Form, owner_of, reading
from controller.web.i18n import Language
from controller.web.moments import instant_us, wall_time
from controller.web.pages import broadcast_page, prepared_answer
from controller.web.subjects import require_bulletin
from controller.web.uploads import Received

WAIT_WITHOUT_SCRIPTS_S = 20.0
SAME_PRESS_US = 3_000_000
RATES_WPM = range(110, 151)

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
}


async def prepare(ask: Ask) -> web.StreamResponse:
    """POST /broadcast/prepare: makes the bulletin that the form describes."""
    async with reading(ask) as form:
        draft = _with_file(ask, form, draft_of(ask, form))
        try:
            bulletin = await _make(ask, form, draft)
        except (Invalid, Refused, StudioFailed) as error:
            return await _wrong(ask, form, draft, error)
        if ask.htmx:
            return prepared_answer(ask, bulletin, draft=draft)
        bulletin = await _wait_a_little(ask, bulletin)
        return await broadcast_page(ask, draft, bulletin=bulletin, left_out=await _left_out(ask, form))


async def cancel(ask: Ask) -> web.StreamResponse:
    """POST /broadcast/prepare/{id}/cancel"""
    await ask.parts.compose.cancel(BulletinId(ask.request.match_info["id"]), ask.by)
    if ask.htmx:
        return prepared_answer(ask, None)
    return web.Response(status=303, headers={"Location": "/"})


async def send(ask: Ask) -> web.StreamResponse:
    """POST /broadcast/send: now, or at a wall time of the station's zone."""
    async with reading(ask) as form:
        draft = _with_file(ask, form, draft_of(ask, form))
        bulletin: Bulletin | None = None
        try:
            bulletin = await _heard(ask, form, draft)
            airing = await _send(ask, form, draft, bulletin)
        except (Invalid, Refused, NotFound) as error:
            return await _wrong(ask, form, draft, error, bulletin)
    where = f"/airings/{airing.airing_id}"
    if ask.htmx:
        return web.Response(status=204, headers={"HX-Redirect": where})
    return web.Response(status=303, headers={"Location": where})


def draft_of(ask: Ask, form: Form) -> views.Draft:
    """What was typed, ready to be shown again; what cannot be shown takes its default."""
    rate = form.text("rate_wpm")
    language = form.text("language")
    recording_id = form.text("recording_id")
    at = None
    if form.text("at"):
        try:
            at = wall_time(form.text("at"), ask.say.zone)
        except Invalid:
            at = None
    return views.Draft(
        title=form.text("title").strip(),
        text=form.text("text"),
        source=Source.RECORDING if form.text("source") == Source.RECORDING else Source.TEXT,
        recording_id=recording_id,
        recording_name=ask.house.uploads.name(recording_id, owner_of(ask)),
        language=Language(language) if language in set(Language) else ask.say.language,
        rate_wpm=int(rate) if rate.isdigit() and len(rate) < 5 and int(rate) in RATES_WPM else 125,
        when="at" if form.text("when") == "at" else "now",
        at=at,
    )


def _with_file(ask: Ask, form: Form, draft: views.Draft) -> views.Draft:
    """A file that came with the form itself, as it does without scripts, becomes the form's recording."""
    received: Received | None = form.take_file()
    if received is None:
        return draft
    recording_id = ask.house.uploads.keep(received, owner_of(ask))
    return replace(draft, source=Source.RECORDING, recording_id=recording_id, recording_name=received.name)


async def _make(ask: Ask, form: Form, draft: views.Draft) -> Bulletin:
    if draft.source is Source.TEXT:
        rate = form.number("rate_wpm", "rate_out_of_range") if form.text("rate_wpm") else draft.rate_wpm
        language = form.text("language") or draft.language
        reading = Reading(text=draft.text, language=language, words_per_minute=rate)
        wanted = BulletinDraft(title=draft.title, variants=(TextVariant(reading=reading),))
        return await ask.parts.compose.make(wanted, ask.by)
    path = ask.house.uploads.take(draft.recording_id, owner_of(ask))
    recording = RecordingVariant(language=draft.language, path=path, file_name=draft.recording_name)
    return await ask.parts.compose.make(BulletinDraft(title=draft.title, variants=(recording,)), ask.by)


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
    same = bulletin.source is draft.source
    if draft.source is Source.TEXT and _words(bulletin.main.reading.text if bulletin.main.reading else "") != _words(
        draft.text
    ):
        same = False
    if not same:
        raise Refused("the text was changed after it was made", code="changed_since_heard")
    return bulletin


def _words(text: str) -> list[str]:
    """What would be read, whatever spaces, line ends and control characters lie between."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(letter if letter.isprintable() else " " for letter in composed).split()


async def _send(ask: Ask, form: Form, draft: views.Draft, bulletin: Bulletin) -> Airing:
    speaker_ids = await _chosen(ask, form)
    if not speaker_ids:
        raise Invalid(code="no_targets")
    start_at_us = instant_us(wall_time(form.text("at"), ask.say.zone)) if draft.when == "at" else None
    async with ask.house.sending:
        pressed = _just_sent(ask, bulletin, speaker_ids, start_at_us)
        if pressed is not None:
            return pressed
        dispatch = ask.parts.dispatch
        if start_at_us is None:
            return await dispatch.send_now(bulletin.bulletin_id, speaker_ids, ask.by)
        return await dispatch.schedule(bulletin.bulletin_id, speaker_ids, start_at_us, ask.by)


def _just_sent(ask: Ask, bulletin: Bulletin, speaker_ids: list[SpeakerId], start_at_us: int | None) -> Airing | None:
    """The airing that the same press of the button made a moment ago, if there is one."""
    now_us = ask.parts.clock.now_us()
    for airing in ask.parts.dispatch.open_airings():
        same = (
            airing.content_id == bulletin.bulletin_id
            and airing.planned_by == ask.by
            and airing.now is (start_at_us is None)
            and (airing.now or airing.start_at_us == start_at_us)
            and set(airing.speaker_ids) == set(speaker_ids)
        )
        if same and 0 <= now_us - airing.planned_at_us < SAME_PRESS_US:
            return airing
    return None


async def _chosen(ask: Ask, form: Form) -> list[SpeakerId]:
    """The speakers that are checked, and all of the areas that are checked; a released one is nobody's choice."""
    targets, areas = set(form.all("targets")), set(form.all("areas"))
    overviews = await ask.parts.speakers.overview()
    there = [o.speaker.speaker_id for o in overviews if o.speaker.speaker_id in targets or o.speaker.area_id in areas]
    if targets - {o.speaker.speaker_id for o in overviews}:
        raise Invalid(code="speaker_unknown")
    ask.require_all(Right.BROADCAST, [o.speaker.area_id for o in overviews if o.speaker.speaker_id in there])
    return there


async def _left_out(ask: Ask, form: Form) -> frozenset[SpeakerId]:
    overviews = await ask.parts.speakers.overview()
    return present.unchecked_targets(overviews, form.all("areas"), form.all("targets"), form.all("known"))


async def _wrong(
    ask: Ask, form: Form, draft: views.Draft, error: LoaError, bulletin: Bulletin | None = None
) -> web.Response:
    """The form again, with everything typed and the sentence where it belongs."""
    if isinstance(error, StoreFailed):
        raise error
    told = problem_of(error, ask.say)
    if ask.htmx:
        return prepared_answer(ask, bulletin, problem=told.sentence, draft=draft, status=422)
    place = FIELD_OF_CODE.get(error.code)
    if place:
        draft = replace(draft, errors={place: told.sentence})
    return await broadcast_page(
        ask,
        draft,
        bulletin=bulletin,
        problem="" if place else told.sentence,
        left_out=await _left_out(ask, form),
        status=told.status,
    )
