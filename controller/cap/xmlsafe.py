"""XML from strangers: bounded before it is parsed, and refused with the reason where it is not plain data.

What is never read: a document type (so no entities, no external anything), encodings other than a few, more than
`Limits` allow. Comments and processing instructions are dropped as the text is parsed: no text can be cut by one.
"""

import re
from typing import TYPE_CHECKING, Final

from controller.cap.limits import Limits
from controller.cap.reasons import Reason, error

if TYPE_CHECKING:
    from lxml.etree import XMLParser
    from lxml.etree import _Element as Element

_ENCODINGS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "iso8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
_DECLARATION: Final = re.compile(r"<\?xml\s[^>]{0,200}?\?>")
_ENCODING: Final = re.compile(r"""encoding\s*=\s*["']([A-Za-z0-9._\-]{1,40})["']""")
_SKIPPED: Final = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_LONG: Final = frozenset({"derefUri", "polygon", "X509Certificate", "SignatureValue"})


class Unreadable(Exception):
    """The bytes are not XML that is read here; the reason says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


def parse(raw: bytes, limits: Limits, *, whole: bool = False) -> "Element":
    """The root of a document. ``whole``: with its comments and instructions, as a signature may cover them. Raises
    Unreadable.
    """
    from lxml import etree

    text = _plain(_decoded(raw, limits))
    if text.count("<") > 2 * limits.elements:
        raise Unreadable(error("xml_too_many_elements", most=limits.elements))
    try:
        root = etree.fromstring(text.encode(), parser(whole=whole))
    except (etree.XMLSyntaxError, UnicodeEncodeError) as fault:
        raise Unreadable(_malformed(fault)) from None
    _bounded(root, limits)
    return root


def parser(*, whole: bool = False) -> "XMLParser":
    """A parser that reads nothing but what it is given."""
    from lxml import etree

    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        remove_comments=not whole,
        remove_pis=not whole,
        huge_tree=False,
    )


def _decoded(raw: bytes, limits: Limits) -> str:
    """The text of a file, by its mark or its declaration."""
    if len(raw) > limits.file_bytes:
        raise Unreadable(error("file_too_large", bytes=len(raw), most=limits.file_bytes))
    if not raw.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise Unreadable(error("file_empty"))
    name = _encoding_of(raw)
    codec = _ENCODINGS.get(name.lower())
    if codec is None:
        raise Unreadable(error("encoding_unknown", encoding=name))
    try:
        text = raw.decode("utf-8-sig" if codec == "utf-8" else codec)
    except UnicodeDecodeError as fault:
        if b"<" not in raw[:1000]:
            raise Unreadable(error("file_not_xml")) from None
        raise Unreadable(error("encoding_broken", encoding=name, at=fault.start)) from None
    return text.lstrip("\ufeff \t\r\n")


def _encoding_of(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if raw[:4] in (b"<\x00?\x00", b"<\x00a\x00"):
        return "utf-16le"
    if raw[:4] in (b"\x00<\x00?", b"\x00<\x00a"):
        return "utf-16be"
    declared = _DECLARATION.match(raw[:400].lstrip(b"\xef\xbb\xbf \t\r\n").decode("latin-1"))
    named = _ENCODING.search(declared[0]) if declared else None
    if named is None or named[1].lower().startswith("utf-16"):  # what is not in UTF-16 cannot say that it is
        return "utf-8"
    return named[1]


def _plain(text: str) -> str:
    """The text without its declaration. Raises Unreadable where it is no XML, or has a document type."""
    if not text.startswith("<"):
        raise Unreadable(error("file_is_json" if text.startswith(("{", "[")) else "file_not_xml"))
    if text.startswith("<?xml") and text[5:6].isspace():
        end = text.find("?>")
        if end < 0:
            raise Unreadable(error("xml_malformed", problem="the XML declaration does not end", line=1))
        # Lines keep their numbers.
        text = "\n" * text.count("\n", 0, end) + text[end + 2 :]
    at = 0
    while (skipped := _SKIPPED.match(text, at)) is not None:
        at = skipped.end()
    opening = text[at : at + 20].lower()
    if opening.startswith(("<!doctype html", "<html")):
        raise Unreadable(error("file_is_html"))
    if opening.startswith("<!"):
        raise Unreadable(error("xml_document_type"))
    return text


def _malformed(fault: Exception) -> Reason:
    said = str(fault)
    if "depth" in said.lower():
        return error("xml_too_deep")
    line = getattr(fault, "lineno", None) or 1
    return error("xml_malformed", problem=re.sub(r", line \d+.*$", "", said, flags=re.DOTALL), line=line)


def _bounded(root: "Element", limits: Limits) -> None:
    from lxml import etree

    depth = count = 0
    for happening, element in etree.iterwalk(root, events=("start", "end")):
        if happening == "end":
            depth -= 1
            continue
        depth += 1
        count += 1
        if depth > limits.depth:
            raise Unreadable(error("xml_too_deep", most=limits.depth))
        if count > limits.elements:
            raise Unreadable(error("xml_too_many_elements", most=limits.elements))
        if not isinstance(element.tag, str):
            if element.tag is etree.Entity:
                raise Unreadable(error("xml_entity"))
            continue
        if element.attrib:
            _few_attributes(element, limits)
        text = element.text
        if text is not None and len(text) > limits.text_chars and local(element) not in _LONG:
            raise Unreadable(error("xml_text_too_long", element=local(element), most=limits.text_chars))


def _few_attributes(element: "Element", limits: Limits) -> None:
    attributes = element.attrib
    if len(attributes) > limits.attributes:
        raise Unreadable(error("xml_too_many_attributes", element=local(element), most=limits.attributes))
    if any(len(str(value)) > limits.attribute_bytes for value in attributes.values()):
        raise Unreadable(error("xml_attribute_too_long", element=local(element), most=limits.attribute_bytes))


def local(element: "Element") -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: "Element") -> str:
    name = str(element.tag)
    return name[1:].partition("}")[0] if name.startswith("{") else ""


def plain(element: "Element") -> "Element":
    """The same element, without the comments and instructions in it; texts that they cut are whole again."""
    from lxml import etree

    etree.strip_tags(element, etree.Comment, etree.ProcessingInstruction)
    return element


def alone(element: "Element") -> "Element":
    """An element as a document of its own, with the namespaces that it declares or uses."""
    from copy import deepcopy

    return deepcopy(element)
