"""What is told of emergencies, and what is sent to prepare one."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from agents.protocol.ids import AiringId, AreaId, DocumentId, SpeakerId
from controller.domain import alarm_board
from controller.domain.emergencies import (
    Emergency,
    EmergencyDraft,
    EmergencyId,
    EmergencyKind,
    EmergencyState,
    EndKind,
    Severity,
)
from controller.domain.emergency_sound import written
from controller.domain.hazards import Hazard, SlotKind, Template
from controller.domain.speakers import NotReady
from controller.web.api.endpoint import Body
from controller.web.api.values import Told, told

FOLDER = "/api/v1/emergencies"


class WhereBody(Body):
    """Some areas."""

    area_ids: Annotated[list[AreaId], Meta(min_length=1, max_length=200)]


class SlotTold(Told):
    """Something to fill in: its ``label`` and an ``example``, by language."""

    name: str
    kind: SlotKind
    labels: dict[str, str]
    examples: dict[str, str]


class WordingTold(Told):
    """A template in one language; ``middle`` holds the slots as ``{name}``, everything else is fixed."""

    name: str
    event: str
    opening: str
    middle: str
    instructions: str
    correction: str
    all_clear: str


class TemplateTold(Told):
    """What can be said of a hazard. ``category``, ``severity``, ``urgency`` and ``certainty`` are CAP 1.2's words."""

    template_id: str
    hazard: Hazard
    wordings: dict[str, WordingTold]
    slots: list[SlotTold]
    siren: bool
    category: str
    severity: str
    urgency: str
    certainty: str


class TemplatesTold(Told):
    """In the order in which they are offered."""

    templates: list[TemplateTold]


def template_told(one: Template) -> TemplateTold:
    """A template as it is offered."""
    return told(
        TemplateTold,
        one,
        wordings={language: told(WordingTold, wording) for language, wording in one.wordings.items()},
        slots=[told(SlotTold, slot, labels=dict(slot.labels), examples=dict(slot.examples)) for slot in one.slots],
    )


class DraftBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to be said, where.

    With ``template_id`` the template is said in each of ``languages``, with ``values`` in its slots: ``place``, or
    ``place:en`` for one language alone. ``texts`` are words of one's own by language: in place of the template's
    middle, or all there is. ``upload_id`` names a recording that was uploaded before, to be heard as it is in place of
    template and texts; it needs a ``title``. ``live`` is spoken into a microphone once it is sent. Without ``lasts_s``
    it is repeated until somebody ends it. A drill has no siren.
    """

    area_ids: Annotated[list[AreaId], Meta(min_length=1, max_length=200)]
    hazard: Hazard = Hazard.OTHER
    drill: bool = False
    severity: Severity = Severity.SEVERE
    template_id: str | None = None
    values: dict[str, str] = msgspec.field(default_factory=dict)
    texts: dict[str, str] = msgspec.field(default_factory=dict)
    languages: list[str] = msgspec.field(default_factory=lambda: ["vi"])
    title: str = ""
    lasts_s: int | None = None
    siren: bool = True
    upload_id: str = ""
    live: bool = False
    references: list[EmergencyId] = msgspec.field(default_factory=list)

    def draft(self) -> EmergencyDraft:
        """As the desk takes it."""
        return EmergencyDraft(
            drill=self.drill,
            hazard=self.hazard,
            area_ids=tuple(self.area_ids),
            severity=self.severity,
            template_id=self.template_id,
            values=dict(self.values),
            texts=dict(self.texts),
            languages=tuple(self.languages),
            title=self.title,
            lasts_s=self.lasts_s,
            siren=self.siren,
            live=self.live,
            references=tuple(self.references),
        )


class EmergencyBody(DraftBody, Body):
    """See `DraftBody`."""


class ReasonBody(Body):
    """Why it is sent by one person alone; the others are told."""

    reason: str


class CorrectBody(Body, kw_only=True):
    """Without ``draft`` the prepared correction goes out at once; with one it is prepared, and another person confirms
    it.
    """

    reason: str
    draft: DraftBody | None = None


class EndBody(Body):
    """``all_clear``: announced to everybody. Otherwise it falls silent."""

    all_clear: bool = True


class PersonTold(Told):
    """Who, and when."""

    name: str
    at_us: int


class EmergencyTold(Told):
    """One emergency, or a drill.

    It waits for another person while it is ``prepared``, and is on the air while it is ``sent``: from ``starts_at_us``,
    ``times`` times with ``pause_us`` between, at most until ``until_us``. ``texts`` are all words of it, by language.
    ``broken_glass`` was sent by one person alone for ``reason``. ``answers`` is the emergency that it corrects or ends,
    ``answered_by`` the one that did so to it; ``again_of`` is one that a stop silenced and that this says once more.
    ``failure`` is a code.
    """

    emergency_id: EmergencyId
    kind: EmergencyKind
    state: EmergencyState
    drill: bool
    hazard: Hazard
    title: str
    severity: Severity
    area_ids: list[AreaId]
    texts: dict[str, str]
    siren: bool
    live: bool
    airing_id: AiringId
    order_id: DocumentId
    prepared: PersonTold
    changed_at_us: int
    failure: str | None
    confirmed: PersonTold | None
    broken_glass: bool
    reason: str
    starts_at_us: int | None
    until_us: int | None
    times: int
    pause_us: int
    ended: PersonTold | None
    end: EndKind | None
    cap_id: str | None
    references: list[EmergencyId]
    answers: EmergencyId | None
    answered_by: EmergencyId | None
    again_of: EmergencyId | None


class EmergenciesTold(Told):
    """The last changed first. ``next`` is what to give as ``before`` for more; null at the end."""

    emergencies: list[EmergencyTold]
    next: str | None


def emergency_told(one: Emergency) -> EmergencyTold:
    """An emergency as it is now."""
    draft = one.draft
    return told(
        EmergencyTold,
        one,
        hazard=draft.hazard,
        severity=draft.severity,
        area_ids=list(draft.area_ids),
        texts=dict(written(one)),
        siren=draft.siren,
        live=draft.live,
        prepared=told(PersonTold, one.prepared),
        confirmed=None if one.confirmed is None else told(PersonTold, one.confirmed),
        ended=None if one.ended is None else told(PersonTold, one.ended),
        cap_id=draft.cap_id,
        references=list(draft.references),
    )


class BoardLineTold(Told):
    """One speaker, by what its device said. ``reason`` is a code: why it failed, or why it is not reached."""

    speaker_id: SpeakerId
    speaker_name: str
    area_id: AreaId
    area_name: str
    reach: alarm_board.Reach
    connected: bool
    received_at_us: int | None
    sounding_at_us: int | None
    reason: str | None
    detail: str


class BoardTold(Told):
    """What is worst stands first. ``counts`` has every word of ``reach``, of all speakers; ``lines`` are those in areas
    that are yours to see.
    """

    emergency: EmergencyTold
    lines: list[BoardLineTold]
    counts: dict[alarm_board.Reach, int]
    at_us: int


class ReadinessTold(Told):
    """How many of the ``speakers`` would sound now, and why others would not."""

    ready: int
    speakers: int
    not_ready: dict[NotReady, int]
