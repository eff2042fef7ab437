"""`/api/v1`: everything that the pages do, as JSON for programs. Field names are those of `controller.domain`.

Rules: one JSON object in, one out; instants are controller time in microseconds, but ``start_at`` is ISO 8601 with its
zone, as persons write it; errors are problems (RFC 9457) with a stable ``code``. A change needs the header
``X-Loa-CSRF`` with the token that signing in gave.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from agents.protocol.ids import AiringId, AreaId, BulletinId, DeviceId, SpeakerId
from controller.domain.airings import Airing
from controller.domain.bulletins import Bulletin
from controller.domain.drafts import BulletinDraft, RecordingVariant, TextVariant
from controller.domain.errors import Invalid
from controller.domain.sounds import Reading
from controller.domain.speakers import NotReady, SpeakerOverview
from controller.web.asking import Ask
from controller.web.auth import change_password, drop_sign_in, set_sign_in, sign_in, sign_out
from controller.web.forms import reading
from controller.web.live import api_voice
from controller.web.moments import instant_us
from controller.web.pages import listener_of
from controller.web.present import audio_url
from controller.web.security import csrf_token

T = TypeVar("T", bound=Struct)
Json = dict[str, Any]
LIST_LENGTH = 100
LONGEST_LIST = 1_000


class SignInBody(Struct):
    name: str
    password: str


class PasswordBody(Struct):
    present: str
    wanted: str


class AdoptBody(Struct):
    """``area`` is the id or the name of an area; a name that is new makes one, and an empty one takes the station's."""

    code: str
    name: str
    area: str = ""


class VolumeBody(Struct):
    percent: int


class RenameBody(Struct):
    name: str


class BulletinBody(Struct):
    text: str
    title: str = ""
    language: str = "vi"
    words_per_minute: int = 125


class AiringBody(Struct):
    """Without ``start_at`` it is sent now."""

    bulletin_id: str
    speaker_ids: list[str] | Literal["all"]
    start_at: Annotated[datetime, Meta(tz=True)] | None = None


class TokenBody(Struct):
    area: str = ""
    uses: int = 1
    valid_s: int = 86_400


