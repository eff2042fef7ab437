"""People, what they may do and where, and the tokens with which other systems come in.

A role on an area holds in every area below it; ``*`` in place of an area is the whole station. One may give and take
roles only where one manages people oneself. Nobody is ever removed: an account is closed, and the log keeps the name.
"""

from collections.abc import Iterable
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from agents.protocol.ids import AreaId
from controller.domain.accounts import Person
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import RIGHTS, TOKEN_RIGHTS, Grant, Right, Role
from controller.domain.tokens import ApiToken
from controller.web.api.endpoint import Body, Created, raises
from controller.web.api.values import Told, told
from controller.web.asking import Ask
from controller.web.rolewords import RIGHT_NAMES, ROLE_NAMES, ROLE_SAYS


class GrantBody(Body):
    """A role on an area, or on ``*``."""

    role: Role
    area_id: AreaId


class PersonBody(Body):
    """Somebody new. ``name`` is what they sign in with, and stays as it is."""

    name: str
    full_name: str = ""
    grants: tuple[GrantBody, ...] = ()


class PersonChangeBody(Body):
    """What is left out stays as it is; ``grants`` are exactly the roles that the person has afterwards."""

    full_name: str | UnsetType = UNSET
    grants: list[GrantBody] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class GrantTold(Told):
    """A role on an area, or on ``*``."""

    role: Role
    area_id: AreaId


class PersonTold(Told):
    """Somebody with an account. ``password_given`` is true until they replace one that somebody else gave them."""

    person_id: str
    name: str
    full_name: str
    grants: list[GrantTold]
    active: bool
    password_given: bool
    created_at_us: int
    last_sign_in_at_us: int | None


class PeopleTold(Told):
    """By name."""

    people: list[PersonTold]


class NewPersonTold(PersonTold):
    """``password`` is in this answer and nowhere else; it must be replaced at the first sign-in."""

    password: str


class PasswordTold(Told):
    """It is in this answer and nowhere else, and must be replaced at the next sign-in."""

    password: str


class RoleTold(Told):
    """A role, what it is called, and what it may do."""

    role: Role
    name: str
    sentence: str
    rights: list[Right]


class RightTold(Told):
    """A right, what it is called, and whether an API token may have it."""

    right: Right
    name: str
    for_tokens: bool


class RolesTold(Told):
    """The one table of who may do what."""

    roles: list[RoleTold]
    rights: list[RightTold]


class ApiTokenBody(Body):
    """A token for another system: what it may do, on which area (or ``*``), for how many days (1 to 730)."""

    name: str
    rights: list[Right]
    area_id: AreaId
    valid_days: Annotated[int, Meta(ge=1, le=730)]


class ApiTokenTold(Told):
    """Without its secret. ``last_used_at_us`` is right to the minute."""

    token_id: str
    name: str
    rights: list[Right]
    area_id: AreaId
    created_at_us: int
    created_by: str
    expires_at_us: int
    revoked_at_us: int | None
    last_used_at_us: int | None


class NewApiTokenTold(ApiTokenTold):
    """``text`` is what the other system shows, ``Authorization: Bearer <text>``; it is in this answer alone."""

    text: str


class ApiTokensTold(Told):
    """The newest first, also those that are over."""

    api_tokens: list[ApiTokenTold]


def _grants(given: Iterable[GrantBody]) -> list[Grant]:
    return [Grant(role=one.role, area_id=one.area_id) for one in given]


def _person(person: Person) -> PersonTold:
    return told(PersonTold, person, grants=_grants_told(person))


def _grants_told(person: Person) -> list[GrantTold]:
    return [told(GrantTold, grant) for grant in person.grants]


def _token(token: ApiToken) -> ApiTokenTold:
    return told(ApiTokenTold, token, rights=sorted(token.rights))


