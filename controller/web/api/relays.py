"""Relays: how those that are heard now are, and those that are about to be."""

from typing import Annotated

from msgspec import Meta

from agents.protocol.ids import AiringId
from controller.domain.relaying import Rung
from controller.domain.rights import Right
from controller.web import subjects
from controller.web.api.values import Told
from controller.web.asking import Ask


class RelayTold(Told):
    """Part ``number`` of the airing's sequence, heard from ``from_us`` until ``until_us``. ``rung`` is what is heard
    since ``since_us``: the first source, the second one, the recording, or silence. ``connected`` and ``quiet_s`` are
    those of the source in use, or of the first one where none is; ``problem_code`` says what is wrong with it, "" where
    nothing is. ``listeners`` is how many speakers sound it.
    """

    airing_id: AiringId
    number: int
    name: str
    from_us: int
    until_us: int
    rung: Rung
    since_us: int
    connected: bool
    quiet_s: Annotated[float, Meta(description="How long it has been silent.")]
    problem_code: str
    listeners: int


class RelaysTold(Told):
    """The earliest first."""

    relays: list[RelayTold]


async def list_relays(ask: Ask) -> RelaysTold:
    """The relays that are heard now, or whose sources are being connected to."""
    found = []
    for state in ask.parts.relays.states():
        entry = ask.parts.relays.airing(state.airing_id)
        if entry is None or not ask.may_all(Right.SEE, await subjects.areas_of_speakers(ask, entry.speaker_ids)):
            continue
        found.append(
            RelayTold(
                airing_id=state.airing_id,
                number=state.number,
                name=state.name,
                from_us=state.from_us,
                until_us=state.until_us,
                rung=state.rung,
                since_us=state.since_us,
                connected=state.connected,
                quiet_s=round(state.quiet_s, 1),
                problem_code=state.problem_code,
                listeners=state.listeners,
            )
        )
    return RelaysTold(relays=found)
