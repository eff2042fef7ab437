"""Signing in."""

from dataclasses import dataclass

from controller.domain.accounts import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """``token`` goes into the browser's cookie, and nowhere else."""

    token: str
    person: Person
    expires_at_us: int


class Accounts:
    """Persons, passwords (argon2id) and sign-ins."""

    async def first_administrator(self) -> str | None:
        """Makes the account ``admin`` where nobody has one; returns its generated password, to be printed once."""
        raise NotImplementedError

    async def sign_in(self, name: str, password: str, address: str) -> SignedIn:
        """Raises `Refused` (``sign_in_wrong``, ``sign_in_too_often``)."""
        raise NotImplementedError

    async def who(self, token: str) -> Person | None:
        """The person behind a cookie, None where it is unknown or too old."""
        raise NotImplementedError

    async def sign_out(self, token: str) -> None:
        """The token is worth nothing from here on."""
        raise NotImplementedError

    async def set_password(self, name: str, password: str, by: str) -> None:
        """Ends every sign-in of that person. Raises `NotFound`, `Invalid` (``password_too_short``)."""
        raise NotImplementedError
