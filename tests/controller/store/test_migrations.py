"""Migrations lead to the tables that the program knows."""

import asyncio
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from controller.domain.errors import StoreFailed
from controller.store import box_rows, cap_rows, content_rows, emergency_rows, planning_rows
from controller.store.engine import make_engine
from controller.store.migrate import HEAD, alembic_config, current_version, upgrade_here, upgrade_to_head

METADATA = content_rows.SoundRow.metadata
assert (
    box_rows.BoxRow.metadata
    is cap_rows.CapAlertRow.metadata
    is emergency_rows.EmergencyRow.metadata
    is planning_rows.ScheduleRow.metadata
    is METADATA
), "each module of tables adds to the same"


async def test_the_migrations_and_the_rows_agree(url: str) -> None:
    await upgrade_to_head(url)
    engine = make_engine(url)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, METADATA))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        assert await connection.run_sync(current_version) == HEAD
    await engine.dispose()


def test_there_is_one_line_of_migrations_and_its_end_is_known() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [HEAD]


async def test_an_upgrade_can_be_run_again(url: str) -> None:
    await upgrade_to_head(url)
    await upgrade_to_head(url)
    await upgrade_here(url)


async def test_alerts_that_were_kept_before_can_have_namesakes_after_it(url: str) -> None:
    from alembic import command

    engine = make_engine(url, foreign_keys=False)
    before = (
        "INSERT INTO cap_alert (alert_id, sender, identifier, sent_us, trusted, digest, state, busy, received_at_us,"
    )
    before += " content) VALUES ('c-1', 's', 'i', 1, TRUE, 'd', 'held', TRUE, 1, '{}')"
    async with engine.begin() as connection:
        await connection.run_sync(lambda one: command.upgrade(alembic_config(one), "0013"))
        await connection.execute(text(before))
        await connection.execute(text("INSERT INTO cap_reference VALUES ('c-1', 0, 'k')"))
    await upgrade_here(url)
    second = before.replace("'c-1'", "'c-2'").replace(" content)", " content, says)").replace("'{}')", "'{}', 'x')")
    async with engine.begin() as connection:
        await connection.execute(text(second))
        rows = (await connection.execute(text("SELECT alert_id, says FROM cap_alert ORDER BY alert_id"))).all()
        assert [tuple(one) for one in rows] == [("c-1", ""), ("c-2", "x")]
    await engine.dispose()


async def test_an_upgrade_leaves_its_tools_out_of_this_process(url: str) -> None:
    program = "import asyncio, sys; from controller.store.migrate import upgrade_to_head; "
    program += "asyncio.run(upgrade_to_head(sys.argv[1])); sys.exit('alembic' in sys.modules)"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, url)
    assert await child.wait() == 0


async def test_a_database_of_a_newer_program_is_left_alone(url: str) -> None:
    await upgrade_to_head(url)
    engine = make_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    with pytest.raises(StoreFailed):
        await upgrade_to_head(url)


async def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "loa.db").write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(StoreFailed):
        await upgrade_to_head(f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}")


async def test_an_upgrade_that_is_cut_off_leaves_nothing_half_made(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic.operations import Operations

    create_table = Operations.create_table

    def failing(self: Operations, name: str, *columns: object, **how: object) -> object:
        if name == "speaker":
            raise OSError("cut off")
        return create_table(self, name, *columns, **how)

    monkeypatch.setattr(Operations, "create_table", failing)
    with pytest.raises(OSError, match="cut off"):
        await upgrade_here(url)
    monkeypatch.undo()
    engine = make_engine(url)
    async with engine.connect() as connection:
        assert await connection.run_sync(lambda one: inspect(one).get_table_names()) == []
    await engine.dispose()
    await upgrade_here(url)


def test_every_table_can_be_written_for_postgresql() -> None:
    for table in METADATA.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))
