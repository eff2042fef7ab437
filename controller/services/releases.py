"""The end of an adoption: what is forgotten here when a device has forgotten us."""

from dataclasses import replace

from agents.protocol.documents import ReleaseDevice
from agents.protocol.ids import DeviceId
from controller.domain.speakers import SpeakerState
from controller.ports import Transaction


async def forget(tx: Transaction, device_id: DeviceId, now_us: int) -> bool:
    """The device has confirmed its release, or is given up. False where it was not being released."""
    speaker = await tx.speakers.by_device(device_id)
    if speaker is None or speaker.state not in {SpeakerState.RELEASING, SpeakerState.REPLACED}:
        return False
    await keep(tx, device_id, now_us)
    await tx.speakers.put(replace(speaker, state=SpeakerState.RELEASED))
    await tx.documents.forget_device(device_id)
    return True


async def keep(tx: Transaction, device_id: DeviceId, now_us: int) -> None:
    """No release that was on its way to this device holds any more: it is adopted anew, or has confirmed it."""
    orders = [
        order.header.document_id
        for order, _ in await tx.documents.open_orders(now_us)
        if isinstance(order.action, ReleaseDevice) and device_id in order.to.devices
    ]
    await tx.documents.close_orders(orders)
