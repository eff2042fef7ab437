"""From above: another level's system hands in bulletins with its API token, and asks what became of them.

The guide is `docs/handing-in.md`. A hand-in is taken whole or not at all; the same reference with the same content is
the same hand-in.
"""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from agents.protocol.ids import AreaId, SpeakerId
from agents.protocol.values import AiringClass
from controller.domain import handing_in as rules
from controller.domain.drafts import BulletinDraft, RecordingVariant, TextVariant, VariantDraft
from controller.domain.errors import Invalid, NotFound, Refused, StoreFailed
from controller.domain.handing_in import Audio, HandIn, HandInId, Sent, Written
from controller.domain.paging import Place
from controller.domain.rights import Right
from controller.domain.sounds import Reading
from controller.domain.texts import MAX_TITLE, bulletin_text
from controller.services.hand_ins.handing_in import Handing, same
from controller.web import above
from controller.web.api.airings import AiringTold
from controller.web.api.bulletins import File
from controller.web.api.endpoint import JSON, Body, Created, FormOf, Query, Sends, raises
from controller.web.api.hand_in_told import HandInTold, hand_in_told
from controller.web.api.values import Limit, Told, following, place, told
from controller.web.asking import Ask, NotAllowed
from controller.web.forms import Form, owner_of
from controller.web.moments import instant_us
from schedules.areas import Area

FOLDER = "/api/v1/hand-ins"
Moment = Annotated[datetime, Meta(description="With its zone: 2026-03-02T17:00:00+07:00.")]


class VariantBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """The bulletin in one language: a ``text`` to be read by a voice, or a recording that was uploaded before with the
    same token. Where both are given the recording is what sounds, and the text is kept for reading.
    """

    language: str = "vi"
    text: str = ""
    upload_id: str = ""
    words_per_minute: int = 125
    voice: str = ""


class HandInBody(Body):
    """A bulletin for ``areas``: ids, or codes of the official list. ``reference`` is the sender's own id of it.

    It is in one language, as ``text`` or ``upload_id`` say, or in several ``variants``, heard in their order. It may be
    heard from ``valid_from`` (now) until before ``valid_until``: a week later where nothing is said, an hour for an
    emergency; at most a year.
    """

    reference: str
    areas: list[str]
    airing_class: Literal["ordinary", "priority", "emergency"] = "ordinary"
    title: str = ""
    language: str = "vi"
    text: str = ""
    upload_id: str = ""
    words_per_minute: int = 125
    voice: str = ""
    variants: list[VariantBody] = msgspec.field(default_factory=list)
    valid_from: Moment | None = None
    valid_until: Moment | None = None

    def all_variants(self, with_file: bool) -> list[VariantBody]:
        """What stands in the object itself first."""
        first = VariantBody(
            language=self.language,
            text=self.text,
            upload_id=self.upload_id,
            words_per_minute=self.words_per_minute,
            voice=self.voice,
        )
        return [first, *self.variants] if self.text or self.upload_id or with_file else list(self.variants)


class HandInForm(Struct):
    """``hand_in`` is the same object as JSON; ``file`` the recording, in place of its ``upload_id``."""

    hand_in: str
    file: File = ""


class HandInsQuery(Query):
    """All that changed after ``since``, or the one of a ``reference``."""

    since: Annotated[str, Meta(description="What `next` said before; empty for the first time.")] = ""
    reference: str = ""
    limit: Limit = 100


class HandInsTold(Told):
    """The first to change first. ``next`` is what to give as ``since`` to be told what changes from here on."""

    hand_ins: list[HandInTold]
    next: str


class TakeBody(Body):
    """When and where: now unless ``start_at`` says when, on all speakers of its areas unless some are named."""

    start_at: Moment | None = None
    speaker_ids: list[SpeakerId] | Literal["all"] = "all"


class DeclineBody(Body):
    """The ``reason`` is told to the sender."""

    reason: str


