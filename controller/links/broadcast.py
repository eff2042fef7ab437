"""One document to many devices.

Rules of the module: no task, no lock and no timer for each device. They are sent to some at a time, so that the first
answers are taken, and clocks, pages and stops served, while the rest is still being written; and all are waited for
together, until one instant.
"""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from agents.protocol.ids import DeviceId
from agents.protocol.messages import DocumentReply
from controller.links.device_link import DeviceLink, Prepared
from controller.links.roll import Roll
from controller.ports import Heard

_AT_A_TIME: Final = 200


class Broadcast:
    """One round. ``heard`` is called once for each device: with its answer, or with None."""

    def __init__(self, prepared: Prepared, roll: Roll, heard: Heard, limit_s: float) -> None:
        self._prepared = prepared
        self._roll = roll
        self._heard = heard
        self._limit_s = limit_s
        self._waiting: dict[DeviceId, DeviceLink] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, device_ids: Iterable[DeviceId]) -> None:
        """Starts sending; the limit counts from when the last was sent."""
        self._send(iter(tuple(device_ids)))

    def _send(self, device_ids: Iterator[DeviceId]) -> None:
        loop = asyncio.get_running_loop()
        some = tuple(islice(device_ids, _AT_A_TIME))
        for device_id in some:
            link = self._roll.get(device_id)
            if link is None:
                self._heard(device_id, None)
            else:
                self._waiting[device_id] = link
                link.ask(self._prepared, self._answered)
        if len(some) == _AT_A_TIME:
            loop.call_soon(self._send, device_ids)
            return
        if self._waiting:
            self._timer = loop.call_later(self._limit_s, self._give_up)

    def _answered(self, device_id: DeviceId, reply: DocumentReply | None) -> None:
        if self._waiting.pop(device_id, None) is None:
            return
        self._heard(device_id, reply)
        if not self._waiting and self._timer is not None:
            self._timer.cancel()

    def _give_up(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for device_id, link in waiting.items():
            link.give_up(self._prepared.document_id, self._answered)
            self._heard(device_id, None)
