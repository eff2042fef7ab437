"""Signed documents on their way to devices."""

from agents.protocol.ids import DeviceId


class Delivery:
    """Sees to it that every device gets what is meant for it, also when it was away."""

    async def deliver(self, device_id: DeviceId) -> None:
        """To be called once a device's link can be pushed to (it is in ``Links.connected()``).

        Sends what it lacks, in order: a release, its assignment, its rundown, open orders and stops. Returns when all
        is delivered or the device is gone; never raises `Unreachable`.
        """
        raise NotImplementedError
