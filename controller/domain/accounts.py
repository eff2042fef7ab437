"""Persons who sign in, and how often they may try."""

import unicodedata
from dataclasses import dataclass

from controller.domain.rights import Actor, Grant, scopes_of

FREE_BY_ADDRESS = 5
"""Wrong passwords in a row from one address that cost nothing."""
FREE_BY_ACCOUNT = 20
"""Wrong passwords in a row for one account: more, so that a stranger cannot easily lock a person out."""
FIRST_DELAY_S = 2
LONGEST_DELAY_S = 900


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Someone with an account: ``name`` is what they sign in with, ``full_name`` what they are called.

    ``password_hash`` is an argon2id string, never the password. ``password_given`` is true until they replace one that
    somebody else gave them. A person who is not ``active`` cannot sign in.
    """

    person_id: str
    name: str
    password_hash: str
    created_at_us: int
    full_name: str = ""
    grants: tuple[Grant, ...] = ()
    active: bool = True
    password_given: bool = False
    last_sign_in_at_us: int | None = None

    @property
    def actor(self) -> Actor:
        """This person as somebody who asks for things."""
        return Actor(name=self.name, scopes=scopes_of(self.grants), person_id=self.person_id, called=self.full_name)


LONGEST_NAME = 60
_IN_NAMES = frozenset(" .-_@'")


def tidy_name(typed: str) -> str:
    """A name as it is kept: letters composed (NFC), one space between words, none around."""
    return " ".join(unicodedata.normalize("NFC", typed).split())


_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Unicode calls them letters and marks, and nothing of them is seen."""


def is_name(name: str) -> bool:
    """Whether a tidy name can be signed in with: letters of any script, digits, and a few signs between them.

    Latin letters and those of another script are not mixed, and all of them can be seen: records show who did what by
    name, and one that looks like another misleads.
    """
    if not name or len(name) > LONGEST_NAME or not name[0].isalnum() or _is_mixed(name):
        return False
    return all(letter.isalnum() or letter in _IN_NAMES or _is_mark(letter) for letter in name)


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "M" and "VARIATION SELECTOR" not in unicodedata.name(letter, "")


def _is_mixed(name: str) -> bool:
    scripts = {unicodedata.name(letter, "").startswith("LATIN") for letter in name if letter.isalpha()}
    return len(scripts) > 1 or not _BLANK_LETTERS.isdisjoint(name)


def name_key(name: str) -> str:
    """What makes a name the same as another: whatever its case, its width, and how its accents are typed."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", tidy_name(name)).casefold())


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIn:
    """One signed-in browser. ``token_hash`` is SHA-256 of the token in hexadecimal; the token itself is never kept."""

    token_hash: str
    person_id: str
    created_at_us: int
    expires_at_us: int
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempts:
    """Wrong passwords in a row for one ``key`` (an account or an address). No further try before ``next_at_us``."""

    key: str
    failures: int = 0
    next_at_us: int = 0


def after_failure(attempts: Attempts, free: int, now_us: int) -> Attempts:
    """One more wrong password: beyond ``free`` of them the delay doubles from 2 s to at most 15 minutes."""
    failures = attempts.failures + 1
    beyond = failures - free
    delay_s = 0 if beyond < 0 else min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** min(beyond, 16))
    return Attempts(key=attempts.key, failures=failures, next_at_us=now_us + delay_s * 1_000_000)
