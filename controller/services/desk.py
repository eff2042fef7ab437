"""The services put together. The composition root gives the ports; everything else reaches services through this."""

import asyncio
from typing import Final

from controller.domain.speakers import ControllerIdentity
from controller.ports import Clock, Fetcher, Links, Signer, Store, Studio
from controller.ports.relays import Radio
from controller.services.accounts import Accounts
from controller.services.adoption import Adoption
from controller.services.api_tokens import ApiTokens
from controller.services.areabook import AreaBook, day_of
from controller.services.areas import AreaDesk
from controller.services.assignments import Assignments
from controller.services.audit import Audit
from controller.services.board import Board
from controller.services.cap.desk import CapDesk
from controller.services.clockwork import Clockwork
from controller.services.compose import Compose
from controller.services.crew import Crew
from controller.services.delivery import Delivery
from controller.services.dispatch import Dispatch
from controller.services.emergency.alarm import Alarm
from controller.services.emergency.boards import AlarmBoards
from controller.services.emergency.desk import EmergencyDesk
from controller.services.emergency.fixed_sounds import FixedSounds
from controller.services.emergency.sounds import EmergencySounds
from controller.services.emergency.watch import EmergencyWatch
from controller.services.events import Events
from controller.services.fault_watch import FaultWatch
from controller.services.faults import FaultDesk
from controller.services.foremost import Foremost
from controller.services.groups import GroupDesk
from controller.services.hand_ins.handing_in import HandIns
from controller.services.hand_ins.watch import HandInWatch
from controller.services.hands import HandDesk
from controller.services.ingest import Ingest
from controller.services.live.desk import LiveDesk
from controller.services.making import Making
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.people import People
from controller.services.pins import Pins
from controller.services.planning.approvals import ApprovalDesk
from controller.services.planning.guards import GuardDesk
from controller.services.planning.planner import Planner
from controller.services.planning.rundowns import Rundowns
from controller.services.planning.schedules import ScheduleDesk
from controller.services.programmes import Programmes
from controller.services.relay.relays import Relays
from controller.services.reports import Reports
from controller.services.roster import Roster
from controller.services.secretary import Secretary
from controller.services.settings import DeskSettings
from controller.services.speakers import SpeakerDesk
from controller.services.stops import Stops
from controller.services.succession import SuccessionDesk
from controller.services.telemetry import TelemetryDesk
from controller.services.telling import Telling
from controller.services.tunes import Tunes
from controller.services.voices import VoiceDesk


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
        radio: Radio | None = None,
        fetcher: Fetcher | None = None,
    ) -> None:
        self.identity: Final = identity
        self.settings: Final = settings
        self.store: Final = store
        self.events: Final = Events()
        self.foremost: Final = Foremost()
        self.started: Final = asyncio.Event()
        self._office = office = Office(
            store=store,
            clock=clock,
            secretary=Secretary(store, signer, clock),
            settings=settings,
            events=self.events,
            foremost=self.foremost,
            crew=Crew(),
            roster=Roster(),
            board=Board(),
            areas=AreaBook(lambda: day_of(clock.now_us())),
        )
        self._making = making = Making(office, studio)
        self.fixed_sounds: Final = FixedSounds(office, making, studio)
        self.pins: Final = Pins(office, making, self.fixed_sounds)
        assignments = Assignments(office, self.pins)
        self._outbox = outbox = Outbox(office, links)
        self._rundowns = rundowns = Rundowns(office, outbox)
        self.stops: Final = Stops(office, outbox)
        stops = self.stops
        self._clockwork = Clockwork(office, outbox)
        self.accounts: Final = Accounts(office)
        self.people: Final = People(office, self.accounts)
        self.api_tokens: Final = ApiTokens(office)
        self.audit: Final = Audit(store)
        self.adoption: Final = Adoption(office, links, outbox, assignments)
        self._telling = telling = Telling(office, outbox, assignments)
        self.areas: Final = AreaDesk(office, telling)
        self.succession: Final = SuccessionDesk(office, telling)
        self.groups: Final = GroupDesk(office, telling)
        self.compose: Final = Compose(office, making)
        self.programmes: Final = Programmes(office, making)
        self.tunes: Final = Tunes(office, making)
        self.schedules: Final = ScheduleDesk(office)
        self.approvals: Final = ApprovalDesk(office)
        self.guards: Final = GuardDesk(office)
        self.planner: Final = Planner(office, rundowns)
        self.voices: Final = VoiceDesk(office, studio, making)
        self.live: Final = LiveDesk(office, links, outbox, stops, studio)
        self.relays: Final = Relays(office, self.live, radio)
        self.delivery: Final = Delivery(office, outbox, assignments, rundowns)
        self.dispatch: Final = Dispatch(office, outbox, rundowns, stops, self.pins)
        self.hand_ins: Final = HandIns(office, self.compose, self.dispatch)
        self._hand_in_watch = HandInWatch(office, self.hand_ins, self.dispatch, outbox)
        self.hands: Final = HandDesk(office, outbox)
        self.telemetry: Final = TelemetryDesk(office)
        self.fault_watch: Final = FaultWatch(office, self.telemetry)
        self.faults: Final = FaultDesk(office, self.fault_watch)
        self.speakers: Final = SpeakerDesk(office, outbox, assignments, stops, self.faults)
        alarm, boards = Alarm(office, outbox, self.pins), AlarmBoards(office, outbox, self.speakers)
        self.emergencies: Final = EmergencyDesk(
            office, EmergencySounds(office, making, self.fixed_sounds), alarm, stops, boards
        )
        self.cap: Final = CapDesk(office, studio, self.emergencies, identity, fetcher)
        self._emergency_watch = EmergencyWatch(office, self.emergencies, alarm, self.delivery, outbox)
        self.ingest: Final = Ingest(
            office,
            self.delivery,
            journal_observers=(self.hands, self.fault_watch, boards),
            health_observers=(self.fault_watch, self.telemetry),
        )
        self.reports: Final = Reports(store, office.areas)

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
            await self._office.secretary.prepare()
            await self.areas.load()
            await self.guards.begin()
            async with self.store.reading() as tx:
                fleet = await tx.speakers.all()
                self._office.roster.own.update(speaker.device_id for speaker in fleet)
                self._office.whereabouts.stand(fleet)
                self._office.boxes.load(await tx.boxes.all())
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
            for service in (
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
                self.cap.run(),
                self.succession.run(),
                self.fault_watch.run(),
                self.telemetry.run(),
                self.pins.run(self._telling.pinned),
                self.fixed_sounds.run(),
            ):
                group.create_task(service)
            self.started.set()
