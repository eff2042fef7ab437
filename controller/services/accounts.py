"""Signing in.

Passwords are kept as argon2id; a sign-in is a random token of which only the hash is kept. Wrong passwords slow down
the address they come from and the account they are for; a wrong name costs as much time as a wrong password. Where a
person has signed in from before, only the address counts: a stranger who guesses elsewhere does not keep them out.
"""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Final

from controller.domain.accounts import FREE_BY_ACCOUNT, FREE_BY_ADDRESS, Attempts, Person, SignIn, after_failure
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import EVERYWHERE, Grant, Role
from controller.ports import Transaction
from controller.services.events import SignInsEnded
from controller.services.office import Office
from controller.services.secretary import fresh_id

ADMINISTRATOR: Final = "admin"
SHORTEST_PASSWORD: Final = 10
LONGEST_PASSWORD: Final = 1_000
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for each other."""
# The second of the parameter sets that OWASP recommends for argon2id: 19 MiB, so that a small machine can sign in.
_MEMORY_KIB: Final = 19_456
_PASSES: Final = 2
_HOUR_US: Final = 3_600_000_000
_LONGEST_ADDRESS: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """``token`` goes into the browser's cookie, and nowhere else."""

    token: str
    person: Person
    expires_at_us: int

    def __repr__(self) -> str:
        return f"SignedIn({self.person.name})"


@dataclass(frozen=True, slots=True)
class _Brake:
    """Wrong passwords of one address or for one account; ``holds`` where they delay this attempt too."""

    attempts: Attempts
    free: int
    holds: bool = True


