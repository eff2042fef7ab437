"""Guards as the desk keeps them: what stands at an area, at a speaker, or at the whole station."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.rights import EVERYWHERE
from schedules.guards import NO_GUARDS, Guards


class PlaceKind(StrEnum):
    AREA = "area"
    SPEAKER = "speaker"


@dataclass(frozen=True, order=True, slots=True)
class GuardPlace:
    """An area (`EVERYWHERE` for the whole station) or a speaker."""

    kind: PlaceKind
    place_id: str

    @staticmethod
    def area(area_id: AreaId) -> "GuardPlace":
        return GuardPlace(PlaceKind.AREA, area_id)

    @staticmethod
    def speaker(speaker_id: SpeakerId) -> "GuardPlace":
        return GuardPlace(PlaceKind.SPEAKER, speaker_id)


STATION: Final = GuardPlace(PlaceKind.AREA, EVERYWHERE)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceGuards:
    """What was set at one place. ``self_approval`` says whether persons may approve their own there (areas alone);
    None leaves it to what is wider, in the end to the rule of the house. ``revision`` 0 was never set.
    """

    place: GuardPlace
    guards: Guards = NO_GUARDS
    self_approval: bool | None = None
    revision: int = 0
    changed_by: str = ""
    changed_at_us: int = 0


class FirstGuards(StrEnum):
    """What a new station begins with, on all of its areas."""

    RURAL = "rural"
    URBAN = "urban"
    NONE = "none"
