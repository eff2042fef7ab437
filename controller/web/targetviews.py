"""What the choice of speakers and the list beside it are given, ready to be shown. See `controller.web.views`."""

from collections.abc import Sequence
from dataclasses import dataclass

from controller.web.views import SpeakerRow, TargetArea, TargetSpeaker


@dataclass(frozen=True, kw_only=True)
class FoldedArea:
    """An area with everything below it: ``count`` speakers, of which ``ready`` are ready. ``inside`` is None while it
    is closed.
    """

    id: str
    name: str
    count: int
    ready: int
    checked: bool
    inside: "Inside | None" = None


@dataclass(frozen=True, kw_only=True)
class Inside:
    """What lies directly in an area, or in none (``area_id`` empty): so much of it as is shown.

    ``shown`` is where the list goes on; ``rest`` counts the speakers of what is not shown yet.
    """

    area_id: str
    areas: Sequence[FoldedArea]
    speakers: Sequence[TargetSpeaker]
    shown: int
    rest: int = 0
    rest_ready: int = 0
    rest_checked: bool = False


@dataclass(frozen=True, kw_only=True)
class Where:
    """All that can be chosen: ``areas`` with all their speakers, or, where there are many, ``top`` with areas alone."""

    areas: Sequence[TargetArea] = ()
    top: Inside | None = None

    @property
    def total(self) -> int:
        """How many speakers that is."""
        if self.top is None:
            return sum(len(area.speakers) for area in self.areas)
        return sum(area.count for area in self.top.areas) + len(self.top.speakers) + self.top.rest


@dataclass(frozen=True, kw_only=True)
class SpeakersBeside:
    """The speakers beside the form: of ``total``, of which ``ready`` are ready, so many as are shown."""

    rows: Sequence[SpeakerRow]
    total: int
    ready: int
