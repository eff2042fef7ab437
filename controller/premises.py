"""The processes of a station, started as a user would: one controller and some speakers.

It imports no other room: it knows the commands, their flags and the JSON API, like anybody outside. Everything it
starts listens on the loopback address alone and is ended, by its process id, when the premises are left.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

Json = dict[str, Any]
T = TypeVar("T")

LOOPBACK = "127.0.0.1"
GRACE_S = 5.0


class StageError(Exception):
    """The station could not be started, or did not do what was asked; the sentence says what, and where to look."""


def free_port() -> int:
    """A TCP port on the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def command(name: str) -> str:
    """The path of one of Loa's commands: beside the running Python, else wherever the shell finds it."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else name


@dataclass(slots=True)
class Program:
    """One process that the stage started, with the file that keeps what it said."""

    name: str
    argv: list[str]
    log: Path
    env: dict[str, str]
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                *self.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=self.env,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        if self.process is None:
            raise StageError(f"{self.name} was not started")
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def kill(self) -> None:
        """Ends it at once, as a power cut would."""
        if self.process is not None and self.running:
            self.process.kill()
            await self.process.wait()

    async def stop(self) -> int:
        """Asks it to end, waits, insists. Returns its exit code."""
        if self.process is None:
            return 0
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), GRACE_S)
            except TimeoutError:
                await self.kill()
        return await self.process.wait()

    def last_words(self, lines: int = 12) -> str:
        """The end of what it said."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


@dataclass(slots=True)
class Premises:
    """The processes of a station in ``folder``, and the ways in. Use it as an async context manager."""

    folder: Path
    port: int = field(default_factory=free_port)
    controller_flags: Sequence[str] = ()
    password: str = ""
    controller: Program | None = None
    agents: dict[str, Program] = field(default_factory=dict)
    _http: aiohttp.ClientSession | None = None
    _csrf: str = ""

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def data_dir(self) -> Path:
        return self.folder / "controller"

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        programs = [*self.agents.values()]
        if self.controller is not None:
            programs.append(self.controller)
        await asyncio.gather(*(program.stop() for program in programs))
        if self._http is not None:
            await self._http.close()

    # --- the controller ---------------------------------------------------------------------------------------------

    async def start_controller(self) -> None:
        """Starts it (again), and returns when it says that it is ready."""
        if self.controller is None:
            argv = [
                command("loa"),
                "serve",
                "--data-dir",
                str(self.data_dir),
                "--host",
                LOOPBACK,
                "--port",
                str(self.port),
                "--mdns-interfaces",
                LOOPBACK,
                "--trust-system-clock",
                # What is shown here is heard at any hour.
                "--first-guards",
                "none",
                # What is fixed in emergencies is made when it is needed: the machine has other things to do meanwhile.
                "--templates-after-s",
                "86400",
                *self.controller_flags,
            ]
            self.controller = Program("controller", argv, self.folder / "controller.log", dict(os.environ))
        await self.controller.start()
        await self.until("the controller to be ready", self._controller_ready, within_s=30, alive=[self.controller])

    async def _controller_ready(self) -> bool | None:
        assert self._http is not None
        try:
            async with self._http.get(self.url + "/readyz") as answer:
                return True if answer.status == 200 else None
        except aiohttp.ClientError:
            return None

    async def sign_in(self, name: str = "admin") -> None:
        """Gives the administrator a new password, keeps it in ``password``, and signs in with it."""
        self.password = await self.run(
            command("loa"), "admin", "password", name, "--data-dir", str(self.data_dir), "--bare"
        )
        answer = await self.api("POST", "/api/v1/sign-in", {"name": name, "password": self.password})
        self._csrf = answer["csrf"]

    async def run(self, *argv: str) -> str:
        """Runs one of Loa's commands to its end and returns what it printed. Raises `StageError`."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 30)
        if process.returncode != 0:
            raise StageError(f"{' '.join(argv[:3])} failed: {err.decode(errors='replace').strip()}")
        return out.decode().strip()

    async def api(self, method: str, path: str, body: Json | None = None, form: aiohttp.FormData | None = None) -> Any:
        """One call of the JSON API. Raises `StageError` with the server's own sentence."""
        assert self._http is not None
        headers = {"X-Loa-CSRF": self._csrf, "Accept-Language": "en"}
        async with self._http.request(method, self.url + path, json=body, data=form, headers=headers) as answer:
            if answer.status >= 400:
                raise StageError(f"{method} {path}: {answer.status} {(await answer.text())[:500]}")
            return None if answer.status == 204 else await answer.json()

    @contextlib.asynccontextmanager
    async def socket(self, path: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A WebSocket, as a page opens it."""
        assert self._http is not None
        async with self._http.ws_connect(self.url + path) as opened:
            yield opened

    async def read(self, path: str) -> bytes:
        """The bytes behind a path. Raises `StageError`."""
        assert self._http is not None
        async with self._http.get(self.url + path) as answer:
            if answer.status != 200:
                raise StageError(f"GET {path}: {answer.status}")
            return await answer.read()

    # --- speakers ---------------------------------------------------------------------------------------------------

    def state_dir(self, name: str) -> Path:
        return self.folder / name / "state"

    def wav_dir(self, name: str) -> Path:
        return self.folder / name / "heard"

    async def start_agent(self, name: str, *flags: str, env: Mapping[str, str] | None = None) -> Program:
        """Starts one speaker (again). ``flags`` go to ``loa-agent run``."""
        program = self.agents.get(name)
        if program is None:
            argv = [
                command("loa-agent"),
                "run",
                "--state-dir",
                str(self.state_dir(name)),
                "--name",
                name,
                "--mdns-interfaces",
                LOOPBACK,
                "--wav-dir",
                str(self.wav_dir(name)),
                *flags,
            ]
            environment = {**os.environ, **(env or {})}
            program = Program(name, argv, self.folder / name / "agent.log", environment)
            self.agents[name] = program
        await program.start()
        return program

    async def device_id(self, name: str) -> str:
        """What the agent of this name says that it is, asked at the box."""

        async def look() -> str | None:
            try:
                status = await self.run(command("loa-agent"), "status", "--state-dir", str(self.state_dir(name)))
            except StageError:
                return None
            facts = dict(line.split(maxsplit=1) for line in status.splitlines() if len(line.split()) > 1)
            return facts.get("device_id")

        return await self.until(f"{name} to run", look, within_s=15, alive=[self.agents[name]])

    async def until(
        self,
        what: str,
        look: Callable[[], Coroutine[Any, Any, T | None]],
        *,
        within_s: float,
        alive: Sequence[Program] = (),
        every_s: float = 0.05,
    ) -> T:
        """Asks ``look`` until it returns something. Raises `StageError` when it takes too long or a program ended."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + within_s
        while True:
            found = await look()
            if found is not None:
                return found
            for program in alive:
                if not program.running:
                    raise StageError(f"{program.name} ended by itself; it last said:\n{program.last_words()}")
            if loop.time() > give_up:
                raise StageError(f"waited {within_s:g} s in vain for {what}; see the logs in {self.folder}")
            await asyncio.sleep(every_s)
