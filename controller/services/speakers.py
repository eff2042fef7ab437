"""What can be asked of and changed on adopted speakers."""

from agents.protocol.ids import SpeakerId
from controller.domain.speakers import Speaker, SpeakerOverview


class SpeakerDesk:
    """Volume, name, and how each speaker is."""

    async def overview(self) -> tuple[SpeakerOverview, ...]:
        """Every speaker, by name, as it is now."""
        raise NotImplementedError

    async def one(self, speaker_id: SpeakerId) -> SpeakerOverview:
        """Raises `NotFound`."""
        raise NotImplementedError

    async def set_volume(self, speaker_id: SpeakerId, percent: int, by: str) -> Speaker:
        """A new assignment, pushed at once or at the next connect. Raises `NotFound`, `Invalid`
        (``volume_out_of_range``, ``volume_above_limit``).
        """
        raise NotImplementedError

    async def rename(self, speaker_id: SpeakerId, name: str, by: str) -> Speaker:
        """Raises `NotFound`, `Invalid` (``name_empty``, ``name_too_long``, ``name_taken``)."""
        raise NotImplementedError
