"""Airings: a bulletin at a time on a set of speakers, the evidence of it, and the stop of everything."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from agents.protocol.ids import AiringId, DocumentId, SpeakerId
from agents.protocol.journal import JournalRecord
from agents.protocol.values import AiringClass, OnInterrupted, Part
from controller.domain.airings import Airing, AiringState, ContentId, PlayState
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import Right
from controller.domain.speakers import NotReady
from controller.domain.stops import Acknowledgement
from controller.services.reports import PlaybackReport
from controller.web import subjects
from controller.web.api.endpoint import Body, Created, raises
from controller.web.api.values import PageQuery, Told, following, place, told
from controller.web.asking import Ask
from controller.web.frames import require_stop_all
from controller.web.moments import instant_us


class AiringBody(Body, kw_only=True):
    """What to send, where, and when: without ``start_at`` it is sent now.

    ``content_id`` is a bulletin or a programme; ``bulletin_id`` is another name for it.
    """

    content_id: ContentId | None = None
    bulletin_id: ContentId | None = None
    speaker_ids: list[SpeakerId] | Literal["all"]
    start_at: Annotated[datetime, Meta(tz=True, description="With its zone: 2026-03-02T17:00:00+07:00.")] | None = None


class AiringTold(Told):
    """One bulletin or programme, at one time, on a set of speakers.

    ``content_id`` names which, ``revision`` in which of its states. ``sequence`` is what is heard, whatever becomes of
    the content later.

    ``start_at_us`` is null while a "now" waits for its speakers. What is late by at most ``lateness_window_us`` joins
    in step.

    It is heard from ``from_us`` into its sequence on, for ``play_us`` (null: to its end), faded out over the last
    ``fade_us``; ``duration_us`` is how long that sounds. Where it follows from a schedule, ``original`` is the wall
    time that names the occurrence, which was to begin at ``due_us``. Where a device has it cut by something that nobody
    had planned, it goes on as ``on_interrupted`` says, and nothing of it is heard after ``slot_ends_us``.

    It is heard ``times`` times with ``pause_us`` between, and takes the place of the airings in ``references``.
    """

    airing_id: AiringId
    content_id: ContentId
    revision: int
    airing_class: AiringClass
    sequence: tuple[Part, ...]
    title: str
    speaker_ids: tuple[SpeakerId, ...]
    state: AiringState
    planned_at_us: int
    planned_by: str
    now: bool
    start_at_us: int | None
    duration_us: int
    lateness_window_us: int
    rank: int
    from_us: int
    play_us: int | None
    fade_us: int
    schedule_id: str | None
    original: Annotated[datetime, Meta(tz=False, description="A wall time in the zone of its rule.")] | None
    due_us: int | None
    on_interrupted: OnInterrupted
    slot_ends_us: int | None
    times: int
    pause_us: int
    references: tuple[AiringId, ...]


class ListedAiringTold(AiringTold):
    """An airing in a list: ``finished`` of its ``targets`` played it to its end."""

    finished: int
    targets: int


class AiringsTold(Told):
    """The last planned first. ``next`` is what to give as ``before`` for more; null at the end."""

    airings: list[ListedAiringTold]
    next: str | None


class PlaybackTold(Told):
    """One airing on one speaker, with everything that its device wrote about it.

    ``start_error_us`` is actual minus due, positive late; ``joined_at_us`` how far into it the speaker began.
    ``reason`` says why it did not sound. ``withdrawn``: this speaker was taken out of the airing before it began.
    """

    airing_id: AiringId
    speaker_id: SpeakerId
    state: PlayState
    pushed_at_us: int | None
    stored_at_us: int | None
    armed_at_us: int | None
    started_at_us: int | None
    start_error_us: int | None
    joined_at_us: int | None
    ended_at_us: int | None
    played_us: int | None
    lost_us: int
    underruns: int
    restarts: int
    clock_basis: str | None
    clock_error_us: int | None
    reason: str | None
    detail: str
    withdrawn: bool
    speaker_name: str
    area_name: str
    records: tuple[JournalRecord, ...]


class AiringReportTold(AiringTold):
    """An airing with everything known of it, speakers in the order of their names.

    ``spread_us`` is the largest difference between the starts of speakers that began on time; null below two.
    """

    spread_us: int | None
    playbacks: list[PlaybackTold]


class HeldStopTold(Told):
    """A stop of everything, and each speaker's word on it."""

    order_id: DocumentId
    since_us: int
    not_after_us: int
    by: str
    acknowledgements: tuple[Acknowledgement, ...]


