"""Our alerts as CAP 1.2: what is written here is read back as the same alert, and by everybody else as well."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from controller.cap.model import NAMESPACE, Alert, AlertKey, Area, Info, Pair, Resource
from controller.cap.parse import instant_us
from controller.cap.reasons import Weight
from controller.cap.rules import findings
from controller.cap.schema import violations
from controller.cap.sentences import sentence

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

# What XML 1.0 cannot hold.
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class CannotWrite(ValueError):
    """The alert would break the standard; the message says how."""


def instant_text(at_us: int, offset: timedelta) -> str:
    """An instant as CAP writes it: whole seconds, and -00:00 for universal time. Raises CannotWrite for a time that no
    calendar has.
    """
    try:
        wall = datetime(1970, 1, 1) + timedelta(microseconds=at_us) + offset  # noqa: DTZ001
    except OverflowError as fault:
        raise CannotWrite("An instant is of no year that can be written.") from fault
    minutes = round(offset.total_seconds() / 60)
    sign = "+" if minutes > 0 else "-"
    return f"{wall:%Y-%m-%dT%H:%M:%S}{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def write_alert(alert: Alert, *, written: Mapping[AlertKey, str] | None = None) -> bytes:
    """UTF-8 XML that the schema takes. Instants get the offset of ``alert.sent``; ``written`` has the ``sent`` of
    earlier alerts as they were written, for readers who compare texts. Raises CannotWrite where the standard would be
    broken.
    """
    from lxml import etree

    offset = _offset(alert.sent)
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})  # type: ignore[dict-item]  # the stubs know no None
    for name, text in (
        ("identifier", alert.identifier),
        ("sender", alert.sender),
        ("sent", alert.sent),
        ("status", alert.status.value),
        ("msgType", alert.message_type.value),
    ):
        _add(root, name, text)
    _maybe(root, "source", alert.source)
    _add(root, "scope", alert.scope.value)
    _maybe(root, "restriction", alert.restriction)
    _maybe(root, "addresses", _listed(alert.addresses))
    for code in alert.codes:
        _add(root, "code", code)
    _maybe(root, "note", alert.note)
    texts = [
        f"{one.sender},{one.identifier},{(written or {}).get(one) or instant_text(one.sent_us, offset)}"
        for one in alert.references
    ]
    _maybe(root, "references", " ".join(texts))
    _maybe(root, "incidents", _listed(alert.incidents))
    for info in alert.infos:
        _info(root, info, offset)
    _checked(root, alert)
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _checked(root: "Element", alert: Alert) -> None:
    wrong = [*violations(root), *findings(alert)]
    if instant_us(alert.sent) != alert.sent_us:
        raise CannotWrite("The time of sending is written differently from what it is.")
    errors = [sentence(one) for one in wrong if one.weight is Weight.ERROR]
    if errors:
        raise CannotWrite(" ".join(errors))


def _info(root: "Element", info: Info, offset: timedelta) -> None:
    here = _add(root, "info")
    _add(here, "language", info.language)
    for category in info.categories:
        _add(here, "category", category.value)
    _add(here, "event", info.event)
    for response in info.response_types:
        _add(here, "responseType", response.value)
    _add(here, "urgency", info.urgency.value)
    _add(here, "severity", info.severity.value)
    _add(here, "certainty", info.certainty.value)
    _maybe(here, "audience", info.audience)
    for code in info.event_codes:
        _pair(here, "eventCode", code)
    for name, at_us in (("effective", info.effective_us), ("onset", info.onset_us), ("expires", info.expires_us)):
        if at_us is not None:
            _add(here, name, instant_text(at_us, offset))
    _maybe(here, "senderName", info.sender_name)
    _maybe(here, "headline", info.headline)
    _maybe(here, "description", info.description)
    _maybe(here, "instruction", info.instruction)
    _maybe(here, "web", info.web)
    _maybe(here, "contact", info.contact)
    for parameter in info.parameters:
        _pair(here, "parameter", parameter)
    for resource in info.resources:
        _resource(here, resource)
    for area in info.areas:
        _area(here, area)


def _resource(info: "Element", resource: Resource) -> None:
    here = _add(info, "resource")
    _add(here, "resourceDesc", resource.description)
    _add(here, "mimeType", resource.mime_type)
    if resource.size_bytes is not None:
        _add(here, "size", str(resource.size_bytes))
    _maybe(here, "uri", resource.uri)
    _maybe(here, "derefUri", resource.deref)
    _maybe(here, "digest", resource.digest)


def _area(info: "Element", area: Area) -> None:
    here = _add(info, "area")
    _add(here, "areaDesc", area.description)
    for polygon in area.polygons:
        _add(here, "polygon", " ".join(f"{_number(a)},{_number(b)}" for a, b in polygon.points))
    for circle in area.circles:
        place = f"{_number(circle.latitude)},{_number(circle.longitude)}"
        _add(here, "circle", f"{place} {_number(circle.radius_km)}")
    for geocode in area.geocodes:
        _pair(here, "geocode", geocode)
    for name, feet in (("altitude", area.altitude_ft), ("ceiling", area.ceiling_ft)):
        if feet is not None:
            _add(here, name, _number(feet))


def _add(parent: "Element", name: str, text: str | None = None) -> "Element":
    from lxml import etree

    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    if text is not None:
        element.text = _UNWRITABLE.sub(" ", text)
    return element


def _maybe(parent: "Element", name: str, text: str) -> None:
    if text:
        _add(parent, name, text)


def _pair(parent: "Element", name: str, pair: Pair) -> None:
    here = _add(parent, name)
    _add(here, "valueName", pair.name)
    _add(here, "value", pair.value)


def _number(value: float) -> str:
    """Six decimals at most: a tenth of a metre."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _listed(members: tuple[str, ...]) -> str:
    return " ".join(f'"{one}"' if any(letter.isspace() for letter in one) else one for one in members)


def _offset(sent: str) -> timedelta:
    try:
        found = datetime.fromisoformat(sent).utcoffset()
    except ValueError:
        found = None
    if found is None:
        raise CannotWrite("The time of sending is no date and time as CAP writes them.")
    return found
