"""What the pages of approvals show. See `controller.web.views` for the rules."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from controller.domain.schedules import ApprovalState
from controller.web.scheduleviews import ClashShown, NextOccurrence
from controller.web.views import Track


@dataclass(frozen=True, kw_only=True)
class TextShown:
    """A text that is read out, to be read along."""

    title: str
    language: str
    language_name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class RequestShown:
    """What an approver hears and sees. ``binding`` names exactly that; ``original`` is empty for a series, else it
    names the changed occurrence.
    """

    schedule_id: str
    original: str
    binding: str
    title: str
    when_sentence: str
    where: str
    speakers: int
    approval: ApprovalState
    air_class: str
    class_name: str
    authors: str
    own: bool
    own_allowed: bool
    may_decide: bool
    next_at: datetime | None = None
    odd: bool = False
    duration_s: float = 0.0
    track: Track = field(default_factory=Track)
    texts: Sequence[TextShown] = ()
    lacking_sentence: str = ""
    slot_sentences: Sequence[str] = ()
    next: Sequence[NextOccurrence] = ()
    refusals: Sequence[str] = ()
    clash_lines: Sequence[ClashShown] = ()
    clashes: bool = False
    sent_back: str = ""
    sent_back_by: str = ""
    approved_by: str = ""
    approved_at: datetime | None = None
    self_approved: bool = False

    @property
    def href(self) -> str:
        return f"/approvals/{self.schedule_id}" + (f"?at={self.original}" if self.original else "")


@dataclass(frozen=True, kw_only=True)
class ApprovedRow:
    """Something that was approved and is still so."""

    href: str
    title: str
    when_sentence: str
    by: str
    at: datetime
    self_approved: bool
