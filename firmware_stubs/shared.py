"""What all devices of the process stand on."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from agents.protocol.pairing import EnrolmentToken
from firmware_stubs.fetching import Fetcher
from firmware_stubs.link import Link, Way
from firmware_stubs.live import Bundles
from firmware_stubs.reading import Reader
from firmware_stubs.tally import Tally
from firmware_stubs.timers import Timers


@dataclass(slots=True)
class Shared:
    """One event loop, one set of timers, one reader of what the controller says. ``changed`` is called when a device
    has something new that is worth keeping in the file; ``noticed`` when one more was welcomed or is in time.
    """

    loop: asyncio.AbstractEventLoop
    way: Way
    timers: Timers
    reader: Reader
    tally: Tally
    fetcher: Fetcher
    bundles: Bundles
    token: EnrolmentToken | None = None
    tls: ssl.SSLContext | None = None
    own_addresses: bool = False
    changed: Callable[[], None] = lambda: None
    noticed: Callable[[], None] = lambda: None
    dialling: set["asyncio.Task[None]"] = field(default_factory=set)

    def dial(self, make: Callable[[], Link], number: int, failed: Callable[[str], None]) -> None:
        """Opens a connection for a device; ``failed`` is called where that does not work."""
        task = self.loop.create_task(self._dialled(make, number, failed))
        self.dialling.add(task)
        task.add_done_callback(self.dialling.discard)

    async def _dialled(self, make: Callable[[], Link], number: int, failed: Callable[[str], None]) -> None:
        way = self.way
        own = (loopback_address(number), 0) if self.own_addresses else None
        try:
            await self.loop.create_connection(
                make,
                way.address,
                way.port,
                ssl=self.tls,
                server_hostname=way.host.partition(":")[0] if way.secure else None,
                local_addr=own,
            )
        except OSError as error:
            failed(f"the controller cannot be reached: {error.strerror or error}")


def loopback_address(number: int) -> str:
    """An address of its own for each device of a fleet on this machine: 127.1.0.1 and up."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"
