"""`loa cap check`: reads files, and prints what each would end in."""

import argparse
import io
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from controller.cap.chain import unreadable
from controller.cap.check import as_json, as_line, check
from controller.cap.limits import Limits
from controller.cap.parse import instant_us
from controller.cap.trust import Trust
from controller.config import ENV_PREFIX, Config

_SENT = "sent"


def main(argv: Sequence[str]) -> int:
    """0: all was read; 1: something could not be read; 2: wrong words."""
    options = _parser(os.environ.get(ENV_PREFIX + "TIME_ZONE") or Config().time_zone).parse_args(argv)
    limits = Limits()
    if isinstance(sys.stdout, io.TextIOWrapper):  # also where a terminal cannot show every letter
        sys.stdout.reconfigure(errors="backslashreplace")
    now_us = None if options.at == _SENT else options.at or time.time_ns() // 1_000
    try:
        trust = Trust(signers=_texts(options.signer), authorities=_texts(options.authority))
    except OSError as error:
        print(f"loa: {error.filename}: {error.strerror or error}", file=sys.stderr)
        return 1
    except ValueError as error:
        print(f"loa: {error}.", file=sys.stderr)
        return 1
    unread: list[OSError] = []
    found = check(_contents(options.paths, limits, unread), limits=limits, trust=trust, now_us=now_us)
    if options.json:
        print(json.dumps([as_json(one, options.time_zone) for one in found], ensure_ascii=False, indent=1))
    else:
        for one in found:
            print(as_line(one, options.time_zone))
    for missing in unread:
        print(f"loa: {missing.filename}: {missing.strerror or missing}", file=sys.stderr)
    return 1 if unread else 0


def _contents(paths: Sequence[Path], limits: Limits, unread: list[OSError]) -> Iterator[tuple[str, bytes]]:
    for path in _files(paths):
        try:
            with path.open("rb") as file:
                content = file.read(limits.file_bytes + 1)
        except OSError as error:
            unread.append(error)
        else:
            yield _name(path, paths), content


def _parser(zone: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="loa cap", description="Alerts (CAP 1.2).", allow_abbrev=False)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    checking = actions.add_parser(
        "check",
        allow_abbrev=False,
        help="what files would end in, one line each, with the reason",
        description="Print the state that each file would end in, and why, as if they were handed in one after the "
        "other in the order in which their alerts were sent. Nothing is kept, fetched or broadcast.",
    )
    checking.add_argument("paths", nargs="+", type=Path, metavar="DIR", help="folders, or single files")
    checking.add_argument("--json", action="store_true", help="everything that was found, for programs")
    checking.add_argument(
        "--at",
        type=_at,
        metavar="TIME",
        help="as if read then, such as 2026-11-22T05:30:00+07:00, or 'sent': each when it was sent (default: now)",
    )
    checking.add_argument(
        "--time-zone",
        type=_zone,
        default=zone,
        metavar="ZONE",
        help=f"the zone of the times that are said ({ENV_PREFIX}TIME_ZONE; default: {zone})",
    )
    checking.add_argument("--signer", action="append", default=[], type=Path, metavar="PEM", help="who is trusted")
    checking.add_argument(
        "--authority", action="append", default=[], type=Path, metavar="PEM", help="who vouches for others"
    )
    return parser


def _at(text: str) -> int | str:
    if text == _SENT:
        return text
    found = instant_us(text)
    if found is None:
        raise argparse.ArgumentTypeError("a time such as 2026-11-22T05:30:00+07:00, or: sent")
    return found


def _zone(text: str) -> tzinfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise argparse.ArgumentTypeError(f"this machine knows no zone {text!r}, such as Asia/Ho_Chi_Minh") from error


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.is_file())
        else:
            yield path


def _name(path: Path, roots: Sequence[Path]) -> str:
    root = next((one for one in roots if one.is_dir() and path.is_relative_to(one)), None)
    shown = str(path if root is None else path.relative_to(root))
    return "".join(one if one.isprintable() else "?" for one in shown)


def _texts(paths: Sequence[Path]) -> tuple[str, ...]:
    """Raises `OSError`, `ValueError` where a file has no certificate, or one that cannot be read."""
    texts = tuple(path.read_text("ascii", "replace") for path in paths)
    for path, text in zip(paths, texts, strict=True):
        if wrong := unreadable(text):
            raise ValueError(f"{path}: {wrong}")
    return texts