class Accounts:
    """Persons, passwords and sign-ins."""

    def __init__(self, office: Office) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._valid_us = round(office.settings.sign_in_hours * _HOUR_US)
        self._hashing = asyncio.Semaphore(1)
        self._trying = asyncio.Lock()
        self._nobody: str | None = None

    async def first_administrator(self) -> str | None:
        """Makes the account ``admin`` where nobody has one; returns its generated password, to be printed once.
        Raises `StoreFailed`.
        """
        async with self._store.reading() as tx:
            if await tx.persons.all():
                return None
        password = generated_password()
        person = Person(
            person_id=fresh_id("p"),
            name=ADMINISTRATOR,
            password_hash=await self.hashed(password),
            created_at_us=self._clock.now_us(),
            grants=(Grant(role=Role.ADMINISTRATOR, area_id=EVERYWHERE),),
        )
        async with self._store.transaction() as tx:
            await tx.persons.put(person)
        return password

    async def sign_in(self, name: str, password: str, address: str) -> SignedIn:
        """Raises `Refused` (``sign_in_wrong``, ``sign_in_too_often``, ``account_closed``), `StoreFailed`."""
        address = address[:_LONGEST_ADDRESS]
        # One after the other: many at once would all be tried before the first of them counts as a failure.
        async with self._trying:
            now_us = self._clock.now_us()
            async with self._store.reading() as tx:
                person = await tx.persons.named(name)
                brakes = await self._brakes(tx, person, address)
            if any(brake.holds and now_us < brake.attempts.next_at_us for brake in brakes):
                raise Refused("too many attempts", code="sign_in_too_often")
            right = await self._verify(person, password)
            if person is None or not right:
                await self._failed(person, address)
                raise Refused("wrong name or password", code="sign_in_wrong")
            return await self._signed_in(person, address)

    async def _signed_in(self, proven: Person, address: str) -> SignedIn:
        now_us = self._clock.now_us()
        token = secrets.token_urlsafe(32)
        expires_at_us = now_us + self._valid_us
        async with self._store.transaction() as tx:
            person = await tx.persons.get(proven.person_id)
            if person.password_hash != proven.password_hash:
                raise Refused("the password was changed meanwhile", code="sign_in_wrong")
            if not person.active:
                raise Refused("the account is closed", code="account_closed")
            person = replace(person, last_sign_in_at_us=now_us)
            await tx.persons.put(person)
            await tx.persons.drop_expired(now_us)
            await tx.persons.put_sign_in(
                SignIn(
                    token_hash=_token_hash(token),
                    person_id=person.person_id,
                    created_at_us=now_us,
                    expires_at_us=expires_at_us,
                    address=address,
                )
            )
            for brake in await self._brakes(tx, person, address):
                # Who guesses elsewhere at this moment is not let off because the person signs in here.
                if brake.attempts.failures and (brake.holds or brake.attempts.next_at_us <= now_us):
                    await tx.persons.put_attempts(Attempts(key=brake.attempts.key))
            await tx.persons.put_known_address(person.person_id, address, now_us)
            await tx.deeds.add(Deed(at_us=now_us, by=person.name, what=DeedKind.SIGN_IN, detail=address))
        return SignedIn(token=token, person=person, expires_at_us=expires_at_us)

    async def who(self, token: str) -> Person | None:
        """The person behind a cookie, None where it is unknown or too old. Using it keeps it from growing too old.
        Raises `StoreFailed`.
        """
        now_us = self._clock.now_us()
        async with self._store.reading() as tx:
            sign_in = await tx.persons.sign_in(_token_hash(token))
            if sign_in is None or sign_in.expires_at_us <= now_us:
                return None
            person = await tx.persons.get(sign_in.person_id)
        if not person.active:
            return None
        if sign_in.expires_at_us - now_us < self._valid_us // 2:
            async with self._store.transaction() as tx:
                if await tx.persons.sign_in(sign_in.token_hash) is not None:
                    await tx.persons.put_sign_in(replace(sign_in, expires_at_us=now_us + self._valid_us))
        return person

    async def sign_out(self, token: str) -> None:
        """The token is worth nothing from here on. Raises `StoreFailed`."""
        async with self._store.transaction() as tx:
            sign_in = await tx.persons.sign_in(_token_hash(token))
            if sign_in is None:
                return
            person = await tx.persons.get(sign_in.person_id)
            await tx.persons.end_sign_in(sign_in.token_hash)
            await tx.deeds.add(Deed(at_us=self._clock.now_us(), by=person.name, what=DeedKind.SIGN_OUT))

    async def set_password(self, name: str, password: str, by: str, *, given: bool = False) -> None:
        """Ends every sign-in of that person. One that was ``given`` must be replaced at the next sign-in.

        Raises `NotFound`, `Invalid` (``password_too_short``, ``password_too_long``), `StoreFailed`.
        """
        if len(password) < SHORTEST_PASSWORD:
            raise Invalid(f"at least {SHORTEST_PASSWORD} letters", code="password_too_short")
        if len(password) > LONGEST_PASSWORD:
            raise Invalid(f"at most {LONGEST_PASSWORD} letters", code="password_too_long")
        password_hash = await self.hashed(password)
        async with self._store.transaction() as tx:
            person = await tx.persons.named(name)
            if person is None:
                raise NotFound(f"nobody is called {name}")
            ended = await self.renew(tx, replace(person, password_hash=password_hash, password_given=given), by)
        self._events.publish(SignInsEnded(ended))

    async def renew(self, tx: Transaction, person: Person, by: str) -> tuple[str, ...]:
        """Keeps a person with another password inside ``tx``: what was signed in with the old one ends. Returns the
        token hashes for `SignInsEnded`, to be published afterwards.
        """
        await tx.persons.put(person)
        ended = await tx.persons.end_sign_ins(person.person_id)
        if by != person.name:
            await tx.persons.forget_addresses(person.person_id)
        await tx.persons.put_attempts(Attempts(key=_account_key(person)))
        now_us = self._clock.now_us()
        await tx.deeds.add(Deed(at_us=now_us, by=by, what=DeedKind.SET_PASSWORD, subject=person.person_id))
        return ended

    async def _brakes(self, tx: Transaction, person: Person | None, address: str) -> list[_Brake]:
        """Earlier failures that bear on this attempt."""
        brakes = [_Brake(await tx.persons.attempts(_address_key(address)), FREE_BY_ADDRESS)]
        if person is not None:
            known = await tx.persons.knows_address(person.person_id, address)
            brakes.append(_Brake(await tx.persons.attempts(_account_key(person)), FREE_BY_ACCOUNT, holds=not known))
        return brakes

    async def _failed(self, person: Person | None, address: str) -> None:
        now_us = self._clock.now_us()
        async with self._store.transaction() as tx:
            for brake in await self._brakes(tx, person, address):
                await tx.persons.put_attempts(after_failure(brake.attempts, brake.free, now_us))
            by = "" if person is None else person.name
            await tx.deeds.add(Deed(at_us=now_us, by=by, what=DeedKind.SIGN_IN_FAILED, detail=address))

    async def hashed(self, password: str) -> str:
        """As it is kept. One at a time: each takes 19 MiB while it is made."""
        async with self._hashing:
            return await asyncio.to_thread(_hashed, password)

    async def _verify(self, person: Person | None, password: str) -> bool:
        """Takes as long for nobody as for somebody."""
        if person is None and self._nobody is None:
            self._nobody = await self.hashed(secrets.token_hex(8))
        expected = person.password_hash if person is not None else self._nobody or ""
        async with self._hashing:
            right = await asyncio.to_thread(_verified, expected, password[: LONGEST_PASSWORD + 1])
        return right and person is not None


def generated_password() -> str:
    """One that nobody guesses (99 bits) and that can be read out: four groups of five."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


def _hashed(password: str) -> str:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=1).hash(password)


def _verified(password_hash: str, password: str) -> bool:
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _account_key(person: Person) -> str:
    return f"account {person.person_id}"


def _address_key(address: str) -> str:
    return f"address {address}"
