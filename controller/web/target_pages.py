"""The parts of the choice of speakers that fetch themselves; see `controller.web.targets`. Reads only."""

from collections.abc import Callable, Collection, Sequence
from typing import Final

from aiohttp import web

from agents.protocol.ids import SpeakerId
from controller.domain.handing_in import HandInId
from controller.web import above, targets
from controller.web.asking import Ask
from controller.web.pages import page
from controller.web.targets import Choice

MOST_OPEN: Final = 50


async def targets_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/targets: what the person has chosen so far comes with the question."""
    return page(ask, "_targets.html", where=await targets.where(ask, Choice.of(_asked(ask))))


async def inside_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/targets/inside?area=..&shown=..: what lies in an area that is opened, or the next of it. All of it is
    chosen where the box that it comes from is (``areas`` or ``rest``). With ``hand_in``, only what that one is for.
    """
    asked, area_id = _asked(ask), ask.request.query.get("area", "")
    shown = ask.request.query.get("shown", "0")
    first = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 7 else 0
    checked = area_id in asked("areas") or area_id in asked("rest")
    there = await targets.mine(ask, await _among(ask))
    return page(ask, "_targets_inside.html", inside=targets.inside(ask, there, area_id, first, checked=checked))


async def counts_part(ask: Ask) -> web.StreamResponse:
    """GET /parts/targets/counts?open=..: how many are ready in each area that a folded form lists."""
    there = await targets.mine(ask, await _among(ask))
    return page(ask, "_targets_counts.html", areas=targets.counts(ask, there, _asked(ask)("open")[:MOST_OPEN]))


def _asked(ask: Ask) -> Callable[[str], Sequence[str]]:
    return lambda name: ask.request.query.getall(name, [])


async def _among(ask: Ask) -> Collection[SpeakerId] | None:
    """Raises `NotFound`, also where whoever asks may not know of what was handed in."""
    named = ask.request.query.get("hand_in")
    if not named:
        return None
    found = await above.seen(ask, HandInId(named))
    return {one.speaker_id for one in await above.targets(ask, found.hand_in)}
