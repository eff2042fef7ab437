"""The frame that every page stands in."""

from collections.abc import Sequence

from controller.domain.airings import AiringState
from controller.web.asking import Ask
from controller.web.moments import moment
from controller.web.views import Flash, Frame, OnAir, StopAll


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
        on_air=on_air(ask),
        flashes=flashes,
    )


async def stop_all(ask: Ask) -> StopAll | None:
    """The stop that is latched, if any."""
    active = await ask.parts.dispatch.active_stop()
    return StopAll(since=moment(active.since_us), by=active.by) if active else None


def on_air(ask: Ask) -> OnAir | None:
    """What sounds now."""
    sounding = [a for a in ask.parts.dispatch.open_airings() if a.state is AiringState.ON_AIR]
    if not sounding:
        return None
    return OnAir(airing_id=sounding[0].airing_id, title=sounding[0].title, others=len(sounding) - 1)