async def list_roles(ask: Ask) -> RolesTold:
    """The roles there are, and what each may do."""
    say = ask.say.gettext
    return RolesTold(
        roles=[
            RoleTold(role=role, name=say(ROLE_NAMES[role]), sentence=say(ROLE_SAYS[role]), rights=sorted(rights))
            for role, rights in RIGHTS.items()
        ],
        rights=[
            RightTold(right=right, name=say(RIGHT_NAMES[right]), for_tokens=right in TOKEN_RIGHTS) for right in Right
        ],
    )


async def list_people(ask: Ask) -> PeopleTold:
    """People with a role in one's areas, and those who have none yet."""
    return PeopleTold(people=[_person(one) for one in await ask.parts.people.all(ask.known_actor)])


@raises(NotFound, "person_unknown")
async def get_person(ask: Ask, person_id: str) -> PersonTold:
    """One person."""
    return _person(await ask.parts.people.get(person_id, ask.known_actor))


@raises(Invalid, "person_name_invalid", "full_name_too_long", "area_unknown")
@raises(Refused, "person_name_taken", "role_too_wide")
async def add_person(ask: Ask, body: PersonBody) -> Created[NewPersonTold]:
    """Add a person.

    The generated password is in this answer and never shown again.
    """
    added, password = await ask.parts.people.add(body.name, body.full_name, _grants(body.grants), ask.known_actor)
    answer = told(NewPersonTold, added, grants=_grants_told(added), password=password)
    return Created(told=answer, location=f"/api/v1/people/{added.person_id}")


@raises(NotFound, "person_unknown")
@raises(Invalid, "full_name_too_long", "area_unknown")
@raises(Refused, "role_too_wide", "person_too_wide", "last_administrator")
async def change_person(ask: Ask, person_id: str, body: PersonChangeBody) -> PersonTold:
    """Change what a person may do, what they are called, and whether they may sign in."""
    before = await ask.parts.people.get(person_id, ask.known_actor)
    changed = await ask.parts.people.change(
        person_id,
        before.full_name if body.full_name is UNSET else body.full_name,
        before.grants if body.grants is UNSET else _grants(body.grants),
        before.active if body.active is UNSET else body.active,
        ask.known_actor,
    )
    return _person(changed)


@raises(NotFound, "person_unknown")
@raises(Refused, "person_too_wide", "last_administrator")
async def close_person(ask: Ask, person_id: str) -> PersonTold:
    """Close an account.

    Every sign-in of it ends at once. Open it again with ``active``.
    """
    return _person(await ask.parts.people.deactivate(person_id, ask.known_actor))


@raises(NotFound, "person_unknown")
@raises(Refused, "person_too_wide")
async def reset_password(ask: Ask, person_id: str) -> PasswordTold:
    """Give a person a new password.

    Every sign-in of the account ends.
    """
    return PasswordTold(password=await ask.parts.people.reset_password(person_id, ask.known_actor))


async def list_api_tokens(ask: Ask) -> ApiTokensTold:
    """The API tokens of one's areas, without their secrets."""
    return ApiTokensTold(api_tokens=[_token(one) for one in await ask.parts.api_tokens.all(ask.known_actor)])


@raises(Invalid, "token_name_invalid", "token_rights_missing", "token_rights_wrong", "area_unknown")
@raises(Refused, "token_name_taken", "role_too_wide")
async def create_api_token(ask: Ask, body: ApiTokenBody) -> Created[NewApiTokenTold]:
    """Make an API token.

    Its text is in this answer and never shown again.
    """
    made, text = await ask.parts.api_tokens.create(
        body.name, body.rights, body.area_id, body.valid_days, ask.known_actor
    )
    return Created(told=told(NewApiTokenTold, made, rights=sorted(made.rights), text=text))


@raises(NotFound, "api_token_unknown")
async def revoke_api_token(ask: Ask, token_id: str) -> ApiTokenTold:
    """Revoke an API token: it is worth nothing from here on."""
    revoked = await ask.parts.api_tokens.revoke(token_id, ask.known_actor)
    ask.house.live.end(f"token {revoked.token_id}")
    return _token(revoked)
