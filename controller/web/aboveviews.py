"""What the pages of bulletins from above are given; see `controller.web.views` for the rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.protocol.values import AiringClass
from controller.domain.airings import AiringState
from controller.domain.handing_in import HandInState


@dataclass(frozen=True, kw_only=True)
class AboveSound:
    """One language of a bulletin. ``text`` is for reading; ``audio_url`` is empty while there is no sound."""

    language: str
    language_name: str
    text: str = ""
    audio_url: str = ""
    peaks: Sequence[int] = ()
    duration_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class AboveAiring:
    """One airing of it, for its chip."""

    id: str
    state: AiringState
    starts_at: datetime | None
    finished: int
    failed: int
    targets: int


@dataclass(frozen=True, kw_only=True)
class HandInView:
    """What was handed in. ``left_sentence`` says how long is left, ``soon`` that it is little; ``note_sentence`` what
    an emergency waits for, or what went wrong. ``decided_by`` is empty where nobody was asked.
    """

    id: str
    title: str
    sender: str
    reference: str
    airing_class: AiringClass
    area_names: Sequence[str]
    state: HandInState
    received_at: datetime
    valid_from: datetime | None
    valid_until: datetime | None
    left_sentence: str = ""
    soon: bool = False
    note_sentence: str = ""
    sounds: Sequence[AboveSound] = ()
    airings: Sequence[AboveAiring] = ()
    reason: str = ""
    decided_at: datetime | None = None
    decided_by: str = ""
    may_take: bool = False
    may_decline: bool = False


@dataclass(frozen=True, kw_only=True)
class Deciding:
    """What a person has typed so far, and what was wrong with it, by field. ``met`` says what it would give way to at
    the time that was typed, ``met_at``; ``at`` is then the next time that is ``free``, where there is one.
    """

    at: datetime | None = None
    met: str = ""
    met_at: datetime | None = None
    free: bool = False
    reason: str = ""
    problem: str = ""
    reason_problem: str = ""


@dataclass(frozen=True, kw_only=True)
class AboveEmergency:
    """An emergency from above, for the banner of every page."""

    id: str
    title: str
    sender: str
    area_names: Sequence[str]
    sentence: str
    airing_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Above:
    """What every page says of it: how many wait for this person, and the emergencies."""

    waiting: int = 0
    emergencies: Sequence[AboveEmergency] = ()
