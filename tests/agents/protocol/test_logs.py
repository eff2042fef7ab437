"""Logs: one line an event, the same names on both sides, JSON for machines and text for people."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from agents.protocol.logs import configure


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    yield
    root.handlers[:] = kept
    root.setLevel(level)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_is_not_a_terminal_gets_json_with_the_fields_in_order() -> None:
    out = io.StringIO()
    configure("auto", "info", {"device_id": "d-1"}, out)

    logging.getLogger("agents.test").info(
        "sounding %s", "now", extra={"airing_id": "a-1", "event": "sounding", "bulletin_id": "b-1", "late_us": 3}
    )

    line = json.loads(out.getvalue())
    assert list(line)[4:] == ["event", "device_id", "bulletin_id", "airing_id", "late_us"]
    assert (line["message"], line["level"], line["logger"]) == ("sounding now", "info", "agents.test")
    assert line["time"].endswith("Z")


def test_a_terminal_gets_text() -> None:
    out = Terminal()
    configure("auto", "info", None, out)
    logging.getLogger("agents.test").warning("Chợ xã", extra={"airing_id": "a-1"})
    assert out.getvalue().endswith("WARNING Chợ xã airing_id=a-1\n")


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_exception_stays_with_its_line(form: str) -> None:
    out = io.StringIO()
    configure(form, "info", None, out)
    try:
        raise ValueError("boo")
    except ValueError:
        logging.getLogger("agents.test").exception("went wrong")
    text = json.loads(out.getvalue())["exception"] if form == "json" else out.getvalue()
    assert "ValueError: boo" in text


def test_a_line_break_in_a_name_does_not_make_a_second_line_of_json() -> None:
    out = io.StringIO()
    configure("json", "info", None, out)
    logging.getLogger("agents.test").info("x", extra={"url": "a\nb"})
    assert len(out.getvalue().splitlines()) == 1


def test_what_others_said_neither_forges_a_line_of_text_nor_moves_the_cursor() -> None:
    out = io.StringIO()
    configure("text", "info", None, out)
    logging.getLogger("agents.test").info("said: %s", "no\nERROR all is lost\x1b[2J\u202e", extra={"url": "a\rb"})
    (line,) = out.getvalue().splitlines()
    assert line.endswith(r"said: no\nERROR all is lost\x1b[2J\u202e url=a\rb")


def test_less_than_the_level_is_not_written() -> None:
    out = io.StringIO()
    configure("json", "warning", None, out)
    logging.getLogger("agents.test").info("x")
    assert out.getvalue() == ""


def test_a_form_or_level_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="morse"):
        configure("morse")
    with pytest.raises(ValueError, match="LOUD"):
        configure("json", "loud")
