"""API tokens: another system acts under a name, within a scope, until an end."""

from dataclasses import dataclass
from typing import Final

from agents.protocol.ids import AreaId
from controller.domain.rights import Actor, Right

BY_TOKEN: Final = "token:"  # noqa: S105 - the beginning of a name
"""What the recorded name of a token begins with. No person's name can hold a colon."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiToken:
    """``secret_hash`` is SHA-256 of the secret in hexadecimal; the secret is shown once, to the person who made it.

    ``area_id`` may be `rights.EVERYWHERE`. Instants are controller time.
    """

    token_id: str
    name: str
    secret_hash: str
    rights: frozenset[Right]
    area_id: AreaId
    created_at_us: int
    created_by: str
    expires_at_us: int
    revoked_at_us: int | None = None
    last_used_at_us: int | None = None

    def usable(self, now_us: int) -> bool:
        """True until its end, or until it was revoked."""
        return self.revoked_at_us is None and now_us < self.expires_at_us

    @property
    def actor(self) -> Actor:
        """Whoever shows it."""
        return Actor(name=f"{BY_TOKEN}{self.name}", scopes=((self.area_id, self.rights),), token_id=self.token_id)
