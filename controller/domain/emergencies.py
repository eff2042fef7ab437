"""An emergency, or a drill of one, from its first word to its end. Pure.

Rules: two persons send it, told apart by who they are and not by what they are called; one alone only where every area
of it allows that (break glass), with a reason. A drill never becomes real, nor the other way round. What an
emergency's airing and order are called is known before it is sent, so that sending it twice is sending it once.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, NewType

from agents.protocol.ids import AiringId, AreaId, DocumentId
from agents.protocol.values import AiringClass, ClipPart, Part
from controller.domain.errors import Invalid, Refused
from controller.domain.hazards import Hazard
from controller.domain.rights import Actor
from controller.domain.texts import bulletin_text, clean

EmergencyId = NewType("EmergencyId", str)

LONGEST_REASON: Final = 500
_LONGEST_TITLE: Final = 200
_DRILL: Final = "Diễn tập"
MOST_AREAS: Final = 200
MOST_REFERENCES: Final = 50


class EmergencyState(StrEnum):
    """``preparing`` while its sounds are made, ``prepared`` while it waits for the second person, ``sent`` until it is
    over. ``failed`` can be repaired; ``expired`` is one that nobody confirmed in time.
    """

    PREPARING = "preparing"
    PREPARED = "prepared"
    FAILED = "failed"
    SENT = "sent"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


OPEN_STATES: Final = frozenset(
    {EmergencyState.PREPARING, EmergencyState.PREPARED, EmergencyState.FAILED, EmergencyState.SENT}
)
"""Those in which something is still to be done about it."""
UNSENT_STATES: Final = OPEN_STATES - {EmergencyState.SENT}
NEVER_SENT: Final = frozenset({EmergencyState.WITHDRAWN, EmergencyState.EXPIRED})
"""It is over, and was never heard."""


class EmergencyKind(StrEnum):
    """What it is for: to warn, to put right what was said, or to say that the danger is over."""

    ALARM = "alarm"
    CORRECTION = "correction"
    ALL_CLEAR = "all_clear"


class EndKind(StrEnum):
    """How one that was sent ended: announced, quietly, replaced by another, by a stop, or because its time was over."""

    ALL_CLEAR = "all_clear"
    QUIET = "quiet"
    CORRECTED = "corrected"
    STOPPED = "stopped"
    OVER = "over"


class Severity(StrEnum):
    """CAP 1.2, the most severe first; also the order among emergencies on the air."""

    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"

    @property
    def rank(self) -> int:
        """0 for the most severe."""
        return tuple(Severity).index(self)


class Origin(StrEnum):
    """Who began it: a person of the station, or a CAP alert."""

    STATION = "station"
    CAP = "cap"


@dataclass(frozen=True, kw_only=True, slots=True)
class EmergencyDraft:
    """What a person, or a CAP alert, wants said.

    With ``template_id`` the template's words are said in each of ``languages``, with ``values`` in its slots: by the
    slot's name, or ``slot:en`` for one language alone. ``texts`` are words of one's own by language: in place of the
    template's middle, or all there is. ``audio`` is a recording to be heard in place of all speech; ``live`` is spoken
    into a microphone. ``lasts_s`` None repeats it until it is ended; ``expires_at_us`` is when nothing of it may be
    heard any more. ``siren`` is never heard in a drill. ``references`` are emergencies that it replaces.

    ``category``, ``event``, ``urgency`` and ``certainty`` are CAP's words; empty ones are the template's.
    """

    drill: bool
    hazard: Hazard
    area_ids: tuple[AreaId, ...]
    severity: Severity = Severity.SEVERE
    template_id: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ("vi",)
    title: str = ""
    lasts_s: int | None = None
    siren: bool = True
    references: tuple[EmergencyId, ...] = ()
    origin: Origin = Origin.STATION
    cap_id: str | None = None
    audio: ClipPart | None = None
    live: bool = False
    expires_at_us: int | None = None
    category: str = ""
    event: str = ""
    urgency: str = ""
    certainty: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class By:
    """Who did it. ``person_id`` is None for a token or a rule; ``called`` is what a person is called by others."""

    name: str
    at_us: int
    person_id: str | None = None
    called: str = ""

    @property
    def whom(self) -> str:
        """As others know them."""
        return self.called or self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Emergency:
    """One emergency. ``airing_id`` and ``order_id`` are what it will be called on the air.

    ``sound_ids`` are those being made for it, by language; ``sequence`` is what is heard once, when they are ready.
    ``starts_at_us`` and ``until_us`` bound when it is heard. ``broken_glass`` was sent by one person alone, for
    ``reason``. ``answers`` is the emergency that this one corrects or ends, ``again_of`` the one that a stop had
    silenced and that this one says once more.
    """

    emergency_id: EmergencyId
    draft: EmergencyDraft
    kind: EmergencyKind
    state: EmergencyState
    title: str
    airing_id: AiringId
    order_id: DocumentId
    prepared: By
    changed_at_us: int
    sound_ids: Mapping[str, str] = field(default_factory=dict)
    sequence: tuple[Part, ...] = ()
    failure: str | None = None
    confirmed: By | None = None
    broken_glass: bool = False
    reason: str = ""
    starts_at_us: int | None = None
    until_us: int | None = None
    times: int = 1
    pause_us: int = 0
    ended: By | None = None
    end: EndKind | None = None
    answers: EmergencyId | None = None
    answered_by: EmergencyId | None = None
    again_of: EmergencyId | None = None

    @property
    def drill(self) -> bool:
        """Whether it is a drill, from first to last."""
        return self.draft.drill

    @property
    def open(self) -> bool:
        """Whether something is still to be done about it."""
        return self.state in OPEN_STATES

    @property
    def on_air(self) -> bool:
        """Whether it was sent and is not over."""
        return self.state is EmergencyState.SENT

    @property
    def airing_class(self) -> AiringClass:
        """Of its airing."""
        return AiringClass.DRILL if self.drill else AiringClass.EMERGENCY

    @property
    def airing_title(self) -> str:
        """Of its airing: as logs and rundowns name it, where no colour tells a drill from the real thing."""
        if not self.drill or self.title.startswith(_DRILL):
            return self.title
        return f"{_DRILL}: {self.title}"[:_LONGEST_TITLE]


# --- what areas allow -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AreaPolicy:
    """What is set on one area, for it and all below it; None is inherited."""

    break_glass: bool | None = None
    second_person: bool | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds: whether one person may send alone with a reason, and whether a second one is needed at all."""

    break_glass: bool = False
    second_person: bool = True


