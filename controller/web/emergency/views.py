"""What the pages of emergencies and drills are given; see `controller.web.views` for the rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from controller.web.emergency.alarmviews import Stage
from controller.web.views import Track


class How(StrEnum):
    """Where the words of an emergency come from."""

    TEMPLATE = "template"
    TEXT = "text"
    RECORDING = "recording"
    LIVE = "live"


@dataclass(frozen=True, kw_only=True)
class TemplateOption:
    """A template that can be picked."""

    id: str
    name: str
    icon: str


@dataclass(frozen=True, kw_only=True)
class SlotField:
    """One slot of a template, with what is in it; ``english`` is what is said in English, where that is something else.
    ``kind`` is what is to be typed.
    """

    name: str
    kind: str
    label: str
    value: str
    example: str = ""
    english: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is said in one language. ``audio_urls`` are where its sentences can be heard, whole where there is one.
    ``missing``: slots are still empty.
    """

    language: str
    language_name: str
    text: str
    audio_urls: Sequence[str] = ()
    missing: bool = False


@dataclass(frozen=True, kw_only=True)
class LackingSpeaker:
    """One that would not sound, or does not. ``since`` is when it was heard of last, where it is away."""

    id: str
    name: str
    area_name: str
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """Speakers that lack the same: some of them by name, and how many ``more`` there are."""

    sentence: str
    speakers: Sequence[LackingSpeaker] = ()
    more: int = 0


@dataclass(frozen=True, kw_only=True)
class AreaRow:
    """An area of the tree. ``path`` are those above it that stand in the list, ``more`` says that some below it do not.
    ``covered``: one above it is chosen, and so it is too. ``lacking`` is why some would not sound: words of `NotReady`
    with their numbers, such as ``offline:3 stopped:1``.
    """

    id: str
    name: str
    depth: int
    ready: int
    speakers: int
    path: Sequence[str] = ()
    checked: bool = False
    more: int = 0
    lacking: str = ""


@dataclass(frozen=True, kw_only=True)
class Console:
    """What the form holds. ``errors`` maps a field's name to a sentence."""

    drill: bool
    how: How = How.TEMPLATE
    template_id: str = ""
    title: str = ""
    text: str = ""
    text_en: str = ""
    english: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    area_ids: Sequence[str] = ()
    severity: str = "Severe"
    siren: bool = True
    lasts_min: str = ""
    corrects: str = ""
    reason: str = ""
    recording_id: str = ""
    recording_name: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ConsoleShown:
    """The form with everything that stands around it."""

    form: Console
    templates: Sequence[TemplateOption]
    slots: Sequence[SlotField] = ()
    said: Sequence[Said] = ()
    correction: Sequence[Said] = ()
    areas: Sequence[AreaRow] = ()
    ready: int = 0
    speakers: int = 0
    lacking: Sequence[Lacking] = ()
    may_alone: bool = False
    siren: bool = True
    sound_sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class PolicyRow:
    """What holds in an area of which something is set."""

    name: str
    second_person: bool
    break_glass: bool


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many speakers are how far."""

    total: int
    received: int = 0
    siren: int = 0
    sounding: int = 0
    finished: int = 0
    failed: int = 0
    stopped: int = 0
    not_reached: int = 0


@dataclass(frozen=True, kw_only=True)
class AreaTally:
    """The same of one area."""

    id: str
    name: str
    tally: Tally


@dataclass(frozen=True, kw_only=True)
class SpeakerLine:
    """One speaker of the board. ``reason_sentence`` says why, where it does not sound."""

    id: str
    name: str
    area_name: str
    state: str
    at: datetime | None = None
    reason_sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class Lines:
    """One page of speakers: those of ``state`` (all where empty), in ``area_id`` where that is not empty. ``elsewhere``
    counts those of the same state in areas that whoever looks may not see.
    """

    lines: Sequence[SpeakerLine]
    number: int = 1
    pages: int = 1
    found: int = 0
    elsewhere: int = 0
    state: str = ""
    area_id: str = ""


@dataclass(frozen=True, kw_only=True)
class May:
    """What whoever looks may do with it now. ``confirm_sentence`` says why not, where the reason is worth knowing."""

    confirm: bool = False
    alone: bool = False
    withdraw: bool = False
    correct: bool = False
    end: bool = False
    all_clear: bool = False
    stop: bool = False
    speak: bool = False
    repair: bool = False
    confirm_sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class Silenced:
    """What a stop did to it, and the next step. ``held``: the stop still holds. ``again_id`` was prepared again."""

    sentence: str
    held: bool = False
    may_again: bool = False
    again_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that was done with it."""

    at: datetime
    by: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Emergency:
    """One emergency or drill, from its preparing to its end. ``word`` is what is typed to confirm it."""

    id: str
    drill: bool
    stage: Stage
    title: str
    hazard_name: str
    severity_name: str
    area_names: Sequence[str]
    word: str
    said: Sequence[Said]
    prepared_by: str
    prepared_at: datetime
    confirmed_by: str = ""
    confirmed_at: datetime | None = None
    alone_reason: str = ""
    correction_reason: str = ""
    ended_by: str = ""
    ended_at: datetime | None = None
    sentence: str = ""
    siren: bool = True
    live: bool = False
    lasts_sentence: str = ""
    corrects_id: str = ""
    corrected_by_id: str = ""
    again_of_id: str = ""
    silenced: Silenced | None = None
    airing_id: str = ""
    from_cap: str = ""
    track: Track = field(default_factory=Track)
    ready: int = 0
    speakers: int = 0
    lacking: Sequence[Lacking] = ()
    steps: Sequence[Step] = ()
    may: May = field(default_factory=May)


@dataclass(frozen=True, kw_only=True)
class Board:
    """How far it is, counting. ``elsewhere`` are speakers, counted too, in areas that whoever looks may not see."""

    tally: Tally
    areas: Sequence[AreaTally] = ()
    more_areas: int = 0
    elsewhere: Tally | None = None
    lacking: Sequence[Lacking] = ()
    silenced: Silenced | None = None
    lines: Lines = field(default_factory=lambda: Lines(lines=()))
