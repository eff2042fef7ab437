"""From timelines to airings: what the compiled rundowns want planned, against what is planned.

A **cue** is one stretch of a timeline, the same for every speaker that plays it alike; an airing that the planner made
stands for one cue. Rules: only what has not begun is added or withdrawn. What a person stopped does not come back with
the same occurrence at the same time. A speaker that was taken out of an airing gets another one if it is to play it
after all: its device remembers the first as withdrawn.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final

from agents.protocol.ids import AiringId, SpeakerId
from agents.protocol.values import AiringClass, ClipPart, LivePart, OnInterrupted, Part, SilencePart
from agents.protocol.version import FRAMES_PER_SECOND, MAX_PARTS_A_SEQUENCE
from controller.domain.airings import Airing, AiringState, ContentId
from controller.domain.bulletins import frames_of
from schedules.rundown.values import Item, Segment

FADE_US: Final = 3_000_000
"""How long what is faded out takes to fall silent; see docs/rundown.md."""
_SLACK_US: Final = 1_000
"""Lengths are counted in whole microseconds, each content for itself: so near to the end is the end."""
_ID_DIGITS: Final = 24
Parts = tuple[Part, ...]


def master_of(sequence: Sequence[Part]) -> str:
    """Names exactly these bytes in this order, silences included, as 64 hexadecimal digits. Nothing else of the parts
    counts: what was approved stays so where the wire learns more of them. What is live is not what is silent as long.
    """
    return hashlib.sha256(json.dumps([_said(part) for part in sequence]).encode()).hexdigest()


def _said(part: Part) -> object:
    match part:
        case ClipPart():
            return sorted((name.value, clip.sha256) for name, clip in part.renditions.items())
        case LivePart():
            return ["live", part.frames]
        case SilencePart():
            return part.frames


def is_live(sequence: Sequence[Part]) -> bool:
    """Whether something of it arrives while it is heard."""
    return any(isinstance(part, LivePart) for part in sequence)


def if_interrupted(stated: OnInterrupted, sequence: Sequence[Part]) -> OnInterrupted:
    """What becomes of these parts where something cuts them. What is live cannot be heard later or again: unless it is
    to be dropped it is joined where it is by then.
    """
    return stated if stated is OnInterrupted.DROP or not is_live(sequence) else OnInterrupted.REJOIN


def lateness_of(sequence: Sequence[Part], usual_us: int) -> int:
    """How late it may be joined: what is live at any time while it lasts."""
    return max(usual_us, duration_us(sequence)) if is_live(sequence) else usual_us


@dataclass(frozen=True, kw_only=True, slots=True)
class Cue:
    """What is to be heard, and when. ``sounds`` is the `master_of` its sequence; for the rest see `Airing`."""

    schedule_id: str
    original: datetime
    due_us: int
    start_at_us: int
    from_us: int
    play_us: int | None
    fade_us: int
    content_id: ContentId
    title: str
    airing_class: AiringClass
    rank: int
    sounds: str

    @property
    def occurrence(self) -> "Due":
        """What it is a part of."""
        return self.schedule_id, self.original, self.due_us


Due = tuple[str, datetime, int]
"""An occurrence at the time it is to begin: its schedule, its wall time by the rule, the instant."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """A content as it would be heard now; ``revision`` is that of the content."""

    content_id: ContentId
    title: str
    revision: int
    sequence: Parts

    @property
    def duration_us(self) -> int:
        return duration_us(self.sequence)


@dataclass(frozen=True, slots=True)
class Used:
    """What of a day's slots and air time is used on a speaker, or kept for what is planned."""

    slots: int = 0
    sounds_us: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What an airing takes over from its schedule. ``room_us`` is how long its slot is; see docs/rundown.md."""

    airing_class: AiringClass
    rank: int
    planned_by: str
    on_interrupted: OnInterrupted = OnInterrupted.DROP
    room_us: int = 0


def duration_us(sequence: Sequence[Part]) -> int:
    """How long parts sound one after another, in whole microseconds."""
    return frames_of(sequence) * 1_000_000 // FRAMES_PER_SECOND


class Script:
    """Makes cues from segments. Holds what each cue's airing consists of."""

    def __init__(self, terms: Mapping[str, Terms], contents: Mapping[str, Heard]) -> None:
        """``terms`` by schedule: what belongs to no schedule of these is left out."""
        self._terms = terms
        self._contents = contents
        self._sequences: dict[tuple[str, int], tuple[str, Parts]] = {}
        self._by_sound: dict[str, tuple[Heard, Parts]] = {}

    def cues(self, segment: Segment, item: Item) -> tuple[Cue, ...]:
        """Usually one; more where a content that is repeated has more parts than one airing holds."""
        terms, heard = self._terms.get(item.schedule_id), self._contents.get(item.content_id)
        if terms is None or heard is None or heard.duration_us <= 0:
            return ()
        return tuple(
            Cue(
                schedule_id=item.schedule_id,
                original=item.original,
                due_us=item.start_us,
                start_at_us=start_us,
                from_us=from_us,
                play_us=play_us,
                fade_us=min(FADE_US, until_us - start_us) if segment.fade and until_us == segment.until_us else 0,
                content_id=heard.content_id,
                title=heard.title,
                airing_class=terms.airing_class,
                rank=terms.rank,
                sounds=sounds,
            )
            for start_us, until_us, from_us, play_us, sounds in self._pieces(segment, heard)
        )

    def _pieces(self, segment: Segment, heard: Heard) -> Iterator[tuple[int, int, int, int | None, str]]:
        """From when until when, from where and for how long, and of what. Only the beginning of an item begins at the
        beginning of a sequence: by that devices know what takes a slot of its own.
        """
        once_us, start_us = heard.duration_us, segment.from_us
        most_times = max(1, MAX_PARTS_A_SEQUENCE // len(heard.sequence))
        goes_on_us = once_us if most_times > 1 else 0
        from_us = segment.offset_us % once_us or (goes_on_us if segment.offset_us else 0)
        while start_us < segment.until_us:
            left_us = segment.until_us - start_us
            times = min(most_times, max(1, math.ceil((from_us + left_us - _SLACK_US) / once_us)))
            rest_us = once_us * times - from_us
            whole = left_us >= rest_us - _SLACK_US
            until_us = segment.until_us if left_us <= rest_us + _SLACK_US else start_us + rest_us
            yield start_us, until_us, from_us, None if whole else left_us, self._sounds(heard, times)
            start_us, from_us = until_us, goes_on_us

    def _sounds(self, heard: Heard, times: int) -> str:
        found = self._sequences.get((heard.content_id, times))
        if found is None:
            sequence = heard.sequence * times
            found = self._sequences[heard.content_id, times] = master_of(sequence), sequence
            self._by_sound[found[0]] = heard, sequence
        return found[0]

    def airing(
        self, cue: Cue, airing_id: AiringId, speaker_ids: Sequence[SpeakerId], now_us: int, lateness_window_us: int
    ) -> Airing:
        """The airing of a cue that this script made, as it is planned at ``now_us``."""
        heard, sequence = self._by_sound[cue.sounds]
        rest_us, terms = duration_us(sequence) - cue.from_us, self._terms[cue.schedule_id]
        slot_from_us = cue.due_us if cue.from_us else cue.start_at_us  # pushed back, it takes its slot along
        return Airing(
            airing_id=airing_id,
            content_id=cue.content_id,
            revision=heard.revision,
            airing_class=cue.airing_class,
            sequence=sequence,
            title=cue.title,
            speaker_ids=tuple(speaker_ids),
            state=AiringState.PLANNED,
            planned_at_us=now_us,
            planned_by=terms.planned_by,
            now=False,
            start_at_us=cue.start_at_us,
            duration_us=rest_us if cue.play_us is None else min(cue.play_us, rest_us),
            lateness_window_us=lateness_of(sequence, lateness_window_us),
            rank=cue.rank,
            from_us=cue.from_us,
            play_us=cue.play_us,
            fade_us=cue.fade_us,
            schedule_id=cue.schedule_id,
            original=cue.original,
            due_us=cue.due_us,
            on_interrupted=if_interrupted(terms.on_interrupted, sequence),
            slot_ends_us=None if terms.on_interrupted is OnInterrupted.DROP else slot_from_us + terms.room_us,
        )


def cue_of(airing: Airing) -> Cue | None:
    """What an airing stands for, None where no schedule asked for it."""
    if airing.schedule_id is None or airing.original is None or airing.due_us is None or airing.start_at_us is None:
        return None
    return Cue(
        schedule_id=airing.schedule_id,
        original=airing.original,
        due_us=airing.due_us,
        start_at_us=airing.start_at_us,
        from_us=airing.from_us,
        play_us=airing.play_us,
        fade_us=airing.fade_us,
        content_id=airing.content_id,
        title=airing.title,
        airing_class=airing.airing_class,
        rank=airing.rank,
        sounds=master_of(airing.sequence),
    )


def due_of(airing: Airing) -> Due | None:
    """The occurrence that an airing is a part of, None where no schedule asked for it."""
    if airing.schedule_id is None or airing.original is None or airing.due_us is None:
        return None
    return airing.schedule_id, airing.original, airing.due_us


def airing_id_of(cue: Cue, again: int) -> AiringId:
    """The same for the same cue; another each time that it is planned ``again`` after all, from 0."""
    named = json.dumps([asdict(cue), again], sort_keys=True, default=str)
    return AiringId(f"a-{hashlib.sha256(named.encode()).hexdigest()[:_ID_DIGITS]}")


# --- the difference --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """An airing of the planner that is planned and has not begun. ``left`` were taken out of it."""

    airing_id: AiringId
    cue: Cue
    speakers: frozenset[SpeakerId]
    left: frozenset[SpeakerId] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """These speakers come into an airing that is planned, or go out of it."""

    airing_id: AiringId
    speakers: tuple[SpeakerId, ...]


@dataclass(frozen=True, slots=True)
class Addition:
    """A new airing."""

    cue: Cue
    speakers: tuple[SpeakerId, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What is to be done so that all that is wanted is planned, and nothing else. ``withdrawn`` go as a whole."""

    added: tuple[Addition, ...] = ()
    joined: tuple[Change, ...] = ()
    left: tuple[Change, ...] = ()
    withdrawn: tuple[AiringId, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.joined or self.left or self.withdrawn)


Wanted = Mapping[Cue, AbstractSet[SpeakerId]]


@dataclass(frozen=True, slots=True)
class Begun:
    """A part of an occurrence that has begun on these speakers, and when it ends."""

    until_us: int
    speakers: AbstractSet[SpeakerId]


@dataclass(frozen=True, kw_only=True, slots=True)
class Meanwhile:
    """What goes on while it is planned: where a person ``stopped`` an occurrence, what ``sounds`` as it was planned,
    and what would be sounding (``wanted``) by what is planned now.
    """

    stopped: Mapping[Due, AbstractSet[SpeakerId]] = field(default_factory=dict)
    sounds: Mapping[Due, Sequence[Begun]] = field(default_factory=dict)
    wanted: Mapping[Due, Sequence[Begun]] = field(default_factory=dict)

    def goes_on(self, cue: Cue) -> frozenset[SpeakerId]:
        """Where this part of an occurrence is the rest of what sounds, which cannot be lengthened any more: it was to
        be interrupted before, and is not to be now.
        """
        after_us = cue.start_at_us
        due = cue.occurrence
        ends_later = {one for part in self.wanted.get(due, ()) if part.until_us > after_us for one in part.speakers}
        still_sounds = {one for part in self.sounds.get(due, ()) if part.until_us > after_us for one in part.speakers}
        return frozenset(ends_later - still_sounds)


def differences(
    wanted: Wanted,
    standing: Iterable[Standing],
    meanwhile: Meanwhile,
    now_us: int,
    *,
    touched: AbstractSet[SpeakerId] | None = None,
) -> Changes:
    """What is to be done for the speakers ``touched`` (None: for all); ``wanted`` says all that they are to play.

    What begins at ``now_us`` or before is left as it is.
    """
    by_cue: dict[Cue, list[Standing]] = {}
    for one in standing:
        if one.cue.start_at_us > now_us:
            by_cue.setdefault(one.cue, []).append(one)
    cues = sorted({*by_cue, *(cue for cue in wanted if cue.start_at_us > now_us)}, key=_by_time)
    made = _Made()
    for cue in cues:
        there = sorted(by_cue.get(cue, ()), key=lambda one: one.airing_id)
        going_on = meanwhile.goes_on(cue) & {one for each in there for one in each.speakers}
        stopped = meanwhile.stopped.get(cue.occurrence, frozenset())
        made.settle(cue, (wanted.get(cue, frozenset()) | going_on) - stopped, there, touched)
    return Changes(
        added=tuple(made.added), joined=tuple(made.joined), left=tuple(made.left), withdrawn=tuple(made.withdrawn)
    )


def _by_time(cue: Cue) -> tuple[int, str, str, str]:
    return cue.start_at_us, cue.schedule_id, cue.original.isoformat(), repr(cue)


class _Made:
    def __init__(self) -> None:
        self.added: list[Addition] = []
        self.joined: list[Change] = []
        self.left: list[Change] = []
        self.withdrawn: list[AiringId] = []

    def settle(
        self,
        cue: Cue,
        wanted: AbstractSet[SpeakerId],
        standing: Sequence[Standing],
        touched: AbstractSet[SpeakerId] | None,
    ) -> None:
        missing, kept = set(wanted), []
        for one in standing:
            missing -= one.speakers
            gone = {speaker for speaker in one.speakers - wanted if touched is None or speaker in touched}
            if gone == one.speakers:
                self.withdrawn.append(one.airing_id)
                continue
            kept.append(one)
            if gone:
                self.left.append(Change(one.airing_id, tuple(sorted(gone))))
        for one in kept:
            joining = missing - one.left
            if joining:
                self.joined.append(Change(one.airing_id, tuple(sorted(joining))))
                missing -= joining
        if missing:
            self.added.append(Addition(cue, tuple(sorted(missing))))
