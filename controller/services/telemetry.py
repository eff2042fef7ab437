"""How the boxes are and were: the last that each told, and a reading now and then that is kept for a month."""

from agents.protocol.ids import DeviceId, SpeakerId
from agents.protocol.messages import Heartbeat
from agents.protocol.telemetry import Telemetry
from controller.domain.telemetry import Reading
from controller.services.office import Office

MAX_POINTS = 500
"""So many readings at most are in a series: a plot shows no more."""


class TelemetryDesk:
    """A health observer of `Ingest`."""

    def __init__(self, office: Office) -> None:
        self._store = office.store
        self._clock = office.clock

    async def run(self) -> None:
        """Until cancelled."""

    def latest(self, speaker_id: SpeakerId) -> Telemetry | None:
        """The last that it told on the link that it has or had last; None where it never told any."""
        return None

    async def series(self, speaker_id: SpeakerId, from_us: int, until_us: int) -> tuple[Reading, ...]:
        """The earliest first; at most `MAX_POINTS`, each then the mean of some. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            return await tx.telemetry.of(speaker_id, from_us, until_us)

    async def month_bytes(self, speaker_id: SpeakerId) -> int:
        """What its network carried since the month began, both ways, as far as it told. Raises `StoreFailed`."""
        return 0

    def beat(self, speaker_id: SpeakerId, device_id: DeviceId, heartbeat: Heartbeat, at_us: int) -> None:
        """See `HealthObserver`."""

    def arrived(self, speaker_id: SpeakerId, at_us: int) -> None:
        """See `HealthObserver`."""

    def left(self, speaker_id: SpeakerId, at_us: int) -> None:
        """See `HealthObserver`."""
