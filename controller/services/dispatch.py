"""From a ready bulletin to horns that sound."""

from collections.abc import Sequence

from agents.protocol.ids import AiringId, BulletinId, DocumentId, SpeakerId
from controller.domain.airings import Airing
from controller.domain.stops import Acknowledgement, ActiveStop


class Dispatch:
    """Sends, schedules and stops airings. See the module for how "now" works."""

    async def send_now(self, bulletin_id: BulletinId, speaker_ids: Sequence[SpeakerId], by: str) -> Airing:
        """An airing in state waiting; it starts when the connected speakers are armed.

        Raises `Invalid` (``no_speakers``), `NotFound` (bulletin; ``speaker_unknown``), `Refused`
        (``bulletin_not_ready``, ``stop_all_latched``).
        """
        raise NotImplementedError

    async def schedule(
        self, bulletin_id: BulletinId, speaker_ids: Sequence[SpeakerId], start_at_us: int, by: str
    ) -> Airing:
        """An airing in state planned, in the rundown of each speaker.

        Raises what `send_now` raises but ``stop_all_latched``, and `Invalid` (``start_in_past``,
        ``too_far_ahead``), `Refused` (``clock_not_synchronised``).
        """
        raise NotImplementedError

    async def stop(self, airing_id: AiringId, by: str) -> Airing:
        """Ends one airing on all its speakers. Raises `NotFound`, `Refused` (``already_ended``)."""
        raise NotImplementedError

    async def stop_all(self, by: str) -> DocumentId:
        """Silence everywhere, latched. Pushed before anything else is done; works on a full disk."""
        raise NotImplementedError

    async def release_stop(self, by: str) -> None:
        """Speakers may sound again. Does nothing where nothing is stopped."""
        raise NotImplementedError

    async def active_stop(self) -> ActiveStop | None:
        """The stop of everything that holds now."""
        raise NotImplementedError

    async def acknowledgements(self, order_id: DocumentId) -> tuple[Acknowledgement, ...]:
        """Each adopted speaker's word on an order, by name of the speaker."""
        raise NotImplementedError
