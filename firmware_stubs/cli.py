"""`loa-fleet`: many simulated devices in one process."""

import argparse
import asyncio
import contextlib
import gc
import importlib.metadata
import json
import signal
import sys
from pathlib import Path

from agents.protocol.errors import PairingFailed
from agents.protocol.memory import stay_small
from agents.protocol.pairing import EnrolmentToken
from firmware_stubs.faults import Fault, FaultsUnreadable, parse_fault, parse_script
from firmware_stubs.state import StateUnusable
from firmware_stubs.tally import Tally

EPILOG = """examples:
  loa admin token --uses 100              make an enrolment token for the fleet
  loa-fleet --count 100 --token ID.SECRET --state fleet.json --seconds 60
                                          a hundred devices enrol, stay a minute and obey
  loa-fleet --count 100 --state fleet.json --fault drop=0.05 --fault silent=0.1 --seed 7
                                          the same hundred again; one message in twenty is lost, ten fall silent

The devices are real on the wire (Noise, signed documents, clip fetches, journals, telemetry) and silent: what they
report is what a perfect device would have done. Two things are shared between them: a signed document that arrives
again, byte for byte, is read and its signature is checked once for the whole process, and what two static keys agree on
is reckoned once for each device. docs/fleet.md tells what else they leave out.

faults: drop, delay, duplicate, reorder, tear (a chance a message); lie, silent, flood (a share of the devices)

exit codes: 0 every device was linked at the end; 1 some were not; 2 wrong usage; 130 interrupted
"""


def main(argv: list[str] | None = None) -> int:
    """Runs the fleet for a bounded time and prints what it did, as one JSON object in the last line."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.count < 1 or options.seconds <= 0 or options.ramp < 0:
        parser.error("--count and --seconds must be above zero, --ramp not below")
    if options.token is None and options.state is None:
        parser.error("--token is needed where no --state says whom the devices belong to")
    try:
        token = None if options.token is None else EnrolmentToken.parse(options.token)
        faults = [*(parse_fault(one) for one in options.fault), *_script(options.faults)]
    except (PairingFailed, FaultsUnreadable, OSError) as error:
        parser.error(str(error))
    stay_small()
    tally = Tally()
    try:
        interrupted = asyncio.run(_run(options, token, faults, tally))
    except (StateUnusable, ValueError, OSError) as error:
        print(f"The fleet cannot run: {error}", file=sys.stderr)
        return 2
    print(json.dumps(tally.told()))
    for problem, count in sorted(tally.problems.items(), key=lambda item: -item[1])[:10]:
        print(f"{count} x {problem}", file=sys.stderr)
    if interrupted:
        return 130
    return 0 if tally.linked == options.count else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="loa-fleet",
        description="Run simulated devices against a controller.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"loa-fleet {importlib.metadata.version('loa')}")
    parser.add_argument("--count", type=int, default=10, help="how many devices (10)")
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="the controller (http://127.0.0.1:8080)")
    parser.add_argument("--token", help="enrolment token for devices that are new, as loa admin token prints it")
    parser.add_argument("--state", type=Path, help="file that keeps keys, counters and journals: the same fleet again")
    parser.add_argument("--seconds", type=float, default=60, help="how long to stay (60)")
    parser.add_argument("--ramp", type=float, default=0.01, help="seconds between two devices' first dial (0.01)")
    parser.add_argument(
        "--own-addresses", action="store_true", help="each device dials from an address of its own in 127.0.0.0/8"
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed, the same faults (0)")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME=SHARE", help="a fault for the whole time; may be repeated"
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="timed faults: lines FROM_S UNTIL_S NAME=SHARE")
    parser.add_argument("--events", action="store_true", help="print what happens as JSON lines, for a program")
    return parser


def _script(path: Path | None) -> tuple[Fault, ...]:
    return () if path is None else parse_script(path.read_text(encoding="utf-8"))


async def _run(options: argparse.Namespace, token: EnrolmentToken | None, faults: list[Fault], tally: Tally) -> bool:
    """True where somebody ended it early."""
    from firmware_stubs.fleet import Fleet, Plan

    def say(event: dict[str, object]) -> None:
        if event.get("event") == "all_served":
            gc.freeze()  # thousands of devices that stay: going through them all takes a quarter of a second
        if options.events:
            print(json.dumps(event), flush=True)

    fleet = Fleet(
        Plan(
            count=options.count,
            url=options.url,
            token=token,
            state_file=options.state,
            ramp_s=options.ramp,
            own_addresses=options.own_addresses,
            seed=options.seed,
            faults=faults,
        ),
        tally,
        say,
    )
    running = asyncio.create_task(fleet.run(options.seconds))
    loop = asyncio.get_running_loop()
    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return running.cancelled()
