"""Bulletins: what is to be heard, in one language or several, and the sound that is made of it."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from agents.protocol.ids import AreaId, BulletinId
from agents.protocol.values import AiringClass
from controller.domain.bulletins import Bulletin, BulletinState, Frame, Origin
from controller.domain.drafts import BulletinDraft, KeptVariant, RecordingVariant, TextVariant, VariantDraft
from controller.domain.errors import Invalid, NotFound, Refused, StoreFailed
from controller.domain.revisions import Revision
from controller.domain.sounds import PreparedClips, Profile, Reading, SoundId, Source
from controller.web import pages, subjects
from controller.web.api import content_values as content
from controller.web.api.content_values import FrameTold, Looked, MadeBody, PlaylistTold, SoundTold, sound_told
from controller.web.api.endpoint import Accepted, Body, FormOf, raises
from controller.web.api.values import PageQuery, Told, following, place, told
from controller.web.asking import Ask, NotAllowed
from controller.web.forms import Form, owner_of

File = Annotated[str, Meta(extra_json_schema={"contentMediaType": "application/octet-stream"})]
_WPM = 125


class VariantBody(Body):
    """The bulletin in one language: a ``text`` to read, an ``upload_id`` of a recording, or the ``sound_id`` of a sound
    that the bulletin has or had. ``voice`` empty is the first voice of the language.
    """

    language: str
    text: str = ""
    upload_id: str = ""
    sound_id: SoundId | None = None
    words_per_minute: int = _WPM
    voice: str = ""


class BulletinBody(MadeBody):
    """A bulletin: ``variants`` in the order in which they are heard, or in short a ``text`` in one ``language``.

    ``words_per_minute`` is 110 to 150. All of it is read ``times`` times (1 to 3), with ``pause_s`` (0 to 30) between.
    From ``expires_at_us`` on it cannot be sent any more.
    """

    variants: tuple[VariantBody, ...] = ()
    text: str = ""
    language: str = "vi"
    words_per_minute: int = _WPM
    voice: str = ""
    airing_class: AiringClass = AiringClass.ORDINARY
    times: int = 1
    expires_at_us: int | None = None
    profile: Profile = Profile.PLAIN


class ChangedBulletinBody(BulletinBody):
    """The bulletin as it is to be, whole; what is left out takes its default."""

    revision: Looked = None


class RecordingForm(Struct):
    """A recording in any form that ffmpeg reads: as ``file``, or uploaded before and named by ``upload_id``.

    Without a ``title`` it is called as the file is; without a ``language`` it is in Vietnamese.
    """

    file: File = ""
    upload_id: str = ""
    title: str = ""
    language: str = ""


class VariantTold(Told):
    """The bulletin in one language."""

    language: str
    sound: SoundTold


class BulletinTold(Told):
    """One item of content.

    Only a ready one can be sent. ``progress`` is 0 to 1; ``failure`` is an error code when ``state`` is failed.
    ``language``, ``source``, ``text``, ``clips`` and ``audio_url`` are those of the first of its ``variants``; at
    ``audio_url`` is the very file that speakers fetch, once there is one. ``area_id`` null is the whole station.
    ``revision`` counts from 1. A ``withdrawn`` one is kept and cannot be sent any more. ``sender`` names who handed it
    in, where it is from ``above``.
    """

    bulletin_id: BulletinId
    title: str
    language: str
    source: Source
    text: str
    airing_class: AiringClass
    area_id: AreaId | None
    state: BulletinState
    variants: list[VariantTold]
    frame: FrameTold
    expires_at_us: int | None
    revision: int
    withdrawn: bool
    origin: Origin
    sender: str
    created_at_us: int
    created_by: str
    changed_at_us: int
    changed_by: str
    progress: float
    failure: str | None
    failure_detail: str
    clips: PreparedClips | None
    audio_url: str | None


class BulletinsTold(Told):
    """The last changed first. ``next`` is what to give as ``before`` for more; null at the end."""

    bulletins: list[BulletinTold]
    next: str | None


class FormerVariantTold(Told):
    """A variant as it was. Its sound is kept, and can be named in a change."""

    language: str
    sound_id: SoundId
    source: Source
    file_name: str
    text: str | None
    words_per_minute: int | None
    voice: str | None


class BulletinRevisionTold(Told):
    """What the bulletin was from ``at_us`` on, when ``by`` changed it."""

    number: int
    at_us: int
    by: str
    title: str
    airing_class: AiringClass
    area_id: AreaId | None
    expires_at_us: int | None
    frame: FrameTold
    profile: Profile
    variants: list[FormerVariantTold]


class BulletinHistoryTold(Told):
    """The newest first: what it is now, and what it was."""

    revisions: list[BulletinRevisionTold]


def _path(bulletin: Bulletin) -> str:
    return f"/api/v1/bulletins/{bulletin.bulletin_id}"


def _told(bulletin: Bulletin) -> BulletinTold:
    failed, reading = bulletin.failed, bulletin.main.reading
    return told(
        BulletinTold,
        bulletin,
        language=bulletin.variants[0].language,
        source=bulletin.source,
        text=reading.text if reading else "",
        state=bulletin.state,
        variants=[VariantTold(language=one.language, sound=sound_told(one.sound)) for one in bulletin.variants],
        frame=told(FrameTold, bulletin.frame),
        progress=bulletin.progress,
        failure=failed.failure if failed else None,
        failure_detail=failed.failure_detail if failed else "",
        clips=bulletin.clips,
        audio_url=f"{_path(bulletin)}/audio" if bulletin.clips else None,
    )


def _revision_told(revision: Revision) -> BulletinRevisionTold:
    written: dict[str, Any] = {
        **revision.content,
        "number": revision.number,
        "at_us": revision.at_us,
        "by": revision.by,
    }
    return msgspec.convert(written, BulletinRevisionTold)


async def list_bulletins(ask: Ask, query: PageQuery) -> BulletinsTold:
    """The latest bulletins."""
    page = await subjects.page_of_bulletins(ask, query.limit, place(query.before))
    return BulletinsTold(bulletins=[_told(one) for one in page.items], next=following(page.next))


@raises(
    Invalid, "variant_missing", "variant_twice", "too_many_variants", "class_unknown", "class_reserved", "expiry_passed"
)
@raises(Invalid, "times_out_of_range", "pause_out_of_range", "tune_unknown", "title_too_long", "title_empty")
@raises(Invalid, "too_far_ahead")
@raises(Invalid, "text_empty", "text_too_long", "text_other_script")
@raises(Invalid, "language_unknown", "voice_unknown", "rate_out_of_range")
@raises(Invalid, "recording_missing", "recording_unfinished")
@raises(NotFound, "area_unknown")
@raises(NotAllowed)
@raises(StoreFailed, "out_of_space")
async def create_bulletin(ask: Ask, body: BulletinBody) -> Accepted[BulletinTold]:
    """Hand in a bulletin.

    It is read and levelled from here on: ask for the bulletin until its ``state`` is ``ready``, or listen to the
    events.
    """
    area_id = content.area_of(ask, body.area_id)
    frame = await content.frame_of(ask, body, body.times)
    made = await ask.parts.compose.make(await _draft(ask, body, area_id, frame), ask.by)
    return Accepted(told=_told(made), location=_path(made))


@raises(Invalid, "recording_missing", "recording_unfinished", "recording_empty")
@raises(Invalid, "too_large_recording", "upload_incomplete", "title_too_long", "language_unknown")
@raises(StoreFailed, "out_of_space")
async def create_recording(ask: Ask, form: Annotated[Form, FormOf(RecordingForm)]) -> Accepted[BulletinTold]:
    """Hand in a recording, as a form.

    It is levelled from here on, as a text is.
    """
    path, name = _recording(ask, form)
    recording = RecordingVariant(language=form.text("language").strip() or "vi", path=path, file_name=name)
    draft = BulletinDraft(title=form.text("title"), variants=(recording,), area_id=content.area_of(ask, None))
    made = await ask.parts.compose.make(draft, ask.by)
    return Accepted(told=_told(made), location=_path(made))


def _recording(ask: Ask, form: Form) -> tuple[Path, str]:
    """A file that belongs to the caller, and what the person's is called. Raises `Invalid`, `StoreFailed`."""
    received = form.take_file()
    if received is not None:
        return received.path, received.name
    return _uploaded(ask, form.text("upload_id"))


