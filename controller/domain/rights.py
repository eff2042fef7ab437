"""Who may do what, where: roles are granted on areas, and each role carries rights.

This is the one table. A route of the web names the right that it needs, and a grant on an area holds in every area
below it. Nothing else decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from agents.protocol.ids import AreaId

EVERYWHERE: Final = AreaId("*")
"""In place of an area: the whole station, areas that are still to come included."""


class Role(StrEnum):
    """What a person is at a station; see the guide of each."""

    EDITOR = "editor"
    ANNOUNCER = "announcer"
    APPROVER = "approver"
    OFFICER = "officer"
    TECHNICIAN = "technician"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """One thing that somebody may be allowed to do."""

    SEE = "see"
    """Speakers, airings, bulletins and programmes of the area."""
    COMPOSE = "compose"
    """Bulletins, programmes and signature tunes: make and change them."""
    BROADCAST = "broadcast"
    """Send now, or plan."""
    DECIDE = "decide"
    """What came from above: take it, give it a time, or decline it."""
    APPROVE = "approve"
    """What others planned: hear it, then approve it, send it back, or revoke what was approved."""
    SET_GUARDS = "set_guards"
    """Quiet hours, how much may be played, and how loud."""
    STOP = "stop"
    """End an airing. Stopping everything needs it wherever there is a speaker."""
    TEND = "tend"
    """Speakers: name, volume, identify, area."""
    ADOPT = "adopt"
    """Speakers: adopt, enrol, release."""
    MANAGE_STATION = "manage_station"
    """Pronunciations, which needs it wherever there is a speaker, and the station's own commune."""
    MANAGE_AREAS = "manage_areas"
    """Villages and other areas: add, rename, close."""
    MANAGE_PEOPLE = "manage_people"
    """Accounts, roles and API tokens, and whether persons may approve their own."""
    AUDIT = "audit"
    """Read who did what."""
    HAND_IN = "hand_in"
    """Hand in ordinary and priority bulletins from another system, and ask what became of them."""
    HAND_IN_EMERGENCY = "hand_in_emergency"
    """Hand in emergencies: they are heard at once."""
    HAND_IN_ALERT = "hand_in_alert"
    """Hand in CAP alerts: they are held for a person, unless a rule of the area says otherwise."""
    LIVE = "live"
    """Speak through a microphone."""
    PREPARE_EMERGENCY = "prepare_emergency"
    """Emergencies and drills: write them, have their sounds made, and hand them to another person to confirm."""
    CONFIRM_EMERGENCY = "confirm_emergency"
    """Send an emergency that another person prepared; correct and end one that is on the air."""
    BREAK_GLASS = "break_glass"
    """Send an emergency alone, with a reason, where the area allows it."""
    CAP = "cap"
    """CAP alerts that came in: see them and decide on them."""


_DESK: Final = frozenset({Right.SEE, Right.STOP})

RIGHTS: Final[Mapping[Role, frozenset[Right]]] = MappingProxyType(
    {
        Role.EDITOR: _DESK | {Right.COMPOSE, Right.BROADCAST, Right.MANAGE_STATION},
        Role.ANNOUNCER: _DESK | {Right.COMPOSE, Right.LIVE},
        Role.APPROVER: _DESK | {Right.BROADCAST, Right.DECIDE, Right.APPROVE, Right.SET_GUARDS, Right.AUDIT},
        Role.OFFICER: _DESK
        | {Right.COMPOSE, Right.BROADCAST, Right.DECIDE, Right.APPROVE, Right.AUDIT, Right.LIVE}
        | {Right.PREPARE_EMERGENCY, Right.CONFIRM_EMERGENCY, Right.BREAK_GLASS, Right.CAP},
        Role.TECHNICIAN: _DESK | {Right.TEND, Right.ADOPT},
        Role.ADMINISTRATOR: frozenset(Right) - {Right.HAND_IN, Right.HAND_IN_EMERGENCY, Right.HAND_IN_ALERT},
    }
)

TOKEN_RIGHTS: Final = frozenset(
    {
        Right.SEE,
        Right.COMPOSE,
        Right.BROADCAST,
        Right.STOP,
        Right.HAND_IN,
        Right.HAND_IN_EMERGENCY,
        Right.HAND_IN_ALERT,
    }
)
"""What an API token may be given. No token makes people, tokens or areas, and none sends an emergency of ours."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on an area (or `EVERYWHERE`) and on every area below it."""

    role: Role
    area_id: AreaId


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who asks: a signed-in person, or a program that shows an API token.

    ``scopes`` says which rights hold where: each an area (or `EVERYWHERE`) with the rights on it and below it.
    ``name`` is what is recorded, ``called`` what others call a person, where that is known. Exactly one of
    ``person_id``, ``token_id`` and ``rule_id`` is set: the last where the station itself acts, by a rule that a person
    has set.
    """

    name: str
    scopes: tuple[tuple[AreaId, frozenset[Right]], ...]
    person_id: str | None = None
    token_id: str | None = None
    rule_id: str | None = None
    called: str = ""

    def may(self, right: Right, area_path: Sequence[AreaId]) -> bool:
        """Whether ``right`` holds in the last area of ``area_path``, which goes from the widest area down to it.

        An empty path asks for the whole station.
        """
        there = {EVERYWHERE, *area_path}
        return any(area_id in there and right in rights for area_id, rights in self.scopes)

    def may_anywhere(self, right: Right) -> bool:
        """Whether ``right`` holds in one area at least."""
        return any(right in rights for _, rights in self.scopes)

    def areas_of(self, right: Right) -> frozenset[AreaId]:
        """The areas (or `EVERYWHERE`) on which ``right`` was given; it holds below each of them too."""
        return frozenset(area_id for area_id, rights in self.scopes if right in rights)


def scopes_of(grants: Iterable[Grant]) -> tuple[tuple[AreaId, frozenset[Right]], ...]:
    """Grants as an `Actor` holds them: one entry an area, its rights joined."""
    joined: dict[AreaId, AbstractSet[Right]] = {}
    for grant in grants:
        joined[grant.area_id] = joined.get(grant.area_id, frozenset()) | RIGHTS[grant.role]
    return tuple((area_id, frozenset(rights)) for area_id, rights in sorted(joined.items()))
