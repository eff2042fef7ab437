"""The demonstration: one controller, three speakers, one bulletin, heard and proven.

It starts everything as a user would, through the commands and the JSON API, on the loopback address alone.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from controller.stage import Json, Stage, StageError

SPEAKERS = ("Đầu làng", "Nhà văn hoá", "Chợ xã")
TITLE = "Bản tin thử loa"
TEXT = (
    "Đài truyền thanh xã xin kính chào bà con. "
    "Đây là bản tin thử của hệ thống loa thông minh, phát cùng lúc trên ba cụm loa. "
    "Chúc bà con một ngày làm việc vui vẻ."
)
MOST_START_ERROR_MS = 50.0
LISTEN_S = 5.0


def main(argv: list[str] | None = None) -> int:
    """Runs the demonstration. 0: done and, with ``--once``, checked; 1: it failed, and the reason was printed."""
    parser = argparse.ArgumentParser(
        prog="loa demo",
        description="Start a controller and three speakers on this machine and let them speak a bulletin together.",
        epilog="Without a sound card each speaker keeps a WAV file of what it played, and says where.",
    )
    parser.add_argument("--once", action="store_true", help="check what happened, print a table, stop everything")
    parser.add_argument("--folder", type=Path, default=Path("demo-data"), help="where to keep everything (demo-data)")
    parser.add_argument("--port", type=int, default=0, help="TCP port of the pages; 0 takes 8080, or a free one")
    options = parser.parse_args(argv)
    try:
        return asyncio.run(_demo(options.folder.resolve(), options.port, once=options.once))
    except StageError as error:
        print(f"\nThe demonstration failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


async def _demo(folder: Path, port: int, *, once: bool) -> int:
    run = _new_run(folder)
    async with Stage(run) as stage:
        stop = _on_signals()
        if port or not once:
            stage.port = _port(port) or stage.port
        playing = asyncio.create_task(_play(stage))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            playing.cancel()
            print("\nStopping.")
            return 130
        stopping.cancel()
        problems = playing.result()
        _say_where(stage)
        if once:
            print("\nStopping everything.")
            return _verdict(problems)
        _verdict(problems)
        print(
            f"\n  Open     {stage.url}\n  Account  admin\n  Password {stage.password}\n\n"
            "Everything stays up until you press Ctrl-C.",
            flush=True,
        )
        await stop.wait()
        print("\nStopping.")
        return 0


def _on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for which in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(which, stop.set)
    return stop


def _new_run(folder: Path) -> Path:
    """A fresh folder for this run; the WAV files of the run before are kept until the next one."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = sorted(int(p.name[4:]) for p in folder.glob("run-*") if p.name[4:].isdigit())
    for old in numbers[:-1]:
        _remove(folder / f"run-{old}")
    return folder / f"run-{(numbers[-1] if numbers else 0) + 1}"


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _port(wanted: int) -> int | None:
    import socket

    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted or 8080))
        except OSError as error:
            if wanted:
                raise StageError(f"port {wanted} is taken: {error.strerror}") from error
            return None
    return wanted or 8080


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
    playbacks = await stage.playbacks_reach(
        airing_id,
        lambda all_of_them: all(p["state"] in ("finished", "failed", "skipped", "refused") for p in all_of_them),
        "the speakers to finish",
        within_s=120,
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
