"""What is planned, as `schedules` sees it: read once, and the same for the planner, the approvals and the pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from agents.protocol.ids import AreaId
from controller.domain.airings import ContentId
from controller.domain.schedules import PlannedSchedule
from controller.ports import Transaction
from schedules.areas import AreaTree
from schedules.guards import Guards
from schedules.schedule import Choice, Content, Schedule, Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Plans:
    """The live schedules with their approvals and the class of their contents, and what is known of the contents."""

    planned: tuple[PlannedSchedule, ...]
    schedules: tuple[Schedule, ...]
    contents: dict[str, Content]
    choices: frozenset[Choice]


async def read_plans(tx: Transaction, since_us: int, now_us: int) -> Plans:
    """Everything of which something may begin at ``since_us`` or later. Raises `StoreFailed`."""
    raise NotImplementedError


async def summaries(tx: Transaction, content_ids: Iterable[ContentId], now_us: int) -> dict[str, Content]:
    """Every content that was asked for, also one that is not there: it says why it cannot be heard. Raises
    `StoreFailed`.
    """
    raise NotImplementedError


async def guards_by_area(tx: Transaction, tree: AreaTree) -> dict[str, Guards]:
    """As `schedules.schedule.World.guards` wants them: what holds at the whole station is put on every widest area.
    Raises `StoreFailed`.
    """
    raise NotImplementedError


async def guards_by_speaker(tx: Transaction) -> dict[str, Guards]:
    """Guards of single speakers' own. Raises `StoreFailed`."""
    raise NotImplementedError


async def own_holidays(tx: Transaction) -> frozenset[date]:
    """The station's own, to be joined with the public ones. Raises `StoreFailed`."""
    raise NotImplementedError


async def areas_of_target(tx: Transaction, target: Target) -> tuple[AreaId, ...]:
    """The areas that a target touches: those named, those of its groups, and where its speakers stand. Whoever plans or
    approves needs the right in each. Raises `StoreFailed`.
    """
    raise NotImplementedError
