"""An alert as it was understood: the values of CAP 1.2, checked and typed. Nothing here reads, decides or speaks.

Rules of the room `controller.cap`: it is pure. No files, no network, no clock, no database; time is an argument
(``now_us``, microseconds since the Unix epoch). lxml and signxml are imported here alone, and only when something is
read or written, so that a controller that never sees an alert does not carry them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
DEFAULT_LANGUAGE: Final = "en-US"  # what an info without a language is in, by the standard


class Status(StrEnum):
    """Who is meant by an alert. Only what is ``ACTUAL`` may ever sound as real."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    SYSTEM = "System"
    TEST = "Test"
    DRAFT = "Draft"


class MessageType(StrEnum):
    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"
    ACK = "Ack"
    ERROR = "Error"


class Scope(StrEnum):
    PUBLIC = "Public"
    RESTRICTED = "Restricted"
    PRIVATE = "Private"


class Category(StrEnum):
    GEO = "Geo"
    MET = "Met"
    SAFETY = "Safety"
    SECURITY = "Security"
    RESCUE = "Rescue"
    FIRE = "Fire"
    HEALTH = "Health"
    ENV = "Env"
    TRANSPORT = "Transport"
    INFRA = "Infra"
    CBRNE = "CBRNE"
    OTHER = "Other"


class ResponseType(StrEnum):
    SHELTER = "Shelter"
    EVACUATE = "Evacuate"
    PREPARE = "Prepare"
    EXECUTE = "Execute"
    AVOID = "Avoid"
    MONITOR = "Monitor"
    ASSESS = "Assess"
    ALL_CLEAR = "AllClear"
    NONE = "None"


class Urgency(StrEnum):
    """From the most urgent on; ``UNKNOWN`` is last."""

    IMMEDIATE = "Immediate"
    EXPECTED = "Expected"
    FUTURE = "Future"
    PAST = "Past"
    UNKNOWN = "Unknown"


class Severity(StrEnum):
    """From the most severe on; ``UNKNOWN`` is last."""

    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"


class Certainty(StrEnum):
    """From the most certain on; ``UNKNOWN`` is last. The "Very Likely" of CAP 1.0 is read as ``LIKELY``."""

    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"
    UNLIKELY = "Unlikely"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class AlertKey:
    """What makes an alert this one, and what ``references`` name: the instant counts, not how its offset is written."""

    sender: str
    identifier: str
    sent_us: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A name and a value: an eventCode, a parameter or a geocode."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed ring of (latitude, longitude) in degrees; the first point is there again at the end."""

    points: tuple[tuple[float, float], ...]
    crosses_itself: bool = False


@dataclass(frozen=True, slots=True)
class Circle:
    latitude: float
    longitude: float
    radius_km: float


@dataclass(frozen=True, slots=True)
class Area:
    """Where an info holds: the union of all polygons, circles and geocodes. Heights are in feet above sea level."""

    description: str
    polygons: tuple[Polygon, ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[Pair, ...] = ()
    altitude_ft: float | None = None
    ceiling_ft: float | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that goes with an info. ``deref`` is its content in base64, when it came along; ``digest``: SHA-1, hex."""

    description: str
    mime_type: str
    size_bytes: int | None = None
    uri: str = ""
    deref: str = ""
    digest: str = ""

    @property
    def is_audio(self) -> bool:
        return self.mime_type.casefold().startswith("audio/")


@dataclass(frozen=True, slots=True)
class Info:
    """What is the matter, in one language. Empty texts are texts that were not given."""

    event: str
    categories: tuple[Category, ...]
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    language: str = DEFAULT_LANGUAGE
    response_types: tuple[ResponseType, ...] = ()
    audience: str = ""
    event_codes: tuple[Pair, ...] = ()
    effective_us: int | None = None
    onset_us: int | None = None
    expires_us: int | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameters: tuple[Pair, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. ``sent`` is as it was written, ``sent_us`` the instant that it names."""

    identifier: str
    sender: str
    sent: str
    sent_us: int
    status: Status
    message_type: MessageType
    scope: Scope
    source: str = ""
    restriction: str = ""
    addresses: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    note: str = ""
    references: tuple[AlertKey, ...] = ()
    incidents: tuple[str, ...] = ()
    infos: tuple[Info, ...] = ()

    @property
    def key(self) -> AlertKey:
        return AlertKey(self.sender, self.identifier, self.sent_us)