HandedIn = Annotated[
    web.StreamResponse,
    Sends(
        media_types=(JSON,),
        statuses={200: "It was handed in before; this is what became of it.", 202: "It is handed in."},
        headers={"Location": "Where to ask what becomes of it."},
        told=HandInTold,
    ),
]


# --- handing in -------------------------------------------------------------------------------------------------------


@raises(Invalid, "reference_invalid", "areas_missing", "area_unknown", "zone_missing", "title_too_long")
@raises(Invalid, "validity_passed", "validity_order", "validity_too_long")
@raises(Invalid, "variant_missing", "variant_twice", "too_many_variants", "language_unknown", "voice_unknown")
@raises(Invalid, "text_empty", "text_too_long", "text_other_script", "rate_out_of_range")
@raises(Invalid, "recording_missing", "recording_unfinished")
@raises(Refused, "reference_taken", "area_outside_token")
async def create_hand_in(ask: Ask, body: HandInBody) -> HandedIn:
    """Hand in a bulletin.

    An emergency also needs the right `hand_in_emergency`. The sound is made from here on.
    """
    return await _handed_in(ask, body, None)


@raises(Invalid, "reference_invalid", "areas_missing", "area_unknown", "zone_missing", "title_too_long", "bad_json")
@raises(Invalid, "validity_passed", "validity_order", "validity_too_long")
@raises(Invalid, "variant_missing", "variant_twice", "too_many_variants", "language_unknown", "voice_unknown")
@raises(Invalid, "text_empty", "text_too_long", "text_other_script", "rate_out_of_range")
@raises(Invalid, "recording_missing", "recording_unfinished", "recording_empty")
@raises(Invalid, "too_large_recording", "upload_incomplete")
@raises(Refused, "reference_taken", "area_outside_token")
@raises(StoreFailed, "out_of_space")
async def create_hand_in_with_file(ask: Ask, form: Annotated[Form, FormOf(HandInForm)]) -> HandedIn:
    """Hand in a bulletin with its recording, as a form."""
    try:
        body = msgspec.json.decode(form.text("hand_in"), type=HandInBody)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"hand_in: {error}", code="bad_json") from error
    return await _handed_in(ask, body, form)


async def _handed_in(ask: Ask, body: HandInBody, form: Form | None) -> web.Response:
    areas = _areas(ask, body)
    token_id = ask.known_actor.token_id
    if token_id is None:
        raise NotAllowed(Right.HAND_IN)
    reference = rules.checked_reference(body.reference)
    async with ask.parts.hand_ins.turn(token_id, reference) as there:
        drafts, sent = await _drafts(ask, body, areas, form, known=there is not None)
        try:
            if there is not None:
                made, new = same(there, sent), False
                _remove(drafts)
            else:
                made, new = await ask.parts.hand_ins.hand_in(_wanted(body, areas, drafts, sent), ask.known_actor)
        except BaseException:
            await asyncio.to_thread(_remove, drafts)
            raise
    outcome = await ask.parts.hand_ins.reports.get(made.hand_in_id)
    answer = await hand_in_told(ask, outcome)
    headers = {"Location": f"{FOLDER}/{made.hand_in_id}"}
    return web.Response(
        body=msgspec.json.encode(answer), content_type=JSON, status=202 if new else 200, headers=headers
    )


def _wanted(body: HandInBody, areas: Sequence[Area], drafts: Sequence[VariantDraft], sent: Sent) -> Handing:
    return Handing(
        reference=body.reference,
        draft=BulletinDraft(title=body.title, variants=tuple(drafts), airing_class=AiringClass(body.airing_class)),
        areas=tuple(AreaId(area.area_id) for area in areas),
        valid_from_us=_instant(body.valid_from),
        valid_until_us=_instant(body.valid_until),
        sent=sent,
    )


