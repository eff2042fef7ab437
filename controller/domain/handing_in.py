"""Bulletins that another level's system hands in, and what becomes of them.

The rules are those of Circular 39/2020/TT-BTTTT: whether an ordinary bulletin is played is for the commune to decide;
a priority one is played, and the commune decides its place; an emergency is heard at once, and nobody is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from agents.protocol.ids import AreaId, BulletinId
from agents.protocol.values import AiringClass
from controller.domain.airings import Airing, AiringState
from controller.domain.bulletins import Bulletin, BulletinState
from controller.domain.errors import Invalid
from controller.domain.texts import clean

HandInId = NewType("HandInId", str)

_SECOND_US: Final = 1_000_000
_HOUR_US: Final = 3_600 * _SECOND_US
_DAY_US: Final = 24 * _HOUR_US
USUAL_VALIDITY_US: Final = 7 * _DAY_US
"""How long what is handed in without an end may be heard."""
EMERGENCY_VALIDITY_US: Final = _HOUR_US
"""The same for an emergency: for so long it is tried while no speaker can be reached."""
LONGEST_VALIDITY_US: Final = 366 * _DAY_US
SOON_US: Final = _HOUR_US
"""Who decides is warned when less than this is left."""
LONGEST_REFERENCE: Final = 200
LONGEST_REASON: Final = 1_000
MOST_AREAS: Final = 100
_SOON_AGAIN_US: Final = 60 * _SECOND_US
_LATER_AGAIN_US: Final = 600 * _SECOND_US
_SOON_AGAIN_TIMES: Final = 10


class HandInState(StrEnum):
    """``preparing`` while its sound is made; ``waiting`` for the commune, an emergency for a speaker that it can reach;
    ``taken`` once it has an airing; ``declined`` with a reason (an ordinary one only); ``withdrawn`` by its sender;
    ``expired`` when its validity ended before that; ``failed`` when its sound could not be made.
    """

    PREPARING = "preparing"
    WAITING = "waiting"
    TAKEN = "taken"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    FAILED = "failed"


OPEN_STATES = frozenset({HandInState.PREPARING, HandInState.WAITING})


@dataclass(frozen=True, slots=True)
class Audio:
    """A file that was handed in: its SHA-256, and the id of its upload, either of which may not be known."""

    sha256: str = ""
    upload_id: str = ""

    def same(self, other: "Audio") -> bool:
        """Whether it is the same sound, as far as can be told."""
        if self.sha256 and other.sha256:
            return self.sha256 == other.sha256
        return bool(self.upload_id) and self.upload_id == other.upload_id


@dataclass(frozen=True, slots=True)
class Written:
    """A text in one language (BCP 47), to be read by persons, also where a recording is what sounds."""

    language: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """What was sent, so that the same can be told from something else. ``digest`` is over all but the audio."""

    digest: str
    audio: tuple[Audio, ...] = ()
    written: tuple[Written, ...] = ()

    def same(self, other: "Sent") -> bool:
        """Whether ``other`` is this, sent again."""
        return (
            self.digest == other.digest
            and len(self.audio) == len(other.audio)
            and all(mine.same(its) for mine, its in zip(self.audio, other.audio, strict=True))
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class HandIn:
    """``reference`` is the sender's own id: the same one from the same token is the same hand-in, sent again.

    ``valid_from_us`` and ``valid_until_us`` bound when it may be heard. It is in its state since ``changed_at_us``.
    ``failure`` is an error code.
    """

    hand_in_id: HandInId
    token_id: str
    sender: str
    reference: str
    bulletin_id: BulletinId
    airing_class: AiringClass
    area_ids: tuple[AreaId, ...]
    valid_from_us: int | None
    valid_until_us: int | None
    received_at_us: int
    changed_at_us: int
    state: HandInState
    sent: Sent
    decided_at_us: int | None = None
    decided_by: str = ""
    reason: str = ""
    failure: str | None = None

    @property
    def open(self) -> bool:
        """Whether something is still to be decided about it."""
        return self.state in OPEN_STATES

    @property
    def emergency(self) -> bool:
        """True for what nobody at the commune is asked about."""
        return self.airing_class is AiringClass.EMERGENCY

    def begun(self, now_us: int) -> bool:
        """Whether it may be heard already."""
        return self.valid_from_us is None or now_us >= self.valid_from_us

    def over(self, now_us: int) -> bool:
        """Whether it must not be heard any more."""
        return self.valid_until_us is not None and now_us >= self.valid_until_us

    def ends_soon(self, now_us: int) -> bool:
        """Whether who is to decide should be warned."""
        return self.open and self.valid_until_us is not None and now_us >= self.valid_until_us - SOON_US


def may_be_declined(hand_in: HandIn) -> bool:
    """Only what is ordinary: a priority bulletin is played, and an emergency asks nobody."""
    return hand_in.airing_class is AiringClass.ORDINARY and hand_in.open


def by_urgency(hand_in: HandIn) -> tuple[int, int, str]:
    """To sort by: emergencies, then priority, then ordinary; in each the one that ends first."""
    order = (AiringClass.EMERGENCY, AiringClass.PRIORITY, AiringClass.ORDINARY)
    return order.index(hand_in.airing_class), hand_in.valid_until_us or 0, hand_in.hand_in_id


# --- what a sender asks for -------------------------------------------------------------------------------------------


def checked_reference(reference: str) -> str:
    """Raises `Invalid` (``reference_invalid``)."""
    if not (0 < len(reference) <= LONGEST_REFERENCE and reference == clean(reference) and reference.isprintable()):
        raise Invalid(f"1 to {LONGEST_REFERENCE} printable letters", code="reference_invalid")
    return reference


def checked_reason(reason: str) -> str:
    """Why something is declined. Raises `Invalid` (``reason_missing``, ``reason_too_long``)."""
    if len(reason) > 4 * LONGEST_REASON or len(cleaned := clean(reason)) > LONGEST_REASON:
        raise Invalid(f"at most {LONGEST_REASON} letters", code="reason_too_long")
    if not cleaned:
        raise Invalid("no reason", code="reason_missing")
    return cleaned


def validity(airing_class: AiringClass, from_us: int | None, until_us: int | None, now_us: int) -> tuple[int, int]:
    """From when and until when it may be heard; where nothing is said, from now on for as long as is usual.

    Raises `Invalid` (``validity_passed``, ``validity_order``, ``validity_too_long``).
    """
    # No calendar that a page shows goes back as far as a program can say.
    begins_us = now_us if from_us is None else max(0, from_us)
    usual_us = EMERGENCY_VALIDITY_US if airing_class is AiringClass.EMERGENCY else USUAL_VALIDITY_US
    ends_us = max(begins_us, now_us) + usual_us if until_us is None else until_us
    if ends_us <= now_us:
        raise Invalid("the end has passed", code="validity_passed")
    if ends_us <= begins_us:
        raise Invalid("the end is not after the beginning", code="validity_order")
    if ends_us > now_us + LONGEST_VALIDITY_US:
        raise Invalid("the end is more than a year ahead", code="validity_too_long")
    return begins_us, ends_us


# --- what happens by itself -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Become:
    """It is in this state from now on, with the code of what went wrong where something did."""

    state: HandInState
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class SendNow:
    """It is an emergency and its sound is ready: to every speaker of its areas, as soon as one can be reached."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do before this instant, or before something is reported."""

    until_us: int | None


