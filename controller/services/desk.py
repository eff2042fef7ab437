"""The services put together. The composition root gives the ports; everything else reaches services through this."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from controller.domain.speakers import ControllerIdentity
from controller.ports import Clock, Fetcher, Links, Signer, Store, Studio
from controller.ports.relays import Radio
from controller.services.areabook import AreaBook, day_of
from controller.services.beside import Beside
from controller.services.board import Board
from controller.services.crew import Crew
from controller.services.events import Events
from controller.services.ingest import Ingest
from controller.services.office import Office
from controller.services.rooms import (
    AlertRoom,
    EmergencyRoom,
    HandInRoom,
    LiveRoom,
    PeopleRoom,
    PlaceRoom,
    PlanRoom,
    PostRoom,
    SoundRoom,
    SpeakerRoom,
)
from controller.services.roster import Roster
from controller.services.secretary import Secretary
from controller.services.settings import DeskSettings


class Desk(
    PeopleRoom,
    SoundRoom,
    PostRoom,
    PlaceRoom,
    PlanRoom,
    SpeakerRoom,
    LiveRoom,
    HandInRoom,
    EmergencyRoom,
    AlertRoom,
):
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
        radio: Radio | None = None,
        fetcher: Fetcher | None = None,
    ) -> None:
        self.identity: Final = identity
        self.settings: Final = settings
        self.store: Final = store
        self.started: Final = asyncio.Event()
        office = _office(store, signer, clock, settings)
        self._office: Final = office
        self.events: Final = office.events
        self.foremost: Final = office.foremost
        PeopleRoom.__init__(self, office)
        SoundRoom.__init__(self, office, studio)
        PostRoom.__init__(self, office, links, self.pins)
        outbox, stops = self._outbox, self.stops
        PlaceRoom.__init__(self, office, self._telling)
        PlanRoom.__init__(self, office, self._rundowns)
        SpeakerRoom.__init__(self, office, outbox, self._assignments, stops)
        LiveRoom.__init__(self, office, links=links, outbox=outbox, stops=stops, studio=studio, radio=radio)
        HandInRoom.__init__(self, office, self.compose, self.dispatch, outbox)
        sounds, pins, delivery, speakers = self._emergency_sounds, self.pins, self.delivery, self.speakers
        EmergencyRoom.__init__(
            self, office, studio, sounds, pins=pins, outbox=outbox, stops=stops, delivery=delivery, speakers=speakers
        )
        room, ahead = self.emergencies, sounds.ahead
        AlertRoom.__init__(self, office, studio, room, ahead=ahead, stops=stops, identity=identity, fetcher=fetcher)
        self.ingest: Final = self._ingest(office)

    def _ingest(self, office: Office) -> Ingest:
        """Who hears first of what devices say."""
        journals = (self.hands, self.fault_watch, self._alarm_boards, self.live.cuts)
        return Ingest(office, self.delivery, journals, (self.fault_watch, self.telemetry))

    def clock_changed(self) -> None:
        """The controller's time came to be trusted, or is not any more: what was held back is signed at once."""
        self._rundowns.wake()
        self._office.planning.wake()
        self.fault_watch.wake()

    async def run(self) -> None:
        """Takes up what was open, then keeps the clockwork going until it is cancelled. Raises `StoreFailed` when the
        database cannot be read at the start.
        """
        async with asyncio.TaskGroup() as group:
            self._office.crew.join(group)
            await self._take_up()
            for service in self._services():
                group.create_task(service)
            self.started.set()

    async def _take_up(self) -> None:
        """What was open when the controller ended. Each may need what was taken up before it."""
        office = self._office
        await office.beside.take_up()
        await office.secretary.prepare()
        await self.areas.load()
        await self.guards.begin()
        async with self.store.reading() as tx:
            fleet = await tx.speakers.all()
            office.roster.own.update(speaker.device_id for speaker in fleet)
            office.whereabouts.stand(fleet)
            office.boxes.load(await tx.boxes.all())
        await self.fault_watch.prepare()
        await self.stops.resume()
        await self.hands.resume()
        await self._clockwork.resume()
        await self.live.resume()
        await self.planner.prepare()
        await self._making.resume()
        await self.tunes.prepare()
        await self.fixed_sounds.load()
        await self._emergency_watch.resume()  # its sounds are being made again, and can be waited for
        await self.pins.prepare()

    def _services(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """What goes on as long as the desk does."""
        return (
            self._outbox.run(),
            self.ingest.run_journals(),
            self.ingest.run_healths(),
            self._clockwork.run(),
            self.live.run(),
            self.relays.run(),
            self._rundowns.run(),
            self.planner.run(),
            self._hand_in_watch.run(),
            self._emergency_watch.run(),
            self._unsent.run(),
            self.cap.run(),
            self.succession.run(),
            self.fault_watch.run(),
            self.telemetry.run(),
            self.pins.run(self._telling.pinned),
            self.fixed_sounds.run(),
        )


def _office(store: Store, signer: Signer, clock: Clock, settings: DeskSettings) -> Office:
    crew = Crew()
    return Office(
        store=store,
        clock=clock,
        secretary=Secretary(store, signer, clock),
        settings=settings,
        events=Events(),
        crew=crew,
        beside=Beside(store, crew),
        roster=Roster(),
        board=Board(),
        areas=AreaBook(lambda: day_of(clock.now_us())),
    )
