"""What the schema says of an alert, in our codes. The schema is our own (`cap12.xsd`)."""

from functools import cache
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from controller.cap.reasons import Reason, error
from controller.cap.xmlsafe import local

if TYPE_CHECKING:
    from lxml.etree import XMLSchema
    from lxml.etree import _Element as Element
    from lxml.etree import _LogEntry as LogEntry

_MOST: Final = 10
_CODES: Final = {
    "SCHEMAV_ELEMENT_CONTENT": "schema_element",
    "SCHEMAV_CVC_ENUMERATION_VALID": "schema_value",
    "SCHEMAV_CVC_PATTERN_VALID": "schema_value",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": "schema_value",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "schema_attribute",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_2": "schema_attribute",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": "schema_text",
    "SCHEMAV_CVC_TYPE_3_1_2": "schema_text",
}
_INSTANTS: Final = frozenset({"sent", "effective", "onset", "expires"})


def violations(alert: "Element") -> list[Reason]:
    """What the schema has against it, at most ten findings; empty where it is valid."""
    schema, one_at_a_time = _schema()
    with one_at_a_time:
        if schema.validate(alert):
            return []
        entries = list(islice(schema.error_log, 3 * _MOST))  # type: ignore[call-overload]  # the stubs know no iterator
    found: dict[tuple[str, str], Reason] = {}
    for entry in entries:
        reason = _reason(entry, alert)
        found.setdefault((reason.where, reason.values.get("element", "")), reason)
        if len(found) >= _MOST:
            break
    return list(found.values())


@cache
def _schema() -> "tuple[XMLSchema, Lock]":
    """The schema, and what keeps two threads from sharing its list of errors."""
    from lxml import etree

    return etree.XMLSchema(etree.parse(str(Path(__file__).with_name("cap12.xsd")))), Lock()


def _reason(entry: "LogEntry", alert: "Element") -> Reason:
    element = _element(entry, alert)
    code = _CODES.get(entry.type_name, "schema_other")
    problem = entry.message.replace("{urn:oasis:names:tc:emergency:cap:1.2}", "")
    if element is None:
        return error("schema_other", problem=problem)
    name, where = local(element), place(element)
    if code == "schema_element":
        wanted = (
            problem.rpartition("Expected is")[2].removeprefix(" one of").strip(" .()") if "Expected" in problem else ""
        )
        if "Missing child" in problem:
            return error("schema_missing", where, element=name, expected=wanted)
        return error("schema_unexpected" if wanted else "schema_element", where, element=name, expected=wanted)
    if code == "schema_value":
        said = (element.text or "").strip()
        return error("instant_malformed" if name in _INSTANTS else "schema_value", where, element=name, value=said)
    return error(code, where, element=name, problem=problem)


def _element(entry: "LogEntry", alert: "Element") -> "Element | None":
    from lxml import etree

    try:
        found = alert.getroottree().xpath(entry.path) if entry.path else []
    except etree.XPathError:
        return None
    return found[0] if isinstance(found, list) and found and isinstance(found[0], etree._Element) else None


def place(element: "Element") -> str:
    """Where an element stands, such as ``info[2].area[1].polygon[3]``; empty for the alert itself."""
    parts: list[str] = []
    here: Element | None = element
    while here is not None and local(here) != "alert":
        name, above = local(here), here.getparent()
        tag = str(here.tag)
        number = sum(1 for _ in here.itersiblings(tag, preceding=True)) + 1
        alone = number == 1 and name not in {"info", "area"} and next(here.itersiblings(tag), None) is None
        parts.append(name if alone else f"{name}[{number}]")
        here = above
    return ".".join(reversed(parts))
