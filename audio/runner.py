"""The only place that starts a process.

A process runs in its own group and never outlives its caller's interest: the end of the time limit and a
cancellation kill the whole group. Its memory, CPU time and file size are limited from outside, its standard error is
kept bounded, and it runs at a low priority so that pages keep answering. Files are whole or absent: work is done in a
directory of its own beside the destination, synced, and renamed.
"""

import asyncio
import errno
import hashlib
import math
import os
import resource
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from audio.clip import OutOfSpace, ToolFailed, ToolMissing, ToolTimedOut

_Result = TypeVar("_Result")

WORK_PREFIX = ".making-"
_CHUNK_BYTES = 64 * 1024
_KEPT_BYTES = 64 * 1024
_LINE_BYTES = 4 * 1024
_NICENESS = 10
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_WORDS = ("No space left on device", "Disk quota exceeded", "File too large")


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments and its limits; never a shell line."""

    argv: tuple[str, ...]
    time_limit_s: float
    stdin: bytes = b""
    memory_limit_bytes: int | None = None
    output_limit_bytes: int | None = None  # the largest file it may write
    environment: Mapping[str, str] | None = None  # in place of this program's own
    niceness: int = _NICENESS
    fed: bool = False  # its standard input is written while it runs


@dataclass(frozen=True, slots=True)
class Finished:
    """How a process ended: its exit code (negative: the signal) and the last 64 KiB of what it said."""

    exit_code: int
    stdout: bytes
    stderr: str


async def run(command: Command, *, on_stdout: Callable[[bytes], None] | None = None) -> Finished:
    """Run to the end and return how it ended, whatever the exit code.

    `on_stdout` gets standard output as it comes (it is not kept then) and must not raise.

    Raises:
        ToolMissing: the program cannot be started.
        ToolTimedOut: it was still running at the time limit; its group has been killed.
        OutOfSpace: the disk, or the file size limit, was full.
    """
    process = await _start(command)
    tail = bytearray()
    helpers = [
        asyncio.create_task(_feed(process, command.stdin)),
        asyncio.create_task(_keep_tail(process.stderr, tail)),
    ]
    kept = bytearray()
    try:
        async with asyncio.timeout(command.time_limit_s):
            await _drain(process.stdout, on_stdout or kept.extend, kept)
            exit_code = await process.wait()
            await asyncio.gather(*helpers)
    except TimeoutError:
        raise ToolTimedOut(f"{command.argv[0]} ran longer than {command.time_limit_s:.0f} s") from None
    finally:
        await _end(process, helpers)
    stderr = tail.decode("utf-8", "replace")
    if exit_code != 0 and (exit_code == -signal.SIGXFSZ or any(word in stderr for word in _FULL_WORDS)):
        raise OutOfSpace(last_line(stderr))
    return Finished(exit_code, bytes(kept), stderr)


async def run_checked(command: Command, *, on_stdout: Callable[[bytes], None] | None = None) -> Finished:
    """Like `run`, but an exit code other than 0 raises ToolFailed with the last line of standard error."""
    finished = await run(command, on_stdout=on_stdout)
    if finished.exit_code != 0:
        raise ToolFailed(f"{command.argv[0]} ended with {finished.exit_code}: {last_line(finished.stderr)}")
    return finished


def last_line(stderr: str) -> str:
    """The last line a program said, at most 300 characters."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    return lines[-1].strip()[-300:] if lines else "it said nothing"


class Flow:
    """The standard output of a process that goes on."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def read(self) -> bytes:
        """What has come, at most 64 KiB; nothing at its end."""
        assert self._process.stdout is not None
        return await self._process.stdout.read(_CHUNK_BYTES)

    async def write(self, data: bytes) -> None:
        """Hands more to a process that is fed; waits while it does not take it. What it does not take is lost."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(data)
            await self._process.stdin.drain()

    def end(self) -> None:
        """Nothing more is handed to it."""
        if self._process.stdin is not None:
            self._process.stdin.close()


@asynccontextmanager
async def flowing(command: Command, on_line: Callable[[str], None]) -> AsyncIterator[Flow]:
    """A process whose output is used while it runs; its group is killed at the end of the block, whatever ends it.

    ``on_line`` gets each line of standard error, at most 4 KiB of it, and must not raise. The time limit of the command
    is none here, but for the CPU time that follows from it.

    Raises ToolMissing: the program cannot be started.
    """
    process = await _start(command)
    helper = asyncio.create_task(_tell_lines(process.stderr, on_line))
    flow = Flow(process)
    try:
        yield flow
    finally:
        _kill(process)
        while await flow.read():  # what nobody reads keeps the pipe open
            pass
        await _end(process, [helper])


