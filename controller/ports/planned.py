"""The store's part for airings that follow from schedules."""

from collections.abc import Collection, Sequence
from typing import Protocol

from agents.protocol.ids import AiringId, SpeakerId
from agents.protocol.values import AiringClass
from controller.domain.airings import Airing, AiringState
from controller.domain.planning import Due, Used


class PlannedAirings(Protocol):
    async def add(self, airings: Sequence[Airing]) -> None:
        """New ones, each with a planned playback for each of its speakers."""
        ...

    async def join(self, airing_id: AiringId, speaker_ids: Sequence[SpeakerId]) -> None:
        """Speakers that were never in this airing are to play it too."""
        ...

    async def leave(self, airing_id: AiringId, speaker_ids: Sequence[SpeakerId]) -> None:
        """These are not to play it any more; what they report all the same is kept."""
        ...

    async def withdraw(self, airing_ids: Sequence[AiringId]) -> None:
        """Nobody is to play them any more."""
        ...

    async def states(self, airing_ids: Sequence[AiringId]) -> dict[AiringId, AiringState]:
        """Of those that exist."""
        ...

    async def stopped(self, since_us: int) -> dict[Due, frozenset[SpeakerId]]:
        """On which speakers a person stopped what of the occurrences that were to begin at ``since_us`` or later."""
        ...

    async def direct(self, since_us: int) -> tuple[Airing, ...]:
        """Those without a schedule that begin at ``since_us`` or later, by time: all that sounded, sound or still
        will. What was sent at once is among them from the moment that its instant is fixed, unless it is an
        emergency. What a person stopped is as long as it sounded.
        """
        ...

    async def used(
        self,
        speaker_ids: Sequence[SpeakerId],
        from_us: int,
        until_us: int,
        giving_way: Collection[AiringClass] = (),
        now_us: int = 0,
    ) -> dict[SpeakerId, Used]:
        """What these speakers played of what began in a window, and are still to play; emergencies are not counted, and
        of the classes ``giving_way`` not what begins after ``now_us``. Those with nothing may be left out.
        """
        ...

    async def due(self, from_us: int, until_us: int) -> tuple[Airing, ...]:
        """Those whose occurrence was to begin at ``from_us`` or later and before ``until_us``, in whatever state they
        are, by time.
        """
        ...
