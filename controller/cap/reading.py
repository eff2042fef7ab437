"""From bytes to alerts: any bytes end in a state, never in an exception.

Where alerts may stand: alone; in the content of an Atom entry; in an item of an RSS feed; in the XML content of an EDXL
distribution (1.0 and 2.0); and in a bare list of alerts, as some agencies publish them. Nowhere else is one looked for,
so that nothing can be hidden in what is not read.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from controller.cap.limits import Limits
from controller.cap.model import NAMESPACE, Status
from controller.cap.parse import AlertReader
from controller.cap.reasons import Reason, Weight, error, note, warning
from controller.cap.rules import findings
from controller.cap.schema import violations
from controller.cap.signature import checked, is_signed
from controller.cap.states import CapState, Reading, state_of
from controller.cap.trust import Signature, SignatureState, Trust
from controller.cap.xmlsafe import Unreadable, alone, local, namespace, parse

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

ATOM: Final = "http://www.w3.org/2005/Atom"
_OLD: Final = {
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
    "urn:oasis:names:tc:emergency:cap:1.0": "1.0",
    "http://www.incident.com/cap/1.0": "1.0",
}
EDXL: Final = "urn:oasis:names:tc:emergency:EDXL:DE:1.0"
_EDXL: Final = (EDXL, "urn:oasis:names:tc:emergency:EDXL:DE:2.0")
_ALERT: Final = f"{{{NAMESPACE}}}alert"
_ONLY_ONE: Final = 1


class FileKind(StrEnum):
    ALERT = "alert"
    ATOM = "atom"
    RSS = "rss"
    EDXL = "edxl"
    LIST = "list"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CapFile:
    """A file: what kind it is, the alerts that stand in it, and what is wrong with the file itself. ``entries``:
    how many entries a feed has, with an alert inside or without.
    """

    kind: FileKind
    readings: tuple[Reading, ...] = ()
    reasons: tuple[Reason, ...] = ()
    entries: int = 0


def read(raw: bytes, *, limits: Limits, trust: Trust, now_us: int) -> Reading:
    """The one alert of a file, bare or inside an Atom entry or an EDXL envelope; refused where none or several."""
    file = read_file(raw, limits=limits, trust=trust, now_us=now_us)
    if len(file.readings) == _ONLY_ONE:
        return file.readings[0]
    if file.readings:
        return Reading(None, CapState.REFUSED, (error("several_alerts", count=len(file.readings)),))
    return Reading(None, CapState.REFUSED, file.reasons or (error("no_alert_inside", kind=file.kind.value),))


def read_file(raw: bytes, *, limits: Limits, trust: Trust, now_us: int) -> CapFile:
    """All alerts of a file."""
    try:
        root = parse(raw, limits)
    except Unreadable as fault:
        return CapFile(FileKind.UNKNOWN, reasons=(fault.reason,))
    kind = kind_of(root)
    if kind is FileKind.ALERT and is_signed(root):
        root = parse(raw, limits, whole=True)  # it was read before: there is nothing new to refuse
    if kind is FileKind.UNKNOWN:
        return CapFile(kind, reasons=(stranger(root),))
    inside, entries = alerts_in(root, kind)
    reasons: tuple[Reason, ...] = ()
    if len(inside) > limits.alerts:
        reasons = (warning("too_many_alerts", count=len(inside), most=limits.alerts),)
    elif not inside:
        reasons = (error("no_alert_inside", kind=kind.value),)
    readings = [
        _reading(one, kind, envelope, limits=limits, trust=trust, now_us=now_us)
        for one, envelope in inside[: limits.alerts]
    ]
    return CapFile(kind, tuple(readings), reasons, entries)


def kind_of(root: "Element") -> FileKind:
    """What a document is, by its root."""
    space, name = namespace(root), local(root)
    if name == "alert":
        return FileKind.ALERT if space == NAMESPACE else FileKind.UNKNOWN
    if space == NAMESPACE and name == "alerts":
        return FileKind.LIST
    if space == ATOM and name in {"feed", "entry"}:
        return FileKind.ATOM
    if space in _EDXL and name == "EDXLDistribution":
        return FileKind.EDXL
    return FileKind.RSS if name in {"rss", "RDF"} else FileKind.UNKNOWN


def alerts_in(root: "Element", kind: FileKind) -> "tuple[list[tuple[Element, Status | None]], int]":
    """The alerts where they may stand, each with the status of its envelope, and how many entries were looked through.
    Those of older versions come too: they are refused by name.
    """
    match kind:
        case FileKind.ALERT:
            return [(root, None)], 0
        case FileKind.ATOM:
            entries = [root] if local(root) == "entry" else root.findall(f"{{{ATOM}}}entry")
            places = [place for entry in entries for place in entry.findall(f"{{{ATOM}}}content")]
        case FileKind.RSS:
            entries = [one for one in root.iter() if isinstance(one.tag, str) and local(one) == "item"]
            places = [*entries]
        case FileKind.EDXL:
            entries = [one for one in root if local(one) in {"contentObject", "content"}]
            places = [one for one in root.iter() if local(one) == "embeddedXMLContent"]
        case _:
            entries, places = [root], [root]
    envelope = _envelope(root) if kind is FileKind.EDXL else None
    inside = [(one, envelope) for place in places for one in place if local(one) == "alert" and _is_cap(one)]
    return inside, len(entries)


def _is_cap(element: "Element") -> bool:
    return namespace(element) == NAMESPACE or namespace(element) in _OLD


def _envelope(root: "Element") -> Status | None:
    """What an EDXL envelope says of all that is in it; None where it says nothing that is known."""
    said = next((one for one in root if local(one) == "distributionStatus"), None)
    if said is None:
        return None
    text = "".join(str(one) for one in said.itertext()).strip()
    return Status(text) if text in set(Status) else None


def stranger(root: "Element") -> Reason:
    """Why a document is none that is read here."""
    space, name = namespace(root), local(root)
    if name.lower() == "html":
        return error("file_is_html")
    if name == "alert" and space in _OLD:
        return error("version_old", version=_OLD[space])
    if name == "alert":
        return error("namespace_unknown", namespace=space)
    return error("root_unknown", element=name, namespace=space)


# --- one alert --------------------------------------------------------------------------------------------------------


def _reading(
    element: "Element", kind: FileKind, envelope: Status | None, *, limits: Limits, trust: Trust, now_us: int
) -> Reading:
    if element.tag != _ALERT:
        return Reading(None, CapState.REFUSED, (stranger(element),))
    if _is_too_large(element, limits):
        return Reading(None, CapState.REFUSED, (error("alert_too_large", most=limits.alert_elements),))
    standing = element if kind is FileKind.ALERT else alone(element)
    signature, bare = checked(standing, trust=trust, limits=limits, now_us=now_us)
    reasons = [*_of_signature(signature, trust), *violations(bare)]
    if any(one.code.startswith(("schema", "instant")) for one in reasons):
        return Reading(None, CapState.REFUSED, tuple(reasons), signature)
    reader = AlertReader(limits)
    alert = reader.alert(bare)
    reasons += reader.reasons
    broken = {one.where.rpartition(".")[0] for one in reader.reasons if one.weight is Weight.ERROR}
    reasons += (one for one in findings(alert) if one.code != "area_without_place" or one.where not in broken)
    if kind is FileKind.LIST:
        reasons.append(note("list_not_standard"))
    if envelope is not None and envelope is not Status.ACTUAL and alert.status is Status.ACTUAL:
        reasons.append(note("envelope_not_actual", status=envelope.value))
    reading = Reading(alert, CapState.REFUSED, tuple(reasons), signature, envelope)
    return replace(reading, state=state_of(reading, now_us=now_us, limits=limits).state)


def _is_too_large(alert: "Element", limits: Limits) -> bool:
    """Checked before the schema is: to tell of each of many errors where it is takes libxml2 minutes."""
    count = sum(1 for _ in alert.iter())
    return count > limits.alert_elements or (
        count > limits.children and any(len(one) > limits.children for one in alert.iter())
    )


def _of_signature(signature: Signature, trust: Trust) -> list[Reason]:
    """What a signature does to its alert."""
    values = {"by": signature.by}
    match signature.state:
        case SignatureState.VALID:
            return []
        case SignatureState.NONE:
            return [error("signature_missing", "Signature")] if trust.required else []
        case SignatureState.INVALID:
            weight = Weight.ERROR
        case SignatureState.EXPIRED:
            weight = Weight.ERROR if trust.required else Weight.WARNING
        case _ if trust.required:
            weight = Weight.ERROR
        case _:
            # Where nobody is trusted by name, a signature that cannot be judged is no reason to wait for a person.
            weight = Weight.WARNING if trust.signers or trust.authorities else Weight.NOTE
    return [Reason(signature.code, weight, "Signature", values)]
