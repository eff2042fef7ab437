"""Accounts from a shell on the controller's machine."""

import asyncio
import shutil
from pathlib import Path

import pytest

from agents.protocol.ids import AreaId
from controller import cli
from controller.datadir import database_url
from controller.domain.accounts import Person
from controller.store.database import SqlStore
from schedules.areas import Area


@pytest.fixture
def folder(new_database: Path, tmp_path: Path) -> Path:
    """A station that was started once."""

    async def start() -> None:
        shutil.copyfile(new_database, tmp_path / "loa.db")
        store = SqlStore(database_url(tmp_path))
        async with store.transaction() as tx:
            await tx.areas.add(Area(area_id=AreaId("x-1"), parent_id=None, level="commune", name="Xã Hoà Bình Thử"))
            await tx.persons.put(Person(person_id="p-1", name="admin", password_hash="", created_at_us=1))
        await store.close()

    asyncio.run(start())
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], folder: Path, *argv: str) -> tuple[int, str, str]:
    code = cli.main(["admin", "person", *argv, "--data-dir", str(folder)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_an_account_is_made_listed_given_a_password_and_closed(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    roles = ("--role", "editor@Xã Hoà Bình Thử", "--role", "technician@x-1", "--role", "administrator")
    code, password, _ = run(capsys, folder, "add", "Chị Lan", "--full-name", "Trần Thị Lan", *roles, "--bare")
    assert code == cli.DONE
    assert len(password.strip()) == 23
    code, out, _ = run(capsys, folder, "list")
    assert "admin\t\tno role" in out
    roles_told = "administrator, editor@Xã Hoà Bình Thử, technician@Xã Hoà Bình Thử"
    assert f"Chị Lan\tTrần Thị Lan\t{roles_told}\thas not signed in yet" in out
    code, second, _ = run(capsys, folder, "password", "chị lan", "--bare")
    assert (code, len(second.strip())) == (cli.DONE, 23)
    assert second != password
    code, _, err = run(capsys, folder, "deactivate", "chị lan")
    assert (code, "administers the station" in err) == (cli.FAILED, True)
    assert run(capsys, folder, "add", "hai", "--role", "administrator")[0] == cli.DONE
    assert run(capsys, folder, "deactivate", "chị lan")[0] == cli.DONE
    assert "closed" in run(capsys, folder, "list")[1]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("add", "lan", "--role", "king"), "There is no role king."),
        (("add", "lan", "--role", "editor@Xã Không Có"), "No area is called"),
        (("add", "ADMIN"), "taken"),
        (("add", "token:x"), "cannot be a name"),
        (("password", "nobody"), "There is no account nobody."),
        (("deactivate", "nobody"), "There is no account nobody."),
    ],
)
def test_what_cannot_be_done_is_said(
    capsys: pytest.CaptureFixture[str], folder: Path, argv: tuple[str, ...], said: str
) -> None:
    code, out, err = run(capsys, folder, *argv)
    assert (code, out) == (cli.FAILED, "")
    assert said in err
