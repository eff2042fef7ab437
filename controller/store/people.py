"""Persons, their sign-ins, enrolment tokens, and who did what."""

from dataclasses import asdict

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import AreaId
from controller.domain.accounts import Attempts, Person, SignIn
from controller.domain.deeds import Deed, DeedKind
from controller.domain.enrolment import Token
from controller.domain.errors import NotFound
from controller.store.rows import AttemptsRow, DeedRow, PersonRow, SignInRow, TokenRow

_REMEMBERED_US = 86_400_000_000


class SqlPersons:
    """`ports.Persons`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def named(self, name: str) -> Person | None:
        rows = await self._session.scalars(select(PersonRow).where(col(PersonRow.key) == name.casefold()))
        row = rows.first()
        return None if row is None else _person(row)

    async def get(self, person_id: str) -> Person:
        row = await self._session.get(PersonRow, person_id)
        if row is None:
            raise NotFound(f"no person {person_id}")
        return _person(row)

    async def all(self) -> tuple[Person, ...]:
        rows = await self._session.scalars(select(PersonRow).order_by(col(PersonRow.key)))
        return tuple(_person(row) for row in rows)

    async def put(self, person: Person) -> None:
        await self._session.merge(PersonRow(**asdict(person), key=person.name.casefold()))
        await self._session.flush()

    async def put_sign_in(self, sign_in: SignIn) -> None:
        await self._session.merge(SignInRow(**asdict(sign_in)))
        await self._session.flush()

    async def sign_in(self, token_hash: str) -> SignIn | None:
        row = await self._session.get(SignInRow, token_hash)
        return None if row is None else SignIn(**row.model_dump())

    async def end_sign_in(self, token_hash: str) -> None:
        await self._session.execute(delete(SignInRow).where(col(SignInRow.token_hash) == token_hash))

    async def end_sign_ins(self, person_id: str) -> None:
        await self._session.execute(delete(SignInRow).where(col(SignInRow.person_id) == person_id))

    async def drop_expired(self, now_us: int) -> None:
        await self._session.execute(delete(SignInRow).where(col(SignInRow.expires_at_us) <= now_us))
        await self._session.execute(delete(AttemptsRow).where(col(AttemptsRow.next_at_us) <= now_us - _REMEMBERED_US))

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


class SqlDeeds:
    """`ports.Deeds`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, deed: Deed) -> None:
        self._session.add(DeedRow(**(asdict(deed) | {"what": deed.what.value})))
        await self._session.flush()

    async def latest(self, limit: int) -> tuple[Deed, ...]:
        rows = await self._session.scalars(select(DeedRow).order_by(col(DeedRow.deed_id).desc()).limit(limit))
        return tuple(
            Deed(at_us=row.at_us, by=row.by, what=DeedKind(row.what), subject=row.subject, detail=row.detail)
            for row in rows
        )


def _person(row: PersonRow) -> Person:
    return Person(**row.model_dump(exclude={"key"}))


def _token(row: TokenRow) -> Token:
    values = row.model_dump()
    return Token(**(values | {"area_id": AreaId(row.area_id)}))
