"""The frame that every page stands in."""

from collections.abc import Sequence

from agents.protocol.ids import AreaId
from controller.domain.airings import AiringState
from controller.domain.rights import EVERYWHERE, Right
from controller.web.abovepresent import above_of
from controller.web.asking import Ask, NotAllowed
from controller.web.emergency.alarms import alarms_of, area_stops, called
from controller.web.emergency.alarmviews import OnAir, StopAll
from controller.web.moments import moment
from controller.web.secured import trust_to
from controller.web.views import Flash, Frame
from controller.web.watched import seen_faults


def bare_frame(ask: Ask, *, flashes: Sequence[Flash] = ()) -> Frame:
    """Without anything that must be looked up: for the sign-in page, and where looking up may be what fails."""
    return Frame(
        language=ask.say.language,
        theme=ask.theme,
        path=ask.request.path,
        csrf_token=ask.csrf_token,
        now=moment(ask.parts.clock.now_us()),
        station_name=ask.parts.station_name,
        flashes=flashes,
    )


async def full_frame(ask: Ask, *, path: str | None = None, flashes: Sequence[Flash] = ()) -> Frame:
    """With the light, the stop banner and the person's name. ``path`` is where the page lives, to come back to."""
    if ask.person is None:
        return bare_frame(ask, flashes=flashes)
    return Frame(
        language=ask.say.language,
        theme=ask.theme,
        path=path or ask.request.path,
        csrf_token=ask.csrf_token,
        now=moment(ask.parts.clock.now_us()),
        station_name=ask.parts.station_name,
        mark=ask.mark,
        person_name=ask.person.name,
        stop_all=await stop_all(ask),
        on_air=await on_air(ask),
        above=await above_of(ask),
        alarms=alarms_of(ask),
        area_stops=await area_stops(ask),
        open_faults=len(seen_faults(ask)),
        flashes=flashes,
        rights=rights_of(ask),
        may_stop_all=await may_stop_all(ask),
        settled=not ask.person.password_given,
        trust_to=trust_to(ask),
    )


async def stop_all(ask: Ask) -> StopAll | None:
    """The stop that is latched, if any."""
    active = await ask.parts.dispatch.active_stop()
    if active is None:
        return None
    return StopAll(since=moment(active.since_us), by=(await called(ask, [active.by]))[active.by])


def rights_of(ask: Ask) -> frozenset[Right]:
    """What whoever asks may in one area at least."""
    return frozenset(right for right in Right if ask.may(right))


async def may_stop_all(ask: Ask) -> bool:
    """Whether whoever asks may stop airings wherever a speaker stands."""
    return await wherever_heard(ask, Right.STOP)


async def wherever_heard(ask: Ask, right: Right) -> bool:
    """Whether ``right`` holds wherever a speaker stands: for what is heard from all of them. Also for `Route.over`."""
    if not ask.may(right) or ask.may(right, EVERYWHERE):
        return ask.may(right)
    return ask.may_all(right, await standing(ask))


async def require_stop_all(ask: Ask) -> None:
    """Raises `NotAllowed`."""
    if not await may_stop_all(ask):
        raise NotAllowed(Right.STOP)


async def standing(ask: Ask) -> frozenset[AreaId]:
    """Every area where a speaker stands."""
    async with ask.parts.store.reading() as tx:
        return await tx.areas.standing()


async def on_air(ask: Ask) -> OnAir | None:
    """What sounds now on speakers that whoever asks may see."""
    sounding = [a for a in ask.parts.dispatch.open_airings() if a.state is AiringState.ON_AIR]
    if sounding and not ask.may(Right.SEE, EVERYWHERE):
        async with ask.parts.store.reading() as tx:
            known = await tx.speakers.several([speaker_id for one in sounding for speaker_id in one.speaker_ids])
        mine = {speaker_id for speaker_id, speaker in known.items() if ask.may(Right.SEE, speaker.area_id)}
        sounding = [one for one in sounding if not mine.isdisjoint(one.speaker_ids)]
    if not sounding:
        return None
    return OnAir(airing_id=sounding[0].airing_id, title=sounding[0].title, others=len(sounding) - 1)
