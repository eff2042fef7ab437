"""Our alerts as an Atom feed (RFC 4287) that standard readers accept."""

from collections.abc import Sequence
from dataclasses import dataclass


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
    """UTF-8 XML of the feed, newest entry first."""
    raise NotImplementedError