class StopTold(Told):
    """``stop`` is null where nothing is stopped."""

    stop: HeldStopTold | None


class StoppedTold(Told):
    """The order that holds everything silent."""

    order_id: DocumentId


async def list_airings(ask: Ask, query: PageQuery) -> AiringsTold:
    """The latest airings."""
    page = await subjects.page_of_airings(ask, query.limit, place(query.before))
    return AiringsTold(
        airings=[told(ListedAiringTold, one.airing, finished=one.finished, targets=one.targets) for one in page.items],
        next=following(page.next),
    )


@raises(Invalid, "no_speakers", "start_in_past", "too_far_ahead", "too_many_items", "programme_too_long")
@raises(NotFound, "not_found", "speaker_unknown", "bulletin_unknown")
@raises(Refused, "bulletin_not_ready", "bulletin_expired", "tune_not_ready", "withdrawn")
@raises(Refused, "stop_all_latched", "clock_not_synchronised", "class_reserved", "approval_needed")
@raises(Refused, "guard_quiet_hours", "guard_slots_used_up", "guard_minutes_used_up", "guard_slot_too_long")
async def create_airing(ask: Ask, body: AiringBody) -> Created[AiringTold]:
    """Send a bulletin or a programme now, or plan it."""
    content_id = _content(body)
    speaker_ids = await _targets(ask, body)
    ask.require_all(Right.BROADCAST, await subjects.areas_of_speakers(ask, speaker_ids))
    await subjects.require_content(ask, content_id)
    made: Airing
    if body.start_at is None:
        made = await ask.parts.dispatch.send_now(content_id, speaker_ids, ask.by, approver=ask.known_actor)
    else:
        made = await ask.parts.dispatch.schedule(
            content_id, speaker_ids, instant_us(body.start_at), ask.by, approver=ask.known_actor
        )
    return Created(told=told(AiringTold, made), location=f"/api/v1/airings/{made.airing_id}")


def _content(body: AiringBody) -> ContentId:
    """Raises `Invalid` (``bad_request``)."""
    named = body.content_id or body.bulletin_id
    if named is None or body.bulletin_id not in {None, named}:
        raise Invalid("give content_id", code="bad_request")
    return named


async def _targets(ask: Ask, body: AiringBody) -> list[SpeakerId]:
    if body.speaker_ids != "all":
        return list(dict.fromkeys(body.speaker_ids))
    overviews = await ask.parts.speakers.standing()
    there = [o.speaker for o in overviews if o.not_ready is not NotReady.RELEASING]
    return [speaker.speaker_id for speaker in there if ask.may(Right.BROADCAST, speaker.area_id)]


@raises(NotFound)
async def get_airing(ask: Ask, airing_id: AiringId) -> AiringReportTold:
    """One airing, with all the evidence there is."""
    report = subjects.seen_report(ask, await ask.parts.reports.airing(airing_id))
    playbacks = [_playback_told(one) for one in report.playbacks]
    return told(AiringReportTold, report.airing, spread_us=report.spread_us, playbacks=playbacks)


def _playback_told(of: PlaybackReport) -> PlaybackTold:
    return told(PlaybackTold, of.playback, speaker_name=of.speaker.name, area_name=of.area_name, records=of.records)


@raises(NotFound)
@raises(Refused, "already_ended")
async def stop_airing(ask: Ask, airing_id: AiringId) -> AiringTold:
    """Stop an airing on every speaker, at once."""
    return told(AiringTold, await ask.parts.dispatch.stop(airing_id, ask.by))


async def get_stop(ask: Ask) -> StopTold:
    """The stop of everything that holds now, if any."""
    active = await ask.parts.dispatch.active_stop()
    if active is None:
        return StopTold(stop=None)
    words = await ask.parts.dispatch.acknowledgements(active.order_id)
    return StopTold(stop=told(HeldStopTold, active, acknowledgements=words))


async def stop_everything(ask: Ask) -> Created[StoppedTold]:
    """Stop everything.

    Every speaker falls silent, and stays so until the stop is released.
    """
    await require_stop_all(ask)
    return Created(told=StoppedTold(order_id=await ask.parts.dispatch.stop_all(ask.by)), location="/api/v1/stop")


async def release_stop(ask: Ask) -> None:
    """Allow playing again."""
    await require_stop_all(ask)
    await ask.parts.dispatch.release_stop(ask.by)
