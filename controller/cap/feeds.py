"""Feeds that are polled: Atom, RSS and lists of alerts become entries; all else becomes a state with its reason."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from controller.cap.limits import Limits
from controller.cap.model import Status
from controller.cap.reading import ATOM, EDXL, FileKind, alerts_in, kind_of, stranger
from controller.cap.reasons import Reason, error, note, warning
from controller.cap.xmlsafe import Unreadable, alone, local, parse

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING_NEW: Final = frozenset({204, 304})
_CAP_TYPES: Final = frozenset({"application/cap+xml", "application/common-alerting-protocol+xml"})
_OTHER_TYPES: Final = frozenset({"text/html", "application/xhtml+xml", "application/atom+xml", "application/rss+xml"})
_RELATIONS: Final = {"alternate": 1, "": 1, "related": 2, "enclosure": 3}


class FeedState(StrEnum):
    ENTRIES = "entries"
    """A feed, maybe an empty one."""
    ALERT = "alert"
    """Not a feed but an alert itself: read it as one (`FeedEntry.inline` holds it)."""
    NOTHING = "nothing"
    """HTTP 204 or 304: nothing new."""
    FAILED = "failed"
    """The answer is no feed; the reason says what it is."""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """``inline``: the alert itself, where it stands in the feed; else ``link`` is where to fetch it (maybe relative to
    the feed's address). ``updated_us``: None where the feed does not say.
    """

    id: str
    link: str = ""
    updated_us: int | None = None
    title: str = ""
    inline: bytes = b""


@dataclass(frozen=True, slots=True)
class FeedReading:
    state: FeedState
    entries: tuple[FeedEntry, ...] = ()
    reasons: tuple[Reason, ...] = ()
    title: str = ""
    updated_us: int | None = None


def read_feed(raw: bytes, *, limits: Limits, http_status: int = 200) -> FeedReading:
    """What an address that is polled has answered."""
    if http_status in _NOTHING_NEW:
        return FeedReading(FeedState.NOTHING, reasons=(note("feed_http", status=http_status),))
    if not 200 <= http_status < 300:
        return FeedReading(FeedState.FAILED, reasons=(error("feed_http", status=http_status),))
    try:
        root = parse(raw, limits)
    except Unreadable as fault:
        return FeedReading(FeedState.FAILED, reasons=(fault.reason,))
    kind = kind_of(root)
    match kind:
        case FileKind.ALERT:
            return FeedReading(FeedState.ALERT, (FeedEntry(_said(root, "identifier"), inline=raw),))
        case FileKind.ATOM:
            # A single entry is a feed of one.
            found = [root] if local(root) == "entry" else root.findall(f"{{{ATOM}}}entry")
            entries = [_atom_entry(one) for one in found]
        case FileKind.RSS:
            found = [one for one in root.iter() if isinstance(one.tag, str) and local(one) == "item"]
            entries = [_rss_item(one) for one in found]
        case FileKind.EDXL | FileKind.LIST:
            entries = [_alone(one, envelope) for one, envelope in alerts_in(root, kind)[0]]
        case _:
            return FeedReading(FeedState.FAILED, reasons=(stranger(root),))
    return _feed(root, entries, limits)


def _feed(root: "Element", entries: list[FeedEntry], limits: Limits) -> FeedReading:
    reasons: list[Reason] = []
    if len(entries) > limits.alerts:
        reasons.append(warning("feed_too_many_entries", count=len(entries), most=limits.alerts))
        del entries[limits.alerts :]
    useful = [one for one in entries if one.link or one.inline]
    if len(useful) < len(entries):
        reasons.append(warning("feed_entry_without_link"))
    channel = next((one for one in root if local(one) == "channel"), root)
    updated = _said(channel, "updated") or _said(channel, "lastBuildDate") or _said(channel, "pubDate")
    return FeedReading(
        FeedState.ENTRIES, tuple(useful), tuple(reasons), _line(_said(channel, "title")), moment_us(updated)
    )


def moment_us(text: str) -> int | None:
    """The instant of a date as Atom (RFC 3339) or RSS (RFC 822) writes it; None where it is neither."""
    for reader in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = reader(text.strip())
            if at.tzinfo is not None:
                return (at - _EPOCH) // timedelta(microseconds=1)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def _atom_entry(entry: "Element") -> FeedEntry:
    contents = entry.findall(f"{{{ATOM}}}content")
    inside = next((_alone(one) for content in contents for one in content if local(one) == "alert"), None)
    fetched = next((one.get("src", "") for one in contents if one.get("src")), "")
    link = _best(
        (one.get("href", ""), one.get("type", ""), one.get("rel", "")) for one in entry.findall(f"{{{ATOM}}}link")
    )
    return FeedEntry(
        id=_said(entry, "id") or link or fetched,
        link=(fetched or link).strip(),
        updated_us=moment_us(_said(entry, "updated") or _said(entry, "published")),
        title=_line(_said(entry, "title")),
        inline=inside.inline if inside else b"",
    )


def _rss_item(item: "Element") -> FeedEntry:
    inside = next((_alone(one) for one in item if local(one) == "alert"), None)
    enclosures = [(one.get("url", ""), one.get("type", ""), "enclosure") for one in item if local(one) == "enclosure"]
    link = _best([(_said(item, "link"), "", ""), *enclosures])
    return FeedEntry(
        id=_said(item, "guid") or link,
        link=link.strip(),
        updated_us=moment_us(_said(item, "pubDate") or _said(item, "date")),
        title=_line(_said(item, "title")),
        inline=inside.inline if inside else b"",
    )


def _best(links: Iterable[tuple[str, str, str]]) -> str:
    """Of (address, type, relation) the one that most likely leads to an alert."""

    def rank(link: tuple[str, str, str]) -> tuple[int, int]:
        kind = link[1].split(";")[0].strip().lower()
        by_type = 0 if kind in _CAP_TYPES else 3 if kind in _OTHER_TYPES else 1 if kind.endswith("xml") else 2
        return by_type, _RELATIONS.get(link[2].lower(), 9)

    usable = [one for one in links if one[0].strip() and one[2].lower() not in {"self", "next", "prev", "hub", "edit"}]
    return min(usable, key=rank)[0] if usable else ""


def _alone(alert: "Element", envelope: Status | None = None) -> FeedEntry:
    """The alert by itself; with an envelope around it where that says something, so that it is not lost."""
    from lxml import etree

    outer = mine = alone(alert)
    if envelope is not None:
        outer = etree.Element(f"{{{EDXL}}}EDXLDistribution")
        etree.SubElement(outer, f"{{{EDXL}}}distributionStatus").text = envelope.value
        content = etree.SubElement(etree.SubElement(outer, f"{{{EDXL}}}contentObject"), f"{{{EDXL}}}xmlContent")
        etree.SubElement(content, f"{{{EDXL}}}embeddedXMLContent").append(mine)
    written = etree.tostring(outer, encoding="utf-8", xml_declaration=True, with_tail=False)
    return FeedEntry(_said(alert, "identifier"), inline=written)


def _said(element: "Element", name: str) -> str:
    return next(_texts(element, name), "")


def _texts(element: "Element", name: str) -> Iterator[str]:
    for child in element:
        if local(child) == name:
            text = "".join(str(one) for one in child.itertext()).strip()
            if text:
                yield text[:2_000]


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
