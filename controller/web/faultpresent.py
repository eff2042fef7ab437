"""From faults to the cards that show them. Pure: no I/O, no clock."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.faults import Fault, FaultKind
from controller.web.faultviews import FaultCard, FaultMember
from controller.web.faultwords import TOGETHER, WEIGHT, WORDS, seen_sentence, time_span
from controller.web.i18n import Translator
from controller.web.moments import maybe_moment, moment
from controller.web.placeviews import Choice
from schedules.areanames import folded

MEMBERS_SHOWN: Final = 100

Names = Mapping[SpeakerId, tuple[str, str]]
"""The name of a speaker, and that of its area."""


def by_weight(faults: Iterable[Fault]) -> list[Fault]:
    """The heaviest first; among equals what touches most, then the earliest."""
    return sorted(faults, key=lambda one: (WEIGHT[one.kind], -one.detail.members, one.opened_at_us, one.fault_id))


def began_us(fault: Fault) -> int:
    """When it began, which may be before it was noticed."""
    since_us = fault.detail.since_us
    return fault.opened_at_us if since_us is None else min(since_us, fault.opened_at_us)


def card(
    fault: Fault,
    names: Names,
    area_name: Callable[[AreaId], str],
    say: Translator,
    *,
    members: Sequence[Fault] = (),
    may_note: bool = False,
) -> FaultCard:
    """One fault, with what is part of it. One that is itself part of an area's says so."""
    words = WORDS[fault.kind]
    together = fault.group_id is not None
    seen = seen_sentence(fault.kind, fault.detail, say)
    name, stands_in = names.get(fault.speaker_id, ("", "")) if fault.speaker_id else ("", "")
    there = {one.speaker_id for one in members if one.speaker_id is not None and one.speaker_id in names}
    listed = sorted(there, key=lambda one: (folded(names[one][0]), one))
    return FaultCard(
        id=fault.fault_id,
        icon=words.icon,
        tone=words.tone,
        word=say.gettext(words.word),
        area_name=stands_in or (area_name(fault.area_id) if fault.area_id else ""),
        since=moment(began_us(fault)),
        until=maybe_moment(fault.closed_at_us),
        lasted_sentence=_lasted(fault, say),
        seen_sentence=f"{seen} {say.gettext(TOGETHER)}" if together else seen,
        advice_sentence=say.gettext(WORDS[FaultKind.AREA_OFFLINE].advice if together else words.advice),
        speaker_id=fault.speaker_id if name and fault.speaker_id else "",
        speaker_name=name,
        airing_id=fault.detail.airing_id or "",
        members=[FaultMember(id=one, name=names[one][0], area_name=names[one][1]) for one in listed[:MEMBERS_SHOWN]],
        more=max(0, len(listed) - MEMBERS_SHOWN),
        noted_by=fault.seen_by or "",
        noted_at=maybe_moment(fault.seen_at_us),
        may_note=may_note,
    )


def _lasted(fault: Fault, say: Translator) -> str:
    return "" if fault.closed_at_us is None else time_span((fault.closed_at_us - began_us(fault)) / 1e6, say)


def kinds(say: Translator) -> list[Choice]:
    """Every kind, the heaviest first."""
    return [Choice(id=kind, name=say.gettext(words.word)) for kind, words in WORDS.items()]


def kind_of(written: str) -> FaultKind | None:
    """A kind as addresses write it; None for all of them, and for one that is not there."""
    return FaultKind(written) if written in set(FaultKind) else None
