"""People: who has an account, what they may do and where, and who may change that.

Rules: nobody is ever removed, for the log keeps names; an account is closed instead, and its sign-ins end at once. One
may give and take roles only on areas where one manages people oneself, and close an account or give it a new password
only where one manages people on every area that it has a role on: so nobody comes by more than they have. There is
always somebody who administers the whole station.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from controller.domain.accounts import Person, is_name, name_key, tidy_name
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import EVERYWHERE, Actor, Grant, Right, Role
from controller.ports import Transaction
from controller.services.accounts import Accounts, generated_password
from controller.services.events import SignInsEnded
from controller.services.office import Office
from controller.services.secretary import fresh_id

STATION_ADMINISTRATOR: Final = Grant(role=Role.ADMINISTRATOR, area_id=EVERYWHERE)
SHELL: Final = "loa admin"
"""Who acts from a shell on the controller's machine. No account can have this name."""
LONGEST_FULL_NAME: Final = 200


class People:
    """Accounts, and the roles that were granted to them. Every method raises `StoreFailed` too."""

    def __init__(self, office: Office, accounts: Accounts) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._accounts = accounts

    async def all(self, by: Actor) -> tuple[Person, ...]:
        """Those who have a role where ``by`` manages people, and those who have none; by name."""
        async with self._store.reading() as tx:
            return tuple([person for person in await tx.persons.all() if await _is_seen(tx, by, person)])

    async def get(self, person_id: str, by: Actor) -> Person:
        """Raises `NotFound`, also for a person who is none of ``by``'s."""
        async with self._store.reading() as tx:
            return await _seen(tx, by, person_id)

    async def administrators(self) -> tuple[Person, ...]:
        """Those who administer the whole station: whom to ask."""
        async with self._store.reading() as tx:
            return tuple(p for p in await tx.persons.all() if p.active and STATION_ADMINISTRATOR in p.grants)

    async def wholly_managed(self, person: Person, by: Actor) -> bool:
        """Whether ``by`` may close this account or give it a new password."""
        async with self._store.reading() as tx:
            return await _manages_all(tx, by, person)

    async def add(self, name: str, full_name: str, grants: Iterable[Grant], by: Actor) -> tuple[Person, str]:
        """A new account and its generated password, which is shown once and must be replaced at the first sign-in.

        Raises `Invalid` (``person_name_invalid``, ``full_name_too_long``, ``area_unknown``), `Refused`
        (``person_name_taken``, ``role_too_wide``).
        """
        password = generated_password()
        person = Person(
            person_id=fresh_id("p"),
            name=_checked_name(name),
            full_name=_checked_full_name(full_name),
            password_hash=await self._accounts.hashed(password),
            created_at_us=self._clock.now_us(),
            grants=_sorted(grants),
            password_given=True,
        )
        async with self._store.transaction() as tx:
            if await tx.persons.named(person.name) is not None:
                raise Refused(f"{person.name} is taken", code="person_name_taken")
            await _require_may_grant(tx, by, person.grants)
            await tx.persons.put(person)
            await tx.deeds.add(self._deed(DeedKind.ADD_PERSON, person, by, _words("+", person.grants)))
        return person, password

    async def change(self, person_id: str, full_name: str, grants: Iterable[Grant], active: bool, by: Actor) -> Person:
        """What they are called, exactly which roles they have, and whether the account is open.

        Raises `NotFound`, `Invalid` (``full_name_too_long``, ``area_unknown``), `Refused` (``role_too_wide``,
        ``person_too_wide``, ``last_administrator``).
        """
        ended: tuple[str, ...] = ()
        async with self._store.transaction() as tx:
            before = await _seen(tx, by, person_id)
            after = replace(before, full_name=_checked_full_name(full_name), grants=_sorted(grants), active=active)
            if after == before:
                return before
            given, taken = set(after.grants) - set(before.grants), set(before.grants) - set(after.grants)
            await _require_may_grant(tx, by, given | taken)
            if (after.full_name, after.active) != (before.full_name, before.active):
                await _require_manages_all(tx, by, before)
            await tx.persons.put(after)
            await _require_an_administrator(tx, before)
            if not after.active:
                ended = await tx.persons.end_sign_ins(person_id)
            await tx.deeds.add(self._deed(DeedKind.CHANGE_PERSON, after, by, _difference(before, after)))
        self._events.publish(SignInsEnded(ended))
        return after

    async def deactivate(self, person_id: str, by: Actor) -> Person:
        """Closes the account. Raises as `change` does."""
        person = await self.get(person_id, by)
        return await self.change(person_id, person.full_name, person.grants, False, by)

    async def reset_password(self, person_id: str, by: Actor) -> str:
        """A generated password, which is shown once and must be replaced at the next sign-in; every sign-in ends.

        Raises `NotFound`, `Refused` (``person_too_wide``).
        """
        password = generated_password()
        password_hash = await self._accounts.hashed(password)
        async with self._store.transaction() as tx:
            person = await _seen(tx, by, person_id)
            await _require_manages_all(tx, by, person)
            renewed = replace(person, password_hash=password_hash, password_given=True)
            ended = await self._accounts.renew(tx, renewed, by.name)
        self._events.publish(SignInsEnded(ended))
        return password

    def _deed(self, what: DeedKind, person: Person, by: Actor, detail: str) -> Deed:
        return Deed(at_us=self._clock.now_us(), by=by.name, what=what, subject=person.person_id, detail=detail)