def policy_of(path: Sequence[AreaId], said: Mapping[AreaId, AreaPolicy]) -> Policy:
    """What holds in the last area of ``path``, which goes from the widest down to it: the nearest word counts."""
    break_glass, second_person = Policy().break_glass, Policy().second_person
    for area_id in path:
        one = said.get(area_id, AreaPolicy())
        break_glass = break_glass if one.break_glass is None else one.break_glass
        second_person = second_person if one.second_person is None else one.second_person
    return Policy(break_glass, second_person)


def strictest(policies: Iterable[Policy]) -> Policy:
    """What holds for several areas together: what each of them allows."""
    of_all = tuple(policies)
    return Policy(
        break_glass=bool(of_all) and all(one.break_glass for one in of_all),
        second_person=not of_all or any(one.second_person for one in of_all),
    )


# --- deciding ---------------------------------------------------------------------------------------------------------


def require_prepared(emergency: Emergency, heard_us: int) -> None:
    """Whether it may be sent, to be heard from ``heard_us`` on. Raises `Refused` (``emergency_not_ready``,
    ``emergency_expired``, ``emergency_decided``).
    """
    if emergency.state in {EmergencyState.PREPARING, EmergencyState.FAILED}:
        raise Refused(f"it is {emergency.state}", code="emergency_not_ready")
    if expired(emergency, heard_us):
        raise Refused("its time is over", code="emergency_expired")
    if emergency.state is not EmergencyState.PREPARED:
        raise Refused(f"it is {emergency.state}", code="emergency_decided")


def require_second(emergency: Emergency, by: Actor, policy: Policy) -> None:
    """Whether ``by`` may confirm what was prepared. Raises `Refused` (``person_needed``, ``second_person_needed``)."""
    if by.rule_id is not None and emergency.draft.origin is Origin.CAP:
        return  # a person has set the rule, for these alerts
    if by.person_id is None:
        raise Refused("no program confirms an emergency", code="person_needed")
    if policy.second_person and by.person_id == emergency.prepared.person_id:
        raise Refused("who prepared it does not confirm it", code="second_person_needed")


def require_alone(by: Actor, policy: Policy, reason: str) -> str:
    """Whether ``by`` may send alone; returns the reason as it is kept.

    Raises `Refused` (``person_needed``, ``break_glass_forbidden``), `Invalid` (``reason_missing``,
    ``reason_too_long``).
    """
    if by.person_id is None:
        raise Refused("no program sends an emergency", code="person_needed")
    if not policy.break_glass:
        raise Refused("an area of it does not allow that", code="break_glass_forbidden")
    return checked_reason(reason)


def checked_reason(reason: str) -> str:
    """Raises `Invalid` (``reason_missing``, ``reason_too_long``)."""
    if len(reason) > 4 * LONGEST_REASON or len(cleaned := clean(reason)) > LONGEST_REASON:
        raise Invalid(f"at most {LONGEST_REASON} letters", code="reason_too_long")
    if not cleaned:
        raise Invalid("no reason", code="reason_missing")
    return cleaned


