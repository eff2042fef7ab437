"""What is kept of places and of the speakers that stand in them."""

from collections.abc import Sequence
from typing import Protocol

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from controller.domain.speakers import Move, Speaker, SpeakerHealth
from schedules.areas import Area


class Areas(Protocol):
    """The country's list and what the station added. Whoever changes them tells `services.areas.AreaBook`."""

    async def all(self) -> tuple[Area, ...]:
        """Some thousands: for the start and after a change, not for every page."""
        ...

    async def add(self, area: Area) -> None: ...
    async def put(self, area: Area) -> None:
        """An area that exists already, changed."""
        ...

    async def standing(self) -> frozenset[AreaId]:
        """Where a speaker stands that is not released."""
        ...

    async def path(self, area_id: AreaId) -> tuple[AreaId, ...]:
        """From the widest area down to this one. Raises `NotFound`."""
        ...


class Speakers(Protocol):
    async def all(self) -> tuple[Speaker, ...]:
        """Every speaker that is adopted or being released, by name."""
        ...

    async def get(self, speaker_id: SpeakerId) -> Speaker:
        """In whatever state it is. Raises `NotFound`."""
        ...

    async def by_device(self, device_id: DeviceId) -> Speaker | None:
        """The speaker this device hangs on, unless it was released."""
        ...

    async def by_devices(self, device_ids: Sequence[DeviceId]) -> dict[DeviceId, Speaker]:
        """The same for many; a device without a speaker is left out."""
        ...

    async def put(self, speaker: Speaker) -> None: ...
    async def several(self, speaker_ids: Sequence[SpeakerId]) -> dict[SpeakerId, Speaker]:
        """Those that exist, in whatever state they are."""
        ...

    async def put_move(self, speaker_id: SpeakerId, move: Move) -> None:
        """Where it stood before; the first of several moves on one day is kept."""
        ...

    async def moves(self, speaker_ids: Sequence[SpeakerId]) -> dict[SpeakerId, tuple[Move, ...]]:
        """The earliest first; those that never moved may be left out."""
        ...

    async def health(self) -> dict[SpeakerId, SpeakerHealth]: ...
    async def healths(self, speaker_ids: Sequence[SpeakerId]) -> dict[SpeakerId, SpeakerHealth]:
        """Of those that were heard of."""
        ...

    async def makes(self) -> frozenset[tuple[str, str]]:
        """Every model with every version that was heard of."""
        ...

    async def health_of(self, speaker_id: SpeakerId) -> SpeakerHealth | None: ...
    async def put_health(self, healths: Sequence[SpeakerHealth]) -> None: ...
