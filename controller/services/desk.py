"""The services put together. The composition root gives the ports; everything else reaches services through this."""

import asyncio
from typing import Final

from controller.domain.speakers import ControllerIdentity
from controller.ports import Clock, Links, Signer, Store, Studio
from controller.services.accounts import Accounts
from controller.services.adoption import Adoption
from controller.services.assignments import Assignments
from controller.services.board import Board
from controller.services.clockwork import Clockwork
from controller.services.compose import Compose
from controller.services.crew import Crew
from controller.services.delivery import Delivery
from controller.services.dispatch import Dispatch
from controller.services.events import Events
from controller.services.ingest import Ingest
from controller.services.outbox import Outbox
from controller.services.reports import Reports
from controller.services.roster import Roster
from controller.services.rundowns import Rundowns
from controller.services.secretary import Secretary
from controller.services.settings import DeskSettings
from controller.services.speakers import SpeakerDesk
from controller.services.stops import Stops


class Desk:
    """Every service of one station.

    ``run()`` is to be started before the first request or link, in the task group of the composition root; ``started``
    is set when waiting airings and unfinished bulletins were taken up again. `links` may come to life after that.
    """

    def __init__(
        self,
        *,
        store: Store,
        links: Links,
        signer: Signer,
        clock: Clock,
        studio: Studio,
        identity: ControllerIdentity,
        settings: DeskSettings,
    ) -> None:
        self.identity: Final = identity
        self.settings: Final = settings
        self.store: Final = store
        self.events: Final = Events()
        self.started: Final = asyncio.Event()
        self._crew = crew = Crew()
        self._secretary = secretary = Secretary(store, signer, clock)
        self._roster = roster = Roster()
        board = Board()
        assignments = Assignments(secretary, clock, settings)
        self._outbox = outbox = Outbox(
            store=store,
            links=links,
            secretary=secretary,
            clock=clock,
            roster=roster,
            board=board,
            events=self.events,
            crew=crew,
        )
        self._rundowns = rundowns = Rundowns(store, secretary, clock, outbox, settings)
        self._stops = stops = Stops(
            store=store,
            outbox=outbox,
            secretary=secretary,
            clock=clock,
            board=board,
            events=self.events,
            crew=crew,
            settings=settings,
        )
        self._clockwork = Clockwork(
            store=store,
            outbox=outbox,
            secretary=secretary,
            clock=clock,
            board=board,
            events=self.events,
            settings=settings,
        )
        self.accounts: Final = Accounts(store, clock, settings)
        self.reports: Final = Reports(store)
        self.compose: Final = Compose(
            store=store, studio=studio, clock=clock, events=self.events, crew=crew, settings=settings
        )
        self.delivery: Final = Delivery(
            store=store,
            outbox=outbox,
            secretary=secretary,
            clock=clock,
            roster=roster,
            assignments=assignments,
            rundowns=rundowns,
            board=board,
        )
        self.ingest: Final = Ingest(
            store=store,
            clock=clock,
            roster=roster,
            board=board,
            delivery=self.delivery,
            events=self.events,
            crew=crew,
            settings=settings,
        )
        self.dispatch: Final = Dispatch(
            store=store,
            outbox=outbox,
            secretary=secretary,
            clock=clock,
            board=board,
            events=self.events,
            crew=crew,
            rundowns=rundowns,
            stops=stops,
            settings=settings,
        )
        self.adoption: Final = Adoption(
            store=store,
            links=links,
            clock=clock,
            secretary=secretary,
            assignments=assignments,
            outbox=outbox,
            roster=roster,
            stops=stops,
            events=self.events,
        )
        self.speakers: Final = SpeakerDesk(
            store=store,
            clock=clock,
            secretary=secretary,
            assignments=assignments,
            outbox=outbox,
            roster=roster,
            stops=stops,
            events=self.events,
        )

    async def run(self) -> None:
        """Takes up what was open, then keeps the clockwork going until it is cancelled. Raises `StoreFailed` when the
        database cannot be read at the start.
        """
        async with asyncio.TaskGroup() as group:
            self._crew.join(group)
            await self._secretary.prepare()
            async with self.store.reading() as tx:
                self._roster.own.update(speaker.device_id for speaker in await tx.speakers.all())
            await self._stops.resume()
            await self._clockwork.resume()
            await self.compose.resume()
            for service in (
                self._outbox.run(),
                self.ingest.run_journals(),
                self.ingest.run_healths(),
                self._clockwork.run(),
                self._rundowns.run(),
            ):
                group.create_task(service)
            self.started.set()
