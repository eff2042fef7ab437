"""The rooms of the desk: services of one subject, made together.

A room says what it needs of others, and starts nothing. `Desk` is all of them: it makes one after the other, and lets
them work.
"""

from typing import Final

from controller.domain.speakers import ControllerIdentity
from controller.ports import Fetcher, Links, Studio
from controller.ports.relays import Radio
from controller.services.accounts import Accounts
from controller.services.adoption import Adoption
from controller.services.api_tokens import ApiTokens
from controller.services.areas import AreaDesk
from controller.services.assignments import Assignments
from controller.services.audit import Audit
from controller.services.cap.desk import CapDesk
from controller.services.clockwork import Clockwork
from controller.services.compose import Compose
from controller.services.delivery import Delivery
from controller.services.dispatch import Dispatch
from controller.services.emergency.ahead import SoundsAhead
from controller.services.emergency.alarm import Alarm
from controller.services.emergency.boards import AlarmBoards
from controller.services.emergency.desk import EmergencyDesk
from controller.services.emergency.fixed_sounds import FixedSounds
from controller.services.emergency.sounds import EmergencySounds
from controller.services.emergency.unsent import UnsentSounds
from controller.services.emergency.watch import EmergencyWatch
from controller.services.fault_watch import FaultWatch
from controller.services.faults import FaultDesk
from controller.services.groups import GroupDesk
from controller.services.hand_ins.handing_in import HandIns
from controller.services.hand_ins.watch import HandInWatch
from controller.services.hands import HandDesk
from controller.services.leftovers import Leftovers
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
from controller.services.speakers import SpeakerDesk
from controller.services.stops import Stops
from controller.services.succession import SuccessionDesk
from controller.services.telemetry import TelemetryDesk
from controller.services.telling import Telling
from controller.services.tunes import Tunes
from controller.services.voices import VoiceDesk


class PeopleRoom:
    """Who may do what, and who did what."""

    def __init__(self, office: Office) -> None:
        self.accounts: Final = Accounts(office)
        self.people: Final = People(office, self.accounts)
        self.api_tokens: Final = ApiTokens(office)
        self.audit: Final = Audit(office.store)
        self.reports: Final = Reports(office.store, office.areas)


class SoundRoom:
    """What is spoken and played, and how it is made."""

    def __init__(self, office: Office, studio: Studio) -> None:
        self._making: Final = Making(office, studio)
        self.fixed_sounds: Final = FixedSounds(office, self._making, studio)
        self.pins: Final = Pins(office, self._making, self.fixed_sounds)
        self.compose: Final = Compose(office, self._making)
        self.programmes: Final = Programmes(office, self._making)
        self.tunes: Final = Tunes(office, self._making)
        self.voices: Final = VoiceDesk(office, studio, self._making)
        self._emergency_sounds: Final = EmergencySounds(office, self._making, self.fixed_sounds)


class PostRoom:
    """What goes out to devices, and which of them are the station's."""

    def __init__(self, office: Office, links: Links, pins: Pins) -> None:
        assignments = Assignments(office, pins)
        self._assignments: Final = assignments
        self._outbox: Final = Outbox(office, links)
        self._rundowns: Final = Rundowns(office, self._outbox)
        self._clockwork: Final = Clockwork(office, self._outbox)
        self._telling: Final = Telling(office, self._outbox, assignments)
        self.stops: Final = Stops(office, self._outbox)
        self.adoption: Final = Adoption(office, links, self._outbox, assignments)
        self.delivery: Final = Delivery(office, self._outbox, assignments, self._rundowns)
        self.dispatch: Final = Dispatch(office, self._outbox, self._rundowns, self.stops, pins)
        self.hands: Final = HandDesk(office, self._outbox)


class PlaceRoom:
    """Where speakers stand, and what they are grouped in."""

    def __init__(self, office: Office, telling: Telling) -> None:
        self.areas: Final = AreaDesk(office, telling)
        self.succession: Final = SuccessionDesk(office, telling)
        self.groups: Final = GroupDesk(office, telling)


class PlanRoom:
    """What is to be on the air later, and who agreed to it."""

    def __init__(self, office: Office, rundowns: Rundowns) -> None:
        self.schedules: Final = ScheduleDesk(office)
        self.approvals: Final = ApprovalDesk(office)
        self.guards: Final = GuardDesk(office)
        self.planner: Final = Planner(office, rundowns)


class SpeakerRoom:
    """How speakers are, and what is wrong with them."""

    def __init__(self, office: Office, outbox: Outbox, assignments: Assignments, stops: Stops) -> None:
        self.telemetry: Final = TelemetryDesk(office)
        self.fault_watch: Final = FaultWatch(office, self.telemetry)
        self.faults: Final = FaultDesk(office, self.fault_watch)
        self.speakers: Final = SpeakerDesk(office, outbox, assignments, stops, self.faults)


class LiveRoom:
    """What is spoken or passed on at this moment."""

    def __init__(
        self, office: Office, *, links: Links, outbox: Outbox, stops: Stops, studio: Studio, radio: Radio | None
    ) -> None:
        self.live: Final = LiveDesk(office, links, outbox, stops, studio)
        self.relays: Final = Relays(office, self.live, radio)


class HandInRoom:
    """What was handed in from above."""

    def __init__(self, office: Office, compose: Compose, dispatch: Dispatch, outbox: Outbox) -> None:
        self.hand_ins: Final = HandIns(office, compose, dispatch)
        self._hand_in_watch: Final = HandInWatch(office, self.hand_ins, dispatch, outbox)


class EmergencyRoom:
    """What is sent in an emergency, and what is made ahead of it or left behind."""

    def __init__(
        self,
        office: Office,
        studio: Studio,
        sounds: EmergencySounds,
        *,
        pins: Pins,
        outbox: Outbox,
        stops: Stops,
        delivery: Delivery,
        speakers: SpeakerDesk,
    ) -> None:
        alarm, boards = Alarm(office, outbox, pins), AlarmBoards(office, outbox, speakers)
        self._alarm_boards: Final = boards
        self.emergencies: Final = EmergencyDesk(office, sounds, alarm, stops, boards)
        self._emergency_watch: Final = EmergencyWatch(office, self.emergencies, alarm, delivery, outbox)
        leftovers = Leftovers(office.store, office.clock, studio, sounds.ahead.making)
        self._unsent: Final = UnsentSounds(office, self.emergencies.book, leftovers)


class AlertRoom:
    """Alerts of others, and those of the station for others."""

    def __init__(
        self,
        office: Office,
        studio: Studio,
        emergencies: EmergencyDesk,
        *,
        ahead: SoundsAhead,
        stops: Stops,
        identity: ControllerIdentity,
        fetcher: Fetcher | None,
    ) -> None:
        self.cap: Final = CapDesk(
            office, studio, emergencies, ahead=ahead, stops=stops, identity=identity, fetcher=fetcher
        )
