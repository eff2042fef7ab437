"""Versions, capabilities and limits of the wire."""

from typing import Final

PROTOCOL_VERSION: Final = 1
OLDEST_PROTOCOL_VERSION: Final = 1

AGENT_SERVICE: Final = "_loa-agent._tcp.local."
CONTROLLER_SERVICE: Final = "_loa._tcp.local."

LINK_PATH: Final = "/link"
CLIP_PATH: Final = "/device/clips/{sha256}"

MAX_HELLO_BYTES: Final = 4_096
MAX_FRAME_BYTES: Final = 65_535
"""One frame of the channel, the limit of a Noise message."""
MAX_MESSAGE_BYTES: Final = 1_048_576
"""One message, which may span several frames."""
MAX_CLIP_BYTES: Final = 64 * 1_048_576
MAX_DOCUMENT_BYTES: Final = 524_288
MAX_AIRINGS_A_RUNDOWN: Final = 2_000
MAX_PARTS_A_SEQUENCE: Final = 200
MAX_TIMES: Final = 1_000
"""So often a sequence may be repeated in one airing."""
MAX_AIRING_S: Final = 604_800
"""A week: how long a sequence may be in all, with its repetitions and pauses."""
MAX_REFERENCES: Final = 100
"""Airings that another one replaces or ends."""
MAX_FORBIDDEN: Final = 500
"""Stretches of quiet hours in the guards of a rundown."""
MAX_GUARDED_DAYS: Final = 50
MAX_JOURNAL_BATCH: Final = 200
MAX_PINNED: Final = 100
MAX_LOG_LINES: Final = 2_000
MAX_LOG_LETTERS: Final = 400_000
MAX_INTEGER: Final = 2**53 - 1
"""In size: what every language and database holds exactly."""

FRAMES_PER_SECOND: Final = 48_000

LINK_SILENCE_LIMIT_S: Final = 15.0
"""On the LAN profile either side closes a link that was silent for this long."""
SIM_SILENCE_LIMIT_S: Final = 150.0
"""The same on the SIM profile."""

DEFLATE: Final = "deflate-v1"
"""Whoever has this capability understands deflated messages."""

CAPABILITIES: Final = (
    "opus24",
    "opus16",
    "identify",
    "orders-v1",
    "rundown-v1",
    "guards-v1",
    "telemetry-v1",
    "hands-v1",
    "siren-v1",
    "pinned-v1",
    "repeat-v1",
    "end-v1",
    "live-v1",
    DEFLATE,
)
