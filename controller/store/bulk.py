"""Many rows at once, by portable means: databases differ in their upserts, and limit the values of a statement."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, Select, Table, and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from controller.domain.paging import Place
from controller.store.in_one import (
    FEW,
    goes_in_one,
    structs_go_in_one,
    update_goes_in_one,
    update_in_one,
    upsert_in_one,
    upsert_structs_in_one,
)
from controller.store.rows import Row

_T = TypeVar("_T")
_Made = TypeVar("_Made")
_Struct = TypeVar("_Struct", bound=msgspec.Struct)
PIECE: Final = 500


def pieces(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """``values`` in runs of at most `PIECE`."""
    for start in range(0, len(values), PIECE):
        yield values[start : start + PIECE]


async def each(session: AsyncSession, query: Select[Any], make: Callable[[Any], _Made]) -> tuple[_Made, ...]:
    """What is made of each of many rows, fetched in pieces: links and pages go on in between."""
    made: list[_Made] = []
    rows = await session.stream(query, execution_options={"yield_per": PIECE})
    async for piece in rows.partitions():
        made.extend(map(make, piece))
    return tuple(made)


def after(place: Place, at_us: Mapped[int], key: Mapped[str]) -> ColumnElement[bool]:
    """What comes after ``place`` in a list by ``at_us`` downwards, and by ``key`` among equals."""
    return or_(at_us < place.at_us, and_(at_us == place.at_us, key > place.key))


async def upsert(session: AsyncSession, form: type[Row], rows: Sequence[dict[str, Any]]) -> None:
    """Inserts the rows whose primary key is new, updates the others; a key that comes twice keeps the last.

    Only one transaction may write at a time, as the store sees to. Objects of ``form`` already loaded are not told.
    """
    table: Table = form.__table__  # type: ignore[attr-defined]
    if len(rows) >= FEW and goes_in_one(session, table, rows):
        await session.execute(*upsert_in_one(table, rows))
        return
    keys: list[Column[Any]] = list(table.primary_key.columns)
    last = {tuple(row[key.name] for key in keys): row for row in rows}
    known: set[tuple[Any, ...]] = set()
    first = keys[0]
    for piece in pieces(list(dict.fromkeys(key[0] for key in last))):
        known.update(tuple(found) for found in await session.execute(select(*keys).where(first.in_(piece))))
    new = [row for key, row in last.items() if key not in known]
    old = [row for key, row in last.items() if key in known]
    if new:
        await session.execute(insert(form), new)
    if old:
        await session.execute(update(form), old, execution_options={"synchronize_session": None})


async def upsert_structs(
    session: AsyncSession, form: type[Row], structs: Sequence[_Struct], values: Callable[[_Struct], dict[str, Any]]
) -> None:
    """The same of structs whose fields are the columns; ``values`` takes one apart where the database needs that."""
    table: Table = form.__table__  # type: ignore[attr-defined]
    if len(structs) >= FEW and structs_go_in_one(session, table, type(structs[0])):
        await session.execute(*upsert_structs_in_one(table, structs))
    else:
        await upsert(session, form, [values(one) for one in structs])


async def change(session: AsyncSession, form: type[Row], rows: Sequence[dict[str, Any]]) -> None:
    """Updates rows that are there by their primary key; all name the same columns. Objects of ``form`` already loaded
    are not told.
    """
    table: Table = form.__table__  # type: ignore[attr-defined]
    if len(rows) >= FEW and update_goes_in_one(session, table, rows):
        await session.execute(*update_in_one(table, rows))
    elif rows:
        await session.execute(update(form), rows, execution_options={"synchronize_session": None})