async def _body(ask: Ask, kind: type[T]) -> T:
    """The request's JSON object. Raises `Invalid` (``bad_json``, ``unsupported_type``)."""
    if ask.request.content_type != "application/json":
        raise Invalid("send application/json", code="unsupported_type")
    try:
        return msgspec.json.decode(await ask.request.read(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(str(error), code="bad_json") from error


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json", status=status)


def _plain(value: object) -> Json:
    plain: Json = msgspec.to_builtins(value, str_keys=True)
    return plain


def _limit(ask: Ask) -> int:
    """``?limit=``, from 1 to 1000. Raises `Invalid`."""
    written = ask.request.query.get("limit", str(LIST_LENGTH))
    if not (written.isascii() and written.isdigit() and 1 <= int(written[:5]) <= LONGEST_LIST):
        raise Invalid("limit is from 1 to 1000", code="bad_request")
    return int(written)


def _id(ask: Ask) -> str:
    return ask.request.match_info["id"]


# --- signing in -------------------------------------------------------------------------------------------------------


async def post_sign_in(ask: Ask) -> web.StreamResponse:
    """Gives the cookie, and the token that changes must carry."""
    body = await _body(ask, SignInBody)
    signed_in = await sign_in(ask, body.name, body.password)
    told = {
        "name": signed_in.person.name,
        "csrf": csrf_token(signed_in.token),
        "expires_at_us": signed_in.expires_at_us,
    }
    response = _json(told)
    set_sign_in(ask, response, signed_in)
    return response


async def get_sign_in(ask: Ask) -> web.StreamResponse:
    """Who is signed in."""
    return _json({"name": ask.by, "csrf": ask.csrf_token})


async def delete_sign_in(ask: Ask) -> web.StreamResponse:
    await sign_out(ask)
    response = web.Response(status=204)
    drop_sign_in(ask, response)
    return response


async def put_password(ask: Ask) -> web.StreamResponse:
    body = await _body(ask, PasswordBody)
    signed_in = await change_password(ask, body.present, body.wanted)
    response = _json({"name": ask.by, "csrf": csrf_token(signed_in.token)})
    set_sign_in(ask, response, signed_in)
    return response


# --- speakers ---------------------------------------------------------------------------------------------------------


def _speaker(overview: SpeakerOverview) -> Json:
    return {
        **_plain(overview.speaker),
        "area_name": overview.area_name,
        "ready": overview.ready,
        "not_ready": overview.not_ready,
        "connected": overview.connected_since_us is not None,
        "connected_since_us": overview.connected_since_us,
        "sounding_airing_id": overview.sounding_airing_id,
        "health": _plain(overview.health) if overview.health else None,
    }


async def speakers(ask: Ask) -> web.StreamResponse:
    return _json({"speakers": [_speaker(overview) for overview in await ask.parts.speakers.overview()]})


async def speaker(ask: Ask) -> web.StreamResponse:
    return _json(_speaker(await ask.parts.speakers.one(SpeakerId(_id(ask)))))


async def rename_speaker(ask: Ask) -> web.StreamResponse:
    body = await _body(ask, RenameBody)
    await ask.parts.speakers.rename(SpeakerId(_id(ask)), body.name, ask.by)
    return await speaker(ask)


async def set_volume(ask: Ask) -> web.StreamResponse:
    body = await _body(ask, VolumeBody)
    await ask.parts.speakers.set_volume(SpeakerId(_id(ask)), body.percent, ask.by)
    return await speaker(ask)


async def release_speaker(ask: Ask) -> web.StreamResponse:
    """``?force=1`` forgets a device that will never connect again."""
    force = ask.request.query.get("force") == "1"
    return _json(_plain(await ask.parts.adoption.release(SpeakerId(_id(ask)), ask.by, force=force)))


async def journal(ask: Ask) -> web.StreamResponse:
    """``?speaker=ID``: what its device wrote, the newest first."""
    speaker_id = SpeakerId(ask.request.query.get("speaker", ""))
    report = await ask.parts.reports.speaker(speaker_id, _limit(ask))
    return _json({"speaker_id": speaker_id, "records": report.records})


# --- devices that belong to nobody, areas, tokens ---------------------------------------------------------------------


async def found(ask: Ask) -> web.StreamResponse:
    return _json({"found": ask.parts.adoption.found()})


async def identify(ask: Ask) -> web.StreamResponse:
    return _json({"identifies_left": await ask.parts.adoption.identify(DeviceId(_id(ask)))})


async def adopt(ask: Ask) -> web.StreamResponse:
    body = await _body(ask, AdoptBody)
    area_id, new_area_name = await _area(ask, body.area)
    code = "".join(body.code.split())
    adopted = await ask.parts.adoption.adopt(
        DeviceId(_id(ask)),
        code,
        name=body.name.strip(),
        area_id=area_id,
        new_area_name=new_area_name,
        by=ask.by,
    )
    return _json(_plain(adopted), 201)


async def _area(ask: Ask, named: str) -> tuple[AreaId | None, str | None]:
    """An area by id or name; a new one by its name; where nothing is named, the only one or the station's."""
    named = named.strip()
    areas = await ask.parts.adoption.areas()
    for area in areas:
        if named in {area.area_id, area.name}:
            return area.area_id, None
    if named:
        return None, named
    return (areas[0].area_id, None) if areas else (None, ask.parts.station_name)


async def areas(ask: Ask) -> web.StreamResponse:
    return _json({"areas": await ask.parts.adoption.areas()})


async def create_token(ask: Ask) -> web.StreamResponse:
    """An enrolment token; its secret is in this answer and never shown again."""
    body = await _body(ask, TokenBody)
    area_id, new_area_name = await _area(ask, body.area)
    if area_id is None:
        raise Invalid(f"there is no area {new_area_name}", code="area_unknown")
    return _json(_plain(await ask.parts.adoption.create_token(area_id, body.uses, body.valid_s, ask.by)), 201)


async def tokens(ask: Ask) -> web.StreamResponse:
    """Without their secrets."""
    return _json({"tokens": [_plain(token) | {"text": None} for token in await ask.parts.adoption.tokens()]})


# --- bulletins --------------------------------------------------------------------------------------------------------


def _bulletin(made: Bulletin) -> Json:
    wrong = made.failed
    return _plain(made) | {
        "state": made.state,
        "progress": made.progress,
        "failure": wrong.failure if wrong else None,
        "failure_detail": wrong.failure_detail if wrong else "",
        "source": made.source,
        "audio_url": audio_url(made) if made.clips else None,
    }


async def bulletins(ask: Ask) -> web.StreamResponse:
    return _json({"bulletins": [_bulletin(b) for b in await ask.parts.compose.latest(_limit(ask))]})


async def create_bulletin(ask: Ask) -> web.StreamResponse:
    body = await _body(ask, BulletinBody)
    reading = Reading(text=body.text, language=body.language, words_per_minute=body.words_per_minute)
    made = await ask.parts.compose.make(
        BulletinDraft(title=body.title, variants=(TextVariant(reading=reading),)), ask.by
    )
    return _json(_bulletin(made), 202)


async def create_recording(ask: Ask) -> web.StreamResponse:
    """A form with ``file`` and, where wanted, ``title``."""
    async with reading(ask) as form:
        received = form.take_file()
        if received is None:
            raise Invalid(code="recording_missing")
        recording = RecordingVariant(
            language=form.text("language") or "vi", path=received.path, file_name=received.name
        )
        made = await ask.parts.compose.make(BulletinDraft(title=form.text("title"), variants=(recording,)), ask.by)
    return _json(_bulletin(made), 202)


async def bulletin(ask: Ask) -> web.StreamResponse:
    return _json(_bulletin(await ask.parts.compose.get(BulletinId(_id(ask)))))


async def cancel_bulletin(ask: Ask) -> web.StreamResponse:
    return _json(_bulletin(await ask.parts.compose.cancel(BulletinId(_id(ask)), ask.by)))


# --- airings and stops ------------------------------------------------------------------------------------------------


async def airings(ask: Ask) -> web.StreamResponse:
    summaries = await ask.parts.reports.latest_airings(_limit(ask))
    told = [{**_plain(s.airing), "finished": s.finished, "targets": s.targets} for s in summaries]
    return _json({"airings": told})


async def create_airing(ask: Ask) -> web.StreamResponse:
    body = await _body(ask, AiringBody)
    speaker_ids = await _targets(ask, body)
    bulletin_id = BulletinId(body.bulletin_id)
    made: Airing
    if body.start_at is None:
        made = await ask.parts.dispatch.send_now(bulletin_id, speaker_ids, ask.by)
    else:
        at_us = instant_us(body.start_at)
        made = await ask.parts.dispatch.schedule(bulletin_id, speaker_ids, at_us, ask.by)
    response = _json(_plain(made), 201)
    response.headers["Location"] = f"/api/v1/airings/{made.airing_id}"
    return response


async def _targets(ask: Ask, body: AiringBody) -> list[SpeakerId]:
    if body.speaker_ids != "all":
        return [SpeakerId(speaker_id) for speaker_id in dict.fromkeys(body.speaker_ids)]
    overviews = await ask.parts.speakers.overview()
    return [o.speaker.speaker_id for o in overviews if o.not_ready is not NotReady.RELEASING]


async def airing(ask: Ask) -> web.StreamResponse:
    report = await ask.parts.reports.airing(AiringId(_id(ask)))
    playbacks = [
        {**_plain(p.playback), "speaker_name": p.speaker.name, "area_name": p.area_name, "records": p.records}
        for p in report.playbacks
    ]
    return _json({**_plain(report.airing), "spread_us": report.spread_us, "playbacks": playbacks})


async def stop_airing(ask: Ask) -> web.StreamResponse:
    return _json(_plain(await ask.parts.dispatch.stop(AiringId(_id(ask)), ask.by)))


async def stop(ask: Ask) -> web.StreamResponse:
    """The stop of everything that holds now, with each speaker's word on it; ``null`` where nothing is stopped."""
    active = await ask.parts.dispatch.active_stop()
    if active is None:
        return _json({"stop": None})
    words = await ask.parts.dispatch.acknowledgements(active.order_id)
    return _json({"stop": {**_plain(active), "acknowledgements": words}})


async def stop_all(ask: Ask) -> web.StreamResponse:
    return _json({"order_id": await ask.parts.dispatch.stop_all(ask.by)}, 201)


async def release_stop(ask: Ask) -> web.StreamResponse:
    await ask.parts.dispatch.release_stop(ask.by)
    return web.Response(status=204)


# --- what happens -----------------------------------------------------------------------------------------------------


async def events(ask: Ask) -> web.StreamResponse:
    """Server-sent events: what changed, as it changes."""
    return await ask.house.live.serve(ask.request, listener_of(ask, api_voice, program=True))


async def deeds(ask: Ask) -> web.StreamResponse:
    """Who did what, the newest first."""
    return _json({"deeds": await ask.parts.reports.deeds(_limit(ask))})
