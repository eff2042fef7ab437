"""The CAP desk put together: what comes in, what is set, what happens by itself, and what goes out."""

import asyncio
from typing import Final

from controller.domain.speakers import ControllerIdentity
from controller.ports import Fetcher, Studio
from controller.services.cap.ahead import CapAhead
from controller.services.cap.book import CapBook
from controller.services.cap.inbox import CapInbox
from controller.services.cap.options import CapOptions
from controller.services.cap.out import CapOut
from controller.services.cap.poll import CapPoll
from controller.services.cap.sending import CapSendings
from controller.services.cap.settings import CapSettingsDesk
from controller.services.cap.sounds import CapSounds
from controller.services.cap.watch import CapWatch
from controller.services.cap.world import CapWorlds
from controller.services.emergency.ahead import SoundsAhead
from controller.services.emergency.desk import EmergencyDesk
from controller.services.leftovers import Leftovers
from controller.services.office import Office
from controller.services.stops import Stops


class CapDesk:
    """Without a ``fetcher`` nothing is asked of other servers."""

    def __init__(
        self,
        office: Office,
        studio: Studio,
        emergencies: EmergencyDesk,
        *,
        ahead: SoundsAhead,
        stops: Stops,
        identity: ControllerIdentity,
        fetcher: Fetcher | None = None,
    ) -> None:
        options: CapOptions = office.settings.cap
        book = CapBook(office)
        sounds = CapSounds(office, studio, fetcher, options)
        worlds = CapWorlds(office, studio)
        leftovers = Leftovers(office.store, office.clock, studio, ahead.making)
        self._ahead = CapAhead(
            office,
            book=book,
            worlds=worlds,
            sounds=sounds,
            ahead=ahead,
            emergencies=emergencies,
            leftovers=leftovers,
        )
        sendings = CapSendings(office, book, emergencies, self._ahead)
        self._watch = CapWatch(office, book, sendings)
        self.inbox: Final = CapInbox(office, book=book, worlds=worlds, sendings=sendings, stopped=stops.stopped)
        self.settings: Final = CapSettingsDesk(office)
        self.out: Final = CapOut(office, emergencies, identity, options)
        self._poll = None if fetcher is None else CapPoll(office, self.inbox, fetcher, options)
        self.inbox.changed = self._watch.wake
        if self._poll is not None:
            self.settings.feeds_changed = self._poll.wake
            self.settings.ask_now = self._poll.ask_now

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch.run())
            group.create_task(self._ahead.run())
            if self._poll is not None:
                group.create_task(self._poll.run())
