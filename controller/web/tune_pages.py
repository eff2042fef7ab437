"""The pages of signature tunes and of pronunciations."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from agents.protocol.ids import AreaId
from controller.domain.bulletins import Tune, TuneId
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import EVERYWHERE, Right
from controller.domain.sounds import Reading, SoundState
from controller.services.voices import LONGEST_SPOKEN, LONGEST_WRITTEN
from controller.web import subjects, views
from controller.web.asking import Ask
from controller.web.bulletin_pages import desk_frame, to
from controller.web.composeviews import Option
from controller.web.errors import problem_of
from controller.web.forms import Form, owner_of, reading
from controller.web.frames import wherever_heard
from controller.web.languages import language_name
from controller.web.moments import moment
from controller.web.pages import page
from controller.web.sentences import sentence
from controller.web.sounding import sound_track

USUAL_WPM: Final = 125


@dataclass(frozen=True, kw_only=True)
class TuneShown:
    """A signature tune in the list."""

    id: str
    name: str
    state: SoundState
    track: views.Track
    built_in: bool
    failure_sentence: str
    may_change: bool


@dataclass(frozen=True, kw_only=True)
class PronunciationShown:
    """``usual_url`` is how the word is read without the entry, ``audio_url`` with it."""

    language: str
    language_name: str
    written: str
    spoken: str
    changed: str
    usual_url: str
    audio_url: str


# --- tunes ------------------------------------------------------------------------------------------------------------


async def tunes(ask: Ask) -> web.StreamResponse:
    """GET /tunes"""
    return await _tunes_page(ask)


async def _tunes_page(ask: Ask, *, problem: str = "", name: str = "", status: int = 200) -> web.Response:
    return page(
        ask,
        "tunes.html",
        status=status,
        frame=await desk_frame(ask, "/tunes"),
        tunes=await _tunes_shown(ask),
        may_add=ask.may(Right.COMPOSE),
        max_recording_s=ask.parts.max_recording_s,
        problem=problem,
        name=name,
    )


async def tunes_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/tunes"""
    return page(ask, "_tunes.html", frame=await desk_frame(ask, "/tunes"), tunes=await _tunes_shown(ask))


async def _tunes_shown(ask: Ask) -> Sequence[TuneShown]:
    found = await ask.parts.tunes.all()
    return [_tune_shown(ask, one) for one in found if subjects.tune_seen(ask, one, Right.SEE)]


def _tune_shown(ask: Ask, tune: Tune) -> TuneShown:
    return TuneShown(
        id=tune.tune_id,
        name=tune.name,
        state=tune.sound.state,
        track=sound_track(tune.sound, tune.name, ask.say),
        built_in=tune.built_in,
        failure_sentence=sentence(tune.sound.failure, ask.say) if tune.sound.failure else "",
        may_change=ask.may(Right.COMPOSE, tune.area_id or EVERYWHERE),
    )


async def add_tune(ask: Ask) -> web.StreamResponse:
    """POST /tunes: from a recording that went up, or that came with the form."""
    async with reading(ask) as form:
        try:
            path, file_name = _recording(ask, form)
            await ask.parts.tunes.add(form.text("name"), path, file_name, ask.by, _area(ask))
        except (Invalid, Refused) as error:
            told = problem_of(error, ask.say)
            return await _tunes_page(ask, problem=told.sentence, name=form.text("name"), status=told.status)
    return to("/tunes?done=tune-added")


def _recording(ask: Ask, form: Form) -> tuple[Path, str]:
    received = form.take_file("recording")
    uploads, owner = ask.house.uploads, owner_of(ask)
    recording_id = uploads.keep(received, owner) if received is not None else form.text("recording_id")
    return uploads.take(recording_id, owner), uploads.name(recording_id, owner)


def _area(ask: Ask) -> AreaId | None:
    """A tune is for all of the station, or for the widest area that its maker has."""
    if ask.may(Right.COMPOSE, EVERYWHERE):
        return None
    mine = ask.known_actor.areas_of(Right.COMPOSE)
    return min(mine, key=lambda area_id: (len(ask.path_of(area_id)), area_id))


def _tune_id(ask: Ask) -> TuneId:
    return TuneId(ask.request.match_info["id"])


async def rename_tune(ask: Ask) -> web.StreamResponse:
    """POST /tunes/{id}/rename"""
    async with reading(ask) as form:
        try:
            await ask.parts.tunes.rename(_tune_id(ask), form.text("name"), ask.by)
        except Invalid as error:
            told = problem_of(error, ask.say)
            return await _tunes_page(ask, problem=told.sentence, status=told.status)
    return to("/tunes?done=saved")


