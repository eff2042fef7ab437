"""What an airing's page says of what is live in it: the relay as it is heard, and what went out, to be heard again."""

from collections.abc import Sequence
from typing import Final

from agents.protocol.ids import AiringId
from agents.protocol.version import FRAMES_PER_SECOND
from controller.domain.live import LiveArchive
from controller.domain.relaying import Rung
from controller.web.asking import Ask
from controller.web.i18n import N_
from controller.web.live.views import ArchiveShown, RelayShown
from controller.web.moments import moment
from controller.web.sentences import sentence

RUNGS: Final = {
    Rung.FIRST: ("live", "radio-tower", N_("The first source is heard.")),
    Rung.SECOND: ("warn", "radio-tower", N_("The second source is heard, since the first one fails.")),
    Rung.RECORDED: ("warn", "file-audio", N_("The recording is heard, since no source can be had.")),
    Rung.SILENCE: ("bad", "volume-x", N_("It is silent: no source can be had.")),
}
TRYING: Final = ("info", "loader-circle", N_("Its source is being connected."))


def relay(ask: Ask, airing_id: AiringId) -> RelayShown | None:
    """How the relay of an airing is, where one is heard now or about to be."""
    state = ask.parts.relays.state(airing_id)
    if state is None:
        return None
    begun = state.from_us <= ask.parts.clock.now_us()
    tone, icon, said = RUNGS[state.rung] if begun or state.rung is not Rung.SILENCE else TRYING
    stream = ask.parts.live_desk.stream(airing_id)
    return RelayShown(
        name=state.name,
        tone=tone,
        icon=icon,
        sentence=ask.say.gettext(said),
        since=moment(state.since_us or state.from_us),
        listeners=state.listeners,
        of=stream.of if stream is not None else state.listeners,
        problem=sentence(state.problem_code, ask.say) if state.problem_code else "",
    )


async def archives(ask: Ask, airing_id: AiringId) -> Sequence[ArchiveShown]:
    """What of an airing went out live. Raises `StoreFailed`."""
    return [_archive(one) for one in await ask.parts.live_desk.archives(airing_id)]


def _archive(one: LiveArchive) -> ArchiveShown:
    return ArchiveShown(
        audio_url=f"/clips/{one.sha256}",
        sha256=one.sha256,
        started_at=moment(one.started_at_us),
        duration_s=one.frames / FRAMES_PER_SECOND,
    )
