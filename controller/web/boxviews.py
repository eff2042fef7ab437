"""What the page of one speaker is given about its box: plots, actions, self-tests, and which boxes hung there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from controller.web.faultviews import FaultCard
from controller.web.placeviews import Choice


@dataclass(frozen=True, kw_only=True)
class PlotShown:
    """One plot. ``path`` is empty where nothing was measured; ``summary_sentence`` tells in words what it shows.

    ``up`` are the words beside the axis from its top to its bottom, evenly; ``along`` those below it. ``limit_y`` is
    where a line that should not be passed is drawn, ``limit_sentence`` what it means.
    """

    name: str
    title: str
    summary_sentence: str
    path: str = ""
    up: Sequence[str] = ()
    along: Sequence[str] = ()
    limit_y: float | None = None
    limit_sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class PlotsShown:
    """All plots of a speaker over one span. ``spans`` are those to choose from."""

    speaker_id: str
    span: str
    spans: Sequence[Choice]
    plots: Sequence[PlotShown]


@dataclass(frozen=True, kw_only=True)
class ActionOffered:
    """Something that a technician can have a speaker do. ``confirm_sentence`` is empty where it needs no second
    thought.
    """

    action: str
    icon: str
    word: str
    what_sentence: str
    confirm_sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class ActionLine:
    """One action that was asked for. ``state`` is ``waiting``, or how it ended; ``sentence`` says it."""

    order_id: str
    icon: str
    word: str
    by: str
    asked_at: datetime
    state: str
    sentence: str
    took_s: float | None = None
    has_log: bool = False


@dataclass(frozen=True, kw_only=True)
class SelfTestLine:
    """What one self-test found."""

    at: datetime
    heard: str
    detail_sentence: str


@dataclass(frozen=True, kw_only=True)
class BoxLine:
    """A box that hangs, or hung, on this pole."""

    device_id: str
    model: str
    from_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class HandsShown:
    """What a speaker was asked to do and what became of it, the newest first. ``problem`` is why the last was not even
    sent. ``latest`` are shown at once, ``former`` folded.
    """

    speaker_id: str
    lines: Sequence[ActionLine] = ()
    problem: str = ""

    @property
    def waiting(self) -> bool:
        return any(line.state == "waiting" for line in self.lines)

    @property
    def latest(self) -> Sequence[ActionLine]:
        return self.lines[:3]

    @property
    def former(self) -> Sequence[ActionLine]:
        return self.lines[3:]


@dataclass(frozen=True, kw_only=True)
class BoxShown:
    """Everything about the box of one speaker besides what its heartbeat says."""

    offered: Sequence[ActionOffered]
    hands: HandsShown
    plots: PlotsShown
    profile: str = "lan"
    open_faults: Sequence[FaultCard] = ()
    former_faults: Sequence[FaultCard] = ()
    tests: Sequence[SelfTestLine] = ()
    boxes: Sequence[BoxLine] = field(default_factory=tuple)
