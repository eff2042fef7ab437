"""Airings and their evidence. Only what a device reported moves an airing forward on a speaker."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from agents.protocol.ids import AiringId, BulletinId, SpeakerId
from agents.protocol.values import AiringClass, OnInterrupted, Part
from controller.domain.programmes import ProgrammeId

ContentId = BulletinId | ProgrammeId
"""What an airing can consist of; no bulletin and programme have the same id."""


EMERGENCY_PREFIX: Final = "e-"
"""What the ids of emergencies begin with, and of no other content."""


class AiringState(StrEnum):
    """The airing as a whole, at the desk.

    ``waiting`` for speakers to be ready (a "now"), ``planned`` for its instant, ``on_air``, ``ended``, ``stopped`` by a
    person, ``expired`` where no speaker could play it in time, or ``withdrawn`` before it began because what is planned
    has changed.
    """

    WAITING = "waiting"
    PLANNED = "planned"
    ON_AIR = "on_air"
    ENDED = "ended"
    STOPPED = "stopped"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


OPEN_STATES: Final = frozenset({AiringState.WAITING, AiringState.PLANNED, AiringState.ON_AIR})
"""Those of an airing that can still be heard, and stopped."""


class PlayState(StrEnum):
    """One airing on one speaker; the order of the first six is the way it goes."""

    PLANNED = "planned"
    PUSHED = "pushed"
    STORED = "stored"
    ARMED = "armed"
    SOUNDING = "sounding"
    FINISHED = "finished"
    SKIPPED = "skipped"
    FAILED = "failed"
    PREEMPTED = "preempted"
    STOPPED = "stopped"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Airing:
    """One bulletin or programme, at one time, on a set of speakers.

    ``content_id`` names which, ``revision`` in which of its states; ``sequence`` is what is heard, whatever becomes of
    the content later. ``start_at_us`` is None while a "now" waits for its speakers.

    It is heard from ``from_us`` into its sequence on, for ``play_us`` (None: to its end), faded out over the last
    ``fade_us``; ``duration_us`` is how long that sounds. One that the planner made follows from a schedule: from the
    occurrence ``original`` (wall time), which is to begin at ``due_us``. ``speaker_ids`` are those that are to play it.

    The sequence is heard ``times`` times with ``pause_us`` between; ``references`` are airings that it replaces.

    Where a device has it cut by something that nobody had planned, it goes on as ``on_interrupted`` says, and nothing
    of it is heard after ``slot_ends_us``.
    """

    airing_id: AiringId
    content_id: ContentId
    revision: int
    airing_class: AiringClass
    sequence: tuple[Part, ...]
    title: str
    speaker_ids: tuple[SpeakerId, ...]
    state: AiringState
    planned_at_us: int
    planned_by: str
    now: bool
    start_at_us: int | None
    duration_us: int
    lateness_window_us: int
    rank: int = 0
    from_us: int = 0
    play_us: int | None = None
    fade_us: int = 0
    schedule_id: str | None = None
    original: datetime | None = None
    due_us: int | None = None
    on_interrupted: OnInterrupted = OnInterrupted.DROP
    slot_ends_us: int | None = None
    times: int = 1
    pause_us: int = 0
    references: tuple[AiringId, ...] = ()

    @property
    def lasting(self) -> bool:
        """True for an emergency of the station's own: it is over when its time is, or when somebody ends it, whatever
        has become of it on the speakers that are there.
        """
        return self.content_id.startswith(EMERGENCY_PREFIX)


class Playback(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The evidence of one airing on one speaker: one record, whatever was killed in between. An emergency makes and
    changes thousands of them before the last horn has it, hence a struct: it takes a tenth of a dataclass's time.

    Every ``*_at_us`` is controller time as the device reported it (``pushed_at_us``: when the device confirmed).
    ``start_error_us`` is actual minus due, positive late; ``joined_at_us`` how far into it the speaker began.
    ``withdrawn`` is the desk's own word: this speaker is not to play it any more, though others are.
    """

    airing_id: AiringId
    speaker_id: SpeakerId
    state: PlayState
    pushed_at_us: int | None = None
    stored_at_us: int | None = None
    armed_at_us: int | None = None
    started_at_us: int | None = None
    start_error_us: int | None = None
    joined_at_us: int | None = None
    ended_at_us: int | None = None
    played_us: int | None = None
    lost_us: int = 0
    underruns: int = 0
    restarts: int = 0
    clock_basis: str | None = None
    clock_error_us: int | None = None
    reason: str | None = None
    detail: str = ""
    withdrawn: bool = False