def _areas(ask: Ask, body: HandInBody) -> list[Area]:
    """Raises `Invalid` (``areas_missing``, ``area_unknown``), `NotAllowed`, `Refused` (``area_outside_token``)."""
    if not 0 < len(body.areas) <= rules.MOST_AREAS:
        raise Invalid(f"1 to {rules.MOST_AREAS} areas", code="areas_missing")
    found = {area.area_id: area for area in (_area(ask, written) for written in body.areas)}
    for area_id in found:
        if not ask.may(Right.HAND_IN, AreaId(area_id)):
            raise Refused(f"{area_id} is not in the area of this token", code="area_outside_token")
        if AiringClass(body.airing_class) is AiringClass.EMERGENCY:
            ask.require(Right.HAND_IN_EMERGENCY, AreaId(area_id))
    return list(found.values())


def _area(ask: Ask, written: str) -> Area:
    tree = ask.parts.areas.tree()
    if written in tree:
        return tree.get(written)
    found = [area for area in tree if written and area.code == written]
    if len(found) != 1:
        raise Invalid(f"no area {written[:80]}", code="area_unknown")
    return found[0]


def _instant(when: datetime | None) -> int | None:
    """Raises `Invalid` (``zone_missing``)."""
    if when is not None and when.tzinfo is None:
        raise Invalid(f"{when.isoformat()} is without a zone", code="zone_missing")
    return None if when is None else instant_us(when)


async def _drafts(
    ask: Ask, body: HandInBody, areas: Sequence[Area], form: Form | None, *, known: bool
) -> tuple[list[VariantDraft], Sent]:
    """Its variants, whose files are the caller's, and what is remembered of it. All that needs no file is checked
    first. Where the reference is ``known`` a file may be gone meanwhile.
    """
    variants = body.all_variants(with_file=form is not None and form.file is not None)
    if not variants:
        raise Invalid("neither a text nor a recording", code="variant_missing")
    if len(body.title) > 4 * MAX_TITLE:
        raise Invalid(f"at most {MAX_TITLE} letters", code="title_too_long")
    _instant(body.valid_from), _instant(body.valid_until)
    written = [
        Written(one.language, bulletin_text(one.text, ask.parts.max_text_letters)) for one in variants if one.text
    ]
    drafts: list[VariantDraft] = []
    audio: list[Audio] = []
    try:
        for one in variants:
            file = _file(ask, one, form, known=known)
            if file is None and not one.upload_id:
                drafts.append(TextVariant(reading=_reading(one)))
                continue
            if file is not None:
                drafts.append(file)
            audio.append(Audio(sha256=await _digest(file), upload_id=one.upload_id))
    except BaseException:
        _remove(drafts)
        raise
    return drafts, Sent(digest=_body_digest(body, areas), audio=tuple(audio), written=tuple(written))


def _reading(one: VariantBody) -> Reading:
    return Reading(text=one.text, language=one.language, words_per_minute=one.words_per_minute, voice=one.voice)


def _file(ask: Ask, one: VariantBody, form: Form | None, *, known: bool) -> RecordingVariant | None:
    """Raises `Invalid` (``recording_missing``, ``recording_unfinished``), `StoreFailed`."""
    if one.upload_id:
        uploads, owner = ask.house.uploads, owner_of(ask)
        try:
            path, name = uploads.take(one.upload_id, owner), uploads.name(one.upload_id, owner)
        except Invalid:
            if known:
                return None
            raise
        return RecordingVariant(language=one.language, path=path, file_name=name)
    received = form.take_file() if form is not None else None
    if received is None:
        return None
    return RecordingVariant(language=one.language, path=received.path, file_name=received.name)


