"""What the pages of people, API tokens and deeds are given; see `controller.web.views` for the rules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.protocol.ids import AreaId
from controller.domain.accounts import Person
from controller.domain.deeds import Deed
from controller.domain.rights import EVERYWHERE, RIGHTS, TOKEN_RIGHTS, Grant, Right, Role
from controller.domain.tokens import ApiToken
from controller.web import deedwords
from controller.web.asking import Ask
from controller.web.i18n import N_, Translator
from controller.web.moments import moment
from controller.web.rolewords import RIGHT_NAMES, ROLE_NAMES, ROLE_SAYS, deed_name
from schedules.areas import AreaTree

WHOLE_STATION = N_("The whole station")


@dataclass(frozen=True, kw_only=True)
class AreaChoice:
    """An area in a list to choose from, with the areas it lies in."""

    id: str
    name: str
    chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class RoleChoice:
    """A role to tick. ``value`` is what the form sends."""

    value: str
    name: str
    sentence: str
    checked: bool


@dataclass(frozen=True, kw_only=True)
class AreaRoles:
    """The roles on one area. Those of an area that is not one's own are shown, and cannot be ticked."""

    area_id: str
    area_name: str
    roles: Sequence[RoleChoice]
    mine: bool = True


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """A person in the list."""

    id: str
    name: str
    full_name: str
    active: bool
    password_given: bool
    last_sign_in: datetime | None
    roles: Sequence[tuple[str, Sequence[str]]]
    """Areas, each with the names of the roles on it."""


@dataclass(frozen=True, kw_only=True)
class PersonForm:
    """A person to be added or changed. ``id`` is empty for a new one; ``wholly`` tells whether the account may be
    closed, renamed and given a new password. ``new_roles`` are those for the area that is picked from ``areas``.
    """

    id: str
    name: str
    full_name: str
    active: bool
    wholly: bool
    blocks: Sequence[AreaRoles]
    areas: Sequence[AreaChoice]
    new_roles: Sequence[RoleChoice]
    last_sign_in: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TokenRow:
    """An API token in the list. ``state`` is ``valid``, ``expired`` or ``revoked``."""

    id: str
    name: str
    rights: Sequence[str]
    area_name: str
    created_by: str
    expires_at: datetime
    last_used: datetime | None
    state: str


@dataclass(frozen=True, kw_only=True)
class RightChoice:
    """A right of a token to tick."""

    value: str
    name: str
    checked: bool


@dataclass(frozen=True, kw_only=True)
class DeedRow:
    """One deed, as it is told."""

    at: datetime
    by: str
    what: str
    subject: str
    detail: str


def area_name(tree: AreaTree, area_id: str, say: Translator) -> str:
    """With the area it lies in: ``Thôn Đông, Xã Hoà Bình``."""
    if area_id == EVERYWHERE:
        return say.gettext(WHOLE_STATION)
    if area_id not in tree:
        return area_id
    return ", ".join(area.name for area in reversed(tree.path(area_id)[-2:]))


async def area_choices(ask: Ask, right: Right, chosen: str = "") -> list[AreaChoice]:
    """Where ``right`` holds, among what matters to the station."""
    tree = ask.parts.areas.tree()
    there = [AreaId(area.area_id) for area in await ask.parts.areas.in_use()]
    ids = [EVERYWHERE, *there]
    if chosen and AreaId(chosen) not in ids:
        ids.append(AreaId(chosen))
    mine = [area_id for area_id in ids if ask.may(right, area_id)]
    return [AreaChoice(id=one, name=area_name(tree, one, ask.say), chosen=one == chosen) for one in mine]


def role_choices(say: Translator, area_id: str, held: Iterable[Role]) -> list[RoleChoice]:
    """Every role, those that are ``held`` ticked. Without an area the form sends the role alone."""
    ticked = set(held)
    return [
        RoleChoice(
            value=f"{role}@{area_id}" if area_id else role.value,
            name=say.gettext(ROLE_NAMES[role]),
            sentence=say.gettext(ROLE_SAYS[role]),
            checked=role in ticked,
        )
        for role in RIGHTS
    ]


def blocks(ask: Ask, grants: Sequence[Grant]) -> list[AreaRoles]:
    """The areas on which there are roles, one's own first."""
    tree = ask.parts.areas.tree()
    made = [
        AreaRoles(
            area_id=area_id,
            area_name=area_name(tree, area_id, ask.say),
            roles=role_choices(ask.say, area_id, [one.role for one in grants if one.area_id == area_id]),
            mine=ask.may(Right.MANAGE_PEOPLE, area_id),
        )
        for area_id in dict.fromkeys(grant.area_id for grant in grants)
    ]
    return sorted(made, key=lambda block: not block.mine)


def person_row(ask: Ask, person: Person) -> PersonRow:
    tree, say = ask.parts.areas.tree(), ask.say
    by_area: dict[AreaId, list[str]] = {}
    for role in RIGHTS:
        for grant in person.grants:
            if grant.role is role:
                by_area.setdefault(grant.area_id, []).append(say.gettext(ROLE_NAMES[role]))
    return PersonRow(
        id=person.person_id,
        name=person.name,
        full_name=person.full_name,
        active=person.active,
        password_given=person.password_given,
        last_sign_in=None if person.last_sign_in_at_us is None else moment(person.last_sign_in_at_us),
        roles=[(area_name(tree, area_id, say), names) for area_id, names in by_area.items()],
    )


def token_row(ask: Ask, token: ApiToken) -> TokenRow:
    state = "revoked" if token.revoked_at_us is not None else "valid"
    if state == "valid" and not token.usable(ask.parts.clock.now_us()):
        state = "expired"
    return TokenRow(
        id=token.token_id,
        name=token.name,
        rights=[ask.say.gettext(RIGHT_NAMES[right]) for right in Right if right in token.rights],
        area_name=area_name(ask.parts.areas.tree(), token.area_id, ask.say),
        created_by=token.created_by,
        expires_at=moment(token.expires_at_us),
        last_used=None if token.last_used_at_us is None else moment(token.last_used_at_us),
        state=state,
    )


def right_choices(say: Translator, chosen: Iterable[str]) -> list[RightChoice]:
    """What a token may be given."""
    ticked = set(chosen)
    return [
        RightChoice(value=right.value, name=say.gettext(RIGHT_NAMES[right]), checked=right.value in ticked)
        for right in Right
        if right in TOKEN_RIGHTS
    ]


def deed_row(ask: Ask, deed: Deed, names: Mapping[str, str]) -> DeedRow:
    """``names`` are those of subjects and of what details name, by id; areas are looked up here."""
    tree, say = ask.parts.areas.tree(), ask.say

    def named(one: str) -> str:
        return area_name(tree, one, say) if one == EVERYWHERE or one in tree else names.get(one, "")

    return DeedRow(
        at=moment(deed.at_us),
        by=deed.by,
        what=deed_name(deed.what, say),
        subject=deedwords.subject(deed, named),
        detail=deedwords.detail(deed, named, say),
    )