async def withdraw_tune(ask: Ask) -> web.StreamResponse:
    """POST /tunes/{id}/withdraw"""
    await ask.parts.tunes.withdraw(_tune_id(ask), ask.by)
    return to("/tunes?done=tune-withdrawn")


# --- pronunciations ---------------------------------------------------------------------------------------------------


async def pronunciations(ask: Ask) -> web.StreamResponse:
    """GET /pronunciations, with an entry in the form (``language``, ``written``) to change it."""
    query = ask.request.query
    known = await ask.parts.voices.pronunciations()
    chosen = next(
        (one for one in known if (one.language, one.written) == (query.get("language"), query.get("written"))), None
    )
    typed = {"language": chosen.language, "written": chosen.written, "spoken": chosen.spoken} if chosen else {}
    return await _pronunciations_page(ask, typed)


async def _pronunciations_page(
    ask: Ask, typed: Mapping[str, str], *, problem: str = "", status: int = 200
) -> web.Response:
    shown = [
        PronunciationShown(
            language=one.language,
            language_name=language_name(one.language, ask.say),
            written=one.written,
            spoken=one.spoken,
            changed=f"{one.changed_by}, {ask.say.format_datetime(moment(one.changed_at_us))}",
            usual_url=_url(one.language, one.written, ""),
            audio_url=_url(one.language, one.written, one.spoken),
        )
        for one in await ask.parts.voices.pronunciations()
    ]
    codes = dict.fromkeys(code for voice in ask.parts.voices.voices() for code in voice.languages)
    return page(
        ask,
        "pronunciations.html",
        status=status,
        frame=await desk_frame(ask, "/pronunciations"),
        pronunciations=shown,
        languages=[Option(id=code, name=language_name(code, ask.say)) for code in codes],
        typed={name: typed.get(name, "") for name in ("language", "written", "spoken")},
        problem=problem,
        may_change=await wherever_heard(ask, Right.MANAGE_STATION),
    )


def _url(language: str, written: str, spoken: str) -> str:
    return f"/pronunciations/audio?{urlencode({'language': language, 'written': written, 'spoken': spoken})}"


async def pronunciation_audio(ask: Ask) -> web.StreamResponse:
    """GET /pronunciations/audio (language, written, spoken): how the word is read by the usual rules, or as ``spoken``
    where that is not empty.
    """
    query = ask.request.query
    language, written, spoken = (" ".join(query.get(name, "").split()) for name in ("language", "written", "spoken"))
    if not any(language in voice.languages for voice in ask.parts.voices.voices()):
        raise Invalid(f"no voice for {language[:20]}", code="language_unknown")
    if not any(map(str.isalnum, written)) or (spoken and not any(map(str.isalnum, spoken))):
        raise Invalid(code="pronunciation_empty")
    if len(written) > LONGEST_WRITTEN or len(spoken) > LONGEST_SPOKEN:
        raise Invalid(code="pronunciation_too_long")
    said = Reading(text=written, language=language, words_per_minute=USUAL_WPM)
    wav = await ask.parts.studio.say(said, {written: spoken} if spoken else {})
    return web.Response(body=wav, content_type="audio/wav", headers={"Cache-Control": "private, no-store"})


async def pronounce(ask: Ask) -> web.StreamResponse:
    """POST /pronunciations: adds one or changes one. ``former`` is the word that it was kept under before."""
    async with reading(ask) as form:
        language, written = form.text("language"), form.text("written")
        try:
            made = await ask.parts.voices.pronounce(language, written, form.text("spoken"), ask.by)
        except Invalid as error:
            typed = {"language": language, "written": written, "spoken": form.text("spoken")}
            told = problem_of(error, ask.say)
            return await _pronunciations_page(ask, typed, problem=told.sentence, status=told.status)
        former = form.text("former")
        if former and (form.text("former_language"), former) != (made.language, made.written):
            await _forget(ask, form.text("former_language"), former)
    return to("/pronunciations?done=saved")


async def forget(ask: Ask) -> web.StreamResponse:
    """POST /pronunciations/remove (language, written)"""
    async with reading(ask) as form:
        await _forget(ask, form.text("language"), form.text("written"))
    return to("/pronunciations?done=removed")


async def _forget(ask: Ask, language: str, written: str) -> None:
    """One that somebody else removed a moment ago is no trouble."""
    with suppress(NotFound):
        await ask.parts.voices.forget(language, written, ask.by)
