"""The controller as a process: it starts, says where it is, serves, shares its data with nobody, and ends cleanly."""

import asyncio
import json
import os
import re
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from agents.protocol.pairing import EnrolmentToken
from controller import admin
from controller.datadir import CannotStart, only_one
from controller.domain.errors import NotFound, Refused

pytestmark = pytest.mark.system
WITHIN_S = 30


@dataclass
class Running:
    process: asyncio.subprocess.Process
    said: list[str]

    @property
    def url(self) -> str:
        return next(line.split()[1] for line in self.said if line.startswith("  Open "))

    @property
    def password(self) -> str | None:
        return next((line.split()[1] for line in self.said if line.strip().startswith("Password")), None)

    async def end(self, which=signal.SIGTERM) -> tuple[int, str]:
        """The exit code and the log."""
        self.process.send_signal(which)
        async with asyncio.timeout(WITHIN_S):
            _, log = await self.process.communicate()
        return self.process.returncode, log.decode()


async def loa(*argv: str) -> asyncio.subprocess.Process:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LOA_")}
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "controller.cli",
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        env=environ,
    )


async def run(*argv: str) -> tuple[int, str, str]:
    process = await loa(*argv)
    async with asyncio.timeout(WITHIN_S):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def serving(folder: Path) -> list[str]:
    return [
        "serve",
        "--data-dir",
        str(folder),
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-mdns",
        "--log-format",
        "json",
    ]


@pytest.fixture
async def start(tmp_path):
    """Starts a controller on the test's data directory; what still runs at the end is killed."""
    started = []

    async def one(*flags: str) -> Running:
        process = await loa(*serving(tmp_path / "data"), "--trust-system-clock", *flags)
        running = Running(process, [])
        started.append(running)
        async with asyncio.timeout(WITHIN_S):
            while not any(line.startswith("  Open ") for line in running.said):
                line = await process.stdout.readline()
                assert line, (await process.stderr.read()).decode()
                running.said.append(line.decode())
        return running

    yield one
    for running in started:
        if running.process.returncode is None:
            running.process.kill()
            await running.process.communicate()


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


async def status(http, url, **headers):
    async with http.get(url, headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def test_the_first_start_prints_the_password_once_and_never_into_the_log(start):
    first = await start()
    assert first.password
    code, log = await first.end()
    assert code == 0
    assert first.password not in log
    second = await start()
    assert second.password is None
    code, log = await second.end(signal.SIGINT)
    assert code == 0
    lines = [json.loads(line) for line in log.splitlines()]
    assert [line["event"] for line in lines if "event" in line] == ["ready", "stopped"]


async def test_it_serves_pages_checks_and_devices_on_one_port(start, http):
    running = await start()
    assert (await status(http, running.url + "/healthz"))[0] == 200
    assert (await status(http, running.url + "/readyz"))[0] == 200
    assert (await status(http, running.url + "/"))[0] == 303, "to the sign-in page"
    assert (await status(http, running.url + "/device/clips/" + "0" * 64))[0] == 401
    socket = await http.ws_connect(running.url + "/link")
    await socket.send_str("garbage")
    message = await socket.receive_json()
    assert (message["type"], message["reason"]) == ("reject", "garbage")
    await socket.close()
    await running.end()


async def test_figures_are_for_this_machine_or_for_who_has_the_token(start, http):
    running = await start()
    code, text = await status(http, running.url + "/metrics")
    assert code == 200
    for name in (
        "loa_build_info",
        'loa_speakers{state="ready"} 0',
        "loa_links 0",
        "loa_clock_synchronised 1",
        'loa_faults{kind="area_offline"} 0',
    ):
        assert name in text
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) \w+ .+|\w+(\{.+\})? [-+.e0-9]+", line), line
    assert (await status(http, running.url + "/metrics", **{"X-Forwarded-For": "192.0.2.1"}))[0] != 200
    await running.end()
    running = await start("--metrics-token", "hush")
    assert (await status(http, running.url + "/metrics"))[0] != 200
    assert (await status(http, running.url + "/metrics", Authorization="Bearer hush"))[0] == 200
    _, log = await running.end()
    assert "hush" not in log


