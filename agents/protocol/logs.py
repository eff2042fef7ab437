"""How both programs write their logs: one line an event, the same field names on both sides.

Rules of the module: it stands with the wire because the names of the fields are part of the language that both sides
share: who reads logs follows an airing from the desk to the horn by them. Text goes to a terminal, JSON to everything
else. Fields are given with ``extra={"device_id": ..., "airing_id": ...}``; secrets never are.
"""

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO

FIELDS: Final = (
    "event",
    "device_id",
    "speaker_id",
    "controller_id",
    "bulletin_id",
    "airing_id",
    "order_id",
    "document_id",
    "address",
    "url",
)
"""The names that mean the same everywhere, in the order in which they are written. Others may be added to a line."""

_JSON: Final = json.JSONEncoder(ensure_ascii=False, default=str)
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _extras(record: logging.LogRecord, always: Mapping[str, object]) -> dict[str, object]:
    given: dict[str, object] = {**always, **{name: value for name, value in vars(record).items() if name not in _OWN}}
    ordered: dict[str, object] = {name: given.pop(name) for name in FIELDS if name in given}
    return ordered | given


def _when(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``time, level, logger, message`` and the fields. ``always`` is added to every line."""

    def __init__(self, always: Mapping[str, object] | None = None) -> None:
        super().__init__()
        self._always = dict(always or {})

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _when(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_extras(record, self._always),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        return _JSON.encode(line)


def _shown(text: str) -> str:
    """Much in a line was said by others: none of it moves a terminal's cursor or begins another line."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


class TextFormatter(logging.Formatter):
    """For people: time, level, message, then ``name=value`` of the fields."""

    def __init__(self, always: Mapping[str, object] | None = None) -> None:
        super().__init__()
        self._always = dict(always or {})

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in _extras(record, self._always).items())
        text = f"{_when(record)} {record.levelname:<7} {_shown(record.getMessage() + fields)}"
        if record.exc_info and record.exc_info[0] is not None:
            text += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
        return text


def configure(
    form: str = "auto", level: str = "info", always: Mapping[str, object] | None = None, stream: TextIO | None = None
) -> None:
    """Sets up the root logger, once, by the program's entry point. ``form`` is ``auto``, ``json`` or ``text``.

    Raises `ValueError` for a form or level that there is not.
    """
    out = sys.stderr if stream is None else stream
    if form not in ("auto", "json", "text"):
        raise ValueError(f"there is no log format {form}")
    as_text = form == "text" or (form == "auto" and out.isatty())
    handler = logging.StreamHandler(out)
    handler.setFormatter((TextFormatter if as_text else JsonFormatter)(always))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Every access and every lost socket is told by our own lines; the libraries' own are for those who ask for them.
    for noisy in ("aiohttp", "asyncio", "zeroconf"):
        logging.getLogger(noisy).setLevel(max(logging.getLogger().level, logging.WARNING))


__all__ = ["FIELDS", "JsonFormatter", "TextFormatter", "configure"]
