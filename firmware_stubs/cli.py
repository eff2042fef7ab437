"""`loa-fleet`: many simulated devices in one process."""

import argparse
import asyncio
import importlib.metadata
import json
import sys

from agents.protocol.errors import PairingFailed
from agents.protocol.pairing import EnrolmentToken
from firmware_stubs.device import Device, Tally

EPILOG = """examples:
  loa admin token --uses 100              make an enrolment token for the fleet
  loa-fleet --count 100 --token ID.SECRET --seconds 60
                                          a hundred devices enrol, stay a minute and obey

The devices are real on the wire (Noise, signed documents, clip fetches, journals) and silent: what they report is what
a perfect device would have done. They forget everything when the program ends.

exit codes: 0 every device was linked at the end; 1 some were not; 2 wrong usage; 130 interrupted
"""


def main(argv: list[str] | None = None) -> int:
    """Runs the fleet for a bounded time and prints what it did, as one JSON object in the last line."""
    parser = argparse.ArgumentParser(
        prog="loa-fleet",
        description="Run simulated devices against a controller.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"loa-fleet {importlib.metadata.version('loa')}")
    parser.add_argument("--count", type=int, default=10, help="how many devices (10)")
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="the controller (http://127.0.0.1:8080)")
    parser.add_argument("--token", required=True, help="enrolment token, as loa admin token prints it")
    parser.add_argument("--seconds", type=float, default=60, help="how long to stay (60)")
    parser.add_argument("--ramp", type=float, default=0.01, help="seconds between two devices' first dial (0.01)")
    options = parser.parse_args(argv)
    if options.count < 1 or options.seconds <= 0:
        parser.error("--count and --seconds must be above zero")
    try:
        token = EnrolmentToken.parse(options.token)
    except PairingFailed as error:
        parser.error(str(error))
    tally = Tally()
    interrupted = False
    try:
        asyncio.run(_run(options, token, tally))
    except KeyboardInterrupt:
        interrupted = True
    print(json.dumps({name: getattr(tally, name) for name in Tally.__slots__}))
    for problem, count in sorted(tally.problems.items(), key=lambda item: -item[1])[:10]:
        print(f"{count} x {problem}", file=sys.stderr)
    if interrupted:
        return 130
    return 0 if tally.linked == options.count else 1


async def _run(options: argparse.Namespace, token: EnrolmentToken, tally: Tally) -> None:
    import aiohttp

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        devices: list[asyncio.Task[None]] = []
        began = asyncio.get_running_loop().time()
        for number in range(options.count):
            device = Device(f"fleet-{number:05d}", options.url, token, http, tally)
            devices.append(asyncio.create_task(device.run()))
            await asyncio.sleep(options.ramp)
        left_s = options.seconds - (asyncio.get_running_loop().time() - began)
        try:
            await asyncio.wait(devices, timeout=max(0.0, left_s))
        finally:
            linked = tally.linked
            for task in devices:
                task.cancel()
            await asyncio.gather(*devices, return_exceptions=True)
            tally.linked = linked
