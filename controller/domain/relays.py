"""What may be planned as a relay: the name of a station, where its sound comes from, a fixed length.

Rules: an address is checked here as text and fetched by nobody; where it leads is looked at when it is connected to. In
place of an address stands ``card:NAME`` for a sound card of the controller that a setting names.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from controller.domain import texts
from controller.domain.errors import Invalid
from controller.domain.programmes import LONGEST_RELAY_S, SHORTEST_RELAY_S, RelayItem

MAX_NAME: Final = 100
MAX_SOURCE: Final = 1_000
_UNWRITABLE: Final = re.compile(r"[^\x21-\x7e]|[\\\"<>^`{|}]")
"""What no address has unless it is encoded: spaces, control characters, letters beyond ASCII, these signs."""
CARD: Final = "card:"
CARD_SYSTEMS: Final = ("alsa", "pulse")
_CARD: Final = re.compile(r"card:[a-z0-9][a-z0-9_-]{0,39}")
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9a-fA-F:]*:[0-9a-fA-F:.]*")


def checked(relay: RelayItem) -> RelayItem:
    """The relay as it is kept: its name on one line, its addresses without spaces around and without a fragment.

    Raises `Invalid`: ``relay_name_missing``, ``relay_name_too_long``, ``relay_source_malformed``,
    ``relay_source_has_password``, ``relay_second_same``, ``relay_out_of_range``.
    """
    name = " ".join(texts.clean(relay.name[: 10 * MAX_NAME]).split())
    if not name:
        raise Invalid("a relay needs the name of its station", code="relay_name_missing")
    if len(name) > MAX_NAME:
        raise Invalid(f"{len(name)} letters; at most {MAX_NAME} are allowed", code="relay_name_too_long")
    source_url, second_url = _source(relay.source_url.strip()), relay.second_url.strip()
    if second_url:
        second_url = _source(second_url)
    if second_url == source_url:
        raise Invalid("the second source is the first one", code="relay_second_same")
    if not (math.isfinite(relay.seconds) and SHORTEST_RELAY_S <= relay.seconds <= LONGEST_RELAY_S):
        raise Invalid(f"from {SHORTEST_RELAY_S:.0f} to {LONGEST_RELAY_S:.0f} s", code="relay_out_of_range")
    return replace(relay, name=name, source_url=source_url, second_url=second_url)


def card_of(source: str) -> str | None:
    """The name of the sound card that a source is, None where it is an address."""
    return source.removeprefix(CARD) if _CARD.fullmatch(source) else None


def _source(written: str) -> str:
    if card_of(written) is not None:
        return written
    if len(written) > MAX_SOURCE or _UNWRITABLE.search(written):
        raise _malformed(written)
    try:
        found = urlsplit(written)
        port = found.port
    except ValueError as error:
        raise _malformed(written) from error
    if found.scheme not in {"http", "https"} or port == 0 or not _HOST.fullmatch(found.hostname or ""):
        raise _malformed(written)
    if "@" in found.netloc:
        raise Invalid("an address with a name or a password", code="relay_source_has_password")
    return found._replace(fragment="").geturl()


def _malformed(written: str) -> Invalid:
    return Invalid(f"no http or https address: {written[:100]!r}", code="relay_source_malformed")


# --- sound cards ------------------------------------------------------------------------------------------------------


class CardsMalformed(ValueError):
    """A sound card of the settings is not written as it must be; the words say how."""


def cards_from(written: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Sound cards by their names, each with its system (alsa or pulse) and the device there, from what settings say,
    such as ``line=alsa:hw:1,0``. Raises `CardsMalformed`.
    """
    cards: dict[str, tuple[str, str]] = {}
    for one in written:
        name, _, where = one.strip().partition("=")
        system, _, device = where.partition(":")
        if card_of(CARD + name) is None or system not in CARD_SYSTEMS or not device or device.startswith("-"):
            raise CardsMalformed(f"cannot hold {one!r}: write it like line=alsa:hw:1,0 or fm=pulse:default")
        cards[name] = (system, device)
    return cards
