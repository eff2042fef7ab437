"""Persons, what they may do, their sign-ins, tokens, and who did what."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import AreaId
from controller.domain.accounts import Attempts, Person, SignIn, name_key
from controller.domain.deeds import Deed, DeedKind
from controller.domain.enrolment import Token
from controller.domain.errors import NotFound
from controller.domain.rights import Grant, Right, Role
from controller.domain.tokens import ApiToken
from controller.store.bulk import pieces
from controller.store.rows import (
    ApiTokenRow,
    AttemptsRow,
    DeedRow,
    KnownAddressRow,
    PersonRow,
    RoleGrantRow,
    SignInRow,
    TokenRow,
)

_DAY_US: Final = 86_400_000_000
_KNOWN_DAYS: Final = 30


class SqlPersons:
    """`ports.Persons`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def named(self, name: str) -> Person | None:
        rows = await self._session.scalars(select(PersonRow).where(col(PersonRow.key) == name_key(name)))
        found = await self._whole(rows.all())
        return found[0] if found else None

    async def get(self, person_id: str) -> Person:
        row = await self._session.get(PersonRow, person_id)
        if row is None:
            raise NotFound(f"no person {person_id}", code="person_unknown")
        return (await self._whole([row]))[0]

    async def all(self) -> tuple[Person, ...]:
        rows = await self._session.scalars(select(PersonRow).order_by(col(PersonRow.key)))
        return await self._whole(rows.all())

    async def _whole(self, rows: Sequence[PersonRow]) -> tuple[Person, ...]:
        grants: dict[str, list[Grant]] = {}
        for piece in pieces([row.person_id for row in rows]):
            found = await self._session.scalars(
                select(RoleGrantRow)
                .where(col(RoleGrantRow.person_id).in_(piece))
                .order_by(col(RoleGrantRow.area_id), col(RoleGrantRow.role))
            )
            for one in found:
                grants.setdefault(one.person_id, []).append(Grant(role=Role(one.role), area_id=AreaId(one.area_id)))
        return tuple(_person(row, grants.get(row.person_id, ())) for row in rows)

    async def put(self, person: Person) -> None:
        values = asdict(person)
        del values["grants"]
        await self._session.merge(PersonRow(**values, key=name_key(person.name)))
        await self._session.flush()
        await self._session.execute(delete(RoleGrantRow).where(col(RoleGrantRow.person_id) == person.person_id))
        granted = [
            {"person_id": person.person_id, "role": grant.role.value, "area_id": grant.area_id}
            for grant in dict.fromkeys(person.grants)
        ]
        if granted:
            await self._session.execute(insert(RoleGrantRow), granted)

    async def put_sign_in(self, sign_in: SignIn) -> None:
        await self._session.merge(SignInRow(**asdict(sign_in)))
        await self._session.flush()

    async def sign_in(self, token_hash: str) -> SignIn | None:
        row = await self._session.get(SignInRow, token_hash)
        return None if row is None else SignIn(**row.model_dump())

    async def end_sign_in(self, token_hash: str) -> None:
        await self._session.execute(delete(SignInRow).where(col(SignInRow.token_hash) == token_hash))

    async def end_sign_ins(self, person_id: str) -> tuple[str, ...]:
        ended = await self._session.scalars(select(SignInRow.token_hash).where(col(SignInRow.person_id) == person_id))
        hashes = tuple(ended)
        await self._session.execute(delete(SignInRow).where(col(SignInRow.person_id) == person_id))
        return hashes

    async def knows_address(self, person_id: str, address: str) -> bool:
        return await self._session.get(KnownAddressRow, (person_id, address)) is not None

    async def put_known_address(self, person_id: str, address: str, at_us: int) -> None:
        await self._session.merge(KnownAddressRow(person_id=person_id, address=address, last_at_us=at_us))
        await self._session.flush()

    async def forget_addresses(self, person_id: str) -> None:
        await self._session.execute(delete(KnownAddressRow).where(col(KnownAddressRow.person_id) == person_id))

    async def drop_expired(self, now_us: int) -> None:
        await self._session.execute(delete(SignInRow).where(col(SignInRow.expires_at_us) <= now_us))
        await self._session.execute(delete(AttemptsRow).where(col(AttemptsRow.next_at_us) <= now_us - _DAY_US))
        known_us = now_us - _KNOWN_DAYS * _DAY_US
        await self._session.execute(delete(KnownAddressRow).where(col(KnownAddressRow.last_at_us) <= known_us))

    async def attempts(self, key: str) -> Attempts:
        row = await self._session.get(AttemptsRow, key)
        return Attempts(key=key) if row is None else Attempts(**row.model_dump())

    async def put_attempts(self, attempts: Attempts) -> None:
        await self._session.merge(AttemptsRow(**asdict(attempts)))
        await self._session.flush()


