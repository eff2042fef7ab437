"""Alerts in the database: changed one after another, each change told."""

from collections.abc import Callable, Sequence

from controller.domain.cap_alerts import CapAlert, CapAlertId, Sending
from controller.services.events import CapChanged
from controller.services.office import Office


class CapBook:
    """Every method raises `StoreFailed` too."""

    def __init__(self, office: Office) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events

    async def get(self, alert_id: CapAlertId) -> CapAlert:
        """Raises `NotFound`."""
        async with self._store.reading() as tx:
            return await tx.cap_alerts.get(alert_id)

    async def busy(self) -> tuple[CapAlert, ...]:
        """Those that somebody has to look at again."""
        async with self._store.reading() as tx:
            return await tx.cap_alerts.busy()

    async def change(self, alert_id: CapAlertId, make: Callable[[CapAlert], CapAlert]) -> CapAlert:
        """What ``make`` makes of it is kept. Raises `NotFound`, and what ``make`` raises."""
        async with self._store.transaction() as tx:
            before = await tx.cap_alerts.get(alert_id)
            after = make(before)
            if after != before:
                await tx.cap_alerts.put(after)
        if after != before:
            self.tell([alert_id])
        return after

    async def note(self, alert_id: CapAlertId, sending: Sending) -> CapAlert:
        """The sending as it is now."""
        return await self.change(alert_id, lambda alert: alert.with_sending(sending))

    def tell(self, alert_ids: Sequence[CapAlertId]) -> None:
        """That these have changed."""
        for alert_id in alert_ids:
            self._events.publish(CapChanged(alert_id))