def require_same_nature(drill: bool, references: Iterable[Emergency]) -> None:
    """A drill replaces drills, the real thing replaces the real thing. Raises `Refused` (``drill_and_real``)."""
    if any(one.drill is not drill for one in references):
        raise Refused("a drill and the real thing are never mixed", code="drill_and_real")


def require_responsible(emergency: Emergency, by: Actor) -> None:
    """Whether ``by`` may end or correct it: a person, or the rule by which an alert was sent. Raises `Refused`
    (``person_needed``).
    """
    if by.person_id is None and not (by.rule_id is not None and emergency.draft.origin is Origin.CAP):
        raise Refused("no program ends an emergency", code="person_needed")


def answer_draft(emergency: Emergency) -> EmergencyDraft:
    """What answers it, in its areas, drill or real as it is: the words are fixed."""
    draft = emergency.draft
    return replace(
        draft,
        siren=False,
        live=False,
        audio=None,
        lasts_s=None,
        expires_at_us=None,
        references=(emergency.emergency_id,),
    )


def again_draft(emergency: Emergency, stopped: Iterable[AreaId]) -> EmergencyDraft:
    """The same once more, where a stop silenced it: everywhere, or while it is on the air in the areas ``stopped``. It
    is the station's own word, whoever had it first. Raises `Refused` (``emergency_not_stopped``,
    ``stopped_too_scattered``: in more areas than one emergency can name).
    """
    area_ids = tuple(stopped) if emergency.on_air else emergency.draft.area_ids
    silenced = emergency.end is EndKind.STOPPED or (emergency.on_air and area_ids)
    if emergency.kind is not EmergencyKind.ALARM or not silenced:
        raise Refused(f"it is {emergency.state}", code="emergency_not_stopped")
    if len(area_ids) > MOST_AREAS:
        raise Refused(f"stopped in {len(area_ids)} areas", code="stopped_too_scattered")
    return replace(emergency.draft, area_ids=area_ids, references=(), origin=Origin.STATION, cap_id=None)


def fewest_areas(
    stopped: Iterable[Sequence[AreaId]], going: Iterable[Sequence[AreaId]], meant: Collection[AreaId]
) -> tuple[AreaId, ...]:
    """The areas that name all of ``stopped``: each of these itself where they are few enough for one emergency, else
    the widest that hold none of ``going`` and lie in one of ``meant``. All are given with their path, from the widest
    area down.
    """
    paths = {path[-1]: path for path in stopped}
    if len(paths) <= MOST_AREAS:
        return tuple(paths)
    heard = {area_id for path in going for area_id in path}

    def widest(path: Sequence[AreaId]) -> AreaId:
        within = next((at for at, area_id in enumerate(path) if area_id in meant), len(path) - 1)
        return next((area_id for area_id in path[within:] if area_id not in heard), path[-1])

    return tuple(dict.fromkeys(map(widest, paths.values())))


def checked_text(text: str, max_letters: int) -> str:
    """Words of one's own. Raises `Invalid` (``text_empty``, ``text_too_long``)."""
    return bulletin_text(text, max_letters)


def require_on_air(emergency: Emergency) -> None:
    """Raises `Refused` (``emergency_over``)."""
    if not emergency.on_air:
        raise Refused(f"it is {emergency.state}", code="emergency_over")


def require_unanswered(emergency: Emergency, replaced: Emergency) -> None:
    """Whether what was written to replace another may still be sent: the other may have been corrected, or said to be
    over, while this one waited. What another system says stands for itself. Raises `Refused` (``emergency_over``).
    """
    answered = replaced.end in {EndKind.ALL_CLEAR, EndKind.CORRECTED}
    if emergency.draft.origin is Origin.STATION and answered:
        raise Refused(f"{replaced.emergency_id} was answered by {replaced.answered_by}", code="emergency_over")


def expired(emergency: Emergency, now_us: int) -> bool:
    """Whether nothing of it may be heard any more, though it was never sent."""
    return emergency.draft.expires_at_us is not None and now_us >= emergency.draft.expires_at_us


# --- becoming ---------------------------------------------------------------------------------------------------------


def ready(emergency: Emergency, sequence: tuple[Part, ...], now_us: int) -> Emergency:
    """Its sounds are made: it waits for the second person."""
    return replace(emergency, state=EmergencyState.PREPARED, sequence=sequence, failure=None, changed_at_us=now_us)


def failed(emergency: Emergency, code: str, now_us: int) -> Emergency:
    """A sound could not be made."""
    return replace(emergency, state=EmergencyState.FAILED, failure=code[:40], changed_at_us=now_us)


def over(emergency: Emergency, end: EndKind, by: By) -> Emergency:
    """It was sent, and is over."""
    return replace(emergency, state=EmergencyState.ENDED, end=end, ended=by, changed_at_us=by.at_us)
