"""What happened at the links since the start, as numbers to show."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class LinkCounters:
    """``turned_away`` is by reason word, as sent in `Reject`; ``ended`` by why a proven link ended."""

    opened: int = 0
    garbage: int = 0
    handshakes_failed: int = 0
    unknown_messages: int = 0
    unknown_fields: int = 0
    documents_pushed: int = 0
    documents_refused: int = 0
    clips_served: int = 0
    clips_denied: int = 0
    turned_away: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
