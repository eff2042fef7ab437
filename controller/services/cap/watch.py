"""What happens to alerts by itself: what was decided is carried out, what was cancelled ends, what is over expires.

It looks when an alert or an emergency changed, and at the instants when one expires. What fails because of the database
is tried again; after a restart it goes on from what is stored.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from typing import Final

from controller.domain.cap_alerts import AlertState, CapAlert, Sending, SendingState
from controller.domain.errors import LoaError, StoreFailed
from controller.services.bell import Bell
from controller.services.cap.book import CapBook
from controller.services.cap.sending import CapSendings
from controller.services.events import CapChanged, EmergencyChanged, Event, Lagged
from controller.services.office import Office
from controller.services.waiting import first_of

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_AGAIN_US: Final = 60 * _SECOND_US
_IDLE_US: Final = 3_600 * _SECOND_US
_ENDING: Final = frozenset({AlertState.CANCELLED, AlertState.SUPERSEDED})


class CapWatch:
    """One task, with one for each sending that is being carried out."""

    def __init__(self, office: Office, book: CapBook, sendings: CapSendings) -> None:
        self._clock = office.clock
        self._events = office.events
        self._book = book
        self._sendings = sendings
        self._bell = Bell()
        self._at_work: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Something was decided."""
        self._bell.wake()

    async def run(self) -> None:
        """Until cancelled."""
        async with self._events.subscribe() as events, asyncio.TaskGroup() as group:
            group.create_task(self._listen(events))
            while True:
                next_us = await self._looked(group)
                await first_of(self._bell.wait(), self._clock.sleep_until(next_us))

    async def _listen(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            match event:
                case CapChanged() | EmergencyChanged() | Lagged():
                    self._bell.wake()
                case _:
                    pass

    async def _looked(self, group: asyncio.TaskGroup) -> int:
        """Does what is to be done; returns when to look again at the latest."""
        now_us = self._clock.now_us()
        try:
            alerts = await self._book.busy()
            if alerts:
                await self._follow(alerts)
                alerts = await self._book.busy()
            by_id = {one.alert_id: one for one in alerts}
            failed = False
            for alert in alerts:
                after = None if alert.followed_by is None else by_id.get(alert.followed_by)
                failed = not await self._tried(alert, group, now_us, after) or failed
        except StoreFailed:
            _log.exception("alerts wait for the database")
            return now_us + _SECOND_US
        except Exception:
            # What becomes of one alert must not end the desk, and with it every stop.
            _log.exception("alerts could not be looked at")
            return now_us + _AGAIN_US
        ends = [one.expires_at_us for one in alerts if one.expires_at_us is not None and one.open]
        ends.extend([now_us + _AGAIN_US] if failed else ())
        return min((one for one in ends if one > now_us), default=now_us + _IDLE_US)

    async def _follow(self, alerts: tuple[CapAlert, ...]) -> None:
        """What became of their emergencies."""
        open_now = {str(one.emergency_id): one for one in self._sendings.open_emergencies()}
        for alert in alerts:
            for sending in alert.sendings:
                failed = sending.state is SendingState.FAILED
                if (
                    not sending.emergency_id
                    or self._busy(sending.sending_id)
                    or (sending not in alert.on_air and not failed)
                ):
                    continue
                found = open_now.get(sending.emergency_id) or await self._sendings.emergency(sending.emergency_id)
                if found is not None:
                    await self._sendings.follow(alert.alert_id, found)

    async def _tried(self, alert: CapAlert, group: asyncio.TaskGroup, now_us: int, after: CapAlert | None) -> bool:
        """No other waits for one that cannot be looked at: false for that. Raises `StoreFailed`."""
        try:
            await self._look(alert, group, now_us, after)
        except StoreFailed:
            raise
        except Exception:
            _log.exception("an alert could not be looked at", extra={"alert_id": alert.alert_id})
            return False
        return True

    async def _look(self, alert: CapAlert, group: asyncio.TaskGroup, now_us: int, after: CapAlert | None) -> None:
        if alert.done or (alert.open and alert.expires_at_us is not None and alert.expires_at_us <= now_us):
            await self._book.change(alert.alert_id, lambda one: _expired(one, now_us))
        for sending in alert.on_air:
            if alert.state in _ENDING and not _awaits(sending, after):
                # What is being made sees by itself that nobody wants it any more.
                self._begin(group, sending.sending_id, self._sendings.end(alert, sending), "end")
            elif alert.state not in _ENDING and sending.state is SendingState.MAKING:
                self._begin(group, sending.sending_id, self._sendings.carry(alert.alert_id, sending.sending_id), "send")

    def _busy(self, sending_id: str) -> bool:
        return any(f"{what} {sending_id}" in self._at_work for what in ("send", "end"))

    def _begin(
        self, group: asyncio.TaskGroup, sending_id: str, work: Coroutine[object, object, None], what: str
    ) -> None:
        name = f"{what} {sending_id}"
        if name in self._at_work:
            work.close()
            return
        task = self._at_work[name] = group.create_task(self._guarded(work, name), name=f"alert: {name}")
        task.add_done_callback(lambda _: self._done(name, work))

    def _done(self, name: str, work: Coroutine[object, object, None]) -> None:
        work.close()
        self._at_work.pop(name, None)
        self._bell.wake()

    async def _guarded(self, work: Coroutine[object, object, None], name: str) -> None:
        try:
            await work
        except LoaError as error:
            _log.warning("alert: %s: %s", name, error, extra={"code": error.code})
            await self._clock.sleep_until(self._clock.now_us() + _SECOND_US)
        except Exception:
            _log.exception("alert: %s failed", name)
            await self._clock.sleep_until(self._clock.now_us() + 60 * _SECOND_US)


def _awaits(sending: Sending, after: CapAlert | None) -> bool:
    """What is replaced is heard until what replaces it is, also where that failed: a person looks at it."""
    if after is None or after.state is AlertState.APPLIED:
        return False
    unheard = {SendingState.MAKING, SendingState.PREPARED}
    mine = [one for one in after.sendings if one.corrects and one.corrects == sending.emergency_id]
    return any(one.state in unheard for one in after.sendings) or any(
        one.state in {SendingState.FAILED, SendingState.SENT} for one in mine
    )


def _expired(alert: CapAlert, now_us: int) -> CapAlert:
    """Its time is over: where nobody decided it never sounded, where somebody did it is over once it is not heard."""
    if not alert.open or (alert.on_air and alert.state is AlertState.DECIDED):
        return alert
    state = AlertState.EXPIRED if not alert.sendings else AlertState.DECIDED if alert.on_air else AlertState.OVER
    return replace(alert, state=state, changed_at_us=now_us)
