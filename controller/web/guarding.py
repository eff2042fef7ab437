"""What pages and the API say of guards: which place each limit comes from, and what has no effect."""

from collections.abc import Iterator
from typing import Final

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.errors import NotFound
from controller.domain.guarding import GuardPlace, PlaceKind
from controller.domain.rights import EVERYWHERE, Right
from controller.services.planning.guards import Effective
from controller.web.asking import Ask
from controller.web.i18n import N_, Translator
from controller.web.rundownwords import limit_sentences, quiet_sentence
from schedules.guards import Guards, Quiet, forbidden

WHOLE_STATION: Final = N_("The whole station")
_DAY_US: Final = 86_400_000_000
GONE: Final = N_("a place that is no more")


async def place_name(ask: Ask, place: GuardPlace) -> str:
    """What a place is called."""
    if place.kind is PlaceKind.AREA:
        tree = ask.parts.areas.tree()
        if place.place_id == EVERYWHERE:
            return ask.say.gettext(WHOLE_STATION)
        return tree.get(place.place_id).name if place.place_id in tree else ask.say.gettext(GONE)
    try:
        async with ask.parts.store.reading() as tx:
            return (await tx.speakers.get(SpeakerId(place.place_id))).name
    except NotFound:
        return ask.say.gettext(GONE)


async def guard_place_seen(ask: Ask, place: GuardPlace) -> bool:
    """Whether whoever asks has something to see there, or around it, or below."""
    if place.kind is PlaceKind.AREA:
        return ask.touches(Right.SEE, AreaId(place.place_id))
    async with ask.parts.store.reading() as tx:
        found = await tx.speakers.several([SpeakerId(place.place_id)])
    return any(ask.may(Right.SEE, one.area_id) for one in found.values())


def limit_sources(effective: Effective, say: Translator) -> Iterator[tuple[str, GuardPlace]]:
    """Every limit in force, in words, with the place that it comes from."""
    for quiet, place in effective.quiet_from:
        yield quiet_sentence(quiet, say), place
    guards = effective.guards
    for alone, source in (
        (Guards(slots_a_day=guards.slots_a_day), effective.slots_a_day_from),
        (Guards(slot_minutes=guards.slot_minutes), effective.slot_minutes_from),
        (Guards(day_minutes=guards.day_minutes), effective.day_minutes_from),
        (Guards(max_volume_percent=guards.max_volume_percent), effective.max_volume_from),
    ):
        if source is not None:
            yield from ((said, source) for said in limit_sentences(alone, say))


def without_effect(own: Guards, effective: Effective, place: GuardPlace, say: Translator) -> Iterator[str]:
    """What was set at this place itself and changes nothing there, for what stands above it is as tight or tighter."""
    for said in limit_sentences(own, say):
        if said not in limit_sentences(effective.guards, say):
            yield said
    above = tuple(quiet for quiet, source in effective.quiet_from if source != place)
    for quiet in own.quiet:
        if _silence(*above) == _silence(*above, quiet):
            yield quiet_sentence(quiet, say)


def _silence(*quiet: Quiet) -> tuple[tuple[int, int], ...]:
    """When it is quiet in any two weeks."""
    return forbidden(Guards(quiet=quiet), "UTC", 0, 14 * _DAY_US)
