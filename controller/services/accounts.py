"""Signing in.

Passwords are kept as argon2id; a sign-in is a random token of which only the hash is kept. Wrong passwords slow down
the address they come from and the account they are for; a wrong name costs as much time as a wrong password.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from controller.domain.accounts import FREE_BY_ACCOUNT, FREE_BY_ADDRESS, Attempts, Person, SignIn, after_failure
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, NotFound, Refused
from controller.ports import Transaction
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


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """``token`` goes into the browser's cookie, and nowhere else."""

    token: str
    person: Person
    expires_at_us: int

    def __repr__(self) -> str:
        return f"SignedIn({self.person.name})"


class Accounts:
    """Persons, passwords and sign-ins."""

    def __init__(self, office: Office) -> None:
        self._store = office.store
        self._clock = office.clock
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
            password_hash=await self._hash(password),
            created_at_us=self._clock.now_us(),
        )
        async with self._store.transaction() as tx:
            await tx.persons.put(person)
        return password

    async def sign_in(self, name: str, password: str, address: str) -> SignedIn:
        """Raises `Refused` (``sign_in_wrong``, ``sign_in_too_often``), `StoreFailed`."""
        # One after the other: many at once would all be tried before the first of them counts as a failure.
        async with self._trying:
            now_us = self._clock.now_us()
            async with self._store.reading() as tx:
                person = await tx.persons.named(name)
                tries = await self._tries(tx, person, address)
            if any(now_us < attempts.next_at_us for attempts, _ in tries):
                raise Refused("too many attempts", code="sign_in_too_often")
            right = await self._verify(person, password)
            if person is None or not right:
                await self._failed(person, address)
                raise Refused("wrong name or password", code="sign_in_wrong")
            return await self._signed_in(person, tries, address)

    async def _signed_in(self, person: Person, tries: Sequence[tuple[Attempts, int]], address: str) -> SignedIn:
        now_us = self._clock.now_us()
        token = secrets.token_urlsafe(32)
        expires_at_us = now_us + self._valid_us
        async with self._store.transaction() as tx:
            await tx.persons.drop_expired(now_us)
            await tx.persons.put_sign_in(
                SignIn(
                    token_hash=_token_hash(token),
                    person_id=person.person_id,
                    created_at_us=now_us,
                    expires_at_us=expires_at_us,
                    address=address[:200],
                )
            )
            for attempts, _ in tries:
                if attempts.failures:
                    await tx.persons.put_attempts(Attempts(key=attempts.key))
            await tx.deeds.add(Deed(at_us=now_us, by=person.name, what=DeedKind.SIGN_IN, detail=address[:200]))
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

    async def set_password(self, name: str, password: str, by: str) -> None:
        """Ends every sign-in of that person.

        Raises `NotFound`, `Invalid` (``password_too_short``, ``password_too_long``), `StoreFailed`.
        """
        if len(password) < SHORTEST_PASSWORD:
            raise Invalid(f"at least {SHORTEST_PASSWORD} letters", code="password_too_short")
        if len(password) > LONGEST_PASSWORD:
            raise Invalid(f"at most {LONGEST_PASSWORD} letters", code="password_too_long")
        password_hash = await self._hash(password)
        async with self._store.transaction() as tx:
            person = await tx.persons.named(name)
            if person is None:
                raise NotFound(f"nobody is called {name}")
            await tx.persons.put(replace(person, password_hash=password_hash))
            await tx.persons.end_sign_ins(person.person_id)
            await tx.persons.put_attempts(Attempts(key=_account_key(person)))
            await tx.deeds.add(
                Deed(at_us=self._clock.now_us(), by=by, what=DeedKind.SET_PASSWORD, subject=person.person_id)
            )

    async def _tries(self, tx: Transaction, person: Person | None, address: str) -> list[tuple[Attempts, int]]:
        """Earlier failures that count against this one, each with how many are free."""
        tries = [(await tx.persons.attempts(_address_key(address)), FREE_BY_ADDRESS)]
        if person is not None:
            tries.append((await tx.persons.attempts(_account_key(person)), FREE_BY_ACCOUNT))
        return tries

    async def _failed(self, person: Person | None, address: str) -> None:
        now_us = self._clock.now_us()
        async with self._store.transaction() as tx:
            for attempts, free in await self._tries(tx, person, address):
                await tx.persons.put_attempts(after_failure(attempts, free, now_us))
            by = "" if person is None else person.name
            await tx.deeds.add(Deed(at_us=now_us, by=by, what=DeedKind.SIGN_IN_FAILED, detail=address[:200]))

    async def _hash(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(_hashed, password)

    async def _verify(self, person: Person | None, password: str) -> bool:
        """Takes as long for nobody as for somebody."""
        if person is None and self._nobody is None:
            self._nobody = await self._hash(secrets.token_hex(8))
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
    return hashlib.sha256(token.encode()).hexdigest()


def _account_key(person: Person) -> str:
    return f"account {person.person_id}"


def _address_key(address: str) -> str:
    return f"address {address[:200]}"
