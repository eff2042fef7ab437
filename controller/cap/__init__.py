"""CAP 1.2 alerts in and out: reading, checking, matching with speakers, and writing. Pure; see `docs/cap.md`."""

from controller.cap.atom import AtomEntry, write_feed
from controller.cap.chain import subjects_of, unreadable
from controller.cap.feeds import FeedEntry, FeedReading, FeedState, read_feed
from controller.cap.languages import choose, spoken
from controller.cap.limits import Limits
from controller.cap.matching import GeocodeNames, Match, Place, PlaceIndex, match, tangled
from controller.cap.model import (
    Alert,
    AlertKey,
    Area,
    Category,
    Certainty,
    Circle,
    Info,
    MessageType,
    Pair,
    Polygon,
    Resource,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from controller.cap.out import CannotWrite, instant_text, write_alert
from controller.cap.reading import CapFile, FileKind, read, read_file
from controller.cap.reasons import Reason, Weight
from controller.cap.sentences import sentence
from controller.cap.states import CapState, Known, Outcome, Reading, Rule, doubts_of, is_all_clear, lasting, state_of
from controller.cap.trust import Signature, SignatureState, Trust

__all__ = [
    "Alert",
    "AlertKey",
    "Area",
    "AtomEntry",
    "CannotWrite",
    "CapFile",
    "CapState",
    "Category",
    "Certainty",
    "Circle",
    "FeedEntry",
    "FeedReading",
    "FeedState",
    "FileKind",
    "GeocodeNames",
    "Info",
    "Known",
    "Limits",
    "Match",
    "MessageType",
    "Outcome",
    "Pair",
    "Place",
    "PlaceIndex",
    "Polygon",
    "Reading",
    "Reason",
    "Resource",
    "ResponseType",
    "Rule",
    "Scope",
    "Severity",
    "Signature",
    "SignatureState",
    "Status",
    "Trust",
    "Urgency",
    "Weight",
    "choose",
    "doubts_of",
    "instant_text",
    "is_all_clear",
    "lasting",
    "match",
    "read",
    "read_feed",
    "read_file",
    "sentence",
    "spoken",
    "state_of",
    "subjects_of",
    "tangled",
    "unreadable",
    "write_alert",
    "write_feed",
]
