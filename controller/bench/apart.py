"""A station whose devices are in a network namespace of their own, behind a `line`.

Rules of the module: it must run inside a network namespace that is the controller's; `in_a_namespace` runs a module in
a fresh one. Everything is ended by its id, and the namespaces end with the processes in them. Needs root, and Debian's
iproute2 and util-linux.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from controller.bench.figures import CannotMeasure
from controller.bench.line import NEAR, Counts, read_counts
from controller.stage import Program, Stage, StageError, command

_TOOLS: Final = ("ip", "unshare", "nsenter")


@dataclass(frozen=True, slots=True)
class Noise:
    """What a line does to each packet, each way: ``delay_ms`` +- ``jitter_ms``, evenly, and some are lost."""

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    loss_percent: float = 0.0
    seed: int = 1


async def in_a_namespace(module: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Runs ``python -m module`` in a fresh network namespace with these options (JSON on its standard input), and
    returns the JSON object that it printed last. Raises `CannotMeasure`.
    """
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        raise CannotMeasure(f"not found: {', '.join(missing)}. Install iproute2 and util-linux.")
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        raise CannotMeasure("a line is laid with a TUN device between network namespaces, and that takes root")
    process = await asyncio.create_subprocess_exec(
        *("unshare", "--net", "--", sys.executable, "-m", module),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        out, _ = await process.communicate(json.dumps(options).encode())
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        raise
    lines = out.decode().splitlines()
    if process.returncode != 0 or not lines:
        raise CannotMeasure(lines[-1] if lines else f"{module} ended with {process.returncode}")
    found: dict[str, Any] = json.loads(lines[-1])
    return found


@dataclass(slots=True)
class Apart:
    """A running station with a line to its devices."""

    stage: Stage
    holder: int
    counts_file: Path

    def counted(self) -> Counts:
        """What has gone over the line."""
        return read_counts(self.counts_file)

    async def start_agent(self, name: str, *flags: str, env: Mapping[str, str] | None = None) -> Program:
        """Starts a speaker (again) behind the line."""
        stage = self.stage
        if name not in stage.agents:
            argv = [
                *("nsenter", f"--net=/proc/{self.holder}/ns/net", "--", command("loa-agent"), "run"),
                *("--state-dir", str(stage.state_dir(name)), "--name", name, "--no-mdns"),
                *("--controller-url", f"http://{NEAR}:{stage.port}", *flags),
            ]
            log = stage.folder / name / "agent.log"
            stage.agents[name] = Program(name, argv, log, {**os.environ, **(env or {})})
        await stage.agents[name].start()
        return stage.agents[name]

    async def clock_offset_us(self, name: str) -> int:
        """Controller time minus the machine's monotonic clock, as this speaker believes."""
        said = await self.stage.run(command("loa-agent"), "status", "--state-dir", str(self.stage.state_dir(name)))
        facts = dict(line.split(maxsplit=1) for line in said.splitlines() if len(line.split()) > 1)
        return int(facts["clock_offset_us"])

    async def adopt(self, name: str) -> str:
        """By its code, over the line. Returns the speaker's id."""
        stage = self.stage
        device_id = await stage.device_id(name)

        async def linked() -> bool | None:
            found = (await stage.api("GET", "/api/v1/found"))["found"]
            return True if any(one["device_id"] == device_id and one["linked"] for one in found) else None

        await stage.until(f"{name} to dial", linked, within_s=60, alive=[stage.agents[name]])
        code = await stage.run(command("loa-agent"), "code", "--state-dir", str(stage.state_dir(name)))
        body = {"code": code, "name": name, "area": ""}
        speaker = await stage.api("POST", f"/api/v1/found/{device_id}/adopt", body)
        return str(speaker["speaker_id"])


@contextlib.asynccontextmanager
async def station_apart(folder: Path, noise: Noise, controller_flags: Sequence[str] = ()) -> AsyncIterator[Apart]:
    """A controller in this namespace, signed in to, and a line to a namespace for devices."""
    folder.mkdir(parents=True, exist_ok=True)
    await _run("ip", "link", "set", "lo", "up")
    # It keeps the namespace, and ends with whoever holds the other end of its standard input: this process.
    holder = await asyncio.create_subprocess_exec("unshare", "--net", "--", "cat", stdin=asyncio.subprocess.PIPE)
    try:
        await _in_its_own_namespace(holder.pid)
        counts_file = folder / "counts.json"
        line = await _lay(holder.pid, noise, counts_file)
        try:
            flags = ("--host", "0.0.0.0", "--no-mdns", *controller_flags)  # noqa: S104 - in a namespace of its own
            async with Stage(folder / "loa", controller_flags=flags) as stage:
                await stage.start_controller()
                await stage.sign_in()
                yield Apart(stage, holder.pid, counts_file)
        finally:
            assert line.stdin is not None
            line.stdin.close()
            await line.wait()
    finally:
        holder.kill()
        await holder.wait()


async def _lay(holder: int, noise: Noise, counts: Path) -> asyncio.subprocess.Process:
    line = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "controller.bench.line", "--holder", str(holder), "--counts", str(counts)),
        *("--delay-ms", str(noise.delay_ms), "--jitter-ms", str(noise.jitter_ms)),
        *("--loss-percent", str(noise.loss_percent), "--seed", str(noise.seed)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert line.stdout is not None
    async with asyncio.timeout(10):
        if (await line.stdout.readline()).strip() != b"ready":
            raise StageError("the line could not be laid")
    return line


async def _in_its_own_namespace(pid: int) -> None:
    """Until the process has left this namespace."""
    here = Path("/proc/self/ns/net").readlink()
    async with asyncio.timeout(5):
        while Path(f"/proc/{pid}/ns/net").readlink() == here:
            await asyncio.sleep(0.01)


async def _run(*argv: str) -> None:
    process = await asyncio.create_subprocess_exec(*argv, stdin=asyncio.subprocess.DEVNULL)
    if await process.wait() != 0:
        raise StageError(f"{' '.join(argv)} failed")
