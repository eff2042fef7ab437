"""Groups of speakers: what is sent to them together, and neighbours that speak one after another.

Sound takes about 3 ms a metre, so that the same words from poles near each other come as an echo. In a group with a
stagger each member has a turn: everything but emergencies begins ``turn`` times ``stagger_s`` later there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NewType

from agents.protocol.ids import SpeakerId
from controller.domain import texts
from controller.domain.errors import Invalid
from controller.domain.speakers import Speaker

GroupId = NewType("GroupId", str)
MOST_LATER_S: Final = 600
"""By how much a turn may put off at most, in seconds."""
MOST_MEMBERS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Member:
    """A speaker in a group; turns count from 0, and several may have the same."""

    speaker_id: SpeakerId
    turn: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """``stagger_s`` is how many seconds lie between two turns; 0 is all at once."""

    group_id: GroupId
    name: str
    stagger_s: int = 0
    members: tuple[Member, ...] = ()

    def speaker_ids(self) -> frozenset[SpeakerId]:
        """Who is in it."""
        return frozenset(member.speaker_id for member in self.members)

    def later_us(self, speaker_id: SpeakerId) -> int:
        """By how much a member begins later, in microseconds; 0 for others."""
        turn = next((member.turn for member in self.members if member.speaker_id == speaker_id), 0)
        return turn * self.stagger_s * 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupDraft:
    """A group as somebody wants it; a speaker that is named twice has the last turn."""

    name: str
    stagger_s: int = 0
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of one speaker, and by how much it begins later for its turn."""

    group_ids: tuple[GroupId, ...] = ()
    stagger_us: int = 0


NO_GROUPS: Final = Grouping()


def groupings(groups: Iterable[Group]) -> dict[SpeakerId, Grouping]:
    """Of every speaker that is in one of these groups."""
    found: dict[SpeakerId, Grouping] = {}
    for group in sorted(groups, key=lambda one: one.group_id):
        for member in group.members:
            before = found.get(member.speaker_id, NO_GROUPS)
            later_us = member.turn * group.stagger_s * 1_000_000
            found[member.speaker_id] = Grouping((*before.group_ids, group.group_id), before.stagger_us + later_us)
    return found


def latest_us(speakers: Iterable[Speaker], groups: Iterable[Group]) -> int:
    """By how much the last of these begins later, by its own delay and its turn, in microseconds."""
    grouped = groupings(groups)
    return max((one.delay_us + grouped.get(one.speaker_id, NO_GROUPS).stagger_us for one in speakers), default=0)


def drafted(group_id: GroupId, draft: GroupDraft, others: Iterable[Group]) -> Group:
    """The group as it would be, beside all ``others``. Raises `Invalid` (``name_empty``, ``name_too_long``,
    ``group_name_taken``, ``group_empty``, ``group_too_large``, ``stagger_out_of_range``, ``speaker_staggers_twice``).
    """
    chosen = tuple({member.speaker_id: member for member in draft.members}.values())
    stagger_s = draft.stagger_s
    made = Group(group_id=group_id, name=texts.name(draft.name), stagger_s=stagger_s, members=chosen)
    beside = [other for other in others if other.group_id != group_id]
    if any(other.name.casefold() == made.name.casefold() for other in beside):
        raise Invalid(f"the name {made.name} is taken", code="group_name_taken")
    if not chosen:
        raise Invalid("a group has members", code="group_empty")
    if len(chosen) > MOST_MEMBERS:
        raise Invalid(f"at most {MOST_MEMBERS}", code="group_too_large")
    latest = max(member.turn for member in chosen)
    if not 0 <= stagger_s <= MOST_LATER_S or min(member.turn for member in chosen) < 0 or latest > MOST_LATER_S:
        raise Invalid(f"{stagger_s} s, turn {latest}", code="stagger_out_of_range")
    if latest * stagger_s > MOST_LATER_S:
        raise Invalid(f"{latest * stagger_s} s", code="stagger_out_of_range")
    if stagger_s:
        _require_one_turn(made, beside)
    return made


def _require_one_turn(group: Group, others: Iterable[Group]) -> None:
    mine = group.speaker_ids()
    for other in others:
        if other.stagger_s and mine & other.speaker_ids():
            raise Invalid(f"in {other.name} already", code="speaker_staggers_twice")
