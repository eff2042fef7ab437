"""The demonstration: one controller, three speakers, one bulletin, heard and proven.

It starts everything as a user would, through the commands and the JSON API, on the loopback address alone.
"""

import argparse
import asyncio
import contextlib
import fcntl
import os
import shlex
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from controller.stage import LOOPBACK, Json, Stage, StageError

SPEAKERS = ("Đầu làng", "Nhà văn hoá", "Chợ xã")
TITLE = "Bản tin thử loa"
TEXT = (
    "Đài truyền thanh xã xin kính chào bà con. "
    "Đây là bản tin thử của hệ thống loa thông minh, phát cùng lúc trên ba cụm loa. "
    "Chúc bà con một ngày làm việc vui vẻ."
)
MOST_START_ERROR_MS = 50.0
LISTEN_S = 5.0
USUAL_PORT = 8080
ENDED = frozenset({"finished", "failed", "skipped", "refused"})


def main(argv: list[str] | None = None) -> int:
    """Runs the demonstration. 0: done and, with ``--once``, checked; 1: it failed, and the reason was printed."""
    parser = argparse.ArgumentParser(
        prog="loa demo",
        description="Start a controller and three speakers on this machine and let them speak a bulletin together.",
        epilog="Without a sound card each speaker keeps a WAV file of what it played, and says where.",
    )
    parser.add_argument("--once", action="store_true", help="check what happened, print a table, stop everything")
    parser.add_argument("--folder", type=Path, default=Path("demo-data"), help="where to keep everything (demo-data)")
    parser.add_argument("--port", type=_port, default=0, help="TCP port of the pages; 0 takes 8080, or a free one")
    options = parser.parse_args(argv)
    try:
        return asyncio.run(_demo(options.folder.resolve(), options.port, once=options.once))
    except StageError as error:
        print(f"\nThe demonstration failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


async def _demo(folder: Path, port: int, *, once: bool) -> int:
    async with contextlib.AsyncExitStack() as held:
        run = held.enter_context(_new_run(folder))
        wanted = port or (0 if once else USUAL_PORT)
        ours = not wanted or held.enter_context(_reserved(wanted))
        if port and not ours:
            raise StageError(f"port {port} cannot be used. Leave --port away to take a free one.")
        stage = await held.enter_async_context(Stage(run))
        stop = _on_signals()
        if wanted and ours:
            stage.port = wanted
        playing = asyncio.create_task(_play(stage))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            print("\nStopping.", flush=True)
            playing.cancel()
            await asyncio.wait([playing])
            return 130
        stopping.cancel()
        problems = playing.result()
        _say_where(stage)
        if once:
            print("\nStopping everything.", flush=True)
            return _verdict(problems)
        _verdict(problems)
        print(
            f"\n  Open     {stage.url}\n  Account  admin\n  Password {stage.password}\n\n"
            "Everything stays up until you press Ctrl-C.",
            flush=True,
        )
        await stop.wait()
        print("\nStopping.", flush=True)
        return 0


def _on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for which in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(which, stop.set)
    return stop


@contextlib.contextmanager
def _new_run(folder: Path) -> Iterator[Path]:
    """A fresh folder, held until the end. The run before keeps its WAV files until the next one; so do those that run.

    Raises `StageError`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        numbers = sorted(int(p.name[4:]) for p in folder.glob("run-*") if p.name[4:].isdigit())
        for old in numbers[:-1]:
            with _held(folder / f"run-{old}") as ours:
                if ours:
                    shutil.rmtree(folder / f"run-{old}", ignore_errors=True)
        run = _make_next(folder, numbers[-1] + 1 if numbers else 1)
    except OSError as error:
        raise StageError(f"{folder} cannot be used: {error.strerror}. Name another one with --folder.") from error
    with _held(run):
        yield run


def _make_next(folder: Path, number: int) -> Path:
    while True:
        run = folder / f"run-{number}"
        try:
            run.mkdir()
        except FileExistsError:
            number += 1
        else:
            return run


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Whether nobody else holds it; nobody else does from here on."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError("a port is a whole number up to 65535")
    return int(text)


@contextlib.contextmanager
def _reserved(port: int) -> Iterator[bool]:
    """Whether the port is free, and no other demonstration that is only starting has chosen it."""
    with socket.socket(socket.AF_UNIX) as name, socket.socket() as probe:
        try:
            name.bind(f"\0loa-demo-{port}")  # a name in no folder, gone with this process
            probe.bind((LOOPBACK, port))
        except OSError:
            probe.close()
            yield False
        else:
            probe.close()
            yield True


async def _play(stage: Stage) -> list[str]:
    """Everything from nothing to the last sample. Returns what was not as it should be."""
    print("Starting the controller on an embedded database ...", flush=True)
    await stage.start_controller()
    await stage.sign_in()
    print(f"Starting {len(SPEAKERS)} speakers ...", flush=True)
    for name in SPEAKERS:
        await stage.start_agent(name)
    rows: dict[str, Json] = {}
    for name in SPEAKERS:
        device = await stage.found(name)
        aloud = name == SPEAKERS[0]
        if aloud:
            print(f"  {name}: found by mDNS, asked to speak its code aloud ...", flush=True)
        speaker = await stage.adopt(name, listen_s=LISTEN_S if aloud else None)
        print(f"  {name}: found by mDNS as {device['device_id']}, adopted by its code", flush=True)
        rows[name] = {"device": device, "speaker_id": speaker["speaker_id"]}
    adopted = {speaker["speaker_id"]: speaker for speaker in await stage.connected(len(SPEAKERS))}
    print("Turning the text into speech, levelling it, encoding it ...", flush=True)
    bulletin_id = await stage.text_bulletin(TITLE, TEXT)
    print("Sending it to all three, now.", flush=True)
    airing_id = await stage.send_now(bulletin_id)
    await stage.playbacks_reach(
        airing_id, lambda ps: any(p["state"] in ENDED | {"sounding"} for p in ps), "the speakers to begin", within_s=60
    )
    print("They are speaking ...", flush=True)
    playbacks = await stage.playbacks_reach(
        airing_id, lambda ps: all(p["state"] in ENDED for p in ps), "the speakers to finish", within_s=120
    )
    evidence = {p["speaker_id"]: p for p in playbacks}
    for row in rows.values():
        row["adopted"] = adopted.get(row["speaker_id"], {}).get("device_id") == row["device"]["device_id"]
        row["playback"] = evidence.get(row["speaker_id"], {})
    return _table(rows)


def _table(rows: dict[str, Json]) -> list[str]:
    problems: list[str] = []
    head = ("speaker", "found", "adopted", "stored", "start error (ms)", "finished")
    lines = [head]
    for name, row in rows.items():
        playback = row["playback"]
        found, adopted = row["device"]["seen_by_mdns"], row["adopted"]
        error_us = playback.get("start_error_us")
        finished = playback.get("state") == "finished" and not playback.get("lost_us")
        stored = playback.get("stored_at_us") is not None
        shown = "-" if error_us is None else f"{error_us / 1000:+.3f}"
        lines.append((name, _yes(found), _yes(adopted), _yes(stored), shown, _yes(finished)))
        if not adopted:
            problems.append(f"{name} is not adopted with the device that was found")
        if not finished:
            why = playback.get("reason") or playback.get("state")
            problems.append(f"{name} did not finish: {why} {playback.get('detail', '')}")
        if error_us is None or abs(error_us) > MOST_START_ERROR_MS * 1000:
            problems.append(f"{name} started {shown} ms off; at most {MOST_START_ERROR_MS:g} ms is right")
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    print()
    for line in lines:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    return problems


def _yes(fact: object) -> str:
    return "yes" if fact else "NO"


def _say_where(stage: Stage) -> None:
    print()
    folder = shlex.quote(str(stage.data_dir))
    print(f"  What a speaker plays and why: loa explain {shlex.quote(SPEAKERS[-1])} --data-dir {folder}")
    for name in SPEAKERS:
        files = sorted(stage.wav_dir(name).glob("*.wav"))
        if files:
            print(f"  What {name} played is kept in {files[-1]}")
        else:
            print(f"  {name} played on the sound card.")


def _verdict(problems: list[str]) -> int:
    for problem in problems:
        print(f"NOT RIGHT: {problem}", file=sys.stderr)
    if not problems:
        print("\nAll three spoke the bulletin to its end, together.")
    return 1 if problems else 0