async def _digest(file: RecordingVariant | None) -> str:
    return "" if file is None else await asyncio.to_thread(_sha256, file.path)


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _body_digest(body: HandInBody, areas: Sequence[Area]) -> str:
    content = msgspec.to_builtins(body) | {
        "areas": sorted(area.area_id for area in areas),
        "valid_from": _instant(body.valid_from),
        "valid_until": _instant(body.valid_until),
        "upload_id": "",
        "variants": [msgspec.to_builtins(one) | {"upload_id": ""} for one in body.variants],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _remove(drafts: Sequence[VariantDraft]) -> None:
    for one in drafts:
        if isinstance(one, RecordingVariant):
            one.path.unlink(missing_ok=True)


# --- what became of it ------------------------------------------------------------------------------------------------


@raises(Invalid, "bad_request")
async def list_hand_ins(ask: Ask, query: HandInsQuery) -> HandInsTold:
    """What was handed in, and what became of it.

    A token is told of its own; a person of what is meant for their areas.
    """
    after = place(query.since)
    token_id = ask.known_actor.token_id
    if query.reference:
        async with ask.parts.hand_ins.turn(token_id or "", query.reference) as there:
            found: Sequence[HandIn] = [there] if there is not None else []
    else:
        found = await ask.parts.hand_ins.reports.changed(query.limit, after, token_id)
    mine = [one for one in found if above.sees(ask, one)]
    answers = [await hand_in_told(ask, await ask.parts.hand_ins.reports.get(one.hand_in_id)) for one in mine]
    last = Place(found[-1].changed_at_us, found[-1].hand_in_id) if found and not query.reference else after
    return HandInsTold(hand_ins=answers, next=following(last) or "")


@raises(NotFound)
async def get_hand_in(ask: Ask, hand_in_id: HandInId) -> HandInTold:
    """One hand-in, and what became of it."""
    return await hand_in_told(ask, await above.seen(ask, hand_in_id))


@raises(NotFound)
@raises(Refused, "hand_in_decided")
async def withdraw_hand_in(ask: Ask, hand_in_id: HandInId) -> HandInTold:
    """Take back what one handed in.

    While it waits; an emergency also while it is on the air, which is then stopped.
    """
    if ask.known_actor.token_id is None:
        raise NotAllowed(Right.HAND_IN)
    await above.seen(ask, hand_in_id)
    await ask.parts.hand_ins.withdraw(hand_in_id, ask.by)
    return await hand_in_told(ask, await ask.parts.hand_ins.reports.get(hand_in_id))


# --- deciding ---------------------------------------------------------------------------------------------------------


@raises(Invalid, "no_speakers", "speaker_unknown", "start_in_past", "too_far_ahead", "zone_missing")
@raises(NotFound)
@raises(Refused, "hand_in_decided", "bulletin_not_ready", "not_valid_yet", "bulletin_expired", "stop_all_latched")
@raises(Refused, "clock_not_synchronised", "guard_quiet_hours", "guard_slots_used_up", "guard_minutes_used_up")
@raises(Refused, "guard_slot_too_long")
async def take_hand_in(ask: Ask, hand_in_id: HandInId, body: TakeBody) -> Created[AiringTold]:
    """Give what came from above its place: now, or at a time within its validity."""
    hand_in = (await above.seen(ask, hand_in_id)).hand_in
    if body.speaker_ids == "all":
        speaker_ids = [one.speaker_id for one in await above.targets(ask, hand_in)]
    else:
        speaker_ids = await above.chosen(ask, hand_in, body.speaker_ids)
    made = await ask.parts.hand_ins.take(hand_in_id, speaker_ids, _instant(body.start_at), ask.by)
    return Created(told=told(AiringTold, made), location=f"/api/v1/airings/{made.airing_id}")


@raises(Invalid, "reason_missing", "reason_too_long")
@raises(NotFound)
@raises(Refused, "hand_in_decided", "not_to_be_declined")
async def decline_hand_in(ask: Ask, hand_in_id: HandInId, body: DeclineBody) -> HandInTold:
    """Decline an ordinary bulletin that came from above.

    A priority one cannot be declined, only given its place; an emergency asks nobody.
    """
    await above.require_for_all(ask, (await above.seen(ask, hand_in_id)).hand_in)
    await ask.parts.hand_ins.decline(hand_in_id, body.reason, ask.by)
    return await hand_in_told(ask, await ask.parts.hand_ins.reports.get(hand_in_id))