Step = Become | SendNow | Rest


def next_step(hand_in: HandIn, bulletin: Bulletin, airings: Sequence[Airing], now_us: int) -> Step:
    """What to do about what was handed in; ``airings`` are those of its bulletin, the newest first.

    An emergency whose airing no speaker could play is sent again, until its validity ends: each minute at first, each
    ten minutes after ten times.
    """
    if not hand_in.open:
        unheard = hand_in.state is HandInState.TAKEN and hand_in.emergency and not hand_in.over(now_us)
        again = unheard and airings and airings[0].state is AiringState.EXPIRED
        return Become(HandInState.WAITING) if again else Rest(None)
    if (state := _next_state(hand_in, bulletin, now_us)) is not None:
        return state
    if not hand_in.emergency or bulletin.state is not BulletinState.READY:
        return Rest(_next_us(hand_in, now_us))
    due_us = max(hand_in.valid_from_us or 0, _again_us(airings))
    return SendNow() if now_us >= due_us else Rest(min(due_us, hand_in.valid_until_us or due_us))


def step_by_time(hand_in: HandIn, now_us: int) -> Step | None:
    """What to do about one that waits for a person: its sound is ready and stays so, and only time changes it. None
    for every other, about which `next_step` knows.
    """
    if hand_in.state is not HandInState.WAITING or hand_in.emergency:
        return None
    return Become(HandInState.EXPIRED) if hand_in.over(now_us) else Rest(_next_us(hand_in, now_us))


def _next_state(hand_in: HandIn, bulletin: Bulletin, now_us: int) -> Become | None:
    if hand_in.over(now_us):
        return Become(HandInState.EXPIRED)
    if bulletin.state in {BulletinState.FAILED, BulletinState.CANCELLED}:
        return Become(HandInState.FAILED, bulletin.failed.failure if bulletin.failed else None)
    if bulletin.withdrawn:
        return Become(HandInState.FAILED, "withdrawn")
    if bulletin.state is BulletinState.READY and hand_in.state is HandInState.PREPARING:
        return Become(HandInState.WAITING)
    return None


def _next_us(hand_in: HandIn, now_us: int) -> int | None:
    """The next instant at which something changes by itself: it begins, it ends soon, it ends."""
    ends_us = hand_in.valid_until_us
    instants = [hand_in.valid_from_us, ends_us, None if ends_us is None else ends_us - SOON_US]
    return min((one for one in instants if one is not None and one > now_us), default=None)


def _again_us(airings: Sequence[Airing]) -> int:
    if not airings:
        return 0
    return airings[0].planned_at_us + (_SOON_AGAIN_US if len(airings) <= _SOON_AGAIN_TIMES else _LATER_AGAIN_US)
