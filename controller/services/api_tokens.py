"""API tokens: another system's key, limited in what it may do, where, and until when.

Rules: the secret has 256 bits and is shown once; only its SHA-256 is kept, which is enough for a secret that nobody can
guess. Whoever shows a wrong secret learns nothing of the token; whoever shows the right one learns why it is refused.
What a token does is recorded under its name, so a name that is over comes back in its own area alone.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from agents.protocol.ids import AreaId
from controller.domain.accounts import tidy_name
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import EVERYWHERE, TOKEN_RIGHTS, Actor, Right
from controller.domain.tokens import ApiToken
from controller.ports import Transaction
from controller.services.office import Office

PREFIX: Final = "loa"
LONGEST_NAME: Final = 60
LONGEST_DAYS: Final = 730
_DAY_US: Final = 86_400_000_000
_MINUTE_US: Final = 60_000_000


class ApiTokens:
    """Makes, lists, ends and recognises tokens. Every method raises `StoreFailed` too."""

    def __init__(self, office: Office) -> None:
        self._store = office.store
        self._clock = office.clock

    async def create(
        self, name: str, rights: Iterable[Right], area_id: AreaId, valid_days: int, by: Actor
    ) -> tuple[ApiToken, str]:
        """A token and its text, ``loa_<id>_<secret>``. ``area_id`` may be `EVERYWHERE`.

        Raises `Invalid` (``token_name_invalid``, ``token_rights_missing``, ``token_rights_wrong``,
        ``token_days_out_of_range``, ``area_unknown``), `Refused` (``token_name_taken``, ``role_too_wide``).
        """
        wanted = frozenset(rights)
        secret, now_us = secrets.token_urlsafe(32), self._clock.now_us()
        token = ApiToken(
            token_id=secrets.token_hex(8),
            name=_checked_name(name),
            secret_hash=_hashed(secret),
            rights=wanted,
            area_id=area_id,
            created_at_us=now_us,
            created_by=by.name,
            expires_at_us=now_us + _checked_days(valid_days) * _DAY_US,
        )
        if not wanted:
            raise Invalid("no right", code="token_rights_missing")
        if wanted - TOKEN_RIGHTS:
            raise Invalid("a right that no token may have", code="token_rights_wrong")
        async with self._store.transaction() as tx:
            if not await _manages(tx, by, area_id):
                raise Refused("a token outside of one's own areas", code="role_too_wide")
            namesakes = [one for one in await tx.api_tokens.all() if one.name == token.name]
            if any(one.usable(now_us) or one.area_id != area_id for one in namesakes):
                raise Refused(f"{token.name} is taken", code="token_name_taken")
            await tx.api_tokens.put(token)
            detail = f"{token.name}: {' '.join(sorted(wanted))}@{area_id}"
            await tx.deeds.add(
                Deed(
                    at_us=now_us,
                    by=by.name,
                    what=DeedKind.CREATE_API_TOKEN,
                    subject=token.token_id,
                    detail=detail,
                )
            )
        return token, f"{PREFIX}_{token.token_id}_{secret}"

    async def all(self, by: Actor) -> tuple[ApiToken, ...]:
        """Those of areas where ``by`` manages people, the newest first, also those that are over."""
        async with self._store.reading() as tx:
            return tuple([one for one in await tx.api_tokens.all() if await _manages(tx, by, one.area_id)])

    async def revoke(self, token_id: str, by: Actor) -> ApiToken:
        """The token is worth nothing from here on. Raises `NotFound`."""
        now_us = self._clock.now_us()
        async with self._store.transaction() as tx:
            token = await tx.api_tokens.get(token_id)
            if token is None or not await _manages(tx, by, token.area_id):
                raise NotFound(f"no token {token_id}", code="api_token_unknown")
            if token.revoked_at_us is not None:
                return token
            token = replace(token, revoked_at_us=now_us)
            await tx.api_tokens.put(token)
            await tx.deeds.add(
                Deed(at_us=now_us, by=by.name, what=DeedKind.REVOKE_API_TOKEN, subject=token_id, detail=token.name)
            )
        return token

    async def who(self, text: str) -> Actor:
        """Whoever shows this token. Raises `Refused` (``token_unknown``, ``token_revoked``, ``token_expired``)."""
        prefix, _, rest = text.partition("_")
        token_id, _, secret = rest.partition("_")
        now_us = self._clock.now_us()
        token = None
        if prefix == PREFIX and token_id and len(text) < 200:
            async with self._store.reading() as tx:
                token = await tx.api_tokens.get(token_id)
        if token is None or not hmac.compare_digest(token.secret_hash, _hashed(secret)):
            raise Refused("no such token", code="token_unknown")
        if token.revoked_at_us is not None:
            raise Refused(f"{token.name} was revoked", code="token_revoked")
        if not token.usable(now_us):
            raise Refused(f"{token.name} has expired", code="token_expired")
        if token.last_used_at_us is None or now_us - token.last_used_at_us >= _MINUTE_US:
            await self._used(token_id, now_us)
        return token.actor

    async def _used(self, token_id: str, now_us: int) -> None:
        async with self._store.transaction() as tx:
            token = await tx.api_tokens.get(token_id)
            if token is not None:
                await tx.api_tokens.put(replace(token, last_used_at_us=now_us))


def _checked_name(typed: str) -> str:
    name = tidy_name(typed)
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(f"{name!r} cannot be a name", code="token_name_invalid")
    return name


def _checked_days(days: int) -> int:
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(f"from 1 to {LONGEST_DAYS} days", code="token_days_out_of_range")
    return days


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


async def _manages(tx: Transaction, by: Actor, area_id: AreaId) -> bool:
    if area_id == EVERYWHERE:
        return by.may(Right.MANAGE_PEOPLE, ())
    try:
        return by.may(Right.MANAGE_PEOPLE, await tx.areas.path(area_id))
    except NotFound as error:
        raise Invalid(error.detail, code="area_unknown") from error
