"""The page of one speaker, as far as it is about its box: faults, measurements, actions, self-tests, log, profile."""

from typing import Final

from aiohttp import web

from agents.protocol.ids import DocumentId, SpeakerId
from agents.protocol.values import Profile
from controller.domain.errors import Invalid, LoaError, NotFound, StoreFailed
from controller.domain.speakers import Speaker, SpeakerOverview
from controller.domain.telemetry import Reading
from controller.web import handwords
from controller.web.asking import Ask
from controller.web.boxviews import BoxLine, BoxShown, HandsShown, PlotsShown
from controller.web.errors import problem_of
from controller.web.fault_pages import cards_of
from controller.web.faultpresent import by_weight
from controller.web.forms import reading
from controller.web.frames import full_frame
from controller.web.moments import maybe_moment, moment
from controller.web.pages import HTMX_PROBLEM, frame_of, page
from controller.web.plotpresent import data_plot, month_of, plots, plots_shown, span_of

FAULTS_SHOWN: Final = 20
TESTS_SHOWN: Final = 10


def _id(ask: Ask) -> SpeakerId:
    return SpeakerId(ask.request.match_info["id"])


async def box_shown(ask: Ask, overview: SpeakerOverview, *, model: str = "", problem: str = "") -> BoxShown:
    """Everything about the box of a speaker. Raises `StoreFailed`."""
    speaker = overview.speaker
    faults = await ask.parts.faults.of_speaker(speaker.speaker_id, FAULTS_SHOWN)
    return BoxShown(
        offered=handwords.offered(ask.say),
        hands=await _hands(ask, speaker.speaker_id, problem),
        plots=await _plots(ask, overview),
        profile=speaker.profile.value,
        open_faults=await cards_of(ask, by_weight(ask.parts.faults.of_speaker_now(speaker.speaker_id))),
        former_faults=await cards_of(ask, [one for one in faults if not one.open]),
        tests=handwords.test_lines(await ask.parts.hands.self_tests(speaker.speaker_id, TESTS_SHOWN), ask.say),
        boxes=await _boxes(ask, speaker, model),
    )


async def _hands(ask: Ask, speaker_id: SpeakerId, problem: str = "") -> HandsShown:
    lines = handwords.action_lines(await ask.parts.hands.results(speaker_id), ask.say)
    return HandsShown(speaker_id=speaker_id, lines=lines, problem=problem)


async def _boxes(ask: Ask, speaker: Speaker, model: str) -> list[BoxLine]:
    known = await ask.parts.speakers.boxes(speaker.speaker_id)
    lines = [
        BoxLine(
            device_id=one.device_id,
            model=one.model or (model if one.device_id == speaker.device_id else ""),
            from_at=moment(one.from_us),
            until_at=maybe_moment(one.until_us),
        )
        for one in known
    ]
    if not any(one.until_at is None for one in lines):
        now = BoxLine(device_id=speaker.device_id, model=model, from_at=moment(speaker.adopted_at_us), until_at=None)
        lines.insert(0, now)
    return lines


async def _plots(ask: Ask, overview: SpeakerOverview) -> PlotsShown:
    speaker = overview.speaker
    span, now_us, desk = span_of(ask.request.query.get("span", "")), ask.parts.clock.now_us(), ask.parts.telemetry
    kept = await desk.series(speaker.speaker_id, now_us - span.length_us, now_us)
    newest = _newest(ask, overview)
    shown = plots([*kept, *newest], span, now_us, speaker.profile, ask.say)
    month = await desk.series(speaker.speaker_id, month_of(now_us, ask.say)[0], now_us)
    used_bytes = await desk.month_bytes(speaker.speaker_id)
    quota_bytes = ask.parts.sim_quota_bytes if speaker.profile is Profile.SIM else None
    shown.append(data_plot([*month, *newest], used_bytes, now_us, quota_bytes, ask.say))
    return plots_shown(speaker.speaker_id, span, shown, ask.say)


