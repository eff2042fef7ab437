"""Why an alert ends in its state: codes that pages translate, with the data for their sentences."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Weight(StrEnum):
    """What a finding does to its alert."""

    ERROR = "error"
    """The alert is refused."""
    WARNING = "warning"
    """A person has to look: the alert is never automatic."""
    NOTE = "note"
    """Worth knowing; changes nothing."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding. ``code`` is stable (see `controller.cap.sentences`), ``values`` fill its sentence, ``where`` is the
    place in the alert, such as ``info[2].area[1].polygon[1]``, counted from 1; empty for the whole.
    """

    code: str
    weight: Weight = Weight.ERROR
    where: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


def error(code: str, where: str = "", **values: object) -> Reason:
    return _reason(code, Weight.ERROR, where, values)


def warning(code: str, where: str = "", **values: object) -> Reason:
    return _reason(code, Weight.WARNING, where, values)


def note(code: str, where: str = "", **values: object) -> Reason:
    return _reason(code, Weight.NOTE, where, values)


def _reason(code: str, weight: Weight, where: str, values: Mapping[str, object]) -> Reason:
    return Reason(code, weight, where, {name: _short(str(value)) for name, value in values.items()})


def _short(text: str, most: int = 120) -> str:
    """What a page shows of what somebody wrote: one line of printable characters."""
    line = "".join(one if one.isprintable() else " " for one in text[: most + 1])
    return line if len(line) <= most else line[: most - 1] + "…"
