"""From bytes to alerts: any bytes end in a state, never in an exception."""

from dataclasses import dataclass
from enum import StrEnum

from controller.cap.limits import Limits
from controller.cap.reasons import Reason
from controller.cap.states import Reading
from controller.cap.trust import Trust


class FileKind(StrEnum):
    ALERT = "alert"
    ATOM = "atom"
    RSS = "rss"
    EDXL = "edxl"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CapFile:
    """A file: what kind it is, the alerts that stand in it, and what is wrong with the file itself."""

    kind: FileKind
    readings: tuple[Reading, ...] = ()
    reasons: tuple[Reason, ...] = ()


def read(raw: bytes, *, limits: Limits, trust: Trust, now_us: int) -> Reading:
    """The one alert of a file, bare or inside an Atom entry or an EDXL envelope; refused where none or several."""
    raise NotImplementedError


def read_file(raw: bytes, *, limits: Limits, trust: Trust, now_us: int) -> CapFile:
    """All alerts of a file."""
    raise NotImplementedError
