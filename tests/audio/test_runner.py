"""A process ends with its caller's interest, and a file is whole or absent."""

import asyncio
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from audio.clip import OutOfSpace, ToolFailed, ToolMissing, ToolTimedOut
from audio.runner import (
    WORK_PREFIX,
    Command,
    in_thread,
    remove_leftovers,
    run,
    run_checked,
    settle,
    sha256_of,
    space_errors,
    work_directory,
)


def shell(script: str, **limits: float) -> Command:
    return Command(("/bin/sh", "-c", script), **{"time_limit_s": 20, **limits})  # type: ignore[arg-type]


def python(script: str, *, memory_limit_bytes: int | None = None) -> Command:
    argv = (sys.executable, "-I", "-c", script)
    return Command(argv, time_limit_s=20, memory_limit_bytes=memory_limit_bytes)


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():
            await asyncio.sleep(0.01)


def is_gone(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    return True


async def test_what_a_program_says_comes_back() -> None:
    finished = await run(shell("cat; echo trouble >&2; exit 3", time_limit_s=20))
    assert (finished.exit_code, finished.stdout, finished.stderr) == (3, b"", "trouble\n")


async def test_standard_input_is_given_and_output_comes_as_it_is_made() -> None:
    chunks: list[bytes] = []
    command = Command(("cat",), time_limit_s=20, stdin=b"x" * 300_000)
    finished = await run(command, on_stdout=chunks.append)
    assert b"".join(chunks) == b"x" * 300_000
    assert finished.stdout == b""


async def test_a_program_that_does_not_read_its_input_is_judged_by_its_exit_code() -> None:
    command = Command(("true",), time_limit_s=20, stdin=b"x" * 3_000_000)
    assert (await run(command)).exit_code == 0


async def test_a_flood_on_standard_error_is_kept_bounded() -> None:
    finished = await run(python("import sys; sys.stderr.write('flood ' * 500_000 + 'end')"))
    assert len(finished.stderr) <= 64 * 1024
    assert finished.stderr.endswith("end")


async def test_an_exit_code_is_an_error_where_it_is_checked() -> None:
    with pytest.raises(ToolFailed, match="it broke") as caught:
        await run_checked(shell("echo it broke >&2; exit 1"))
    assert caught.value.code == "tool_failed"


async def test_a_program_that_is_not_there() -> None:
    with pytest.raises(ToolMissing) as caught:
        await run(Command(("/nowhere/ffmpeg",), time_limit_s=1))
    assert caught.value.code == "tool_missing"


async def test_the_time_limit_ends_the_whole_group(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with pytest.raises(ToolTimedOut) as caught:
        await run(shell(f"sleep 600 & echo $! $$ > {pids}; wait", time_limit_s=0.5))
    assert caught.value.code == "tool_timed_out"
    for pid in pids.read_text().split():
        await until(lambda pid=pid: is_gone(int(pid)))  # type: ignore[misc]


async def test_a_cancellation_ends_the_whole_group(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    running = asyncio.create_task(run(shell(f"sleep 600 & echo $! $$ > {pids}.new; mv {pids}.new {pids}; wait")))
    await until(pids.exists)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    for pid in pids.read_text().split():
        await until(lambda pid=pid: is_gone(int(pid)))  # type: ignore[misc]


async def test_a_cancellation_ends_it_also_where_nobody_reads_all_that_it_said(tmp_path: Path) -> None:
    """A pipe that holds more than is read ahead: what nobody reads would keep it open, and the program waited for."""
    full = tmp_path / "full"
    script = "import fcntl, os, pathlib, sys, time; fcntl.fcntl(1, 1031, 1 << 20); os.write(1, bytes(1_000_000)); "
    script += f"pathlib.Path({str(full)!r}).touch(); time.sleep(60)"

    def take(_: bytes) -> None:
        while not full.exists():  # and nothing else happens here meanwhile
            pass
        running.cancel()

    running = asyncio.create_task(run(python(script), on_stdout=take))
    ended, _ = await asyncio.wait([running], timeout=10)
    assert ended
    assert running.cancelled()


async def test_a_cancellation_in_the_middle_of_the_start_ends_the_whole_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids"
    create = asyncio.create_subprocess_exec

    async def slowly(*argv: str, **how: object) -> asyncio.subprocess.Process:
        process = await create(*argv, **how)  # type: ignore[arg-type]
        await until(pids.exists)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slowly)
    running = asyncio.create_task(run(shell(f"sleep 600 & echo $! $$ > {pids}.new; mv {pids}.new {pids}; wait")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    for pid in pids.read_text().split():
        await until(lambda pid=pid: is_gone(int(pid)))  # type: ignore[misc]


async def test_a_full_disk_is_told_from_other_failures() -> None:
    with pytest.raises(OutOfSpace) as caught:
        await run(shell("cat /dev/zero > /dev/full"))
    assert caught.value.code == "out_of_space"


async def test_a_file_that_grows_beyond_its_limit_is_stopped(tmp_path: Path) -> None:
    argv = ("/bin/sh", "-c", f"read go; exec head -c 100000 /dev/zero > {tmp_path / 'out'}")
    with pytest.raises(OutOfSpace):
        await run(Command(argv, time_limit_s=20, stdin=b"go\n", output_limit_bytes=1000))
    assert (tmp_path / "out").stat().st_size <= 1000


async def test_memory_is_limited() -> None:
    script = "import sys; sys.stdin.read(); x = bytearray(800_000_000); print(len(x))"
    command = python(script, memory_limit_bytes=300_000_000)
    finished = await run(Command(command.argv, 20, stdin=b"go", memory_limit_bytes=command.memory_limit_bytes))
    assert finished.exit_code != 0
    assert finished.stdout == b""


async def test_a_program_runs_at_a_lower_priority() -> None:
    finished = await run(Command(("/bin/sh", "-c", "read go; nice"), time_limit_s=20, stdin=b"go\n"))
    assert int(finished.stdout) >= 10


def test_a_work_directory_is_gone_after_success_and_failure(tmp_path: Path) -> None:
    with work_directory(tmp_path / "clips") as work:
        (work / "part").write_bytes(b"x")
    with pytest.raises(KeyError), work_directory(tmp_path / "clips"):
        raise KeyError
    assert list((tmp_path / "clips").iterdir()) == []


def test_a_settled_file_is_whole_and_in_its_place(tmp_path: Path) -> None:
    with work_directory(tmp_path) as work:
        (work / "part").write_bytes(b"whole")
        settle(work / "part", tmp_path / "clip.opus")
    assert [path.name for path in tmp_path.iterdir()] == ["clip.opus"]
    assert (tmp_path / "clip.opus").read_bytes() == b"whole"


def test_what_a_killed_controller_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / f"{WORK_PREFIX}abc").mkdir()
    (tmp_path / f"{WORK_PREFIX}abc" / "half.opus").write_bytes(b"half")
    (tmp_path / "clip.opus").write_bytes(b"whole")
    assert remove_leftovers(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["clip.opus"]


def test_a_full_disk_in_this_process_is_told_too() -> None:
    with pytest.raises(OutOfSpace), space_errors(), Path("/dev/full").open("wb", buffering=0) as full:
        full.write(b"x")


async def test_a_cancelled_thread_is_waited_for() -> None:
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), []
    loop = asyncio.get_running_loop()

    def work() -> None:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)
        ended.append(True)

    doing = asyncio.create_task(in_thread(work))
    await begun.wait()
    doing.cancel()
    loop.call_soon(go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await doing
    assert ended == [True]


def test_the_hash_is_sha256_in_hex(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert sha256_of(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
