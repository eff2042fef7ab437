"""What decides about emergencies, and what shows them, is short enough to be read whole."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import controller.services.emergency
import controller.web.emergency
from controller.services.emergency.desk import EmergencyDesk

LONGEST_LINES = 39
MOST_METHODS = 12


def too_long(folder: Path) -> Iterator[str]:
    for file in folder.glob("*.py"):
        for one in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (one.end_lineno or one.lineno) - one.lineno + 1
                if lines > LONGEST_LINES:
                    yield f"{file.name}: {one.name} has {lines} lines"


def test_no_function_is_longer_than_a_screen() -> None:
    for room in (controller.services.emergency, controller.web.emergency):
        assert list(too_long(Path(room.__path__[0]))) == []


def test_what_can_be_asked_of_the_desk_can_be_told_at_a_glance() -> None:
    asked = [name for name, _ in inspect.getmembers(EmergencyDesk, inspect.isfunction) if not name.startswith("_")]
    assert len(asked) <= MOST_METHODS, asked