def _uploaded(ask: Ask, upload_id: str) -> tuple[Path, str]:
    owner = owner_of(ask)
    return ask.house.uploads.take(upload_id, owner), ask.house.uploads.name(upload_id, owner)


async def _draft(ask: Ask, body: BulletinBody, area_id: AreaId | None, frame: Frame) -> BulletinDraft:
    """Files in it belong to the caller. Raises `Invalid`, `StoreFailed`."""
    variants: list[VariantDraft] = []
    try:
        for one in _variants(body):
            variants.append(_variant(ask, one))
    except BaseException:
        taken = [one.path for one in variants if isinstance(one, RecordingVariant)]
        for path in taken:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        raise
    return BulletinDraft(
        title=body.title,
        variants=tuple(variants),
        airing_class=body.airing_class,
        area_id=area_id,
        frame=frame,
        expires_at_us=body.expires_at_us,
        profile=body.profile,
    )


def _variants(body: BulletinBody) -> tuple[VariantBody, ...]:
    """Raises `Invalid` (``bad_request``) for a text beside variants."""
    if body.variants and body.text:
        raise Invalid("give either text or variants", code="bad_request")
    short = VariantBody(
        language=body.language, text=body.text, words_per_minute=body.words_per_minute, voice=body.voice
    )
    return body.variants or (short,)


