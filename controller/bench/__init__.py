"""Measurements: each beside a peer or a floor, taking turns with it in one run.

Rules of the room: a measurement starts all that it needs as processes, as a user would (what is pure, such as rundowns,
is asked in a process of its own); it prints what it found for a person and, as its last line, one JSON object for a
program; it exits non-zero only where it could not measure, never because a figure was poor.
"""

import argparse
import asyncio
import importlib
import json
import signal
import sys
from collections.abc import Mapping
from typing import Final

from controller.bench.figures import CannotMeasure
from controller.stage import StageError

NAMES: Final[Mapping[str, str]] = {
    "arm": "from 'send' to armed on three speakers, against bare fetches of the same clips",
    "cap": "alerts read, checked and matched with 20,000 speakers on one core, against parsing and the schema alone",
    "emergency": "from confirm to the committed answers of 9,000 devices, and to sound and silence in the sound room",
    "fanout": "one order of 2 kB to 9,000 devices until every acknowledgement is committed, against mosquitto",
    "footprint": "memory, processor and start-up time of an agent that plays, and memory of an idle controller",
    "storm": "9,000 devices dial in the same second: until all are served, and the first page meanwhile",
    "trickle": "processor time of the controller with 9,000 connected devices while nothing happens",
    "underload": "how fast the first page answers while ten recordings are being made into clips, against idle",
    "upload": "memory and time of a 60 MB recording on its way to the disk, against a bare server that keeps none",
    "live": "3,000 devices on one live stream: what share of its sound comes too late; and horns in the sound room",
    "rundown": "the rundowns of 20,000 speakers, all and after a change, against asking each speaker by itself",
    "sim": "what a speaker on a SIM card costs a month besides its audio, every header counted",
    "sync": "offset between two horns over 40 starts, against two snapclients in the same room; behind a noisy line, "
    "with a wrong clock, and along ten minutes",
    "transcode": "CPU of all that is made from a recording of five minutes, against loudnorm by bare ffmpeg",
}

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "emergency": ("fleet", "sound"),
    "sync": ("plain", "lossy", "skewed", "long"),
}


def main(argv: list[str] | None = None) -> int:
    """Runs one measurement. 0: measured; 1: it could not be measured; 2: wrong words."""
    parser = argparse.ArgumentParser(
        prog="loa bench",
        description="Measure this machine's Loa, beside a peer or a floor in the same run.",
        epilog="\n".join(f"  {name:10} {what}" for name, what in NAMES.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=sorted(NAMES), metavar="NAME", help=" | ".join(sorted(NAMES)))
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object, as the last line")
    parser.add_argument(
        "--only",
        action="append",
        metavar="PART",
        help="of emergency: fleet or sound; of sync: plain, lossy, skewed or long",
    )
    parser.add_argument("--rounds", type=int, default=0, help="how often to measure (each has its own default)")
    options = parser.parse_args(argv)
    parts = PARTS.get(options.name, ())
    if not set(options.only or ()) <= set(parts):
        parser.error(f"--only: the parts of {options.name} are: {', '.join(parts) or 'none'}")
    module = importlib.import_module(f"controller.bench.{options.name}")
    # Whoever ends it also ends what it has started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        figures: dict[str, float] = asyncio.run(
            module.measure(options.rounds, options.only) if options.only else module.measure(options.rounds)
        )
    except (CannotMeasure, StageError) as error:
        print(f"Could not measure {options.name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    for name, figure in figures.items():
        print(f"  {name:26} {figure:.6g}")
    if options.json:
        print(json.dumps({"bench": options.name, "figures": figures}))
    return 0
