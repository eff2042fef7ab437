"""Bulletins: what is to be heard, and the sound that is made of it."""

from pathlib import Path
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from agents.protocol.ids import BulletinId
from agents.protocol.values import AiringClass
from controller.domain.bulletins import Bulletin, BulletinState
from controller.domain.drafts import BulletinDraft, RecordingVariant, TextVariant
from controller.domain.errors import Invalid, NotFound, StoreFailed
from controller.domain.sounds import PreparedClips, Reading, Source
from controller.web import pages, subjects
from controller.web.api.endpoint import Accepted, Body, FormOf, Sends, raises
from controller.web.api.values import PageQuery, Told, following, place, told
from controller.web.asking import Ask
from controller.web.forms import Form, owner_of

File = Annotated[str, Meta(extra_json_schema={"contentMediaType": "application/octet-stream"})]


class BulletinBody(Body):
    """A text to read. ``language`` is ``vi`` or ``en``; ``words_per_minute`` is 110 to 150."""

    text: str
    title: str = ""
    language: str = "vi"
    words_per_minute: int = 125


class RecordingForm(Struct):
    """A recording in any form that ffmpeg reads: as ``file``, or uploaded before and named by ``upload_id``.

    Without a ``title`` it is called as the file is.
    """

    file: File = ""
    upload_id: str = ""
    title: str = ""


class BulletinTold(Told):
    """One item of content.

    Only a ready one can be sent. ``progress`` is 0 to 1; ``failure`` is an error code when ``state`` is failed.
    ``audio_url`` is the very file that speakers fetch, once there is one.
    """

    bulletin_id: BulletinId
    title: str
    language: str
    source: Source
    text: str
    airing_class: AiringClass
    state: BulletinState
    created_at_us: int
    created_by: str
    progress: float
    failure: str | None
    failure_detail: str
    clips: PreparedClips | None
    audio_url: str | None


class BulletinsTold(Told):
    """The last changed first. ``next`` is what to give as ``before`` for more; null at the end."""

    bulletins: list[BulletinTold]
    next: str | None


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
        progress=bulletin.progress,
        failure=failed.failure if failed else None,
        failure_detail=failed.failure_detail if failed else "",
        clips=bulletin.clips,
        audio_url=f"{_path(bulletin)}/audio" if bulletin.clips else None,
    )


async def list_bulletins(ask: Ask, query: PageQuery) -> BulletinsTold:
    """The latest bulletins."""
    page = await subjects.page_of_bulletins(ask, query.limit, place(query.before))
    return BulletinsTold(bulletins=[_told(one) for one in page.items], next=following(page.next))


@raises(Invalid, "text_empty", "text_too_long", "text_other_script", "title_too_long")
@raises(Invalid, "language_unknown", "rate_out_of_range")
async def create_bulletin(ask: Ask, body: BulletinBody) -> Accepted[BulletinTold]:
    """Hand in a text.

    It is read and levelled from here on: ask for the bulletin until its ``state`` is ``ready``, or listen to the
    events.
    """
    reading = Reading(text=body.text, language=body.language, words_per_minute=body.words_per_minute)
    draft = BulletinDraft(title=body.title, variants=(TextVariant(reading=reading),))
    made = await ask.parts.compose.make(draft, ask.by)
    return Accepted(told=_told(made), location=_path(made))


@raises(Invalid, "recording_missing", "recording_unfinished", "recording_empty")
@raises(Invalid, "too_large_recording", "upload_incomplete", "title_too_long")
@raises(StoreFailed, "out_of_space")
async def create_recording(ask: Ask, form: Annotated[Form, FormOf(RecordingForm)]) -> Accepted[BulletinTold]:
    """Hand in a recording, as a form.

    It is levelled from here on, as a text is.
    """
    path, name = _recording(ask, form)
    recording = RecordingVariant(language="vi", path=path, file_name=name)
    made = await ask.parts.compose.make(BulletinDraft(title=form.text("title"), variants=(recording,)), ask.by)
    return Accepted(told=_told(made), location=_path(made))


def _recording(ask: Ask, form: Form) -> tuple[Path, str]:
    """A file that belongs to the caller, and what the person's is called. Raises `Invalid`, `StoreFailed`."""
    received = form.take_file()
    if received is not None:
        return received.path, received.name
    upload_id, owner = form.text("upload_id"), owner_of(ask)
    return ask.house.uploads.take(upload_id, owner), ask.house.uploads.name(upload_id, owner)


@raises(NotFound)
async def get_bulletin(ask: Ask, bulletin_id: BulletinId) -> BulletinTold:
    """One bulletin, with the progress of this moment."""
    return _told(await ask.parts.compose.get(bulletin_id))


@raises(NotFound)
async def cancel_bulletin(ask: Ask, bulletin_id: BulletinId) -> BulletinTold:
    """Cancel the preparation of a bulletin."""
    return _told(await ask.parts.compose.cancel(bulletin_id, ask.by))


@raises(NotFound)
async def get_bulletin_audio(
    ask: Ask, bulletin_id: BulletinId
) -> Annotated[
    web.StreamResponse,
    Sends(
        media_types=("audio/ogg",),
        statuses={200: "All of it.", 206: "The range that was asked for.", 304: "As it was.", 416: "No such range."},
    ),
]:
    """The sound of a bulletin.

    The very file that speakers fetch: Ogg Opus at 24 kbit/s, whole or by ``Range``.
    """
    return await pages.audio_of(ask, bulletin_id)
