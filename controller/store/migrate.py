"""Bringing a database to the form this program knows. Runs at every start; a database that is there already costs
one small query, and Alembic is loaded only when there is something to do.
"""

import asyncio
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, inspect, text

from controller.store.engine import failures, is_sqlite, make_engine

HEAD: Final = "0001"
"""The newest migration."""
_MIGRATIONS: Final = Path(__file__).parent / "migrations"


async def upgrade_to_head(url: str) -> None:
    """Creates or upgrades the database at ``url``. Raises `StoreFailed`, also for one of a newer program."""
    engine = make_engine(url)
    try:
        with failures():
            async with engine.connect() as connection:
                version = await connection.run_sync(current_version)
            if version == HEAD:
                return
            async with engine.begin() as connection:
                await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def upgrade_now(url: str) -> None:
    """`upgrade_to_head` for a program without an event loop."""
    asyncio.run(upgrade_to_head(url))


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

    from controller.domain.errors import StoreFailed

    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as error:
        raise StoreFailed(f"the database is not one this program can upgrade: {error}") from error


__all__ = ["HEAD", "alembic_config", "current_version", "is_sqlite", "upgrade_now", "upgrade_to_head"]
