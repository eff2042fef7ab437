"""Live: open a stream, speak into it through its microphone, and end it.

What is spoken arrives over a WebSocket at ``microphone_url``, from a person who is signed in and may speak there. Every
binary message begins with a byte that says what follows: ``1`` one Opus packet of 20 ms as it is, ``2`` a piece of what
a browser records (WebM or Ogg with Opus), in order. Twice a second the station answers with how it goes.
"""

from typing import Annotated

from msgspec import Meta

from agents.protocol.ids import AiringId, AreaId, SpeakerId
from agents.protocol.values import AiringClass
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.live import LiveArchive
from controller.domain.rights import Right
from controller.services.live.stream import LiveStream, StreamState
from controller.web import subjects
from controller.web.api.endpoint import Body, Created, raises
from controller.web.api.values import Told
from controller.web.asking import Ask


class LiveBody(Body, kw_only=True):
    """Where it is to be heard: ``area_ids`` are areas with all that lies in them, ``speaker_ids`` single speakers."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    area_ids: tuple[AreaId, ...] = ()
    speaker_ids: tuple[SpeakerId, ...] = ()


class StreamTold(Told):
    """A stream that is open. Its sound is heard from ``starts_at_us`` on, each word ``delay_us`` after it arrived, and
    until ``ends_at_us`` at the latest. ``hearing`` of its ``of`` speakers sound it; ``late`` counts stretches of 20 ms
    that are silent because what belonged there came too late. ``level_db`` is null while nothing comes.
    """

    airing_id: AiringId
    airing_class: AiringClass
    title: str
    by: str
    state: StreamState
    microphone_url: str
    microphone: Annotated[bool, Meta(description="Whether one is at it.")]
    starts_at_us: int
    ends_at_us: int
    delay_us: int
    hearing: int
    of: int
    late: int
    level_db: float | None


class StreamsTold(Told):
    """The oldest first."""

    streams: list[StreamTold]


class ArchivesTold(Told):
    """What went out, as clips: several where the stream was broken off. The sound is at ``/api/v1/clips/{sha256}``."""

    archives: tuple[LiveArchive, ...]


def stream_told(stream: LiveStream) -> StreamTold:
    airing = stream.airing
    return StreamTold(
        airing_id=airing.airing_id,
        airing_class=airing.airing_class,
        title=airing.title,
        by=airing.planned_by,
        state=stream.state,
        microphone_url=f"/live/{airing.airing_id}/microphone",
        microphone=stream.held,
        starts_at_us=stream.begins_us,
        ends_at_us=stream.ends_us,
        delay_us=stream.delay_us,
        hearing=stream.hearing(),
        of=stream.of,
        late=stream.moved,
        level_db=stream.level_db,
    )


@raises(Invalid, "no_speakers", "no_title")
@raises(NotFound, "speaker_unknown", "area_unknown")
@raises(Refused, "stop_all_latched")
@raises(Refused, "guard_quiet_hours", "guard_slots_used_up", "guard_minutes_used_up", "guard_slot_too_long")
async def open_live(ask: Ask, body: LiveBody) -> Created[StreamTold]:
    """Go on the air. Whoever speaks an emergency does it by the emergency, not here."""
    for area_id in body.area_ids:
        ask.require(Right.LIVE, area_id)
    if body.speaker_ids:
        ask.require_all(Right.LIVE, await subjects.areas_of_speakers(ask, body.speaker_ids))
    stream = await ask.parts.live_desk.open(
        title=body.title, by=ask.known_actor, speaker_ids=body.speaker_ids, area_ids=body.area_ids
    )
    return Created(told=stream_told(stream), location=f"/api/v1/airings/{stream.airing.airing_id}")


async def list_live(ask: Ask) -> StreamsTold:
    """The streams that are open."""
    streams = [
        stream
        for stream in ask.parts.live_desk.open_streams()
        if ask.may_all(Right.SEE, await subjects.areas_of_speakers(ask, stream.airing.speaker_ids))
    ]
    return StreamsTold(streams=[stream_told(stream) for stream in streams])


@raises(NotFound, "not_live")
async def end_live(ask: Ask, airing_id: AiringId) -> None:
    """Leave the air. What was spoken before is still heard to its end."""
    await ask.parts.live_desk.end(airing_id, ask.by)


@raises(NotFound)
async def list_live_archives(ask: Ask, airing_id: AiringId) -> ArchivesTold:
    """What of an airing went out live."""
    return ArchivesTold(archives=tuple(await ask.parts.live_desk.archives(airing_id)))
