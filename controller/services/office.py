"""What the services of one desk share."""

from dataclasses import dataclass, field

from controller.ports import Clock, Store
from controller.services.areabook import AreaBook
from controller.services.bell import Bell
from controller.services.beside import Beside
from controller.services.board import Board
from controller.services.box_history import BoxHistory
from controller.services.crew import Crew
from controller.services.events import Events
from controller.services.foremost import Foremost
from controller.services.roster import Roster
from controller.services.secretary import Secretary
from controller.services.settings import DeskSettings
from controller.services.unstored import Unstored
from controller.services.whereabouts import Whereabouts


@dataclass(frozen=True, slots=True)
class Office:
    """Handed to every service when it is made; nothing in it is replaced afterwards."""

    store: Store
    clock: Clock
    secretary: Secretary
    settings: DeskSettings
    events: Events
    crew: Crew
    roster: Roster
    board: Board
    areas: AreaBook
    beside: Beside
    boxes: BoxHistory = field(default_factory=BoxHistory)
    whereabouts: Whereabouts = field(default_factory=Whereabouts)
    unstored: Unstored = field(default_factory=Unstored)
    foremost: Foremost = field(default_factory=Foremost)
    planning: Bell = field(default_factory=Bell)
    """Rung by whatever changes what is planned, or what plans depend on."""
    fleet: Bell = field(default_factory=Bell)
    """Rung by whatever adopts or releases speakers, or changes where they stand and how they are connected."""