def _newest(ask: Ask, overview: SpeakerOverview) -> list[Reading]:
    """What it told last, which is not kept yet."""
    told, health = ask.parts.telemetry.latest(overview.speaker.speaker_id), overview.health
    if told is None or health is None:
        return []
    newest = Reading(
        speaker_id=overview.speaker.speaker_id,
        at_us=health.seen_at_us,
        temperature_c=told.temperature_c,
        load_percent=told.load_percent,
        disk_free_bytes=health.disk_free_bytes,
        clock_error_us=health.clock_error_us,
        signal_dbm=told.signal_dbm,
        volume_percent=health.volume_percent,
        sent_bytes=told.sent_bytes,
        received_bytes=told.received_bytes,
    )
    return [newest]


# --- parts ------------------------------------------------------------------------------------------------------------


async def plots_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/speakers/{id}/plots, over ``?span=``"""
    overview = await ask.parts.speakers.one(_id(ask))
    return page(ask, "_plots.html", plots=await _plots(ask, overview))


async def hands_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/speakers/{id}/hands"""
    return page(ask, "_hands.html", hands=await _hands(ask, _id(ask)))


async def actions_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/speakers/{id}/actions; nothing where its speaker was released a moment ago"""
    try:
        overview = await ask.parts.speakers.one(_id(ask))
    except NotFound:
        return web.Response(status=204)
    frame = await full_frame(ask, path=f"/speakers/{_id(ask)}")
    return page(
        ask,
        "_actions_list.html",
        frame=frame,
        speaker_id=_id(ask),
        away=overview.connected_since_us is None,
        offered=handwords.offered(ask.say),
    )


async def past_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/speakers/{id}/past"""
    overview = await ask.parts.speakers.one(_id(ask))
    model = overview.health.model if overview.health else ""
    frame = await full_frame(ask, path=f"/speakers/{_id(ask)}")
    return page(ask, "_box_past.html", frame=frame, box=await box_shown(ask, overview, model=model))


async def faults_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/speakers/{id}/faults"""
    frame = await full_frame(ask, path=f"/speakers/{_id(ask)}")
    cards = await cards_of(ask, by_weight(ask.parts.faults.of_speaker_now(_id(ask))))
    return page(ask, "_open_faults.html", frame=frame, open_faults=cards)


# --- actions ----------------------------------------------------------------------------------------------------------


async def act(ask: Ask) -> web.StreamResponse:
    """POST /speakers/{id}/hands: has the speaker do something. What became of it shows by itself."""
    async with reading(ask) as form:
        hand = handwords.hand_of(form.text("action"), quiet_hours=bool(form.text("quiet_hours")))
    if hand is None:
        raise Invalid("no such action", code="bad_request")
    problem = ""
    try:
        await ask.parts.hands.ask(_id(ask), hand, ask.by)
    except StoreFailed:
        raise
    except LoaError as error:
        if not ask.htmx:
            raise
        problem = problem_of(error, ask.say).sentence
    if not ask.htmx:
        return _back(ask)
    return page(ask, "_hands.html", status=HTMX_PROBLEM if problem else 200, hands=await _hands(ask, _id(ask), problem))


def _back(ask: Ask, done: str = "") -> web.Response:
    return web.Response(status=303, headers={"Location": f"/speakers/{_id(ask)}{done}"})


async def set_profile(ask: Ask) -> web.StreamResponse:
    """POST /speakers/{id}/profile"""
    async with reading(ask) as form:
        written = form.text("profile")
    if written not in set(Profile):
        raise Invalid("no such profile", code="bad_request")
    await ask.parts.speakers.set_profile(_id(ask), Profile(written), ask.by)
    return _back(ask, "?done=profiled")


async def log(ask: Ask) -> web.StreamResponse:
    """GET /speakers/{id}/log/{order}; with ``.txt`` behind it, the lines alone, to be kept."""
    order_id, overview = ask.request.match_info["order"], await ask.parts.speakers.one(_id(ask))
    bare = order_id.removesuffix(".txt")
    text = await ask.parts.hands.log_text(_id(ask), DocumentId(bare))
    if bare != order_id:
        headers = {"Content-Disposition": f'attachment; filename="loa-{overview.speaker.device_id}.txt"'}
        return web.Response(text=text, content_type="text/plain", headers=headers)
    return page(
        ask,
        "box_log.html",
        frame=await frame_of(ask),
        speaker_id=_id(ask),
        speaker_name=overview.speaker.name,
        order_id=bare,
        lines=text.splitlines(),
    )