def shell() -> Actor:
    """Whoever has a shell on the controller's machine may do everything with accounts."""
    return Actor(name=SHELL, scopes=((EVERYWHERE, frozenset({Right.MANAGE_PEOPLE})),), person_id=SHELL)


def _checked_name(typed: str) -> str:
    name = tidy_name(typed)
    if not is_name(name) or name_key(name) == name_key(SHELL):
        raise Invalid(f"{name!r} cannot be a name", code="person_name_invalid")
    return name


def _checked_full_name(typed: str) -> str:
    full_name = tidy_name("".join(letter for letter in typed if not unicodedata.category(letter).startswith("C")))
    if len(full_name) > LONGEST_FULL_NAME:
        raise Invalid(f"over {LONGEST_FULL_NAME} letters", code="full_name_too_long")
    return full_name


def _sorted(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    return tuple(sorted(set(grants), key=lambda grant: (grant.area_id, grant.role)))


def _words(sign: str, grants: Iterable[Grant]) -> str:
    return " ".join(f"{sign}{grant.role}@{grant.area_id}" for grant in _sorted(grants))


def _difference(before: Person, after: Person) -> str:
    """For the log: ``+editor@x-1 -officer@* inactive``."""
    given, taken = set(after.grants) - set(before.grants), set(before.grants) - set(after.grants)
    told = [_words("+", given), _words("-", taken)]
    if before.active != after.active:
        told.append("active" if after.active else "inactive")
    if before.full_name != after.full_name:
        told.append("full_name")
    return " ".join(word for word in told if word)


async def _manages(tx: Transaction, by: Actor, grant: Grant) -> bool:
    """Raises `NotFound` for an area that is not there."""
    path = () if grant.area_id == EVERYWHERE else await tx.areas.path(grant.area_id)
    return by.may(Right.MANAGE_PEOPLE, path)


async def _manages_all(tx: Transaction, by: Actor, person: Person) -> bool:
    """An account without roles had some, unless it was never used: whoever got hold of it would be taken for its
    owner, so it is for an administrator of the whole station.
    """
    if not person.grants and not person.password_given:
        return by.may(Right.MANAGE_PEOPLE, ())
    return all([await _manages(tx, by, grant) for grant in person.grants])


async def _is_seen(tx: Transaction, by: Actor, person: Person) -> bool:
    if not person.grants or by.may(Right.MANAGE_PEOPLE, ()):
        return True
    return any([await _manages(tx, by, grant) for grant in person.grants])


async def _seen(tx: Transaction, by: Actor, person_id: str) -> Person:
    person = await tx.persons.get(person_id)
    if not await _is_seen(tx, by, person):
        raise NotFound(f"no person {person_id}", code="person_unknown")
    return person


async def _require_may_grant(tx: Transaction, by: Actor, grants: Iterable[Grant]) -> None:
    try:
        allowed = all([await _manages(tx, by, grant) for grant in grants])
    except NotFound as error:
        raise Invalid(error.detail, code="area_unknown") from error
    if not allowed:
        raise Refused("a role outside of one's own areas", code="role_too_wide")


async def _require_manages_all(tx: Transaction, by: Actor, person: Person) -> None:
    if not await _manages_all(tx, by, person):
        raise Refused("this person has roles elsewhere", code="person_too_wide")


async def _require_an_administrator(tx: Transaction, before: Person) -> None:
    """After a change; ``before`` is who was changed."""
    if not (before.active and STATION_ADMINISTRATOR in before.grants):
        return
    if not any(person.active and STATION_ADMINISTRATOR in person.grants for person in await tx.persons.all()):
        raise Refused("nobody else administers the station", code="last_administrator")
