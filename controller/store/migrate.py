"""Bringing a database to the form this program knows. Runs at every start.

A database that is there already costs one small query. Where there is something to do, it is done by a process of its
own: Alembic and what it needs would otherwise stay in the controller's memory for good, 15 MB of it.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, inspect, text

from controller.domain.errors import StoreFailed
from controller.store.engine import failures, make_engine

HEAD: Final = "0014"
"""The newest migration."""
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_MODULE: Final = "controller.store.migrate"


async def upgrade_to_head(url: str) -> None:
    """Creates or upgrades the database at ``url``. Raises `StoreFailed`, also for one of a newer program."""
    if await _version(url) != HEAD:
        # The address may hold a password, and a command line is read by everybody.
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _MODULE, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        _, said = await child.communicate(url.encode())
        if child.returncode != 0:
            lines = said.decode(errors="replace").strip().splitlines()
            raise StoreFailed(lines[-1] if lines else f"the upgrade ended with exit code {child.returncode}")


async def is_current(url: str) -> bool:
    """Whether the database is of the form that this program knows. Changes nothing. Raises `StoreFailed`."""
    return await _version(url) == HEAD


async def upgrade_here(url: str) -> None:
    """The same inside this process."""
    if await _version(url) == HEAD:
        return
    engine = make_engine(url, foreign_keys=False)
    try:
        with failures():
            async with engine.begin() as connection:
                await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def _version(url: str) -> str | None:
    engine = make_engine(url)
    try:
        with failures():
            async with engine.connect() as connection:
                return await connection.run_sync(current_version)
    finally:
        await engine.dispose()


def current_version(connection: Connection) -> str | None:
    """The migration a database is at, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def alembic_config(connection: Connection | None = None) -> Any:
    """What Alembic's commands need; they run on ``connection``, inside its transaction."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as error:
        raise StoreFailed(f"the database is not one this program can upgrade: {error}") from error
    # SQLite changes a table by making it anew, which foreign keys would forbid; what they say must hold afterwards.
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            raise StoreFailed(f"the upgrade would leave {len(broken)} rows that refer to nothing: {broken[0]}")


def main() -> None:
    """Upgrades the database whose address stands on the standard input."""
    try:
        asyncio.run(upgrade_here(sys.stdin.read().strip()))
    except StoreFailed as error:
        sys.exit(error.detail)


if __name__ == "__main__":
    main()
