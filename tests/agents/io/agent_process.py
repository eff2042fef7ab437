"""A real agent, started as a user would start it."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.io.identity import load_or_make

PATIENCE_S = 15.0


@dataclass
class AgentProcess:
    """``folder`` is its state directory; ``log`` holds every line it has written so far."""

    folder: Path
    flags: tuple[str, ...]
    log: Path
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "agents.cli", "run", "--state-dir", str(self.folder), "--output", "null"),
                *self.flags,
                stdout=out,
                stderr=out,
                stdin=asyncio.subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if not name.startswith("LOA_")},
            )

    async def kill(self) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)

    async def command(self, *words: str) -> tuple[int, str]:
        """Exit code and output of another ``loa-agent`` on the same state directory."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "agents.cli", *words, "--state-dir", str(self.folder)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode is not None
        return process.returncode, out.decode().strip()

    async def device_id(self) -> str:
        """Who it is; there may be other agents on the same network."""
        await self.said("ready")
        return load_or_make(self.folder).device_id

    def lines(self) -> list[dict[str, Any]]:
        kept = []
        for line in self.log.read_text().splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                kept.append(json.loads(line))
        return kept

    async def said(self, event: str, times: int = 1) -> dict[str, Any]:
        """The line of this event, the ``times``-th, as soon as it is there."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = [line for line in self.lines() if line.get("event") == event]
                if len(found) >= times:
                    return found[times - 1]
                assert self.process is not None
                if self.process.returncode is not None:
                    raise AssertionError(self.log.read_text())
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running(folder: Path, *flags: str) -> AsyncIterator[AgentProcess]:
    folder.mkdir(parents=True, exist_ok=True)
    agent = AgentProcess(folder / "state", flags, folder / "agent.log")
    await agent.start()
    try:
        yield agent
    finally:
        await agent.kill()
