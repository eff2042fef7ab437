"""What happens at the station, as it happens, and who did what."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from controller.domain.deeds import Deed, DeedKind
from controller.web.api.endpoint import Query, Sends
from controller.web.api.events import EventTold, api_voice
from controller.web.api.values import ListQuery, Told
from controller.web.asking import Ask
from controller.web.pages import listener_of


class EventsQuery(Query):
    """From where on."""

    since: Annotated[str, Meta(description="The id of the last event that was read.")] = ""


class DeedsQuery(ListQuery):
    """Which of them: ``by`` whom, ``what``, and ``before`` where the last page ended."""

    by: str = ""
    what: DeedKind | None = None
    before: Annotated[int, Meta(ge=0, le=2**62)] | None = None


class DeedsTold(Told):
    """The newest first. ``next`` is what to give as ``before`` for more; null at the end."""

    deeds: tuple[Deed, ...]
    next: int | None = None


async def follow_events(
    ask: Ask,
    query: EventsQuery,  # read by `listener_of`
) -> Annotated[web.StreamResponse, Sends(media_types=("text/event-stream",), endless=True, told=EventTold)]:
    """What changed, as it changes.

    Server-sent events: first ``subscribed``, then one JSON object an event, ``type`` first: `x-loa-event` says which
    there are. ``everything_changed`` is for who missed too much. An event says what to read again, not how it is.
    Several changes of one kind may come as one, at most five times a second; a comment every 15 s shows that the line
    lives. Each event has an id: send it back as ``Last-Event-ID``, or as ``since``, and nothing is missed.
    """
    return await ask.house.live.serve(ask.request, listener_of(ask, api_voice, program=True))


async def list_deeds(ask: Ask, query: DeedsQuery) -> DeedsTold:
    """Who did what, as far as it touches the areas where one may read it."""
    page = await ask.parts.audit.page(
        ask.known_actor, query.limit, before=query.before, who=query.by or None, what=query.what
    )
    return DeedsTold(deeds=page.deeds, next=page.next)
