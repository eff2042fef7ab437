"""Thousands of rows in one statement, where the database is SQLite: the rows travel as one JSON text.

Rules of the module: it is only faster, never different; where it does not fit, `bulk` goes the portable way. Row by row
SQLite gives the interpreter's lock back and asks for it again each time, and a busy event loop makes it wait; as one
statement it works beside the event loop, and asks once.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Boolean, Float, Integer, String, Table, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

FEW: Final = 20
"""Below so many rows there is nothing to win."""
_PLAIN: Final = (String, Integer, BigInteger, Boolean, Float)
Statement = tuple[TextClause, dict[str, str]]


def goes_in_one(session: AsyncSession, table: Table, rows: Sequence[dict[str, Any]]) -> bool:
    """True on SQLite, for columns of plain types, where every row names every column."""
    if session.get_bind().dialect.name != "sqlite":
        return False
    names = {column.name for column in table.columns}
    return all(row.keys() == names for row in rows) and _plain(table.columns)


def update_goes_in_one(session: AsyncSession, table: Table, rows: Sequence[dict[str, Any]]) -> bool:
    """The same for updates: every row names the same columns, the keys among them."""
    if session.get_bind().dialect.name != "sqlite":
        return False
    names = rows[0].keys()
    known = {column.name: column for column in table.columns}
    return (
        names <= known.keys()
        and all(key.name in names for key in table.primary_key.columns)
        and all(row.keys() == names for row in rows)
        and _plain([known[name] for name in names])
    )


def _plain(columns: Any) -> bool:
    return all(isinstance(column.type, _PLAIN) for column in columns)


def structs_go_in_one(session: AsyncSession, table: Table, kind: type[msgspec.Struct]) -> bool:
    """The same for structs that are written as arrays, and have a field for every column."""
    return (
        session.get_bind().dialect.name == "sqlite"
        and kind.__struct_config__.array_like
        and set(kind.__struct_fields__) == {column.name for column in table.columns}
        and _plain(table.columns)
    )


def upsert_structs_in_one(table: Table, structs: Sequence[msgspec.Struct]) -> Statement:
    """The statement and its values; no row is taken apart on the way."""
    names = list(type(structs[0]).__struct_fields__)
    return _upsert(table, names), {"rows": msgspec.json.encode(structs).decode()}


def upsert_in_one(table: Table, rows: Sequence[dict[str, Any]]) -> Statement:
    """The statement and its values."""
    names = [column.name for column in table.columns]
    return _upsert(table, names), {"rows": _json(rows, names)}


def _upsert(table: Table, names: Sequence[str]) -> TextClause:
    """``names`` are those of all columns, in the order in which the rows have their values."""
    keys = [column.name for column in table.primary_key.columns]
    changed = [name for name in names if name not in keys]
    then = f"DO UPDATE SET {', '.join(f'{_q(n)} = excluded.{_q(n)}' for n in changed)}" if changed else "DO NOTHING"
    # WHERE true: without it SQLite takes ON for a part of a join.
    return text(
        f"INSERT INTO {_q(table.name)} ({', '.join(map(_q, names))}) SELECT {_fields(len(names))} "  # noqa: S608
        f"FROM json_each(:rows) WHERE true ON CONFLICT ({', '.join(map(_q, keys))}) {then}"
    )


def update_in_one(table: Table, rows: Sequence[dict[str, Any]]) -> Statement:
    """The statement and its values; rows whose key is unknown change nothing."""
    keys = [column.name for column in table.primary_key.columns]
    names = list(rows[0])
    changed = ", ".join(f"{_q(name)} = given.{_q(name)}" for name in names if name not in keys)
    named = ", ".join(f"json_extract(value, '$[{at}]') AS {_q(name)}" for at, name in enumerate(names))
    same = " AND ".join(f"{_q(table.name)}.{_q(key)} = given.{_q(key)}" for key in keys)
    statement = (
        f"UPDATE {_q(table.name)} SET {changed} "  # noqa: S608 - names of our own columns
        f"FROM (SELECT {named} FROM json_each(:rows)) AS given WHERE {same}"
    )
    return text(statement), {"rows": _json(rows, names)}


def _fields(count: int) -> str:
    return ", ".join(f"json_extract(value, '$[{at}]')" for at in range(count))


def _json(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> str:
    return msgspec.json.encode([[row[name] for name in names] for row in rows]).decode()


def _q(name: str) -> str:
    return f'"{name}"'