async def test_a_second_controller_on_the_same_data_is_refused_with_a_sentence(start, tmp_path, http):
    running = await start()
    code, out, err = await run(*serving(tmp_path / "data"))
    assert (code, out) == (3, "")
    assert "Another controller is running" in err
    assert "Traceback" not in err
    assert (await status(http, running.url + "/readyz"))[0] == 200


async def test_a_port_that_is_taken_is_told_with_a_sentence(start, tmp_path):
    running = await start()
    port = running.url.rpartition(":")[2]
    code, _, err = await run(*serving(tmp_path / "other"), "--port", port)
    assert code == 3
    assert err.splitlines()[-1] == f"loa: 127.0.0.1 port {port} cannot be used: Address already in use."
    assert "Traceback" not in err


async def test_a_wrong_interface_is_told_with_a_sentence(tmp_path):
    code, _, err = await run(*serving(tmp_path), "--mdns", "--mdns-interfaces", "eth0")
    assert code == 3
    assert "mdns_interfaces" in err
    assert "Traceback" not in err


async def test_after_kill_9_it_starts_again_on_the_same_data(start, http):
    first = await start()
    first.process.kill()
    await first.process.communicate()
    second = await start()
    assert second.password is None, "the account was kept"
    assert (await status(http, second.url + "/readyz"))[0] == 200


async def test_passwords_and_tokens_are_made_while_it_runs(start, tmp_path, http):
    running = await start()
    folder = tmp_path / "data"
    code, password, _ = await run("admin", "password", "admin", "--bare", "--data-dir", str(folder))
    assert code == 0
    credentials = {"name": "admin", "password": password.strip()}
    async with http.post(running.url + "/api/v1/sign-in", json=credentials) as answer:
        assert answer.status == 200
    async with http.post(running.url + "/api/v1/sign-in", json={**credentials, "password": running.password}) as answer:
        assert answer.status >= 400, "the former one is worth nothing"
    with pytest.raises(NotFound, match="no account nobody"):
        await admin.reset_password(folder, "nobody")
    with pytest.raises(Refused, match="--area"):
        await admin.create_token(folder, "", 1, 60)
    token = EnrolmentToken.parse(await admin.create_token(folder, "Xã Thử", 2, 60))
    again = EnrolmentToken.parse(await admin.create_token(folder, "", 1, 60))
    assert token.token_id != again.token_id, "the second stands in the only area there is"


async def test_the_lock_is_let_go_and_what_cannot_be_written_is_told(tmp_path):
    with only_one(tmp_path / "a"), pytest.raises(CannotStart, match="Another"), only_one(tmp_path / "a"):
        pass
    with only_one(tmp_path / "a"):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match="cannot be written"), only_one(tmp_path / "file" / "x"):
        pass


@pytest.mark.parametrize("damage", ["no database at all", "a hole in the middle"])
async def test_a_damaged_database_is_told_with_a_sentence(tmp_path, start, damage):
    await (await start()).end()
    database = tmp_path / "data" / "loa.db"
    whole = database.read_bytes()
    hole = b"\xa5" * (len(whole) if damage == "no database at all" else 6 * 4_096)
    database.write_bytes(hole if len(hole) == len(whole) else whole[: 3 * 4_096] + hole + whole[9 * 4_096 :])

    code, _, error = await run(*serving(tmp_path / "data"))

    assert code == 3
    assert f"loa: The database {database} cannot be used" in error
    assert "Traceback" not in error


async def test_an_address_that_is_none_is_told_with_a_sentence(tmp_path):
    code, _, error = await run(*serving(tmp_path / "data"), "--host", "no.such.host.invalid")
    assert code == 3
    assert "no.such.host.invalid port 0 cannot be used" in error
    assert "Unknown error" not in error


async def test_a_file_of_voices_that_cannot_be_used_is_told_with_its_line(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "voices.toml").write_text('[[voice]]\nid = "south"\nname = "Miền Nam"\nkind = "gramophone"\n')
    code, _, error = await run(*serving(folder))
    assert code == 3
    assert "loa: The file of voices cannot be used" in error
    assert "voices.toml" in error
    assert "kind" in error
    assert "Traceback" not in error