class SqlTokens:
    """`ports.Tokens`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, token_id: str) -> Token | None:
        row = await self._session.get(TokenRow, token_id)
        return None if row is None else _token(row)

    async def put(self, token: Token) -> None:
        await self._session.merge(TokenRow(**asdict(token)))
        await self._session.flush()

    async def all(self) -> tuple[Token, ...]:
        rows = await self._session.scalars(
            select(TokenRow).order_by(col(TokenRow.created_at_us).desc(), col(TokenRow.token_id))
        )
        return tuple(_token(row) for row in rows)


class SqlApiTokens:
    """`ports.ApiTokens`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, token_id: str) -> ApiToken | None:
        row = await self._session.get(ApiTokenRow, token_id)
        return None if row is None else _api_token(row)

    async def put(self, token: ApiToken) -> None:
        rights = " ".join(sorted(right.value for right in token.rights))
        await self._session.merge(ApiTokenRow(**(asdict(token) | {"rights": rights})))
        await self._session.flush()

    async def all(self) -> tuple[ApiToken, ...]:
        rows = await self._session.scalars(
            select(ApiTokenRow).order_by(col(ApiTokenRow.created_at_us).desc(), col(ApiTokenRow.token_id))
        )
        return tuple(_api_token(row) for row in rows)


class SqlDeeds:
    """`ports.Deeds`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, deed: Deed) -> None:
        self._session.add(DeedRow(**(asdict(deed) | {"what": deed.what.value})))
        await self._session.flush()

    async def latest(self, limit: int) -> tuple[Deed, ...]:
        return tuple(deed for _, deed in await self.page(limit))

    async def page(
        self, limit: int, *, before: int | None = None, by: str | None = None, what: DeedKind | None = None
    ) -> tuple[tuple[int, Deed], ...]:
        query = select(DeedRow).order_by(col(DeedRow.deed_id).desc()).limit(limit)
        if before is not None:
            query = query.where(col(DeedRow.deed_id) < before)
        if by is not None:
            query = query.where(col(DeedRow.by) == by)
        if what is not None:
            query = query.where(col(DeedRow.what) == what.value)
        return tuple((row.deed_id or 0, _deed(row)) for row in await self._session.scalars(query))


def _deed(row: DeedRow) -> Deed:
    return Deed(at_us=row.at_us, by=row.by, what=DeedKind(row.what), subject=row.subject, detail=row.detail)


def _person(row: PersonRow, grants: Sequence[Grant]) -> Person:
    return Person(**row.model_dump(exclude={"key"}), grants=tuple(grants))


def _api_token(row: ApiTokenRow) -> ApiToken:
    rights = frozenset(Right(word) for word in row.rights.split())
    return ApiToken(**(row.model_dump() | {"area_id": AreaId(row.area_id), "rights": rights}))


def _token(row: TokenRow) -> Token:
    values = row.model_dump()
    return Token(**(values | {"area_id": AreaId(row.area_id)}))
