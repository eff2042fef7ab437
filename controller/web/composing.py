"""The parts of the compose form that ask the server before anything is made: further languages, and sentences."""

from dataclasses import replace

from aiohttp import web

from controller.domain.bulletins import MOST_VARIANTS
from controller.domain.errors import Invalid, LoaError, StoreFailed, StudioFailed
from controller.domain.rights import Right
from controller.domain.sounds import Reading, Source
from controller.web import drafting, views
from controller.web.asking import Ask
from controller.web.composeviews import choices
from controller.web.errors import problem_of
from controller.web.forms import Form, reading
from controller.web.frames import full_frame, wherever_heard
from controller.web.languages import NAMES, language_name
from controller.web.listening import Sentences, line_of
from controller.web.pages import broadcast_page, page
from controller.web.targets import Choice


async def variant_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/variant: an empty block for one more language; the numbers that are taken come with the question."""
    query = ask.request.query
    numbers = [int(one) for one in query.getall("variant", []) if one.isascii() and one.isdigit() and len(one) < 4]
    if len(numbers) >= MOST_VARIANTS - 1:
        return web.Response(status=204)
    used = {value for name, value in query.items() if name.startswith(("language", "recording_language"))}
    added = _next(numbers, used)
    draft = views.Draft(others=[added])
    return page(
        ask,
        "_variant.html",
        frame=await full_frame(ask, path="/"),
        variant=added,
        choices=await choices(ask, draft, may_fix=False),
        max_recording_s=ask.parts.max_recording_s,
        max_characters=ask.parts.max_text_letters,
        sentences=None,
    )


def _next(numbers: list[int], used: set[str]) -> views.VariantDraft:
    free = next((code for code in NAMES if code not in used), "en")
    source = Source.TEXT if free in {"vi", "en"} else Source.RECORDING
    return views.VariantDraft(number=max(numbers, default=0) + 1, language=free, source=source)


async def change_variants(ask: Ask) -> web.StreamResponse:
    """POST /broadcast/variants, as pages without scripts ask: one more language, or one less."""
    async with reading(ask) as form:
        draft = drafting.with_files(ask, form, drafting.draft_of(ask, form))
        removed = form.text("remove")
        others = [one for one in draft.others if str(one.number) != removed]
        if not removed and len(others) < MOST_VARIANTS - 1:
            others.append(_next([one.number for one in others], {draft.language, *(one.language for one in others)}))
        return await broadcast_page(ask, replace(draft, others=others), choice=Choice.of(form.all))


async def sentences(ask: Ask) -> web.StreamResponse:
    """POST /broadcast/sentences: one language of the form in sentences, each to be listened to."""
    async with reading(ask) as form:
        return await _answer(ask, form, notice="")


async def pronounce(ask: Ask) -> web.StreamResponse:
    """POST /broadcast/pronounce: how the station says a word from here on, and the sentences again."""
    async with reading(ask) as form:
        number = _number(form)
        wanted = _reading(ask, drafting.draft_of(ask, form), number)
        written, spoken = form.text(f"fix_written_{number}"), form.text(f"fix_spoken_{number}")
        try:
            made = await ask.parts.voices.pronounce(wanted.language, written, spoken, ask.by)
        except Invalid as error:
            told = problem_of(error, ask.say)
            return await _answer(ask, form, problem=told.sentence, written=written, spoken=spoken)
        notice = ask.say.gettext(
            "“%(written)s” is read “%(spoken)s” from now on.", written=made.written, spoken=made.spoken
        )
        return await _answer(ask, form, notice=notice)


async def _answer(
    ask: Ask, form: Form, *, notice: str = "", problem: str = "", written: str = "", spoken: str = ""
) -> web.StreamResponse:
    draft = drafting.with_files(ask, form, drafting.draft_of(ask, form))
    number = _number(form)
    wanted = _reading(ask, draft, number)
    shown = Sentences(
        number=number,
        language=wanted.language,
        language_name=language_name(wanted.language, ask.say),
        notice=notice,
        problem=problem,
        fix_written=written,
        fix_spoken=spoken,
    )
    try:
        found = await ask.parts.voices.sentences(wanted)
        shown = replace(shown, lines=[line_of(one, wanted) for one in found])
    except (Invalid, StudioFailed) as error:
        shown = replace(shown, problem=_told(ask, error))
    status = 422 if shown.problem else 200
    if not ask.htmx:
        return await broadcast_page(ask, draft, choice=Choice.of(form.all), sentences=shown, status=status)
    return page(
        ask,
        "_sentences.html",
        status=status,
        sentences=shown,
        choices=await choices(ask, draft, may_fix=await wherever_heard(ask, Right.MANAGE_STATION)),
    )


def _told(ask: Ask, error: LoaError) -> str:
    if isinstance(error, StoreFailed):
        raise error
    return problem_of(error, ask.say).sentence


def _number(form: Form) -> int:
    written = form.text("sentences")
    return int(written) if written.isascii() and written.isdigit() and len(written) < 4 else 0


def _reading(ask: Ask, draft: views.Draft, number: int) -> Reading:
    """The text of the ``number``-th language. Raises `Invalid` where there is none."""
    if number == 0:
        return drafting.reading_of(ask, draft.text, draft.language, draft.rate_wpm, draft.voice)
    other = next((one for one in draft.others if one.number == number), None)
    if other is None:
        raise Invalid(f"no language {number}", code="bad_request")
    return drafting.reading_of(ask, other.text, other.language, draft.rate_wpm, other.voice)
