"""What the desk sees of an emergency on the air, speaker by speaker: only what devices said. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.airings import Playback, PlayState
from controller.domain.emergencies import Emergency
from controller.domain.speakers import NotReady, Standing


class Reach(StrEnum):
    """How far it came on one speaker. ``received`` has confirmed the order and does not sound yet."""

    NOT_REACHED = "not_reached"
    RECEIVED = "received"
    SIREN = "siren"
    SOUNDING = "sounding"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True, slots=True)
class BoardLine:
    """One speaker. ``reason`` is a code: why it failed, or why it is not reached where that is known."""

    speaker_id: SpeakerId
    speaker_name: str
    area_id: AreaId
    area_name: str
    reach: Reach
    connected: bool
    received_at_us: int | None = None
    sounding_at_us: int | None = None
    reason: str | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """``counts`` has every `Reach`; ``at_us`` is when it was looked at. What is worst stands first in ``lines``."""

    emergency: Emergency
    lines: tuple[BoardLine, ...]
    counts: Mapping[Reach, int]
    at_us: int

    @property
    def speakers(self) -> int:
        """How many are meant."""
        return len(self.lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class Readiness:
    """Before anything is sent: how many of the speakers of some areas would sound, and why others would not.

    ``missing`` are those others. ``empty`` counts ready ones that have fetched nothing yet: no siren, and no words
    before they are fetched.
    """

    ready: int
    speakers: int
    not_ready: Mapping[NotReady, int]
    missing: Sequence[Standing] = ()
    empty: int = 0


_WORST_FIRST: Final = {
    reach: place
    for place, reach in enumerate(
        (
            Reach.FAILED,
            Reach.NOT_REACHED,
            Reach.STOPPED,
            Reach.RECEIVED,
            Reach.SIREN,
            Reach.SOUNDING,
            Reach.FINISHED,
        )
    )
}


_REACHES: Final = {
    PlayState.PLANNED: Reach.NOT_REACHED,
    PlayState.PUSHED: Reach.RECEIVED,
    PlayState.STORED: Reach.RECEIVED,
    PlayState.ARMED: Reach.RECEIVED,
    PlayState.SOUNDING: Reach.SOUNDING,
    PlayState.FINISHED: Reach.FINISHED,
    PlayState.STOPPED: Reach.STOPPED,
    PlayState.SKIPPED: Reach.FAILED,
    PlayState.FAILED: Reach.FAILED,
    PlayState.PREEMPTED: Reach.FAILED,
    PlayState.REFUSED: Reach.FAILED,
}


def reach_of(playback: Playback | None, siren_sounds: bool) -> Reach:
    """How far it came, from the evidence; ``siren_sounds`` is what a device's journal said of its siren."""
    reach = Reach.NOT_REACHED if playback is None else _REACHES[playback.state]
    return Reach.SIREN if siren_sounds and reach in {Reach.NOT_REACHED, Reach.RECEIVED} else reach


def counted(lines: Iterable[BoardLine]) -> Mapping[Reach, int]:
    """How many speakers came how far."""
    counts = dict.fromkeys(Reach, 0)
    for line in lines:
        counts[line.reach] += 1
    return counts


def worst_first(lines: Sequence[BoardLine]) -> tuple[BoardLine, ...]:
    """Those that somebody should look at first, by name among the same."""
    return tuple(sorted(lines, key=lambda one: (_WORST_FIRST[one.reach], one.area_name, one.speaker_name)))
