"""Our alerts as an Atom feed (RFC 4287) that standard readers accept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_ATOM: Final = "http://www.w3.org/2005/Atom"
CAP_TYPE: Final = "application/cap+xml"


@dataclass(frozen=True, slots=True)
class AtomEntry:
    """``id``: an IRI that never changes; ``link``: where the alert is as CAP; ``alert``: the CAP itself, inline when
    given.
    """

    id: str
    title: str
    updated_us: int
    link: str
    summary: str = ""
    published_us: int | None = None
    alert: bytes = b""


def write_feed(
    *, feed_id: str, title: str, updated_us: int, self_link: str, author: str, entries: Sequence[AtomEntry]
) -> bytes:
    """UTF-8 XML of the feed, the entry that changed last first."""
    from lxml import etree

    feed = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})  # type: ignore[dict-item]  # the stubs know no None
    _add(feed, "id", feed_id)
    _add(feed, "title", title)
    _add(feed, "updated", _moment(updated_us))
    _add(_add(feed, "author"), "name", author)
    _add(feed, "link", rel="self", type="application/atom+xml", href=self_link)
    for entry in sorted(entries, key=lambda one: one.updated_us, reverse=True):
        _entry(feed, entry)
    etree.indent(feed)
    return etree.tostring(feed, encoding="UTF-8", xml_declaration=True) + b"\n"


def _entry(feed: "Element", entry: AtomEntry) -> None:
    from lxml import etree

    from controller.cap.xmlsafe import parser

    here = _add(feed, "entry")
    _add(here, "id", entry.id)
    _add(here, "title", entry.title)
    _add(here, "updated", _moment(entry.updated_us))
    if entry.published_us is not None:
        _add(here, "published", _moment(entry.published_us))
    # For readers who follow no type that they do not know, and for those who look for alerts.
    _add(here, "link", rel="alternate", href=entry.link)
    _add(here, "link", rel="alternate", type=CAP_TYPE, href=entry.link)
    if entry.summary:
        _add(here, "summary", entry.summary)
    if entry.alert:
        _add(here, "content", type=CAP_TYPE).append(etree.fromstring(entry.alert, parser()))


def _add(parent: "Element", name: str, text: str | None = None, **attributes: str) -> "Element":
    from lxml import etree

    element = etree.SubElement(parent, f"{{{_ATOM}}}{name}", attrib=attributes)
    if text is not None:
        element.text = "".join(one if one.isprintable() or one in "\n\t" else " " for one in text)
    return element


def _moment(at_us: int) -> str:
    """RFC 3339, in universal time, whole seconds."""
    return f"{datetime(1970, 1, 1) + timedelta(microseconds=at_us):%Y-%m-%dT%H:%M:%S}Z"  # noqa: DTZ001
