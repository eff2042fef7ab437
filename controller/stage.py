"""Starts a whole station as a user would: one controller and some speakers, as processes of their own.

The demonstration, the measurements and the system tests all stand on this. It imports no other room: it knows the
commands, their flags and the JSON API, like anybody outside. Everything it starts listens on the loopback address
alone and is ended, by its process id, when the stage is left.
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
class Stage:
    """A station in ``folder``. Use it as an async context manager."""

    folder: Path
    port: int = field(default_factory=free_port)
    quiet: bool = True
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

    async def found(self, name: str, *, within_s: float = 30) -> Json:
        """Waits until this speaker's new device was found by mDNS and has dialled in."""
        # By id: a name can be copied, and another station may be on show on the same machine.
        device_id = await self.device_id(name)

        async def look() -> Json | None:
            for device in (await self.api("GET", "/api/v1/found"))["found"]:
                if device["device_id"] == device_id and device["linked"] and device["seen_by_mdns"]:
                    return dict(device)
            return None

        return await self.until(f"{name} to be found", look, within_s=within_s, alive=[self.agents[name]])

    async def adopt(self, name: str, *, area: str = "", listen_s: float | None = None) -> Json:
        """Read the code at the box and type it, as a technician would. Returns the speaker.

        With ``listen_s`` the device is first asked to speak its code aloud, and listened to for that long.
        """
        device = await self.found(name)
        path = f"/api/v1/found/{device['device_id']}"
        if listen_s is not None:
            await self.api("POST", path + "/identify")
            await asyncio.sleep(listen_s)
        code = await self.run(command("loa-agent"), "code", "--state-dir", str(self.state_dir(name)))
        speaker = await self.api("POST", path + "/adopt", {"code": code, "name": name, "area": area})
        return dict(speaker)

    async def connected(self, count: int, *, within_s: float = 30) -> list[Json]:
        """Waits until this many adopted speakers are ready, and returns them by name."""

        async def look() -> list[Json] | None:
            speakers = (await self.api("GET", "/api/v1/speakers"))["speakers"]
            return speakers if sum(1 for s in speakers if s["ready"]) >= count else None

        return await self.until(f"{count} speakers to be ready", look, within_s=within_s, alive=[*self.agents.values()])

    # --- bulletins and airings --------------------------------------------------------------------------------------

    async def text_bulletin(self, title: str, text: str, *, language: str = "vi") -> str:
        """Hands in a text and waits until its clips are ready. Returns the bulletin's id."""
        body = {"title": title, "text": text, "language": language, "words_per_minute": 125}
        bulletin = await self.api("POST", "/api/v1/bulletins", body)
        return await self.bulletin_ready(bulletin["bulletin_id"])

    async def bulletin_ready(self, bulletin_id: str, *, within_s: float = 120) -> str:
        async def look() -> str | None:
            bulletin = await self.api("GET", f"/api/v1/bulletins/{bulletin_id}")
            if bulletin["state"] == "failed":
                raise StageError(f"the bulletin could not be made: {bulletin['failure']} {bulletin['failure_detail']}")
            return bulletin_id if bulletin["state"] == "ready" else None

        return await self.until("the bulletin to be ready", look, within_s=within_s)

    async def send_now(self, bulletin_id: str) -> str:
        """Sends it to every speaker. Returns the airing's id."""
        airing = await self.api("POST", "/api/v1/airings", {"bulletin_id": bulletin_id, "speaker_ids": "all"})
        return str(airing["airing_id"])

    async def airing(self, airing_id: str) -> Json:
        return dict(await self.api("GET", f"/api/v1/airings/{airing_id}"))

    async def playbacks_reach(
        self, airing_id: str, enough: Callable[[list[Json]], bool], what: str, *, within_s: float, every_s: float = 0.05
    ) -> list[Json]:
        """Waits until the evidence of the airing satisfies ``enough``, and returns it."""

        async def look() -> list[Json] | None:
            playbacks = (await self.airing(airing_id))["playbacks"]
            return playbacks if enough(playbacks) else None

        return await self.until(what, look, within_s=within_s, every_s=every_s)

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


@contextlib.asynccontextmanager
async def station(folder: Path, speakers: Sequence[str], *flags: str) -> AsyncIterator[Stage]:
    """A controller and adopted speakers, ready. ``flags`` go to every ``loa-agent run``."""
    async with Stage(folder) as stage:
        await stage.start_controller()
        await stage.sign_in()
        for name in speakers:
            await stage.start_agent(name, *flags)
        for name in speakers:
            await stage.adopt(name)
        await stage.connected(len(speakers))
        yield stage