def _variant(ask: Ask, body: VariantBody) -> VariantDraft:
    if sum(map(bool, (body.text, body.upload_id, body.sound_id))) > 1:
        raise Invalid(f"{body.language[:20]}: give one of text, upload_id and sound_id", code="bad_request")
    if body.sound_id:
        return KeptVariant(language=body.language, sound_id=body.sound_id)
    if body.upload_id:
        path, name = _uploaded(ask, body.upload_id)
        return RecordingVariant(language=body.language, path=path, file_name=name)
    reading = Reading(text=body.text, language=body.language, words_per_minute=body.words_per_minute, voice=body.voice)
    return TextVariant(reading=reading)


@raises(NotFound)
async def get_bulletin(ask: Ask, bulletin_id: BulletinId) -> BulletinTold:
    """One bulletin, with the progress of this moment."""
    return _told(await ask.parts.compose.get(bulletin_id))


@raises(
    Invalid, "variant_missing", "variant_twice", "too_many_variants", "class_unknown", "class_reserved", "expiry_passed"
)
@raises(Invalid, "times_out_of_range", "pause_out_of_range", "tune_unknown", "title_too_long", "title_empty")
@raises(Invalid, "too_far_ahead")
@raises(Invalid, "text_empty", "text_too_long", "text_other_script")
@raises(Invalid, "language_unknown", "voice_unknown", "rate_out_of_range")
@raises(Invalid, "recording_missing", "recording_unfinished")
@raises(NotFound, "not_found", "area_unknown")
@raises(Refused, "changed_meanwhile", "withdrawn", "from_above")
@raises(NotAllowed)
@raises(StoreFailed, "out_of_space")
async def change_bulletin(ask: Ask, bulletin_id: BulletinId, body: ChangedBulletinBody) -> BulletinTold:
    """Change a bulletin.

    What it was stays readable. A text that is read as before keeps its sound. What was sent or planned already stays
    as it was.
    """
    former = await ask.parts.compose.get(bulletin_id)
    area_id = content.area_after(ask, body.area_id, former.area_id)
    frame = await content.frame_of(ask, body, body.times, former.frame)
    draft = await _draft(ask, body, area_id, frame)
    return _told(await ask.parts.compose.change(bulletin_id, draft, ask.by, revision=body.revision))


@raises(NotFound)
@raises(Refused, "from_above")
async def withdraw_bulletin(ask: Ask, bulletin_id: BulletinId) -> BulletinTold:
    """Withdraw a bulletin.

    It is not listed any more and cannot be sent. What was sent or planned already stays as it was.
    """
    return _told(await ask.parts.compose.withdraw(bulletin_id, ask.by))


@raises(NotFound)
@raises(Refused, "from_above")
async def cancel_bulletin(ask: Ask, bulletin_id: BulletinId) -> BulletinTold:
    """Cancel the preparation of a bulletin."""
    return _told(await ask.parts.compose.cancel(bulletin_id, ask.by))


@raises(NotFound)
@raises(Refused, "withdrawn", "recording_gone")
async def retry_bulletin(ask: Ask, bulletin_id: BulletinId) -> BulletinTold:
    """Make again what failed or was cancelled.

    Variants that are ready stay as they are.
    """
    return _told(await ask.parts.compose.make_again(bulletin_id, ask.by))


@raises(NotFound)
async def get_bulletin_history(ask: Ask, bulletin_id: BulletinId) -> BulletinHistoryTold:
    """What a bulletin is and was."""
    return BulletinHistoryTold(revisions=[_revision_told(one) for one in await ask.parts.compose.history(bulletin_id)])


@raises(NotFound, "not_found", "area_unknown")
@raises(Invalid, "tune_unknown")
@raises(Refused, "changed_meanwhile", "withdrawn", "from_above")
async def restore_bulletin(ask: Ask, bulletin_id: BulletinId, number: int) -> BulletinTold:
    """Make a bulletin again what it was in a revision.

    That becomes its next revision. An expiry that has passed is left out. It stays in the area where it is.
    """
    return _told(await ask.parts.compose.restore(bulletin_id, number, ask.by))


@raises(NotFound)
@raises(Refused, "bulletin_not_ready", "tune_not_ready", "withdrawn")
async def get_bulletin_playlist(ask: Ask, bulletin_id: BulletinId) -> PlaylistTold:
    """What will be heard of a bulletin, in order."""
    return await content.playlist(ask, bulletin_id)


@raises(NotFound)
async def get_bulletin_audio(ask: Ask, bulletin_id: BulletinId) -> Annotated[web.StreamResponse, content.SENDS_CLIP]:
    """The sound of a bulletin, in its first language.

    The very file that speakers fetch: Ogg Opus at 24 kbit/s, whole or by ``Range``.
    """
    return await pages.audio_of(ask, bulletin_id)
