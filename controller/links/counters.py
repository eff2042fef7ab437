"""What happened at the links since the start, as numbers to show."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from agents.protocol.codec import Decoder, device_decoder


@dataclass(slots=True)
class LinkCounters:
    """``turned_away`` is by reason word, as sent in `Reject`; ``ended`` by why a proven link ended. ``decoder`` reads
    what all devices say, and counts what it does not know. ``live_sent`` counts bundles of live sound for each link,
    ``live_skipped`` those that a link was spared because too much waited on it.
    """

    opened: int = 0
    garbage: int = 0
    handshakes_failed: int = 0
    documents_pushed: int = 0
    documents_refused: int = 0
    live_sent: int = 0
    live_skipped: int = 0
    clips_served: int = 0
    clips_denied: int = 0
    turned_away: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    decoder: Decoder[Any] = field(default_factory=device_decoder)

    @property
    def unknown_messages(self) -> int:
        """Messages and frames of unknown kinds, left out."""
        return self.decoder.unknown_types

    @property
    def unknown_fields(self) -> int:
        """Fields of messages, left out."""
        return self.decoder.unknown_fields