async def _tell_lines(stream: asyncio.StreamReader | None, on_line: Callable[[str], None]) -> None:
    rest = b""
    while stream is not None and (chunk := await stream.read(_CHUNK_BYTES)):
        *whole, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            if line.strip():
                on_line(line[:_LINE_BYTES].decode("utf-8", "replace"))
        rest = rest[:_LINE_BYTES]


async def _start(command: Command) -> asyncio.subprocess.Process:
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *command.argv,
            stdin=asyncio.subprocess.PIPE if command.stdin or command.fed else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            env=command.environment,
        )
    )
    try:
        # A start that is cut off would kill the program and not what the program started meanwhile.
        process = await asyncio.shield(starting)
    except asyncio.CancelledError:
        with suppress(OSError):
            await _end(await starting, [])
        raise
    except (FileNotFoundError, PermissionError, OSError) as error:
        raise ToolMissing(f"{command.argv[0]}: {error.strerror}") from error
    with suppress(ProcessLookupError, PermissionError):
        _limit(process.pid, command)
    return process


def _limit(pid: int, command: Command) -> None:
    # From outside and just after the start: a hook between fork and exec is not safe in a program with threads.
    # The CPU limit is what ends a process whose controller was killed.
    cpu_s = math.ceil(command.time_limit_s) * 4 + 1
    resource.prlimit(pid, resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
    if command.memory_limit_bytes is not None:
        resource.prlimit(pid, resource.RLIMIT_AS, (command.memory_limit_bytes, command.memory_limit_bytes))
    if command.output_limit_bytes is not None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (command.output_limit_bytes, command.output_limit_bytes))
    os.setpriority(os.PRIO_PGRP, pid, command.niceness)


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    if process.stdin is None:
        return
    # A program that ends without reading all is judged by its exit code.
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()
    with suppress(BrokenPipeError, ConnectionResetError):
        await process.stdin.wait_closed()


async def _drain(stream: asyncio.StreamReader | None, take: Callable[[bytes], None], kept: bytearray) -> None:
    while stream is not None and (chunk := await stream.read(_CHUNK_BYTES)):
        take(chunk)
        del kept[:-_KEPT_BYTES]


async def _keep_tail(stream: asyncio.StreamReader | None, tail: bytearray) -> None:
    await _drain(stream, tail.extend, tail)


async def _end(process: asyncio.subprocess.Process, helpers: list[asyncio.Task[None]]) -> None:
    if process.returncode is None:
        _kill(process)
        # What nobody reads keeps a pipe open, and an open pipe can keep `wait` from ending.
        unread = [process.stdout] if helpers else [process.stdout, process.stderr]
        helpers = [*helpers, *(asyncio.create_task(_drain(one, lambda _: None, bytearray())) for one in unread)]
        await process.wait()
    for helper in helpers:
        helper.cancel()
    await asyncio.gather(*helpers, return_exceptions=True)


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


async def in_thread(work: Callable[[], _Result]) -> _Result:
    """Run `work` in a thread. A cancellation waits for its end, so that no file is removed under its hands."""
    doing = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing])
        if not doing.cancelled():
            doing.exception()
        raise


@contextmanager
def work_directory(beside: Path) -> Iterator[Path]:
    """A fresh directory inside `beside` (made when missing) that is gone afterwards, whatever happens.

    Raises OutOfSpace when the disk is full, there or inside the block.
    """
    with space_errors():
        beside.mkdir(parents=True, exist_ok=True)
        directory = Path(tempfile.mkdtemp(prefix=WORK_PREFIX, dir=beside))
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def space_errors() -> Iterator[None]:
    """Turn the system's "disk full" into OutOfSpace."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise OutOfSpace(str(error)) from error
        raise


def remove_leftovers(directory: Path) -> int:
    """Remove work directories that a killed controller left in `directory`; return how many.

    Call it at start, when nothing is being made there.
    """
    found = [path for path in directory.glob(f"{WORK_PREFIX}*") if path.is_dir() and not path.is_symlink()]
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
    return len(found)


def settle(work: Path, destination: Path) -> None:
    """Sync `work` and rename it to `destination`, so that a power cut leaves the whole file or none."""
    with space_errors():
        _sync(work)
        work.replace(destination)
        _sync(destination.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
