"""What the pages read: airings with their evidence, speakers with their journal."""

from dataclasses import dataclass

from agents.protocol.documents import Rundown
from agents.protocol.ids import AiringId, SpeakerId
from agents.protocol.values import JournalRecord
from controller.domain.airings import Airing, Playback
from controller.domain.bulletins import Bulletin
from controller.domain.deeds import Deed
from controller.domain.journals import Refusals
from controller.domain.speakers import Speaker


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaybackReport:
    """One speaker of an airing, with what its device wrote about it."""

    speaker: Speaker
    area_name: str
    playback: Playback
    records: tuple[JournalRecord, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AiringReport:
    """One airing with everything known of it; speakers in the order of their names.

    ``spread_us`` is the largest difference between the start errors of speakers that began on time, None below two.
    """

    airing: Airing
    bulletin: Bulletin
    playbacks: tuple[PlaybackReport, ...]
    spread_us: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AiringSummary:
    """An airing in a list."""

    airing: Airing
    finished: int
    targets: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SpeakerReport:
    """What one speaker has done and will do."""

    rundown: Rundown | None
    open_airings: tuple[tuple[Airing, Playback], ...]
    records: tuple[JournalRecord, ...]
    refusals: tuple[Refusals, ...]


class Reports:
    """Reads, and changes nothing."""

    async def airing(self, airing_id: AiringId) -> AiringReport:
        """Raises `NotFound`."""
        raise NotImplementedError

    async def latest_airings(self, limit: int) -> tuple[AiringSummary, ...]:
        """The newest first."""
        raise NotImplementedError

    async def speaker(self, speaker_id: SpeakerId, limit: int) -> SpeakerReport:
        """With at most ``limit`` journal records, the newest first. Raises `NotFound`."""
        raise NotImplementedError

    async def deeds(self, limit: int) -> tuple[Deed, ...]:
        """Who did what, the newest first."""
        raise NotImplementedError
