"""What devices report: links that come and go, heartbeats, journals."""

from agents.protocol.ids import DeviceId
from agents.protocol.messages import DeviceHello, Heartbeat, JournalBatch
from controller.domain.speakers import Speaker


class Ingest:
    """Takes in what devices say. The link calls it; one call at a time for one device."""

    async def connected(self, device_id: DeviceId, hello: DeviceHello, address: str) -> Speaker:
        """After the device's hello, before it is welcomed; then `Delivery.deliver`. Raises `NotFound` where it is no
        speaker of ours.
        """
        raise NotImplementedError

    async def disconnected(self, device_id: DeviceId) -> None:
        """Its link has ended."""
        raise NotImplementedError

    async def journal(self, device_id: DeviceId, batch: JournalBatch) -> int:
        """Commits the records, each once, with the evidence they are; returns the sequence number to acknowledge.

        Raises `StoreFailed`: then nothing may be acknowledged, and the device sends it again.
        """
        raise NotImplementedError

    async def heartbeat(self, device_id: DeviceId, heartbeat: Heartbeat) -> None:
        """How the device is."""
        raise NotImplementedError
